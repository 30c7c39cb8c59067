"""A page with many versions of a post ends as if they had come one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values import FetchedPost, KnownPost
from models.vocabulary import Network, PostKind
from pipeline.decisions.folding import MAX_TEXT, Change, Text, fold, storable

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
POST = FetchedPost(Network.VK, "-1_2_r3", PostKind.COMMENT, "у нас темно", NOON)


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def known(text: str = "у нас темно", *, deleted: bool = False) -> KnownPost:
    return KnownPost(7, POST.external_id, text, 1, None, deleted=deleted, incident_id=None)


def test_a_new_post_is_one_change_with_its_text() -> None:
    folded = fold([POST], {})
    assert folded.changes == (Change(None, POST, (Text("у нас темно", None),)),)
    assert folded.unchanged == 0


def test_a_repeat_on_the_same_page_says_nothing_new() -> None:
    folded = fold([POST, POST], {})
    assert len(folded.changes) == 1
    assert folded.unchanged == 1


def test_a_post_known_already_is_seen_but_not_changed() -> None:
    shown = [replace(POST, seen_at=later(minutes)) for minutes in (9, 5)]
    folded = fold([*shown, POST], {POST.external_id: known()})
    assert folded.changes == ()
    assert (folded.unchanged, folded.seen) == (3, {7: later(9)})


def test_new_and_edited_on_one_page_keeps_both_texts_in_order() -> None:
    edited = replace(POST, text="у нас темно вторую неделю", edited_at=later(5))
    (change,) = fold([POST, edited], {}).changes
    assert change.post.text == "у нас темно вторую неделю"
    assert [text.text for text in change.texts] == ["у нас темно", "у нас темно вторую неделю"]


def test_an_edit_that_arrives_before_the_original_wins_over_it() -> None:
    edited = replace(POST, text="у нас темно вторую неделю", edited_at=later(5))
    (change,) = fold([edited, POST], {}).changes
    assert change.post.text == "у нас темно вторую неделю"


def test_a_deletion_keeps_the_text_as_evidence() -> None:
    gone = replace(POST, text="", deleted=True, edited_at=later(9))
    (change,) = fold([gone], {POST.external_id: known()}).changes
    assert change.post.deleted
    assert change.post.text == "у нас темно"
    assert change.texts == ()


def test_a_second_newer_tombstone_does_not_wipe_the_text_out() -> None:
    first = replace(POST, text="", deleted=True, edited_at=later(9))
    second = replace(first, edited_at=later(10))
    (change,) = fold([first, second], {POST.external_id: known()}).changes
    assert change.post.text == "у нас темно"


def test_posted_and_deleted_on_one_page_is_stored_as_deleted_with_its_text() -> None:
    gone = replace(POST, text="", deleted=True, edited_at=later(9))
    (change,) = fold([POST, gone], {}).changes
    assert change.post.deleted
    assert [text.text for text in change.texts] == ["у нас темно"]


def test_a_deletion_of_an_unknown_post_is_a_tombstone_without_text() -> None:
    gone = replace(POST, text="", deleted=True, edited_at=later(9))
    (change,) = fold([gone], {}).changes
    assert (change.post.deleted, change.post.text, change.texts) == (True, "", ())


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("свет\0 погас", "свет погас"),
        ("половина \ud83d пары", "половина ? пары"),
        ("я" * (MAX_TEXT + 5), "я" * MAX_TEXT),
        ("как есть ёЁ 👍", "как есть ёЁ 👍"),
    ],
)
def test_texts_are_made_storable(sent: str, stored: str) -> None:
    assert storable(replace(POST, text=sent)).text == stored


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_can_be_stored(text: str) -> None:
    stored = storable(replace(POST, text=text)).text
    assert stored.encode() is not None
    assert "\0" not in stored


versions = st.lists(
    st.builds(
        lambda minute, deleted: replace(
            POST,
            text="" if deleted else f"текст {minute}",
            edited_at=later(minute),
            deleted=deleted,
        ),
        st.integers(1, 50),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda post: post.edited_at,
)


@given(versions, st.data())
def test_pages_cut_anywhere_end_alike(posts: list[FetchedPost], data: st.DataObject) -> None:
    # Given any versions of a post in any order, cut into two pages anywhere
    cut = data.draw(st.integers(0, len(posts)))
    # When they are folded at once, or page by page with the store in between
    at_once = fold(posts, {}).changes[-1].post
    store: dict[str, KnownPost] = {}
    for page in (posts[:cut], posts[cut:]):
        for change in fold(page, store).changes:
            store[POST.external_id] = KnownPost(
                1,
                POST.external_id,
                change.post.text,
                1,
                change.post.edited_at,
                deleted=change.post.deleted,
                incident_id=None,
            )
    # Then the store ends with the newest version either way
    ended = store[POST.external_id]
    assert (ended.text, ended.deleted) == (at_once.text, at_once.deleted)
    newest = max(posts, key=lambda post: post.edited_at or NOON)
    assert ended.deleted == newest.deleted
    if not newest.deleted:
        assert ended.text == newest.text
