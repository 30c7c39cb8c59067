"""Watching known posts cheaply: what many walls ask for goes out in common calls."""

import asyncio
from collections.abc import Sequence
from typing import Final

from connectors.base import Action, ApiError
from connectors.vk.api import VkApi
from connectors.vk.parse import WallPost, read_posts

BATCH = 100
"""Posts a call of wall.getById. Believed, not documented: where a server takes fewer, those that
it left out are asked for again."""

LINGER = 0.05
"""Seconds for which a call waits for further walls to join."""

METHOD = "wall.getById"

DIVIDED = {Action.HALVE, Action.CLOSED, Action.GONE, Action.TOMBSTONE, Action.QUARANTINE}
"""Errors that one post or the size may be to blame for: the batch is divided to find out."""


class _Unsure:
    """The server sent the post, and it could not be read."""


UNSURE: Final = _Unsure()
Outcome = WallPost | _Unsure | Exception | None


class Watch:
    """Joins the posts that concurrent readers of one event loop ask for.

    Use one for all walls that share a token.
    """

    def __init__(self, api: VkApi, *, batch: int = BATCH, linger: float = LINGER) -> None:
        """Ask through ``api``."""
        self._api = api
        self._batch = batch
        self._linger = linger
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._calls: set[asyncio.Task[None]] = set()

    async def look(self, ids: Sequence[str]) -> dict[str, WallPost | None]:
        """Return the posts ``{owner}_{post}`` as they are now; None for one that is not shown.

        A post is not shown when it is deleted, and also when its wall is closed. One that could
        not be read is left out of the answer. Raises SourceError.
        """
        if not ids:
            return {}
        loop = asyncio.get_running_loop()
        slots = {one: self._waiting.setdefault(one, loop.create_future()) for one in ids}
        if len(self._waiting) >= self._batch:
            self._send(whole_only=True)
        if self._waiting and self._timer is None:
            self._timer = loop.call_later(self._linger, self._send)
        # Unlike gather, a wait that is cancelled leaves the slots to the others.
        await asyncio.wait(slots.values())
        found: dict[str, WallPost | None] = {}
        for one, slot in slots.items():
            outcome = slot.result()
            if isinstance(outcome, Exception):
                raise outcome
            if not isinstance(outcome, _Unsure):
                found[one] = outcome
        return found

    def _send(self, *, whole_only: bool = False) -> None:
        """Start the calls for what waits; with ``whole_only`` the last, short one waits on."""
        waiting = list(self._waiting.items())
        end = len(waiting) - len(waiting) % self._batch if whole_only else len(waiting)
        self._waiting = dict(waiting[end:])
        for start in range(0, end, self._batch):
            call = asyncio.create_task(self._fill(dict(waiting[start : start + self._batch])))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        if not whole_only or not self._waiting:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None

    async def _fill(self, slots: dict[str, asyncio.Future[Outcome]]) -> None:
        try:
            outcomes = await self._get(list(slots))
        except Exception as error:  # noqa: BLE001 - raised where the post was asked for
            outcomes = dict.fromkeys(slots, error)
        except asyncio.CancelledError:
            for slot in slots.values():
                slot.cancel()
            raise
        for one, slot in slots.items():
            if not slot.done():
                slot.set_result(outcomes[one])

    async def _get(self, ids: list[str]) -> dict[str, Outcome]:
        try:
            value = await self._api.call(METHOD, {"posts": ids})
        except ApiError as error:
            if error.action not in DIVIDED:
                raise
            if len(ids) == 1:
                return {ids[0]: None if error.action is Action.TOMBSTONE else error}
            half = len(ids) // 2
            return await self._get(ids[:half]) | await self._get(ids[half:])
        listing = read_posts(value, method=METHOD)
        found: dict[str, Outcome] = {item.post.external_id: item for item in listing.items}
        missing = [one for one in ids if one not in found]
        if listing.rejected:
            sent = {str(number) for number in listing.ids}
            found |= {one: UNSURE for one in missing if one.rpartition("_")[2] in sent}
            missing = [one for one in missing if one not in found]
        if missing and len(missing) < len(ids):
            # They may be missing because the batch was cut off.
            return found | await self._get(missing)
        return found | dict.fromkeys(missing)
