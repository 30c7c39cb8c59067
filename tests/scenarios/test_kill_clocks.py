"""Workers that tick, act and publish are killed at random moments, and everything is done once.

Every kill is SIGKILL, somewhere in the middle of whatever the worker was doing; another worker
takes its place. Then everything due is done to the end, and journal, timers, notices and the
network are held against each other.
"""

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sa
from clock_workers import WORKERS, Town, load, make_rules, publish, read_wall
from console.builders import NOW, add_incident, add_source
from sqlmodel import col, select

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry, JournalHead
from models.notice import Notice
from models.post import Post
from models.timer import Timer
from models.vocabulary import Act, AnswerState, Clock, Occasion, Stage, Term, TimerState
from pipeline.database import open_database, reading, unit_of_work
from pipeline.decisions import clocks
from pipeline.decisions.chain import Entry, digest
from pipeline.decisions.clocks import LEGAL
from pipeline.desk import terms
from pipeline.rules import Rules
from pipeline.store.incidents import pauses_of
from pipeline.tick import tick

INCIDENTS = 30
REMINDERS = {Act.WARNED, Act.OVERDUE, Act.ESCALATED}


def found_town(engine: sa.Engine, rules: Rules) -> None:
    """Open incidents that came in the course of a day."""
    with unit_of_work(engine) as session:
        source = add_source(session)
        for number in range(INCIDENTS):
            since = NOW - timedelta(minutes=40 * number)
            incident = add_incident(session, source, due_at=since)
            terms.start_term(session, incident, Term.ANSWER, since=since, now=NOW, rules=rules)
            terms.enter(session, incident, Stage.REVIEW, now=NOW, rules=rules)


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> ForkServerContext:
    """Return what forks workers that have everything loaded already."""
    # The server is told of no other folders, and what it cannot load every worker has to.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "clock_workers"])
    first = context.Process(target=load)
    first.start()
    first.join()
    return context


def kill_workers(context: ForkServerContext, town: Town, kills: int) -> None:
    """Let workers live and die, ``kills`` times, all of them at the end."""
    draw = random.Random(kills)  # noqa: S311 - not for secrets

    def start(number: int) -> BaseProcess:
        worker = context.Process(target=WORKERS[number], args=(town, number), daemon=True)
        worker.start()
        assert worker.pid is not None
        while worker.is_alive() and not town.at_work(worker.pid).exists():
            time.sleep(0.005)
        return worker

    working = [start(number) for number in range(len(WORKERS))]
    try:
        for _ in range(kills):
            time.sleep(draw.uniform(0.05, 0.5))
            number = draw.randrange(len(working))
            _kill(working[number])
            working[number] = start(number)
        time.sleep(0.3)
    finally:
        for worker in working:
            worker.kill()
    for worker in working:
        _kill(worker)


def _kill(worker: BaseProcess) -> None:
    worker.kill()
    worker.join()
    # One that died of anything else has failed.
    assert worker.exitcode == -signal.SIGKILL
    worker.close()


def finish(engine: sa.Engine, rules: Rules, town: Town) -> datetime:
    """Publish what waits and fire what is due, until nothing does; return that moment."""
    now = town.now()
    for _ in range(60):
        publish(engine, rules, town.wall, now)
        tick(engine, rules, now)
        with reading(engine) as session:
            waiting = select(Answer).where(
                col(Answer.state).in_([AnswerState.QUEUED, AnswerState.SENDING])
            )
            if not session.exec(waiting).all():
                return now
        now += timedelta(hours=2)
    raise AssertionError("an answer waits for ever")


@pytest.mark.parametrize(
    ("database_url", "kills"),
    [
        ("sqlite", 6),
        pytest.param("sqlite", 200, marks=pytest.mark.long),
        pytest.param("postgresql", 200, marks=pytest.mark.long),
    ],
    indirect=["database_url"],
)
def test_sigkill_at_random_moments_misses_and_doubles_nothing(
    database_url: str, context: ForkServerContext, tmp_path: Path, kills: int
) -> None:
    # Given a town with incidents, and workers that are killed and replaced
    engine, rules = open_database(database_url), make_rules()
    found_town(engine, rules)
    town = Town(database_url, tmp_path / "wall", time.monotonic())
    town.wall.touch()
    kill_workers(context, town, kills)
    # When what is left is done to the end
    now = finish(engine, rules, town)
    # Then
    with reading(engine) as session:
        entries = session.exec(select(JournalEntry).order_by(col(JournalEntry.id))).all()
        notices = session.exec(select(Notice)).all()
        head = session.exec(select(JournalHead)).one()
    the_chain_holds(entries, head)
    everybody_was_told_once(entries, notices)
    every_timer_has_fired(engine, rules, now)
    every_answer_stands_once(engine, town, entries)
    engine.dispose()
    # And it was no idle town; a few kills on a busy machine may leave some act to nobody
    done = Counter(entry.act for entry in entries)
    assert done[Act.OVERDUE] > 0
    if kills >= 100:
        for act in (Act.WARNED, Act.STAGE_OVERDUE, Act.ASSIGNED, Act.ANSWER_PUBLISHED):
            assert done[act] > 0, (act, done)


