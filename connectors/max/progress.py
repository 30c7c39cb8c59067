"""How far a bot's chats have been read, and what to read next.

Everything here is pure: no network, no clock. Events come first; then, now and then, a sweep goes
through the chats to find what events have missed: messages of the window, comments below the
posts among them, and messages with open incidents. The cursor holds the sweep, so that one that
was cut off goes on where it was. Times are Unix milliseconds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationError

from connectors.max.shapes import Mid, Number
from connectors.payload import LAST_SECOND, Shape

MISSES = 2
"""After so many sweeps without it, something is taken for deleted."""

MOST_CHATS = 300
MOST_MISSED = 100
"""What a cursor may hold."""

Moment = Annotated[int, Field(ge=0, le=LAST_SECOND * 1000)]
Id = Annotated[str, Field(max_length=200)]


class Stage(StrEnum):
    """Where a reading stands."""

    IDLE = ""
    MESSAGES = "messages"
    COMMENTS = "comments"
    OPEN = "open"


class _Cursor(Shape):
    marker: Number | None = None
    learned: list[Number] = Field(default_factory=list, max_length=MOST_CHATS)
    stage: str = ""
    queue: list[Number] = Field(default_factory=list, max_length=2 * MOST_CHATS)
    page: Moment = 0
    threads: list[Mid] = Field(default_factory=list, max_length=500)
    thread_page: Moment = 0
    witness: Mid | None = None
    asked: list[Mid] = Field(default_factory=list, max_length=500)
    missed: dict[Id, Moment] = Field(default_factory=dict)
    started: Moment = 0
    swept: Moment = 0


@dataclass(slots=True)
class Progress:
    """The cursor of a bot's chats.

    ``marker`` is that of the next event. ``learned`` are chats that events have told of.
    ``queue`` are chats that the sweep has yet to read, the one at hand first; ``page`` is the
    newest moment of its next page (0: the beginning), ``threads`` its posts whose comments wait,
    ``thread_page`` as ``page`` for the first of them. ``witness`` is a message seen in the chat,
    ``asked`` its messages with open incidents that have yet to be asked for. ``missed`` counts
    misses by external id. ``started`` is when this sweep began, ``swept`` when the last one did.
    """

    marker: int | None = None
    learned: list[int] = field(default_factory=list)
    stage: str = Stage.IDLE
    queue: list[int] = field(default_factory=list)
    page: int = 0
    threads: list[str] = field(default_factory=list)
    thread_page: int = 0
    witness: str | None = None
    asked: list[str] = field(default_factory=list)
    missed: dict[str, int] = field(default_factory=dict)
    started: int = 0
    swept: int = 0

    @classmethod
    def load(cls, cursor: Mapping[str, object]) -> "Progress":
        """Return what a cursor holds; one that nobody can read means a first reading.

        What events it had not read is found by the sweep.
        """
        try:
            held = _Cursor.model_validate(cursor)
            Stage(held.stage)
        except (ValidationError, ValueError):
            return cls()
        return cls(**dict(held))

    def dump(self) -> dict[str, object]:
        """Return the progress as a cursor: plain JSON of some kB."""
        return {name: value for name, value in asdict(self).items() if value or name == "marker"}

    def learn(self, chat: int, *, joined: bool) -> None:
        """Note that the bot is in a chat, or is no more."""
        kept = [one for one in self.learned if one != chat]
        self.learned = [*kept, chat][-MOST_CHATS:] if joined else kept

    def begin(self, chats: Iterable[int], *, now: int) -> None:
        """Begin a sweep through the chats given and those learned of."""
        self.queue = list(dict.fromkeys([*chats, *self.learned]))[: 2 * MOST_CHATS]
        self.started = now
        self._to_chat()

    def _to_chat(self) -> None:
        """Begin the first chat of the queue, or end the sweep."""
        self.page = self.thread_page = 0
        self.threads, self.asked, self.witness = [], [], None
        self.stage = Stage.MESSAGES
        if not self.queue:
            self.stage = Stage.IDLE
            self.swept, self.started = self.started, 0
            self.missed = dict(list(self.missed.items())[-MOST_MISSED:])

    def leave(self, *, forget: bool = False) -> None:
        """Go on to the next chat; ``forget`` this one if it was only learned of."""
        chat = self.queue.pop(0)
        if forget:
            self.learn(chat, joined=False)
        self._to_chat()

    def take_messages(
        self,
        moments: Collection[int],
        *,
        posts: Iterable[str],
        newest: str | None,
        since: int,
        opened: Iterable[str],
    ) -> None:
        """Note a page of the chat at hand and choose what to read next.

        ``moments`` are those of its messages, ``posts`` its posts below which comments are to be
        read, ``newest`` any of its messages. ``since`` is where the window begins, ``opened`` are
        the chat's messages with open incidents.
        """
        self.witness = self.witness or newest
        self.threads = list(dict.fromkeys(posts))
        oldest = min(moments, default=0)
        # A page that does not go further back is the last one.
        further = oldest >= since and (not self.page or oldest < self.page)
        self.page = oldest if moments and further else 0
        if not self.page:
            self.asked = list(dict.fromkeys(opened))[:500]
        self._next()

    def take_comments(self, moments: Collection[int], *, since: int) -> None:
        """Note a page of comments below the post at hand; ``since`` as for messages."""
        oldest = min(moments, default=0)
        further = oldest >= since and (not self.thread_page or oldest < self.thread_page)
        self.thread_page = oldest if moments and further else 0
        if not self.thread_page:
            self.skip_comments()

    def skip_comments(self) -> None:
        """Go on to the next post's comments."""
        self.threads.pop(0)
        self.thread_page = 0
        self._next()

    def take_open(self, count: int, posts: Iterable[str] = ()) -> None:
        """Note that the first ``count`` messages with open incidents were asked for.

        ``posts`` are those of them below which comments are to be read.
        """
        self.asked = self.asked[count:]
        self.threads = list(posts)
        self._next()

    def _next(self) -> None:
        if self.threads:
            self.stage = Stage.COMMENTS
        elif self.page:
            self.stage = Stage.MESSAGES
        elif self.asked and self.witness:
            self.stage = Stage.OPEN
        else:
            self.leave()

    def look_for(self, expected: Iterable[str], found: Collection[str]) -> list[str]:
        """Count what is missing, by external id; return what is deleted."""
        gone = []
        for one in found:
            self.missed.pop(one, None)
        for one in sorted({*expected} - {*found}):
            misses = self.missed.pop(one, 0) + 1
            if misses >= MISSES:
                gone.append(one)
            else:
                self.missed[one] = misses
        return gone


def messages_among(ids: Collection[str]) -> dict[int, list[str]]:
    """Return the messages among external ids by chat; comments below them are left out.

    Of a comment the id begins with that of its post, which has to be among them.
    """
    found: dict[int, list[str]] = {}
    for one in sorted(ids):
        chat, _, mid = one.partition("_")
        is_comment = any(
            one[:cut] in ids for cut in range(len(chat) + 1, len(one)) if one[cut] == "_"
        )
        if mid and not is_comment and chat.removeprefix("-").isdecimal() and len(chat) < 20:
            found.setdefault(int(chat), []).append(mid)
    return found
