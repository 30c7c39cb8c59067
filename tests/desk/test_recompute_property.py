"""All open incidents recomputed at once are what they are one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pytest
import sqlalchemy as sa
from console.builders import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from recomputing import ADMIN, HOUR, add, rules_with
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Incident, Pause
from models.timer import Timer
from models.vocabulary import Clock, Network, Stage, Term, TimerState, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.decisions import clocks
from pipeline.decisions.clocks import LEGAL
from pipeline.desk import terms
from pipeline.desk.terms import cycle_of, stretches
from pipeline.recompute import apply, preview
from pipeline.region.schema import DEFAULT_REMINDERS, Norm, Reminder
from pipeline.rules import Rules
from pipeline.store.incidents import pauses_of
from pipeline.tick import tick


@dataclass(frozen=True)
class Drawn:
    """One incident's history in hours since NOW: when it came, when it was paused."""

    stage: Stage
    network: Network
    urgency: Urgency
    term: Term
    at: int
    pauses: tuple[tuple[int, int], ...]
    paused: bool


NETWORKS = [Network.VK, Network.REGISTRY]
DRAWN = st.builds(
    Drawn,
    stage=st.sampled_from(list(Stage)),
    network=st.sampled_from(NETWORKS),
    urgency=st.sampled_from(Urgency),
    term=st.sampled_from([Term.ANSWER, Term.FINAL]),
    at=st.integers(-300, 0),
    pauses=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 90)), max_size=2).map(tuple),
    paused=st.booleans(),
)
NORMS = st.lists(
    st.builds(
        Norm,
        source=st.sampled_from([*NETWORKS, "any"]),
        urgency=st.sampled_from([*Urgency, "any"]),
        amount=st.integers(1, 40),
        unit=st.sampled_from(["working_hours", "working_days", "calendar_days", "calendar_hours"]),
        term=st.sampled_from(Term),
    ),
    max_size=8,
)
OFF = st.sets(st.dates(date(2026, 11, 1), date(2026, 12, 20)), max_size=4).map(frozenset)
REMINDERS = st.sampled_from(
    [
        DEFAULT_REMINDERS,
        (Reminder(1.0),),
        (Reminder(0.1), Reminder(0.35), Reminder(1.0), Reminder(1.0, 7), Reminder(1.0, 2000)),
    ]
)
RULES = st.builds(
    lambda norms, off, reminders: rules_with(*norms, off=off, reminders=reminders),
    NORMS,
    OFF,
    REMINDERS,
)


def live(session: Session, drawn: Drawn, rules: Rules) -> None:
    """Store an incident that has lived until NOW by these rules."""
    incident = add(
        session,
        rules,
        at=NOW + drawn.at * HOUR,
        network=drawn.network,
        urgency=drawn.urgency,
        term=drawn.term,
        stage=drawn.stage,
    )
    begin = NOW + drawn.at * HOUR
    number = stored_id(incident.id)
    for after, length in drawn.pauses:
        since = min(begin + after * HOUR, NOW)
        ended = min(since + length * HOUR, NOW)
        session.add(_pause(number, cycle_of(incident), since, ended))
        session.add(_pause(number, "7:answer", since, ended))  # of another round: not ours
    if drawn.paused and drawn.stage in LEGAL:
        incident.paused_at = NOW
        session.add(_pause(number, cycle_of(incident), NOW, None))
        terms.set_timer(session, number, Clock.PAUSE, NOW + 50 * HOUR)
    norm = rules.region.norm_for(incident.network, incident.urgency, incident.term)
    due = clocks.due(norm, begin, rules.calendar, _ended(session, incident))
    terms.set_deadline(session, incident, due, now=NOW, rules=rules)
    terms.schedule(session, incident, now=NOW, rules=rules)


def _pause(number: int, cycle: str, since: datetime, ended: datetime | None) -> Pause:
    until = ended or since + HOUR
    return Pause(
        incident_id=number, cycle=cycle, since=since, until=until, ended_at=ended, reason="", by=""
    )


def _ended(session: Session, incident: Incident) -> list[clocks.Stretch]:
    session.flush()
    found = pauses_of(session, stored_id(incident.id), cycle_of(incident))
    return stretches([one for one in found if one.ended_at is not None], NOW)


