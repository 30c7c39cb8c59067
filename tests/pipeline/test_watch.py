"""Watching many sources at once."""

import asyncio
from collections import Counter

import pytest

from pipeline.watch import watch


class Feeds:
    """Sources that are due until they were read often enough; some misbehave."""

    def __init__(self, **wanted: int) -> None:
        self.wanted = wanted
        self.read_counts: Counter[str] = Counter()
        self.running: Counter[str] = Counter()
        self.release = asyncio.Event()

    def due(self) -> list[str]:
        return [key for key, times in self.wanted.items() if self.read_counts[key] < times]

    async def read(self, key: str) -> str:
        assert self.running[key] == 0, "one source is never read twice at once"
        self.running[key] += 1
        try:
            if key == "slow":
                await self.release.wait()
            if key == "broken":
                raise ValueError(key)
            await asyncio.sleep(0)
        finally:
            self.running[key] -= 1
            self.read_counts[key] += 1
        if key == "last" and self.read_counts[key] == self.wanted[key]:
            self.release.set()
        return key


async def test_a_slow_source_delays_no_other() -> None:
    # Given a source that answers only once another one has been read three times
    feeds = Feeds(slow=1, last=3)
    # When both are watched
    outcome = await watch(feeds.due, feeds.read, seconds=0, step=0.01)
    # Then the other one was read again and again meanwhile
    assert sorted(outcome.results) == ["last", "last", "last", "slow"]
    assert outcome.broken == []


async def test_a_broken_source_is_named_and_the_others_are_read() -> None:
    feeds = Feeds(broken=2, last=2)

    outcome = await watch(feeds.due, feeds.read, seconds=0.1, step=0.01)

    assert outcome.results == ["last", "last"]
    assert outcome.broken == ["broken"]


async def test_what_never_ends_is_cut_short() -> None:
    feeds = Feeds(slow=1)

    outcome = await watch(feeds.due, feeds.read, seconds=0, step=0.01, longest=0.05)

    assert outcome.results == []
    assert feeds.running["slow"] == 0


async def test_stopping_the_watch_stops_the_readings() -> None:
    feeds = Feeds(slow=1)
    task = asyncio.ensure_future(watch(feeds.due, feeds.read, seconds=10, step=0.01))
    await asyncio.sleep(0.05)
    assert feeds.running["slow"] == 1

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert feeds.running["slow"] == 0


async def test_with_nothing_due_it_only_waits() -> None:
    outcome = await watch(list, Feeds().read, seconds=0.01, step=0.01)

    assert outcome.results == outcome.broken == []


async def test_what_is_always_due_is_read_at_a_walking_pace() -> None:
    feeds = Feeds(busy=10**9)

    outcome = await watch(feeds.due, feeds.read, seconds=0.2, step=0.05)

    assert 3 <= len(outcome.results) <= 6
