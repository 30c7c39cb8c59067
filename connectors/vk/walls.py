"""One community's wall: new posts, edits, deletions, and all comments."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.base import ApiError, Page, Rejected, SourceError
from connectors.vk.api import VkApi, call_counted
from connectors.vk.memory import OVERLAP, Memory
from connectors.vk.paging import Pager
from connectors.vk.parse import Listing, WallPost, read_posts
from connectors.vk.threads import OF_THE_PLACE, Comments, read_all_comments
from connectors.vk.watch import Watch
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

FIRST: Final = timedelta(hours=48)
"""How far the first reading of a wall goes back."""

KNOWN_IN_A_ROW = 3
"""Posts known already that end a reading, the pinned one not counted."""

PAGE = 300
"""Posts that are delivered at once."""


def _nothing(_: str) -> Iterable[str]:
    return ()


@dataclass(slots=True)
class _Found:
    """What one reading found, delivered in pages; ``cursor`` goes with the last of them.

    ``key`` tells in the cursor whose pages are being delivered: another process, or this one
    after a restart, has other ones in hand and reads again.
    """

    posts: list[FetchedPost] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    cursor: dict[str, object] = field(default_factory=dict)
    more: bool = False
    key: str = field(default_factory=lambda: secrets.token_hex(8))


class Wall:
    """Reads a wall; the cursor is described in ``connectors.vk.memory``.

    ``open_posts`` are external ids of posts (or of comments below them) with open incidents:
    they are watched however old they are, and their threads read again every few hours.
    ``full`` allows wall.get, whose daily quota is small; without it only known posts are
    watched, through ``watch``, which all walls of a token should share. ``known_comments``
    returns the external ids of the stored comments below a post, so that one that is missing in
    two readings can be told from one that never was; without it such deletions go unnoticed.

    Refusals for the whole wall are raised. Comments of a single post that are closed to us are
    left alone for a day, lest they keep the rest of the wall from being read.
    """

    def __init__(
        self,
        api: VkApi,
        watch: Watch,
        *,
        owner_id: int,
        open_posts: frozenset[str] = frozenset(),
        full: bool = True,
        known_comments: Callable[[str], Iterable[str]] = _nothing,
        since: timedelta = FIRST,
    ) -> None:
        """Read the wall of ``owner_id`` (negative for a community) through ``api``."""
        self._api = api
        self._watch = watch
        self._owner_id = owner_id
        self._open = frozenset(_posts_among(open_posts, owner_id))
        self._full = full
        self._known_comments = known_comments
        self._since = since
        self._found: _Found | None = None

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return what is new, edited or deleted, threads included, a few hundred at once.

        An error after a part of the reading ends this page only: what was found is delivered,
        and the next fetch begins where it happened. Raises SourceError.
        """
        cursor = dict(cursor)
        key, start = _delivery(cursor.pop("delivery", None))
        found = self._found
        if found is None or found.key != key:
            found, start = await self._read(Memory.of(cursor), now), 0
            self._found = found
        end = start + PAGE
        posts = tuple(found.posts[start:end])
        rejected = () if start else tuple(found.rejected)
        if end < len(found.posts):
            here = {**cursor, "delivery": [found.key, end]}
            return Page(posts, here, more=True, rejected=rejected)
        self._found = None
        return Page(posts, found.cursor, more=found.more, rejected=rejected)

    async def _read(self, memory: Memory, now: datetime) -> _Found:
        """Look at the wall and read threads, until there is enough for a page."""
        found = _Found()
        whole = 0
        try:
            if not memory.in_hand(now):
                await self._list(memory, now, found)
                whole += 1
            while memory.todo and len(found.posts) < PAGE:
                await self._read_thread(memory, now, found)
                whole += 1
        except SourceError:
            if not whole:
                raise
        # The later pages of a long delivery still say what stood there when it was read.
        found.posts = [replace(post, seen_at=now) for post in found.posts]
        found.cursor = memory.written()
        found.more = bool(memory.todo)
        return found

    async def _list(self, memory: Memory, now: datetime, found: _Found) -> None:
        """Look at all posts that matter; which of them changed is noted in ``memory``."""
        if not self._full and not memory.full:
            return
        listed = await self._pages(memory, now, found) if self._full else {}
        floor = memory.floor(now, since=self._since)
        rest = [number for number in {*memory.posts, *self._open} if number not in listed]
        looked = await self._watch.look([self._id(number) for number in sorted(rest)])
        if self._full:
            memory.full = int(now.timestamp())
            memory.pinned = next((one.number for one in listed.values() if one.pinned), 0)
        memory.listed = int(now.timestamp())
        for item in listed.values():
            date = item.post.published_at
            if item.number in {*memory.posts, *self._open} or not date or date.timestamp() >= floor:
                self._take(item, memory, now, found)
            elif item.pinned:
                # Too old to be delivered, but people write below it.
                memory.take(item, now, opened=False, since=floor)
        # A wall that was closed shows none of its posts: then nothing was deleted.
        sure = self._full or any(looked.values())
        for number in rest:
            self._compare(number, looked, memory, now, found, sure=sure)
        memory.prune(now, self._open)

    def _compare(
        self,
        number: int,
        looked: dict[str, WallPost | None],
        memory: Memory,
        now: datetime,
        found: _Found,
        *,
        sure: bool,
    ) -> None:
        """Compare a post that was looked at by its id with what is remembered of it."""
        if self._id(number) not in looked:
            return
        item, kept = looked[self._id(number)], memory.posts.get(number)
        if item is not None:
            edited = int(item.post.edited_at.timestamp()) if item.post.edited_at else 0
            self._take(item, memory, now, found, deliver=kept is None or kept.edited != edited)
        elif sure and kept is not None and memory.miss(number):
            self._bury(number, memory, found)

    async def _pages(self, memory: Memory, now: datetime, found: _Found) -> dict[int, WallPost]:
        """Read pages of wall.get down to what is known and old enough."""
        floor = memory.floor(now, since=self._since)
        window = (now - OVERLAP).timestamp()

        async def ask(offset: int, count: int) -> tuple[Listing[WallPost], int]:
            params = {"owner_id": self._owner_id, "offset": offset}
            value, count = await call_counted(self._api, "wall.get", params, count=count)
            return read_posts(value, method="wall.get", owner_id=self._owner_id), count

        pager = Pager(ask)
        listed: dict[int, WallPost] = {}
        rejected: dict[str, Rejected] = {}
        row = 0
        while (page := await pager.next()) is not None:
            rejected |= {one.payload: one for one in page.rejected}
            past = False
            for item in page.items:
                date = item.post.published_at
                if not item.pinned and item.number not in listed and date is not None:
                    known = item.number in memory.posts or date.timestamp() < floor
                    row = row + 1 if known else 0
                    past = date.timestamp() < window
                listed[item.number] = item
            if past and row >= KNOWN_IN_A_ROW:
                break
        found.rejected += rejected.values()
        return listed

    def _take(
        self,
        item: WallPost,
        memory: Memory,
        now: datetime,
        found: _Found,
        *,
        deliver: bool = True,
    ) -> None:
        if item.post.deleted:
            self._bury(item.number, memory, found)
            return
        kept = memory.take(item, now, opened=item.number in self._open)
        if deliver and not kept.since:
            found.posts.append(item.post)

    def _bury(self, number: int, memory: Memory, found: _Found) -> None:
        """Deliver tombstones for a post and for the comments that went with it."""
        post_id = self._id(number)
        found.posts.append(_tombstone(post_id, PostKind.POST))
        found.posts += [
            _tombstone(comment_id, PostKind.COMMENT) for comment_id in self._known_comments(post_id)
        ]
        memory.forget(number)

    async def _read_thread(self, memory: Memory, now: datetime, found: _Found) -> None:
        """Read the comments of the post whose comments were not read for longest.

        Among equals those with open incidents come first. Were they always first, a wall that
        takes longer to read than they are left alone for would never get to the others.
        """
        number = min(memory.todo, key=lambda one: (memory.posts[one].read, one not in self._open))
        try:
            comments = await read_all_comments(self._api, owner_id=self._owner_id, post_id=number)
        except ApiError as error:
            if error.action not in OF_THE_PLACE:
                raise
            memory.thread_closed(number, now)
            return
        since = memory.posts[number].since
        found.posts += [
            post
            for post in comments.posts.values()
            if post.published_at is None or post.published_at.timestamp() >= since
        ]
        found.rejected += comments.rejected.values()
        absent = self._absent(number, comments)
        gone = memory.thread_read(number, absent, found=comments.living(), now=now)
        found.posts += [
            _tombstone(f"{self._id(number)}_r{one}", PostKind.COMMENT) for one in sorted(gone)
        ]

    def _absent(self, number: int, comments: Comments) -> set[int]:
        """Return the stored comments that a reading of the whole thread did not meet."""
        if not comments.whole:
            return set()
        prefix = f"{self._id(number)}_r"
        known = [one.removeprefix(prefix) for one in self._known_comments(self._id(number))]
        return {int(one) for one in known if one.isdecimal()} - comments.numbers

    def _id(self, number: int) -> str:
        return f"{self._owner_id}_{number}"


def _posts_among(external_ids: Iterable[str], owner_id: int) -> Iterable[int]:
    """Return the numbers of the wall's posts that the ids name or lead to."""
    for one in external_ids:
        owner, _, rest = one.partition("_")
        number = rest.partition("_r")[0]
        if owner == str(owner_id) and number.isdecimal():
            yield int(number)


def _tombstone(external_id: str, kind: PostKind) -> FetchedPost:
    post_id, _, _ = external_id.partition("_r")
    comment = kind is PostKind.COMMENT
    return FetchedPost(
        network=Network.VK,
        external_id=external_id,
        kind=kind,
        text="",
        published_at=None,
        root_id=post_id if comment else "",
        deleted=True,
    )


def _delivery(value: object) -> tuple[str, int]:
    match value:
        case [str(key), int(start)] if start > 0:
            return key, start
        case _:
            return "", 0
