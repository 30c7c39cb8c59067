"""Odnoklassniki: recorded answers in, posts out. The payloads are in tests/data/ok."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import BadPayloadError, SourceError
from connectors.ok import parse as ok
from models.values import FetchedPost
from models.vocabulary import Network

DATA = Path(__file__).parents[1] / "data/ok"
GROUP = "79000000000101"
TOPIC = "156000000000011"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
COMMENT_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON_VALUES | st.sampled_from(["1790000000001", "2014-04-11 12:53:02", 1, -1, 10**17])
        for name in (
            "id",
            "author_id",
            "author_type",
            "text",
            "date",
            "date_ms",
            "created_ms",
            "reply_to_comment_id",
            "reply_to_id",
            "type",
        )
    },
)
TOPIC_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON_VALUES | st.sampled_from([TOPIC, f"group:{GROUP}", [{"type": "text"}], 1, {}])
        for name in ("id", "created_ms", "author_ref", "owner_ref", "media", "discussion_summary")
    },
)
DISCUSSION_FIELDS = st.fixed_dictionaries(
    {"ref_objects": st.just([{"type": "GROUP", "id": GROUP}]) | JSON_VALUES},
    optional={
        name: JSON_VALUES | st.sampled_from([TOPIC, "GROUP_PHOTO", "2014-04-11 12:53:02", 5])
        for name in (
            "object_id",
            "object_type",
            "title",
            "message",
            "creation_date",
            "last_activity_date",
            "owner_uid",
            "total_comments_count",
        )
    },
)


def recorded(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def shown(post: FetchedPost) -> dict[str, object]:
    """Fields as the expected files write them: moments in ISO, defaults left out."""
    assert post.network is Network.OK
    assert post.edited_at is None
    assert post.seen_at is None
    fields = {field.name: getattr(post, field.name) for field in dataclasses.fields(post)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
        if name not in {"network", "stated", "edited_at", "seen_at"}
        and not (name in {"author_id", "parent_id", "root_id"} and value == "")
        and not (name == "deleted" and value is False)
    }


@pytest.mark.parametrize(
    "name", ["stream_get", "stream_get_empty", "stream_get_null", "mediatopic_get_by_ids"]
)
def test_a_stream_becomes_topics(name: str) -> None:
    posts = ok.parse_topics(recorded(name), group_id=GROUP)

    assert [shown(post) for post in posts] == recorded(f"{name}.expected")


@pytest.mark.parametrize(
    "name",
    ["discussions_get_comments", "discussions_get_comments_null", "discussions_get_comments_empty"],
)
def test_a_discussion_becomes_comments_in_moscow_time(name: str) -> None:
    posts = ok.parse_comments(recorded(name), group_id=GROUP, topic_id=TOPIC)

    assert [shown(post) for post in posts] == recorded(f"{name}.expected")


def test_a_stream_says_how_much_was_said_and_how_to_go_on() -> None:
    page = ok.read_topics(recorded("stream_get"), group_id=GROUP)

    assert [(topic.key, topic.comments) for topic in page.items] == [
        (TOPIC, 2),
        ("156000000000012", None),
    ]
    assert (page.anchor, page.size) == ("aa", 2)


def test_topics_shared_from_another_group_are_not_ours() -> None:
    shared = {"id": "5", "owner_ref": "group:777", "media": [{"type": "text", "text": "чужое"}]}

    page = ok.read_topics({"media_topics": [shared]}, group_id=GROUP)

    assert (page.items, page.size) == ((), 1)


def test_newer_methods_date_comments_in_milliseconds_of_another_name() -> None:
    comment = {"id": "7", "text": "слово", "created_ms": 1_794_984_000_500}

    (read,) = ok.read_comments({"comments": [comment]}, group_id=GROUP, key=TOPIC).items

    assert read.post.published_at == datetime.fromisoformat("2026-11-18T06:40:00+00:00")


def test_a_list_of_discussions_gives_the_groups_photos_and_topics() -> None:
    ours = [{"type": "GROUP", "id": GROUP}]
    photo = {
        "object_type": "GROUP_PHOTO",
        "object_id": "8001",
        "message": "{group_photo:8001}Наш сквер{group_photo}",
        "creation_date": "2026-11-18 09:40:00",
        "last_activity_date": "2026-11-18 10:00:00",
        "owner_uid": GROUP,
        "total_comments_count": 4,
        "ref_objects": ours,
    }
    others = [
        photo | {"object_id": "8002", "ref_objects": [{"type": "GROUP", "id": "777"}]},
        photo | {"object_id": "8003", "object_type": "USER_PHOTO"},
        photo | {"object_id": "8004", "ref_objects": None},
    ]

    page = ok.read_discussions({"discussions": [photo, *others]}, group_id=GROUP)

    (read,) = page.items
    assert (read.key, read.comments, page.size) == ("p8001", 4, 4)
    assert read.post.text == "Наш сквер"
    assert read.post.external_id == f"{GROUP}_p8001"
    assert read.post.url == f"https://ok.ru/group/{GROUP}/photos/8001"
    assert read.active == datetime.fromisoformat("2026-11-18T07:00:00+00:00")


@pytest.mark.parametrize("wrap", [lambda groups: groups, lambda groups: {"groups": groups}])
def test_groups_come_in_an_object_or_bare(wrap: Any) -> None:
    assert ok.read_groups(wrap([{"uid": GROUP, "name": "Район"}])) == {GROUP}


@pytest.mark.parametrize(
    ("code", "says"),
    [(102, "получите новый ключ"), (104, "подпись"), (455, "доступ закрыт"), (77777, "справочник")],
)
def test_a_refusal_says_what_to_do_and_hides_the_request(code: int, says: str) -> None:
    payload = {"error_code": code, "error_msg": "PARAM : session_key SECRET", "error_data": None}

    with pytest.raises(SourceError) as caught:
        ok.parse_topics(payload, group_id=GROUP)

    message = str(caught.value)
    assert message.startswith(f"Одноклассники, метод stream.get: ошибка {code}: ")
    assert says in message
    assert "SECRET" not in message


@pytest.mark.parametrize(
    ("comment", "path", "unread", "nameless"),
    [
        ({"text": "без номера"}, "id — поля нет", (), True),
        ({"id": "1", "date": "вчера"}, "date — значение не того вида", ("1",), False),
        ({"id": 1, "date": "0001-01-01 00:00:00"}, "date — значение не того вида", ("1",), False),
        ({"id": "1", "date": 5}, "date — значение не того вида", ("1",), False),
        ({"id": "1", "date_ms": "5"}, "date_ms — значение не того вида", ("1",), False),
        ({"id": '1"><script>'}, "id — значение не того вида", (), True),
        ({"id": True}, "id — значение не того вида", (), True),
        ("слово", "весь ответ — значение не того вида", (), True),
    ],
)
def test_a_broken_comment_is_rejected_alone(
    comment: object, path: str, unread: tuple[str, ...], nameless: bool
) -> None:
    whole = {"id": "9", "text": "целый"}

    page = ok.read_comments({"comments": [comment, whole]}, group_id=GROUP, key=TOPIC)

    assert [one.id for one in page.items] == ["9"]
    (rejected,) = page.rejected
    assert "Одноклассники, метод discussions.getComments, запись 1" in rejected.what
    assert path in rejected.what
    assert json.loads(rejected.payload) == comment
    assert (page.unread, page.nameless) == (frozenset(unread), nameless)


def test_a_rejected_payload_is_bounded_and_storable() -> None:
    deep: Any = "дно"
    for _ in range(2000):
        deep = [deep]
    bad = [{"text": "\ud800" + "ы" * 50_000}, {"id": deep}]

    page = ok.read_comments({"comments": bad}, group_id=GROUP, key=TOPIC)

    assert all(len(one.payload) <= ok.MAX_PAYLOAD for one in page.rejected)
    assert all(one.payload.encode() for one in page.rejected)


@pytest.mark.parametrize("count", [-1, 10**12, "5", None, True, 1.5])
def test_a_senseless_count_costs_no_text(count: object) -> None:
    topic = {"id": TOPIC, "discussion_summary": {"comments_count": count}}

    (read,) = ok.read_topics({"media_topics": [topic]}, group_id=GROUP).items

    assert read.comments is None


@pytest.mark.parametrize(
    "payload", [5, [], {"comments": 5}, {"comments": [], "anchor": 5}, {"error_code": "x"}]
)
def test_an_answer_of_another_kind_names_the_method(payload: object) -> None:
    with pytest.raises(BadPayloadError, match=r"^Одноклассники, метод discussions\.getComments"):
        ok.parse_comments(payload, group_id=GROUP, topic_id=TOPIC)


@given(value=JSON_VALUES, comment=COMMENT_FIELDS, topic=TOPIC_FIELDS, discussion=DISCUSSION_FIELDS)
def test_no_answer_brings_anything_but_posts_or_a_source_error(
    value: object, comment: object, topic: object, discussion: object
) -> None:
    refusals = []
    posts: list[FetchedPost] = []

    for payload in (value, {"comments": value}, {"comments": [value, comment]}):
        try:
            posts += ok.parse_comments(payload, group_id=GROUP, topic_id=TOPIC)
        except SourceError as error:
            refusals.append(str(error))
    for payload in (value, {"media_topics": [value, topic]}, {"entities": value}):
        try:
            posts += ok.parse_topics(payload, group_id=GROUP)
        except SourceError as error:
            refusals.append(str(error))
    for payload in (value, {"discussions": [value, discussion]}):
        try:
            page = ok.read_discussions(payload, group_id=GROUP)
            posts += [thread.post for thread in page.items]
        except SourceError as error:
            refusals.append(str(error))
    try:
        assert all(group.isdigit() for group in ok.read_groups(value))
    except SourceError as error:
        refusals.append(str(error))

    assert all(refusal.startswith("Одноклассники, метод ") for refusal in refusals)
    assert all(post.external_id.startswith(f"{GROUP}_") for post in posts)
    assert all(len(post.external_id) <= 200 for post in posts)
    assert all(post.external_id.count("_") == 1 + bool(post.root_id) for post in posts)
