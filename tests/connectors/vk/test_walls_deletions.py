"""What is deleted, closed or unreadable on a wall, and what only seems to be."""

import pytest
from vk_reading import OWNER, Shelf, connected, look, standing

from connectors.base import Action, ApiError


async def test_other_threads_are_read_again_once_a_day() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Ремонт дороги")
        gone = world.add_comment(OWNER, post.id, "Спам", from_id=101)
        await look(there, shelf)
        world.delete_comment(OWNER, post.id, gone.id)
        world.add_comment(OWNER, post.id, "А Лесная?", from_id=102)  # as many as before

        for _ in range(3):
            clock.forward(hours=12)
            await look(there, shelf)

        assert shelf.living() == standing(world)


@pytest.mark.parametrize("full", [True, False])
async def test_a_deleted_post_is_buried_with_its_comments_at_the_second_miss(full: bool) -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Продам гараж")
        world.add_comment(OWNER, post.id, "Почём?", from_id=101)
        other = world.add_post(OWNER, "Куплю гараж")
        await look(there, shelf)
        world.delete_post(OWNER, post.id)

        clock.forward(minutes=15)
        await look(there, shelf, full=full)
        assert len(shelf.living()) == 3

        clock.forward(minutes=15)
        await look(there, shelf, full=full)
        assert shelf.living() == {f"{OWNER}_{other.id}": "Куплю гараж"}


async def test_a_post_that_comes_back_after_one_miss_was_never_deleted() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Продам гараж")
        for step in range(6):
            await look(there, shelf)
            clock.forward(minutes=15)
            post.hidden = step % 2 == 0

        assert not any(one.deleted for one in shelf.delivered)


async def test_a_wall_that_closes_deletes_nothing() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        world.add_post(OWNER, "Новость")
        await look(there, shelf)
        world.wall(OWNER).refusal = 15

        for _ in range(3):
            clock.forward(minutes=15)
            await look(there, shelf, full=False)
            with pytest.raises(ApiError) as caught:
                await look(there, shelf)
            assert caught.value.action is Action.CLOSED

        assert list(shelf.living().values()) == ["Новость"]


async def test_deleted_comments_are_buried_at_the_second_miss_and_stubs_at_once() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Ремонт дороги")
        plain = world.add_comment(OWNER, post.id, "Наконец-то", from_id=101)
        answered = world.add_comment(OWNER, post.id, "А Лесная?", from_id=102)
        reply = world.add_comment(OWNER, post.id, "И нам", from_id=103, reply_to=answered.id)
        await look(there, shelf)
        world.delete_comment(OWNER, post.id, plain.id)
        world.delete_comment(OWNER, post.id, answered.id)

        clock.forward(minutes=15)
        await look(there, shelf)
        assert set(shelf.living().values()) == {"Ремонт дороги", "Наконец-то", "И нам"}

        clock.forward(minutes=15)
        await look(there, shelf)
        assert shelf.living() == standing(world)
        assert f"{OWNER}_{post.id}_r{reply.id}" in shelf.living()

        world.log.clear()
        clock.forward(minutes=15)
        await look(there, shelf)
        assert world.log.count("wall.getComments") == 0


async def test_closed_comments_of_one_post_do_not_stop_the_wall_and_are_asked_for_daily() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        closed = world.add_post(OWNER, "Без обсуждения")
        world.add_comment(OWNER, closed.id, "Почему?", from_id=101)
        world.close_comments(OWNER, closed.id, unreadable=True)
        other = world.add_post(OWNER, "Обсуждаем")
        world.add_comment(OWNER, other.id, "Давно пора", from_id=102)

        for _ in range(5):
            await look(there, shelf)
            clock.forward(hours=1)
        assert set(shelf.living().values()) == {"Без обсуждения", "Обсуждаем", "Давно пора"}
        assert world.log.count("wall.getComments", code=212) == 1

        world.post(OWNER, closed.id).read_refusal = 0
        clock.forward(days=1)
        await look(there, shelf)
        assert "Почему?" in shelf.living().values()


async def test_a_post_that_is_sent_as_deleted_is_buried_at_once() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        world.marks_deleted = True
        post = world.add_post(OWNER, "Продам гараж")
        world.add_comment(OWNER, post.id, "Почём?", from_id=101)
        await look(there, shelf)
        world.delete_post(OWNER, post.id)

        clock.forward(minutes=15)
        await look(there, shelf, full=False)

        assert shelf.living() == {}


async def test_a_post_that_becomes_unreadable_is_not_taken_for_deleted() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Новость")
        await look(there, shelf)
        post.date = -1

        for _ in range(3):
            clock.forward(minutes=15)
            await look(there, shelf, full=False)

        assert list(shelf.living().values()) == ["Новость"]


async def test_a_comment_that_becomes_unreadable_is_not_taken_for_deleted() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Новость")
        odd = world.add_comment(OWNER, post.id, "Мнение", from_id=101)
        await look(there, shelf)
        odd.date = -1

        for number in range(3):
            world.add_comment(OWNER, post.id, f"Ещё {number}", from_id=102)
            clock.forward(minutes=15)
            await look(there, shelf)

        assert "Мнение" in shelf.living().values()
        assert "wall.getComments, запись 1 на странице" in shelf.rejected[0].what


async def test_a_thread_whose_first_comment_is_deleted_meanwhile_is_read_next_time() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Опрос")
        first = world.add_comment(OWNER, post.id, "Где ямы?", from_id=101)
        for number in range(30):
            world.add_comment(OWNER, post.id, f"У {number}", from_id=102, reply_to=first.id)
        left = dict(post.comments)

        def delete(_method: str, params: dict[str, str]) -> None:
            if "comment_id" in params:
                post.comments.clear()

        world.before_call = delete
        await look(there, shelf)
        assert len(shelf.living()) == 12

        world.before_call = None
        post.comments = left
        clock.forward(minutes=15)
        await look(there, shelf)
        assert shelf.living() == standing(world)


async def test_what_its_author_brings_back_is_there_again() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Продам гараж")
        other = world.add_post(OWNER, "Новость")
        comment = world.add_comment(OWNER, other.id, "Мнение", from_id=101)
        await look(there, shelf)
        world.delete_post(OWNER, post.id)
        world.delete_comment(OWNER, other.id, comment.id)
        for _ in range(2):
            clock.forward(minutes=15)
            await look(there, shelf)
        assert list(shelf.living().values()) == ["Новость"]

        world.restore_post(OWNER, post.id)
        world.restore_comment(OWNER, other.id, comment.id)
        clock.forward(minutes=15)
        await look(there, shelf)

        assert shelf.living() == standing(world)
