"""Searching all of VKontakte for words, through newsfeed.search."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import Field

from connectors.base import Action, ApiError, BadPayloadError, Page, Rejected, SourceError
from connectors.payload import Seconds, Shape, read
from connectors.vk.api import VkApi, call_counted
from connectors.vk.parse import read_posts
from models.values import FetchedPost

METHOD = "newsfeed.search"
COUNT = 200
REACHABLE = 1000
"""Results that can be paged to; what lies deeper needs a narrower window of time."""

NARROWEST = 60
"""Seconds of a window that is divided no further."""

FIRST = timedelta(hours=48)
OVERLAP = timedelta(hours=3)
"""A post may be found some time after it is written; so much is searched again. Believed."""

PAGE = 300


class _Window(Shape):
    """A query between two moments, in Unix time, both included."""

    query: str
    start: Seconds
    end: Seconds

    def halves(self) -> list["_Window"]:
        """Return the later half and the earlier one."""
        middle = (self.start + self.end) // 2
        return [
            self.model_copy(update={"start": middle}),
            self.model_copy(update={"end": middle}),
        ]


class _Cursor(Shape):
    until: dict[str, Seconds] = Field(default_factory=dict)
    windows: list[_Window] = Field(default_factory=list)


@dataclass(slots=True)
class _Found:
    posts: dict[str, FetchedPost] = field(default_factory=dict)
    rejected: dict[str, Rejected] = field(default_factory=dict)


class Search:
    """Delivers what queries find, posts of anybody's wall; comments where VKontakte finds them.

    Comments below the posts are not read: for that, make a source of the wall. ``skip`` are
    owners (negative for communities) whose walls are read anyway. The cursor holds up to when
    each query has been searched, and the windows of time that are still to be searched.
    """

    def __init__(
        self,
        api: VkApi,
        queries: Sequence[str],
        *,
        skip: frozenset[int] = frozenset(),
        since: timedelta = FIRST,
        overlap: timedelta = OVERLAP,
    ) -> None:
        """Search for each of ``queries``; ``since`` is how far the first search goes back."""
        self._api = api
        self._queries = tuple(dict.fromkeys(queries))
        self._skip = {str(owner) for owner in skip}
        self._since = since
        self._overlap = overlap

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return what was written since the last search, each post once a page.

        A window with more results than can be reached is divided until it has fewer; where
        even a minute has more, a rejected item says which query is too broad. Raises
        SourceError.
        """
        until, windows = self._start(cursor, now)
        found = _Found()
        searched = 0
        try:
            while windows and len(found.posts) < PAGE:
                windows[:1] = await self._search(windows[0], found)
                searched += 1
        except SourceError:
            if not searched:
                raise
        return Page(
            posts=tuple(found.posts.values()),
            cursor={
                "until": until,
                "windows": [one.model_dump() for one in windows],
            },
            more=bool(windows),
            rejected=tuple(found.rejected.values()),
        )

    def _start(
        self, cursor: dict[str, object], now: datetime
    ) -> tuple[dict[str, int], list[_Window]]:
        """Return up to when each query is planned, and the windows to be searched now."""
        try:
            plain = read(_Cursor, cursor, where="закладка")
        except BadPayloadError:
            raise SourceError(
                "ВКонтакте, поиск: закладка повреждена. Очистите закладку источника, чтобы "
                "начать сначала: последние двое суток будут просмотрены заново."
            ) from None
        until = {query: plain.until[query] for query in self._queries if query in plain.until}
        windows = [one for one in plain.windows if one.query in self._queries]
        if windows:
            return until, windows
        end = int(now.timestamp())
        for query in self._queries:
            start = end - int(self._since.total_seconds())
            if query in until:
                start = min(until[query], end) - int(self._overlap.total_seconds())
            windows.append(_Window(query=query, start=max(start, 0), end=end))
            until[query] = end
        return until, windows

    async def _search(self, window: _Window, found: _Found) -> list[_Window]:
        """Read a window; return the narrower ones that have to be read instead."""
        params: dict[str, object] = {
            "q": window.query,
            "start_time": window.start,
            "end_time": window.end,
        }
        wide = window.end - window.start > NARROWEST
        received, start_from, asked = 0, "", set[str]()
        while received < REACHABLE:
            try:
                value, _ = await call_counted(
                    self._api,
                    METHOD,
                    {**params, "start_from": start_from or None},
                    count=COUNT,
                )
            except ApiError as error:
                if error.action is not Action.QUARANTINE:
                    raise
                # The query itself is refused; the others are none the worse for it.
                found.rejected[window.query] = Rejected(str(error), window.query)
                return []
            listing = read_posts(value, method=METHOD)
            found.rejected |= {one.payload: one for one in listing.rejected}
            found.posts |= {
                item.post.external_id: item.post
                for item in listing.items
                if item.post.external_id.partition("_")[0] not in self._skip
            }
            received += listing.received
            if wide and (listing.total or 0) > REACHABLE:
                return window.halves()
            asked.add(start_from)
            start_from = listing.next_from
            if not listing.received or not start_from or start_from in asked:
                break
        if received < REACHABLE and (listing.total or 0) <= REACHABLE:
            return []
        if wide:
            return window.halves()
        found.rejected[window.query] = Rejected(
            f"ВКонтакте, поиск «{window.query}»: за минуту нашлось больше {REACHABLE} записей, "
            "остальные не показаны. Уточните запрос.",
            f"{window.query}: {window.start}-{window.end}",
        )
        return []
