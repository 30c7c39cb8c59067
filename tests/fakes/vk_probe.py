"""Asks the fake VKontakte as a bare program would: for the fake's own tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import aiohttp

from fakes.server import FakeServer
from fakes.vk import VkFake
from fakes.vk_limits import Kind
from fakes.vk_world import VERSION, VkWorld

WALL = -990000201
NOW = 1_794_900_000
"""17 November 2026, a Tuesday."""


class Hand:
    """A clock moved by hand: ``hand.at += 1``."""

    def __init__(self, at: float = NOW) -> None:
        """Stop at ``at``."""
        self.at = at

    def __call__(self) -> float:
        """Tell the time."""
        return self.at


@dataclass(frozen=True, slots=True)
class Probe:
    """Calls methods of a running fake with any parameters, by one token."""

    url: str
    session: aiohttp.ClientSession
    secret: str = "user"  # noqa: S105 - made up

    def by(self, secret: str) -> Self:
        """Return a probe that calls with another token."""
        return replace(self, secret=secret)

    async def whole(self, method: str, /, **params: object) -> Any:
        """Return the whole answer."""
        form = {"v": VERSION, "access_token": self.secret}
        form |= {name: str(value) for name, value in params.items()}
        async with self.session.post(f"{self.url}/method/{method}", data=form) as answer:
            return await answer.json()

    async def get(self, method: str, /, **params: object) -> Any:
        """Return the response. Raises KeyError when the answer is an error."""
        return (await self.whole(method, **params))["response"]

    async def code(self, method: str, /, **params: object) -> int:
        """Return the code of the error, 0 for a response."""
        answer = await self.whole(method, **params)
        return int(answer["error"]["error_code"]) if "error" in answer else 0


def small_world(clock: Hand | None = None) -> VkWorld:
    """Return a world with one community and a token of each kind: user, group, service.

    The tokens may be used a thousand times a second, for the clock stands.
    """
    world = VkWorld(clock=clock or Hand())
    world.add_wall(WALL, "Наш район", "nash_rayon")
    world.add_token("user", Kind.USER, user_id=1_990_000_001, groups={-WALL}, rate=1000)
    world.add_token("group", Kind.GROUP, groups={-WALL}, rate=1000)
    world.add_token("service", Kind.SERVICE, rate=1000)
    return world


@asynccontextmanager
async def probing(world: VkWorld) -> AsyncIterator[Probe]:
    """Serve the world and give a probe of it."""
    async with FakeServer(VkFake(world).app) as server, aiohttp.ClientSession() as session:
        yield Probe(server.url, session)
