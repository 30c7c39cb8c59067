"""Labels kept back: the newest ones, and no repeat of them among those that teach."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.examples import PHRASE, Example
from models.vocabulary import Topic
from pipeline.learn.split import Held, divide

START = datetime(2026, 3, 1, tzinfo=UTC)
GROUPS = st.lists(st.integers(0, 30), min_size=10, max_size=80)


def numbered(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Number groups by their first row, as near_groups does."""
    return np.array([values.index(value) for value in values], np.int64)


def divided(values: list[int], *, shipped: int, days: list[int | None]) -> Held:
    examples = [
        Example(f"т{row}", Topic.GAS, kind=("" if row >= shipped else "complaint"))
        for row in range(len(values))
    ]
    moments = [None if day is None else START + timedelta(days=day) for day in days]
    return divide(examples, moments, numbered(values))


@given(GROUPS)
def test_no_text_or_repeat_of_it_is_on_two_sides(values: list[int]) -> None:
    shipped = len(values) // 3
    days = [None] * shipped + [row % 17 for row in range(len(values) - shipped)]
    held = divided(values, shipped=shipped, days=days)
    sides = [set(numbered(values)[rows].tolist()) for rows in held.split]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    rows = np.concatenate(held.split).tolist()
    assert len(rows) == len(set(rows))
    assert sorted([*held.own, *held.seeds]) == held.split.tested.tolist()
    # Nor is one text tested twice.
    tested = numbered(values)[held.own].tolist()
    assert len(tested) == len(set(tested))


def test_the_newest_fifth_of_the_labels_is_tested() -> None:
    # Given 10 seeds and 50 labels, the newest first, no two alike
    days = [None] * 10 + list(range(50, 0, -1))
    held = divided(list(range(60)), shipped=10, days=days)
    assert held.by_time
    assert held.own.tolist() == list(range(10, 20))
    assert all(row < 10 for row in held.seeds)


def test_a_repeat_of_the_newest_leaves_those_that_teach() -> None:
    # Given 20 labels by day, of which the first and the newest are one text, and a seed as well
    values = [0, *range(1, 21)]
    values[1] = values[20] = 0
    held = divided(values, shipped=1, days=[None, *range(20)])
    assert 20 in held.own
    assert not {0, 1} & {*np.concatenate(held.split).tolist()}


def test_without_moments_texts_decide() -> None:
    nobody_knows: list[int | None] = [None] * 100
    same: list[int | None] = [5] * 100
    for days in (nobody_knows, same, [*nobody_knows[:60], *range(40)]):
        held = divided(list(range(100)), shipped=0, days=days)
        assert not held.by_time
        assert 5 < len(held.own) < 40


def test_seeds_are_split_alike_however_many_labels_follow() -> None:
    seeds = {
        tuple(divided(list(range(count)), shipped=40, days=[None] * count).seeds.tolist())
        for count in (41, 60, 300)
    }
    assert len(seeds) == 1


def test_phrases_measure_nothing() -> None:
    examples = [Example("яма", Topic.ROADS, kind=PHRASE)] * 50 + [Example("газ", Topic.GAS)] * 5
    held = divide(examples, [None] * 55, np.arange(55))
    assert not len(held.seeds)
