"""How far a channel has been read, and what a page of it means: what to read next, what is gone.

Everything here is pure: no network, no clock. A reading of the channel is a sweep: previews from
the newest post down to the end of the window and to the end of the last sweep, then a look at
older posts with open incidents, then the comments of all these, one page at a time. The cursor
holds the sweep, so that one that was cut off goes on where it was.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationError

from connectors.payload import Shape
from connectors.telegram.preview import Discussion, Preview
from models.values import FetchedPost

MISSES = 2
"""In so many sweeps a page did not show a post or comment that belongs between those shown; then
it is deleted. One miss may be a server that lags behind."""

QUIET = 3
"""After so many posts without a discussion the channel is taken to have none; posts with open
incidents are asked about all the same."""

MOST_KNOWN = 500
MOST_MISSED = 200
"""What a cursor may hold."""

Number = Annotated[int, Field(ge=0, lt=10**15)]
Key = Annotated[str, Field(pattern=r"^[0-9]{1,15}(/[0-9]{1,15})?$")]


class Stage(StrEnum):
    """Where a sweep stands."""

    IDLE = ""
    POSTS = "posts"
    COMMENTS = "comments"


class _Cursor(Shape):
    stage: str = ""
    last: Number = 0
    top: Number = 0
    low: Number = 0
    before: Number = 0
    known: list[Number] = Field(default_factory=list, max_length=MOST_KNOWN)
    threads: list[Number] = Field(default_factory=list, max_length=100_000)
    missed: dict[Key, Number] = Field(default_factory=dict)
    quiet: Number = 0


@dataclass(slots=True)
class Progress:
    """The cursor of a channel; posts stand in it by number.

    ``last`` is the newest post of the last whole sweep, ``top`` of this one. ``low`` is the
    oldest one shown in this sweep, ``before`` the page to read next (0: the newest). ``known``
    are posts of the window that were shown, by which deletions are told. ``threads`` wait for
    their comments to be read. ``missed`` counts misses of posts ("12") and comments ("12/34").
    ``quiet`` counts posts without a discussion, one after another.
    """

    stage: str = Stage.IDLE
    last: int = 0
    top: int = 0
    low: int = 0
    before: int = 0
    known: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    missed: dict[str, int] = field(default_factory=dict)
    quiet: int = 0

    @classmethod
    def load(cls, cursor: Mapping[str, object]) -> "Progress":
        """Return what a cursor holds; one that nobody can read means a first reading.

        That loses nothing: a page read again is recognised.
        """
        try:
            held = _Cursor.model_validate(cursor)
            Stage(held.stage)
        except (ValidationError, ValueError):
            return cls()
        return cls(**dict(held))

    def dump(self) -> dict[str, object]:
        """Return the progress as a cursor: plain JSON of some kB."""
        return {name: value for name, value in asdict(self).items() if value}

    def begin(self) -> None:
        """Begin a sweep at the newest post."""
        self.stage, self.top, self.low, self.before = Stage.POSTS, 0, 0, 0
        self.threads, self.quiet = [], 0

    def take_posts(self, page: Preview, *, since: datetime, opened: Collection[int]) -> list[int]:
        """Note a page of posts, choose what to read next, and return the posts now deleted.

        ``since`` is where the window begins, ``opened`` are posts with open incidents.
        """
        fresh = {_number(post.external_id) for post in page.posts if _is_fresh(post, since)}
        gone = self._look_for(page, opened, fresh)
        self.threads = sorted({*self.threads, *fresh}, reverse=True)
        self.top = max(self.top, *page.numbers, 0)
        if page.numbers:
            self.low = min(page.numbers)
        dates = [post.published_at for post in page.posts if post.published_at is not None]
        further = bool(dates) and min(dates) >= since
        older = [number for number in opened if number < self.low]
        if page.numbers and self.low > 1 and (further or 0 < self.last < self.low - 1):
            self.before = self.low
        elif page.numbers and older:
            self.before = max(older) + 1
        else:
            self._to_comments(opened)
        return gone

    def _look_for(self, page: Preview, opened: Collection[int], fresh: set[int]) -> list[int]:
        """Compare a page with what it should show; return what is deleted."""
        low = min(page.numbers, default=0)
        inside = {
            number
            for number in {*self.known, *opened}
            if low <= number and (not self.before or number < self.before)
        }
        if not page.numbers or page.rejected:
            # An item that could not be told apart may be the one that is missing.
            inside = set()
        for number in page.numbers:
            self.missed.pop(str(number), None)
        gone = [number for number in sorted(inside - page.numbers) if self._miss(str(number))]
        kept = ({*self.known} - page.numbers - {*gone}) | fresh
        self.known = sorted(kept, reverse=True)[:MOST_KNOWN]
        return gone

    def _to_comments(self, opened: Collection[int]) -> None:
        """Go on to the comments; what the sweep has not come to is older than the window."""
        self.last = max(self.last, self.top)
        self.known = [number for number in self.known if number >= self.low]
        self.threads = sorted({*self.threads, *opened}, reverse=True)
        self.stage = Stage.COMMENTS
        self._finish(opened)

    def take_comments(
        self, page: Discussion | None, *, known: Collection[int], opened: Collection[int]
    ) -> list[int]:
        """Note the comments of the first post that waits, and return the comments now deleted.

        ``page`` is None when they could not be read; ``known`` are the stored ones.
        """
        post = self.threads.pop(0)
        gone: list[int] = []
        if page is not None and not page.available:
            self.quiet += 1
            if self.quiet >= QUIET:
                self.threads = [number for number in self.threads if number in opened]
        elif page is not None:
            self.quiet = 0
            low = min(page.numbers, default=0) if page.truncated else 0
            for number in page.numbers:
                self.missed.pop(f"{post}/{number}", None)
            missing = sorted({*known} - page.numbers) if not page.rejected else []
            gone = [
                number for number in missing if number >= low and self._miss(f"{post}/{number}")
            ]
        self._finish(opened)
        return gone

    def _miss(self, key: str) -> bool:
        """Count a miss; tell whether it was the last one needed, and forget it then."""
        misses = self.missed.pop(key, 0) + 1
        if misses >= MISSES:
            return True
        self.missed[key] = misses
        return False

    def _finish(self, opened: Collection[int]) -> None:
        """End the sweep when nothing waits any more."""
        if self.threads:
            return
        self.stage = Stage.IDLE
        self.before = self.low = self.top = self.quiet = 0
        followed = {*self.known, *opened}
        kept = [key for key in self.missed if int(key.partition("/")[0]) in followed]
        self.missed = {key: self.missed[key] for key in kept[-MOST_MISSED:]}


def numbers_of(channel: str, ids: Collection[str]) -> frozenset[int]:
    """Return the numbers of the posts of ``channel`` among external ids of posts or comments."""
    found = (one.split("/") for one in ids)
    return frozenset(
        int(parts[1])
        for parts in found
        if len(parts) > 1 and parts[0] == channel and parts[1].isascii() and parts[1].isdigit()
    )


def _number(external_id: str) -> int:
    return int(external_id.rpartition("/")[2])


def _is_fresh(post: FetchedPost, since: datetime) -> bool:
    return post.published_at is None or post.published_at >= since
