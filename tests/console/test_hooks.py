"""Events that networks push: checked, kept once, answered at once."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
import sqlalchemy as sa
import uvicorn
from console.builders import Clock, make_calendar, make_region
from fakes.vk_callback import CallbackSender
from fakes.vk_world import VkWorld
from pydantic import SecretStr
from sqlmodel import select

from models.inbox import Event
from models.vocabulary import Network
from pipeline.console.app import create_app
from pipeline.database import reading
from pipeline.region.schema import Live, Source, SourceKind

GROUP = -990000201
VK = Source(
    key=f"vk:{GROUP}",
    kind=SourceKind.VK_WALL,
    network=Network.VK,
    title="Сообщество",
    communities={str(GROUP): None},
    live=Live(events="callback", secret="vk-callback", confirmation="a1b2c3d4"),
)
MAX = Source(
    key="max",
    kind=SourceKind.MAX_BOT,
    network=Network.MAX,
    title="Канал",
    live=Live(events="webhook", secret="max-hook"),
)
TELEGRAM = replace(
    MAX, key="tg", kind=SourceKind.TELEGRAM_BOT, network=Network.TELEGRAM, title="Чат"
)
SILENT = replace(VK, key="vk-silent:1", live=Live())
SECRETS = {"vk-callback": SecretStr("слово-пароль"), "max-hook": SecretStr("hook-secret")}


@pytest.fixture
async def console(engine: sa.Engine) -> AsyncIterator[str]:
    region = replace(make_region(), sources=(VK, MAX, TELEGRAM, SILENT))
    app = create_app(
        engine=engine,
        region=region,
        calendar=make_calendar(region),
        clock=Clock(),
        secret=SECRETS.get,
    )
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving
    listening.close()


@pytest.fixture
def world() -> VkWorld:
    world = VkWorld()
    world.add_wall(GROUP, "Район", "rayon")
    world.wall(GROUP).secret = "слово-пароль"  # noqa: S105 - for tests only
    world.wall(GROUP).confirmation = "a1b2c3d4"
    return world


def kept(engine: sa.Engine) -> list[Event]:
    with reading(engine) as session:
        return list(session.exec(select(Event).order_by(sa.text("id"))).all())


async def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def test_vkontakte_confirms_and_delivers_once(
    engine: sa.Engine, console: str, world: VkWorld
) -> None:
    # Given a community whose server is the console
    sender = CallbackSender(world, GROUP, f"{console}/hooks/vk:{GROUP}")
    assert await sender.confirm()
    # When something happens there, and one event is sent again
    first = world.add_post(GROUP, "На Минской яма")
    world.add_comment(GROUP, first.id, "И у нас", from_id=101)
    assert await sender.deliver() == 2
    await sender.repeat(world.wall(GROUP).events[0]["event_id"])
    # Then each event is kept once, without the secret
    events = kept(engine)
    assert [event.payload["type"] for event in events] == ["wall_post_new", "wall_reply_new"]
    assert all("secret" not in event.payload for event in events)
    assert {event.source_key for event in events} == {VK.key}


async def test_a_wrong_secret_is_refused_and_noted_without_detail(
    engine: sa.Engine, console: str, world: VkWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.add_post(GROUP, "На Минской яма")
    sender = CallbackSender(
        world, GROUP, f"{console}/hooks/vk:{GROUP}", secret="чужое", pause=0, sleep=asyncio.sleep
    )

    with caplog.at_level(logging.WARNING):
        await sender.deliver()

    assert sender.suspended
    assert {(one.status, one.body) for one in sender.deliveries} == {(403, "")}
    assert kept(engine) == []
    assert "событие с неверным секретом для источника" in caplog.text
    assert "чужое" not in caplog.text
    assert "слово-пароль" not in caplog.text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("vk:0", b'{"type": "wall_post_new", "secret": "x"}', 403),
        ("vk-silent:1", b'{"type": "wall_post_new", "secret": ""}', 403),
        (f"vk:{GROUP}", b'{"type": "wall_post_new"}', 403),
        (f"vk:{GROUP}", b'{"type": "wall_post_new", "secret": null}', 403),
        (f"vk:{GROUP}", b'{"type": "confirmation", "group_id": 5}', 403),
        (f"vk:{GROUP}", b"[]", 403),
        (f"vk:{GROUP}", b"{", 400),
        (f"vk:{GROUP}", b"\xff", 400),
        (f"vk:{GROUP}", b"[" * 10_000, 400),
        ("max", b"{}", 403),
        ("tg", b"{}", 403),
    ],
)
async def test_what_is_no_event_of_ours_is_refused(
    engine: sa.Engine, console: str, path: str, body: bytes, status: int
) -> None:
    assert (await post(f"{console}/hooks/{path}", body))[0] == status
    assert kept(engine) == []


@pytest.mark.parametrize(
    ("path", "header", "body"),
    [
        (
            "max",
            "X-Max-Bot-Api-Secret",
            (
                b'{"update_type": "message_removed", "timestamp": 1795000000000,'
                b' "message_id": "m1", "chat_id": 5, "user_id": 6}'
            ),
        ),
        ("tg", "X-Telegram-Bot-Api-Secret-Token", b'{"update_id": 17, "message": {}}'),
    ],
)
async def test_messengers_send_their_secret_in_a_header(
    engine: sa.Engine, console: str, path: str, header: str, body: bytes
) -> None:
    url = f"{console}/hooks/{path}"
    assert (await post(url, body, {header: "wrong"}))[0] == 403
    for _ in range(2):
        assert (await post(url, body, {header: "hook-secret"}))[0] == 200
    assert [event.source_key for event in kept(engine)] == [path]
