import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from classifiers.calibration import best_temperature, slope_and_shift, threshold
from classifiers.classifier import Classifier, softmax
from classifiers.evaluation import (
    area_under_curve,
    calibration_error,
    evaluate,
    f1_by_label,
    recall_and_precision,
)
from classifiers.examples import Example

labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(labels)
def test_f1_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, guess = [one for one, _ in pairs], [other for _, other in pairs]
    names = sorted(set(truth))
    expected = f1_score(truth, guess, labels=names, average=None, zero_division=0)
    found = f1_by_label(truth, guess)
    assert [found[name] for name in names] == pytest.approx(expected.tolist())


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_is_that_of_scikit_learn(pairs: list[tuple[int, bool]]) -> None:
    scores, truth = [score / 5 for score, _ in pairs], [yes for _, yes in pairs]
    if len(set(truth)) == 1:
        assert math.isnan(area_under_curve(scores, truth))
    else:
        assert area_under_curve(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


def test_calibration_error_is_the_gap_between_promise_and_truth() -> None:
    assert calibration_error([0.9, 0.9], [True, True]) == pytest.approx(0.1)
    assert calibration_error([0.5, 0.5], [True, False]) == pytest.approx(0.0)
    assert calibration_error([1.0, 0.0], [False, False]) == pytest.approx(0.5)


def test_recall_and_precision() -> None:
    assert recall_and_precision([True, True, False], [True, False, True]) == (0.5, 0.5)
    nothing = recall_and_precision([False], [False])
    assert all(map(math.isnan, nothing))


def test_a_temperature_makes_scores_honest() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=(4000, 3)).astype(np.float32)
    shares = softmax(scores, 0.25)
    truth = np.array([random.choice(3, p=row / row.sum()) for row in shares.astype(float)])
    assert best_temperature(scores, truth) == pytest.approx(0.25, rel=0.15)
    assert best_temperature(scores[:0], truth[:0]) == 1.0


def test_a_curve_needs_yes_and_no() -> None:
    scores = np.array([-1.0, -0.5, 0.5, 1.0], np.float32)
    slope, shift = slope_and_shift(scores, [False, False, True, True])
    assert slope > 0
    assert shift == pytest.approx(0.0, abs=0.05)
    assert slope_and_shift(scores, [True] * 4) == (1.0, 0.0)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=4, max_size=60),
    st.sampled_from([0.9, 0.95]),
)
def test_a_threshold_keeps_its_recall(pairs: list[tuple[float, bool]], recall: float) -> None:
    values, truth = [value for value, _ in pairs], [yes for _, yes in pairs]
    bar = threshold(values, truth, recall)
    if len(set(truth)) == 1:
        assert bar == 0.5
    else:
        found, _ = recall_and_precision([value >= bar for value in values], truth)
        assert found >= recall


def test_figures_speak_of_own_rows_and_seeds_apart(
    small: Classifier, examples: list[Example]
) -> None:
    figures = evaluate(small, [example for example in examples if example.kind != "phrase"])
    assert figures["region"]["fine_top3"] >= figures["region"]["fine_top1"] > 0.5
    assert figures["seeds"]["relevance_auc"] > 0.9
    assert 0 < figures["seeds"]["urgent_recall"] <= 1
    assert figures["relevance_auc_region_against_seeds"] > 0.8
    assert "urgent_rows" not in figures["region"]
    assert evaluate(small, []) == {}
