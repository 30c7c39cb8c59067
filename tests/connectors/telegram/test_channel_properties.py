"""Whatever people, networks and processes do, the store ends as the channel stands."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from fakes.server import FakeServer
from fakes.telegram import TelegramFake
from fakes.telegram_world import TelegramWorld
from hypothesis import given, settings
from hypothesis import strategies as st
from messengers import NOON, Desk, Shelf, Time, desk, read

from connectors.telegram.api import NO_TOKEN
from connectors.telegram.channel import Channel
from connectors.telegram.preview import Discussion, Preview
from connectors.telegram.progress import Progress, Stage

NAME = "smolray"
DEEDS = ["post", "many", "comment", "answer", "edit", "edit comment", "delete", "uncomment", "read"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def do(world: TelegramWorld, deed: str, dice: random.Random) -> None:
    """Change the channel in one way, if there is anything to change."""
    posts = [one for one in world.channels[NAME].posts.values() if not one.service]
    number = dice.randrange(10**6)
    if deed == "post" or not posts:
        world.post(NAME, f"новость {number}", pictures=dice.choice([0, 0, 2]))
    elif deed == "many":
        for one in range(25):
            world.post(NAME, f"лента {number} {one}")
    else:
        post = dice.choice(posts)
        said = dice.choice([*post.comments, 0])
        if deed == "comment" or (not said and "comment" in deed):
            world.comment(NAME, post.number, f"мнение {number}")
        elif deed == "answer":
            world.comment(NAME, post.number, f"ответ {number}", reply_to=said or None)
        elif deed == "edit":
            world.edit(NAME, post.number, f"исправлено {number}")
        elif deed == "edit comment":
            world.edit(NAME, post.number, f"исправлено {number}", comment=said)
        elif deed == "uncomment":
            world.delete(NAME, post.number, comment=said)
        elif deed == "delete":
            world.delete(NAME, post.number)


def standing(world: TelegramWorld) -> dict[str, str]:
    found = {}
    for number, post in world.channels[NAME].posts.items():
        if not post.service:
            found[f"{NAME}/{number}"] = post.text
            found |= {f"{NAME}/{number}/{one}": said.text for one, said in post.comments.items()}
    return found


@asynccontextmanager
async def reading() -> AsyncIterator[tuple[TelegramWorld, Time, Desk, str]]:
    time = Time()
    world = TelegramWorld(clock=time.clock)
    world.add_channel(NAME, "Район")
    async with FakeServer(TelegramFake(world).app) as server, desk(time) as one:
        yield world, time, one, server.url


async def live(deeds: list[str], seed: int) -> None:
    """Let a channel live while a machine reads it as badly as one may."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    async with reading() as (world, time, one, url):
        shelf = Shelf()

        def channel() -> Channel:
            caller = one.caller(NO_TOKEN)
            known = shelf.comments
            return Channel(one.http, caller, channel=NAME, base=url, known_comments=known)

        for deed in deeds:
            if deed != "read":
                do(world, deed, dice)
                continue
            time.forward(minutes=15)
            for _ in range(400):
                page = await channel().fetch(shelf.cursor, now=time.now())
                if dice.random() < 0.2:
                    # Something happens between two pages.
                    do(world, dice.choice(DEEDS[:-1]), dice)
                fate = dice.random()
                if fate < 0.15:
                    continue  # killed before the page was stored
                posts = list(page.posts)
                dice.shuffle(posts)
                shelf.take(replace(page, posts=tuple(posts)))
                if fate > 0.85:
                    shelf.take(page)
                if fate > 0.97 or not page.more:
                    break  # killed after it, or done
        for _ in range(4):
            time.forward(minutes=15)
            await read(channel(), shelf, time)

        assert shelf.living() == standing(world)
        assert len(str(shelf.cursor)) < 4000


@settings(max_examples=40, deadline=None)
@given(deeds=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=12), seed=st.integers(0, 2**32))
def test_pages_lost_doubled_shuffled_and_overtaken_change_nothing(
    deeds: list[str], seed: int
) -> None:
    asyncio.run(live(deeds, seed))


async def test_two_readings_of_one_cursor_are_the_same() -> None:
    async with reading() as (world, time, one, url):
        for number in range(30):
            world.comment(NAME, world.post(NAME, f"{number}"), "да")
        channel = Channel(one.http, one.caller(NO_TOKEN), channel=NAME, base=url)
        cursor: dict[str, object] = {}
        more = True
        while more:
            page = await channel.fetch(cursor, now=NOON)
            assert await channel.fetch(cursor, now=NOON) == page
            cursor, more = page.cursor, page.more
        assert cursor
        assert time.at > NOON.timestamp()


@given(cursor=st.dictionaries(st.text(max_size=9), JSON_VALUES))
def test_a_damaged_cursor_means_a_first_reading(cursor: dict[str, object]) -> None:
    assert Progress.load(cursor) == Progress()


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "stage": st.sampled_from([*Stage, "другая"]),
        "last": st.integers(-1, 50),
        "low": st.integers(0, 50),
        "before": st.integers(0, 50),
        "known": st.lists(st.integers(-1, 50), max_size=5),
        "threads": st.lists(st.integers(0, 50), max_size=5),
        "missed": st.dictionaries(
            st.sampled_from(["7", "7/8", "x", "7/", "-1"]), st.integers(0, 3)
        ),
        "quiet": st.integers(0, 4),
    },
)
NUMBERS = st.frozensets(st.integers(1, 60), max_size=25)


@given(cursor=FIELDS, numbers=NUMBERS, opened=NUMBERS, known=NUMBERS, truncated=st.booleans())
def test_a_sweep_goes_on_from_any_cursor_and_ends(
    cursor: dict[str, object],
    numbers: frozenset[int],
    opened: frozenset[int],
    known: frozenset[int],
    *,
    truncated: bool,
) -> None:
    progress = Progress.load(cursor)
    progress.begin()
    since = NOON - timedelta(days=2)
    steps = 0
    while progress.stage == Stage.POSTS:
        below = {one for one in numbers if not progress.before or one < progress.before}
        progress.take_posts(Preview((), frozenset(below), ()), since=since, opened=opened)
        steps += 1
    while progress.stage == Stage.COMMENTS:
        page = Discussion((), numbers, (), available=True, truncated=truncated)
        progress.take_comments(page, known=known, opened=opened)
        steps += 1
        progress = Progress.load(progress.dump())

    assert progress.stage == Stage.IDLE
    assert steps < 200
