"""Clocks fire: each reminder once, to the right people, however late anybody looks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from casework import LUGA, RULES, WITH_APPROVAL, WRITTEN, Case, case_in_work, make_rules, open_case
from console.builders import NOW
from sqlmodel import select

from models.incident import Incident
from models.notice import Notice
from models.timer import Timer
from models.vocabulary import (
    Act,
    AnswerKind,
    Clock,
    ClosingReason,
    Occasion,
    Stage,
    Term,
    TimerState,
)
from pipeline.database import reading, unit_of_work
from pipeline.desk.terms import enter
from pipeline.desk.timers import STAGE_ROLES, fire_due
from pipeline.rules import Rules

CALENDAR = RULES.calendar
HOUR = timedelta(hours=1)
WARNING_AT = CALENDAR.add(WRITTEN, 6 * HOUR)
"""Three quarters of the eight hours."""


def after_due(case: Case, hours: int) -> datetime:
    """Return the moment so many working hours after the deadline."""
    return CALENDAR.add(case.incident().due_at, hours * HOUR)


def legal(case: Case) -> list[tuple[Occasion, tuple[str, ...]]]:
    """Return what is said of the legal deadline, and to whom."""
    return [
        (occasion, roles)
        for occasion, _, roles in case.notices()
        if occasion in {Occasion.WARNING, Occasion.OVERDUE, Occasion.ESCALATION}
    ]


def test_the_levels_of_a_legal_deadline(engine: sa.Engine) -> None:
    # Given work that nobody answers; written at 10:00, due on Thursday at 10:00
    case = case_in_work(engine)
    due_at = case.incident().due_at
    moments = [WARNING_AT, due_at, after_due(case, 2), after_due(case, 8)]
    # When each of its moments comes, and the one before it
    for moment in moments:
        assert case.tick(moment - timedelta(seconds=1)) == 0
        assert case.tick(moment) == 1
        assert case.tick(moment) == 0
    # Then the body is warned, and whoever stands above it hears of it later
    assert case.acts()[2:] == [Act.WARNED, Act.OVERDUE, Act.ESCALATED, Act.ESCALATED]
    assert legal(case) == [
        (Occasion.WARNING, ("executor",)),
        (Occasion.OVERDUE, ("operator", "executor")),
        (Occasion.ESCALATION, ("approver",)),
        (Occasion.ESCALATION, ("approver", "administrator")),
    ]
    assert {body for _, body, _ in case.notices()} == {"luga"}
    assert case.tick(due_at + timedelta(days=365)) == 0
    entries = case.journal()[2:]
    assert [entry.at for entry in entries] == moments
    assert {entry.actor for entry in entries} == {"otklik"}
    assert [entry.after.get("minutes") for entry in entries] == [None, None, 120, 480]
    assert {entry.after["due_at"] for entry in entries} == {due_at.isoformat()}


@pytest.mark.parametrize(
    ("hours", "acts", "said"),
    [
        (1, [Act.OVERDUE], (Occasion.OVERDUE, ("operator", "executor"))),
        (
            3,
            [Act.OVERDUE, Act.ESCALATED],
            (Occasion.OVERDUE, ("operator", "executor", "approver")),
        ),
        (
            100,
            [Act.OVERDUE, Act.ESCALATED],
            (Occasion.OVERDUE, ("operator", "executor", "approver", "administrator")),
        ),
    ],
)
def test_after_an_outage_one_message_says_it_all(
    engine: sa.Engine, hours: int, acts: list[Act], said: tuple[Occasion, tuple[str, ...]]
) -> None:
    case = case_in_work(engine)
    assert case.tick(after_due(case, hours)) == 1
    assert case.acts()[2:] == acts
    assert legal(case) == [said]


@pytest.mark.parametrize(
    ("stage", "roles"),
    [
        (Stage.REVIEW, ("operator",)),
        (Stage.ASSIGNED, ("operator", "executor")),
        (Stage.RETURNED, ("operator",)),
    ],
)
def test_a_stage_that_takes_too_long_is_told_to_who_keeps_it(
    engine: sa.Engine, stage: Stage, roles: tuple[str, ...]
) -> None:
    case = open_case(engine)
    if stage is not Stage.REVIEW:
        case.done(Act.ASSIGNED, body="luga")
    if stage is Stage.RETURNED:
        case.done(Act.RETURNED, by=LUGA, reason="Не наша")
    due_at = case.incident().stage_due_at
    assert due_at is not None
    assert due_at == case.due(Clock.STAGE)
    case.tick(due_at)
    case.tick(due_at + HOUR)
    assert case.acts().count(Act.STAGE_OVERDUE) == 1
    assert [(o, r) for o, _, r in case.notices() if o is Occasion.STAGE_OVERDUE] == [
        (Occasion.STAGE_OVERDUE, roles)
    ]
    assert {role.value for role in STAGE_ROLES[stage]} == set(roles)
    assert case.incident().stage is stage, "a reminder moves nothing"


def test_each_visit_to_a_stage_has_its_own_reminder(engine: sa.Engine) -> None:
    case = open_case(engine)
    for turn in range(2):
        case.done(Act.ASSIGNED, body="luga" if turn == 0 else "school")
        case.now = case.incident().stage_due_at or case.now
        case.tick()
    assert case.acts().count(Act.STAGE_OVERDUE) == 2
    assert case.occasions().count(Occasion.STAGE_OVERDUE) == 2


def test_a_stage_that_was_left_in_time_says_nothing(engine: sa.Engine) -> None:
    case = open_case(engine)
    review_due = case.incident().stage_due_at
    assert review_due is not None
    case.done(Act.ASSIGNED, body="luga")
    case.done(Act.ACCEPTED, by=LUGA)
    case.tick(review_due + HOUR)
    assert Act.STAGE_OVERDUE not in case.acts()


def test_a_pause_that_ends_lets_the_clock_run_on(engine: sa.Engine) -> None:
    # Given an incident that stands from Wednesday noon to Friday noon
    case = case_in_work(engine)
    due_at, until = case.incident().due_at, NOW + timedelta(days=2)
    case.done(Act.PAUSED, reason="Ждём смету", until=until)
    # When its old deadline passes, nothing is said
    assert case.tick(after_due(case, 1)) == 0
    # And when the time of the pause is over, the machine lets it run on
    assert case.tick(until) == 1
    after = case.incident()
    assert after.paused_at is None
    assert after.due_at == CALENDAR.add(due_at, CALENDAR.between(NOW, until))
    entry = case.journal()[-1]
    assert (entry.act, entry.actor, entry.at) == (Act.RESUMED, "otklik", until)
    assert entry.before["due_at"] == due_at.isoformat()
    assert entry.after["due_at"] == after.due_at.isoformat()
    # And its reminders come as if there had been nothing
    assert case.tick(after.due_at) == 1
    assert legal(case) == [(Occasion.OVERDUE, ("operator", "executor"))]


def test_a_pause_that_ended_while_nobody_looked_lasted_until_somebody_did(
    engine: sa.Engine,
) -> None:
    case = case_in_work(engine)
    until = NOW + timedelta(days=1)
    case.done(Act.PAUSED, reason="Ждём", until=until)
    late = until + timedelta(days=7)
    case.tick(late)
    case.tick(late)
    assert case.incident().paused_at is None
    assert case.acts().count(Act.RESUMED) == 1


def test_an_author_who_stays_silent_closes_it(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    case.publish()
    silence = case.incident().stage_due_at
    assert silence == NOW + timedelta(hours=97)
    assert silence is not None
    assert case.tick(silence - timedelta(seconds=1)) == 0
    assert case.tick(silence) == 1
    after = case.incident()
    assert (after.stage, after.closed_at) == (Stage.CLOSED, silence)
    assert after.closing_reason is ClosingReason.NO_REPLY
    assert after.closing_reason.russian == "Нет ответа от автора"
    entry = case.journal()[-1]
    assert (entry.act, entry.actor) == (Act.CLOSED, "otklik")
    assert entry.after["closing_reason"] == "no_reply"
    assert case.tick(silence + timedelta(days=365)) == 0


def test_an_interim_answer_brings_the_reminders_of_the_longer_term(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    case.tick(WARNING_AT)
    case.now = NOW + timedelta(hours=6)
    case.publish(AnswerKind.INTERIM)
    after = case.incident()
    assert (after.term, after.stage) == (Term.FINAL, Stage.WORK)
    case.tick(CALENDAR.add(NOW, 20 * HOUR))
    assert legal(case) == [(Occasion.WARNING, ("executor",))], "of the first answer"
    case.tick(after.due_at)
    assert legal(case)[1:] == [(Occasion.OVERDUE, ("operator", "executor"))]


def test_what_was_said_is_not_said_again_when_the_stage_changes(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    case.now = case.incident().due_at
    case.tick()
    case.done(Act.RETURNED, by=LUGA, reason="Не наша")
    case.done(Act.ASSIGNED, body="school")
    case.tick()
    assert case.acts().count(Act.OVERDUE) == 1
    assert len(legal(case)) == 1


def test_another_round_is_reminded_of_anew(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    for _ in range(2):
        case.now = case.incident().due_at
        case.tick()
        case.publish()
        case.done(Act.REOPENED, reason="Снова яма")
    assert legal(case) == [(Occasion.OVERDUE, ("operator", "executor"))] * 2


def test_a_region_that_took_reminders_away_asks_for_no_more(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    case.tick(after_due(case, 2))
    fewer = replace(RULES.region, reminders=RULES.region.reminders[:1])
    case.rules = Rules(fewer, RULES.calendar)
    assert case.tick(after_due(case, 8)) == 1
    assert case.timer(Clock.ANSWER) is None
    assert len(legal(case)) == 1


def test_one_occasion_is_announced_once_even_if_its_timer_is_set_back(engine: sa.Engine) -> None:
    # As after a backup that was put back: the row says that nothing was said, the notice exists.
    case = case_in_work(engine)
    due_at = case.incident().due_at
    case.tick(due_at)
    with unit_of_work(engine) as session:
        timer = session.exec(select(Timer).where(Timer.clock == Clock.ANSWER)).one()
        timer.level, timer.state, timer.due_at = 0, TimerState.PENDING, due_at
    case.tick(due_at)
    assert len(legal(case)) == 1


def test_workers_at_once_say_everything_once(engine: sa.Engine) -> None:
    rules = make_rules()
    case = open_case(engine, rules)
    with unit_of_work(engine) as session:
        original = session.get_one(Incident, case.number).model_dump(exclude={"id"})
        for _ in range(39):
            incident = Incident(**original)
            session.add(incident)
            session.flush()
            assert incident.id is not None
            for clock in (Clock.ANSWER, Clock.STAGE):
                session.add(Timer(incident_id=incident.id, clock=clock, due_at=NOW))
    later = NOW + timedelta(days=30)

    def work(_: int) -> int:
        fired = 0
        for _ in range(40):
            with unit_of_work(engine) as session:
                fired += fire_due(session, rules, later, limit=7)
        return fired

    with ThreadPoolExecutor(4) as workers:
        fired = sum(workers.map(work, range(4)))
    assert fired == 80
    with reading(engine) as session:
        keys = [notice.key for notice in session.exec(select(Notice))]
        pending = select(Timer).where(Timer.state == TimerState.PENDING)
        assert session.exec(pending).all() == []
    assert len(keys) == len(set(keys)) == 80


def test_the_head_who_takes_too_long_is_reminded(engine: sa.Engine) -> None:
    case = case_in_work(engine, WITH_APPROVAL)
    with unit_of_work(engine) as session:
        incident = session.get_one(Incident, case.number)
        enter(session, incident, Stage.APPROVAL, now=NOW, rules=WITH_APPROVAL)
    case.tick(CALENDAR.add(NOW, 2 * HOUR))
    assert (Occasion.STAGE_OVERDUE, "luga", ("approver",)) in case.notices()
