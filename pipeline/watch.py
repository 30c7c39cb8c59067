"""Watching many sources at once: each is read when it is due, and none waits for another."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

STEP = 2.0
"""Seconds between two looks at what is due: what is pushed should not wait for long."""

LONGEST = 900.0
"""Seconds; a source that is still being read then is cut short and goes on from its last page."""

Result = TypeVar("Result")


@dataclass(slots=True)
class Outcome(Generic[Result]):
    """What a watch came to: the results of readings, and the sources whose reading failed."""

    results: list[Result] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


async def watch(
    due: Callable[[], Collection[str]],
    read: Callable[[str], Awaitable[Result]],
    *,
    seconds: float,
    step: float = STEP,
    longest: float = LONGEST,
) -> Outcome[Result]:
    """Read what is due, again and again for ``seconds``, and let the last readings end.

    ``due`` returns keys of sources; one that is still being read is not started again. It is
    asked at least once. ``read`` keeps what went wrong where people see it; here its exception
    only names the source. What is not done after ``longest`` seconds is cancelled.
    """
    clock = asyncio.get_running_loop().time
    start = clock()
    busy: dict[str, asyncio.Task[Result]] = {}
    outcome: Outcome[Result] = Outcome()
    try:
        # While a slow source is being read, the others must not wait for it: so `due` is asked
        # past `seconds` as long as somebody is busy.
        while True:
            looked = clock()
            for key in due():
                if key not in busy:
                    busy[key] = asyncio.ensure_future(read(key))
            if busy:
                await asyncio.wait(busy.values(), timeout=step)
            _collect(busy, outcome)
            passed = clock() - start
            if passed >= longest or (passed >= seconds and not busy):
                return outcome
            await asyncio.sleep(max(0.0, looked + step - clock()))
    finally:
        for task in busy.values():
            task.cancel()
        await asyncio.gather(*busy.values(), return_exceptions=True)


def _collect(busy: dict[str, asyncio.Task[Result]], outcome: Outcome[Result]) -> None:
    """Take the readings that are done out of ``busy``."""
    for key in [key for key, task in busy.items() if task.done()]:
        task = busy.pop(key)
        if task.exception() is None:
            outcome.results.append(task.result())
        elif key not in outcome.broken:
            outcome.broken.append(key)
