"""Timers fire once, in time or as soon as somebody looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa
from builders import TUESDAY_NOON, post, shipped_judge, take
from sqlmodel import select

from models.incident import Incident
from models.journal import JournalEntry
from models.notice import Notice
from models.timer import Timer
from models.vocabulary import Act, Occasion, Stage, TimerState
from pipeline.database import reading, unit_of_work
from pipeline.store.timers import oldest_due
from pipeline.tick import tick

RULES = shipped_judge().rules


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
    assert tick(engine, RULES, TUESDAY_NOON) == 0
    assert acts(engine) == []


def test_first_the_stage_then_the_warning_then_the_deadline_each_once(engine: sa.Engine) -> None:
    # Given a complaint that nobody looks at: four working hours are for that, eight for the answer
    take(engine, post())
    incident = the_incident(engine)
    assert incident.stage_due_at is not None
    looks = [
        incident.stage_due_at,
        incident.due_at - timedelta(minutes=1),
        incident.due_at,
        RULES.calendar.add(incident.due_at, timedelta(hours=2)),
        RULES.calendar.add(incident.due_at, timedelta(hours=8)),
        incident.due_at + timedelta(days=30),
    ]
    # When every moment is looked at twice
    fired = [tick(engine, RULES, moment) for look in looks for moment in (look, look)]
    # Then each has its word once
    assert fired == [1, 0] * 5 + [0, 0]
    assert acts(engine) == [
        Act.STAGE_OVERDUE,
        Act.WARNED,
        Act.OVERDUE,
        Act.ESCALATED,
        Act.ESCALATED,
    ]


def test_after_an_outage_the_overtaken_reminders_are_left_out(engine: sa.Engine) -> None:
    take(engine, post())
    assert tick(engine, RULES, the_incident(engine).due_at + timedelta(days=7)) == 2
    assert acts(engine) == [Act.STAGE_OVERDUE, Act.OVERDUE, Act.ESCALATED]
    with reading(engine) as session:
        occasions = sorted(notice.occasion for notice in session.exec(select(Notice)))
    assert occasions == [Occasion.OVERDUE, Occasion.STAGE_OVERDUE]


def test_a_closed_incident_stays_silent(engine: sa.Engine) -> None:
    take(engine, post())
    with unit_of_work(engine) as session:
        session.exec(select(Incident)).one().stage = Stage.CLOSED
    tick(engine, RULES, TUESDAY_NOON + timedelta(days=30))
    assert acts(engine) == []
    with reading(engine) as session:
        states = {timer.state for timer in session.exec(select(Timer))}
    assert states == {TimerState.CANCELLED}


def test_workers_that_tick_at_once_fire_each_timer_once(engine: sa.Engine) -> None:
    take(engine, *[post(number) for number in range(1, 61)])
    later = TUESDAY_NOON + timedelta(days=30)
    with ThreadPoolExecutor(4) as workers:
        fired = list(workers.map(lambda _: tick(engine, RULES, later), range(8)))
    assert sorted(acts(engine)) == sorted([Act.OVERDUE, Act.ESCALATED, Act.STAGE_OVERDUE] * 60)
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
    tick(engine, RULES, later)
    with reading(engine) as session:
        assert oldest_due(session, later) is None
