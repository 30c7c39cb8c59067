"""A discussion board is read from the fake network over loopback."""

import pytest
from fakes.vk_data import Topic
from vk_reading import OWNER, SECRET, Connection, Shelf, connected, read

from connectors.base import Action, ApiError, SourceError
from connectors.vk.boards import Board


async def look(there: Connection, shelf: Shelf) -> int:
    return await read(Board(there.api, group_id=-OWNER), shelf, there.clock.now)


def old_topic(there: Connection, title: str, comments: int, *, days: int) -> Topic:
    """Open a topic long ago, with comments from those days."""
    topic = there.world.add_topic(OWNER, title, "Пишите сюда", from_id=101)
    for number in range(comments):
        there.world.add_board_comment(OWNER, topic.id, f"Давно {number}", from_id=102)
    topic.created -= days * 86400
    for comment in topic.comments:
        comment.date -= days * 86400
    return topic


async def test_a_new_topic_comes_with_its_title_and_all_its_comments() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        topic = world.add_topic(OWNER, "Дороги", "Где ямы?", from_id=101)
        for number in range(250):
            world.add_board_comment(OWNER, topic.id, f"Улица {number}", from_id=1000 + number)

        await look(there, shelf)

        name = f"{OWNER}_t{topic.id}"
        first = topic.comments[0]
        assert len(shelf.living()) == 252
        assert shelf.living()[name] == "Дороги"
        assert shelf.living()[f"{name}_r{first.id}"] == "Где ямы?"
        comment = next(one for one in shelf.delivered if one.text == "Улица 9")
        assert comment.root_id == name
        assert comment.author_id == "1009"
        assert comment.url.startswith(f"https://vk.com/topic{OWNER}_{topic.id}?post=")


async def test_of_an_old_topic_only_what_is_new_is_read() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        old_topic(there, "Забытое", 20, days=100)
        topic = old_topic(there, "Вопросы главе", 300, days=50)
        world.add_board_comment(OWNER, topic.id, "Когда дадут тепло?", from_id=103)

        await look(there, shelf)
        assert list(shelf.living().values()) == ["Когда дадут тепло?"]

        clock.forward(hours=1)
        world.log.clear()
        world.add_board_comment(OWNER, topic.id, "И воду?", from_id=104)
        await look(there, shelf)
        assert list(shelf.living().values()) == ["Когда дадут тепло?", "И воду?"]
        assert world.log.count("board.getComments") == 1


async def test_a_board_where_nothing_happens_costs_one_call() -> None:
    async with connected() as there:
        clock, shelf = there.clock, Shelf()
        for number in range(150):
            old_topic(there, f"Тема {number}", 1, days=10 + number)
        there.world.add_topic(OWNER, "Новая", "Здесь", from_id=101)
        await look(there, shelf)
        there.world.log.clear()

        clock.forward(hours=1)
        await look(there, shelf)

        assert [call.method for call in there.world.log] == ["board.getTopics"]


async def test_fixed_topics_end_no_reading() -> None:
    async with connected() as there:
        shelf = Shelf()
        for number in range(110):
            old_topic(there, f"Правила {number}", 1, days=300).fixed = True
        there.world.add_topic(OWNER, "Яма", "У школы", from_id=101)

        await look(there, shelf)

        assert set(shelf.living().values()) == {"Яма", "У школы"}


async def test_nothing_is_missed_after_days_without_a_reading() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        topic = world.add_topic(OWNER, "Дороги", "Где ямы?", from_id=101)
        await look(there, shelf)
        for day in range(12):
            clock.forward(days=1)
            world.add_board_comment(OWNER, topic.id, f"День {day}", from_id=102)

        await look(there, shelf)

        assert {f"День {day}" for day in range(12)} <= set(shelf.living().values())


async def test_much_comes_in_pages_and_survives_an_error_and_short_pages() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        world.short_share = 0.5
        for number in range(12):
            topic = world.add_topic(OWNER, f"Тема {number}", "Начало", from_id=101)
            for other in range(60):
                world.add_board_comment(OWNER, topic.id, f"{number}.{other}", from_id=102)

        def die_in_the_middle(_method: str, _params: dict[str, str]) -> None:
            world.tokens[SECRET].refusals = (
                {"board.getComments": 29} if len(world.log) == 20 else {}
            )

        world.before_call = die_in_the_middle
        with pytest.raises(SourceError):
            await look(there, shelf)
        assert 0 < len(shelf.living()) < 12 * 62

        clock.forward(hours=1)
        await look(there, shelf)
        assert len(shelf.living()) == 12 * 62


async def test_a_topic_that_closes_in_between_does_not_stop_the_board() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        first = world.add_topic(OWNER, "Удалят", "Здесь", from_id=101)
        world.add_topic(OWNER, "Останется", "Там", from_id=101)

        def delete(method: str, _params: dict[str, str]) -> None:
            if method == "board.getComments":
                world.wall(OWNER).topics.pop(first.id, None)

        world.before_call = delete
        await look(there, shelf)

        assert set(shelf.living().values()) == {"Удалят", "Останется", "Там"}


async def test_a_closed_board_is_an_error() -> None:
    async with connected() as there:
        there.world.wall(OWNER).refusal = 15

        with pytest.raises(ApiError) as caught:
            await look(there, Shelf())

        assert caught.value.action is Action.CLOSED


@pytest.mark.parametrize("cursor", [{"topics": {"x": [1, 2]}}, {"todo": [1]}, {"full": "1"}])
async def test_a_damaged_cursor_is_named(cursor: dict[str, object]) -> None:
    async with connected() as there:
        with pytest.raises(SourceError, match="закладка обсуждений повреждена"):
            await Board(there.api, group_id=-OWNER).fetch(cursor, now=there.clock.now)
