"""What a token may do, found out without publishing anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes.server import FakeServer, Fault, Faults
from fakes.vk import VkFake
from fakes.vk_calls import METHODS
from fakes.vk_limits import FakeToken, Kind
from fakes.vk_world import VkWorld
from pydantic import SecretStr
from sleeping import Clock

from connectors.calling import Caller
from connectors.http import HttpClient
from connectors.ledger import Ledger, Token
from connectors.vk.api import VkHttp
from connectors.vk.probe import KIND, OK, PUBLISHING, UNTRIED, probe

GROUP = 990000201
WALL = -GROUP
OTHER = -990000202


@dataclass
class Desk:
    """A world with two walls, and one token to try."""

    world: VkWorld
    fake_token: FakeToken
    faults: Faults
    api: VkHttp
    token: Token

    async def probe(self, *walls: int, group_id: int | None = GROUP) -> dict[str, str]:
        return await probe(self.api, self.token, walls=walls or (WALL,), group_id=group_id)


@asynccontextmanager
async def desk(path: Path, secret: str, kind: Kind, **fields: Any) -> AsyncIterator[Desk]:
    clock = Clock()
    world = VkWorld(clock=clock)
    for owner in (WALL, OTHER):
        world.add_wall(owner, "Район", f"rayon{-owner}")
        world.add_post(owner, "Нет воды", from_id=101)
    fake_token = world.add_token(secret, kind, **fields)
    faults = Faults()
    token = Token("ключ", SecretStr(secret), rate=3.0)
    ledger = Ledger(path / "ledger.sqlite", clock=clock, sleep=clock.sleep)
    try:
        async with (
            FakeServer(VkFake(world).app, faults=faults) as server,
            HttpClient(private=True) as client,
        ):
            caller = Caller(token, ledger, sleep=clock.sleep, clock=clock)
            yield Desk(world, fake_token, faults, VkHttp(client, caller, base=server.url), token)
    finally:
        ledger.close()


def refused(found: dict[str, str]) -> set[str]:
    return {method for method, verdict in found.items() if verdict != OK and method != KIND}


READING = {"wall.get", "wall.getById", "wall.getComments", "newsfeed.search", "board.getTopics"}


async def test_a_person_s_key(tmp_path: Path) -> None:
    async with desk(tmp_path, "user-key", Kind.USER, groups={GROUP}, user_id=7) as it:
        found = await it.probe()

    assert found[KIND] == "ключ пользователя"
    assert refused(found) == {"groups.getTokenPermissions", PUBLISHING}
    assert found["groups.getTokenPermissions"] == "это не ключ сообщества"
    assert found[PUBLISHING] == UNTRIED
    assert all(found[method] == OK for method in READING)


async def test_a_service_key(tmp_path: Path) -> None:
    async with desk(tmp_path, "service-key", Kind.SERVICE) as it:
        found = await it.probe()

    assert found[KIND] == "сервисный ключ"
    assert refused(found) == {
        "groups.getTokenPermissions",
        "groups.getLongPollServer",
        "groups.getCallbackConfirmationCode",
        PUBLISHING,
    }
    assert "ключ сообщества" in found[PUBLISHING]
    assert "ошибка 28" in found["groups.getLongPollServer"]


async def test_a_service_key_that_may_not_ask_for_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path, "service-key", Kind.SERVICE, refusals={"users.get": 100}) as it:
        assert (await it.probe())[KIND] == "сервисный ключ"


async def test_a_community_s_key(tmp_path: Path) -> None:
    async with desk(tmp_path, "group-key", Kind.GROUP, groups={GROUP}) as it:
        found = await it.probe()

    assert found[KIND] == "ключ сообщества"
    assert found[PUBLISHING] == OK
    # What needs a post is not tried when the wall cannot be read.
    assert refused(found) == {"wall.get", "newsfeed.search", "board.getTopics"}
    assert "ключ сообщества не годится" in found["wall.get"]
    assert {"wall.getById", "wall.getComments"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("rights", "missing"), [({"manage": 262_144}, "wall"), ({"photos": 4}, "wall, manage")]
)
async def test_a_community_s_key_without_the_wall(
    tmp_path: Path, rights: dict[str, int], missing: str
) -> None:
    async with desk(tmp_path, "key", Kind.GROUP, groups={GROUP}, permissions=rights) as it:
        found = await it.probe()

    assert found[PUBLISHING].endswith(f"с правами: {missing}")


async def test_rights_that_are_not_as_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = "groups.getTokenPermissions"
    monkeypatch.setitem(METHODS, method, (lambda _: {"mask": 4}, METHODS[method][1]))
    async with desk(tmp_path, "key", Kind.GROUP, groups={GROUP}) as it:
        found = await it.probe()

    assert found[method].startswith("не удалось проверить")


async def test_a_key_of_the_new_style(tmp_path: Path) -> None:
    async with desk(tmp_path, "vk2.a.key", Kind.USER, user_id=7) as it:
        found = await it.probe()

    assert found[KIND] == "ключ пользователя нового образца"
    assert "ошибка 1051" in found["newsfeed.search"]
    assert found["wall.get"] == OK


async def test_nothing_is_published_and_little_is_asked(tmp_path: Path) -> None:
    async with desk(tmp_path, "user-key", Kind.USER, groups={GROUP}, user_id=7) as it:
        post = it.world.add_post(WALL, "Новость")
        await it.probe(WALL, OTHER)

        assert it.world.log.count(PUBLISHING) == 0
        assert post.comments == {}
        assert len(it.world.log) <= 12
        assert it.world.log.count("wall.get") == it.world.log.count("newsfeed.search") == 1
        assert {call.params["count"] for call in it.world.log if "count" in call.params} == {"1"}


async def test_a_closed_wall_says_nothing_of_the_key(tmp_path: Path) -> None:
    async with desk(tmp_path, "service-key", Kind.SERVICE) as it:
        it.world.wall(WALL).refusal = 15
        assert (await it.probe(WALL, OTHER))["wall.get"] == OK

        # Of walls that are all closed it says so.
        it.world.wall(OTHER).refusal = 18
        assert "ошибка 18" in (await it.probe(WALL, OTHER))["wall.get"]


async def test_without_posts_comments_are_not_tried(tmp_path: Path) -> None:
    async with desk(tmp_path, "service-key", Kind.SERVICE) as it:
        it.world.wall(WALL).posts.clear()
        found = await it.probe()

    assert found["wall.get"] == OK
    assert "wall.getComments" not in found


async def test_without_a_community_of_our_own_it_is_not_asked_for(tmp_path: Path) -> None:
    async with desk(tmp_path, "service-key", Kind.SERVICE) as it:
        found = await it.probe(group_id=None)

    assert {"groups.getLongPollServer", PUBLISHING}.isdisjoint(found)
    assert found["groups.getById"] == OK


@pytest.mark.parametrize("fields", [{"dead": 1117}, {"captcha": True}])
async def test_a_key_that_needs_somebody_is_asked_once(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    async with desk(tmp_path, "user-key", Kind.USER, user_id=7, **fields) as it:
        found = await it.probe()

        asked = len(it.world.log)
        assert asked <= 2
        # Parked by now, it is not asked at all.
        again = await it.probe()
        assert len(it.world.log) == asked

    reason = found["wall.get"]
    assert "ошибка" in reason
    assert found[KIND] == f"неизвестен: {reason}"
    assert {found[method] for method in refused(found) - {"groups.getTokenPermissions"}} == {reason}
    assert "Ключ ключ" in again["wall.get"]


async def test_a_network_that_is_away_says_nothing_of_the_key(tmp_path: Path) -> None:
    async with desk(tmp_path, "very-secret", Kind.USER, user_id=7) as it:
        it.faults.share, it.faults.kinds = 1.0, [Fault.HTML]
        found = await it.probe()

    assert found["wall.get"].startswith("не удалось проверить")
    assert found[KIND].startswith("неизвестен")
    assert OK not in found.values()
    assert "very-secret" not in str(found)
