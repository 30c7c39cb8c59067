"""Scores into probabilities, and the thresholds that calibration finds; values by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifiers.calibration import (
    best_temperature,
    slope_and_shift,
    temperature_and_doubt,
    threshold,
    unsure_below,
)
from classifiers.lexicon_share import DOUBT, share
from classifiers.probability import best, doubted, logistic, logit, softmax
from classifiers.vocabulary import Floats

SCORES = arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(1, 30)),
    elements=st.floats(-50, 50, width=32),
)


def test_even_odds_are_a_half() -> None:
    assert logistic(np.array([0.0], np.float32)).tolist() == [0.5]
    assert logit(np.array([0.5], np.float32)).tolist() == [0.0]
    assert logistic(np.array([np.log(3.0)], np.float32)) == pytest.approx([0.75])


@given(st.floats(0.001, 0.999))
def test_odds_come_back(probability: float) -> None:
    there = logit(np.array([probability], np.float32))
    assert logistic(there) == pytest.approx([probability], abs=1e-4)


def test_certainty_itself_stays_finite() -> None:
    ends = np.array([0.0, 1.0], np.float32)
    assert np.isfinite(logit(ends)).all()
    huge = logistic(np.array([-1e9, 1e9], np.float32))
    assert huge == pytest.approx(ends, abs=1e-6)


@given(SCORES, st.floats(0.05, 5.0))
def test_shares_are_of_one_whole_and_keep_the_order(scores: Floats, temperature: float) -> None:
    shares = softmax(scores, temperature)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(scores)), abs=1e-5)
    assert (shares >= 0).all()
    places = np.arange(len(scores))
    assert (shares[places, scores.argmax(axis=1)] == shares.max(axis=1)).all()


def test_shares_are_known() -> None:
    scores = np.log(np.array([[1.0, 2.0, 5.0]], np.float32))
    assert softmax(scores, 1.0).tolist() == [pytest.approx([0.125, 0.25, 0.625])]
    assert softmax(scores, 0.5).tolist() == [pytest.approx([1 / 30, 4 / 30, 25 / 30])]


def test_of_nothing_there_are_no_shares() -> None:
    assert softmax(np.zeros((3, 0), np.float32), 1.0).shape == (3, 0)


@given(SCORES, st.floats(0.0, 1.0))
def test_doubt_leans_to_an_even_guess(scores: Floats, doubt: float) -> None:
    shares = softmax(scores, 1.0)
    mixed = doubted(shares, doubt)
    assert mixed.sum(axis=1) == pytest.approx(np.ones(len(scores)), abs=1e-5)
    even = 1.0 / scores.shape[1]
    assert (np.abs(mixed - even) <= np.abs(shares - even) + 1e-6).all()
    assert doubted(shares, 0.0).tolist() == shares.tolist()


def test_doubt_is_known() -> None:
    shares = np.array([[1.0, 0.0, 0.0, 0.0]], np.float32)
    assert doubted(shares, 0.08).tolist() == [pytest.approx([0.94, 0.02, 0.02, 0.02])]
    assert doubted(shares[:, :0], 0.5).shape == (1, 0)


@given(SCORES, st.integers(1, 6))
def test_the_best_are_the_first_of_all_in_order(scores: Floats, count: int) -> None:
    found = best(scores, count)
    values = np.take_along_axis(scores, found, axis=1)
    expected = -np.sort(-scores, axis=1)[:, :count]
    assert values.tolist() == expected.tolist()
    assert all(len(set(row)) == len(row) for row in found.tolist())


def test_the_lexicon_takes_its_share_after_a_doubt() -> None:
    hits = np.array([[4.0, 2.0, -2.0], [0.0, 0.0, 0.0], [-4.0, 0.0, 0.0]], np.float32)
    assert DOUBT == 3.0
    assert share(hits).tolist() == [pytest.approx([4 / 9, 2 / 9, 0.0]), [0, 0, 0], [0, 0, 0]]


def test_the_temperature_makes_probabilities_honest() -> None:
    # 9 of 10 answers are right where the scores say «by far»: ln 9 is their true distance.
    scores = np.array([[5.0, 0.0]] * 10, np.float32)
    labels = np.array([0] * 9 + [1], np.int64)
    found = best_temperature(scores, labels)
    assert softmax(scores[:1], found)[0, 0] == pytest.approx(0.9, abs=0.01)
    assert best_temperature(scores[:0], labels[:0]) == 1.0


def test_where_the_surest_err_too_a_doubt_makes_probabilities_honest() -> None:
    # Near and far alike 9 of 10 are right: no temperature fits both, a doubt does.
    scores = np.array([[5.0, 0.0]] * 10 + [[50.0, 0.0]] * 10, np.float32)
    labels = np.array(([0] * 9 + [1]) * 2, np.int64)
    temperature, doubt = temperature_and_doubt(scores, labels)
    assert doubt == 0.12
    shares = doubted(softmax(scores, temperature), doubt)
    assert shares[[0, -1], 0] == pytest.approx(np.array([0.92, 0.94]), abs=0.03)
    exact = np.array([[5.0, 0.0]] * 10, np.float32)
    found = temperature_and_doubt(exact, labels[:10])
    assert doubted(softmax(exact, found[0]), found[1])[0, 0] == pytest.approx(0.9, abs=0.01)
    assert temperature_and_doubt(exact[:0], labels[:0]) == (1.0, 0.0)


def test_the_curve_rises_with_the_score_and_meets_a_half_between() -> None:
    scores = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], np.float32)
    slope, shift = slope_and_shift(scores, [False] * 3 + [True] * 3)
    assert slope > 0
    assert shift == pytest.approx(0.0, abs=1e-3)
    assert slope_and_shift(scores, [True] * 6) == (1.0, 0.0)
    assert slope_and_shift(scores[:0], []) == (1.0, 0.0)


def test_a_threshold_is_the_highest_that_reaches_the_recall() -> None:
    sure = [0.9, 0.8, 0.7, 0.2, 0.6, 0.1]
    truth = [True, True, True, True, False, False]
    assert threshold(sure, truth, 0.75) == 0.7
    assert threshold(sure, truth, 1.0) == 0.2
    assert threshold(sure, [True] * 6, 0.9) == 0.5
    assert threshold(sure, [False] * 6, 0.9) == 0.5


def test_unsure_is_where_most_answers_are_wrong() -> None:
    # Of 30 answers the 20 least sure are wrong; up to 33 right ones make them right in 4 of 10.
    confidence = [place / 100 for place in range(60)]
    right = [False] * 20 + [True] * 40
    assert unsure_below(confidence, right) == pytest.approx(0.32)
    assert unsure_below(confidence, [True] * 60) == 0.0
    assert unsure_below(confidence[:10], [False] * 10) == 0.0
    assert unsure_below([], []) == 0.0
