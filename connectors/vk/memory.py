"""What a wall's cursor remembers between two readings, and what follows from it. Pure.

As JSON::

    {"full": Unix time of the last wall.get,        "listed": … of the last look at all posts,
     "pinned": the pinned post, 0 without one,
     "posts": {post: [date, comments, edited, read, gap, misses, again, shut, since, [missing…]]},
     "todo": {post: comments that its wall says it has}}

Zeros at the end of a post's list are left out.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from connectors.base import BadPayloadError, SourceError
from connectors.payload import Seconds, Shape, read
from connectors.vk.parse import WallPost

OVERLAP = timedelta(hours=48)
"""Posts no older than this are read again each time."""

REMEMBERED = timedelta(days=7)
"""How long new comments under a post are watched for; longer where an incident is open."""

REREAD = timedelta(hours=3)
REREAD_REST = timedelta(days=1)
"""How often threads are read again, those with open incidents and others, for nothing tells of
an edited comment, nor of one that went while another came."""

CLOSED = timedelta(days=1)
"""When to look again at comments that were closed to us."""

IN_HAND = timedelta(minutes=10)
"""Threads that a reading left over are read without a new look at the wall for so long."""

MISSES = 2
"""Absences in a row, of a post or a comment, that make a deletion."""

MAX_MISSING = 200
"""Comments remembered as missing once; where more are, their turn comes later."""


SIZE = 9
"""Numbers of a post in the cursor, beside the list of missing comments."""


@dataclass(slots=True)
class Kept:
    """What is remembered of a post. Moments are Unix time, 0 where there is none.

    ``comments`` is how many its wall said it had when its thread was last read (at ``read``),
    ``gap`` how many fewer that reading found; ``misses`` how often the post was not found,
    ``missing`` the comments not found once; ``again`` asks for one more reading. Until ``shut``
    its comments are left alone; those older than ``since`` are not delivered.
    """

    date: int
    comments: int = 0
    edited: int = 0
    read: int = 0
    gap: int = 0
    misses: int = 0
    again: int = 0
    shut: int = 0
    since: int = 0
    missing: list[int] = field(default_factory=list)

    def written(self) -> list[object]:
        """Return it as the cursor holds it."""
        whole: list[object] = [
            self.date,
            self.comments,
            self.edited,
            self.read,
            self.gap,
            self.misses,
            self.again,
            self.shut,
            self.since,
            self.missing,
        ]
        while len(whole) > 1 and not whole[-1]:
            whole.pop()
        return whole


Whole = Annotated[int, Field(gt=-(2**63), lt=2**63)]


class _Cursor(Shape):
    full: Seconds = 0
    listed: Seconds = 0
    pinned: Whole = 0
    posts: dict[str, list[Whole | list[Whole]]] = Field(default_factory=dict)
    todo: dict[str, Whole] = Field(default_factory=dict)


@dataclass(slots=True)
class Memory:
    """A wall's cursor, read. ``posts`` and ``todo`` are by number of the post."""

    full: int
    listed: int
    pinned: int
    posts: dict[int, Kept]
    todo: dict[int, int]

    @classmethod
    def of(cls, cursor: dict[str, object]) -> "Memory":
        """Read a cursor. Raises SourceError when it is damaged."""
        try:
            plain = read(_Cursor, cursor, where="закладка")
            posts = {int(number): _kept(values) for number, values in plain.posts.items()}
            todo = {int(number): count for number, count in plain.todo.items()}
        except (BadPayloadError, ValueError):
            raise SourceError(
                "ВКонтакте: закладка стены повреждена. Очистите закладку источника, чтобы "
                "начать сначала: записи последних двух суток будут прочитаны заново."
            ) from None
        todo = {number: count for number, count in todo.items() if number in posts}
        return cls(plain.full, plain.listed, plain.pinned, posts, todo)

    def written(self) -> dict[str, object]:
        """Return the cursor."""
        return {
            "full": self.full,
            "listed": self.listed,
            "pinned": self.pinned,
            "posts": {str(number): kept.written() for number, kept in self.posts.items()},
            "todo": {str(number): count for number, count in self.todo.items()},
        }

    def in_hand(self, now: datetime) -> bool:
        """Tell whether threads are left over from a look at the wall that is still good."""
        age = now.timestamp() - self.listed
        return bool(self.todo) and 0 <= age <= IN_HAND.total_seconds()

    def floor(self, now: datetime, *, since: timedelta) -> float:
        """Return Unix time before which everything was read already, or is too old."""
        if not self.full:
            return (now - since).timestamp()
        return min(self.full, now.timestamp()) - OVERLAP.total_seconds()

    def take(self, item: WallPost, now: datetime, *, opened: bool, since: float = 0) -> Kept:
        """Remember a post that is there, and note whether its thread has to be read.

        ``opened`` says that an incident is open there; ``since`` is for a post seen for the
        first time.
        """
        published = item.post.published_at or now
        fresh = Kept(int(published.timestamp()), since=int(since))
        kept = self.posts.setdefault(item.number, fresh)
        kept.edited = int(item.post.edited_at.timestamp()) if item.post.edited_at else 0
        kept.misses = 0
        moment = now.timestamp()
        late = moment - kept.read >= (REREAD if opened else REREAD_REST).total_seconds()
        wanted = item.comments != kept.comments or kept.again or (late and item.comments > 0)
        if wanted and moment >= kept.shut:
            self.todo[item.number] = item.comments
        return kept

    def miss(self, number: int) -> bool:
        """Note that a post was not found; tell whether that makes it deleted."""
        kept = self.posts[number]
        kept.misses += 1
        return kept.misses >= MISSES

    def forget(self, number: int) -> None:
        """Remember a post no longer."""
        self.posts.pop(number, None)
        self.todo.pop(number, None)

    def prune(self, now: datetime, opened: frozenset[int]) -> None:
        """Forget what is too old to be watched."""
        oldest = (now - REMEMBERED).timestamp()
        for number in [number for number, kept in self.posts.items() if kept.date < oldest]:
            if number not in opened and number != self.pinned:
                self.forget(number)

    def thread_read(self, number: int, absent: set[int], *, found: int, now: datetime) -> set[int]:
        """Note that a post's thread was read: ``found`` comments, known ones ``absent`` from it.

        Returns those that were absent the time before as well: they are deleted. Where the wall
        speaks of more or fewer comments than were found, some came or went while the thread was
        being read, or some are hidden for good: one more reading tells.
        """
        kept = self.posts[number]
        gone = absent & set(kept.missing)
        kept.missing = sorted(absent - gone)[:MAX_MISSING]
        kept.comments = self.todo.pop(number)
        gap = kept.comments - found
        kept.again = int(bool(kept.missing) or gap != kept.gap)
        kept.gap = gap
        kept.read = int(now.timestamp())
        return gone

    def thread_closed(self, number: int, now: datetime) -> None:
        """Note that a post's comments are closed to us."""
        self.todo.pop(number)
        self.posts[number].shut = int((now + CLOSED).timestamp())


def _kept(values: list[int | list[int]]) -> Kept:
    *plain, last = values or [[]]
    if isinstance(last, int):
        plain, last = values, []
    numbers = [value for value in plain if isinstance(value, int)]
    if not numbers or len(numbers) != len(plain) or len(numbers) > SIZE:
        raise ValueError(values)
    date, comments, edited, reading, gap, misses, again, shut, since = (
        *numbers,
        *[0] * (SIZE - len(numbers)),
    )
    return Kept(date, comments, edited, reading, gap, misses, again, shut, since, last)
