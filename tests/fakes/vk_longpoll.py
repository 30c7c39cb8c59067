"""The Long Poll server of the fake VKontakte: ``/wh<group id>?act=a_check&key&ts&wait``."""

import asyncio
from typing import Any

from aiohttp import web

from fakes.vk_data import Wall
from fakes.vk_world import VkWorld

LOOK_AGAIN = 0.02
"""Real seconds between looks at the world, which anything may change, another thread as well."""


async def long_poll(world: VkWorld, request: web.Request) -> web.Response:
    """Answer as soon as there is an event, or without one when ``wait`` seconds are over."""
    wall = world.walls.get(-int(request.match_info["group"]))
    if wall is None or request.query.get("act") != "a_check":
        return web.json_response({"failed": 2})
    wait = request.query.get("wait", "25")
    loop = asyncio.get_running_loop()
    seconds = float(wait) if wait.isdecimal() else 25.0
    until = loop.time() + min(seconds, world.longest_wait)
    while True:
        world.tick()
        answer = news(wall, request.query.get("key", ""), request.query.get("ts", ""))
        if answer.get("updates") != [] or loop.time() >= until:
            return web.json_response(answer)
        await asyncio.sleep(LOOK_AGAIN)


def news(wall: Wall, key: str, ts: str) -> dict[str, Any]:
    """Return the events from number ``ts`` on, or one of the three failures.

    1: events before ``ts`` are forgotten, go on from the new one. 2: the key has run out, ``ts``
    holds. 3: the server started anew, both are void.
    """
    if key in wall.long_poll.lost:
        return {"failed": 3}
    if key != wall.long_poll.key:
        return {"failed": 2}
    latest = len(wall.events)
    start = int(ts[:18]) if ts.isdecimal() else -1
    if not wall.long_poll.first <= start <= latest:
        return {"failed": 1, "ts": latest}
    return {"ts": str(latest), "updates": wall.events[start:]}
