"""The fake MAX answers as the published schema of 2026-07-01 says, and limits as documented."""

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fakes.max import MaxFake
from fakes.max_world import TOKEN, MaxWorld
from fakes.server import FakeServer
from jsonschema import Draft202012Validator
from messengers import Time

SCHEMA = Path(__file__).parents[4] / "shared/data/api/max/schema_2026_07_01.json"
CHANNEL, GROUP, DIALOG = -71, -72, 73


@dataclass(slots=True)
class Ask:
    session: aiohttp.ClientSession
    url: str

    async def __call__(
        self, method: str, path: str, *, token: str = TOKEN, body: object = None, **query: object
    ) -> tuple[int, Any]:
        async with self.session.request(
            method,
            self.url + path,
            params={name.rstrip("_"): str(value) for name, value in query.items()},
            json=body,
            headers={"Authorization": token},
        ) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def asking(world: MaxWorld) -> AsyncIterator[Ask]:
    async with FakeServer(MaxFake(world).app) as server, aiohttp.ClientSession() as session:
        yield Ask(session, server.url)


def lively(time: Time) -> MaxWorld:
    world = MaxWorld(clock=time.clock)
    world.add_chat(CHANNEL, "channel", "Район")
    world.add_chat(GROUP, "chat", "Соседи")
    world.add_chat(DIALOG, "dialog", "Диалог")
    post = world.say(CHANNEL, "Новость", author=None)
    world.comment(post, "Вопрос", author=501)
    said = world.say(GROUP, "Нет света", author=502)
    world.edit(world.say(GROUP, "И у нас", author=503, answers=said), "И у нас нет")
    world.remove(world.say(GROUP, "лишнее", author=504))
    world.say(DIALOG, "Здравствуйте", author=505, forwards="Чужое")
    return world


def test_schema_knows_what_is_validated_here() -> None:
    schemas = schema()["components"]["schemas"]

    assert {"MessageList", "UpdateList", "BotInfo", "SendMessageResult", "Error"} <= {*schemas}


def schema() -> dict[str, Any]:
    """Return the schema as JSON Schema; skip where it is not at hand."""
    if not SCHEMA.exists():
        pytest.skip(f"the schema of MAX is not at {SCHEMA}")
    whole: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schemas = whole["components"]["schemas"]
    # Slips of the schema: "link" is required of a body that has none, and of the kinds of chats
    # that its own words name only one is listed.
    schemas["MessageBody"]["required"].remove("link")
    schemas["ChatType"]["enum"] = ["chat", "channel", "dialog"]
    waiting: list[Any] = [whole]
    while waiting:
        one = waiting.pop()
        waiting += list(one.values()) if isinstance(one, dict) else one
        waiting = [inner for inner in waiting if isinstance(inner, dict | list)]
        if isinstance(one, dict) and one.pop("nullable", False) is True:
            kept = copy.deepcopy(one)
            one.clear()
            one["anyOf"] = [{"type": "null"}, kept]
            waiting.append(kept)
            kept.pop("required", None) if isinstance(kept.get("required"), bool) else None
        elif isinstance(one, dict) and isinstance(one.get("required"), bool):
            del one["required"]
    return whole


def wrong(whole: dict[str, Any], name: str, body: object) -> list[str]:
    rules = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
    return [error.message for error in Draft202012Validator(rules).iter_errors(body)]


async def test_answers_are_as_the_schema_says() -> None:
    whole, time = schema(), Time()
    world = lively(time)
    world.lists_chats = True
    async with asking(world) as ask:
        answers = {
            "BotInfo": await ask("GET", "/me"),
            "ChatList": await ask("GET", "/chats"),
            "Chat": await ask("GET", f"/chats/{CHANNEL}"),
            "MessageList": await ask("GET", "/messages", chat_id=GROUP),
            "UpdateList": await ask("GET", "/updates", marker=0, timeout=0),
            "SendMessageResult": await ask(
                "POST",
                "/messages",
                chat_id=GROUP,
                body={"text": "Передано в РЭС", "attachments": None, "link": None},
            ),
            "GetSubscriptionsResult": await ask("GET", "/subscriptions"),
        }
        refused = await ask("GET", "/me", token=f"Bearer {TOKEN}")

    assert {status for status, _ in answers.values()} == {200}
    assert {name: wrong(whole, name, body) for name, (_, body) in answers.items()} == {
        name: [] for name in answers
    }
    assert refused[0] == 401
    assert wrong(whole, "Error", refused[1]) == []
    assert len(answers["MessageList"][1]["messages"]) == 2


