"""The fake VKontakte: what wall.* answers."""

import pytest
from fakes.vk_probe import NOW, WALL, Hand, Probe, probing, small_world


async def ids(probe: Probe, **params: object) -> list[int]:
    page = await probe.get("wall.get", owner_id=WALL, **params)
    return [item["id"] for item in page["items"]]


async def test_a_wall_begins_with_the_pinned_post_and_goes_on_with_the_newest() -> None:
    world = small_world()
    rules = world.add_post(WALL, "Правила", date=NOW - 1000, pinned=True)
    old = world.add_post(WALL, "Нет света", from_id=7, date=NOW - 500)
    new = world.add_post(WALL, "Свет дали", date=NOW - 100)

    async with probing(world) as probe:
        page = await probe.get("wall.get", domain="nash_rayon", count=2, extended=1)
        theirs = await ids(probe, filter="owner")
        others = await ids(probe, filter="others")

    assert [item["id"] for item in page["items"]] == [rules.id, new.id]
    assert page["count"] == 3
    assert page["items"][0]["is_pinned"] == 1
    assert "is_pinned" not in page["items"][1]
    assert [group["id"] for group in page["groups"]] == [-WALL]
    assert (theirs, others) == ([rules.id, new.id], [old.id])


async def test_a_post_between_two_pages_shifts_the_second() -> None:
    clock = Hand()
    world = small_world(clock)
    posts = [world.add_post(WALL, str(n), date=NOW - 100 + n) for n in range(6)]
    world.schedule(NOW + 5, lambda: world.add_post(WALL, "между страницами"))

    async with probing(world) as probe:
        first = await ids(probe, count=3)
        clock.at += 5
        second = await ids(probe, count=3, offset=3)

    assert first == [posts[5].id, posts[4].id, posts[3].id]
    assert second == [posts[3].id, posts[2].id, posts[1].id]


async def test_a_hook_sees_every_call_before_it_is_answered() -> None:
    world = small_world()
    seen = []

    def hook(method: str, params: dict[str, str]) -> None:
        seen.append((method, params["count"]))
        world.add_post(WALL, "успел")

    world.before_call = hook
    async with probing(world) as probe:
        assert len(await ids(probe, count=9)) == 1

    assert seen == [("wall.get", "9")]


async def test_pages_are_short_although_more_follows() -> None:
    world = small_world()
    posts = [world.add_post(WALL, str(n), date=NOW + n) for n in range(10)]
    posts[9].hidden = True

    async with probing(world) as probe:
        with_hidden = await ids(probe, count=3)
        world.page_cap["wall.get"] = 2
        capped = await ids(probe, count=5, offset=1)
        world.page_cap.clear()
        world.short_share = 1.0
        cut = [await ids(probe, count=6, offset=1) for _ in range(10)]

    assert with_hidden == [posts[8].id, posts[7].id]
    assert capped == [posts[8].id, posts[7].id]
    assert all(1 <= len(page) <= 3 for page in cut)


async def test_posts_asked_by_id_are_there_or_left_out() -> None:
    world = small_world()
    kept, gone = world.add_post(WALL, "есть"), world.add_post(WALL, "было")
    world.delete_post(WALL, gone.id)
    names = f"{WALL}_{kept.id},{WALL}_{gone.id},{WALL}_777,-5_1"

    async with probing(world) as probe:
        silent = await probe.get("wall.getById", posts=names)
        world.marks_deleted = True
        marked = await probe.get("wall.getById", posts=names)
        assert await probe.code("wall.getById", posts="чепуха") == 100

    assert [item["id"] for item in silent["items"]] == [kept.id]
    assert [item.get("is_deleted") for item in marked["items"]] == [None, True]


async def test_only_the_first_hundred_ids_are_looked_at() -> None:
    world = small_world()
    posts = [world.add_post(WALL, str(n)) for n in range(102)]

    async with probing(world) as probe:
        found = await probe.get(
            "wall.getById", posts=",".join(f"{WALL}_{post.id}" for post in posts)
        )

    assert len(found["items"]) == 100


async def test_an_edit_is_dated_and_a_deletion_can_be_taken_back() -> None:
    clock = Hand()
    world = small_world(clock)
    post = world.add_post(WALL, "яма")
    clock.at += 60

    world.edit_post(WALL, post.id, "яма, уже две")
    async with probing(world) as probe:
        page = await probe.get("wall.get", owner_id=WALL)
        world.delete_post(WALL, post.id)
        without = await ids(probe)
        world.restore_post(WALL, post.id)
        restored = await ids(probe)

    (item,) = page["items"]
    assert (item["text"], item["edited"]) == ("яма, уже две", NOW + 60)
    assert (without, restored) == ([], [post.id])


