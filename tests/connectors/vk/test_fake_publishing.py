"""The fake VKontakte: what wall.createComment takes, repeats and refuses."""

from fakes.vk_probe import NOW, WALL, Hand, probing, small_world

OTHER = -990000202


async def test_the_same_guid_publishes_once() -> None:
    world = small_world()
    post = world.add_post(WALL, "Нет воды", from_id=7)
    asked: dict[str, object] = {
        "owner_id": WALL,
        "post_id": post.id,
        "message": "Разберёмся",
    }

    async with probing(world) as probe:
        group = probe.by("group")
        once = await group.get("wall.createComment", guid="k1", **asked)
        again = await group.get("wall.createComment", guid="k1", **asked)
        other = await group.get("wall.createComment", guid="k2", **asked)
        blind = await group.get("wall.createComment", **asked)

    assert once == again
    assert len({once["comment_id"], other["comment_id"], blind["comment_id"]}) == 3
    assert [comment.from_id for comment in post.comments.values()] == [WALL] * 3


async def test_an_answer_goes_below_the_comment_in_the_community_s_name() -> None:
    world = small_world()
    post = world.add_post(WALL, "Нет воды", from_id=7)
    root = world.add_comment(WALL, post.id, "и у нас", from_id=8)
    reply = world.add_comment(WALL, post.id, "и у нас тоже", from_id=9, reply_to=root.id)

    async with probing(world) as probe:
        made = await probe.get(
            "wall.createComment",
            owner_id=WALL,
            post_id=post.id,
            message="Приняли",
            from_group=-WALL,
            reply_to_comment=reply.id,
        )

    answer = post.comments[made["comment_id"]]
    assert (answer.from_id, answer.root, answer.reply_to) == (WALL, root.id, reply.id)
    assert made["parents_stack"] == [root.id]


async def test_refusals_of_a_comment() -> None:
    world = small_world()
    world.add_wall(OTHER, "Чужое", "chuzhoe")
    theirs = world.add_post(OTHER, "чужая запись")
    post, closed, unreadable = (world.add_post(WALL, text) for text in ("а", "б", "в"))
    world.close_comments(WALL, closed.id)
    world.close_comments(WALL, unreadable.id, unreadable=True)
    world.comment_limit = 10

    async with probing(world) as probe:

        async def code(owner: int, number: int, message: str = "ответ", **more: object) -> int:
            return await probe.by("group").code(
                "wall.createComment",
                owner_id=owner,
                post_id=number,
                message=message,
                **more,
            )

        assert await code(WALL, closed.id) == 213
        assert await code(WALL, unreadable.id) == 212
        assert await code(WALL, post.id, "") == 100
        assert await code(WALL, post.id, "ж" * 11) == 100
        assert await code(WALL, post.id, reply_to_comment=777) == 100
        assert await code(WALL, 777) == 15
        assert await code(OTHER, theirs.id) == 15
        world.wall(WALL).links_forbidden = True
        assert await code(WALL, post.id, "http://ы") == 222
        post.write_refusal = 223
        assert await code(WALL, post.id) == 223
        readable = await probe.get("wall.getComments", owner_id=WALL, post_id=closed.id)
        assert await probe.code("wall.getComments", owner_id=WALL, post_id=unreadable.id) == 212

    assert readable["can_post"] is False
    assert post.comments == {}


async def test_too_many_comments_are_a_flood_for_a_while() -> None:
    clock = Hand()
    world = small_world(clock)
    post = world.add_post(WALL, "Нет воды")
    world.flood_limit = 2
    asked: dict[str, object] = {"owner_id": WALL, "post_id": post.id}

    async with probing(world) as probe:
        group = probe.by("group")
        codes = [await group.code("wall.createComment", message=f"{n}", **asked) for n in range(3)]
        clock.at += world.flood_seconds
        codes.append(await group.code("wall.createComment", message="позже", **asked))

    assert codes == [0, 0, 9, 0]


async def test_the_same_text_can_be_a_flood_too() -> None:
    world = small_world()
    world.duplicate_seconds = 600
    post = world.add_post(WALL, "Нет воды")
    asked: dict[str, object] = {"owner_id": WALL, "post_id": post.id, "message": "да"}

    async with probing(world) as probe:
        assert [await probe.code("wall.createComment", **asked) for _ in range(2)] == [0, 9]


async def test_an_error_may_come_although_the_comment_was_published() -> None:
    world = small_world()
    post = world.add_post(WALL, "Нет воды")
    world.api_faults.planned = [(10, True), (10, False)]
    asked: dict[str, object] = {"owner_id": WALL, "post_id": post.id, "guid": "k"}

    async with probing(world) as probe:
        first = await probe.code("wall.createComment", message="раз", **asked)
        second = await probe.code("wall.createComment", message="раз", **asked)
        third = await probe.get("wall.createComment", message="раз", **asked)

    assert (first, second) == (10, 10)
    assert list(post.comments) == [third["comment_id"]]
    assert world.post(WALL, post.id).comments[third["comment_id"]].date == NOW
