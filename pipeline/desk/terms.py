"""An incident's clocks as rows: its legal deadline, its stage's own term, their timers.

Each clock has one timer row. Setting it anew raises its cycle, so that a worker which saw the old
one cannot fire it, and keeps reminders that were given already from being given again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Incident, Pause
from models.timer import Timer
from models.values import Deadline
from models.vocabulary import MACHINE, Clock, Stage, Term, TimerState
from pipeline.decisions import clocks
from pipeline.decisions.clocks import LEGAL, Stretch
from pipeline.desk.bulk import Row
from pipeline.rules import Rules
from pipeline.store.incidents import pauses_of


def cycle_of(incident: Incident) -> str:
    """Return the name of the legal term that runs now, as pauses carry it."""
    return f"{incident.round}:{incident.term.value}"


def stretches(pauses: Iterable[Pause], now: datetime) -> list[Stretch]:
    """Return pauses as stretches of time; one that runs has lasted until now."""
    return [Stretch(pause.since, pause.ended_at or max(now, pause.since)) for pause in pauses]


def plan_of(
    incident: Incident, rules: Rules, now: datetime, pauses: Iterable[Pause] = ()
) -> tuple[datetime, ...]:
    """Return when each of the region's reminders of the running legal term comes."""
    return clocks.moments(
        incident.clock_from,
        incident.due_at,
        rules.region.reminders,
        rules.calendar,
        stretches(pauses, now),
    )


def opening_timers(incident_id: int, incident: Row, rules: Rules) -> list[Row]:
    """Return the timer rows of a new incident, whose columns are given as plain values."""
    plan = clocks.moments(
        incident["clock_from"], incident["due_at"], rules.region.reminders, rules.calendar
    )
    rows = [_row(incident_id, Clock.ANSWER, plan[0])]
    if incident["stage_due_at"] is not None:
        rows.append(_row(incident_id, Clock.STAGE, incident["stage_due_at"]))
    return rows


def stage_due(incident: Incident, stage: Stage, *, at: datetime, rules: Rules) -> datetime | None:
    """Return when a stage entered at ``at`` is due by its own norm, None where it has none."""
    norm = clocks.stage_norm(rules.region, stage, incident.network, incident.urgency)
    return None if norm is None else clocks.due(norm, at, rules.calendar).due_at


def enter(
    session: Session, incident: Incident, stage: Stage, *, now: datetime, rules: Rules
) -> None:
    """Bring an incident, which is locked, into a stage: its version, its term, its timers.

    The legal clock stops where nobody owes an answer, and runs on (from where it began) where
    somebody does again.
    """
    before = incident.stage
    incident.stage = stage
    incident.stage_at = now
    incident.version += 1
    if stage is not Stage.CLOSED:
        incident.closed_at, incident.closing_reason = None, None
    incident.stage_due_at = stage_due(incident, stage, at=now, rules=rules)
    incident_id = stored_id(incident.id)
    if incident.stage_due_at is None:
        cancel(session, [incident_id], Clock.STAGE)
    else:
        set_timer(session, incident_id, Clock.STAGE, incident.stage_due_at)
    if stage not in LEGAL:
        cancel(session, [incident_id], Clock.ANSWER)
        _end_pause(session, incident, now)
    elif before not in LEGAL:
        schedule(session, incident, now=now, rules=rules)


def retime_stage(session: Session, incident: Incident, *, rules: Rules) -> None:
    """Let the present stage's own term follow what has changed its norm, from the same start."""
    due_at = stage_due(incident, incident.stage, at=incident.stage_at, rules=rules)
    if due_at is None or due_at == incident.stage_due_at:
        return
    incident.stage_due_at = due_at
    set_timer(session, stored_id(incident.id), Clock.STAGE, due_at)


def start_term(
    session: Session,
    incident: Incident,
    term: Term,
    *,
    since: datetime,
    now: datetime,
    rules: Rules,
) -> None:
    """Let a legal term of an incident, which is locked, begin at ``since``; it does not stand."""
    _end_pause(session, incident, now)  # before its cycle becomes another one
    norm = rules.region.norm_for(incident.network, incident.urgency, term)
    incident.term, incident.clock_from = term, since
    deadline = clocks.due(norm, since, rules.calendar)
    incident.due_at, incident.norm = deadline.due_at, deadline.norm
    incident.calendar = rules.calendar.version
    schedule(session, incident, now=now, rules=rules, anew=True)


def set_deadline(
    session: Session, incident: Incident, deadline: Deadline, *, now: datetime, rules: Rules
) -> None:
    """Give the running legal term another end."""
    incident.norm = deadline.norm
    incident.calendar = rules.calendar.version
    if incident.due_at != deadline.due_at:
        incident.due_at = deadline.due_at
        schedule(session, incident, now=now, rules=rules)


def schedule(
    session: Session, incident: Incident, *, now: datetime, rules: Rules, anew: bool = False
) -> None:
    """Set the legal clock's timer to the next reminder of the present deadline.

    Reminders that were given and are passed by the new deadline too are not given again, unless
    the term began ``anew``.
    """
    incident_id = stored_id(incident.id)
    if incident.stage not in LEGAL or incident.paused_at is not None:
        cancel(session, [incident_id], Clock.ANSWER)
        return
    pauses = pauses_of(session, incident_id, cycle_of(incident))
    plan = plan_of(incident, rules, now, pauses)
    known = _find(session, incident_id, Clock.ANSWER)
    given = known.level if known is not None and not anew else 0
    passed = clocks.fire(plan, 0, now).level
    level = min(given, passed)
    if level == len(plan):
        cancel(session, [incident_id], Clock.ANSWER)
        return
    set_timer(session, incident_id, Clock.ANSWER, plan[level], level=level)


def set_timer(
    session: Session, incident_id: int, clock: Clock, due_at: datetime, *, level: int = 0
) -> None:
    """Let a clock say something at ``due_at``; what it was to say before is overtaken."""
    timer = _find(session, incident_id, clock)
    if timer is None:
        timer = Timer(incident_id=incident_id, clock=clock, cycle=0, due_at=due_at)
        session.add(timer)
    timer.cycle += 1
    timer.level, timer.due_at, timer.state = level, due_at, TimerState.PENDING


def cancel(session: Session, incident_ids: Sequence[int], clock: Clock | None = None) -> None:
    """Cancel what these incidents' clocks (or one of them) were still to say."""
    session.flush()
    session.execute(
        sa.update(Timer)
        .where(
            col(Timer.incident_id).in_(incident_ids),
            col(Timer.state) == TimerState.PENDING,
            *([] if clock is None else [col(Timer.clock) == clock]),
        )
        .values(state=TimerState.CANCELLED)
    )


def _end_pause(session: Session, incident: Incident, now: datetime) -> None:
    """End a pause that runs: there is nothing any more that it could stop."""
    if incident.paused_at is None:
        return
    incident.paused_at = None
    for pause in pauses_of(session, stored_id(incident.id), cycle_of(incident)):
        if pause.ended_at is None:
            pause.ended_at, pause.ended_by = now, MACHINE
    cancel(session, [stored_id(incident.id)], Clock.PAUSE)


def _find(session: Session, incident_id: int, clock: Clock) -> Timer | None:
    query = select(Timer).where(Timer.incident_id == incident_id, Timer.clock == clock)
    return session.exec(query).one_or_none()


def _row(incident_id: int, clock: Clock, due_at: datetime) -> Row:
    return {
        "incident_id": incident_id,
        "clock": clock,
        "cycle": 1,
        "level": 0,
        "due_at": due_at,
        "state": TimerState.PENDING,
        "fired_at": None,
    }
