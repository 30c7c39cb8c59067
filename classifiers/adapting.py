"""Learning on from a model that serves: few labels move it little, many move it far.

Minimises ½·|w − w₀|² + C·Σ weight·max(0, 1 − y·(w·x + b))², which is the linear SVM of
scikit-learn's LinearSVC pulled towards the weights w₀ of an earlier model instead of towards 0
(«A-SVM»: Yang, Yan and Hauptmann, «Cross-Domain Video Concept Detection Using Adaptive SVMs»,
2007). So an installation with six hundred labels keeps all that seventeen thousand rows taught.
"""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize

from classifiers.vocabulary import Floats, Ints

# Rounds of L-BFGS; the weights change by less than their quantisation long before.
MOST_ROUNDS = 40


def adapt(
    rows: sp.csr_matrix,
    labels: Ints,
    weights: Floats,
    start: tuple[Floats, Floats],
    *,
    strength: float,
) -> tuple[Floats, Floats]:
    """Return weights (features × classes) and shifts, learned on from ``start``.

    Each class is learned against the rest; ``labels`` are columns of ``start``, ``weights`` what
    each row counts for. A class without a label stays as it was.
    """
    table, shifts = start
    before = np.asarray(rows @ table, np.float64) + shifts
    moved, moved_shifts = table.copy(), shifts.copy()
    # In doubles from the start: each product would convert the whole matrix again.
    wide = sp.hstack([rows, np.ones((rows.shape[0], 1))]).tocsr().astype(np.float64)
    across = wide.T.tocsr()
    cost = strength * weights.astype(np.float64)
    for column in np.unique(labels).tolist():
        sides = np.where(labels == column, 1.0, -1.0)
        step = _step(wide, across, sides, before[:, column], cost)
        moved[:, column] += step[:-1].astype(np.float32)
        moved_shifts[column] += step[-1]
    return moved, moved_shifts


def _step(
    rows: sp.csr_matrix,
    across: sp.csr_matrix,
    sides: np.ndarray[tuple[int], np.dtype[np.float64]],
    before: np.ndarray[tuple[int], np.dtype[np.float64]],
    cost: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return how far to move the weights and the shift of one class."""

    def loss(step: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, object]:
        short = np.maximum(0.0, 1.0 - sides * (before + rows @ step))
        value = 0.5 * float(step @ step) + float(cost @ (short * short))
        return value, step - across @ (2.0 * cost * sides * short)

    found = minimize(
        loss,
        np.zeros(rows.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MOST_ROUNDS, "gtol": 1e-3},
    )
    answer: np.ndarray[tuple[int], np.dtype[np.float64]] = found.x
    return answer