async def test_comments_come_by_levels_with_the_beginning_of_their_threads() -> None:
    world = small_world()
    post = world.add_post(WALL, "Нет воды")
    first = world.add_comment(WALL, post.id, "и у нас", from_id=11)
    reply = world.add_comment(WALL, post.id, "где?", from_id=12, reply_to=first.id)
    deeper = world.add_comment(WALL, post.id, "на Садовой", from_id=11, reply_to=reply.id)
    second = world.add_comment(WALL, post.id, "у нас есть", from_id=13)
    place = {"owner_id": WALL, "post_id": post.id}

    async with probing(world) as probe:
        level = await probe.get("wall.getComments", thread_items_count=1, extended=1, **place)
        thread = await probe.get("wall.getComments", comment_id=first.id, **place)
        newest = await probe.get("wall.getComments", sort="desc", count=1, **place)
        later = await probe.get("wall.getComments", start_comment_id=second.id, **place)

    assert (level["count"], level["current_level_count"]) == (4, 2)
    assert [item["id"] for item in level["items"]] == [first.id, second.id]
    assert level["items"][0]["thread"]["count"] == 2
    assert [item["id"] for item in level["items"][0]["thread"]["items"]] == [reply.id]
    assert [profile["id"] for profile in level["profiles"]] == [11, 13]
    assert [item["id"] for item in thread["items"]] == [reply.id, deeper.id]
    assert thread["items"][1]["parents_stack"] == [first.id]
    assert thread["items"][1]["reply_to_comment"] == reply.id
    assert thread["items"][1]["reply_to_user"] == 12
    assert [item["id"] for item in newest["items"]] == [second.id]
    assert [item["id"] for item in later["items"]] == [second.id]


async def test_comments_are_cut_unless_asked_not_to() -> None:
    world = small_world()
    post = world.add_post(WALL, "Нет воды")
    world.add_comment(WALL, post.id, "ж" * 200, from_id=11)

    async with probing(world) as probe:
        cut = await probe.get("wall.getComments", owner_id=WALL, post_id=post.id)
        full = await probe.get("wall.getComments", owner_id=WALL, post_id=post.id, preview_length=0)

    assert cut["items"][0]["text"] == "ж" * 90 + "..."
    assert full["items"][0]["text"] == "ж" * 200


async def test_a_deleted_comment_stays_as_a_stub_while_replies_hang_on_it() -> None:
    world = small_world()
    post = world.add_post(WALL, "Нет воды")
    root = world.add_comment(WALL, post.id, "сгоряча", from_id=11)
    reply = world.add_comment(WALL, post.id, "полегче", from_id=12, reply_to=root.id)
    bare = world.add_comment(WALL, post.id, "наклейка", from_id=13, bare=True)
    place = {"owner_id": WALL, "post_id": post.id, "thread_items_count": 10}

    world.delete_comment(WALL, post.id, root.id)
    async with probing(world) as probe:
        stub = (await probe.get("wall.getComments", **place))["items"]
        world.delete_comment(WALL, post.id, reply.id)
        after = (await probe.get("wall.getComments", **place))["items"]

    assert stub[0].keys() == {"id", "deleted", "thread"}
    assert stub[0]["thread"]["items"][0]["text"] == "полегче"
    assert stub[1].keys() == {"id", "date", "thread"}
    assert [item["id"] for item in after] == [bare.id]


@pytest.mark.parametrize("code", [15, 18, 19, 30, 203])
async def test_a_closed_or_deleted_wall_answers_its_code_everywhere(code: int) -> None:
    world = small_world()
    post = world.add_post(WALL, "тайное")
    world.wall(WALL).refusal = code

    async with probing(world) as probe:
        assert await probe.code("wall.get", owner_id=WALL) == code
        assert await probe.code("wall.getComments", owner_id=WALL, post_id=post.id) == code
        assert await probe.code("board.getTopics", group_id=-WALL) == code
        hidden = await probe.get("wall.getById", posts=f"{WALL}_{post.id}")

    assert hidden == {"items": []}


async def test_words_are_found_on_one_wall() -> None:
    world = small_world()
    post = world.add_post(WALL, "Яма на Садовой")
    world.add_post(WALL, "Яма на Минской")

    async with probing(world) as probe:
        found = await probe.get("wall.search", owner_id=WALL, query="яма садов")

    assert [item["id"] for item in found["items"]] == [post.id]
