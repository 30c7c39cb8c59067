"""The fake VKontakte: the living demo and the pages that a person looks at."""

import asyncio
from contextlib import suppress

from fakes.vk_demo import GROUP_TOKENS, WALLS, Timeline, fill, live
from fakes.vk_demo_texts import STORIES
from fakes.vk_probe import NOW, WALL, Hand, probing, small_world
from fakes.vk_world import VkWorld

Shown = list[tuple[int, int, str, bool, list[tuple[int, str, bool]]]]


def everything(world: VkWorld) -> Shown:
    return [
        (
            post.owner_id,
            post.date,
            post.text,
            post.deleted,
            [(one.date, one.text, one.deleted) for one in post.comments.values()],
        )
        for wall in world.walls.values()
        for post in wall.posts.values()
    ]


def told(*, seed: int, seconds: int) -> VkWorld:
    clock = Hand()
    world = VkWorld(clock=clock)
    fill(world, seed=seed)
    timeline = Timeline(world, seed=seed)
    clock.at += seconds
    timeline.due(clock.at)
    return world


def test_the_demo_is_the_same_by_the_same_seed() -> None:
    assert everything(told(seed=1, seconds=900)) == everything(told(seed=1, seconds=900))
    assert everything(told(seed=1, seconds=900)) != everything(told(seed=2, seconds=900))


def test_something_happens_every_ten_seconds() -> None:
    clock = Hand()
    world = VkWorld(clock=clock)
    fill(world)
    timeline = Timeline(world)

    happened = [timeline.due(NOW + seconds) for seconds in (9, 10, 19, 20, 51)]

    assert happened == [0, 1, 0, 1, 3]


def test_all_the_stories_are_told_with_edits_deletions_and_replies() -> None:
    clock = Hand()
    world = VkWorld(clock=clock)
    fill(world)
    timeline = Timeline(world)
    before = {text for _, _, text, _, _ in everything(world)}

    for _ in range(400):
        clock.at += 10
        timeline.due(clock.at)

    posts = [post for wall in world.walls.values() for post in wall.posts.values()]
    comments = [comment for post in posts for comment in post.comments.values()]
    texts = {post.text.partition("\n\n")[0] for post in posts}
    assert len(before) == 10
    assert {story.text for story in STORIES} <= texts
    assert any(post.edited for post in posts)
    assert any(post.deleted for post in posts)
    assert any(comment.deleted for comment in comments)
    assert any(comment.root for comment in comments)
    assert not any(comment.text.startswith(">") for comment in comments)
    assert all(post.date <= clock.at for post in posts)


def test_after_a_long_sleep_the_demo_does_not_make_up_for_all_of_it() -> None:
    world = VkWorld(clock=Hand())
    fill(world)

    assert Timeline(world).due(NOW + 10_000_000) == 101


async def test_the_live_task_goes_by_the_world_s_clock() -> None:
    clock = Hand()
    world = VkWorld(clock=clock)
    fill(world)
    before = sum(len(wall.events) for wall in world.walls.values())

    async def sleep(seconds: float) -> None:
        clock.at += seconds
        if clock.at > NOW + 200:
            raise asyncio.CancelledError

    with suppress(asyncio.CancelledError):
        await live(world, sleep=sleep)

    assert sum(len(wall.events) for wall in world.walls.values()) > before + 10


async def test_the_demo_s_tokens_read_and_answer() -> None:
    world = VkWorld(clock=Hand())
    fill(world)
    owner = WALLS[1][0]
    post = world.add_post(owner, "яма", from_id=7)

    async with probing(world) as probe:
        await probe.by("demo-vk-service").get("wall.get", owner_id=owner)
        await probe.by(GROUP_TOKENS[1]).get(
            "wall.createComment", owner_id=owner, post_id=post.id, message="Засыплем до пятницы"
        )
        async with probe.session.get(f"{probe.url}/wall{owner}_{post.id}?reply=1") as answer:
            page = await answer.text()

    assert "Засыплем до пятницы" in page
    assert "официальный ответ" in page


async def test_pages_show_walls_and_never_run_what_people_wrote() -> None:
    world = small_world()
    post = world.add_post(WALL, "<script>alert(1)</script>", from_id=7, pinned=True)
    root = world.add_comment(WALL, post.id, "<b>ой</b>", from_id=8)
    world.add_comment(WALL, post.id, "ай", from_id=9, reply_to=root.id)
    world.delete_comment(WALL, post.id, root.id)

    async with probing(world) as probe:
        async with probe.session.get(probe.url + "/") as answer:
            front = await answer.text()
        async with probe.session.get(f"{probe.url}/wall{WALL}") as answer:
            wall = await answer.text()
        missing = []
        for path in (f"/wall{WALL}_777", "/wall-5"):
            async with probe.session.get(probe.url + path) as answer:
                missing.append(answer.status)

    assert f'href="/wall{WALL}"' in front
    assert "Наш район" in front
    assert "&lt;script&gt;" in wall
    assert "<script>" not in wall
    assert "Комментарий удалён" in wall
    assert "закреплено" in wall
    assert "официальный ответ" not in wall
    assert missing == [404, 404]
