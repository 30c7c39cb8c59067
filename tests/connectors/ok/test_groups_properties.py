"""Whatever people, networks and processes do, the store ends as the group stands."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fakes.ok_world import World, shuffled
from fakes.server import Faults
from hypothesis import given, settings
from hypothesis import strategies as st
from ok_bench import GROUP, HOUR, Bench, Time, ok_bench, standing

from connectors.base import SourceError

DEEDS = ["topic", "photo", "comment", "answer", "edit", "delete", "delete topic", "wait", "read"]


def do(bench: Bench, deed: str, dice: random.Random) -> None:
    """Change the world in one way."""
    world = bench.world
    things = [thing for thing in world.groups[GROUP].things if not thing.deleted]
    topics = [thing for thing in things if not thing.photo]
    comments = [(thing, comment) for thing in things for comment in thing.alive()]
    number = dice.randrange(10**6)
    if deed in {"topic", "photo"}:
        world.add_topic(GROUP, f"{deed} {number}", photo=deed == "photo")
    elif deed == "comment" and things:
        world.add_comment(dice.choice(things), f"слово {number}", old_style=number % 2 == 0)
    elif deed == "answer" and comments:
        thing, comment = dice.choice(comments)
        world.add_comment(thing, f"ответ {number}", reply_to=comment.id, by_group=True)
    elif deed == "edit" and comments:
        dice.choice(comments)[1].text = f"исправлено {number}"
    elif deed == "delete" and comments:
        dice.choice(comments)[1].deleted = True
    elif deed == "delete topic" and topics:
        dice.choice(topics).deleted = True
    elif deed == "wait":
        bench.time.now += dice.choice([1, 30, 600, HOUR])


async def read_badly(bench: Bench, dice: random.Random) -> None:
    """Read to the end as badly as a machine may: pages lost, doubled, out of order."""
    group = bench.group()
    while True:
        page = await group.fetch(bench.cursor, now=bench.time.moment())
        fate = dice.random()
        if fate < 0.15:
            continue  # killed before the page was stored
        if fate < 0.3:
            group = bench.group()  # killed after it
        posts = list(page.posts)
        dice.shuffle(posts)
        bench.shelf.take(replace(page, posts=tuple(posts)))
        if fate > 0.85:
            bench.shelf.take(page)
        bench.cursor = page.cursor
        if not page.more:
            return


async def live(deeds: list[str], seed: int, *, offsets: bool, counts: bool) -> tuple[Bench, World]:
    dice = random.Random(seed)  # noqa: S311 - a repeatable play, no secret
    with TemporaryDirectory() as place:
        world = World(clock=Time().clock, offsets=offsets, counts=counts, largest_page=3)
        async with ok_bench(Path(place), world=world) as bench:
            for deed in ["topic", "comment", *deeds]:
                if deed == "read":
                    inside = dice.choice(DEEDS[:-1])
                    world.after = {
                        method: [lambda inside=inside: do(bench, inside, dice)]  # type: ignore[misc]
                        for method in ("stream.get", "discussions.getComments")
                    }
                    await read_badly(bench, dice)
                else:
                    do(bench, deed, dice)
            world.after = {}
            # Then all is quiet, and everything has been looked at again more than once.
            for _ in range(4):
                bench.time.now += 6.5 * HOUR
                await bench.read()
            return bench, world


@settings(max_examples=40, deadline=None)
@given(
    deeds=st.lists(st.sampled_from(DEEDS), max_size=25),
    seed=st.integers(0, 10**6),
    offsets=st.booleans(),
    counts=st.booleans(),
)
def test_the_store_ends_as_the_group_stands(
    deeds: list[str], seed: int, offsets: bool, counts: bool
) -> None:
    bench, world = asyncio.run(live(deeds, seed, offsets=offsets, counts=counts))

    assert bench.shelf.alive() == standing(world)


@pytest.mark.parametrize("seed", range(3))
async def test_the_order_in_which_the_network_keeps_things_means_nothing(
    tmp_path: Path, seed: int
) -> None:
    async with ok_bench(tmp_path) as bench:
        for number in range(12):
            topic = bench.world.add_topic(GROUP, f"Тема {number}", at=bench.time.now - number)
            bench.world.add_comment(topic, "слово")
        shuffled(bench.world, seed)

        await bench.read()

        assert bench.shelf.alive() == standing(bench.world)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_with_a_third_of_the_answers_spoilt_all_come_in_and_none_twice(
    tmp_path: Path, seed: int
) -> None:
    faults = Faults(share=0.3, seed=seed, hang_seconds=0.01)
    async with ok_bench(tmp_path, faults=faults) as bench:
        bench.world.largest_page = 5
        for number in range(40):
            at = bench.time.now - number * 300
            topic = bench.world.add_topic(GROUP, f"Тема {number}", at=at)
            for word in range(9):
                bench.world.add_comment(topic, f"слово {word}", at=at + word)

        await bench.read(tries=10)

        assert sum(faults.counted.values()) > 10
        assert bench.shelf.alive() == standing(bench.world)
        assert len(bench.shelf.texts) == len(bench.shelf.known) == 400
        assert bench.shelf.deleted() == set()


async def test_requests_start_no_faster_than_the_network_bears(tmp_path: Path) -> None:
    time = Time()
    async with ok_bench(tmp_path, world=World(clock=time.clock, rate=1)) as bench:
        for number in range(20):
            bench.world.add_comment(bench.world.add_topic(GROUP, f"Тема {number}"), "слово")

        # The same token in two connectors, turn by turn.
        other: dict[str, object] = {}
        for _ in range(4):
            page = await bench.group().fetch(other, now=bench.time.moment())
            other = page.cursor
            await bench.read()

        assert {call.code for call in bench.world.calls} == {None}


async def test_a_network_that_is_away_is_a_failure_and_not_an_end(tmp_path: Path) -> None:
    async with ok_bench(tmp_path) as bench:
        bench.world.add_topic(GROUP, "Тема")
        bench.server.faults.share = 1.0
        bench.server.faults.hang_seconds = 0.01

        with pytest.raises(SourceError):
            await bench.read()

        assert bench.cursor == {}
