"""Callback of the fake VKontakte: sends a community's events to a server until it says ok."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from fakes.vk_data import Wall
from fakes.vk_world import VERSION, VkWorld

PATIENCE = 10
"""Failures in a row after which sending stops; how many VKontakte allows is not documented."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request and what came back; ``status`` is 0 when nothing did."""

    event_id: str
    status: int
    body: str

    @property
    def accepted(self) -> bool:
        """Tell whether the server took the event."""
        return self.status == 200 and self.body.strip() == "ok"


@dataclass(slots=True)
class CallbackSender:
    """Sends what happens on one wall to ``url``::

    sender = CallbackSender(world, -990000201, url)
    await sender.confirm()             # True if the server answered the confirmation code
    await sender.deliver()             # everything new, each until ok; returns how many were taken
    await sender.repeat(event_id)      # once more what was sent already
    task = asyncio.create_task(sender.run())

    ``secret`` is the wall's own unless given, "" sends none. ``deliveries`` lists every request.
    After ``PATIENCE`` failures in a row ``suspended`` is set and nothing is sent until it is
    cleared. ``sent`` is the number of events dealt with: set it to skip old ones.
    """

    world: VkWorld
    owner_id: int
    url: str
    secret: str | None = None
    pause: float = 1.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    suspended: bool = False
    sent: int = 0
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def wall(self) -> Wall:
        """Return the wall whose events are sent."""
        return self.world.wall(self.owner_id)

    async def confirm(self) -> bool:
        """Ask the server for the confirmation code and compare."""
        event = {
            "group_id": -self.owner_id,
            "type": "confirmation",
            "event_id": "0" * 40,
            "v": VERSION,
        }
        delivery = await self._post(event)
        return delivery.status == 200 and delivery.body.strip() == self.wall.confirmation

    async def deliver(self) -> int:
        """Send what is new, in order, each event until it is taken; return how many were."""
        self.world.tick()
        taken = failures = 0
        while self.sent < len(self.wall.events) and not self.suspended:
            delivery = await self._post(self.wall.events[self.sent])
            if delivery.accepted:
                self.sent += 1
                taken += 1
                failures = 0
                continue
            failures += 1
            self.suspended = failures >= PATIENCE
            await self.sleep(self.pause)
        return taken

    async def repeat(self, event_id: str) -> Delivery:
        """Send an event once more, as happens when an answer was lost."""
        (event,) = [event for event in self.wall.events if event["event_id"] == event_id]
        return await self._post(event)

    async def run(self, *, every: float = 1.0) -> None:
        """Go on delivering until cancelled, looking for news ``every`` so many seconds."""
        while True:
            await self.deliver()
            await self.sleep(every)

    async def _post(self, event: dict[str, Any]) -> Delivery:
        secret = self.wall.secret if self.secret is None else self.secret
        whole = event | ({"secret": secret} if secret else {})
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
                session.post(self.url, json=whole) as answer,
            ):
                # Only so much is read as an answer may have: the server may be anyone's.
                body = (await answer.content.read(1000)).decode("utf-8", "replace")
                delivery = Delivery(event["event_id"], answer.status, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            delivery = Delivery(event["event_id"], 0, type(error).__name__)
        self.deliveries.append(delivery)
        return delivery
