"""McNemar's exact test against known values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.comparison import mcnemar


@pytest.mark.parametrize(
    ("only_ours", "only_theirs", "expected"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (1, 0, 1.0),  # 2 · 1/2
        (6, 0, 2 / 2**6),
        (8, 2, 2 * (1 + 10 + 45) / 2**10),
    ],
)
def test_known_values(only_ours: int, only_theirs: int, expected: float) -> None:
    ours = [True] * only_ours + [False] * only_theirs + [True] * 7
    theirs = [False] * only_ours + [True] * only_theirs + [True] * 7
    assert mcnemar(ours, theirs) == pytest.approx(expected)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_it_is_a_probability_and_knows_no_sides(pairs: list[tuple[bool, bool]]) -> None:
    ours, theirs = [one for one, _ in pairs], [other for _, other in pairs]
    chance = mcnemar(ours, theirs)
    assert 0 < chance <= 1
    assert chance == mcnemar(theirs, ours)


def test_thousands_of_texts_do_not_underflow() -> None:
    assert 0 < mcnemar([True] * 1000, [False] * 1000) < 1e-290