async def test_events_are_as_the_schema_says_by_their_kind() -> None:
    whole, time = schema(), Time()
    kinds = whole["components"]["schemas"]["Update"]["discriminator"]["mapping"]
    async with asking(lively(time)) as ask:
        _, page = await ask("GET", "/updates", marker=0, timeout=0)

    checked = []
    for update in page["updates"]:
        if update["update_type"] in kinds:
            name = kinds[update["update_type"]]["$ref"].rpartition("/")[2]
            assert wrong(whole, name, update) == []
            checked.append(update["update_type"])
    assert {*checked} == {"bot_added", "message_created", "message_edited", "message_removed"}


async def test_a_wrong_answer_would_be_noticed() -> None:
    whole = schema()
    async with asking(lively(Time())) as ask:
        _, page = await ask("GET", "/messages", chat_id=GROUP)
    page["messages"][0]["body"]["seq"] = "115"
    del page["messages"][1]["timestamp"]

    assert len(wrong(whole, "MessageList", page)) == 2


async def test_without_a_marker_only_the_newest_event_is_to_be_had() -> None:
    async with asking(lively(Time())) as ask:
        _, newest = await ask("GET", "/updates", timeout=0)
        _, nothing = await ask("GET", "/updates", timeout=0, marker=newest["marker"])
        _, first = await ask("GET", "/updates", timeout=0, marker=0, limit=2)
        _, second = await ask("GET", "/updates", timeout=0, marker=first["marker"], limit=2)
        _, removed = await ask("GET", "/updates", timeout=0, marker=0, types="message_removed")

    assert [one["message"]["body"]["text"] for one in newest["updates"]] == ["Здравствуйте"]
    assert nothing == {"updates": [], "marker": newest["marker"]}
    assert [one["update_type"] for one in first["updates"]] == ["bot_added", "bot_added"]
    assert second["updates"][0]["update_type"] == "message_created"
    assert len(removed["updates"]) == 1


async def test_a_webhook_excludes_events_on_request() -> None:
    async with asking(lively(Time())) as ask:
        plain, _ = await ask("POST", "/subscriptions", body={"url": "http://example.org"})
        made, _ = await ask("POST", "/subscriptions", body={"url": "https://example.org/hook"})
        refused, error = await ask("GET", "/updates", timeout=0)
        await ask("DELETE", "/subscriptions", url="https://example.org/hook")
        again, _ = await ask("GET", "/updates", timeout=0)

    assert (plain, made, refused, again) == (400, 200, 405, 200)
    assert error["code"]


async def test_times_bound_a_page_from_the_newest_to_the_oldest() -> None:
    time = Time()
    world = MaxWorld(clock=time.clock)
    world.add_chat(GROUP, "chat", "Соседи")
    for number in range(5):
        world.say(GROUP, str(number), author=501, at=time.at + number)
    start = int(time.at * 1000)
    async with asking(world) as ask:
        _, page = await ask("GET", "/messages", chat_id=GROUP, from_=start + 3000, to=start + 1000)
        _, short = await ask("GET", "/messages", chat_id=GROUP, count=2)
        status, _ = await ask("GET", "/messages", chat_id=GROUP, count=101)

    assert [one["body"]["text"] for one in page["messages"]] == ["3", "2", "1"]
    assert [one["body"]["text"] for one in short["messages"]] == ["4", "3"]
    assert status == 400
    assert all(one["body"]["seq"] > 2**53 for one in page["messages"])


async def test_more_than_thirty_requests_a_second_are_refused() -> None:
    time = Time()
    world = lively(time)
    async with asking(world) as ask:
        statuses = [(await ask("GET", "/me"))[0] for _ in range(32)]
        time.forward(seconds=1)
        later, _ = await ask("GET", "/me")

    assert statuses == [200] * 30 + [429] * 2
    assert later == 200
    assert [call.status for call in world.log] == [*statuses, 200]