def the_chain_holds(entries: Sequence[JournalEntry], head: JournalHead) -> None:
    newest = ""
    for number, entry in enumerate(entries, 1):
        facts = entry.model_dump(exclude={"id", "digest"})
        newest = digest(newest, Entry(number=stored_id(entry.id), **facts))
        assert (entry.id, entry.digest) == (number, newest)
    assert (head.last_id, head.digest) == (len(entries), newest)


@dataclass(frozen=True)
class Said:
    """One time that a clock spoke: of which incident, at which moment, in which cycle."""

    incident: int | None
    at: datetime
    clock: str
    cycle: int | None


def everybody_was_told_once(entries: Sequence[JournalEntry], notices: Sequence[Notice]) -> None:
    # Each reminder of a term is in the journal once
    given = Counter(
        (entry.incident_id, entry.act, entry.after["cycle"], entry.after.get("minutes"))
        for entry in entries
        if entry.act in REMINDERS
    )
    assert set(given.values()) <= {1}
    # And whatever a clock said has exactly one notice; a key is unique, the database sees to that
    assert len({notice.key for notice in notices}) == len(notices)
    journalled = {
        Said(entry.incident_id, entry.at, "answer", entry.after["cycle"])
        for entry in entries
        if entry.act in REMINDERS
    }
    announced = [
        Said(notice.incident_id, notice.at, "answer", int(notice.key.split(":")[3]))
        for notice in notices
        if notice.key.startswith("timer:") and ":answer:" in notice.key
    ]
    assert Counter(announced) == Counter(journalled)
    stages = [(one.incident_id, one.at) for one in entries if one.act is Act.STAGE_OVERDUE]
    told = [(one.incident_id, one.at) for one in notices if one.occasion is Occasion.STAGE_OVERDUE]
    assert Counter(stages) == Counter(told)
    # As has everything that people did and others have to hear of
    for occasion, acts in (
        (Occasion.ASSIGNED, {Act.ASSIGNED, Act.PASSED_UP}),
        (Occasion.PASSED_UP, {Act.PASSED_UP}),
        (Occasion.RETURNED, {Act.RETURNED}),
        (Occasion.REOPENED, {Act.REOPENED}),
        (Occasion.TO_APPROVE, {Act.SUBMITTED}),
        (Occasion.REJECTED, {Act.REJECTED}),
    ):
        done = Counter((one.incident_id, one.at) for one in entries if one.act in acts)
        heard = Counter((one.incident_id, one.at) for one in notices if one.occasion is occasion)
        assert heard == done, occasion


def every_timer_has_fired(engine: sa.Engine, rules: Rules, now: datetime) -> None:
    with reading(engine) as session:
        timers = session.exec(select(Timer)).all()
        clock = {(one.incident_id, one.clock): one for one in timers}
        assert [
            one for one in timers if one.state is TimerState.PENDING and one.due_at <= now
        ] == []
        for incident in session.exec(select(Incident)):
            number = stored_id(incident.id)
            answer, stage = clock[number, Clock.ANSWER], clock.get((number, Clock.STAGE))
            if incident.stage in LEGAL and incident.paused_at is None:
                pauses = pauses_of(session, number, terms.cycle_of(incident))
                plan = terms.plan_of(incident, rules, now, pauses)
                passed = clocks.fire(plan, 0, now)
                assert answer.level == passed.level, number
                waits = answer.state is TimerState.PENDING
                assert waits == (passed.next_at is not None), number
                assert not waits or answer.due_at == passed.next_at, number
            else:
                assert answer.state is not TimerState.PENDING, number
            if incident.stage_due_at is not None:
                assert stage is not None
                over = incident.stage_due_at <= now
                assert (stage.state is TimerState.FIRED) == over, number
                assert incident.stage is not Stage.SATISFACTION or not over, number


def every_answer_stands_once(
    engine: sa.Engine, town: Town, entries: Sequence[JournalEntry]
) -> None:
    wall = Counter(one.reply.key for one in read_wall(town.wall))
    published = Counter(
        entry.after["answer"] for entry in entries if entry.act is Act.ANSWER_PUBLISHED
    )
    with reading(engine) as session:
        answers = session.exec(select(Answer)).all()
        texts = {one.key: one.text for one in answers}
        posts = {post.id: post.external_id for post in session.exec(select(Post))}
    for answer in answers:
        stands = answer.state is AnswerState.PUBLISHED
        assert published[answer.id] == stands, answer.id
        if stands:
            assert wall[answer.key] == 1, answer.id
        elif answer.state is AnswerState.REFUSED:
            assert wall[answer.key] <= 1, answer.id
        else:
            assert wall[answer.key] == 0, answer.id
    for one in read_wall(town.wall):
        assert one.reply.text == texts[one.reply.key]
        assert one.reply.external_id in posts.values()
