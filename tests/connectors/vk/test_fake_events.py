"""The fake VKontakte: Long Poll with its failures, Callback with its repeats."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import requests
import vk_api
from aiohttp import web
from fakes.server import FakeServer
from fakes.vk_callback import PATIENCE, CallbackSender
from fakes.vk_probe import WALL, Probe, probing, small_world
from fakes.vk_world import VkWorld
from requests.adapters import HTTPAdapter
from vk_api.bot_longpoll import VkBotLongPoll


async def ask(probe: Probe, server: dict[str, str], *, wait: int = 0) -> Any:
    params = {"act": "a_check", "key": server["key"], "ts": server["ts"], "wait": str(wait)}
    async with probe.session.get(server["server"], params=params) as answer:
        return await answer.json()


async def test_everything_that_happens_becomes_an_event() -> None:
    world = small_world()
    post = world.add_post(WALL, "яма", from_id=7)
    comment = world.add_comment(WALL, post.id, "ой", from_id=8)
    world.edit_comment(WALL, post.id, comment.id, "ай")
    world.delete_comment(WALL, post.id, comment.id)
    world.restore_comment(WALL, post.id, comment.id)
    world.add_topic(WALL, "Вода", "Пишите", from_id=7)

    events = world.wall(WALL).events

    assert [event["type"] for event in events] == [
        "wall_post_new",
        "wall_reply_new",
        "wall_reply_edit",
        "wall_reply_delete",
        "wall_reply_restore",
        "board_post_new",
    ]
    assert {(event["group_id"], event["v"]) for event in events} == {(-WALL, "5.199")}
    assert len({event["event_id"] for event in events}) == 6
    assert events[1]["object"]["text"] == "ой"
    assert (events[1]["object"]["post_id"], events[1]["object"]["post_owner_id"]) == (post.id, WALL)
    assert events[3]["object"]["user_id"] == 8


async def test_events_can_be_spelt_as_recordings_spell_them() -> None:
    world = small_world()
    world.recorded_spelling = True
    post = world.add_post(WALL, "яма", from_id=7)
    comment = world.add_comment(WALL, post.id, "ой", from_id=8)
    world.delete_comment(WALL, post.id, comment.id)

    _, new, deletion = (event["object"] for event in world.wall(WALL).events)

    assert "owner_id" not in new
    assert new["post_owner_id"] == WALL
    assert deletion["deleter_id"] == 8
    assert "user_id" not in deletion


async def test_long_poll_gives_what_happened_since_and_waits_for_more() -> None:
    world = small_world()
    world.add_post(WALL, "до начала")

    async with probing(world) as probe:
        server = await probe.get("groups.getLongPollServer", group_id=-WALL)
        nothing = await ask(probe, server)
        waiting = asyncio.create_task(ask(probe, server, wait=25))
        await asyncio.sleep(0)
        world.add_post(WALL, "яма")
        news = await waiting
        after = await ask(probe, server | {"ts": news["ts"]})

    assert nothing == {"ts": server["ts"], "updates": []}
    assert [event["object"]["text"] for event in news["updates"]] == ["яма"]
    assert after == {"ts": news["ts"], "updates": []}


async def test_long_poll_fails_in_three_ways() -> None:
    world = small_world()
    wall = world.wall(WALL)

    async with probing(world) as probe:
        server = await probe.get("groups.getLongPollServer", group_id=-WALL)
        world.add_post(WALL, "забытое")
        wall.forget_events()
        forgotten = await ask(probe, server)
        server["ts"] = str(forgotten["ts"])
        world.add_post(WALL, "дождётся")
        wall.long_poll.expire_key()
        expired = await ask(probe, server)
        renewed = await probe.get("groups.getLongPollServer", group_id=-WALL)
        kept = await ask(probe, renewed | {"ts": server["ts"]})
        world.add_post(WALL, "пропадёт")
        wall.restart_long_poll()
        restarted = await ask(probe, renewed)
        anew = await ask(probe, await probe.get("groups.getLongPollServer", group_id=-WALL))

    assert forgotten == {"failed": 1, "ts": 1}
    assert expired == {"failed": 2}
    assert [event["object"]["text"] for event in kept["updates"]] == ["дождётся"]
    assert restarted == {"failed": 3}
    assert anew == {"ts": "3", "updates": []}


class Redirected(HTTPAdapter):
    """Leads the library's fixed address to the fake."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        assert request.url is not None
        request.url = request.url.replace("https://api.vk.ru", self.url)
        return super().send(request, *args, **kwargs)


