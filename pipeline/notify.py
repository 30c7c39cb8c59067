"""Telling people: new notices are addressed, and what is due goes out, each channel by itself.

One attempt is: claim the message and commit; send it; store what came of that. A process killed
between any two of these leaves a message that may have been sent, and ``decisions.delivering``
says whether it goes out again. Two workers never send one message: a claim is refused to the
slower one, and a claim that outlived its time sends nothing any more.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.notices import Message
from models.channel_words import DeliveryState
from models.errors import OtklikError
from models.incident import Incident
from models.notice import Notice
from models.vocabulary import Occasion
from pipeline.database import reading, unit_of_work
from pipeline.decisions.delivering import LONGEST_ATTEMPT, OUTLIVED, Settled, aftermath
from pipeline.decisions.delivering import settle as settled_by
from pipeline.decisions.notice_texts import Told, subject, text
from pipeline.decisions.publishing import Aftermath
from pipeline.desk.addressing import Office, address
from pipeline.desk.deliveries import Claimed, Swept, claim, mark_sent, settle
from pipeline.notifiers import SenderFor, open_senders
from pipeline.region.load import load_region
from pipeline.rules import calendar_of
from pipeline.settings import Settings
from pipeline.store.notices import due_channels
from pipeline.telling import Telling, machine_readable

log = logging.getLogger(__name__)

BATCH = 200
"""Notices addressed in one transaction."""

AT_A_TIME = 20
"""Channels served side by side."""

TURN = timedelta(seconds=30)
"""How long one look serves one channel."""

COUNTED = ("addressed", "unheard", "sent", "waiting", "unknown", "parked", "dropped")

Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class NotifyTally:
    """What one look at the outbox did, in notices.

    ``unheard`` had nobody to tell. ``waiting`` were surely not sent and wait, ``unknown`` will be
    sent again though they may have arrived. ``broken`` are the kinds of channels whose sender
    failed by a fault of the program.
    """

    addressed: int = 0
    unheard: int = 0
    sent: int = 0
    waiting: int = 0
    unknown: int = 0
    parked: int = 0
    dropped: int = 0
    broken: set[str] = field(default_factory=set)

    def add(self, other: "NotifyTally") -> None:
        """Add what another look did."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.broken |= other.broken

    @property
    def anything(self) -> bool:
        """Tell whether there was anything to do."""
        done = self.sent + self.waiting + self.unknown + self.parked + self.dropped
        return bool(self.addressed + done)

    def line(self) -> str:
        """Return the figures for a log."""
        return (
            f"addressed {self.addressed} (unheard {self.unheard}), sent {self.sent}, "
            f"waiting {self.waiting}, unknown {self.unknown}, parked {self.parked}, "
            f"dropped {self.dropped}"
        )


