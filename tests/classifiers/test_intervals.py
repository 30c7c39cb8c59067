"""Intervals by resampling, and the figures that can be resampled."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from classifiers import intervals
from classifiers.intervals import (
    Figure,
    Numbers,
    accuracy_of_surest,
    area,
    bootstrap,
    gap,
    recall_at_precision,
    share,
)

answers = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30)
drawn = st.lists(
    st.tuples(st.integers(0, 10), st.booleans(), st.integers(0, 3)), min_size=1, max_size=20
).filter(lambda rows: any(count for _, _, count in rows))


def shares(flags: list[bool]) -> dict[str, Figure]:
    hit, everything = np.array(flags), np.ones(len(flags), bool)
    return bootstrap(len(flags), lambda weights: {"share": share(weights, hit, everything)})


@settings(max_examples=30)
@given(answers)
def test_an_interval_lies_within_0_and_1_and_holds_its_value(pairs: list[tuple[int, bool]]) -> None:
    sure, right = np.array([one / 10 for one, _ in pairs]), np.array([hit for _, hit in pairs])

    def measure(weights: Numbers) -> dict[str, Numbers]:
        return {
            "ece": gap(weights, sure, right, 15),
            "auc": area(weights, sure, right),
            "surest": accuracy_of_surest(weights, sure, right, 0.7),
            "recall": recall_at_precision(weights, sure, right, 0.6),
        }

    found = bootstrap(len(pairs), measure, raised=("ece",))
    for figure in found.values():
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert found == bootstrap(len(pairs), measure, raised=("ece",))
    assert ("auc" in found) is (len(set(right.tolist())) == 2)


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    # Given 200 samples of 100 texts each, of which 8 in 10 are answered right in the long run
    random = np.random.default_rng(7)
    samples = random.random((200, 100)) < 0.8
    # Then some 95 % of their intervals hold 0.8
    found = [shares(sample.tolist())["share"] for sample in samples]
    held = sum(figure.low <= 0.8 <= figure.high for figure in found)
    assert 178 <= held <= 198


def test_more_texts_make_a_narrower_interval() -> None:
    few, many = (shares([True, True, True, False] * times)["share"] for times in (5, 80))
    assert few.value == many.value == 0.75
    assert many.high - many.low < (few.high - few.low) / 3
    assert (few.rows, many.rows) == (20, 320)


def test_blocks_of_resamples_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shares([True, False] * 20)
    monkeypatch.setattr(intervals, "_BLOCK", 400)
    assert shares([True, False] * 20) == whole


def test_a_figure_without_texts_is_left_out() -> None:
    none = np.zeros(3, bool)
    assert bootstrap(3, lambda weights: {"share": share(weights, ~none, none)}) == {}
    assert bootstrap(0, lambda weights: {"share": share(weights, none, none)}) == {}


@given(drawn)
def test_a_weight_is_a_text_met_again(rows: list[tuple[int, bool, int]]) -> None:
    # Given texts that a resample holds 0 to 3 times, once as weights and once written out
    scores, right = (
        np.array([one / 10 for one, _, _ in rows]),
        np.array([hit for _, hit, _ in rows]),
    )
    counts = np.array([count for _, _, count in rows])
    weights, again = counts[None, :].astype(float), np.repeat(np.arange(len(rows)), counts)
    once = np.ones((1, len(again)))
    # Then every figure is the same
    for measure in (
        lambda w, s, r: gap(w, s, r, 15),
        area,
        lambda w, s, r: recall_at_precision(w, s, r, 0.6),
    ):
        weighted, written = (
            measure(weights, scores, right),
            measure(once, scores[again], right[again]),
        )
        assert weighted == pytest.approx(written, nan_ok=True)


@given(drawn)
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[int, bool, int]]) -> None:
    scores, right = (
        np.array([one for one, _, _ in rows], float),
        np.array([hit for _, hit, _ in rows]),
    )
    counts = np.array([count for _, _, count in rows], float)
    found = float(area(counts[None, :], scores, right)[0])
    if len(set(right[counts > 0].tolist())) == 2:
        assert found == pytest.approx(roc_auc_score(right, scores, sample_weight=counts))
    else:
        assert np.isnan(found)


@given(answers)
def test_the_best_recall_is_that_of_the_best_threshold(pairs: list[tuple[int, bool]]) -> None:
    scores, right = np.array([one for one, _ in pairs], float), np.array([hit for _, hit in pairs])
    best = 0.0
    for threshold in scores:
        said = scores >= threshold
        if right[said].mean() >= 0.6:
            best = max(best, float(right[said].sum()))
    found = recall_at_precision(np.ones((1, len(pairs))), scores, right, 0.6)
    if right.any():
        assert found[0] == pytest.approx(best / right.sum())
    else:
        assert np.isnan(found[0])


def test_the_surest_answers_are_counted_alone() -> None:
    sure, right = np.arange(10) / 10, np.arange(10) >= 4
    once = np.ones((1, 10))
    assert accuracy_of_surest(once, sure, right, 0.7)[0] == pytest.approx(6 / 7)
    assert accuracy_of_surest(once, sure, right, 0.01)[0] == 1.0
    # The surest text, drawn five times, is half of what counts
    weights = np.array([[0.0, 1, 1, 1, 1, 1, 0, 0, 0, 5]])
    assert accuracy_of_surest(weights, sure, right, 1.0)[0] == pytest.approx(0.7)
