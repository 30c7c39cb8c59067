"""The demo of MAX lives by the clock alone."""

from fakes.max import MaxFake
from fakes.max_demo import APPEALS, CHANNEL, EVERY, OLD, POSTS, TALK, fill
from fakes.max_world import TOKEN, MaxWorld
from fakes.server import FakeServer
from messengers import Shelf, Time, desk, read

from connectors.max.api import MaxApi
from connectors.max.chats import Chats


async def test_a_story_more_every_half_a_minute() -> None:
    time = Time()
    world = MaxWorld(clock=time.clock)
    fill(world)
    shelf = Shelf()
    async with FakeServer(MaxFake(world).app) as server, desk(time) as one:
        api = MaxApi(one.http, one.keyed(TOKEN), base=server.url)
        chats = Chats(api, chats=(CHANNEL,), timeout=0)
        counts = []
        for _ in POSTS:
            await read(chats, shelf, time)
            posts = [key for key, root in shelf.roots.items() if not root]
            counts.append(sum(key.startswith(f"{CHANNEL}_") for key in posts))
            time.forward(seconds=EVERY)
        time.forward(hours=1)
        await read(chats, shelf, time)

    assert counts[0] == OLD
    assert counts[-1] == len(POSTS) >= 12
    assert sorted(counts) == counts
    texts = list(shelf.living().values())
    assert {*APPEALS} <= {*texts}
    assert sum(text.removeprefix("> ") in texts for text in TALK) == len(TALK)
    assert sum(one.deleted for one in shelf.posts.values()) == 1
    assert any("Отдельное спасибо школе" in text for text in texts)
