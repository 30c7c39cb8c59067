"""Figures with 95 % intervals: the texts are drawn again and again, with repeats.

The bootstrap of Efron and Tibshirani, «An Introduction to the Bootstrap» (1993): percentile
intervals of chapter 13, and for a figure that resampling itself raises the bias of chapter 10.
A resample is a row of weights: how often each text was drawn. Where every answer is right, or
every one wrong, all resamples agree and the interval has no width: the count of rows tells then.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

# The ends of an interval then stand on 25 resamples each.
RESAMPLES = 1000
INTERVAL = (2.5, 97.5)
# Numbers in one block of resamples: 16 MB, however many texts there are.
_BLOCK = 2_000_000

Numbers: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Measure: TypeAlias = Callable[[Numbers], Mapping[str, Numbers]]
"""Weights (resamples × texts) → figures by name, one number a resample; NaN where there is none."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, 0..1, its 95 % interval, and the count of texts that it speaks of."""

    value: float
    low: float
    high: float
    rows: int


def bootstrap(
    rows: int,
    measure: Measure,
    counts: Mapping[str, int] | None = None,
    *,
    raised: Collection[str] = (),
    seed: int = 1,
) -> dict[str, Figure]:
    """Return the figures of ``measure`` over ``rows`` texts, each with its interval.

    ``counts`` tells how many texts a figure speaks of where that is not all of them. Figures
    named in ``raised`` are larger in a resample than in the texts themselves by the way they are
    made; their resamples are moved back by the mean of that. A figure that the texts do not yield
    is left out, and an interval always holds its value. The same ``seed`` draws the same.
    """
    if not rows:
        return {}
    values = {name: float(found[0]) for name, found in measure(np.ones((1, rows))).items()}
    drawn: dict[str, list[Numbers]] = {name: [] for name in values}
    random = np.random.default_rng(seed)
    block = max(1, min(RESAMPLES, _BLOCK // rows))
    for start in range(0, RESAMPLES, block):
        count = min(block, RESAMPLES - start)
        places = random.integers(0, rows, (count, rows)) + rows * np.arange(count)[:, None]
        weights = np.bincount(places.ravel(), minlength=count * rows).reshape(count, rows)
        for name, found in measure(weights.astype(np.float64)).items():
            drawn[name].append(found)
    return {
        name: _figure(
            value,
            np.concatenate(drawn[name]),
            (counts or {}).get(name, rows),
            raised=name in raised,
        )
        for name, value in values.items()
        if not np.isnan(value)
    }


def _figure(value: float, drawn: Numbers, rows: int, *, raised: bool) -> Figure:
    # A resample that holds none of the texts a figure speaks of says nothing of it.
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Figure(value, value, value, rows)
    if raised:
        known = np.clip(known - (known.mean() - value), 0.0, 1.0)
    low, high = np.percentile(known, INTERVAL).tolist()
    return Figure(value, min(low, value), max(high, value), rows)


def ratio(part: Numbers, whole: Numbers) -> Numbers:
    """Return part / whole, NaN where there is nothing to divide by."""
    answer: Numbers = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return answer


def share(weights: Numbers, hit: Flags, among: Flags) -> Numbers:
    """Return of each resample which share of the texts ``among`` is ``hit`` as well."""
    return ratio(weights @ (hit & among).astype(float), weights @ among.astype(float))


def area(weights: Numbers, scores: Numbers, positive: Flags) -> Numbers:
    """Return ROC AUC of each resample: the chance that a positive outranks a negative.

    Ties count half (Mann and Whitney, 1947).
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    yes = np.add.reduceat((weights * positive)[:, order], starts, axis=1)
    no = np.add.reduceat((weights * ~positive)[:, order], starts, axis=1)
    below = np.cumsum(no, axis=1) - no / 2.0
    return ratio((yes * below).sum(axis=1), yes.sum(axis=1) * no.sum(axis=1))


def recall_at_precision(
    weights: Numbers, scores: Numbers, positive: Flags, precision: float
) -> Numbers:
    """Return the largest recall of each resample at any threshold that keeps ``precision``."""
    order = np.argsort(-scores, kind="stable")
    # A threshold takes all texts of one score or none of them.
    ends = np.append(np.diff(scores[order]) != 0, [True])
    taken = np.cumsum(weights[:, order], axis=1)[:, ends]
    hits = np.cumsum((weights * positive)[:, order], axis=1)[:, ends]
    best = np.where(hits >= precision * taken, hits, 0.0).max(axis=1)
    return ratio(best, weights @ positive.astype(float))


def accuracy_of_surest(weights: Numbers, confidence: Numbers, right: Flags, part: float) -> Numbers:
    """Return how many of the surest ``part``, 0..1, of each resample are right; one at least."""
    order = np.argsort(-confidence, kind="stable")
    ranked = weights[:, order]
    limit = max(1.0, float(int(weights.shape[1] * part)))
    taken = np.clip(limit - (np.cumsum(ranked, axis=1) - ranked), 0.0, ranked)
    answer: Numbers = taken @ right[order].astype(float) / limit
    return answer


def gap(weights: Numbers, confidence: Numbers, right: Flags, bins: int) -> Numbers:
    """Return the expected calibration error of each resample, over ``bins`` of equal width.

    Sum over bins of share · |accuracy − mean confidence| (Naeini et al., 2015).
    """
    of = np.minimum((confidence * bins).astype(int), bins - 1)
    table = (of[:, None] == np.arange(bins)) * (right - confidence)[:, None]
    return ratio(np.abs(weights @ table).sum(axis=1), weights.sum(axis=1))
