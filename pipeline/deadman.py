"""The dead-man check: when nobody looks at the deadlines, another process says so.

The notifier lives in the process that is dead, so whoever finds out sends the notice as well, by
the same outbox: should the notifier come back, its claims keep the two from telling it twice.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import sqlalchemy as sa

from models.vocabulary import Occasion
from pipeline.database import open_database, reading, unit_of_work
from pipeline.decisions.deadman import GRACE, is_silent, outage
from pipeline.desk.heartbeat import TIMERS, expect, last_beat
from pipeline.desk.notices import announce
from pipeline.notify import open_notifier
from pipeline.settings import Settings
from pipeline.workplace import open_store

ONLY = frozenset({Occasion.SILENT_CLOCK})

EVERY = 60.0
"""Seconds between two looks of ``otklik run``."""

STOPPED = (
    "Часы сроков стоят: за пять минут их никто не проверил, напоминаний и просрочек не будет. "
    "Причина — в журналах папки logs (timers.log). Если она не видна, перезапустите otklik run.\n"
)
GOING = "Часы сроков снова идут.\n"

Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]


def silent_since(engine: sa.Engine, now: datetime) -> datetime | None:
    """Return when the clocks were last looked at, None as long as they are.

    Clocks that were never looked at count from the first time that somebody asks.
    """
    with reading(engine) as session:
        seen = last_beat(session, TIMERS)
    if seen is None:
        with unit_of_work(engine) as session:
            seen = expect(session, TIMERS, now)
    return seen if is_silent(seen, now) else None


async def tell_if_silent(
    settings: Settings, engine: sa.Engine, *, clock: Clock, sleep: Sleep = asyncio.sleep
) -> bool:
    """Look at the clocks, twice if they seem to stand, and tell whom it concerns if they do.

    Told once an outage; what could not be sent is sent by the next look.
    """
    if await asyncio.to_thread(silent_since, engine, clock()) is None:
        return False
    await sleep(GRACE.total_seconds())
    seen = await asyncio.to_thread(silent_since, engine, clock())
    if seen is None:
        return False
    with unit_of_work(engine) as session:
        announce(
            session,
            key=outage(TIMERS, seen),
            occasion=Occasion.SILENT_CLOCK,
            at=clock(),
            facts={"since": seen.isoformat()},
        )
    async with open_notifier(settings, engine, clock=clock, only=ONLY) as notifier:
        await notifier.look()
    return True


@asynccontextmanager
async def watched_store(settings: Settings, *, clock: Clock) -> AsyncIterator[sa.Engine]:
    """Give the database, and look at the clocks beside whatever is done with it.

    See ``open_store`` and ``tell_if_silent``.
    """
    with open_store(settings) as engine:
        looking = asyncio.create_task(tell_if_silent(settings, engine, clock=clock))
        try:
            yield engine
        finally:
            await looking


async def warn_on_stderr(
    settings: Settings,
    *,
    clock: Clock,
    sleep: Sleep = asyncio.sleep,
    write: Callable[[str], object] = sys.stderr.write,
) -> None:
    """Say on stderr when the clocks stop and when they go again, for ever.

    Only what two looks in a row agree on is said: a machine that was asleep wakes up with an old
    beat.
    """
    engine = open_database(settings.url())
    told, before = False, False
    try:
        while True:
            await sleep(EVERY)
            silent = await asyncio.to_thread(_is_silent, engine, clock())
            if silent == before and silent != told:
                write(STOPPED if silent else GOING)
                told = silent
            before = silent
    finally:
        engine.dispose()


def _is_silent(engine: sa.Engine, now: datetime) -> bool:
    try:
        with reading(engine) as session:
            seen = last_beat(session, TIMERS)
    except sa.exc.DBAPIError:
        # A database that is away is told of by all who need it.
        return False
    return seen is not None and is_silent(seen, now)
