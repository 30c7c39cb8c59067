"""Recomputed deadlines: what moves, what stays, who is told, and what the journal says."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from console.builders import NOW
from recomputing import ADMIN, HOUR, TOMORROW, add, rules_with
from sqlmodel import col, select

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry, JournalHead
from models.timer import Timer
from models.vocabulary import Act, Clock, Stage, Term, TimerState
from pipeline.database import reading, unit_of_work
from pipeline.decisions.chain import Entry, digest
from pipeline.desk.recompute import apply as apply_in
from pipeline.recompute import apply, outdated, preview
from pipeline.region.schema import Norm
from pipeline.rules import Rules
from pipeline.store.timers import oldest_due
from pipeline.tick import tick


def one_incident(engine: sa.Engine, rules: Rules, **fields: Any) -> int:
    with unit_of_work(engine) as session:
        return stored_id(add(session, rules, **fields).id)


def stored(engine: sa.Engine, number: int) -> Incident:
    with reading(engine) as session:
        return session.get_one(Incident, number)


def timer(engine: sa.Engine, number: int, clock: Clock = Clock.ANSWER) -> Timer:
    with reading(engine) as session:
        query = select(Timer).where(Timer.incident_id == number, Timer.clock == clock)
        return session.exec(query).one()


def acts(engine: sa.Engine) -> list[Act]:
    with reading(engine) as session:
        return [
            one.act for one in session.exec(select(JournalEntry).order_by(col(JournalEntry.id)))
        ]


BEFORE = rules_with()
AFTER = rules_with(off=frozenset({TOMORROW}))


def test_a_day_off_moves_the_deadline_its_reminders_and_the_stage(engine: sa.Engine) -> None:
    # Given an incident of Wednesday noon: four working hours are left of the day
    number = one_incident(engine, rules_with(Norm("any", "any", 6, "working_hours", Term.REVIEW)))
    was, reminded = stored(engine, number), timer(engine, number)
    # When Thursday becomes a day off
    with_day_off = rules_with(
        Norm("any", "any", 6, "working_hours", Term.REVIEW), off=frozenset({TOMORROW})
    )
    found = apply(engine, with_day_off, ADMIN, NOW)
    # Then everything that lay on Thursday lies on Friday
    incident, moved = stored(engine, number), timer(engine, number)
    assert incident.due_at == was.due_at + timedelta(days=1)
    assert was.stage_due_at is not None
    assert incident.stage_due_at == was.stage_due_at + timedelta(days=1)
    assert timer(engine, number, Clock.STAGE).due_at == incident.stage_due_at
    assert moved.due_at == reminded.due_at + timedelta(days=1)
    assert (moved.cycle, moved.level) == (reminded.cycle + 1, 0)
    assert incident.calendar == with_day_off.calendar.version
    assert incident.version == was.version + 1
    assert (found.incidents, found.changed, found.later, found.stages) == (1, 1, 1, 1)


def test_the_journal_tells_what_was_by_what_and_who_wanted_it(engine: sa.Engine) -> None:
    number = one_incident(engine, BEFORE)
    shorter = rules_with(Norm("any", "any", 3, "working_hours"))
    apply(engine, shorter, ADMIN, NOW)
    with reading(engine) as session:
        entry = session.exec(select(JournalEntry)).one()
    assert (entry.act, entry.incident_id, entry.actor) == (Act.RECOMPUTED, number, "admin")
    assert entry.before == {"due_at": "2026-11-19T09:00:00+00:00", "norm": "8 рабочих часов"}
    assert entry.after == {"due_at": "2026-11-18T13:00:00+00:00", "norm": "3 рабочих часа"}
    assert shorter.calendar.version in entry.reason


def test_the_chain_of_the_journal_holds(engine: sa.Engine) -> None:
    for _ in range(3):
        one_incident(engine, BEFORE)
    tick(engine, BEFORE, NOW + 3 * 24 * HOUR)
    apply(engine, AFTER, ADMIN, NOW + 3 * 24 * HOUR)
    tick(engine, AFTER, NOW + 9 * 24 * HOUR)
    with reading(engine) as session:
        entries = session.exec(select(JournalEntry).order_by(col(JournalEntry.id))).all()
        head = session.exec(select(JournalHead)).one()
    newest = ""
    for number, entry in enumerate(entries, 1):
        facts = entry.model_dump(exclude={"id", "digest"})
        newest = digest(newest, Entry(number=stored_id(entry.id), **facts))
        assert (entry.id, entry.digest) == (number, newest)
    assert (head.last_id, head.digest) == (len(entries), newest)


def test_what_is_the_same_is_left_alone_but_for_the_calendars_name(engine: sa.Engine) -> None:
    number = one_incident(engine, BEFORE)
    was, before = stored(engine, number), timer(engine, number)
    far = rules_with(off=frozenset({date(2027, 7, 7)}))
    assert outdated(engine, far) == 1
    found = apply(engine, far, ADMIN, NOW)
    assert (found.changed, found.older) == (0, 1)
    assert outdated(engine, far) == 0
    assert acts(engine) == []
    assert timer(engine, number) == before
    now_stored = stored(engine, number)
    assert now_stored.model_dump(exclude={"calendar"}) == was.model_dump(exclude={"calendar"})


def test_a_second_time_nothing_is_done(engine: sa.Engine) -> None:
    number = one_incident(engine, BEFORE)
    apply(engine, AFTER, ADMIN, NOW)
    was = stored(engine, number), timer(engine, number)
    assert apply(engine, AFTER, ADMIN, NOW + HOUR).changed == 0
    assert (stored(engine, number), timer(engine, number)) == was
    assert acts(engine) == [Act.RECOMPUTED]


def test_a_warning_that_was_given_is_given_again_only_if_its_moment_is_ahead(
    engine: sa.Engine,
) -> None:
    # Given two incidents that were warned of
    late, later = one_incident(engine, BEFORE), one_incident(engine, BEFORE, at=NOW + HOUR / 2)
    after_warning = NOW + 24 * HOUR - HOUR
    tick(engine, BEFORE, after_warning)
    assert acts(engine) == [Act.WARNED] * 2
    # When the norm becomes so short that they are overdue
    shorter = rules_with(Norm("any", "any", 6, "working_hours"))
    apply(engine, shorter, ADMIN, after_warning)
    tick(engine, shorter, after_warning)
    # Then nobody is warned again: only the deadline is told of, at once
    assert acts(engine)[2:] == [Act.RECOMPUTED] * 2 + [Act.OVERDUE] * 2
    # And when the norm is longer than ever, the warning's moment comes once more
    longer = rules_with(Norm("any", "any", 30, "working_hours"))
    apply(engine, longer, ADMIN, after_warning)
    assert tick(engine, longer, after_warning) == 0
    assert {timer(engine, one).level for one in (late, later)} == {0}


def test_a_stage_that_took_too_long_is_not_told_of_twice(engine: sa.Engine) -> None:
    review = Norm("any", "any", 2, "working_hours", Term.REVIEW)
    number = one_incident(engine, rules_with(review))
    late = NOW + 3 * HOUR
    tick(engine, rules_with(review), late)
    assert acts(engine) == [Act.STAGE_OVERDUE]
    # When the norm is another one that is passed as well
    stricter = rules_with(replace(review, amount=1))
    apply(engine, stricter, ADMIN, late)
    tick(engine, stricter, late)
    assert acts(engine) == [Act.STAGE_OVERDUE, Act.RECOMPUTED]
    # And one that is not
    apply(engine, rules_with(replace(review, amount=4)), ADMIN, late)
    assert timer(engine, number, Clock.STAGE).state is TimerState.PENDING


def test_a_stage_gets_and_loses_its_term(engine: sa.Engine) -> None:
    number = one_incident(engine, BEFORE)
    review = rules_with(Norm("any", "any", 1, "working_days", Term.REVIEW))
    apply(engine, review, ADMIN, NOW)
    assert timer(engine, number, Clock.STAGE).due_at == stored(engine, number).stage_due_at
    apply(engine, BEFORE, ADMIN, NOW)
    assert stored(engine, number).stage_due_at is None
    assert timer(engine, number, Clock.STAGE).state is TimerState.CANCELLED


def test_what_is_answered_keeps_its_deadline_but_not_its_silence(engine: sa.Engine) -> None:
    number = one_incident(engine, BEFORE, stage=Stage.SATISFACTION)
    closed = one_incident(engine, BEFORE, stage=Stage.CLOSED)
    was = stored(engine, number), stored(engine, closed)
    short = rules_with(
        Norm("any", "any", 1, "working_hours"),
        Norm("any", "any", 5, "calendar_hours", Term.SILENCE),
    )
    assert outdated(engine, short) == 0
    found = apply(engine, short, ADMIN, NOW)
    incident = stored(engine, number)
    assert (incident.due_at, incident.norm) == (was[0].due_at, was[0].norm)
    assert incident.stage_due_at == NOW + 5 * HOUR
    assert stored(engine, closed) == was[1]
    assert (found.incidents, found.changed, found.stages) == (1, 1, 1)


def test_the_preview_says_what_will_be_done_and_does_nothing(engine: sa.Engine) -> None:
    numbers = [one_incident(engine, BEFORE, at=NOW - hours * HOUR) for hours in (48, 3, 0)]
    shorter = rules_with(Norm("any", "any", 2, "working_hours"))
    was = [stored(engine, number) for number in numbers]
    seen = preview(engine, shorter, NOW)
    assert [stored(engine, number) for number in numbers] == was
    assert acts(engine) == []
    assert (seen.incidents, seen.earlier, seen.later, seen.unchanged) == (3, 3, 0, 0)
    assert (seen.overdue, seen.relieved) == (1, 0)
    assert seen.norms == {("8 рабочих часов", "2 рабочих часа"): 3}
    assert [one.incident for one in seen.examples] == numbers
    assert apply(engine, shorter, ADMIN, NOW) == seen
    assert [stored(engine, one.incident).due_at for one in seen.examples] == [
        one.after for one in seen.examples
    ]
    back = preview(engine, BEFORE, NOW)
    assert (back.later, back.overdue, back.relieved) == (3, 0, 1)


def test_a_worker_that_ticks_meanwhile_never_fires_the_old_deadline(engine: sa.Engine) -> None:
    # Given incidents whose deadline is over by the old calendar, and not by the new one
    for _ in range(3):
        one_incident(engine, BEFORE)
    passed = NOW + 25 * HOUR
    with reading(engine) as session:
        assert oldest_due(session, passed) is not None
    # When a worker looks while they are recomputed: it waits or passes them by
    with ThreadPoolExecutor(1) as worker:
        with unit_of_work(engine) as session:
            apply_in(session, AFTER, by="admin", now=passed, seen=lambda _: None)
            meanwhile = worker.submit(tick, engine, BEFORE, passed)
            if engine.dialect.name == "postgresql":
                assert meanwhile.result(timeout=30) == 0
        # Then it finds nothing to tell of, even if it knows the old calendar alone
        assert meanwhile.result(timeout=30) == 0
    assert tick(engine, BEFORE, passed) == 0
    assert acts(engine) == [Act.RECOMPUTED] * 3
