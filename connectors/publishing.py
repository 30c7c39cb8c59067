"""How an answer goes out: below the citizen's words, once.

Nothing here repeats itself: after an UnreachableError nobody knows whether the answer stands
there, so the caller looks for it with ``find`` before it calls ``publish`` again.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and the post that it answers.

    ``external_id``, ``root_id`` and ``parent_id`` are the post's, as its connector made them;
    ``root_id`` is empty when the post itself stands at the top. ``key`` is the idempotency key:
    letters and digits, at most 36.
    """

    external_id: str
    root_id: str
    parent_id: str
    author_id: str
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Published:
    """Where an answer stands: its id in the manner of its network, and its page (may be empty)."""

    external_id: str
    url: str


class Publisher(Protocol):
    """Publishes answers from the official account of one network."""

    limit: int
    """Characters that the network takes."""

    async def publish(self, reply: Reply) -> Published:
        """Publish, in one attempt.

        Raises ApiError when the network refused, so that nothing was published, and
        UnreachableError when nobody knows.
        """
        ...

    async def find(self, reply: Reply) -> Published | None:
        """Return where our answer already stands, looking among the newest; None if nowhere.

        Raises SourceError when that cannot be found out.
        """
        ...