def one_by_one(session: Session, rules: Rules, now: datetime) -> None:
    """Recompute as every other change of a deadline does it."""
    for incident in session.exec(select(Incident).where(Incident.stage != Stage.CLOSED)).all():
        number = stored_id(incident.id)
        if incident.stage in LEGAL:
            norm = rules.region.norm_for(incident.network, incident.urgency, incident.term)
            due = clocks.due(norm, incident.clock_from, rules.calendar, _ended(session, incident))
            incident.due_at = due.due_at
            terms.set_deadline(session, incident, due, now=now, rules=rules)
            terms.schedule(session, incident, now=now, rules=rules)
        stage_due = terms.stage_due(incident, incident.stage, at=incident.stage_at, rules=rules)
        if stage_due == incident.stage_due_at:
            continue
        incident.stage_due_at = stage_due
        query = select(Timer).where(Timer.incident_id == number, Timer.clock == Clock.STAGE)
        known = session.exec(query).one_or_none()
        told = known is not None and known.state is TimerState.FIRED
        if stage_due is None:
            terms.cancel(session, [number], Clock.STAGE)
        elif stage_due > now or not told:
            terms.set_timer(session, number, Clock.STAGE, stage_due)


Picture = Mapping[tuple[object, ...], tuple[object, ...]]


def picture(session: Session, after: int) -> Picture:
    """Return what the clocks of newer incidents say; a timer that is over says nothing."""
    session.flush()
    found: dict[tuple[object, ...], tuple[object, ...]] = {}
    for one in session.exec(select(Incident).where(col(Incident.id) > after)):
        found[one.id,] = (one.due_at, one.norm, one.calendar, one.stage_due_at)
    for timer in session.exec(select(Timer).where(col(Timer.incident_id) > after)):
        waits = timer.state is TimerState.PENDING
        says = (timer.level, timer.due_at) if waits else ()
        found[timer.incident_id, timer.clock] = (timer.state, *says)
    return found


def cycles(session: Session, after: int) -> dict[tuple[int, Clock], int]:
    query = select(Timer).where(col(Timer.incident_id) > after)
    return {(one.incident_id, one.clock): one.cycle for one in session.exec(query)}


@pytest.mark.parametrize("examples", [12, pytest.param(300, marks=pytest.mark.long)])
def test_all_at_once_is_the_same_as_one_by_one(engine: sa.Engine, examples: int) -> None:
    @given(
        incidents=st.lists(DRAWN, min_size=1, max_size=8),
        before=RULES,
        after=RULES,
        ticked=st.integers(0, 200),
    )
    @settings(deadline=None, max_examples=examples)
    def check(incidents: list[Drawn], before: Rules, after: Rules, ticked: int) -> None:
        compare(engine, incidents, before, after, ticked)

    check()


def compare(
    engine: sa.Engine, incidents: list[Drawn], before: Rules, after: Rules, ticked: int
) -> None:
    # Given incidents that have lived, some of them reminded of
    now = NOW + ticked * HOUR
    with unit_of_work(engine) as session:
        last = session.exec(select(sa.func.max(col(Incident.id)))).one() or 0
        for drawn in incidents:
            live(session, drawn, before)
    tick(engine, before, now)
    # When they are recomputed one by one, and that is forgotten again
    with Session(engine) as session:
        one_by_one(session, after, now)
        expected = picture(session, last)
        session.rollback()
    with reading(engine) as session:
        was, numbers = picture(session, last), cycles(session, last)
    seen = preview(engine, after, now)
    # And all at once
    done = apply(engine, after, ADMIN, now)
    # Then both are the same, and a timer is in a new cycle exactly if it says something else
    with reading(engine) as session:
        became = picture(session, last)
        grown = {key for key, cycle in cycles(session, last).items() if cycle > numbers.get(key, 0)}
    assert became == expected
    assert done == seen
    pending = {key for key, says in became.items() if says[0] is TimerState.PENDING}
    assert grown == {key for key in pending if became[key] != was.get(key)}
    # And a second time nothing is left to do
    assert preview(engine, after, now).changed == 0
    with unit_of_work(engine) as session:
        session.execute(sa.update(Incident).values(stage=Stage.CLOSED))
