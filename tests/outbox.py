"""An outbox whose worker, clock and network do what a test says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import sqlalchemy as sa
from answering import RULES, stored
from console.builders import NOW
from fakes.publisher import FakePublisher, KilledError

from models.vocabulary import AnswerState
from pipeline.decisions.publishing import LONGEST_ATTEMPT
from pipeline.publish import PublishTally, publish_due


@dataclass
class Clock:
    """Stands still until it is moved; dies at a look of one's choice, and the process with it."""

    now: datetime = NOW
    dies_at: int | None = None
    looks: Iterator[int] = field(default_factory=count)

    def __call__(self) -> datetime:
        if next(self.looks) == self.dies_at:
            self.dies_at = None
            raise KilledError
        return self.now

    def show(self) -> datetime:
        """Return the moment to others than the worker."""
        return self.now

    def die_at(self, look: int) -> None:
        self.looks, self.dies_at = count(), look


@dataclass
class Office:
    """An outbox, a network, and a worker who may be sent to look."""

    engine: sa.Engine
    clock: Clock = field(default_factory=Clock)
    network: FakePublisher = field(init=False)
    longest: float = LONGEST_ATTEMPT.total_seconds()

    def __post_init__(self) -> None:
        self.network = FakePublisher(self.clock.show)

    async def look(self, after: timedelta = timedelta()) -> PublishTally:
        """Move the clock on and send what is due."""
        self.clock.now += after
        return await publish_due(
            self.engine,
            lambda _: self.network,
            rules=RULES,
            clock=self.clock,
            longest=self.longest,
        )

    async def look_until_quiet(self, answer_id: int) -> None:
        """Look whenever the answer is due, until it does not wait any more."""
        for _ in range(30):
            answer = stored(self.engine, answer_id)
            if answer.state not in {AnswerState.QUEUED, AnswerState.SENDING}:
                return
            self.clock.now = max(self.clock.now, answer.due_at)
            await self.look()
        raise AssertionError("the answer waits for ever")
