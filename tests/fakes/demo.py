"""All fake networks together, alive: ``python -m fakes.demo [PORT]``, until Ctrl-C.

They listen on loopback at PORT and the ports after it. The first answer to a citizen on each
network is carried out and its confirmation lost, on purpose: a program that sends again blindly
shows it at once.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator

from fakes import feeds_demo, max_demo, ok_demo, telegram_demo, vk_demo
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


def sources(port: int = PORT) -> str:
    """Return a sources.yaml for reading all of it, settlements of the Smolensk district."""
    url = addresses(port)
    return f"""\
# Учебные сети на этой машине: otklik demo-server
sources:
  - key: demo-vk-district
    kind: vk-wall
    title: ВКонтакте, район
    token: demo-vk
    answer_token: demo-vk-201
    api: {url["vk"]}
    every: 1
    communities: {{"-990000201": null}}
  - key: demo-vk-pechersk
    kind: vk-wall
    title: ВКонтакте, Печерск
    token: demo-vk
    answer_token: demo-vk-202
    events: longpoll
    events_token: demo-vk-202
    api: {url["vk"]}
    every: 1
    communities: {{"-990000202": pecherskoe}}
  - key: demo-vk-katyn
    kind: vk-wall
    title: ВКонтакте, Катынь
    token: demo-vk
    answer_token: demo-vk-203
    events: longpoll
    events_token: demo-vk-203
    api: {url["vk"]}
    every: 1
    communities: {{"-990000203": katynskoe}}
  - key: demo-ok
    kind: ok-group
    title: Одноклассники
    token: demo-ok
    answer_token: demo-ok
    app_key: {OWN.application_key}
    app_secret: demo-ok-app
    api: {url["ok"]}
    every: 1
    communities: {{"{ok_demo.DISTRICT}": null, "{ok_demo.VILLAGE}": talashkinskoe}}
  - key: demo-telegram
    kind: telegram-channel
    title: Telegram, канал
    api: {url["telegram"]}
    every: 1
    communities: {{{telegram_demo.CHANNEL}: null}}
  - key: demo-telegram-bot
    kind: telegram-bot
    title: Telegram, бот
    token: demo-telegram
    api: {url["telegram"]}
    every: 1
  - key: demo-max
    kind: max-bot
    title: MAX
    token: demo-max
    answer_token: demo-max
    api: {url["max"]}
    every: 1
  - key: demo-site
    kind: feed
    title: Сайт администрации
    url: {url["feed"]}{feeds_demo.ADDRESS}
    allow_private: true
    every: 1
"""


@contextlib.asynccontextmanager
async def running(port: int = PORT) -> AsyncIterator[dict[str, str]]:
    """Serve everything while the context is open; give the addresses."""
    vk, ok, telegram, messenger = VkWorld(), OkWorld(), TelegramWorld(), MaxWorld()
    vk_demo.fill(vk)
    ok_demo.fill(ok)
    telegram_demo.fill(telegram)
    max_demo.fill(messenger)
    lost = {
        "vk": {"/method/wall.createComment": LOST},
        "ok": {},
        "telegram": {},
        "max": {"/messages": LOST},
        "feed": {},
    }
    apps = {
        "vk": VkFake(vk).app,
        "ok": ok_app(ok),
        "telegram": TelegramFake(telegram).app,
        "max": MaxFake(messenger).app,
        "feed": feeds_app(feeds_demo.demo_world()),
    }
    async with contextlib.AsyncExitStack() as stack:
        for number, name in enumerate(NETWORKS):
            faults = Faults(once=lost[name], hang_seconds=HANG)
            await stack.enter_async_context(
                FakeServer(apps[name], faults=faults, port=port + number)
            )
        lives = [asyncio.create_task(vk_demo.live(vk)), asyncio.create_task(ok_demo.live(ok))]
        try:
            yield addresses(port)
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)


async def serve(port: int = PORT) -> None:
    """Serve everything until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(port):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