async def test_the_library_that_publishes_gets_on_with_the_fake() -> None:
    world = small_world()
    world.longest_wait = 0.1
    post = world.add_post(WALL, "яма", from_id=7)

    def publish_and_listen(url: str) -> tuple[Any, list[str]]:
        with requests.Session() as session:
            session.mount("https://api.vk.ru", Redirected(url))
            api = vk_api.VkApi(
                token="group",
                session=session,
                api_version="5.199",
                config=vk_api.vk_api.jconfig.MemoryConfig,
            )
            listener = VkBotLongPoll(api, -WALL)
            made = api.method(
                "wall.createComment", {"owner_id": WALL, "post_id": post.id, "message": "чиним"}
            )
            try:
                return made, [event.type.value for event in listener.check()]
            finally:
                listener.session.close()

    async with probing(world) as probe:
        made, events = await asyncio.to_thread(publish_and_listen, probe.url)

    assert post.comments[made["comment_id"]].text == "чиним"
    assert events == ["wall_reply_new"]


class Receiver:
    """A server of ours: answers what ``answers`` say, then ok; keeps what it was sent."""

    def __init__(self, answers: list[tuple[int, str]]) -> None:
        self.answers = answers
        self.got: list[Any] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(json.loads(await request.text()))
        if self.got[-1]["type"] == "confirmation":
            return web.Response(text="c0de1f")
        status, text = self.answers.pop(0) if self.answers else (200, "ok")
        return web.Response(status=status, text=text)


@asynccontextmanager
async def receiving(receiver: Receiver, world: VkWorld) -> AsyncIterator[CallbackSender]:
    app = web.Application()
    app.router.add_post("/vk", receiver.take)

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    async with FakeServer(app) as server:
        yield CallbackSender(world, WALL, f"{server.url}/vk", sleep=at_once)


async def test_callback_confirms_and_sends_each_event_until_it_is_taken() -> None:
    world = small_world()
    receiver = Receiver([(500, "ok"), (200, "потом"), (200, "ok\n")])
    post = world.add_post(WALL, "яма", from_id=7)
    world.add_comment(WALL, post.id, "ой", from_id=8)

    async with receiving(receiver, world) as sender:
        confirmed = await sender.confirm()
        taken = await sender.deliver()
        again = await sender.repeat(receiver.got[-1]["event_id"])

    kinds = [event["type"] for event in receiver.got]
    assert confirmed
    assert taken == 2
    assert kinds == ["confirmation", *["wall_post_new"] * 3, *["wall_reply_new"] * 2]
    assert receiver.got[-1] == receiver.got[-2]
    assert again.accepted
    assert {event["secret"] for event in receiver.got} == {"callback-secret"}
    assert receiver.got[0]["group_id"] == -WALL


@pytest.mark.parametrize(("secret", "sent"), [("чужой", "чужой"), ("", None)])
async def test_callback_can_come_with_a_wrong_secret_or_none(secret: str, sent: str | None) -> None:
    world = small_world()
    receiver = Receiver([])
    world.add_post(WALL, "яма", from_id=7)

    async with receiving(receiver, world) as sender:
        sender.secret = secret
        await sender.deliver()

    assert [event.get("secret") for event in receiver.got] == [sent]


async def test_callback_gives_up_on_a_server_that_takes_nothing_until_told() -> None:
    world = small_world()
    receiver = Receiver([(502, "Bad Gateway")] * PATIENCE)
    world.add_post(WALL, "яма", from_id=7)

    async with receiving(receiver, world) as sender:
        assert await sender.deliver() == 0
        assert sender.suspended
        assert len(receiver.got) == PATIENCE
        assert await sender.deliver() == 0
        sender.suspended = False
        assert await sender.deliver() == 1


async def test_callback_notes_a_server_that_is_not_there() -> None:
    world = small_world()
    world.add_post(WALL, "яма", from_id=7)
    sender = CallbackSender(world, WALL, "http://127.0.0.1:9/vk", sleep=asyncio.sleep, pause=0)

    await sender.deliver()

    assert [delivery.status for delivery in sender.deliveries] == [0] * PATIENCE
