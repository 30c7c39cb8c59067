"""Short pages, lists that move, too large answers, errors in between, damaged cursors."""

import pytest
from vk_reading import NOON, OWNER, Shelf, connected, look, read, standing, wall

from connectors.base import SourceError
from connectors.vk.walls import Wall
from connectors.vk.watch import Watch


async def test_a_short_page_is_not_the_end() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        world.page_cap = {"wall.get": 7, "wall.getComments": 2}
        world.short_share = 0.5
        for number in range(60):
            post = world.add_post(OWNER, f"Новость {number}", hidden=number % 9 == 0)
            for other in range(number % 4):
                world.add_comment(OWNER, post.id, f"Мнение {other}", from_id=100 + other)

        await look(there, shelf)

        hidden = {str(post.id) for post in world.wall(OWNER).posts.values() if post.hidden}
        seen = {
            key: text for key, text in standing(world).items() if key.split("_")[1] not in hidden
        }
        assert shelf.living() == seen


async def test_what_moves_between_two_pages_is_not_missed() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        posts = [world.add_post(OWNER, f"Новость {number}") for number in range(230)]

        def deleted_between(method: str, params: dict[str, str]) -> None:
            if method == "wall.get" and params["offset"] != "0" and not posts[-1].deleted:
                for post in posts[-20:]:
                    post.deleted = True
                world.add_post(OWNER, "Только что")

        world.before_call = deleted_between
        await look(there, shelf)

        assert {f"Новость {number}" for number in range(210)} <= set(shelf.living().values())


async def test_an_answer_that_is_too_large_is_halved() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        world.answer_limit = 60_000
        for number in range(40):
            world.add_post(OWNER, f"{number} " + "длинно " * 500)

        await look(there, shelf)

        assert shelf.living() == standing(world)
        assert world.log.count("wall.get", code=13) == 4  # 100, 50, 25 and 12 posts were too many


async def test_much_at_once_comes_in_pages_and_a_new_process_begins_the_page_anew() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        post = world.add_post(OWNER, "Опрос: где ямы?")
        for number in range(700):
            world.add_comment(OWNER, post.id, f"Улица {number}", from_id=1000 + number)
        now = there.clock.now
        reader = wall(there, shelf)
        page = await reader.fetch({}, now=now)
        shelf.take(page, now)
        assert (len(page.posts), page.more) == (300, True)

        # The process dies here; another one goes on with the cursor that was stored.
        pages = await read(wall(there, shelf), shelf, now)

        assert pages == 3
        assert shelf.living() == standing(world)
        assert "delivery" not in shelf.cursor


async def test_what_was_read_before_an_error_is_kept_and_the_error_comes_next() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        for number in range(3):
            post = world.add_post(OWNER, f"Новость {number}")
            world.add_comment(OWNER, post.id, f"Мнение {number}", from_id=101)

        def die_at_the_second_thread(_method: str, _params: dict[str, str]) -> None:
            if world.log.count("wall.getComments") == 1:
                world.tokens["reader-token"].dead = 5

        world.before_call = die_at_the_second_thread
        now = there.clock.now
        page = await wall(there, shelf).fetch({}, now=now)
        shelf.take(page, now)

        assert page.more
        assert len(shelf.living()) == 4
        with pytest.raises(SourceError):
            await wall(there, shelf).fetch(shelf.cursor, now=now)


async def test_the_cursor_of_a_busy_week_stays_small() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        for _ in range(7 * 8):
            clock.forward(hours=3)
            post = world.add_post(OWNER, "Новость")
            world.add_comment(OWNER, post.id, "Мнение", from_id=101)
            await look(there, shelf)

        assert len(str(shelf.cursor)) < 4000


@pytest.mark.parametrize(
    "cursor",
    [
        {"posts": []},
        {"posts": {"x": [1]}},
        {"posts": {"1": []}},
        {"posts": {"1": [[1]]}},
        {"full": -1},
        {"todo": {"1": "2"}},
    ],
)
async def test_a_damaged_cursor_is_named(cursor: dict[str, object]) -> None:
    async with connected() as there:
        with pytest.raises(SourceError, match="закладка стены повреждена"):
            await wall(there, Shelf()).fetch(cursor, now=there.clock.now)


async def test_a_post_that_cannot_be_read_costs_no_other() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        odd = world.add_post(OWNER, "Странная")
        world.add_post(OWNER, "Обычная")
        odd.date = -5

        await look(there, shelf)
        there.clock.forward(minutes=15)
        await look(there, shelf)

        assert list(shelf.living().values()) == ["Обычная"]
        assert "запись 2 на странице" in shelf.rejected[0].what
        assert '"date":-5' in shelf.rejected[0].payload


async def test_an_error_of_the_token_within_a_thread_is_raised() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        post = world.add_post(OWNER, "Опрос")
        first = world.add_comment(OWNER, post.id, "Где ямы?", from_id=101)
        for number in range(30):
            world.add_comment(OWNER, post.id, f"У {number}", from_id=102, reply_to=first.id)

        def refuse(_method: str, params: dict[str, str]) -> None:
            if "comment_id" in params:
                world.tokens["reader-token"].dead = 5

        world.before_call = refuse
        with pytest.raises(SourceError, match="ключ доступа не действует"):
            await look(there, shelf)

        assert list(shelf.living().values()) == ["Опрос"]


async def test_a_list_that_leads_in_circles_is_named() -> None:
    class Circles:
        """Sends new posts for ever, as no wall can hold."""

        def __init__(self) -> None:
            self.number = 10**9

        async def call(self, _method: str, _params: object) -> object:
            self.number -= 4
            posts = [{"id": self.number + one, "date": 1794985100} for one in (3, 2, 1, 0)]
            return {"count": 10**9, "items": posts}

    api = Circles()
    reader = Wall(api, Watch(api), owner_id=OWNER)

    with pytest.raises(SourceError, match="ходит по кругу"):
        await reader.fetch({}, now=NOON)
