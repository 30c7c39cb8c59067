"""Processes that tick, act and publish until they are killed, and the network that they share.

They run in processes of their own, forked from one that has everything loaded. Their clock is the
machine's, run faster: a second is a day.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from console.builders import NOW, make_region
from fakes.publisher import FakePublisher, Standing
from sqlmodel import Session, col, select

from connectors.publishing import Published, Reply
from models.answer import Answer
from models.incident import Incident
from models.vocabulary import Act, AnswerKind, AnswerState, ClosingReason, Role, Stage, Term
from pipeline.database import open_database, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.decisions.lifecycle import Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import answers, cases, drafts
from pipeline.publish import publish_due
from pipeline.region.schema import Norm
from pipeline.rules import Rules
from pipeline.tick import tick

ADMIN = Actor("admin", Role.ADMINISTRATOR)
DAY = timedelta(days=1)
NORMS = (
    Norm("any", "any", 8, "working_hours", pausable=True),
    Norm("any", "any", 2, "working_days", Term.FINAL, pausable=True),
    Norm("any", "any", 3, "working_hours", Term.REVIEW),
    Norm("any", "any", 4, "working_hours", Term.ACCEPTANCE),
    Norm("any", "any", 5, "working_hours", Term.APPROVAL),
    Norm("any", "any", 2, "working_hours", Term.PUBLICATION),
    Norm("any", "any", 50, "calendar_hours", Term.SILENCE),
)


def make_rules() -> Rules:
    """Return rules with a term for every stage."""
    return Rules.of(replace(make_region(), norms=NORMS))


@dataclass(frozen=True)
class Town:
    """What the processes share: a database, a network's wall, and when their clock began."""

    url: str
    wall: Path
    began: float

    def now(self) -> datetime:
        """Return the moment by the fast clock, which all processes have in common."""
        return NOW + (time.monotonic() - self.began) * DAY

    def at_work(self, pid: int) -> Path:
        """Return the file that a worker makes when it begins."""
        return self.wall.with_name(f"at-work-{pid}")


class Wall(FakePublisher):
    """A network that stands in a file, a line for each answer, and outlives its clients."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.path = path

    async def publish(self, reply: Reply) -> Published:
        self.standing = read_wall(self.path)
        published = await super().publish(reply)
        one = self.standing[-1]
        line = {"reply": asdict(reply), "id": one.id, "at": one.visible_at.isoformat()}
        with self.path.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")
        await asyncio.sleep(0.005)  # the answer of the network is on its way
        return published

    async def find(self, reply: Reply) -> Published | None:
        self.standing = read_wall(self.path)
        return await super().find(reply)


def read_wall(path: Path) -> list[Standing]:
    """Return what stands in the network."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Standing(Reply(**line["reply"]), line["id"], datetime.fromisoformat(line["at"]))
        for line in lines
    ]


def begin(town: Town) -> tuple[sa.Engine, Rules]:
    """Open what a worker needs and let the town know that it is at work."""
    engine, rules = open_database(town.url), make_rules()
    rules.calendar.year(NOW.year)
    town.at_work(os.getpid()).touch()
    return engine, rules


def load() -> None:
    """Do nothing: by then everything is loaded."""


def tick_for_ever(town: Town, _seed: int) -> None:
    """Fire what is due, again and again."""
    engine, rules = begin(town)
    while True:
        tick(engine, rules, town.now())


def publish_for_ever(town: Town, _seed: int) -> None:
    """Send what waits, again and again."""
    engine, rules = begin(town)
    while True:
        publish(engine, rules, town.wall, town.now())
        time.sleep(0.005)


def publish(engine: sa.Engine, rules: Rules, wall: Path, now: datetime) -> None:
    """Look once at the outbox; the clock stands still meanwhile, or every attempt would be late."""

    def clock() -> datetime:
        return now

    network = Wall(wall, clock)
    asyncio.run(publish_due(engine, lambda _: network, rules=rules, clock=clock))


def act_for_ever(town: Town, seed: int) -> None:
    """Do whatever people may do, to any incident, again and again."""
    engine, rules = begin(town)
    draw = random.Random(f"{seed}:{os.getpid()}")  # noqa: S311 - not for secrets
    with Session(engine) as session:
        numbers = session.exec(select(col(Incident.id))).all()
    while True:
        with unit_of_work(engine) as session:
            _act(session, int(draw.choice(numbers) or 0), draw, rules, town.now())


WORKERS = (tick_for_ever, tick_for_ever, act_for_ever, publish_for_ever)


def _act(session: Session, number: int, draw: random.Random, rules: Rules, now: datetime) -> None:
    """Try one act; whether the life cycle lets it be done does not matter."""
    wishes = (
        Wish(Act.ASSIGNED, body=draw.choice(["roads", "luga"])),
        Wish(Act.ACCEPTED),
        Wish(Act.RETURNED, "не наша дорога"),
        Wish(Act.PASSED_UP, "нужно решение района"),
        Wish(Act.PAUSED, "ждём ответа подрядчика", until=now + draw.randrange(1, 60) * DAY / 24),
        Wish(Act.RESUMED),
        Wish(Act.CLOSED, "автор доволен", closing=ClosingReason.SATISFIED),
        Wish(Act.REOPENED, "яма появилась снова"),
    )
    chosen = draw.randrange(len(wishes) + 4)
    if chosen < len(wishes):
        cases.act(session, number, wishes[chosen], actor=ADMIN, rules=rules, now=now)
        return
    kind = draw.choice(list(AnswerKind))
    words = f"Здравствуйте! Яму засыпали, выезд {draw.randrange(10**5)}."
    draft = Draft(words, kind, further=True)
    stage = session.get_one(Incident, number).stage
    if chosen == len(wishes):
        drafts.save_draft(session, number, draft, actor=ADMIN, rules=rules, now=now)
    elif chosen == len(wishes) + 1:
        drafts.submit(session, number, actor=ADMIN, rules=rules, now=now)
    elif chosen == len(wishes) + 2 and stage is Stage.WORK:
        answers.queue_answer(
            session, number, draft, actor=ADMIN, version=None, rules=rules, now=now
        )
    elif stage is Stage.APPROVAL:
        _decide(session, number, draw, rules, now)


def _decide(
    session: Session, number: int, draw: random.Random, rules: Rules, now: datetime
) -> None:
    query = select(Answer).where(Answer.incident_id == number, Answer.state == AnswerState.APPROVAL)
    answer = session.exec(query).first()
    if answer is None or answer.id is None:
        return
    version = answer.version
    if draw.random() < 0.6:
        drafts.approve(session, answer.id, actor=ADMIN, version=version, rules=rules, now=now)
    else:
        drafts.reject(
            session, answer.id, "короче", actor=ADMIN, version=version, rules=rules, now=now
        )
