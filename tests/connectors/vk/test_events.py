"""Events that VKontakte pushes: whose they are, which they are, what they say."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fakes.vk_world import VkWorld
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import BadPayloadError
from connectors.vk.events import check_secret, event_id, is_confirmation, parse_event
from models.values import FetchedPost, KnownPost
from models.vocabulary import Network, PostKind
from pipeline.decisions.folding import fold

GROUP = 990000201
WALL = -GROUP
Arrival = dict[str, Any] | FetchedPost
RECEIVED = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
WRITTEN = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)
DATE = int(WRITTEN.timestamp())


def event(kind: str, **said: Any) -> dict[str, Any]:
    """An event as the network sends it."""
    return {"type": kind, "group_id": GROUP, "event_id": "e" * 40, "v": "5.199", "object": said}


def only(payload: object) -> FetchedPost:
    (post,) = parse_event(payload, RECEIVED)
    return post


# Whose and which


@pytest.mark.parametrize(
    ("payload", "secret", "ours"),
    [
        ({"secret": "тайна-1"}, "тайна-1", True),
        ({"secret": "тайна-2"}, "тайна-1", False),
        ({"secret": "тайна-1 "}, "тайна-1", False),
        ({"secret": ""}, "тайна-1", False),
        ({"secret": None}, "тайна-1", False),
        ({"secret": 12}, "12", False),
        ({"secret": ["тайна-1"]}, "тайна-1", False),
        ({"secret": "\ud800"}, "тайна-1", False),
        ({}, "тайна-1", False),
        (["secret"], "secret", False),
        (None, "тайна-1", False),
        # A server without a secret of its own trusts nobody.
        ({"secret": ""}, "", False),
        ({}, "", False),
    ],
)
def test_only_our_secret_opens(payload: object, secret: str, ours: bool) -> None:
    assert check_secret(payload, secret) is ours


def test_a_confirmation_is_for_one_community() -> None:
    asked = {"type": "confirmation", "group_id": GROUP}

    assert is_confirmation(asked, GROUP)
    assert not is_confirmation(asked, GROUP + 1)
    assert not is_confirmation(asked | {"type": "wall_post_new"}, GROUP)
    assert not is_confirmation({"type": "confirmation"}, GROUP)
    assert not is_confirmation([asked], GROUP)


def test_an_event_keeps_its_id_when_it_is_delivered_again() -> None:
    sent = event("wall_reply_new", id=7) | {"event_id": "abc123"}

    assert event_id(sent) == event_id(copy.deepcopy(sent)) == "abc123"


@pytest.mark.parametrize("given_id", [None, "", 5, "x" * 201, "a\nb", "a\ud800"])
def test_without_a_usable_id_the_content_is_the_id(given_id: object) -> None:
    sent = event("wall_reply_new", id=7, text="яма \ud800") | {"event_id": given_id}
    again = dict(reversed(sent.items()))

    # Neither the order of the keys nor a new secret make another event of it.
    assert event_id(sent) == event_id(again | {"secret": "другая"})
    assert event_id(sent) != event_id(event("wall_reply_new", id=8) | {"event_id": given_id})
    assert len(event_id(sent)) <= 200


def test_what_is_no_event_has_no_id() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    for payload in (None, "text", [event("wall_post_new")], {"object": deep}, {"a": object()}):
        with pytest.raises(BadPayloadError, match="не принят"):
            event_id(payload)
    # Taken apart by hand: the interpreter would do it by recursion.
    while deep:
        deep = deep.pop()  # type: ignore[assignment]  # a list in a list


# Posts


def test_a_new_post() -> None:
    assert only(
        event(
            "wall_post_new", id=5, owner_id=WALL, from_id=101, date=DATE, text="Нет воды", edited=0
        )
    ) == FetchedPost(
        network=Network.VK,
        external_id=f"{WALL}_5",
        kind=PostKind.POST,
        text="Нет воды",
        published_at=WRITTEN,
        url=f"https://vk.com/wall{WALL}_5",
        author_id="101",
    )


@pytest.mark.parametrize("kind", ["suggest", "postpone"])
def test_a_post_that_is_not_published_is_none(kind: str) -> None:
    sent = event("wall_post_new", id=5, owner_id=WALL, text="Нет воды", post_type=kind)

    assert parse_event(sent, RECEIVED) == []


def test_a_repost_counts_when_it_says_something() -> None:
    said = {"id": 5, "owner_id": 101, "from_id": 101, "copy_history": [{"text": "Наша запись"}]}

    assert parse_event(event("wall_repost", **said, text=" "), RECEIVED) == []
    spoken = only(event("wall_repost", **said, text="Враньё, воды нет"))
    assert (spoken.external_id, spoken.text) == ("101_5", "Враньё, воды нет")


# Comments


@pytest.mark.parametrize("owner", ["post_owner_id", "owner_id"])
def test_a_new_comment_in_a_thread(owner: str) -> None:
    sent = event(
        "wall_reply_new",
        id=9,
        from_id=102,
        date=DATE,
        text="И у нас",
        post_id=5,
        parents_stack=[7],
        reply_to_comment=8,
        **{owner: WALL},
    )

    assert only(sent) == FetchedPost(
        network=Network.VK,
        external_id=f"{WALL}_5_r9",
        kind=PostKind.COMMENT,
        text="И у нас",
        published_at=WRITTEN,
        url=f"https://vk.com/wall{WALL}_5?reply=9&thread=7",
        author_id="102",
        parent_id=f"{WALL}_5_r8",
        root_id=f"{WALL}_5",
        seen_at=WRITTEN,
    )


@pytest.mark.parametrize("who", ["deleter_id", "user_id"])
@pytest.mark.parametrize("owner", [{}, {"owner_id": WALL}])
def test_a_deleted_comment(who: str, owner: dict[str, int]) -> None:
    gone = only(event("wall_reply_delete", id=9, post_id=5, **{who: 1}, **owner))

    assert (gone.external_id, gone.deleted, gone.text) == (f"{WALL}_5_r9", True, "")
    assert (gone.edited_at, gone.seen_at) == (None, RECEIVED)


@pytest.mark.parametrize(
    ("family", "said", "root", "url"),
    [
        (
            "board_post",
            {"topic_owner_id": WALL, "topic_id": 3},
            f"{WALL}_t3",
            f"https://vk.com/topic{WALL}_3?post=9",
        ),
        (
            # The schema says that the owner is not negative.
            "board_post",
            {"topic_owner_id": GROUP, "topic_id": 3},
            f"{WALL}_t3",
            f"https://vk.com/topic{WALL}_3?post=9",
        ),
        (
            "photo_comment",
            {"photo_owner_id": WALL, "photo_id": 3},
            f"{WALL}_photo3",
            f"https://vk.com/photo{WALL}_3?reply=9",
        ),
        (
            "video_comment",
            {"owner_id": WALL, "video_id": 3},
            f"{WALL}_video3",
            f"https://vk.com/video{WALL}_3?reply=9",
        ),
        (
            "market_comment",
            {"market_owner_id": WALL, "item_id": 3},
            f"{WALL}_market3",
            f"https://vk.com/product{WALL}_3?reply=9",
        ),
        (
            "market_comment",
            {"photo_id": 3},
            f"{WALL}_market3",
            f"https://vk.com/product{WALL}_3?reply=9",
        ),
    ],
)
def test_comments_elsewhere(family: str, said: dict[str, Any], root: str, url: str) -> None:
    new = only(event(f"{family}_new", id=9, from_id=102, date=DATE, text="Яма", **said))
    gone = only(event(f"{family}_delete", id=9, deleter_id=1, **said))

    assert (new.external_id, new.root_id, new.parent_id) == (f"{root}_r9", root, "")
    assert (new.kind, new.text, new.url) == (PostKind.COMMENT, "Яма", url)
    assert (gone.external_id, gone.deleted) == (new.external_id, True)


def test_a_comment_on_the_wall_of_somebody_else_keeps_its_owner() -> None:
    said = event("wall_reply_new", id=9, post_id=5, owner_id=101, text="Яма")

    assert only(said).external_id == "101_5_r9"


def test_other_events_say_nothing() -> None:
    for kind in ("message_new", "group_join", "confirmation", "wall_reply_seen", "like_add", ""):
        assert parse_event(event(kind, id=9, post_id=5), RECEIVED) == []


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        {"type": 5},
        event("wall_reply_new"),
        event("wall_reply_new", id="9", post_id=5),
        event("wall_reply_new", id=-9, post_id=5),
        event("wall_reply_new", id=9, post_id=5, text=["яма"]),
        event("wall_post_new", id=9),
        event("board_post_new", id=9, topic_owner_id=WALL),
        {"type": "wall_reply_new", "object": {"id": 9, "post_id": 5}},
        event("wall_reply_new") | {"object": None},
    ],
)
def test_what_is_not_as_documented_is_named(broken: object) -> None:
    with pytest.raises(BadPayloadError, match="ВКонтакте, событие"):
        parse_event(broken, RECEIVED)


def test_no_error_repeats_what_was_sent() -> None:
    with pytest.raises(BadPayloadError) as caught:
        parse_event(event("wall_reply_new", id="тайна", post_id=5), RECEIVED)

    assert "тайна" not in str(caught.value)


@pytest.mark.parametrize("recorded_spelling", [True, False])
def test_all_that_the_network_pushes_is_understood(recorded_spelling: bool) -> None:
    world = VkWorld(clock=RECEIVED.timestamp, recorded_spelling=recorded_spelling)
    world.add_wall(WALL, "Район", "rayon")
    post = world.add_post(WALL, "Новость")
    comment = world.add_comment(WALL, post.id, "Яма", from_id=101)
    reply = world.add_comment(WALL, post.id, "Где?", from_id=102, reply_to=comment.id)
    world.edit_comment(WALL, post.id, reply.id, "Где именно?")
    world.delete_comment(WALL, post.id, comment.id)
    world.restore_comment(WALL, post.id, comment.id)
    topic = world.add_topic(WALL, "Дороги", "Пишите сюда", from_id=101)

    read = [only(sent) for sent in world.wall(WALL).events]

    thread, answer = f"{WALL}_{post.id}_r{comment.id}", f"{WALL}_{post.id}_r{reply.id}"
    assert [(one.external_id, one.parent_id, one.text, one.deleted) for one in read] == [
        (f"{WALL}_{post.id}", "", "Новость", False),
        (thread, "", "Яма", False),
        (answer, thread, "Где?", False),
        (answer, thread, "Где именно?", False),
        (thread, "", "", True),
        (thread, "", "Яма", False),
        (f"{WALL}_t{topic.id}_r{topic.comments[0].id}", "", "Пишите сюда", False),
    ]


# What is newer

ID = f"{WALL}_5_r9"


def wall_event(act: str, text: str = "") -> dict[str, Any]:
    return event(f"wall_reply_{act}", id=9, post_id=5, from_id=101, date=DATE, text=text)


def polled(text: str) -> FetchedPost:
    """What a reading of the wall says of the comment; it does not tell when it was edited."""
    return FetchedPost(Network.VK, ID, PostKind.COMMENT, text, WRITTEN, root_id=f"{WALL}_5")


def stored(arrivals: Sequence[Arrival]) -> tuple[str, bool]:
    """What the store holds in the end: the text, and whether it is deleted."""
    known: KnownPost | None = None
    for minute, arrival in enumerate(arrivals):
        moment = RECEIVED + timedelta(minutes=minute)
        posts = (
            [replace(arrival, seen_at=moment)]
            if isinstance(arrival, FetchedPost)
            else parse_event(arrival, moment)
        )
        folded = fold(posts, {} if known is None else {ID: known})
        if known is not None and folded.seen:
            known = replace(known, seen_at=moment)
        for change in folded.changes:
            post = change.post
            known = KnownPost(
                1, ID, post.text, 1, post.edited_at, post.deleted, None, seen_at=post.seen_at
            )
    assert known is not None
    return known.text, known.deleted


def test_what_a_late_edit_overwrites_the_next_reading_puts_right() -> None:
    history: list[Arrival] = [wall_event("new", "1"), polled("3"), wall_event("edit", "2")]

    assert stored([*history, polled("3")]) == ("3", False)


def test_an_edit_whose_event_was_lost_is_read_although_another_one_came() -> None:
    assert stored([wall_event("new", "1"), wall_event("edit", "2"), polled("3")]) == ("3", False)


def test_a_creation_that_comes_after_the_deletion_does_not_bring_a_comment_back() -> None:
    assert stored([wall_event("new", "1"), wall_event("delete"), wall_event("new", "1")])[1]
    assert stored([wall_event("delete"), wall_event("new", "1")])[1]


def test_a_comment_that_a_reading_shows_again_is_back() -> None:
    assert stored([wall_event("new", "1"), wall_event("delete"), polled("1")]) == ("1", False)


def test_a_restored_comment_is_back() -> None:
    history = [wall_event("new", "1"), wall_event("delete"), wall_event("restore", "1")]

    assert stored(history) == ("1", False)
    assert stored([*history, wall_event("delete")])[1]


def test_of_a_comment_that_nobody_reads_the_edit_stays() -> None:
    said = {"id": 9, "photo_id": 5, "photo_owner_id": WALL, "date": DATE}
    edit = only(event("photo_comment_edit", text="2", **said))
    new = only(event("photo_comment_new", text="1", **said))
    known = KnownPost(
        1, edit.external_id, edit.text, 1, edit.edited_at, edit.deleted, None, seen_at=edit.seen_at
    )

    assert fold([new], {edit.external_id: known}).changes == ()


@given(
    edits=st.integers(1, 5),
    returns=st.integers(0, 2),
    deleted=st.booleans(),
    order=st.randoms(use_true_random=False),
    readings=st.integers(0, 4),
)
def test_in_whatever_order_events_and_readings_come_the_last_reading_stands(
    edits: int, returns: int, order: Any, readings: int, *, deleted: bool
) -> None:
    # Given a comment's whole history of events, with readings in between, in any order
    texts = [str(number) for number in range(edits + 1)]
    arrivals: list[Arrival] = [wall_event("new", texts[0])]
    arrivals += [wall_event("edit", text) for text in texts[1:]]
    arrivals += [wall_event("delete"), wall_event("restore", texts[0])] * returns
    arrivals += [polled(order.choice(texts)) for _ in range(readings)]
    order.shuffle(arrivals)
    # When it is deleted at the end, or read once more
    last: Arrival = wall_event("delete") if deleted else polled(texts[-1])
    text, gone = stored([*arrivals, last])
    # Then that is what is stored
    assert gone is deleted
    assert deleted or text == texts[-1]


# Hostile events

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(
    [f"{family}_{act}" for family in ("wall_reply", "board_post", "photo_comment", "video_comment",
     "market_comment") for act in ("new", "edit", "delete", "restore")]
    + ["wall_post_new", "wall_repost"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["id", "owner_id", "post_owner_id", "post_id", "from_id", "date", "text", "parents_stack",
     "reply_to_comment", "topic_id", "topic_owner_id", "photo_id", "video_id", "item_id", "deleted",
     "thread", "copy_history", "signer_id", "edited", "post_type"]
)  # fmt: skip


@given(
    kind=KINDS | st.text(),
    said=st.dictionaries(KEYS, JSON | st.integers(1, 9), max_size=12) | JSON,
    group=st.integers() | JSON,
)
def test_whatever_comes_only_a_bad_payload_is_raised(kind: str, said: Any, group: Any) -> None:
    payload = {"type": kind, "object": said, "group_id": group}
    try:
        posts = parse_event(payload, RECEIVED)
    except BadPayloadError:
        return

    assert len(posts) <= 1
    for post in posts:
        assert 0 < len(post.external_id) <= 200
        assert max(len(post.parent_id), len(post.root_id), len(post.url)) <= 200
        post.text.encode()


@given(payload=JSON)
def test_every_event_is_told_apart_or_refused(payload: Any) -> None:
    check_secret(payload, "тайна")
    is_confirmation(payload, GROUP)
    try:
        assert 0 < len(event_id(payload)) <= 200
    except BadPayloadError:
        assert not isinstance(payload, dict)
