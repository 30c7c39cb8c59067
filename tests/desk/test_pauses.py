"""A pause stops the legal clock of an incident and adds its working time, nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from casework import (
    RULES,
    case_in_work,
    no,
    nothing_changes,
    open_case,
)
from console.builders import NOW

from models.vocabulary import (
    Act,
    AnswerKind,
    Clock,
    Network,
    Stage,
    Term,
)
from pipeline.database import reading
from pipeline.decisions.lifecycle import No, Refused
from pipeline.store.incidents import pauses_of

CALENDAR = RULES.calendar
TOMORROW = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("paused", "resumed"),
    [
        (timedelta(0), timedelta(hours=3)),  # Wednesday noon, over lunch
        (timedelta(hours=2), timedelta(hours=20)),  # over the night
        (timedelta(hours=6), timedelta(hours=19)),  # in the night alone
        (timedelta(0), timedelta(days=6)),  # over a weekend
        (timedelta(days=4), timedelta(days=4, minutes=1)),  # after the deadline
    ],
)
def test_a_pause_adds_its_working_time_and_nothing_else(
    engine: sa.Engine, paused: timedelta, resumed: timedelta
) -> None:
    case = case_in_work(engine)
    due_at = case.incident().due_at
    begin, end = NOW + paused, NOW + resumed
    case.now = begin
    standing = case.done(Act.PAUSED, reason="Ждём смету", until=end + timedelta(days=1))
    assert (standing.paused_at, standing.due_at) == (begin, due_at)
    assert case.timer(Clock.ANSWER) is None, "what stands says nothing"
    case.now = end
    after = case.done(Act.RESUMED)
    assert after.paused_at is None
    lost = CALENDAR.between(begin, end) if begin < due_at else timedelta(0)
    assert after.due_at == (CALENDAR.add(due_at, lost) if lost else due_at)
    assert case.timer(Clock.ANSWER) is not None
    assert case.timer(Clock.PAUSE) is None
    with reading(engine) as session:
        (kept,) = pauses_of(session, case.number)
    assert (kept.since, kept.ended_at, kept.cycle) == (begin, end, "1:answer")
    assert (kept.reason, kept.by, kept.ended_by) == ("Ждём смету", "operator", "operator")
    entries = case.journal()[-2:]
    assert [entry.act for entry in entries] == [Act.PAUSED, Act.RESUMED]
    assert (entries[0].before, entries[0].after["paused"]) == ({"paused": False}, True)
    assert entries[0].after["until"] == kept.until.isoformat()
    assert entries[1].after["paused"] is False


def test_two_pauses_add_up_and_each_stays_in_the_ledger(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    due_at = case.incident().due_at
    for hours in (1, 3):  # from 13:00 to 14:00 and from 15:00 to 16:00 in Moscow
        case.now = NOW + timedelta(hours=hours)
        case.done(Act.PAUSED, reason="Ждём", until=TOMORROW)
        case.now += timedelta(hours=1)
        case.done(Act.RESUMED)
    assert case.incident().due_at == CALENDAR.add(due_at, timedelta(hours=2))
    with reading(engine) as session:
        assert len(pauses_of(session, case.number)) == 2


@pytest.mark.parametrize(
    ("fields", "wish", "words"),
    [
        ({"network": Network.MAX}, {"until": TOMORROW}, "не допускает"),
        ({}, {"until": NOW}, "впереди"),
        ({}, {"until": TOMORROW, "reason": " "}, "причину"),
    ],
)
def test_a_pause_that_may_not_be_stops_nothing(
    engine: sa.Engine, fields: dict[str, Any], wish: dict[str, Any], words: str
) -> None:
    case = open_case(engine, **fields)
    with nothing_changes(case):
        said = case.do(Act.PAUSED, **{"reason": "Ждём", **wish})
    assert isinstance(said, Refused)
    assert words in said.message


def test_a_pause_is_not_paused_and_what_runs_is_not_resumed(engine: sa.Engine) -> None:
    case = open_case(engine)
    assert no(case.do(Act.RESUMED)) is No.GUARD
    case.done(Act.PAUSED, reason="Ждём", until=TOMORROW)
    with nothing_changes(case):
        assert no(case.do(Act.PAUSED, reason="Ждём ещё", until=TOMORROW)) is No.GUARD


def test_an_interim_answer_begins_a_term_that_no_older_pause_stops(engine: sa.Engine) -> None:
    # Given an incident that stands still
    case = case_in_work(engine)
    case.done(Act.PAUSED, reason="Ждём смету", until=NOW + timedelta(days=30))
    # When its author gets an interim answer all the same
    case.now = NOW + timedelta(hours=2)
    case.publish(AnswerKind.INTERIM)
    # Then the final answer's term runs from there, and the pause is over
    after = case.incident()
    assert (after.stage, after.term, after.clock_from) == (Stage.WORK, Term.FINAL, case.now)
    assert after.due_at == CALENDAR.add_working_days(case.now, 7)
    assert after.paused_at is None
    assert case.timer(Clock.ANSWER) is not None
    assert case.timer(Clock.PAUSE) is None
    with reading(engine) as session:
        (kept,) = pauses_of(session, case.number)
    assert kept.ended_at == case.now


def test_a_moment_in_another_zone_is_the_same_moment(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    until = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
    case.done(Act.PAUSED, reason="Ждём", until=until)
    assert case.due(Clock.PAUSE) == until
