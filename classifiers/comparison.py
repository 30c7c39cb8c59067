"""Whether one model is better than another on the same texts, or only luckier."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

# Resamples: the ends of a 95 % interval then move by less than a tenth of its width.
RESAMPLES = 2000
# Percentiles that a 95 % interval lies between.
INTERVAL = (2.5, 97.5)

_Numbers = npt.NDArray[np.float64]
_Kinds = npt.NDArray[np.int64]


def mcnemar(ours: Sequence[bool], theirs: Sequence[bool]) -> float:
    """Return the two-sided exact p-value that two classifiers are equally often right.

    ``ours`` and ``theirs`` tell of each text whether the answer was right. Source: McNemar,
    Psychometrika 12 (1947); the exact form is a binomial test of the texts on which only one of
    the two was right. 1.0 when they never differ.
    """
    only_ours = sum(our and not their for our, their in zip(ours, theirs, strict=True))
    only_theirs = sum(their and not our for our, their in zip(ours, theirs, strict=True))
    differ = only_ours + only_theirs
    if differ == 0:
        return 1.0
    # Whole numbers to the end: 0.5 ** 2000 is zero in floating point.
    tail = sum(comb(differ, k) for k in range(min(only_ours, only_theirs) + 1))
    chance: float = 2 * tail / 2**differ
    return min(1.0, chance)


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of ours less that of theirs, -1..1, and what resampling says of it.

    ``low`` and ``high`` bound it with 95 % confidence; ``better`` is the share of resamples in
    which ours is the larger.
    """

    value: float
    low: float
    high: float
    better: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two models differ on the same texts."""

    accuracy: Difference
    macro_f1: Difference


def paired_bootstrap(
    truth: Sequence[str], ours: Sequence[str], theirs: Sequence[str], *, seed: int = 1
) -> Comparison:
    """Compare two models' answers to the same texts, by resampling the texts.

    All three hold one label for each text; macro-F1 is the mean over the labels that occur in
    the truth. The same ``seed`` draws the same resamples, and swapping the models only turns the
    signs. Source: the percentile interval of Efron and Tibshirani, «An Introduction to the
    Bootstrap» (1993), chapter 13; over pairs as in Koehn, «Statistical Significance Tests for
    Machine Translation Evaluation» (2004). Raises ValueError where there is no text, or where
    the three differ in length.
    """
    if not len(truth) == len(ours) == len(theirs):
        raise ValueError("truth, ours and theirs must have one label for each text")
    if not len(truth):
        raise ValueError("nothing to compare")
    names = sorted({*truth, *ours, *theirs})
    places = {name: place for place, name in enumerate(names)}
    # Texts alike in all three are drawn alike, so that a resample is one draw of how many of
    # each kind it holds. Kinds stand in the order of their first text: the same after a swap.
    counts: dict[tuple[int, int, int], int] = {}
    for labels in zip(truth, ours, theirs, strict=True):
        first, second, third = (places[label] for label in labels)
        counts[first, second, third] = counts.get((first, second, third), 0) + 1
    kinds = np.array(list(counts), np.int64)
    sizes = np.array(list(counts.values()), np.float64)
    drawn = np.random.default_rng(seed).multinomial(len(truth), sizes / len(truth), RESAMPLES)
    table = np.vstack([sizes, drawn])
    accuracy = [_accuracy(table, kinds[:, 0], kinds[:, side]) for side in (1, 2)]
    macro = [_macro_f1(table, kinds[:, 0], kinds[:, side], len(names)) for side in (1, 2)]
    return Comparison(
        _difference(accuracy[0] - accuracy[1]),
        _difference(macro[0] - macro[1]),
    )


def _accuracy(table: _Numbers, truth: _Kinds, guess: _Kinds) -> _Numbers:
    answer: _Numbers = table[:, truth == guess].sum(axis=1) / table.sum(axis=1)
    return answer


def _macro_f1(table: _Numbers, truth: _Kinds, guess: _Kinds, labels: int) -> _Numbers:
    """Return macro-F1 of each row of ``table``, which counts the texts of each kind."""
    every = np.arange(labels)
    wanted = table @ (truth[:, None] == every)
    given = table @ (guess[:, None] == every)
    right = table @ ((truth[:, None] == every) & (guess[:, None] == every))
    # A label that a resample does not hold is left out of its mean.
    f1 = np.where(wanted > 0, 2 * right / np.maximum(wanted + given, 1), 0.0)
    answer: _Numbers = f1.sum(axis=1) / (wanted > 0).sum(axis=1)
    return answer


def _difference(values: _Numbers) -> Difference:
    """Return the difference: first of the texts as they are, then of the resamples."""
    low, high = np.percentile(values[1:], INTERVAL)
    return Difference(float(values[0]), float(low), float(high), float((values[1:] > 0).mean()))
