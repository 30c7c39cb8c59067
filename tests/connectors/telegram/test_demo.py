"""The demo of Telegram lives by the clock alone."""

from fakes.server import FakeServer
from fakes.telegram import TelegramFake
from fakes.telegram_demo import APPEALS, BOT, CHANNEL, EVERY, OLD, POSTS, fill
from fakes.telegram_world import TelegramWorld
from messengers import Shelf, Time, desk, read

from connectors.telegram.api import NO_TOKEN
from connectors.telegram.bot import Bot
from connectors.telegram.channel import Channel


async def test_a_story_more_every_half_a_minute() -> None:
    time = Time()
    world = TelegramWorld(clock=time.clock)
    fill(world)
    shelf = Shelf()
    async with FakeServer(TelegramFake(world).app) as server, desk(time) as one:
        channel = Channel(one.http, one.caller(NO_TOKEN), channel=CHANNEL, base=server.url)
        counts = []
        for _ in range(len(POSTS)):
            await read(channel, shelf, time)
            counts.append(sum(not root for root in shelf.roots.values()))
            time.forward(seconds=EVERY)
        time.forward(hours=1)
        for _ in range(3):
            await read(channel, shelf, time)
        bot = Bot(one.http, one.keyed(BOT), base=server.url, timeout=0)
        appeals = Shelf()
        await read(bot, appeals, time)

    assert counts[0] == OLD
    assert counts[-1] == len(POSTS) >= 12
    assert sorted(counts) == counts
    assert sum(one.deleted for one in shelf.posts.values()) == 1
    assert any("кот нашёлся" in text for text in shelf.living().values())
    assert len(appeals.living()) == len(APPEALS) - 1, "a command is no appeal"
