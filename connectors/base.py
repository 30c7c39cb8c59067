"""What a connector is, and how it fails.

Errors::

    SourceError            something is wrong with the source; says what, where and what to do
    ├── BadPayloadError    the answer is not what the source documents
    ├── UnreachableError   no answer, or one of a broken server; the request may have been done
    └── ApiError           the source answered with an error of its own; ``action`` says what next
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from models.errors import OtklikError
from models.values import FetchedPost
from models.vocabulary import Network


class Action(StrEnum):
    """What to do about an error of a network; every code of every network leads to one."""

    RETRY = "retry"
    """A fault on their side: again, with growing pauses, a few times."""
    PACE = "pace"
    """Too many requests a second: the token pauses, then again."""
    FLOOD = "flood"
    """Too much of the same: this method of this token stops for minutes."""
    HALVE = "halve"
    """The answer is too large: ask for half of it."""
    CAPTCHA = "captcha"
    """A person has to prove to be one: the token is parked."""
    TOKEN_DEAD = "token_dead"  # noqa: S105 - a state, not a secret
    """The token is expired or revoked: parked until it is replaced."""
    NEEDS_PERSON = "needs_person"
    """The token's owner has to sign in or to confirm something: parked."""
    SIGN_IN = "sign_in"
    """The session is over and can be renewed by the program."""
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - a state, not a secret
    """A token of this kind may not call the method: never again with this one."""
    CLOSED = "closed"
    """The place is closed to us: look again in a day."""
    GONE = "gone"
    """The place is deleted or blocked: look again in a day, tell the administrator."""
    QUOTA = "quota"
    """The day's quota of the method is spent: this method of this token waits."""
    QUARANTINE = "quarantine"
    """The request itself is wrong: not repeated, shown to the administrator."""
    TOMBSTONE = "tombstone"
    """What was asked for is deleted."""
    REFUSED = "refused"
    """An answer may not be published there: back to the operator."""


class SourceError(OtklikError):
    """A source cannot be read; the message is Russian, for the operator."""


class BadPayloadError(SourceError):
    """The source answered something that its documentation does not allow."""


class UnreachableError(SourceError):
    """No whole answer came: the network is away, slow, or answers as no API does.

    Whoever asked for a change does not know whether it was made. ``retry_after`` is how long the
    server asked to be left alone, in seconds, where it said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Remember what to tell and how long to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class ApiError(SourceError):
    """The network refused in its own words; they are left out of the message: they echo tokens.

    ``retry_after`` is in seconds, where the network said so.
    """

    def __init__(
        self,
        message: str,
        *,
        network: Network,
        method: str,
        code: int | str,
        action: Action,
        retry_after: float | None = None,
    ) -> None:
        """Remember what a caller decides by."""
        super().__init__(message)
        self.network = network
        self.method = method
        self.code = code
        self.action = action
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that could not be read, bounded: what was wrong (Russian), and the item as sent."""

    what: str
    payload: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts and the cursor from which to go on; ``more`` says that a next page waits.

    ``rejected`` are items that could not be read: kept for a person, the others go on.
    """

    posts: tuple[FetchedPost, ...]
    cursor: dict[str, object]
    more: bool = False
    rejected: tuple[Rejected, ...] = ()


class Connector(Protocol):
    """Reads one source. The cursor is opaque to everybody else and saved with the posts."""

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return the page after ``cursor`` (``{}`` at first). Raises SourceError."""
        ...
