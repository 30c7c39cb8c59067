"""VKontakte: recorded answers in, posts out. Payloads and expected posts are in tests/data/vk."""

import copy
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from connectors.vk import parse as vk
from connectors.base import BadPayloadError, SourceError
from models.values import FetchedPost
from models.vocabulary import Network

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data/vk"
FEED = ROOT / "pipeline/region/sample/smolensky/feed/recording_vk.jsonl"
SCHEMA = ROOT.parent / "shared/data/api/vk"

WALL = -990000101
RECEIVED = datetime(2026, 11, 18, 7, 5, tzinfo=UTC)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def recorded(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def shown(post: FetchedPost) -> dict[str, object]:
    """Fields as the expected files write them: moments in ISO, defaults left out."""
    assert post.network is Network.VK
    fields = {field.name: getattr(post, field.name) for field in dataclasses.fields(post)}
    defaults = {"author_id": "", "parent_id": "", "root_id": "", "edited_at": None}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
        if name not in {"network", "stated"}
        and not (name in defaults and value == defaults[name])
        and not (name == "deleted" and value is False)
    }


def test_a_wall_becomes_posts_with_their_texts_as_sent() -> None:
    posts = vk.parse_wall(recorded("wall_get"), owner_id=WALL)

    assert [shown(post) for post in posts] == recorded("wall_get.expected")


@pytest.mark.parametrize("name", ["wall_get_comments", "wall_get_comments_gaps"])
def test_comments_come_with_their_threads(name: str) -> None:
    posts = vk.parse_comments(recorded(name), owner_id=WALL, post_id=57)

    assert [shown(post) for post in posts] == recorded(f"{name}.expected")


@pytest.mark.parametrize(
    "name",
    sorted(
        path.stem for path in DATA.glob("callback_*.json") if not path.stem.endswith(".expected")
    ),
)
def test_events_in_either_spelling_become_posts(name: str) -> None:
    post = vk.parse_callback_event(recorded(name), received_at=RECEIVED)

    assert ([] if post is None else [shown(post)]) == recorded(f"{name}.expected")


def test_a_post_without_owner_belongs_to_the_wall_that_was_asked_for() -> None:
    payload = {"response": {"count": 1, "items": [{"id": 5, "text": "свет дали"}]}}

    (post,) = vk.parse_wall(payload, owner_id=WALL)

    assert (post.external_id, post.published_at) == ("-990000101_5", None)


def test_half_a_surrogate_pair_and_nul_do_not_stop_the_page() -> None:
    payload = {"response": {"count": 1, "items": [{"id": 5, "text": "ой\ud83d!\x00 👍"}]}}

    (post,) = vk.parse_wall(payload, owner_id=WALL)

    assert post.text == "ой\ufffd!\ufffd 👍"
    assert post.text.encode("utf-8")


@pytest.mark.parametrize(
    ("code", "says"),
    [(5, "получите новый"), (15, "доступ закрыт"), (29, "суточный предел"), (77777, "справочник")],
)
def test_a_refusal_says_what_to_do_and_hides_the_request(code: int, says: str) -> None:
    payload = {
        "error": {
            "error_code": code,
            "error_msg": "User authorization failed: vk1.a.SECRET",
            "request_params": [{"key": "access_token", "value": "vk1.a.SECRET"}],
        }
    }

    with pytest.raises(SourceError) as caught:
        vk.parse_wall(payload, owner_id=WALL)

    message = str(caught.value)
    assert message.startswith(f"ВКонтакте, метод wall.get: ошибка {code}: ")
    assert says in message
    assert "SECRET" not in message
    assert "User" not in message


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({}, "response — поля нет"),
        ([], "весь ответ — значение не того вида"),
        ({"response": 0}, "response — значение не того вида"),
        ({"response": {"count": 3}}, "response.items — поля нет"),
        ({"response": {"items": [{"text": "х"}]}}, "response.items.0.id — поля нет"),
        ({"response": {"items": [{"id": "7"}]}}, "response.items.0.id — значение не того вида"),
        ({"response": {"items": [{"id": 1, "date": -5}]}}, "response.items.0.date — значение"),
        ({"response": {"items": [{"id": 1, "date": 10**15}]}}, "response.items.0.date — значение"),
        ({"error": {}}, "error.error_code — поля нет"),
    ],
)
def test_a_broken_answer_names_method_and_path(payload: object, path: str) -> None:
    with pytest.raises(BadPayloadError) as caught:
        vk.parse_comments(payload, owner_id=WALL, post_id=57)

    assert "ВКонтакте, метод wall.getComments" in str(caught.value)
    assert path in str(caught.value)


