"""What a connector is, and how it fails.

Errors::

    SourceError            something is wrong with the source; says what, where and what to do
    └── BadPayloadError         the answer is not what the source documents
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.errors import OtklikError
from models.values import FetchedPost


class SourceError(OtklikError):
    """A source cannot be read; the message is Russian, for the operator."""


class BadPayloadError(SourceError):
    """The source answered something that its documentation does not allow."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts and the cursor from which to go on; ``more`` says that a next page waits."""

    posts: tuple[FetchedPost, ...]
    cursor: dict[str, object]
    more: bool = False


class Connector(Protocol):
    """Reads one source. The cursor is opaque to everybody else and saved with the posts."""

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return the page after ``cursor`` (``{}`` at first). Raises SourceError."""
        ...
