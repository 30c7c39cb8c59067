"""Whether one model is better than another on the same texts, or only luckier."""

from collections.abc import Sequence
from math import comb


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