def test_a_broken_event_is_named_and_its_secret_is_not_shown() -> None:
    event = recorded("callback_reply_edit")
    del event["object"]["post_id"]

    with pytest.raises(BadPayloadError) as caught:
        vk.parse_callback_event(event)

    assert "wall_reply_edit" in str(caught.value)
    assert "object.post_id — поля нет" in str(caught.value)
    assert "never-shown" not in str(caught.value)


def test_a_bottomless_thread_is_refused_in_words() -> None:
    thread: dict[str, Any] = {"count": 0, "items": []}
    for number in range(1, 400):
        thread = {"count": 1, "items": [{"id": number, "text": "и", "thread": thread}]}

    with pytest.raises(BadPayloadError):
        vk.parse_comments({"response": thread}, owner_id=WALL, post_id=57)


@given(value=JSON_VALUES, where=st.sampled_from(["payload", "response", "items", "item", "text"]))
def test_no_answer_brings_anything_but_posts_or_a_source_error(value: object, where: str) -> None:
    payload: Any = copy.deepcopy(recorded("wall_get_comments"))
    match where:
        case "payload":
            payload = value
        case "response":
            payload["response"] = value
        case "items":
            payload["response"]["items"] = value
        case "item":
            payload["response"]["items"][0] = value
        case "text":
            payload["response"]["items"][0]["text"] = value

    refusal = ""
    posts = []
    try:
        posts = vk.parse_comments(payload, owner_id=WALL, post_id=57)
    except SourceError as error:
        refusal = str(error)

    assert not refusal or refusal.startswith("ВКонтакте, метод wall.getComments: ")
    assert all(post.external_id.startswith("-990000101_57_r") for post in posts)


# The official schema. It is not plain draft 7: ``required: true`` stands inside properties, and
# references lead to sibling folders, some of which were not kept.


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {"$ref": "#/definitions/" + node["$ref"].rpartition("/")[2]}
    plain = {key: _plain(value) for key, value in node.items() if key != "required"}
    properties = node.get("properties")
    if isinstance(properties, dict):
        needed = [name for name, value in properties.items() if value.get("required") is True]
        if needed:
            plain["required"] = needed
    return plain


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    if not SCHEMA.is_dir():
        pytest.skip("нет официальной схемы ВКонтакте: ../shared/data/api/vk")
    definitions: dict[str, Any] = {}
    for path in SCHEMA.rglob("*.json"):
        if path.name in {"objects.json", "responses.json"}:
            document = json.loads(path.read_text(encoding="utf-8"))
            definitions |= _plain(document["definitions"])
    for name in set(_references(definitions)) - set(definitions):
        definitions[name] = {}  # kept nowhere: anything will do
    return definitions


def complaints(official: dict[str, Any], name: str, payload: object) -> list[str]:
    assert official[name] != {}
    schema = {"$ref": f"#/definitions/{name}", "definitions": official}
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(schema).iter_errors(payload)
    ]


def event_complaints(official: dict[str, Any], event: Any) -> list[str]:
    kind = {
        "wall_post_new": "callback_wall_post_new",
        "wall_reply_new": "callback_wall_reply_new",
        "wall_reply_edit": "callback_wall_reply_edit",
        "wall_reply_delete": "callback_wall_comment_delete",
    }.get(event["type"])
    found = complaints(official, "callback_base", event)
    # Recorded deletions say deleter_id where the schema says user_id.
    if kind is not None and "deleter_id" not in event["object"]:
        found += complaints(official, kind, event["object"])
    return found


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in DATA.glob("*.json")
        if ".expected" not in path.name
        and path.stem not in {"sample_labels", "wall_get_comments_gaps"}
    ),
    ids=lambda path: path.stem,
)
def test_our_payloads_are_what_the_official_schema_allows(
    official: dict[str, Any], path: Path
) -> None:
    payload = recorded(path.stem)

    found = (
        event_complaints(official, payload)
        if "event_id" in payload
        else complaints(official, SCHEMA_OF[path.stem], payload)
    )

    assert found == []


SCHEMA_OF = {"wall_get": "wall_get_response", "wall_get_comments": "wall_getComments_response"}


def test_the_sample_feed_is_what_the_official_schema_allows(official: dict[str, Any]) -> None:
    names = {"wall.get": "wall_get_response", "wall.getComments": "wall_getComments_response"}
    found = []

    for line in FEED.read_text(encoding="utf-8").splitlines()[1:]:
        exchange = json.loads(line)
        if exchange["method"] == "callback":
            found += event_complaints(official, exchange["response"])
        else:
            found += complaints(official, names[exchange["method"]], exchange["response"])

    assert found == []


def test_the_schema_check_notices_a_missing_field(official: dict[str, Any]) -> None:
    payload = recorded("wall_get_comments")
    del payload["response"]["items"][0]["thread"]["items"][0]["text"]

    assert complaints(official, "wall_getComments_response", payload) == [
        "$.response.items[0].thread.items[0]: 'text' is a required property"
    ]
