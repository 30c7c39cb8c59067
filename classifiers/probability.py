"""Scores → probabilities."""

import numpy as np

from classifiers.vocabulary import Floats, Ints


def logistic(scores: Floats) -> Floats:
    """Return 1 / (1 + e^−score), 0..1."""
    answer: Floats = np.float32(1.0) / (np.float32(1.0) + np.exp(-np.clip(scores, -30.0, 30.0)))
    return answer


def logit(probabilities: Floats) -> Floats:
    """Return ln(p / (1 − p)), finite at 0 and 1 too."""
    inside = np.clip(probabilities, 1e-6, 1.0 - 1e-6)
    answer: Floats = np.log(inside / (1.0 - inside)).astype(np.float32)
    return answer


def softmax(scores: Floats, temperature: float) -> Floats:
    """Return the probabilities, rows adding up to 1, of ``score / temperature``."""
    if not scores.shape[1]:
        return scores
    scaled = scores / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    answer: Floats = powers / powers.sum(axis=1, keepdims=True)
    return answer


def doubted(shares: Floats, doubt: float) -> Floats:
    """Return probabilities, rows adding up to 1, mixed with ``doubt`` (0..1) of an even guess."""
    answer: Floats = np.float32(1.0 - doubt) * shares + np.float32(doubt / max(shares.shape[1], 1))
    return answer


def best(values: Floats, count: int) -> Ints:
    """Return the columns of the ``count`` largest values of each row, best first."""
    if values.shape[1] <= count:
        return np.argsort(-values, axis=1)
    few = np.argpartition(-values, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(values, few, axis=1), axis=1, kind="stable")
    return np.take_along_axis(few, order, axis=1)
