import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.svm import LinearSVC

from classifiers.adapting import adapt
from classifiers.vocabulary import Floats

ROWS = sp.csr_matrix(
    np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0.6, 0.8], [0, 0, 1]], np.float32)
)
LABELS = np.array([0, 0, 1, 1, 1])
EVEN = np.ones(5, np.float32)


def nothing(classes: int = 2) -> tuple[Floats, Floats]:
    return np.zeros((3, classes), np.float32), np.zeros(classes, np.float32)


def test_from_nothing_it_is_the_linear_svm() -> None:
    # LinearSVC counts the shift as one more weight, as this does.
    machine = LinearSVC(C=0.7, tol=1e-8, max_iter=100_000).fit(ROWS, LABELS)
    weights, shifts = adapt(ROWS, LABELS, EVEN, nothing(), strength=0.7)
    assert weights[:, 1] == pytest.approx(machine.coef_[0], abs=1e-2)
    assert shifts[1] == pytest.approx(machine.intercept_[0], abs=1e-2)
    assert weights[:, 0] == pytest.approx(-weights[:, 1], abs=1e-2)


def test_what_is_right_by_a_margin_already_does_not_move() -> None:
    sure = np.array([[9, -9], [-9, 9], [-9, 9]], np.float32), np.zeros(2, np.float32)
    rows, labels = ROWS[[0, 2, 4]], LABELS[[0, 2, 4]]
    weights, shifts = adapt(rows, labels, EVEN[:3], sure, strength=1.0)
    assert (weights == sure[0]).all()
    assert (shifts == sure[1]).all()


def test_little_is_learned_from_little_and_much_from_much() -> None:
    # Given a model that takes the third word for class 0, and texts that say otherwise
    wrong = np.array([[0, 0], [0, 0], [2, -2]], np.float32), np.zeros(2, np.float32)
    moved = [
        np.abs(adapt(ROWS, LABELS, EVEN * weight, wrong, strength=1.0)[0] - wrong[0]).sum()
        for weight in (0.01, 0.1, 1.0)
    ]
    assert moved[0] < moved[1] < moved[2]
    assert moved[0] < 0.5


def test_a_class_that_nobody_named_stays() -> None:
    start = np.full((3, 3), 0.5, np.float32), np.full(3, -1.0, np.float32)
    weights, shifts = adapt(ROWS, LABELS, EVEN, start, strength=1.0)
    assert (weights[:, 2] == 0.5).all()
    assert shifts[2] == -1.0
    assert not (weights[:, 0] == 0.5).all()
