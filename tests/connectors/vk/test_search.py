"""Searching the fake network over loopback."""

import pytest
from vk_reading import OWNER, SECRET, Connection, Shelf, connected, read

from connectors.base import SourceError
from connectors.vk.search import Search

OTHER = -990000202


async def look(there: Connection, shelf: Shelf, *queries: str, skip: int = 0) -> int:
    search = Search(there.api, queries, skip=frozenset([skip] if skip else []))
    return await read(search, shelf, there.clock.now)


async def test_what_the_queries_find_is_delivered_once() -> None:
    async with connected() as there:
        there.world.add_post(OWNER, "На Лесной яма и нет света")
        there.world.add_post(OWNER, "На Лесной яма")
        there.world.add_post(OWNER, "Куплю гараж")
        shelf = Shelf()

        await look(there, shelf, "яма", "нет света")

        assert [post.text for post in shelf.delivered] == [
            "На Лесной яма",
            "На Лесной яма и нет света",
        ]


async def test_walls_that_are_read_anyway_are_left_out() -> None:
    async with connected() as there:
        there.world.add_wall(OTHER, "Подслушано", "pods")
        there.world.add_post(OWNER, "Яма у школы")
        there.world.add_post(OTHER, "Яма у больницы")
        shelf = Shelf()

        await look(there, shelf, "яма", skip=OWNER)

        assert list(shelf.living().values()) == ["Яма у больницы"]


async def test_the_next_search_begins_where_the_last_one_ended_with_an_overlap() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        await look(there, shelf, "яма")
        clock.forward(hours=1)
        world.add_post(OWNER, "Яма поздно найдена", date=int(clock()) - 2 * 3600)

        await look(there, shelf, "яма")

        assert list(shelf.living().values()) == ["Яма поздно найдена"]
        windows = [(call.params["start_time"], call.params["end_time"]) for call in world.log]
        first = int(clock()) - 3600
        assert windows == [
            (str(first - 48 * 3600), str(first)),
            (str(first - 3 * 3600), str(first + 3600)),
        ]


async def test_a_window_with_too_much_in_it_is_halved_until_everything_is_found() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        for number in range(2600):
            # Most of it within one hour, as when the light goes out.
            age = number % 3600 if number < 2200 else 3600 + number * 60
            world.add_post(OWNER, f"Нет света {number}", date=int(clock()) - age)

        pages = await look(there, shelf, "нет света")

        assert len(shelf.living()) == 2600
        assert pages > 3
        assert world.log.busiest_second(SECRET) <= 3
        assert not shelf.rejected


async def test_a_query_that_is_too_broad_for_a_minute_is_named() -> None:
    async with connected() as there:
        shelf = Shelf()
        for number in range(1300):
            there.world.add_post(OWNER, f"Нет света {number}", date=int(there.clock()) - 3600)

        await look(there, shelf, "света")

        assert len(shelf.living()) == 1000
        assert {one.what.partition(":")[0] for one in shelf.rejected} == {
            "ВКонтакте, поиск «света»"
        }


async def test_a_total_that_is_not_told_does_not_hide_that_there_is_more() -> None:
    class Silent:
        """Leaves total_count out, as older answers do."""

        def __init__(self, there: Connection) -> None:
            self.there = there

        async def call(self, method: str, params: dict[str, object]) -> object:
            answer = await self.there.api.call(method, params)
            assert isinstance(answer, dict)
            return {name: value for name, value in answer.items() if "count" not in name}

    async with connected() as there:
        shelf = Shelf()
        for number in range(1500):
            there.world.add_post(OWNER, f"Яма {number}", date=int(there.clock()) - number * 90)

        await read(Search(Silent(there), ["яма"]), shelf, there.clock.now)  # type: ignore[arg-type] # a dict is a Mapping

        assert len(shelf.living()) == 1500


async def test_short_pages_end_no_search() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        world.short_share = 0.7
        for number in range(500):
            world.add_post(OWNER, f"Яма {number}", date=int(there.clock()) - number * 60)

        await look(there, shelf, "яма")

        assert len(shelf.living()) == 500


async def test_comments_that_a_search_finds_keep_their_thread() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        world.search_replies = True
        post = world.add_post(OWNER, "Субботник")
        first = world.add_comment(OWNER, post.id, "А яма?", from_id=101)
        reply = world.add_comment(OWNER, post.id, "Яма там давно", from_id=102, reply_to=first.id)

        await look(there, shelf, "яма")

        post_id = f"{OWNER}_{post.id}"
        assert {(one.external_id, one.parent_id, one.root_id) for one in shelf.delivered} == {
            (f"{post_id}_r{first.id}", "", post_id),
            (f"{post_id}_r{reply.id}", f"{post_id}_r{first.id}", post_id),
        }


async def test_a_query_that_is_refused_costs_no_other() -> None:
    async with connected() as there:
        there.world.add_post(OWNER, "Яма у школы")
        shelf = Shelf()

        await look(there, shelf, "", "яма")

        assert list(shelf.living().values()) == ["Яма у школы"]
        assert "newsfeed.search: ошибка 100" in shelf.rejected[0].what


async def test_an_error_in_between_keeps_what_was_found_and_what_is_still_to_be_searched() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        world.add_post(OWNER, "Яма у школы")
        world.add_post(OWNER, "Нет света")
        world.tokens[SECRET].quotas = {"newsfeed.search": 1}

        with pytest.raises(SourceError):
            await look(there, shelf, "яма", "света")
        assert list(shelf.living().values()) == ["Яма у школы"]

        clock.forward(days=3)  # the first window is long past by now
        world.tokens[SECRET].quotas = {}
        await look(there, shelf, "яма", "света")
        assert set(shelf.living().values()) == {"Яма у школы", "Нет света"}


async def test_a_query_that_was_taken_out_is_searched_no_more() -> None:
    async with connected() as there:
        shelf = Shelf(
            cursor={"until": {"старое": 1}, "windows": [{"query": "старое", "start": 1, "end": 2}]}
        )

        await look(there, shelf, "яма")

        assert {call.params["q"] for call in there.world.log} == {"яма"}
        assert list(shelf.cursor["until"]) == ["яма"]  # type: ignore[call-overload] # JSON


@pytest.mark.parametrize(
    "cursor", [{"until": []}, {"windows": [{"query": "яма", "start": 1}]}, {"until": {"я": -1}}]
)
async def test_a_damaged_cursor_is_named(cursor: dict[str, object]) -> None:
    async with connected() as there:
        with pytest.raises(SourceError, match="закладка повреждена"):
            await Search(there.api, ["яма"]).fetch(cursor, now=there.clock.now)
