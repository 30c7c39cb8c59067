"""McNemar's exact test against known values; the paired bootstrap by its properties."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from classifiers.comparison import Comparison, Difference, mcnemar, paired_bootstrap

LABELS = st.sampled_from(["roads", "gas", "water"])
ROWS = st.lists(st.tuples(LABELS, LABELS, LABELS), min_size=1, max_size=40)


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


def columns(rows: list[tuple[str, str, str]]) -> tuple[list[str], list[str], list[str]]:
    truth, ours, theirs = map(list, zip(*rows, strict=True))
    return truth, ours, theirs


@given(ROWS)
def test_differences_are_those_of_scikit_learn(rows: list[tuple[str, str, str]]) -> None:
    truth, ours, theirs = columns(rows)
    found = paired_bootstrap(truth, ours, theirs)
    right = [sum(map(str.__eq__, truth, side)) / len(truth) for side in (ours, theirs)]
    macro = [
        f1_score(truth, side, labels=sorted(set(truth)), average="macro", zero_division=0)
        for side in (ours, theirs)
    ]
    assert found.accuracy.value == pytest.approx(right[0] - right[1])
    assert found.macro_f1.value == pytest.approx(macro[0] - macro[1])


@given(ROWS)
def test_swapping_the_models_turns_the_signs(rows: list[tuple[str, str, str]]) -> None:
    truth, ours, theirs = columns(rows)
    one, other = paired_bootstrap(truth, ours, theirs), paired_bootstrap(truth, theirs, ours)
    for here, there in ((one.accuracy, other.accuracy), (one.macro_f1, other.macro_f1)):
        assert here.value == pytest.approx(-there.value)
        assert here.low == pytest.approx(-there.high)
        assert here.high == pytest.approx(-there.low)
        assert here.better + there.better <= 1
        assert -1 <= here.low <= here.high <= 1


@given(ROWS)
def test_equal_models_do_not_differ(rows: list[tuple[str, str, str]]) -> None:
    truth, ours, _ = columns(rows)
    nothing = Difference(0.0, 0.0, 0.0, 0.0)
    assert paired_bootstrap(truth, ours, ours) == Comparison(nothing, nothing)


def test_the_interval_is_that_of_the_normal_law_where_texts_are_many() -> None:
    # Given 400 texts of which ours has 40 right that theirs has not, and theirs 10
    truth = ["roads"] * 400
    ours = ["roads"] * 390 + ["gas"] * 10
    theirs = ["roads"] * 350 + ["gas"] * 40 + ["roads"] * 10
    found = paired_bootstrap(truth, ours, theirs).accuracy
    # Then the difference is 30 of 400, give or take 1.96 · sqrt(50 − 30²/400) / 400
    half = 1.96 * (50 - 30**2 / 400) ** 0.5 / 400
    assert found.value == pytest.approx(0.075)
    assert found.low == pytest.approx(0.075 - half, abs=0.005)
    assert found.high == pytest.approx(0.075 + half, abs=0.005)
    assert found.better > 0.999


def test_an_interval_holds_the_true_difference_as_often_as_it_says() -> None:
    # Given pairs of models of which each is right on 80 % of all texts there are
    draw, held = random.Random(5), 0  # noqa: S311 - not for secrets
    for seed in range(100):
        sides = [["gas" if draw.random() < 0.8 else "roads" for _ in range(200)] for _ in "ab"]
        found = paired_bootstrap(["gas"] * 200, *sides, seed=seed).accuracy
        held += found.low <= 0 <= found.high
    # Then about 95 of 100 intervals hold 0
    assert 88 <= held <= 100


@pytest.mark.parametrize(
    ("truth", "ours", "theirs"), [([], [], []), (["gas"], ["gas"], []), (["gas"], [], ["gas"])]
)
def test_nothing_to_compare_is_refused(
    truth: list[str], ours: list[str], theirs: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"nothing to compare|one label"):
        paired_bootstrap(truth, ours, theirs)
