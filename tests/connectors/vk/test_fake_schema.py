"""The fake VKontakte answers what the official schema allows.

The schema is not plain draft 7: ``required: true`` stands inside properties, and references lead
to sibling folders, some of which were not kept.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.vk_demo import WALLS, Timeline, fill
from fakes.vk_probe import NOW, WALL, Hand, Probe, probing, small_world
from fakes.vk_world import VkWorld
from jsonschema import Draft7Validator

SCHEMA = Path(__file__).parents[4] / "shared/data/api/vk"

EVENTS = {
    "wall_post_new": "callback_wall_post_new",
    "wall_reply_new": "callback_wall_reply_new",
    "wall_reply_edit": "callback_wall_reply_edit",
    "wall_reply_delete": "callback_wall_comment_delete",
    "wall_reply_restore": "callback_wall_reply_restore",
    "board_post_new": "callback_board_post_new",
}


def plain(node: Any) -> Any:
    """Rewrite a part of the schema as draft 7."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {"$ref": "#/definitions/" + node["$ref"].rpartition("/")[2]}
    rewritten = {key: plain(value) for key, value in node.items() if key != "required"}
    properties = node.get("properties")
    if isinstance(properties, dict):
        needed = [name for name, value in properties.items() if value.get("required") is True]
        rewritten |= {"required": needed} if needed else {}
    return rewritten


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from references(value)


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    if not SCHEMA.is_dir():
        pytest.skip("нет официальной схемы ВКонтакте: ../shared/data/api/vk")
    definitions: dict[str, Any] = {}
    for path in SCHEMA.rglob("*.json"):
        if path.name in {"objects.json", "responses.json"}:
            definitions |= plain(json.loads(path.read_text(encoding="utf-8"))["definitions"])
    for name in set(references(definitions)) - set(definitions):
        definitions[name] = {}  # kept nowhere: anything will do
    return definitions


def complaints(official: dict[str, Any], name: str, payload: object) -> list[str]:
    assert official[name] != {}
    validator = Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": official})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(payload)]


def full_world() -> VkWorld:
    """Return a world with something of everything, but no deleted or bare comments."""
    world = small_world(Hand())
    post = world.add_post(
        WALL,
        "Яма у школы",
        from_id=7,
        signer_id=7,
        geo="54.78 32.04",
        ads=True,
        pinned=True,
        copy_history=[{"inner_type": "wall_wallpost", "id": 1, "owner_id": -5, "text": "чужое"}],
    )
    world.edit_post(WALL, post.id, "Яма у школы, две")
    gone = world.add_post(WALL, "Яма была")
    world.delete_post(WALL, gone.id)
    world.marks_deleted = True
    root = world.add_comment(WALL, post.id, "и у нас яма", from_id=8)
    world.add_comment(WALL, post.id, "где?", from_id=WALL, reply_to=root.id)
    world.add_topic(WALL, "Вода", "Пишите", from_id=7)
    world.deleted_users.add(8)
    world.search_replies = True
    return world


