"""VKontakte: recorded answers in, posts out. Payloads and expected posts are in tests/data/vk."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from connectors.base import BadPayloadError, SourceError
from connectors.vk import parse as vk
from connectors.vk.events import parse_event
from models.values import FetchedPost
from models.vocabulary import Network

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data/vk"
FEED = ROOT / "pipeline/region/sample/smolensky/feed/recording_vk.jsonl"
SCHEMA = ROOT.parent / "shared/data/api/vk"

WALL = -990000101
RECEIVED = datetime(2026, 11, 18, 7, 5, tzinfo=UTC)


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
        if name not in {"network", "stated", "seen_at"}
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
    posts = parse_event(recorded(name), RECEIVED)

    assert [shown(post) for post in posts] == recorded(f"{name}.expected")


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
        ([], "response — поля нет"),
        ({"response": 0}, "весь ответ — значение не того вида"),
        ({"response": {"count": 3}}, "items — поля нет"),
        ({"response": {"items": {}}}, "items — значение не того вида"),
        ({"error": {}}, "error.error_code — поля нет"),
    ],
)
def test_a_broken_answer_names_method_and_path(payload: object, path: str) -> None:
    with pytest.raises(BadPayloadError) as caught:
        vk.parse_comments(payload, owner_id=WALL, post_id=57)

    assert "ВКонтакте, метод wall.getComments" in str(caught.value)
    assert path in str(caught.value)


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"text": "х"}, "id — поля нет"),
        ({"id": "7"}, "id — значение не того вида"),
        ({"id": 2**63}, "id — значение не того вида"),
        ({"id": 1, "date": -5}, "date — значение не того вида"),
        ({"id": 1, "date": 10**15}, "date — значение не того вида"),
        ({"id": 1, "text": ["х"]}, "text — значение не того вида"),
        ("х", "весь ответ — значение не того вида"),
    ],
)
def test_an_item_that_cannot_be_read_costs_no_other(item: object, path: str) -> None:
    value = {"items": [{"id": 5, "text": "раз"}, item, {"id": 6, "text": "два"}]}

    listing = vk.read_comments(value, owner_id=WALL, post_id=57)

    assert [post.text for tree in listing.items for post in tree.posts] == ["раз", "два"]
    assert listing.received == 3
    (rejected,) = listing.rejected
    assert rejected.what.startswith("ВКонтакте, метод wall.getComments, запись 2 на странице: ")
    assert path in rejected.what
    assert json.loads(rejected.payload) == item


def test_a_reply_that_cannot_be_read_costs_neither_its_thread_nor_its_comment() -> None:
    thread = {"count": 3, "items": [{"id": 6, "text": "да"}, {"id": None}, {"id": 8, "text": "!"}]}
    value = {"items": [{"id": 5, "text": "темно?", "thread": thread}]}

    listing = vk.read_comments(value, owner_id=WALL, post_id=57)

    (tree,) = listing.items
    assert [post.text for post in tree.posts] == ["темно?", "да", "!"]
    assert tree.numbers == (5, 6, 8)
    assert "ветка, запись 2 на странице" in listing.rejected[0].what


def test_a_thread_that_cannot_be_read_is_to_be_asked_for() -> None:
    value = {"items": [{"id": 5, "text": "темно?", "thread": {"count": "много"}}]}

    listing = vk.read_comments(value, owner_id=WALL, post_id=57)

    assert [(tree.number, tree.cut) for tree in listing.items] == [(5, True)]
    assert len(listing.rejected) == 1


def test_what_is_rejected_is_bounded_and_shows_no_token() -> None:
    value = {"items": [{"text": "vk1.a.S-E_CRET " + "ы" * 20_000}]}

    (rejected,) = vk.read_posts(value, method="wall.get", owner_id=WALL).rejected

    assert len(rejected.payload) == 10_000
    assert "CRET" not in rejected.payload


def test_a_post_tells_its_comments_and_whether_it_is_pinned() -> None:
    value = {
        "count": 70,
        "items": [
            {"id": 5, "is_pinned": 1, "comments": {"count": 12}},
            {"id": 6, "is_pinned": False, "comments": {}},
            {"id": 7, "post_type": "postpone"},
        ],
    }

    listing = vk.read_posts(value, method="wall.get", owner_id=WALL)

    assert [(one.number, one.comments, one.pinned) for one in listing.items] == [
        (5, 12, True),
        (6, 0, False),
    ]
    assert (listing.ids, listing.received, listing.total) == ((5, 6, 7), 3, 70)


def test_a_found_post_has_to_say_whose_wall_it_is_on() -> None:
    value = {"items": [{"id": 5, "owner_id": -7}, {"id": 6}], "total_count": 1500, "count": 1000}

    listing = vk.read_posts(value, method="newsfeed.search")

    assert [one.post.external_id for one in listing.items] == ["-7_5"]
    assert "на чьей стене" in listing.rejected[0].what
    assert listing.total == 1500


def test_a_page_of_a_thread_hangs_below_its_first_comment() -> None:
    value = {
        "items": [
            {"id": 8, "text": "и у нас", "parents_stack": [5], "reply_to_comment": 6},
            {"id": 9, "text": "давно"},
        ]
    }

    listing = vk.read_thread(value, owner_id=WALL, post_id=57, comment_id=5)

    assert [tree.posts[0].parent_id for tree in listing.items] == [
        "-990000101_57_r6",
        "-990000101_57_r5",
    ]


def test_a_topic_and_its_comments() -> None:
    topics = {"items": [{"id": 3, "title": "Дороги", "updated": 9, "comments": 2, "is_fixed": 1}]}
    comments = {"items": [{"id": 4, "from_id": 101, "date": 1794985100, "text": "Где?"}]}

    (topic,) = vk.read_topics(topics, owner_id=WALL).items
    (comment,) = vk.read_topic_comments(comments, owner_id=WALL, topic_id=3).items

    assert shown(topic.post) == {
        "external_id": "-990000101_t3",
        "kind": "post",
        "text": "Дороги",
        "published_at": None,
        "url": "https://vk.com/topic-990000101_3",
    }
    assert (topic.updated, topic.comments, topic.fixed) == (9, 2, True)
    assert shown(comment.post) == {
        "external_id": "-990000101_t3_r4",
        "kind": "comment",
        "text": "Где?",
        "published_at": "2026-11-18T06:58:20+00:00",
        "url": "https://vk.com/topic-990000101_3?post=4",
        "author_id": "101",
        "root_id": "-990000101_t3",
    }


def test_a_broken_event_is_named_and_its_secret_is_not_shown() -> None:
    event = recorded("callback_reply_edit")
    del event["object"]["post_id"]

    with pytest.raises(BadPayloadError) as caught:
        parse_event(event, RECEIVED)

    assert "wall_reply_edit" in str(caught.value)
    assert "post_id — поля нет" in str(caught.value)
    assert "never-shown" not in str(caught.value)


def test_of_a_bottomless_thread_the_upper_part_is_read() -> None:
    thread: dict[str, Any] = {"count": 0, "items": []}
    for number in range(400, 0, -1):
        thread = {"count": 1, "items": [{"id": number, "text": "и", "thread": thread}]}

    listing = vk.read_comments(thread, owner_id=WALL, post_id=57)

    assert listing.items[0].numbers == tuple(range(1, vk.MAX_DEPTH + 2))
    assert "вложено слишком глубоко" in listing.rejected[0].what


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
