"""Whatever people, networks and processes do, the store ends as the chats stand."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

from fakes.max import MaxFake
from fakes.max_world import TOKEN, FakeMessage, MaxWorld
from fakes.server import FakeServer
from hypothesis import given, settings
from hypothesis import strategies as st
from messengers import Shelf, Time, desk, read

from connectors.max.api import MaxApi
from connectors.max.chats import Chats
from connectors.max.progress import Progress, Stage, messages_among

CHANNEL, GROUP = -71, -72
DEEDS = ["post", "many", "comment", "say", "answer", "edit", "remove", "wait", "read"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def do(world: MaxWorld, time: Time, deed: str, dice: random.Random) -> None:
    """Change the chats in one way, if there is anything to change; time goes on a little."""
    time.forward(seconds=dice.choice([0.001, 1, 60]))
    posts = [*world.chats[CHANNEL].messages.values()]
    talk = [*world.chats[GROUP].messages.values()]
    comments = [one for post in posts for one in post.comments.values()]
    number = dice.randrange(10**6)
    if deed == "post":
        world.say(CHANNEL, f"новость {number}", author=None)
    elif deed == "many":
        for one in range(60):
            time.forward(seconds=0.1)
            world.say(GROUP, f"гул {number} {one}", author=501)
    elif deed == "comment" and posts:
        answers = dice.choice([None, *dice.choice(posts).comments.values()])
        post = answers.post if answers and answers.post else dice.choice(posts)
        world.comment(post, f"мнение {number}", author=502, answers=answers)
    elif deed == "say":
        world.say(GROUP, f"слово {number}", author=503)
    elif deed == "answer" and talk:
        world.say(GROUP, f"ответ {number}", author=504, answers=dice.choice(talk))
    elif deed == "wait":
        time.forward(hours=dice.choice([0.2, 3, 11]))
    elif posts + talk + comments:
        change(world, deed, dice.choice(posts + talk + comments), number)


def change(world: MaxWorld, deed: str, message: FakeMessage, number: int) -> None:
    if deed == "edit":
        world.edit(message, f"исправлено {number}")
    elif deed == "remove":
        world.remove(message)


def standing(world: MaxWorld) -> dict[str, str]:
    found = {}
    for chat in world.chats.values():
        for message in chat.messages.values():
            found[f"{chat.id}_{message.mid}"] = message.text
            for one in message.comments.values():
                found[f"{chat.id}_{message.mid}_{one.mid}"] = one.text
    return found


async def live(deeds: list[str], seed: int) -> None:
    """Let chats live while a machine reads them as badly as one may."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    time = Time()
    world = MaxWorld(clock=time.clock)
    world.add_chat(CHANNEL, "channel", "Район")
    world.add_chat(GROUP, "chat", "Соседи")
    shelf = Shelf()
    async with FakeServer(MaxFake(world).app) as server, desk(time) as one:

        def chats() -> Chats:
            return Chats(
                MaxApi(one.http, one.keyed(TOKEN), base=server.url),
                chats=(CHANNEL, GROUP),
                known_comments=shelf.comments,
                timeout=0,
                every=timedelta(minutes=dice.choice([0, 10])),
            )

        await read(chats(), shelf, time)
        for deed in deeds:
            if deed != "read":
                do(world, time, deed, dice)
                continue
            for _ in range(400):
                page = await chats().fetch(shelf.cursor, now=time.now())
                if dice.random() < 0.2:
                    # Something happens between two pages.
                    do(world, time, dice.choice(DEEDS[:-2]), dice)
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
        for _ in range(3):
            time.forward(minutes=15)
            await read(chats(), shelf, time)

    assert shelf.living() == standing(world)
    assert len(str(shelf.cursor)) < 8000


@settings(max_examples=60, deadline=None)
@given(deeds=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=14), seed=st.integers(0, 2**32))
def test_pages_lost_doubled_shuffled_and_overtaken_change_nothing(
    deeds: list[str], seed: int
) -> None:
    asyncio.run(live(deeds, seed))


@given(cursor=st.dictionaries(st.text(max_size=9), JSON_VALUES))
def test_a_damaged_cursor_means_a_first_reading(cursor: dict[str, object]) -> None:
    assert Progress.load(cursor) == Progress()


MIDS = st.lists(st.sampled_from(["a", "b", "mid.c", "d_e"]), max_size=4)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "marker": st.none() | st.integers(-3, 3),
        "stage": st.sampled_from([*Stage, "другая"]),
        "queue": st.lists(st.integers(-3, 3), max_size=3),
        "page": st.integers(0, 9),
        "threads": MIDS,
        "asked": MIDS,
        "witness": st.none() | st.just("a"),
        "missed": st.dictionaries(st.just("1_a"), st.integers(0, 2)),
        "swept": st.integers(0, 9),
    },
)


@given(cursor=FIELDS, moments=st.lists(st.integers(0, 9), max_size=4), mids=MIDS)
def test_a_sweep_goes_on_from_any_cursor_and_ends(
    cursor: dict[str, object], moments: list[int], mids: list[str]
) -> None:
    progress = Progress.load(cursor)
    steps = 0
    while progress.stage != Stage.IDLE and progress.queue:
        if progress.stage == Stage.COMMENTS and progress.threads:
            progress.take_comments(moments, since=0)
        elif progress.stage == Stage.OPEN and progress.asked:
            progress.take_open(2, [])
        else:
            shown = [one for one in moments if not progress.page or one <= progress.page]
            newest = mids[0] if mids else None
            progress.take_messages(shown, posts=mids, newest=newest, since=0, opened=mids)
        progress = Progress.load(progress.dump())
        steps += 1
        assert steps < 200


def test_messages_are_told_from_comments_below_them() -> None:
    opened = {"-7_mid.a", "-7_mid.a_mid.b", "-7_x_y", "8_z", "chan/5", "_1", "9_"}

    assert messages_among(opened) == {-7: ["mid.a", "x_y"], 8: ["z"]}
