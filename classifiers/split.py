"""Folds for honest figures: a text and its repeats always fall on the same side."""

from collections.abc import Sequence

import numpy as np

from classifiers.vocabulary import Ints, flatten

# 12 bands of 3 minima: sets alike to 0.7 meet with probability 0.994; those that meet are then
# compared (Broder, «On the resemblance and containment of documents», 1997;
# banding as in Leskovec et al., «Mining of Massive Datasets», section 3.4).
_BANDS = 12
_ROWS = 3
_PRIME = (1 << 31) - 1
ALIKE = 0.7


def near_groups(texts: Sequence[Sequence[str]]) -> Ints:
    """Return the group of each text, given as words: exact and near repeats share one.

    Near are two texts whose sets of words overlap by ALIKE (Jaccard) or more. A group is
    numbered by its first text. Chains join: if a is near b and b near c, all are one.
    """
    flat, rows = flatten(texts)
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(word, len(numbers)) for word in flat], np.int64)
    edges = np.searchsorted(rows, np.arange(len(texts) + 1))
    filled = np.flatnonzero(edges[:-1] != edges[1:])
    parents = list(range(len(texts)))
    sets = [frozenset(text) for text in texts]
    if not len(filled):
        return np.arange(len(texts))

    def root(text: int) -> int:
        while parents[text] != text:
            parents[text] = parents[parents[text]]
            text = parents[text]
        return text

    shuffle = np.random.default_rng(1)
    for _ in range(_BANDS):
        minima = []
        for _ in range(_ROWS):
            factor, shift = shuffle.integers(1, _PRIME, 2)
            hashes = ((ids + 1) * factor + shift) % _PRIME
            minima.append(np.minimum.reduceat(hashes, edges[:-1][filled]).tolist())
        seen: dict[tuple[int, ...], int] = {}
        for text, key in zip(filled.tolist(), zip(*minima, strict=True), strict=True):
            first, second = root(seen.setdefault(key, text)), root(text)
            if first != second and _alike(sets[seen[key]], sets[text]):
                parents[max(first, second)] = min(first, second)
    return np.array([root(text) for text in range(len(texts))], np.int64)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)


def folds(groups: Ints, count: int, *, seed: int) -> Ints:
    """Return a fold 0..count-1 for each text; texts of one group fall into one fold."""
    draw = np.random.default_rng(seed).integers(0, count, len(groups))
    return draw[groups]
