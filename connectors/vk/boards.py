"""The discussion board of one community: topics and what is written there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from connectors.base import ApiError, BadPayloadError, Page, Rejected, SourceError
from connectors.payload import Seconds, Shape, read
from connectors.vk.api import VkApi, call_counted
from connectors.vk.memory import IN_HAND, OVERLAP
from connectors.vk.paging import Pager
from connectors.vk.parse import BoardTopic, Listing, TopicComment, read_topic_comments, read_topics
from connectors.vk.shapes import Size
from connectors.vk.threads import OF_THE_PLACE
from models.values import FetchedPost

FIRST = timedelta(hours=48)
KNOWN_IN_A_ROW = 3
PAGE = 300
MAX_TOPICS = 200
"""Topics remembered, those written in last; one that comes back from oblivion is read anew."""


class _Cursor(Shape):
    full: Seconds = 0
    topics: dict[str, Annotated[list[Size], Field(min_length=2, max_length=2)]] = Field(
        default_factory=dict
    )
    todo: dict[str, Annotated[list[Seconds], Field(min_length=3, max_length=3)]] = Field(
        default_factory=dict
    )


@dataclass(slots=True)
class _Memory:
    """``topics``: (updated, comments) by number; ``todo``: the same and what is too old."""

    full: int
    topics: dict[int, tuple[int, int]]
    todo: dict[int, tuple[int, int, int]]

    def written(self) -> dict[str, object]:
        latest = sorted(self.topics.items(), key=lambda one: one[1], reverse=True)[:MAX_TOPICS]
        return {
            "full": self.full,
            "topics": {str(number): list(state) for number, state in latest},
            "todo": {str(number): list(state) for number, state in self.todo.items()},
        }


class Board:
    """Reads a board. Comments are those of the last 48 hours before the reading before.

    Nothing tells of an edit or a deletion here: an edit is seen when somebody writes in the
    topic within 48 hours, a deletion never. A topic's own text is its first comment, and its
    title the post above.
    """

    def __init__(self, api: VkApi, *, group_id: int, since: timedelta = FIRST) -> None:
        """Read the board of the community ``group_id`` (positive)."""
        self._api = api
        self._group_id = group_id
        self._since = since

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return what was written since the last reading. Raises SourceError.

        An error after a part of the reading ends this page only, as with walls.
        """
        memory = _remembered(cursor)
        posts: dict[str, FetchedPost] = {}
        rejected: dict[str, Rejected] = {}
        read_so_far = 0
        try:
            if not (memory.todo and 0 <= now.timestamp() - memory.full <= IN_HAND.total_seconds()):
                await self._list(memory, now, posts, rejected)
                read_so_far += 1
            while memory.todo and len(posts) < PAGE:
                await self._read_topic(next(iter(memory.todo)), memory, posts, rejected)
                read_so_far += 1
        except SourceError:
            if not read_so_far:
                raise
        return Page(
            posts=tuple(posts.values()),
            cursor=memory.written(),
            more=bool(memory.todo),
            rejected=tuple(rejected.values()),
        )

    async def _list(
        self,
        memory: _Memory,
        now: datetime,
        posts: dict[str, FetchedPost],
        rejected: dict[str, Rejected],
    ) -> None:
        """Find the topics that changed."""
        floor = int((now - self._since).timestamp())
        if memory.full:
            floor = int(min(memory.full, now.timestamp()) - OVERLAP.total_seconds())

        async def ask(offset: int, count: int) -> tuple[Listing[BoardTopic], int]:
            params = {"group_id": self._group_id, "order": 1, "offset": offset}
            value, count = await call_counted(self._api, "board.getTopics", params, count=count)
            return read_topics(value, owner_id=-self._group_id), count

        topics: dict[int, BoardTopic] = {}
        row = 0
        pager = Pager(ask)
        while row < KNOWN_IN_A_ROW and (page := await pager.next()) is not None:
            rejected |= {one.payload: one for one in page.rejected}
            for topic in page.items:
                if not topic.fixed and topic.number not in topics:
                    row = row + 1 if topic.updated < floor else 0
                topics[topic.number] = topic
        for topic in topics.values():
            state = (topic.updated, topic.comments)
            known = memory.topics.get(topic.number)
            if topic.updated >= floor and state != known:
                since = min(floor, memory.todo.get(topic.number, (0, 0, floor))[2])
                memory.todo[topic.number] = (*state, since)
            created = topic.post.published_at
            if created is None or created.timestamp() >= floor:
                posts[topic.post.external_id] = topic.post
        memory.full = int(now.timestamp())

    async def _read_topic(
        self,
        number: int,
        memory: _Memory,
        posts: dict[str, FetchedPost],
        rejected: dict[str, Rejected],
    ) -> None:
        """Read a topic's comments, newest first, down to what is too old."""
        updated, comments, floor = memory.todo[number]

        async def ask(offset: int, count: int) -> tuple[Listing[TopicComment], int]:
            params = {
                "group_id": self._group_id,
                "topic_id": number,
                "sort": "desc",
                "offset": offset,
            }
            value, count = await call_counted(self._api, "board.getComments", params, count=count)
            return read_topic_comments(value, owner_id=-self._group_id, topic_id=number), count

        found: dict[int, FetchedPost] = {}
        row = 0
        pager = Pager(ask)
        try:
            while row < KNOWN_IN_A_ROW and (page := await pager.next()) is not None:
                rejected |= {one.payload: one for one in page.rejected}
                for comment in page.items:
                    date = comment.post.published_at
                    old = date is not None and date.timestamp() < floor
                    row = row + 1 if old else 0
                    if not old:
                        found[comment.number] = comment.post
        except ApiError as error:
            if error.action not in OF_THE_PLACE:
                raise
            # Closed or deleted in the meantime; asked for again when it changes.
        posts |= {post.external_id: post for _, post in sorted(found.items())}
        memory.topics[number] = (updated, comments)
        del memory.todo[number]


def _remembered(cursor: dict[str, object]) -> _Memory:
    try:
        plain = read(_Cursor, cursor, where="закладка")
        return _Memory(
            plain.full,
            {int(number): (one[0], one[1]) for number, one in plain.topics.items()},
            {int(number): (one[0], one[1], one[2]) for number, one in plain.todo.items()},
        )
    except (BadPayloadError, ValueError):
        raise SourceError(
            "ВКонтакте: закладка обсуждений повреждена. Очистите закладку источника, чтобы "
            "начать сначала: записи последних двух суток будут прочитаны заново."
        ) from None
