"""Sending what waits in the outbox: each answer by one worker, each source at its own pace.

One attempt is: claim the row and commit; look whether the answer stands there, if it may; send
it; store what came of that. A process killed between any two of these leaves an answer that the
next attempt looks for first, so nothing is published twice and nothing is forgotten. Two workers
never send one answer: a claim is refused to the slower one, and a claim that outlived its time
sends nothing any more.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from connectors.base import SourceError
from connectors.publishing import Published, Publisher
from models.vocabulary import AnswerState
from pipeline.database import reading, unit_of_work
from pipeline.decisions.publishing import (
    LONGEST_ATTEMPT,
    NO_PUBLISHER,
    NOT_THERE,
    OUTLIVED,
    Aftermath,
    Settled,
    aftermath,
    unsendable,
)
from pipeline.decisions.publishing import settle as settled_by
from pipeline.desk.outbox import Claimed, claim, mark_published, settle
from pipeline.rules import Rules
from pipeline.store.answers import Due, due

log = logging.getLogger(__name__)

Publishers = Callable[[str], Publisher | None]
"""Gives the publisher of a source by its key, None where nothing can be published."""


@dataclass(slots=True)
class PublishTally:
    """What one look at the outbox did.

    ``found`` stood there already. ``waiting`` were surely not sent and wait, ``unknown`` will be
    looked for. ``broken`` are the sources whose publisher failed by a fault of the program.
    """

    published: int = 0
    found: int = 0
    refused: int = 0
    waiting: int = 0
    unknown: int = 0
    broken: set[str] = field(default_factory=set)

    @property
    def tried(self) -> int:
        """How many answers were taken up."""
        return self.published + self.found + self.refused + self.waiting + self.unknown

    def line(self) -> str:
        """Return the figures for a log."""
        return (
            f"published {self.published}, found {self.found}, refused {self.refused}, "
            f"waiting {self.waiting}, unknown {self.unknown}"
        )


async def publish_due(
    engine: sa.Engine,
    publishers: Publishers,
    *,
    rules: Rules,
    clock: Callable[[], datetime],
    limit: int = 50,
    longest: float = LONGEST_ATTEMPT.total_seconds(),
) -> PublishTally:
    """Send what is due, at most ``limit`` answers of a source; return what came of it.

    Sources are served at the same time and one after the other within; one that fails rests
    until the next look. ``longest`` is how long an attempt may take, in seconds. Raises
    DatabaseError, after every source was served as far as it could be.
    """
    tally = PublishTally()
    waiting = await asyncio.to_thread(_due, engine, clock(), limit)
    waiting.sort(key=lambda one: one.source_key)  # stable: within a source still by age
    work = _Work(engine, rules, clock, longest, tally)
    ended = await asyncio.gather(
        *(
            _serve(work, key, list(answers), publishers)
            for key, answers in groupby(waiting, key=lambda one: one.source_key)
        ),
        return_exceptions=True,
    )
    for end in ended:
        if end is not None:
            raise end
    return tally


def _due(engine: sa.Engine, now: datetime, limit: int) -> list[Due]:
    with reading(engine) as session:
        return due(session, now, limit)


@dataclass(frozen=True, slots=True)
class _Work:
    engine: sa.Engine
    rules: Rules
    clock: Callable[[], datetime]
    longest: float
    tally: PublishTally

    async def claim(self, one: Due) -> Claimed | None:
        """Claim in a thread: waiting for the database must not stop the other sources."""
        return await asyncio.to_thread(self._claim, one)

    def _claim(self, one: Due) -> Claimed | None:
        with unit_of_work(self.engine) as session:
            return claim(session, one.answer_id, one.version, now=self.clock())

    async def publish(self, claimed: Claimed, published: Published) -> None:
        """Store where the answer stands."""
        await asyncio.to_thread(self._publish, claimed, published)

    def _publish(self, claimed: Claimed, published: Published) -> None:
        with unit_of_work(self.engine) as session:
            now = self.clock()
            mark_published(session, claimed.answer_id, published, rules=self.rules, now=now)

    async def settle(self, claimed: Claimed, settled: Settled) -> None:
        """Store what came of an attempt that did not publish."""
        await asyncio.to_thread(self._settle, claimed, settled)

    def _settle(self, claimed: Claimed, settled: Settled) -> None:
        with unit_of_work(self.engine) as session:
            settle(session, claimed, settled, now=self.clock())


async def _serve(work: _Work, key: str, answers: Sequence[Due], publishers: Publishers) -> None:
    """Send the answers of one source, until it fails or time is up for the others' sake."""
    began = work.clock()
    for one in answers:
        if work.clock() - began >= LONGEST_ATTEMPT:
            return
        claimed = await work.claim(one)
        if claimed is not None and await _attempt(work, key, claimed, publishers):
            return


async def _attempt(work: _Work, key: str, claimed: Claimed, publishers: Publishers) -> bool:
    """Make one attempt and store what came of it; tell whether the source had better rest."""
    sending = _Sending(claimed, work.clock)
    try:
        async with asyncio.timeout(work.longest):
            ended = await sending.run(publishers(key))
    except Exception as error:
        if not isinstance(error, SourceError | TimeoutError):
            work.tally.broken.add(key)
            log.exception("publisher of %s failed", key)
        ended = aftermath(error, now=work.clock())
    if isinstance(ended, Published):
        await work.publish(claimed, ended)
        work.tally.published += sending.sent
        work.tally.found += not sending.sent
        return False
    now = work.clock()
    settled = settled_by(claimed.attempt, ended, sent=sending.sent, now=now)
    await work.settle(claimed, settled)
    _count(work.tally, settled)
    return ended.tired


@dataclass(slots=True)
class _Sending:
    """One attempt at one answer; ``sent`` once the network may have it."""

    claimed: Claimed
    clock: Callable[[], datetime]
    sent: bool = False

    async def run(self, publisher: Publisher | None) -> Published | Aftermath:
        """Look, then send. Raises whatever the publisher does."""
        claimed, reply = self.claimed, self.claimed.reply
        if publisher is None:
            return NO_PUBLISHER
        if claimed.attempt.looks_first:
            standing = await publisher.find(reply)
            if standing is not None or not claimed.attempt.may_send:
                return standing or NOT_THERE
        useless = unsendable(reply.text, limit=publisher.limit, deleted=claimed.deleted)
        if useless is not None:
            return useless
        if claimed.attempt.outlived(self.clock()):
            return OUTLIVED
        self.sent = True
        return await publisher.publish(reply)


def _count(tally: PublishTally, settled: Settled) -> None:
    if settled.state is AnswerState.REFUSED:
        tally.refused += 1
    elif settled.state is AnswerState.QUEUED:
        tally.waiting += 1
    else:
        tally.unknown += 1
