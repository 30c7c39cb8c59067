"""Odnoklassniki: recorded answers in, posts out. The payloads are in tests/data/ok."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ok import parse as ok
from connectors.base import BadPayloadError, SourceError
from models.values import FetchedPost
from models.vocabulary import Network

DATA = Path(__file__).parents[1] / "data/ok"
GROUP = "79000000000101"
TOPIC = "156000000000011"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def recorded(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def shown(post: FetchedPost) -> dict[str, object]:
    """Fields as the expected files write them: moments in ISO, defaults left out."""
    assert post.network is Network.OK
    assert post.edited_at is None
    fields = {field.name: getattr(post, field.name) for field in dataclasses.fields(post)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
        if name not in {"network", "stated", "edited_at"}
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
    ("comment", "path"),
    [
        ({"text": "без номера"}, "comments.0.id — поля нет"),
        ({"id": "1", "date": "вчера"}, "comments.0.date — значение не того вида"),
        ({"id": "1", "date": "0001-01-01 00:00:00"}, "comments.0.date — значение не того вида"),
        ({"id": "1", "date": 5}, "comments.0.date — значение не того вида"),
        ({"id": "1", "date_ms": "5"}, "comments.0.date_ms — значение не того вида"),
        ({"id": '1"><script>'}, "comments.0.id — значение не того вида"),
        ({"id": True}, "comments.0.id — значение не того вида"),
    ],
)
def test_a_broken_comment_names_method_and_path(comment: object, path: str) -> None:
    with pytest.raises(BadPayloadError) as caught:
        ok.parse_comments({"comments": [comment]}, group_id=GROUP, topic_id=TOPIC)

    assert "Одноклассники, метод discussions.getComments" in str(caught.value)
    assert path in str(caught.value)


@given(value=JSON_VALUES)
def test_no_answer_brings_anything_but_posts_or_a_source_error(value: object) -> None:
    refusals = []
    ids = []

    for payload in (value, {"comments": value}, {"comments": [value]}):
        try:
            posts = ok.parse_comments(payload, group_id=GROUP, topic_id=TOPIC)
            ids += [post.external_id for post in posts]
        except SourceError as error:
            refusals.append(str(error))
    for payload in (value, {"media_topics": value}, {"entities": value}):
        try:
            ids += [post.external_id for post in ok.parse_topics(payload, group_id=GROUP)]
        except SourceError as error:
            refusals.append(str(error))

    assert all(refusal.startswith("Одноклассники, метод ") for refusal in refusals)
    assert all(external_id.startswith(f"{GROUP}_") for external_id in ids)
