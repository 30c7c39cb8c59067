"""An outbox of notices whose worker, clock and channels do what a test says."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import sqlalchemy as sa
from builders import TUESDAY_NOON
from fakes.publisher import KilledError
from sqlmodel import col, select

from connectors.base import UnreachableError
from connectors.notices import Message, NotSentError, Sender
from models.channel_words import ChannelKind, DeliveryState, Frequency
from models.columns import stored_id
from models.delivery import Channel, Delivery
from models.incident import Incident
from models.staff import Staff
from models.vocabulary import Network, Occasion, Role, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.desk.addressing import Office
from pipeline.desk.deliveries import Address
from pipeline.desk.notices import announce
from pipeline.notify import Notifier, NotifyTally
from pipeline.region.load import load_region
from pipeline.region.schema import Region
from pipeline.rules import calendar_of
from pipeline.telling import Telling

BODY = "katynskoe"
LINK = "https://otklik.example.ru"

Failure = Callable[[], Awaitable[None]]


@cache
def region() -> Region:
    return load_region("smolensky")


def body_code() -> str:
    """Return a body of the shipped region that has a mailbox."""
    return next(body.code for body in region().bodies if body.contacts.email)


@dataclass
class Clock:
    """Stands still until it is moved; dies at a look of one's choice, and the process with it."""

    now: datetime = TUESDAY_NOON
    dies_at: int | None = None
    looks: Iterator[int] = field(default_factory=count)

    def __call__(self) -> datetime:
        if next(self.looks) == self.dies_at:
            self.dies_at = None
            raise KilledError
        return self.now


@dataclass
class Inboxes:
    """Where all messages arrive; ``failures`` by channel happen first, one a message."""

    arrived: list[tuple[int, Message]] = field(default_factory=list)
    tried: list[int] = field(default_factory=list)
    failures: dict[int, list[str]] = field(default_factory=dict)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    arrival: asyncio.Event = field(default_factory=asyncio.Event)
    limit: int = 4000

    async def of(self, address: Address) -> Sender:
        return _Inbox(self, address.channel_id, self.limit)

    async def next_arrival(self) -> None:
        await self.arrival.wait()

    def texts(self, channel: int | None = None) -> list[str]:
        return [message.text for number, message in self.arrived if channel in {None, number}]

    def keys(self) -> list[str]:
        return [message.key for _, message in self.arrived]


@dataclass
class _Inbox:
    inboxes: Inboxes
    channel: int
    limit: int

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0)
        self.inboxes.tried.append(self.channel)
        failures = self.inboxes.failures.get(self.channel, [])
        mode = failures.pop(0) if failures else "ok"
        if mode == "killed_before":
            raise KilledError
        if mode == "later":
            raise NotSentError("Сервер просит подождать.")
        if mode == "refused":
            raise NotSentError("Такого адреса нет.", final=True)
        if mode == "lost_before":
            raise UnreachableError("Связь оборвалась.")
        if mode == "bug":
            raise KeyError("surprise")
        if mode == "hang":
            await self.inboxes.hanging.wait()
        self.inboxes.arrived.append((self.channel, message))
        self.inboxes.arrival.set()
        if mode == "killed_after":
            raise KilledError
        if mode == "lost_after":
            raise UnreachableError("Связь оборвалась.")


@dataclass
class NoticeOffice:
    """A database, people in it, a worker who looks when told, and the world that they write to."""

    engine: sa.Engine
    clock: Clock = field(default_factory=Clock)
    world: Inboxes = field(default_factory=Inboxes)
    mail: bool = False
    longest: float = 5.0
    notifier: Notifier = field(init=False)

    def __post_init__(self) -> None:
        self.notifier = self.worker()

    def worker(self) -> Notifier:
        """Return a worker as a process that has just started."""
        calendar = calendar_of(region())
        return Notifier(
            self.engine,
            Office(region(), calendar, mail=self.mail),
            self.world.of,
            Telling(region(), calendar, LINK),
            self.clock,
            self.longest,
        )

    async def look(self, after: timedelta = timedelta()) -> NotifyTally:
        self.clock.now += after
        return await self.notifier.look()

    async def look_until_quiet(self) -> None:
        """Look whenever anything is due, as one process after the other, until nothing waits."""
        await self.look()
        for _ in range(200):
            due = self.next_due()
            if due is None:
                return
            self.clock.now = max(self.clock.now, due)
            self.notifier = self.worker()
            await self.look()
        raise AssertionError("something waits for ever")

    def next_due(self) -> datetime | None:
        waiting = [one.due_at for one in self.deliveries() if one.state in {"waiting", "sending"}]
        return min(waiting, default=None)

    def person(self, login: str, role: Role = Role.OPERATOR, body: str | None = None) -> int:
        with unit_of_work(self.engine) as session:
            staff = Staff(login=login, role=role, body=body, created_at=self.clock.now)
            session.add(staff)
            session.flush()
            return stored_id(staff.id)

    def channel(self, staff: int | None = None, body: str = "", **words: Any) -> int:
        with unit_of_work(self.engine) as session:
            usual: dict[str, Any] = {"kind": ChannelKind.TELEGRAM, "address": "1", "secret": "bot"}
            made = Channel(
                staff_id=staff, body=body, created_at=self.clock.now, **{**usual, **words}
            )
            session.add(made)
            session.flush()
            return stored_id(made.id)

    def operator(self, **words: Any) -> int:
        """Return the channel of a new operator."""
        number = len(self.channels())
        return self.channel(self.person(f"operator-{number}"), **words)

    def channels(self) -> list[Channel]:
        with reading(self.engine) as session:
            return list(session.exec(select(Channel).order_by(col(Channel.id))).all())

    def incident(self, **words: Any) -> int:
        now = self.clock.now
        usual: dict[str, Any] = {
            "topic": Topic.LIGHTING,
            "urgency": Urgency.NORMAL,
            "stage": Stage.ASSIGNED,
            "network": Network.VK,
            "settlement": region().settlements[0].code,
            "body": body_code(),
            "created_at": now - timedelta(hours=1),
            "opened_at": now - timedelta(hours=1),
            "clock_from": now - timedelta(hours=1),
            "stage_at": now - timedelta(hours=1),
            "due_at": now + timedelta(hours=3),
            "norm": "8 рабочих часов",
            "calendar": "test",
        }
        with unit_of_work(self.engine) as session:
            incident = Incident(**{**usual, **words})
            session.add(incident)
            session.flush()
            return stored_id(incident.id)

    def change(self, incident: int, **words: Any) -> None:
        with unit_of_work(self.engine) as session:
            stored = session.get_one(Incident, incident)
            for name, value in words.items():
                setattr(stored, name, value)

    def say(
        self, occasion: Occasion, incident: int | None = None, *, key: str = "", **words: Any
    ) -> bool:
        with unit_of_work(self.engine) as session:
            return announce(
                session,
                key=key or f"{occasion.value}:{incident}",
                occasion=occasion,
                at=self.clock.now,
                incident_id=incident,
                **words,
            )

    def deliveries(self) -> list[Delivery]:
        with reading(self.engine) as session:
            return list(session.exec(select(Delivery).order_by(col(Delivery.id))).all())

    def delivery(self) -> Delivery:
        (only,) = self.deliveries()
        return only

    def states(self) -> list[DeliveryState]:
        return [one.state for one in self.deliveries()]


DAILY = {"frequency": Frequency.DAILY}