@dataclass(slots=True)
class Notifier:
    """A worker at the outbox. ``longest`` is how long an attempt may take, in seconds.

    Looks may overlap: a channel that is being served, however slowly, is left to who serves it,
    and delays no other.
    """

    engine: sa.Engine
    office: Office
    senders: SenderFor
    telling: Telling
    clock: Callable[[], datetime]
    longest: float = LONGEST_ATTEMPT.total_seconds()
    busy: set[int] = field(default_factory=set)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))

    async def look(self) -> NotifyTally:
        """Address what is new and send what is due; return what came of it.

        Raises DatabaseError, after every channel was served as far as it could be.
        """
        tally = NotifyTally()
        while await asyncio.to_thread(self._address, tally) == BATCH:
            pass
        due = await asyncio.to_thread(self._due)
        free = [channel for channel in due if channel not in self.busy]
        self.busy.update(free)
        ended = await asyncio.gather(
            *(self._serve(channel, tally) for channel in free), return_exceptions=True
        )
        for end in ended:
            if end is not None:
                raise end
        return tally

    def _address(self, tally: NotifyTally) -> int:
        with unit_of_work(self.engine) as session:
            done = address(session, self.office, now=self.clock(), limit=BATCH)
        tally.addressed += done.notices
        tally.unheard += done.unheard
        return done.notices

    def _due(self) -> list[int]:
        with reading(self.engine) as session:
            return due_channels(session, self.clock(), self.office.only)

    async def _serve(self, channel: int, tally: NotifyTally) -> None:
        """Send what is due by one channel, until it fails or its turn is over."""
        try:
            async with self.places:
                began = self.clock()
                while self.clock() - began < TURN:
                    # In a thread: waiting for the database must not stop the other channels.
                    claimed, swept = await asyncio.to_thread(self._claim, channel)
                    tally.parked += swept.parked
                    tally.dropped += swept.dropped
                    if claimed is None or await self._attempt(claimed, tally):
                        return
        finally:
            self.busy.discard(channel)

    def _claim(self, channel: int) -> tuple[Claimed | None, Swept]:
        now = self.clock()
        with unit_of_work(self.engine) as session:
            return claim(session, channel, self.office, self._teller(now), now=now)

    def _teller(self, now: datetime) -> Callable[[Notice, Incident | None], Told]:
        return lambda notice, incident: self.telling.tell(notice, incident, now=now)

    async def _attempt(self, claimed: Claimed, tally: NotifyTally) -> bool:
        """Make one attempt and store what came of it; tell whether the channel had better rest."""
        sending = _Sending(claimed, self.clock)
        try:
            async with asyncio.timeout(self.longest):
                ended = await sending.run(self.senders)
        except Exception as error:
            ended = aftermath(error, now=self.clock())
            if _is_bug(error):
                tally.broken.add(claimed.address.kind.value)
                log.exception("sender of channel %s failed", claimed.address.channel_id)
        if ended is None:
            await asyncio.to_thread(self._mark_sent, claimed)
            tally.sent += len(claimed.rows)
            return False
        settled = settled_by(claimed.attempt, ended, sent=sending.sent, now=self.clock())
        await asyncio.to_thread(self._settle, claimed, settled)
        _count(tally, settled, len(claimed.rows))
        return ended.tired

    def _mark_sent(self, claimed: Claimed) -> None:
        with unit_of_work(self.engine) as session:
            mark_sent(session, claimed, now=self.clock())

    def _settle(self, claimed: Claimed, settled: Settled) -> None:
        with unit_of_work(self.engine) as session:
            settle(session, claimed, settled)


@dataclass(slots=True)
class _Sending:
    """One attempt at one message; ``sent`` once the channel may have it."""

    claimed: Claimed
    clock: Callable[[], datetime]
    sent: bool = False

    async def run(self, senders: SenderFor) -> Aftermath | None:
        """Send; None when it has gone out. Raises whatever the sender does."""
        sender = await senders(self.claimed.address)
        message = compose(self.claimed.key, self.claimed.told, limit=sender.limit)
        if self.claimed.attempt.outlived(self.clock()):
            return OUTLIVED
        self.sent = True
        await sender.send(message)
        return None


def compose(key: str, told: tuple[Told, ...], *, limit: int) -> Message:
    """Return the message that tells these notices, at most ``limit`` characters of text."""
    return Message(
        key, subject(told), text(told, limit=limit), [machine_readable(one) for one in told]
    )


def _is_bug(error: Exception) -> bool:
    return not isinstance(error, OtklikError | TimeoutError)


def _count(tally: NotifyTally, settled: Settled, notices: int) -> None:
    if settled.state is DeliveryState.PARKED:
        tally.parked += notices
    elif settled.state is DeliveryState.WAITING:
        tally.waiting += notices
    else:
        tally.unknown += notices


@asynccontextmanager
async def open_notifier(
    settings: Settings,
    engine: sa.Engine,
    *,
    clock: Callable[[], datetime],
    only: Collection[Occasion] | None = None,
) -> AsyncIterator[Notifier]:
    """Give a worker of this installation; ``only`` are the occasions that it sees to.

    Raises RegionError.
    """
    region = load_region(settings.region)
    calendar = calendar_of(region)
    office = Office(region, calendar, mail=settings.smtp_url is not None, only=only)
    telling = Telling(region, calendar, settings.console_url())
    async with open_senders(settings, region, clock=clock) as senders:
        yield Notifier(engine, office, senders, telling, clock)


async def notify_due(
    notifier: Notifier, *, until: datetime, every: timedelta, sleep: Sleep = asyncio.sleep
) -> NotifyTally:
    """Look at the outbox every so often until a moment; return what came of all looks together.

    The next look does not wait for the one before: a channel that hangs delays itself alone.
    """
    total = NotifyTally()
    looks: list[asyncio.Task[NotifyTally]] = []
    while True:
        looks.append(asyncio.create_task(notifier.look()))
        if notifier.clock() + every > until:
            break
        await sleep(every.total_seconds())
    for ended in await asyncio.gather(*looks, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended
        total.add(ended)
    return total
