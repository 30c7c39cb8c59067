"""Reading one source: its pushed events first, then its pages, each page in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.base import Connector, Rejected, SourceError
from models.columns import stored_id
from models.errors import OtklikError
from models.inbox import Event
from models.source import Source
from models.values import FetchedPost
from pipeline.database import reading, unit_of_work
from pipeline.decisions.polling import pause_after
from pipeline.desk.sources import note_failure, note_reading, note_trouble
from pipeline.ingest import Origin, OvertakenError, prepare, take_in
from pipeline.judge import Judge
from pipeline.store.sources import find_source, waiting_events
from pipeline.tally import Tally

BUG = "внутренняя ошибка программы; подробности в журнале ingest.log, сообщите разработчикам"

MAX_PAGES = 1000
"""Pages one run reads of one source; the next run goes on from there."""

EVENTS_A_PAGE = 200

ParseEvent = Callable[[Event], list[FetchedPost]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where pages are judged and stored.

    One page at a time: the judge is no more than one thread's, and so is SQLite's writer. While
    a page is being stored, other sources go on talking to their networks.
    """

    engine: sa.Engine
    judge: Judge
    clock: Callable[[], datetime]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def store(
        self,
        origin: Origin,
        source: Source,
        *,
        posts: list[FetchedPost],
        cursor: dict[str, object],
        now: datetime,
        rejected: tuple[Rejected, ...] = (),
        events: list[int] | None = None,
    ) -> Tally:
        """Judge and store a page; see ``take_in``."""
        async with self.turn:
            return await asyncio.to_thread(
                take_in,
                self.engine,
                self.judge,
                origin,
                source,
                posts=posts,
                cursor=cursor,
                now=now,
                rejected=rejected,
                events=events,
            )


async def read_source(
    origin: Origin,
    desk: Desk,
    *,
    connect: Callable[[Source], Awaitable[Connector]],
    every: Callable[[], timedelta],
    parse: ParseEvent | None = None,
    drain: Callable[[Source], Awaitable[bool]] | None = None,
    poll: bool = True,
) -> Tally:
    """Read a source from its cursor to its end, and note when to read it next.

    ``connect`` makes its connector, ``every`` says how long to wait after a success, ``parse``
    reads an event where the source has any, ``drain`` fetches such events and tells whether some
    were lost. Without ``poll`` only events are read, unless some were lost. Whatever goes wrong
    is noted with the source, where people see it, and raised again; where no events could be
    fetched, that is after the pages were read.
    """
    total = Tally()
    trouble: OtklikError | None = None
    try:
        stored = prepare(desk.engine, origin, desk.clock())
        if drain is not None:
            try:
                poll = await drain(stored) or poll
            except OtklikError as error:
                # The pages say the same, are asked for with another token, and do not wait.
                trouble = error
        if parse is not None:
            total.add(await take_events(origin, desk, parse))
        if poll:
            total.add(await _read_pages(origin, desk, await connect(stored)))
    except Exception as error:
        fail(desk, origin, error)
        raise
    now = desk.clock()
    with unit_of_work(desk.engine) as session:
        if poll:
            note_reading(session, origin.key, next_at=now + every(), now=now)
        if trouble is not None:
            note_trouble(session, origin.key, str(trouble), now)
    if trouble is not None:
        raise trouble
    return total


async def _read_pages(origin: Origin, desk: Desk, connector: Connector) -> Tally:
    """Read a source's pages to their end, or as many as one run reads."""
    total = Tally()
    for _ in range(MAX_PAGES):
        now = desk.clock()
        stored = prepare(desk.engine, origin, now)
        page = await connector.fetch(stored.cursor, now=now)
        try:
            tally = await desk.store(
                origin,
                stored,
                posts=list(page.posts),
                cursor=page.cursor,
                now=now,
                rejected=page.rejected,
            )
        except OvertakenError:
            continue
        total.add(tally)
        if not page.more:
            break
    return total


async def take_events(origin: Origin, desk: Desk, parse: ParseEvent) -> Tally:
    """Read the events that wait for a source; one that cannot be read is kept and passed over."""
    total = Tally()
    while True:
        now = desk.clock()
        stored = prepare(desk.engine, origin, now)
        with reading(desk.engine) as session:
            events = waiting_events(session, origin.key, limit=EVENTS_A_PAGE)
        if not events:
            return total
        posts: list[FetchedPost] = []
        rejected: list[Rejected] = []
        for event in events:
            try:
                posts += parse(event)
            except SourceError as error:
                rejected.append(Rejected(str(error), str(event.payload)))
        try:
            total.add(
                await desk.store(
                    origin,
                    stored,
                    posts=posts,
                    cursor=stored.cursor,
                    now=now,
                    rejected=tuple(rejected),
                    events=[stored_id(event.id) for event in events],
                )
            )
        except OvertakenError:
            continue


def fail(desk: Desk, origin: Origin, error: Exception) -> None:
    """Note with the source what went wrong and when to try again."""
    said = str(error) if isinstance(error, OtklikError) else f"{BUG} ({type(error).__name__})"
    now = desk.clock()
    with unit_of_work(desk.engine) as session:
        stored = find_source(session, origin.key)
        failures = 1 if stored is None else stored.failures + 1
        known = error if isinstance(error, SourceError) else None
        next_at = now + pause_after(known, failures, now=now)
        note_failure(session, origin.key, said, now, next_at=next_at)