@pytest.mark.parametrize("extended", [0, 1])
@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("wall.get", {"owner_id": WALL}, "wall_get"),
        ("wall.getById", {"posts": f"{WALL}_1,{WALL}_2"}, "wall_getById"),
        (
            "wall.getComments",
            {"owner_id": WALL, "post_id": 1, "thread_items_count": 10, "need_likes": 1},
            "wall_getComments",
        ),
        ("wall.search", {"owner_id": WALL, "query": "яма"}, "wall_search"),
        ("newsfeed.search", {"q": "яма"}, "newsfeed_search"),
        ("board.getTopics", {"group_id": -WALL, "preview": 1}, "board_getTopics"),
        ("board.getComments", {"group_id": -WALL, "topic_id": 5}, "board_getComments"),
    ],
)
async def test_lists_are_as_documented(
    official: dict[str, Any], method: str, params: dict[str, object], name: str, extended: int
) -> None:
    async with probing(full_world()) as probe:
        answer = await probe.whole(method, extended=extended, **params)

    kind = f"{name}_extended_response" if extended else f"{name}_response"
    assert complaints(official, kind, answer) == []
    assert answer["response"]["items"]


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("groups.getById", {"group_ids": -WALL}, "groups_getById_object_response"),
        ("users.get", {"user_ids": "7,8"}, "users_get_response"),
        (
            "utils.resolveScreenName",
            {"screen_name": "nash_rayon"},
            "utils_resolveScreenName_response",
        ),
        ("groups.getTokenPermissions", {}, "groups_getTokenPermissions_response"),
        ("groups.getLongPollServer", {"group_id": -WALL}, "groups_getLongPollServer_response"),
        (
            "groups.getCallbackConfirmationCode",
            {"group_id": -WALL},
            "groups_getCallbackConfirmationCode_response",
        ),
        (
            "wall.createComment",
            {"owner_id": WALL, "post_id": 1, "message": "да"},
            "wall_createComment_response",
        ),
    ],
)
async def test_other_answers_are_as_documented(
    official: dict[str, Any], method: str, params: dict[str, object], name: str
) -> None:
    async with probing(full_world()) as probe:
        answer = await probe.by("group").whole(method, **params)

    assert complaints(official, name, answer) == []


async def test_errors_are_as_documented_and_their_codes_are_known(official: dict[str, Any]) -> None:
    world = full_world()
    world.tokens["user"].captcha = True
    known = json.loads((SCHEMA / "errors.json").read_text(encoding="utf-8"))["errors"].values()

    async with probing(world) as probe:
        answers = [
            await probe.whole("wall.get"),
            await probe.by("service").whole("wall.get"),
            await probe.by("group").whole("wall.get"),
        ]

    for answer in answers:
        assert (
            complaints(official, "base_error", {"inner_type": "base_error"} | answer["error"]) == []
        )
        assert answer["error"]["error_code"] in {error["code"] for error in known}


async def test_events_are_as_documented(official: dict[str, Any]) -> None:
    world = full_world()
    comment = world.add_comment(WALL, 1, "ой", from_id=9)
    world.edit_comment(WALL, 1, comment.id, "ай")
    world.delete_comment(WALL, 1, comment.id)
    world.restore_comment(WALL, 1, comment.id)

    events = world.wall(WALL).events

    assert {event["type"] for event in events} == set(EVENTS)
    for event in events:
        assert complaints(official, "callback_base", event) == []
        assert complaints(official, EVENTS[event["type"]], event["object"]) == []


async def read_everything(probe: Probe, owner: int) -> list[tuple[str, Any]]:
    page = await probe.whole("wall.get", owner_id=owner, count=100, extended=1)
    answers = [("wall_get_extended_response", page)]
    for item in page["response"]["items"]:
        comments = await probe.whole(
            "wall.getComments", owner_id=owner, post_id=item["id"], count=100, extended=1
        )
        answers.append(("wall_getComments_extended_response", comments))
    return answers


async def test_what_the_demo_serves_is_as_documented(official: dict[str, Any]) -> None:
    clock = Hand(NOW)
    world = VkWorld(clock=clock)
    fill(world)
    world.tokens["demo-vk-service"].rate = 1000
    timeline = Timeline(world)
    clock.at += 600
    timeline.due(clock.at)

    async with probing(world) as probe:
        for owner, _, _ in WALLS:
            for name, answer in await read_everything(probe.by("demo-vk-service"), owner):
                # A stub of a deleted comment is recorded, but the schema knows none.
                for item in answer["response"]["items"]:
                    if item.get("deleted"):
                        item |= {"from_id": 0, "date": 0, "text": ""}
                assert complaints(official, name, answer) == []


def test_the_check_notices_a_missing_field(official: dict[str, Any]) -> None:
    answer = {"response": {"count": 1, "items": [{"id": 1, "from_id": 2, "date": 3}]}}

    assert complaints(official, "wall_getComments_response", answer) == [
        "$.response.items[0]: 'text' is a required property"
    ]
