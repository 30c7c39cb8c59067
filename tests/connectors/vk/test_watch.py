"""What many walls ask for goes out in common calls."""

import asyncio

import pytest
from fakes.vk_limits import ApiFaults
from vk_reading import OWNER, SECRET, connected

from connectors.base import ApiError
from connectors.vk.watch import Watch


async def test_concurrent_readers_share_calls_of_a_hundred() -> None:
    async with connected() as there:
        world = there.world
        ids: list[list[str]] = []
        for owner in range(-30, 0):
            world.add_wall(owner, "Посёлок", f"club{-owner}")
            posts = [world.add_post(owner, f"Новость {number}") for number in range(7)]
            ids.append([f"{owner}_{post.id}" for post in posts])
        watch = Watch(there.api, linger=0.01)

        answers = await asyncio.gather(*(watch.look(some) for some in ids))

        assert [list(answer) for answer in answers] == ids
        sizes = [len(call.params["posts"].split(",")) for call in world.log]
        assert sorted(sizes) == [10, 100, 100]


async def test_a_post_tells_its_text_and_the_number_of_its_comments() -> None:
    async with connected() as there:
        world = there.world
        post = world.add_post(OWNER, "Ремонт")
        world.add_comment(OWNER, post.id, "Давно пора", from_id=101)
        name, gone = f"{OWNER}_{post.id}", f"{OWNER}_999"

        found = await Watch(there.api, linger=0).look([name, gone])

        shown = found[name]
        assert shown is not None
        assert (shown.post.text, shown.comments) == ("Ремонт", 1)
        assert found[gone] is None


async def test_two_readers_of_one_post_cost_one_place_in_the_call() -> None:
    async with connected() as there:
        post = there.world.add_post(OWNER, "Ремонт")
        watch = Watch(there.api, linger=0.01)
        name = f"{OWNER}_{post.id}"

        one, other = await asyncio.gather(watch.look([name]), watch.look([name]))

        assert one == other
        assert [call.params["posts"] for call in there.world.log] == [name]


async def test_a_server_that_takes_fewer_ids_deletes_nothing() -> None:
    async with connected() as there:
        posts = [there.world.add_post(OWNER, "Новость") for _ in range(250)]
        names = [f"{OWNER}_{post.id}" for post in posts]

        found = await Watch(there.api, linger=0, batch=250).look(names)

        assert all(found[name] is not None for name in names)
        assert len(there.world.log) == 3


async def test_an_answer_that_is_too_large_is_divided() -> None:
    async with connected() as there:
        there.world.answer_limit = 30_000
        posts = [there.world.add_post(OWNER, "длинно " * 300) for _ in range(40)]

        found = await Watch(there.api, linger=0).look([f"{OWNER}_{post.id}" for post in posts])

        assert None not in found.values()
        assert there.world.log.count("wall.getById", code=13) > 0


async def test_a_refusal_reaches_everybody_who_waits_and_the_next_look_is_free_of_it() -> None:
    async with connected() as there:
        post = there.world.add_post(OWNER, "Новость")
        there.world.tokens[SECRET].refusals = {"wall.getById": 1051}
        watch = Watch(there.api, linger=0.01)
        name = f"{OWNER}_{post.id}"

        answers = await asyncio.gather(
            watch.look([name]), watch.look([f"{OWNER}_77"]), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [ApiError, ApiError]

        there.world.tokens[SECRET].refusals = {}
        assert (await watch.look([name]))[name] is not None


async def test_one_wrong_id_is_found_out_and_spoils_no_other() -> None:
    async with connected() as there:
        posts = [there.world.add_post(OWNER, "Новость") for _ in range(5)]
        watch = Watch(there.api, linger=0.01)
        names = [f"{OWNER}_{post.id}" for post in posts]

        good, bad = await asyncio.gather(
            watch.look(names), watch.look(["not-a-post"]), return_exceptions=True
        )

        assert isinstance(bad, ApiError)
        assert bad.code == 100
        assert isinstance(good, dict)
        assert None not in good.values()


async def test_a_post_that_cannot_be_read_is_neither_there_nor_deleted() -> None:
    async with connected() as there:
        odd = there.world.add_post(OWNER, "Странная")
        odd.date = -1
        plain = there.world.add_post(OWNER, "Обычная")
        names = [f"{OWNER}_{post.id}" for post in (odd, plain)]

        found = await Watch(there.api, linger=0).look([*names, f"{OWNER}_999"])

        assert set(found) == {names[1], f"{OWNER}_999"}


async def test_whoever_gives_up_waiting_takes_nothing_from_the_others() -> None:
    async with connected() as there:
        post = there.world.add_post(OWNER, "Новость")
        watch = Watch(there.api, linger=0.01)
        name = f"{OWNER}_{post.id}"
        hasty = asyncio.create_task(watch.look([name]))
        patient = asyncio.create_task(watch.look([name]))
        await asyncio.sleep(0)

        hasty.cancel()

        assert (await patient)[name] is not None
        with pytest.raises(asyncio.CancelledError):
            await hasty


async def test_a_mistake_of_the_transport_reaches_who_waits() -> None:
    class Broken:
        async def call(self, method: str, params: object) -> object:
            raise KeyError(method, params)

    with pytest.raises(KeyError):
        await Watch(Broken(), linger=0).look(["-1_1"])


async def test_nothing_to_look_at_costs_nothing() -> None:
    async with connected() as there:
        there.world.api_faults = ApiFaults(share=1.0)

        assert await Watch(there.api).look([]) == {}
        assert not there.world.log


async def test_whoever_waits_is_let_go_when_the_call_is_cancelled() -> None:
    class Slow:
        async def call(self, _method: str, _params: object) -> object:
            await asyncio.sleep(60)
            return {"items": []}

    watch = Watch(Slow(), linger=0)
    waiting = asyncio.create_task(watch.look(["-1_1"]))
    await asyncio.sleep(0.01)
    (call,) = watch._calls

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
