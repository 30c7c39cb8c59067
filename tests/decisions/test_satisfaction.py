"""What a rating does, when it is taken, and the link that asks for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import AnswerState, ClosingReason, Stage
from pipeline.decisions.answering import LIMITS, Reason, tidy
from pipeline.decisions.personal import find_personal
from pipeline.decisions.satisfaction import (
    TOKEN,
    Effect,
    Vote,
    effect,
    link,
    no_room,
    token_hash,
    token_of,
    vote,
    with_link,
    without_link,
)

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
KEY = "5f0c4b2e9d1a47c8b6e3f2a190d8c7b4"
PUBLIC = "https://otklik.example.org"

keys = st.uuids(version=4).map(lambda made: made.hex)
ratings = st.integers(1, 5)


def done(rating: int, **standing: Any) -> Effect:
    """Rate an answer of the first round of three, whose author's word is waited for."""
    given_: dict[str, Any] = {
        "stage": Stage.SATISFACTION,
        "closing": None,
        "of_this_round": True,
        "round_": 1,
        "at_most": 2,
        "rounds": 3,
    }
    return effect(rating, **given_ | standing)


@pytest.mark.parametrize(
    ("rating", "follows"),
    [
        (5, Effect.SATISFIED),
        (4, Effect.SATISFIED),
        (3, Effect.NOTED),
        (2, Effect.NEXT_ROUND),
        (1, Effect.NEXT_ROUND),
    ],
)
def test_four_closes_three_waits_two_begins_anew(rating: int, follows: Effect) -> None:
    assert done(rating) is follows
    silent = {"stage": Stage.CLOSED, "closing": ClosingReason.NO_REPLY}
    assert done(rating, **silent) is follows, "closed for silence, and the author speaks after all"


@given(
    rating=ratings, at_most=st.integers(1, 4), round_=st.integers(1, 9), rounds=st.integers(1, 9)
)
def test_a_region_says_what_is_low_and_when_to_stop(
    rating: int, at_most: int, round_: int, rounds: int
) -> None:
    follows = done(rating, at_most=at_most, round_=round_, rounds=rounds)

    low = {Effect.NEXT_ROUND, Effect.POINTLESS}
    assert (follows in low) == (rating <= at_most)
    if follows in low:
        assert (follows is Effect.NEXT_ROUND) == (round_ < rounds)


@given(rating=ratings, stage=st.sampled_from(Stage), closing=st.sampled_from(ClosingReason))
def test_no_link_changes_what_is_in_work_or_what_people_closed(
    rating: int, stage: Stage, closing: ClosingReason
) -> None:
    by_silence = stage is Stage.CLOSED and closing is ClosingReason.NO_REPLY
    if not by_silence and stage is not Stage.SATISFACTION:
        assert done(rating, stage=stage, closing=closing) is Effect.NOTED
    assert done(rating, stage=stage, closing=closing, of_this_round=False) is Effect.NOTED


LATER, PAST = NOW + timedelta(seconds=1), NOW


@pytest.mark.parametrize(
    ("rating", "expires", "state", "said"),
    [
        (None, LATER, AnswerState.PUBLISHED, Vote.OPEN),
        (None, LATER, AnswerState.BY_HAND, Vote.OPEN),
        (None, PAST, AnswerState.PUBLISHED, Vote.EXPIRED),
        (3, LATER, AnswerState.PUBLISHED, Vote.RATED),
        (3, PAST, AnswerState.PUBLISHED, Vote.RATED),
        (None, LATER, AnswerState.QUEUED, Vote.EARLY),
        (None, LATER, AnswerState.SENDING, Vote.EARLY),
        (None, LATER, AnswerState.REFUSED, Vote.EARLY),
        (None, LATER, AnswerState.WITHDRAWN, Vote.UNKNOWN),
    ],
)
def test_a_standing_answer_is_rated_once_and_in_time(
    rating: int | None, expires: datetime, state: AnswerState, said: Vote
) -> None:
    assert vote(rating, expires, state, NOW) is said


@given(keys)
def test_a_token_is_96_bits_of_letters_that_its_hash_does_not_tell(key: str) -> None:
    token = token_of(key)

    assert TOKEN.fullmatch(token)
    assert token == token_of(key), "the same link, however often it is asked for"
    assert key not in token
    assert token not in token_hash(token)


def test_tokens_differ() -> None:
    made = {token_of(f"{number:032x}") for number in range(10_000)}

    assert len(made) == 10_000
    letters = "".join(made)
    assert {letters.count(letter) // 1000 for letter in "abcdefghijklmnop"} <= {14, 15}


ends = st.text("0123456789 +-()@.квтелпаспортсния\n", max_size=60)


@given(key=keys, text=ends, asked=ends)
def test_a_link_never_looks_like_somebodys_data(key: str, text: str, asked: str) -> None:
    text = f"Ответ: {text}".rstrip()

    alone = find_personal(text, asked=asked)
    assert find_personal(with_link(text, link(PUBLIC, key)), asked=asked) == alone


@pytest.mark.parametrize(
    "public", [PUBLIC, "http://otklik.local:8017", "https://192.168.100.200:8443"]
)
@given(key=keys, text=st.text(max_size=200))
def test_a_text_is_the_same_without_the_link_that_it_was_given(
    public: str, key: str, text: str
) -> None:
    bare = tidy(text)
    address = link(public, key)

    given_ = with_link(bare, address)
    assert given_.endswith(f"\n\nОцените ответ: {address}")
    assert without_link(given_) == bare
    assert with_link(given_, address) == given_, "copied from a refused answer: one link"


def test_words_about_rating_stay_when_they_are_no_link() -> None:
    for text in (
        "Оцените ответ: хорошо или плохо?",
        f"Оцените ответ: {PUBLIC}/o/короткая",
        f"Оцените ответ: {link(PUBLIC, KEY)} и напишите нам",
        f"{link(PUBLIC, KEY)}",
    ):
        assert without_link(text) == text


@pytest.mark.parametrize("limit", LIMITS.values())
def test_an_answer_has_to_leave_room_for_its_link(limit: int) -> None:
    address = link(PUBLIC, KEY)
    most = limit - len(with_link("", address))

    assert no_room("Ж" * most, address, limit) is None
    refused = no_room("Ж" * (most + 7), address, limit)
    assert refused is not None
    assert refused.reason is Reason.TOO_LONG
    assert "Сократите его на 7." in refused.message
