"""All fake networks together, alive: ``python -m fakes.demo [PORT]``, until Ctrl-C.

They listen on loopback at PORT and the ports after it. The first answer to a citizen in
VKontakte, and in a chat of MAX, is carried out and its confirmation lost, on purpose: a program
that sends again blindly shows it at once.
"""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from fakes import feeds_demo, max_demo, ok_demo, telegram_demo, vk_demo
from fakes.feeds import World as FeedWorld
from fakes.feeds import feeds_app
from fakes.max import MaxFake
from fakes.max_world import TOKEN as MAX_TOKEN
from fakes.max_world import MaxWorld
from fakes.ok import ok_app
from fakes.ok_world import World as OkWorld
from fakes.server import FakeServer, Fault, Faults
from fakes.telegram import TelegramFake
from fakes.telegram_world import TelegramWorld
from fakes.vk import VkFake
from fakes.vk_world import VkWorld

PORT = 8030
NETWORKS = ("vk", "ok", "telegram", "max", "feed")
HANG = 12.0
"""Seconds: longer than a program waits for an answer."""

FEED = feeds_demo.ADDRESS
LOST = (Fault.HANG, True)
ONCE = {
    "vk": {"POST /method/wall.createComment": LOST},
    "max": {"POST /messages": LOST},
}
"""What the first answers to citizens come to, by network."""

OWN = OkWorld()
SECRETS = {
    "demo-vk": vk_demo.SERVICE_TOKEN,
    "demo-vk-201": vk_demo.GROUP_TOKENS[0],
    "demo-vk-202": vk_demo.GROUP_TOKENS[1],
    "demo-vk-203": vk_demo.GROUP_TOKENS[2],
    "demo-ok": ok_demo.TOKEN,
    "demo-ok-app": OWN.app_secret,
    "demo-telegram": telegram_demo.BOT,
    "demo-max": MAX_TOKEN,
}
"""Secrets by the names that ``sources`` calls them; they open nothing but these fakes."""


def addresses(port: int = PORT) -> dict[str, str]:
    """Return where each network listens."""
    return {name: f"http://127.0.0.1:{port + n}" for n, name in enumerate(NETWORKS)}


def sources(url: Mapping[str, str]) -> str:
    """Return a sources.yaml for reading what ``url`` names, settlements of the Smolensk district.

    ``url`` holds the address of each network, see ``addresses``.
    """
    return f"""\
# Учебные сети на этой машине: otklik demo-server
sources:
  - key: demo-vk-district
    kind: vk-wall
    title: Смоленский район
    token: demo-vk
    answer_token: demo-vk-201
    api: {url["vk"]}
    pages: {url["vk"]}
    every: 1
    communities: {{"-990000201": null}}
  - key: demo-vk-pechersk
    kind: vk-wall
    title: Наш Печерск
    token: demo-vk
    answer_token: demo-vk-202
    events: longpoll
    events_token: demo-vk-202
    api: {url["vk"]}
    pages: {url["vk"]}
    every: 1
    communities: {{"-990000202": pecherskoe}}
  - key: demo-vk-katyn
    kind: vk-wall
    title: Катынь и Пригорское
    token: demo-vk
    answer_token: demo-vk-203
    events: longpoll
    events_token: demo-vk-203
    api: {url["vk"]}
    pages: {url["vk"]}
    every: 1
    communities: {{"-990000203": katynskoe}}
  - key: demo-ok
    kind: ok-group
    title: Группы района
    token: demo-ok
    answer_token: demo-ok
    app_key: {OWN.application_key}
    app_secret: demo-ok-app
    api: {url["ok"]}
    pages: {url["ok"]}
    every: 1
    communities: {{"{ok_demo.DISTRICT}": null, "{ok_demo.VILLAGE}": talashkinskoe}}
  - key: demo-telegram
    kind: telegram-channel
    title: Соседи
    api: {url["telegram"]}
    pages: {url["telegram"]}
    every: 1
    communities: {{{telegram_demo.CHANNEL}: null}}
  - key: demo-telegram-bot
    kind: telegram-bot
    title: Бот
    token: demo-telegram
    api: {url["telegram"]}
    pages: {url["telegram"]}
    every: 1
  - key: demo-max
    kind: max-bot
    title: Чаты и канал
    token: demo-max
    answer_token: demo-max
    api: {url["max"]}
    pages: {url["max"]}
    every: 1
    communities: {{"{max_demo.CHANNEL}": null, "{max_demo.GROUP}": pecherskoe}}
  - key: demo-site
    kind: feed
    title: Сайт администрации
    url: {url["feed"]}{feeds_demo.ADDRESS}
    allow_private: true
    every: 1
"""


@dataclass(slots=True)
class Demo:
    """The networks as they are served: their worlds, their faults, and where they listen."""

    vk: VkWorld
    ok: OkWorld
    telegram: TelegramWorld
    max: MaxWorld
    feed: FeedWorld
    faults: dict[str, Faults]
    url: dict[str, str] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def running(
    port: int = PORT, *, clock: Callable[[], float] = time.time, alive: bool = True
) -> AsyncIterator[Demo]:
    """Serve everything while the context is open, on free ports where ``port`` is 0.

    ``clock`` gives Unix time. Without ``alive`` nobody says anything new in VKontakte and
    Odnoklassniki by himself.
    """
    demo = Demo(
        VkWorld(clock=clock),
        OkWorld(clock=clock),
        TelegramWorld(clock=clock),
        MaxWorld(clock=clock),
        feeds_demo.demo_world(clock),
        {name: Faults(once=dict(ONCE.get(name, {})), hang_seconds=HANG) for name in NETWORKS},
    )
    vk_demo.fill(demo.vk)
    ok_demo.fill(demo.ok)
    telegram_demo.fill(demo.telegram)
    max_demo.fill(demo.max)
    apps = {
        "vk": VkFake(demo.vk).app,
        "ok": ok_app(demo.ok),
        "telegram": TelegramFake(demo.telegram).app,
        "max": MaxFake(demo.max).app,
        "feed": feeds_app(demo.feed),
    }
    async with contextlib.AsyncExitStack() as stack:
        for number, name in enumerate(NETWORKS):
            server = FakeServer(
                apps[name], faults=demo.faults[name], port=port + number if port else 0
            )
            await stack.enter_async_context(server)
            demo.url[name] = server.url
        lives = [vk_demo.live(demo.vk), ok_demo.live(demo.ok)] if alive else []
        tasks = [asyncio.create_task(life) for life in lives]
        try:
            yield demo
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def serve(port: int = PORT, ready: Callable[[], None] = lambda: None) -> None:
    """Serve everything until SIGINT or SIGTERM; ``ready`` is called once it can be asked."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(port):
        ready()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
