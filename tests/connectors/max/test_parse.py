"""MAX: messages, comments and events in, posts out. The payloads are made up."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import BadPayloadError, SourceError
from connectors.max import webhook
from connectors.max.parse import as_post, chat_of, read_message
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

CHANNEL = -72_000_000_000_001
POST = "mid.ffffbe8a7c8d4fff019a0000000000a1"
SAID = "mid.ffffbe8a7c8d4fff019a0000000000b2"
SEEN = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)


def message(
    *,
    kind: str = "channel",
    text: str | None = "Нет воды",
    author: int | None = 501,
    mid: str = SAID,
    recipient: dict[str, object] | None = None,
    **fields: object,
) -> dict[str, Any]:
    there = {"chat_id": CHANNEL, "chat_type": kind, "user_id": None} | (recipient or {})
    whole: dict[str, Any] = {
        "recipient": there,
        "timestamp": 1_794_906_000_123,
        "body": {"mid": mid, "seq": 115_000_000_000_000_777, "text": text, "attachments": None},
    }
    if author is not None:
        whole["sender"] = {"user_id": author, "first_name": "Житель", "is_bot": author == 1}
    return whole | fields


def reply(mid: str) -> dict[str, object]:
    return {"type": "reply", "message": {"mid": mid, "seq": 1, "text": "?", "attachments": None}}


def event(kind: str, **fields: object) -> dict[str, object]:
    return {"update_type": kind, "timestamp": 1_794_906_060_500, **fields}


def parsed(raw: object, **how: Any) -> FetchedPost | None:
    return as_post(read_message(raw, where="MAX, проверка"), **how)


def test_a_channels_post_has_its_page() -> None:
    post = parsed(message(author=None, mid=POST, url="https://max.ru/c/1/2"), seen_at=SEEN)

    assert post is not None
    assert post.external_id == f"{CHANNEL}_{POST}"
    assert (post.network, post.kind, post.text) == (Network.MAX, PostKind.POST, "Нет воды")
    assert (post.url, post.author_id, post.root_id) == ("https://max.ru/c/1/2", "", "")
    assert post.published_at == datetime.fromtimestamp(1_794_906_000.123, UTC)
    assert post.seen_at == SEEN


def test_a_comment_knows_its_post_and_what_it_answers() -> None:
    raw = message(recipient={"post_id": POST}, link=reply("mid.00b1"))

    told, asked = parsed(raw), parsed(message(link=reply("mid.00b1")), post_id=POST)

    assert told == asked
    assert told is not None
    assert told.external_id == f"{CHANNEL}_{POST}_{SAID}"
    assert told.root_id == f"{CHANNEL}_{POST}"
    assert told.parent_id == f"{CHANNEL}_{POST}_mid.00b1"
    assert (told.kind, told.author_id) == (PostKind.COMMENT, "501")


def test_in_a_group_an_answer_is_a_comment_and_in_a_dialog_an_appeal() -> None:
    group = parsed(message(kind="chat", link=reply("mid.00b1")))
    alone = parsed(message(kind="chat"))
    dialog = parsed(message(kind="dialog", link=reply("mid.00b1")))

    assert group is not None
    assert (group.kind, group.parent_id) == (PostKind.COMMENT, f"{CHANNEL}_mid.00b1")
    assert group.root_id == group.parent_id
    for one in (alone, dialog):
        assert one is not None
        assert (one.kind, one.parent_id, one.root_id) == (PostKind.POST, "", "")


def test_a_forwarded_text_is_read_where_there_is_no_own_one() -> None:
    link = {"type": "forward", "message": {"mid": "m", "seq": 1, "text": "Течёт крыша"}}

    post = parsed(message(kind="chat", text=None, link=link))

    assert post is not None
    assert (post.text, post.parent_id) == ("Течёт крыша", "")


@pytest.mark.parametrize(
    "raw",
    [
        message(kind="chat", author=1),
        message(recipient={"post_id": POST}, author=1),
        message(kind="chat", text=None),
        message(kind="dialog", text=""),
    ],
    ids=["robot", "robot's comment", "picture", "empty"],
)
def test_what_is_no_citizens_text_gives_nothing(raw: object) -> None:
    assert parsed(raw) is None


def test_a_post_of_pictures_is_kept_for_its_comments() -> None:
    post = parsed(message(text=None, author=1))

    assert post is not None
    assert post.text == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://max.ru/1", "https://" + "x" * 2000])
def test_only_a_plain_address_is_kept(url: str) -> None:
    post = parsed(message(author=None, url=url))

    assert post is not None
    assert post.url == ""


@pytest.mark.parametrize("mid", ["", "..", "../me", "a/b", "a b", "x" * 81, "mid\n", "мид", "a?b"])
def test_an_id_that_would_change_an_address_is_refused(mid: str) -> None:
    with pytest.raises(BadPayloadError, match=r"body\.mid"):
        parsed(message(mid=mid))


def test_large_numbers_stay_whole() -> None:
    chat = -(2**62) - 1

    post = parsed(message(recipient={"chat_id": chat}))

    assert post is not None
    assert post.external_id.startswith("-4611686018427387905_")


def test_events_bring_what_appeared_changed_and_is_gone() -> None:
    said = message(recipient={"post_id": POST})
    root = f"{CHANNEL}_{POST}"
    gone = {"message_id": SAID, "chat_id": CHANNEL, "user_id": 501}
    at = datetime.fromtimestamp(1_794_906_060.5, UTC)

    (new,) = webhook.parse_update(event("comment_created", message=said), SEEN)
    (edited,) = webhook.parse_update(event("message_edited", message=message(kind="chat")), SEEN)
    (removed,) = webhook.parse_update(event("message_removed", **gone), SEEN)
    (comment,) = webhook.parse_update(event("comment_removed", post_id=POST, **gone), SEEN)

    assert (new.external_id, new.edited_at, new.seen_at) == (f"{root}_{SAID}", None, None)
    assert (edited.external_id, edited.edited_at) == (f"{CHANNEL}_{SAID}", at)
    assert (removed.external_id, removed.deleted, removed.edited_at) == (
        f"{CHANNEL}_{SAID}",
        True,
        at,
    )
    assert (comment.external_id, comment.root_id, comment.deleted) == (f"{root}_{SAID}", root, True)


def test_an_event_without_its_moment_is_as_new_as_its_arrival() -> None:
    payload = {"update_type": "message_edited", "message": message(kind="chat")}

    (post,) = webhook.parse_update(payload, SEEN)

    assert post.edited_at == SEEN


@pytest.mark.parametrize("kind", ["bot_added", "bot_started", "dialog_muted", "чего-то новое"])
def test_other_events_give_nothing(kind: str) -> None:
    assert webhook.parse_update(event(kind, chat_id=CHANNEL, user={}), SEEN) == []


def test_a_removed_comment_of_an_unknown_post_is_told_to_a_person() -> None:
    gone = event("comment_removed", message_id=SAID, chat_id=CHANNEL, user_id=1)

    with pytest.raises(BadPayloadError, match="под какой записью"):
        webhook.parse_update(gone, SEEN)


def test_events_tell_where_the_bot_is() -> None:
    assert chat_of(event("bot_added", chat_id=7, user={})) == (7, True)
    assert chat_of(event("bot_removed", chat_id=7, user={})) == (7, False)
    assert chat_of(event("message_created", message=message(kind="chat"))) == (CHANNEL, True)
    assert chat_of(event("message_created", message=message(kind="dialog"))) is None
    assert chat_of(event("bot_started", chat_id=7)) is None


def test_repeated_events_are_told_whatever_the_order_of_their_keys() -> None:
    one = event("message_created", message=message())
    same = json.loads(json.dumps(one, sort_keys=True))
    other = event("message_created", message=message(text="Воды нет"))

    assert webhook.event_id(one) == webhook.event_id(same)
    assert webhook.event_id(one) != webhook.event_id(other)
    assert len(webhook.event_id(one)) <= 200


def test_the_secret_is_checked_whole() -> None:
    assert webhook.check_secret("s3cret-5", "s3cret-5")
    for header in ("", "s3cret", "s3cret-55", "с", "\ud800"):
        assert not webhook.check_secret(header, "s3cret-5")
    assert not webhook.check_secret("", ""), "no secret lets nobody in"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
PATHS = [
    *("timestamp", "message", "sender", "recipient", "chat_id", "post_id", "body", "mid", "text"),
    *("link", "type", "url", "message_id", "user_id", "chat_type"),
]
KINDS = st.sampled_from(
    ["message_created", "message_edited", "message_removed", "comment_created", "comment_removed"]
)


@given(JSON_VALUES)
def test_any_payload_has_an_id_and_is_read_or_refused(payload: object) -> None:
    assert webhook.event_id(payload)
    with pytest.raises(SourceError, match="MAX"):
        webhook.parse_update(payload, SEEN)


@given(
    kind=KINDS,
    path=st.sampled_from(PATHS),
    value=JSON_VALUES,
)
def test_a_field_of_any_kind_is_read_or_refused(kind: str, path: str, value: object) -> None:
    whole: dict[str, Any] = event(
        kind,
        message=message(recipient={"post_id": POST}, link=reply(POST)),
        message_id=SAID,
        chat_id=CHANNEL,
        post_id=POST,
    )
    waiting: list[Any] = [whole]
    while waiting:
        one = waiting.pop()
        waiting += [inner for inner in one.values() if isinstance(inner, dict)]
        if path in one:
            one[path] = value
    try:
        posts = webhook.parse_update(whole, SEEN)
    except BadPayloadError as error:
        assert "MAX" in str(error)  # noqa: PT017 - both ends are right
    else:
        assert all(len(post.external_id) <= 200 for post in posts)
