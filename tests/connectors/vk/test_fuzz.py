"""Whatever an answer holds, only posts, rejected items and SourceError come out of it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vk_reading import NOON, OWNER

from connectors.base import SourceError
from connectors.vk import parse
from connectors.vk.api import unwrap
from connectors.vk.boards import Board
from connectors.vk.events import parse_event
from connectors.vk.memory import Memory
from connectors.vk.search import Search
from models.values import FetchedPost

DATA = Path(__file__).parents[2] / "data/vk"

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud83d", "\x00", "vk1.a.SECRET", "5", -1, 0, 1, 2**31, 2**63]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def recorded(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


TOPICS = {
    "count": 1,
    "items": [
        {"id": 3, "title": "Дороги", "created": 1, "created_by": 5, "updated": 9, "comments": 2}
    ],
    "default_order": 1,
}
TOPIC_COMMENTS = {
    "count": 2,
    "items": [
        {"id": 4, "from_id": 101, "date": 1794985100, "text": "Где?"},
        {"id": 5, "from_id": -7, "date": 1794985101, "text": ""},
    ],
}

READERS: dict[str, tuple[Any, Callable[[object], list[FetchedPost]]]] = {
    "wall": (
        recorded("wall_get"),
        lambda answer: [
            one.post
            for one in parse.read_posts(
                unwrap("wall.get", answer), method="wall.get", owner_id=OWNER
            ).items
        ],
    ),
    "search": (
        recorded("wall_get"),
        lambda answer: [
            one.post
            for one in parse.read_posts(
                unwrap("newsfeed.search", answer), method="newsfeed.search"
            ).items
        ],
    ),
    "comments": (
        recorded("wall_get_comments"),
        lambda answer: [
            post
            for tree in parse.read_comments(
                unwrap("wall.getComments", answer), owner_id=OWNER, post_id=57
            ).items
            for post in tree.posts
        ],
    ),
    "thread": (
        recorded("wall_get_comments"),
        lambda answer: [
            post
            for tree in parse.read_thread(
                unwrap("wall.getComments", answer), owner_id=OWNER, post_id=57, comment_id=60
            ).items
            for post in tree.posts
        ],
    ),
    "topics": (
        {"response": TOPICS},
        lambda answer: [
            one.post
            for one in parse.read_topics(unwrap("board.getTopics", answer), owner_id=OWNER).items
        ],
    ),
    "topic comments": (
        {"response": TOPIC_COMMENTS},
        lambda answer: [
            one.post
            for one in parse.read_topic_comments(
                unwrap("board.getComments", answer), owner_id=OWNER, topic_id=3
            ).items
        ],
    ),
    "event": (
        recorded("callback_reply_edit"),
        lambda answer: parse_event(answer, NOON),
    ),
    "new post": (
        recorded("callback_post_new"),
        lambda answer: parse_event(answer, NOON),
    ),
}


def check(posts: list[FetchedPost]) -> None:
    """What comes out can be stored: short ids, whole text, moments in UTC."""
    for post in posts:
        for name in (post.external_id, post.parent_id, post.root_id, post.author_id):
            assert len(name) <= 200
        post.text.encode("utf-8")
        assert "\x00" not in post.text
        assert post.published_at is None or post.published_at.tzinfo is not None


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where in a payload something can be replaced."""
    found = [path] if path else []
    if isinstance(node, dict):
        for key, value in node.items():
            found += places(value, (*path, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            found += places(value, (*path, number))
    return found


def mutated(payload: Any, place: tuple[Any, ...], value: object, how: str) -> Any:
    """Return the payload with one place changed."""
    payload = copy.deepcopy(payload)
    *above, last = place
    node = payload
    for step in above:
        node = node[step]
    if how == "remove":
        del node[last]
    elif how == "repeat" and isinstance(node, list):
        node.extend(copy.deepcopy(node[last]) for _ in range(3))
    else:
        node[last] = value
    return payload


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_mutated_answer_brings_posts_or_a_source_error(name: str, data: st.DataObject) -> None:
    payload, reader = READERS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        spots = places(payload)
        if not spots:
            break
        payload = mutated(
            payload,
            data.draw(st.sampled_from(spots)),
            data.draw(JSON),
            data.draw(st.sampled_from(["replace", "remove", "repeat"])),
        )

    said = ""
    try:
        check(reader(payload))
    except SourceError as error:
        said = str(error)

    assert not said or said.startswith("ВКонтакте, ")
    assert "SECRET" not in said


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=40, deadline=None)
@given(payload=JSON | st.dictionaries(st.sampled_from(["response", "error", "items"]), JSON))
def test_any_json_brings_posts_or_a_source_error(name: str, payload: object) -> None:
    reader = READERS[name][1]

    said = ""
    try:
        check(reader(payload))
    except SourceError as error:
        said = str(error)

    assert not said or said.startswith("ВКонтакте, ")


CURSORS = st.dictionaries(
    st.sampled_from(["full", "listed", "pinned", "posts", "todo", "topics", "until", "windows"])
    | st.text(),
    JSON
    | st.integers(0, 2**32)
    | st.dictionaries(st.integers(0, 99).map(str), st.lists(st.integers(0, 2**32), min_size=1)),
)


class _Nobody:
    async def call(self, method: str, params: object) -> object:
        raise SourceError(f"{method}: {params}")


@settings(max_examples=150, deadline=None)
@given(cursor=CURSORS)
def test_any_cursor_is_read_or_named(cursor: dict[str, object]) -> None:
    try:
        memory = Memory.of(cursor)
    except SourceError as error:
        assert "повреждена" in str(error)  # noqa: PT017 - either outcome is right
        return

    assert Memory.of(memory.written()) == memory


@settings(max_examples=80, deadline=None)
@given(cursor=CURSORS)
async def test_no_cursor_breaks_a_search_or_a_board(cursor: dict[str, object]) -> None:
    for connector in (Search(_Nobody(), ["яма"]), Board(_Nobody(), group_id=7)):
        with pytest.raises(SourceError):
            await connector.fetch(cursor, now=NOON)
