"""The chats and channels of one bot of MAX: events first, a sweep now and then.

Events are lost when the program is away for long, and MAX keeps them from a bot that has a
webhook; the sweep finds what they missed. One page of the network is one page of the connector.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from connectors.base import Action, ApiError, BadPayloadError, Page, Rejected
from connectors.max.api import MaxApi
from connectors.max.parse import (
    TYPES,
    as_post,
    chat_of,
    parse_update,
    read_message,
    rejected,
    tombstone,
)
from connectors.max.progress import Progress, Stage, messages_among
from connectors.max.shapes import CHANNEL, Message, Messages, Updates
from connectors.payload import read
from models.values import FetchedPost

UPDATES = "/updates"
MESSAGES = "/messages"
COMMENTS = "/messages/{messageId}/comments"

LIMIT = 100
"""Events and comments an answer."""

PAGE = 50
"""Messages an answer; 100 are allowed, but their posts have to find room in the cursor."""

ASKED = 20
"""Messages asked for by their ids in one call, a witness among them."""

TIMEOUT = 5
"""Seconds that the server may wait for an event; 90 are allowed."""

OVERLAP = timedelta(hours=48)
"""How far back messages and comments are read again."""

EVERY = timedelta(minutes=10)
"""Between two sweeps: what events bring in time need not be looked for each minute."""

AWAY = frozenset({Action.CLOSED, Action.TOMBSTONE, Action.QUARANTINE, Action.REFUSED})
"""Refusals that are about one chat or post, so that the others can go on."""


def _nothing(_root: str) -> tuple[str, ...]:
    return ()


class Chats:
    """Reads what is written to a bot and in its chats and channels.

    ``chats`` are those to be swept beside the ones that events tell of: MAX lists a bot's chats
    to nobody. ``open_posts`` are external ids of messages with open incidents, and of those above
    them: they are followed however old they are. ``known_comments`` gives, by the external id of
    a post, those of its stored comments. With ``webhook`` events are pushed to us and not asked
    for. ``timeout`` is how long an answer may be waited for, in seconds.
    """

    def __init__(
        self,
        api: MaxApi,
        *,
        chats: Iterable[int] = (),
        open_posts: frozenset[str] = frozenset(),
        known_comments: Callable[[str], Iterable[str]] = _nothing,
        webhook: bool = False,
        timeout: int = TIMEOUT,
        overlap: timedelta = OVERLAP,
        every: timedelta = EVERY,
    ) -> None:
        """Remember what to read."""
        self._api = api
        self._chats = tuple(chats)
        self._open = messages_among(open_posts)
        self._known = known_comments
        self._webhook = webhook
        self._timeout = timeout
        self._overlap = overlap
        self._every = every

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return the next page of events, messages or comments; see Connector."""
        progress = Progress.load(cursor)
        match progress.stage:
            case Stage.MESSAGES if progress.queue:
                return await self._messages(progress, now)
            case Stage.COMMENTS if progress.queue and progress.threads:
                return await self._comments(progress, now)
            case Stage.OPEN if progress.queue and progress.asked and progress.witness:
                return await self._opened(progress, now)
        if self._webhook:
            self._begin(progress, now)
            if progress.stage == Stage.IDLE:
                return Page((), progress.dump())
            return await self._messages(progress, now)
        return await self._updates(progress, now)

    def _begin(self, progress: Progress, now: datetime) -> None:
        """Begin a sweep when it is time."""
        second = _milliseconds(now)
        if second - progress.swept >= self._every.total_seconds() * 1000:
            progress.begin([*self._chats, *self._open], now=second)
        else:
            progress.stage = Stage.IDLE

    async def _updates(self, progress: Progress, now: datetime) -> Page:
        params = {"limit": str(LIMIT), "timeout": str(self._timeout), "types": ",".join(TYPES)}
        if progress.marker is not None:
            params["marker"] = str(progress.marker)
        answer = await self._api.get(UPDATES, params, wait=self._timeout)
        page = read(Updates, answer, where=f"MAX, метод {UPDATES}")
        posts: list[FetchedPost] = []
        bad: list[Rejected] = []
        for raw in page.updates:
            try:
                post = parse_update(raw, now)
                place = chat_of(raw)
            except BadPayloadError as error:
                bad.append(rejected(error, raw))
                continue
            if post is not None:
                posts.append(post)
                if post.deleted and not post.root_id:
                    new = [one.external_id for one in posts]
                    posts += [
                        tombstone(one, root_id=post.external_id, edited_at=post.edited_at)
                        for one in self._below(post.external_id, new)
                    ]
            if place is not None:
                progress.learn(place[0], joined=place[1])
        moved = page.marker is not None and page.marker != progress.marker
        progress.marker = page.marker if page.marker is not None else progress.marker
        more = moved and len(page.updates) >= LIMIT
        if not more:
            self._begin(progress, now)
        return Page(
            tuple(posts),
            progress.dump(),
            more=more or progress.stage != Stage.IDLE,
            rejected=tuple(bad),
        )

    async def _messages(self, progress: Progress, now: datetime) -> Page:
        chat = progress.queue[0]
        params = {"chat_id": str(chat), "count": str(PAGE)}
        if progress.page:
            # Documented the other way round: "from" is the newest moment. Its unit is believed
            # to be that of all times; in another one the page would only come again.
            params["from"] = str(progress.page)
        try:
            listed = await self._list(MESSAGES, params)
        except ApiError as error:
            if error.action not in AWAY:
                raise
            known = chat in self._chats
            progress.leave(forget=not known)
            return self._page(progress, bad=[Rejected(str(error), f"чат {chat}")] if known else [])
        read_now = _Read.of(listed, MESSAGES, now)
        window = _milliseconds(now - self._overlap)
        progress.take_messages(
            read_now.moments(),
            posts=read_now.threads(lambda written: written >= window),
            newest=next((one.body.mid for one in read_now.messages), None),
            since=self._since(progress, now),
            opened=self._open.get(chat, ()),
        )
        return self._page(progress, read_now.posts, read_now.bad)

    async def _comments(self, progress: Progress, now: datetime) -> Page:
        chat, mid = progress.queue[0], progress.threads[0]
        root = f"{chat}_{mid}"
        params = {"count": str(LIMIT)}
        first = not progress.thread_page
        if not first:
            params["before"] = str(progress.thread_page)
        try:
            listed = await self._list(COMMENTS, params, path=f"/messages/{mid}/comments")
        except ApiError as error:
            if error.action not in AWAY:
                raise
            progress.skip_comments()
            told = error.action in {Action.CLOSED, Action.QUARANTINE}
            return self._page(progress, bad=[Rejected(str(error), f"чат {chat}")] if told else [])
        read_now = _Read.of(listed, COMMENTS, now, post_id=mid)
        progress.take_comments(read_now.moments(), since=self._since(progress, now))
        gone: list[str] = []
        if first and len(listed) < LIMIT and not read_now.bad:
            # The whole discussion is here: what is not, is nowhere.
            shown = {f"{root}_{one.body.mid}" for one in read_now.messages}
            gone = progress.look_for(self._known(root), shown)
        dead = [tombstone(one, root_id=root, seen_at=now) for one in gone]
        return self._page(progress, [*read_now.posts, *dead], read_now.bad)

    async def _opened(self, progress: Progress, now: datetime) -> Page:
        """Ask for messages with open incidents by their ids, and for one that surely exists."""
        chat, witness = progress.queue[0], progress.witness or ""
        asked = progress.asked[: ASKED - 1]
        params = {"message_ids": ",".join(dict.fromkeys([witness, *asked]))}
        try:
            listed = await self._list(MESSAGES, params)
        except ApiError as error:
            if error.action not in AWAY:
                raise
            progress.take_open(len(asked))
            return self._page(progress)
        read_now = _Read.of(listed, MESSAGES, now)
        window = _milliseconds(now - self._overlap)
        older = read_now.threads(lambda written: written < window)
        progress.take_open(len(asked), [mid for mid in older if mid in asked])
        shown = {f"{chat}_{one.body.mid}" for one in read_now.messages}
        dead: list[FetchedPost] = []
        if f"{chat}_{witness}" in shown and not read_now.bad:
            for root in progress.look_for([f"{chat}_{mid}" for mid in asked], shown):
                dead.append(tombstone(root, seen_at=now))
                dead += [tombstone(one, root_id=root, seen_at=now) for one in self._below(root)]
        return self._page(progress, [*read_now.posts, *dead], read_now.bad)

    def _below(self, root: str, new: Iterable[str] = ()) -> list[str]:
        """Return the comments below a deleted post: with it they are out of everybody's reach.

        ``new`` are posts and comments that are not stored yet.
        """
        ids = {*self._known(root), *new}
        return sorted(one for one in ids if one.startswith(f"{root}_"))

    def _since(self, progress: Progress, now: datetime) -> int:
        """Return where the window begins: no later than the last sweep did."""
        window = _milliseconds(now - self._overlap)
        return min(window, progress.swept) if progress.swept else window

    async def _list(self, method: str, params: dict[str, str], *, path: str = "") -> list[object]:
        answer = await self._api.get(method, params, path=path)
        return read(Messages, answer, where=f"MAX, метод {method}").messages

    def _page(
        self,
        progress: Progress,
        posts: Iterable[FetchedPost] = (),
        bad: Iterable[Rejected] = (),
    ) -> Page:
        more = progress.stage != Stage.IDLE
        return Page(tuple(posts), progress.dump(), more=more, rejected=tuple(bad))


@dataclass(frozen=True, slots=True)
class _Read:
    """What a list of messages came to: those that could be read, as posts, and the others."""

    messages: list[Message]
    posts: list[FetchedPost]
    bad: list[Rejected]

    @classmethod
    def of(cls, listed: Iterable[object], method: str, now: datetime, *, post_id: str = "") -> Self:
        """Read messages, or comments below the post ``post_id``."""
        whole = cls([], [], [])
        for raw in listed:
            try:
                message = read_message(raw, where=f"MAX, метод {method}")
            except BadPayloadError as error:
                whole.bad.append(rejected(error, raw))
                continue
            whole.messages.append(message)
            post = as_post(message, post_id=post_id, seen_at=now)
            if post is not None:
                whole.posts.append(post)
        return whole

    def moments(self) -> list[int]:
        """Return when the messages were written, in milliseconds."""
        return [one.timestamp for one in self.messages if one.timestamp is not None]

    def threads(self, wanted: Callable[[int], bool]) -> list[str]:
        """Return the posts of channels that were written at a moment that is wanted."""
        return [
            one.body.mid
            for one in self.messages
            if one.recipient.chat_type == CHANNEL and wanted(one.timestamp or 0)
        ]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
