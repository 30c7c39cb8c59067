"""What the ways of telling people have in common.

A sender sends one message in one attempt and repeats nothing: only whoever keeps the outbox knows
whether a repeat would do harm. So its errors have to say whether anything was sent::

    NotSentError      surely nothing was sent
    UnreachableError  nobody knows
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from connectors.base import SourceError

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: ``key`` is the same for every attempt, ``notices`` are for machines."""

    key: str
    subject: str
    text: str
    notices: Sequence[Mapping[str, Any]]


class Sender(Protocol):
    """Sends messages to one address. ``limit`` is how long a text may be, in characters."""

    limit: int

    async def send(self, message: Message) -> None:
        """Send a message, in one attempt. Raises SourceError."""
        ...


class NotSentError(SourceError):
    """Surely nothing was sent; the message is Russian.

    ``final`` says that it never will be, as long as nobody changes something. ``retry_after`` is
    in seconds, where the other side named it.
    """

    def __init__(
        self, message: str, *, final: bool = False, retry_after: float | None = None
    ) -> None:
        """Remember what a caller decides by."""
        super().__init__(message)
        self.final = final
        self.retry_after = retry_after


async def in_own_thread(work: Callable[[], Result]) -> Result:
    """Return what ``work`` returns, done in a thread of its own.

    The threads that everything else shares are few, and slow servers would soon hold all of them.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="notice")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    finally:
        thread.shutdown(wait=False)
