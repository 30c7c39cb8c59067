"""The stability index by hand, and what people are told of it."""

from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learn.drift import (
    LEAST_SHARE,
    Change,
    advice,
    chance_index,
    compare_windows,
    stability_index,
)

SHARES = st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any)


def test_the_index_by_hand() -> None:
    then, now = {"roads": 0.5, "snow": 0.3, "gas": 0.2}, {"roads": 0.4, "snow": 0.4, "gas": 0.2}
    # (0.4 − 0.5) · ln 0.8 + (0.4 − 0.3) · ln(4/3) + 0 = 0.0223144 + 0.0287682
    assert stability_index(then, now) == pytest.approx(0.0510826, abs=1e-7)
    # Twice as many unknown words, 10 % and 20 %: 0.1 · ln 2 + (−0.1) · ln(8/9)
    assert stability_index(
        {"unknown": 0.1, "known": 0.9}, {"unknown": 0.2, "known": 0.8}
    ) == pytest.approx(0.1 * log(2) - 0.1 * log(8 / 9))


def test_a_topic_that_was_not_there_has_a_least_share() -> None:
    assert stability_index({"roads": 1.0}, {"roads": 0.9, "snow": 0.1}) == pytest.approx(
        -0.1 * log(0.9) + (0.1 - LEAST_SHARE) * log(0.1 / LEAST_SHARE)
    )


@given(SHARES, SHARES)
def test_the_index_knows_no_direction_and_is_never_negative(
    one: list[int], other: list[int]
) -> None:
    then, now = (
        {str(kind): count / sum(counts) for kind, count in enumerate(counts)}
        for counts in (one, other)
    )
    assert stability_index(then, now) == pytest.approx(stability_index(now, then))
    assert stability_index(then, now) >= 0
    assert stability_index(then, then) == 0


def test_chance_stays_below_its_bound_in_nineteen_cases_of_twenty() -> None:
    draw, shares = np.random.default_rng(1), np.arange(1, 11) / 55
    bound, below = chance_index(10, 2000, 500), 0
    for _ in range(400):
        mixes = [
            dict(zip("abcdefghij", (draw.multinomial(count, shares) / count).tolist(), strict=True))
            for count in (2000, 500)
        ]
        below += stability_index(*mixes) <= bound
    assert 0.91 <= below / 400 <= 0.985


def told(rows: int, roads: float, unknown: float) -> dict[str, Any]:
    return {
        "rows": rows,
        "topics": {"roads": roads, "snow": 1 - roads},
        "unknown_words": unknown,
    }


@pytest.mark.parametrize(
    ("now", "topics", "words", "says"),
    [
        (told(500, 0.52, 0.11), Change.NONE, Change.NONE, "делать ничего не нужно"),
        (told(500, 0.70, 0.10), Change.SOME, Change.NONE, "немного изменились"),
        (told(500, 0.50, 0.22), Change.NONE, Change.SOME, "немного изменились"),
        (told(500, 0.90, 0.10), Change.LARGE, Change.NONE, "otklik train --labels"),
        (told(99, 0.90, 0.40), Change.UNKNOWN, Change.UNKNOWN, "Сообщений мало (сейчас 99"),
        (told(0, 0.50, 0.00), Change.UNKNOWN, Change.UNKNOWN, "нужно хотя бы 100"),
    ],
)
def test_people_are_told_what_it_means(
    now: dict[str, Any], topics: Change, words: Change, says: str
) -> None:
    found = compare_windows(told(1000, 0.5, 0.1), now)
    assert found.topics.change is topics
    assert found.unknown.change is words
    assert says in advice(found)


def test_the_topics_that_moved_most_come_first() -> None:
    then = {"rows": 500, "topics": {"roads": 0.6, "snow": 0.4}, "unknown_words": 0.1}
    now = {"rows": 500, "topics": {"roads": 0.3, "snow": 0.5, "gas": 0.2}, "unknown_words": 0.1}
    assert [move[0] for move in compare_windows(then, now).moved] == ["roads", "gas", "snow"]
    assert compare_windows(then, now).moved[1] == ("gas", 0.0, 0.2)
