"""Walking a list that changes while it is walked.

Pages are counted by the items received: the server cuts pages short, and what it says of a
list's length includes items that it does not show. Every page begins with the last items of the
one before. When they are not there, something before them was deleted and the list moved up:
then the walk goes back, lest it miss what slipped past.
"""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from connectors.base import BadPayloadError
from connectors.vk.parse import Listing

OVERLAP = 3
"""Items that two pages share."""

EMPTY_PAGES = 10
"""So many pages in a row may hold hidden items alone before the list is taken for ended."""

MAX_CALLS = 1000
"""Pages of one list; more means that the list leads in circles."""

Item = TypeVar("Item")
Ask = Callable[[int, int], Awaitable[tuple[Listing[Item], int]]]
"""Called with an offset and a count; returns the page and the count that was asked for at last,
which is less where the answer would have been too large."""


class Pager(Generic[Item]):
    """Walks one list. Items come more than once: in overlaps, and after going back."""

    def __init__(self, ask: Ask[Item], *, count: int = 100) -> None:
        """Begin at the first item, ``count`` items a page."""
        self._ask = ask
        self._count = count
        self._start = 0
        self._tail: tuple[int, ...] = ()
        self._seen: set[int] = set()
        self._shortest = count
        self._empty = 0
        self._calls = 0
        self._ended = False

    async def next(self) -> Listing[Item] | None:
        """Return the next page, None after the last. Raises SourceError."""
        if self._ended:
            return None
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise BadPayloadError(
                "ВКонтакте: список не кончается и ходит по кругу. "
                "Ничего из него не принято; если повторится, сообщите разработчикам."
            )
        page, self._count = await self._ask(self._start, self._count)
        if self._tail and self._start and not set(self._tail) & set(page.ids):
            self._start = max(0, self._start - self._count)
        elif page.received:
            self._go_on(page)
        else:
            self._skip(page)
        self._seen.update(page.ids)
        return page

    def _go_on(self, page: Listing[Item]) -> None:
        self._shortest = min(self._shortest, page.received)
        end = self._start + page.received
        fresh = not self._seen.issuperset(page.ids)
        overlap = min(OVERLAP, page.received // 2) if fresh else 0
        self._tail = page.ids[-overlap:] if overlap else ()
        self._start = end - len(self._tail)
        self._empty = 0
        self._ended = page.received < self._count and page.total is not None and end >= page.total

    def _skip(self, page: Listing[Item]) -> None:
        """Step over hidden items, by no more than a page was ever seen to hold."""
        self._empty += 1
        self._start += self._shortest
        self._tail = ()
        self._ended = page.total is None or self._start >= page.total or self._empty >= EMPTY_PAGES
