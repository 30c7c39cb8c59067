"""Reads one group of Odnoklassniki: its topics, its photos, and what is said below them.

A reading goes through four steps, each as many pages as it takes: the list of topics; what was
lately active (photos, and old topics that somebody wakes); topics that should stand there and
were not seen; discussions that changed or were not read for a while.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from connectors.base import Action, ApiError, BadPayloadError, Page, Rejected, SourceError
from connectors.ok import tracking
from connectors.ok.api import OkApi
from connectors.ok.parse import (
    Comments,
    Thread,
    read_comments,
    read_discussions,
    read_topics,
    url_of,
)
from connectors.ok.tracking import State, Step
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

POSTS = 200
CALLS = 20
"""A page is handed over after so many posts or calls; at one call a second, that is some 20 s."""

TOPICS = 50
COMMENTS = 100  # the network's own limit
TOPIC_PAGES = 100
COMMENT_PAGES = 200
"""Pages after which a list or discussion is left: it would be one that never ends."""

ACTIVE = 50
ACTIVE_PAGES = 4
BATCH = 100
"""Topics asked for by number at once. Believed; the documentation names no limit."""

HISTORY = timedelta(hours=48)

SKIPPED = frozenset({Action.CLOSED, Action.QUARANTINE, Action.REFUSED, Action.GONE})
OPTIONAL = SKIPPED | {Action.WRONG_TOKEN, Action.TOMBSTONE}
"""Refusals of a discussion, and of a method that can be done without, which stop nothing else."""


def _nobody(_topic: str) -> Iterable[str]:
    return ()


@dataclass(slots=True)
class _Out:
    """What a page will hold."""

    now: datetime
    posts: list[FetchedPost] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    steps: int = 0

    def add(self, posts: Iterable[FetchedPost]) -> None:
        self.posts += [replace(post, seen_at=self.now) for post in posts]


@dataclass(slots=True)
class _Reading:
    """The comments of a discussion met so far; ``whole`` while none can have been left out."""

    key: str
    started: int
    seen: set[str] = field(default_factory=set)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Found:
    """What asking for topics gave; those of ``sure`` that are not among it are not there."""

    threads: tuple[Thread, ...] = ()
    unread: frozenset[str] = frozenset()
    rejected: tuple[Rejected, ...] = ()
    sure: frozenset[str] = frozenset()

    def __add__(self, other: "_Found") -> "_Found":
        return _Found(
            self.threads + other.threads,
            self.unread | other.unread,
            self.rejected + other.rejected,
            self.sure | other.sure,
        )


class Group:
    """A connector over the group with the number ``group_id``.

    ``open_posts`` are external ids of posts whose incidents are open: their topics are followed
    for a week. ``known_comments`` gives, by the external id of a topic or photo, the external ids
    of its stored comments that nobody has deleted yet: what is missing among them in two whole
    readings is a tombstone. ``history`` is how far back the first reading goes; what is older is
    never taken, even below a topic that is still alive. ``photos`` reads discussions.getList,
    which shows what the token's owner takes part in. Photos themselves get no tombstones: no
    list of all of them is read.
    """

    def __init__(
        self,
        api: OkApi,
        *,
        group_id: str,
        open_posts: frozenset[str] = frozenset(),
        known_comments: Callable[[str], Iterable[str]] = _nobody,
        history: timedelta = HISTORY,
        photos: bool = True,
    ) -> None:
        """Remember what to read."""
        self._api = api
        self._group = group_id
        self._open_posts = open_posts
        parts = [post.split("_") for post in open_posts]
        self._open = frozenset(
            part[1] for part in parts if len(part) > 1 and part[0] == group_id and part[1]
        )
        self._known = known_comments
        self._history = int(history.total_seconds())
        self._photos = photos
        self._reading = _Reading("", 0)

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Read on; see Connector. Raises SourceError.

        When the network fails after something was read, that is delivered; the next call meets
        the failure at its first step.
        """
        state = tracking.load(cursor, now=now, history=self._history)
        out = _Out(now.astimezone(UTC))
        if state.step is Step.IDLE:
            tracking.begin(state, now=now, open_keys=self._open)
        while state.step is not Step.IDLE and len(out.posts) < POSTS and out.steps < CALLS:
            try:
                await self._step(state, out)
            except SourceError:
                if not out.steps:
                    raise
                break
            out.steps += 1
        return Page(
            posts=tuple(out.posts),
            cursor=tracking.dump(state),
            more=state.step is not Step.IDLE,
            rejected=tuple(out.rejected),
        )

    async def _step(self, state: State, out: _Out) -> None:
        match state.step:
            case Step.TOPICS:
                await self._topics(state, out)
            case Step.ACTIVE:
                await self._active(state, out)
            case Step.CONFIRM:
                await self._confirm(state, out)
            case _:
                await self._comments(state, out)

    async def _topics(self, state: State, out: _Out) -> None:
        payload = await self._api.call(
            "stream.get",
            {
                "gid": self._group,
                "patterns": "POST",
                "count": TOPICS,
                "fields": "feed.*,media_topic.*",
                "anchor": state.anchor or None,
            },
        )
        page = read_topics(payload, group_id=self._group)
        out.rejected += page.rejected
        new = old = 0
        for thread in page.items:
            followed = state.threads.get(thread.key)
            new += followed is None or followed.looked_at < state.started
            old += tracking.note(state, thread, looked=True).created < state.since
        out.add(self._taken(state, [thread.post for thread in page.items]))
        # There is no has_more: a list ends with nothing, or says the same thing again.
        ended = not page.size or page.anchor in {"", state.anchor} or (page.items and not new)
        # A first page may be all old because what is pinned stands above the rest.
        aged = old == len(page.items) > 0 and state.pages > 0
        if ended or aged or state.pages >= TOPIC_PAGES:
            state.to(Step.ACTIVE)
        else:
            state.turn(page.anchor)

    async def _active(self, state: State, out: _Out) -> None:
        method = "discussions.getList"
        if not self._photos or state.refused.get(method, 0) > state.started:
            state.to(Step.CONFIRM)
            return
        try:
            payload = await self._api.call(
                method,
                {
                    "types": ["GROUP_TOPIC", "GROUP_PHOTO"],
                    "count": ACTIVE,
                    "anchor": state.anchor or None,
                },
            )
            page = read_discussions(payload, group_id=self._group)
        except (ApiError, BadPayloadError) as error:
            self._without(state, out, method, error)
            state.to(Step.CONFIRM)
            return
        out.rejected += page.rejected
        old = 0
        for thread in page.items:
            photo = tracking.is_photo(thread.key)
            # A topic's text stands here only in part; it is asked for by its number.
            followed = tracking.note(state, thread, looked=photo)
            old += tracking.is_old(state, followed)
            if photo:
                out.add(self._taken(state, [thread.post]))
        ended = not page.size or page.anchor in {"", state.anchor}
        if ended or old == len(page.items) > 0 or state.pages >= ACTIVE_PAGES:
            state.to(Step.CONFIRM)
        else:
            state.turn(page.anchor)

    async def _confirm(self, state: State, out: _Out) -> None:
        method = "mediatopic.getByIds"
        keys = tracking.unconfirmed(state, self._open)[: BATCH - 1]
        if not keys or state.refused.get(method, 0) > state.started:
            state.to(Step.COMMENTS)
            return
        witness = tracking.witness(state)
        try:
            found = await self._ask(keys, (witness,) if witness else ())
        except (ApiError, BadPayloadError) as error:
            self._without(state, out, method, error)
            state.to(Step.COMMENTS)
            return
        out.rejected += found.rejected
        there = {thread.key: thread for thread in found.threads}
        for key in keys:
            if key in there:
                tracking.note(state, there[key], looked=True)
                out.add(self._taken(state, [there[key].post]))
            elif key not in found.sure or key in found.unread:
                tracking.looked(state, key)
            elif tracking.missed(state, key):
                root = f"{self._group}_{key}"
                gone = [*self._known(root), root]
                out.add(self._tombstone(key, external_id) for external_id in gone)

    async def _ask(self, keys: Sequence[str], witness: tuple[str, ...]) -> _Found:
        """Ask for topics by their numbers.

        The network may leave out those that are gone, or refuse them all (300): then halves are
        asked. An answer without the witness, who is there, is no answer.
        """
        asked = [*keys, *witness]
        try:
            payload = await self._api.call(
                "mediatopic.getByIds", {"topic_ids": asked, "fields": "media_topic.*"}
            )
        except ApiError as error:
            if error.action is not Action.TOMBSTONE:
                raise
            if len(asked) == 1:
                return _Found(sure=frozenset(asked))
            if len(keys) == 1:
                return await self._ask(keys, ())
            half = len(keys) // 2
            return await self._ask(keys[:half], witness) + await self._ask(keys[half:], witness)
        page = read_topics(payload, group_id=self._group, method="mediatopic.getByIds")
        there = {thread.key for thread in page.items} | page.unread
        sure = set(witness) <= there if witness else payload is not None
        return _Found(page.items, page.unread, page.rejected, frozenset(keys if sure else ()))

    async def _comments(self, state: State, out: _Out) -> None:
        key = state.reading or tracking.next_due(state, self._open)
        if key not in state.threads:
            tracking.finish(state, self._open)
            return
        photo = tracking.is_photo(key)
        try:
            payload = await self._api.call(
                "discussions.getComments",
                {
                    "discussionId": key[1:] if photo else key,
                    "discussionType": "GROUP_PHOTO" if photo else "GROUP_TOPIC",
                    "count": COMMENTS,
                    "direction": "FORWARD",
                    "fields": "comment.*",
                    "anchor": state.anchor or None,
                },
            )
            page = read_comments(payload, group_id=self._group, key=key)
        except (ApiError, BadPayloadError) as error:
            self._left(state, out, key, error)
            return
        if not state.anchor:
            self._reading = _Reading(key, state.started)
        elif (self._reading.key, self._reading.started) != (key, state.started):
            # Another process began this discussion: what it met is not known here.
            self._reading = _Reading(key, state.started, whole=False)
        state.reading = key
        out.rejected += page.rejected
        out.add(self._taken(state, [comment.post for comment in page.items]))
        self._turn(state, out, page, empty=payload is None)

    def _turn(self, state: State, out: _Out, page: Comments, *, empty: bool) -> None:
        """Go on to the discussion's next page, or close it and say what is no longer there."""
        key, reading = state.reading, self._reading
        ids = {comment.id for comment in page.items} | page.unread
        new = ids - reading.seen
        reading.seen |= ids
        # An empty body says nothing, unless the list says the same.
        nothing = empty and (state.threads[key].count != 0 or state.anchor)
        if page.nameless or nothing:
            reading.whole = False
        onward = page.has_more and page.anchor not in {"", state.anchor} and new
        if onward and state.pages < COMMENT_PAGES:
            state.turn(page.anchor)
            return
        if page.has_more:
            reading.whole = False
        if reading.whole:
            root = f"{self._group}_{key}"
            known = {one.removeprefix(f"{root}_") for one in self._known(root)}
            gone = tracking.settle(state, key, known=known, seen=frozenset(reading.seen))
            out.add(self._tombstone(key, f"{root}_{comment}") for comment in gone)
        tracking.close(state, key, whole=not nothing)

    def _left(self, state: State, out: _Out, key: str, error: ApiError | BadPayloadError) -> None:
        """Leave a discussion that cannot be read, or raise what stops the others as well."""
        if isinstance(error, ApiError) and error.action is Action.TOMBSTONE:
            # Whether the topic is gone, the list of topics will tell.
            tracking.close(state, key, whole=False)
            return
        if isinstance(error, ApiError) and error.action not in SKIPPED:
            raise error
        out.rejected.append(Rejected(f"{error} Обсуждение: {url_of(self._group, key)}", ""))
        # Refused at its first page, it will be so the next time; later, the anchor was wrong.
        tracking.close(state, key, whole=not state.anchor)

    def _without(
        self, state: State, out: _Out, method: str, error: ApiError | BadPayloadError
    ) -> None:
        """Do without a method for a while, or raise what stops the others as well."""
        if isinstance(error, ApiError) and error.action not in OPTIONAL:
            raise error
        state.refused[method] = state.started + tracking.REFUSED_FOR
        out.rejected.append(
            Rejected(f"{error} Остальное читается и без него; новая попытка через сутки.", "")
        )

    def _taken(self, state: State, posts: Iterable[FetchedPost]) -> list[FetchedPost]:
        """Leave out what was written before the first reading's window."""
        return [
            post
            for post in posts
            if post.published_at is None
            or post.published_at.timestamp() >= state.floor
            or post.external_id in self._open_posts
        ]

    def _tombstone(self, key: str, external_id: str) -> FetchedPost:
        root = f"{self._group}_{key}"
        is_root = external_id == root
        return FetchedPost(
            network=Network.OK,
            external_id=external_id,
            kind=PostKind.POST if is_root else PostKind.COMMENT,
            text="",
            published_at=None,
            url=url_of(self._group, key),
            root_id="" if is_root else root,
            deleted=True,
        )
