"""Timers fire once, in time or as soon as somebody looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa
from builders import TUESDAY_NOON, post, take
from sqlmodel import select

from models.incident import Incident
from models.journal import JournalEntry
from models.timer import Timer
from models.vocabulary import Act, Stage, TimerState
from pipeline.database import reading, unit_of_work
from pipeline.store.timers import oldest_due
from pipeline.tick import tick


def acts(engine: sa.Engine) -> list[Act]:
    with reading(engine) as session:
        return [
            entry.act
            for entry in session.exec(select(JournalEntry).order_by(sa.text("id")))
            if entry.act is not Act.OPENED
        ]


def the_incident(engine: sa.Engine) -> Incident:
    with reading(engine) as session:
        return session.exec(select(Incident)).one()


def test_nothing_fires_before_its_time(engine: sa.Engine) -> None:
    take(engine, post())
    assert tick(engine, TUESDAY_NOON) == 0
    assert acts(engine) == []


def test_first_the_warning_then_the_deadline_each_once(engine: sa.Engine) -> None:
    take(engine, post())
    due_at = the_incident(engine).due_at
    just_before, after = due_at - timedelta(minutes=1), due_at + timedelta(hours=1)
    fired = [tick(engine, moment) for moment in (just_before, just_before, after, after)]
    assert fired == [1, 0, 1, 0]
    assert acts(engine) == [Act.WARNED, Act.OVERDUE]


def test_after_an_outage_the_overtaken_warning_is_left_out(engine: sa.Engine) -> None:
    take(engine, post())
    tick(engine, the_incident(engine).due_at + timedelta(days=3))
    assert acts(engine) == [Act.OVERDUE]


def test_a_closed_incident_stays_silent(engine: sa.Engine) -> None:
    take(engine, post())
    with unit_of_work(engine) as session:
        session.exec(select(Incident)).one().stage = Stage.CLOSED
    tick(engine, TUESDAY_NOON + timedelta(days=30))
    assert acts(engine) == []
    with reading(engine) as session:
        states = {timer.state for timer in session.exec(select(Timer))}
    assert states == {TimerState.CANCELLED}


def test_workers_that_tick_at_once_fire_each_timer_once(engine: sa.Engine) -> None:
    take(engine, *[post(number) for number in range(1, 61)])
    later = TUESDAY_NOON + timedelta(days=30)
    with ThreadPoolExecutor(4) as workers:
        fired = list(workers.map(lambda _: tick(engine, later), range(8)))
    assert acts(engine) == [Act.OVERDUE] * 60
    assert sum(fired) == 120


def test_it_shows_how_long_a_due_timer_has_been_waiting(engine: sa.Engine) -> None:
    take(engine, post())
    due_at = the_incident(engine).due_at
    later = due_at + timedelta(minutes=7)
    with reading(engine) as session:
        assert oldest_due(session, TUESDAY_NOON) is None
        oldest = oldest_due(session, later)
    assert oldest is not None
    assert oldest <= due_at
    tick(engine, later)
    with reading(engine) as session:
        assert oldest_due(session, later) is None
