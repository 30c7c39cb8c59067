"""Whatever happens while a wall is read, and however its pages arrive, the end is the same."""

import asyncio
import random
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from builders import take
from fakes.server import Fault, Faults
from fakes.vk_limits import ApiFaults
from fakes.vk_world import VkWorld
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select
from vk_reading import NOON, OWNER, SECRET, Shelf, connected, standing, wall

from connectors.base import Page, SourceError
from models.post import Post

STEPS = st.lists(
    st.sampled_from(["post", "comment", "reply", "edit", "edit comment", "delete", "uncomment"]),
    min_size=1,
    max_size=25,
)


def happen(step: str, world: VkWorld, dice: random.Random) -> None:
    """Let one thing happen to the wall, if there is anything for it to happen to."""
    posts = [post for post in world.wall(OWNER).posts.values() if not post.deleted]
    if step == "post" or not posts:
        world.add_post(OWNER, f"Новость {dice.random()}")
        return
    post = dice.choice(posts)
    comments = [one for one in post.comments.values() if not one.deleted]
    said = f"Мнение {dice.random()}"
    if step == "edit":
        world.edit_post(OWNER, post.id, f"Исправлено {dice.random()}")
    elif step == "delete":
        world.delete_post(OWNER, post.id)
    elif step == "comment" or not comments:
        world.add_comment(OWNER, post.id, said, from_id=101)
    elif step == "reply":
        world.add_comment(OWNER, post.id, said, from_id=102, reply_to=dice.choice(comments).id)
    elif step == "uncomment":
        world.delete_comment(OWNER, post.id, dice.choice(comments).id)
    else:
        # An edit is told by nothing, so something else has to bring the thread up.
        world.edit_comment(OWNER, post.id, dice.choice(comments).id, said)
        world.add_comment(OWNER, post.id, f"{said}!", from_id=103)


async def followed(
    steps: list[str], dice: random.Random, during: Callable[[VkWorld], None] | None = None
) -> tuple[dict[str, str], Shelf, list[Page]]:
    """Let a wall live, reading it in between; return how it stands, the shelf, and all pages."""
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        pages: list[Page] = []
        world.page_cap = {"wall.get": 4, "wall.getComments": 3}
        if during is not None:
            world.before_call = lambda _method, _params: during(world)

        async def look(*, full: bool) -> None:
            reader = wall(there, shelf, full=full)
            more = True
            while more:
                page = await reader.fetch(shelf.cursor, now=clock.now)
                shelf.take(page, clock.now)
                pages.append(page)
                more = page.more

        for step in steps:
            happen(step, world, dice)
            if dice.random() < 0.4:
                await look(full=dice.random() < 0.6)
                clock.forward(minutes=15)
        world.before_call = None
        for _ in range(4):
            # A day later all threads are read again.
            clock.forward(hours=25)
            await look(full=True)
        return standing(world), shelf, pages


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_pages_repeated_shuffled_and_cut_off_change_nothing(steps: list[str], seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable
    stands, shelf, pages = asyncio.run(followed(steps, dice))
    assert shelf.living() == stands
    again, anew = dict(shelf.posts), Shelf()

    for _ in range(5):
        dice.shuffle(pages)
        for page in pages:
            posts = list(page.posts)[: dice.randint(0, len(page.posts))]
            dice.shuffle(posts)
            shelf.put(posts, NOON)
            anew.put(page.posts, NOON)

    assert shelf.living() == stands
    assert {key: (post.text, post.deleted) for key, post in again.items()} == {
        key: (post.text, post.deleted) for key, post in shelf.posts.items()
    }
    assert anew.living() == stands


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_what_happens_between_two_network_pages_is_there_in_the_end(
    steps: list[str], seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable
    left = list(steps)

    def during(world: VkWorld) -> None:
        if left and dice.random() < 0.5:
            happen(left.pop(), world, dice)

    stands, shelf, _ = asyncio.run(followed(steps, dice, during))

    assert shelf.living() == stands


FAULTS = (*[Fault.RESET, Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED] * 4, Fault.HANG)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_with_a_third_of_all_answers_spoilt_everything_comes_and_nothing_twice(
    engine: sa.Engine,
) -> None:
    faults = Faults(share=0.3, kinds=FAULTS, hang_seconds=0.6)
    async with connected(faults=faults) as there:
        world, shelf = there.world, Shelf()
        world.api_faults = ApiFaults(share=0.05)
        for number in range(60):
            post = world.add_post(OWNER, f"Новость {number}")
            first = world.add_comment(OWNER, post.id, f"На Лесной {number} темно", from_id=101)
            for other in range(4):
                said = f"И у нас {other}"
                world.add_comment(OWNER, post.id, said, from_id=102, reply_to=first.id)

        for _ in range(100):
            try:
                page = await wall(there, shelf).fetch(shelf.cursor, now=there.clock.now)
            except SourceError:
                there.clock.forward(minutes=2)
                continue
            take(engine, *page.posts, now=there.clock.now)
            shelf.take(page, there.clock.now)
            there.clock.forward(seconds=5)
            if len(shelf.living()) == 360 and not page.more:
                break

        with Session(engine) as session:
            stored = list(session.exec(select(Post.external_id).order_by(col(Post.id))))
        assert sorted(stored) == sorted(standing(world))
        assert len(stored) == 360
        assert sum(faults.counted.values()) > 10
        assert world.log.busiest_second(SECRET) <= 3
