"""Which texts to label next: those the model doubts most, no two of them alike. Pure."""

from collections.abc import Sequence

from models.values import Prediction

POOL = 10
"""Doubtful texts looked through for each one asked for: among fewer there is little to choose."""


def margin(prediction: Prediction) -> float:
    """Return how far the likeliest topic leads, 0..1 (Scheffer et al., 2001); 1 if it is alone."""
    best, second = (*(topic.probability for topic in prediction.topics), 0.0, 0.0)[:2]
    return best - second


def choose(words: Sequence[frozenset[str]], margins: Sequence[float], count: int) -> list[int]:
    """Return ``count`` rows at most, in the order in which to label them.

    From the ``POOL * count`` rows with the smallest margins the most doubtful comes first, then
    always the one least like all chosen so far: the greedy k-centre choice (Sener and Savarese,
    «Active Learning for Convolutional Neural Networks: A Core-Set Approach», 2018) by Jaccard's
    distance of their ``words``; of equals the more doubtful. Exact repeats of what is chosen are
    left out.
    """
    pool = sorted(range(len(margins)), key=lambda row: (margins[row], row))[: POOL * count]
    chosen: list[int] = []
    distance = dict.fromkeys(pool, 1.0)
    while distance and len(chosen) < count:
        # The pool is sorted by margin and max() takes the first of equals.
        row = max(distance, key=lambda other: distance[other])
        if chosen and distance[row] == 0.0:
            break
        chosen.append(row)
        del distance[row]
        for other, known in distance.items():
            distance[other] = min(known, _apart(words[row], words[other]))
    return chosen


def _apart(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return 1.0 - len(one & other) / union if union else 0.0
