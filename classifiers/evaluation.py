"""How good a model is on examples that it has not seen. Needs numpy alone."""

from collections import Counter
from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np

from classifiers.classifier import Classifier
from classifiers.examples import Example
from models.values import Prediction

# Bins of confidence for the calibration error.
BINS = 15


def f1_by_label(truth: Sequence[object], guess: Sequence[object]) -> dict[Any, float]:
    """Return F1, 0..1, of each label that occurs in ``truth``: 2·TP / (2·TP + FP + FN)."""
    right = Counter(label for label, other in zip(truth, guess, strict=True) if label == other)
    wanted, given = Counter(truth), Counter(guess)
    return {label: 2 * right[label] / (wanted[label] + given[label]) for label in wanted}


def calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error, 0..1, over BINS bins of equal width.

    Sum over bins of share · |accuracy − mean confidence| (Naeini et al., 2015).
    """
    sure, hits = np.asarray(confidence), np.asarray(right, float)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=hits - sure, minlength=BINS)
    return float(np.abs(gaps).sum() / len(sure))


def area_under_curve(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Return ROC AUC, 0..1: the chance that a positive outranks a negative, ties counting half.

    By ranks (Mann and Whitney, 1947). NaN when one of the two sorts is missing.
    """
    _, place, counts = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[place]
    yes = np.asarray(positive, bool)
    ones, zeros = int(yes.sum()), int((~yes).sum())
    if not ones or not zeros:
        return float("nan")
    return float((ranks[yes].sum() - ones * (ones + 1) / 2.0) / (ones * zeros))


def recall_and_precision(guess: Sequence[bool], truth: Sequence[bool]) -> tuple[float, float]:
    """Return recall and precision, 0..1; NaN where there is nothing to divide by."""
    said, real = np.asarray(guess, bool), np.asarray(truth, bool)
    hits = float((said & real).sum())
    return (
        hits / float(real.sum()) if real.any() else float("nan"),
        hits / float(said.sum()) if said.any() else float("nan"),
    )


def topic_figures(examples: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Return accuracy, macro-F1, F1 of each code, calibration error; fine topics' top 1 and 3."""
    rows = [pair for pair in zip(examples, predictions, strict=True) if pair[0].topic]
    figures: dict[str, Any] = {"rows": len(rows)}
    if rows:
        truth = [example.topic for example, _ in rows]
        guess = [prediction.topics[0].code for _, prediction in rows]
        right = [one == other for one, other in zip(truth, guess, strict=True)]
        by_label = f1_by_label(truth, guess)
        sure = np.array([prediction.topics[0].probability for _, prediction in rows])
        surest = np.argsort(-sure)[: max(1, int(len(rows) * 0.7))]
        figures |= {
            "accuracy": sum(right) / len(right),
            "macro_f1": sum(by_label.values()) / len(by_label),
            "ece": calibration_error(sure.tolist(), right),
            "accuracy_surest_70": float(np.array(right)[surest].mean()),
            "f1": {str(label): by_label[label] for label in sorted(by_label, key=str)},
        }
    fine = [
        (example.fine_topic, [topic.name for topic in prediction.fine_topics])
        for example, prediction in rows
        if example.fine_topic
    ]
    if fine:
        figures["fine_top1"] = sum(name == best[0] for name, best in fine) / len(fine)
        figures["fine_top3"] = sum(name in best for name, best in fine) / len(fine)
    return figures


def yes_no_figures(
    examples: Sequence[Example], predictions: Sequence[Prediction]
) -> dict[str, Any]:
    """Return AUC, recall and precision of relevance, and the same of urgency."""
    relevant = [bool(example.relevant) for example in examples]
    recall, precision = recall_and_precision([p.relevant for p in predictions], relevant)
    figures: dict[str, Any] = {
        "relevance_rows": len(relevant),
        "relevance_auc": area_under_curve([p.relevance for p in predictions], relevant),
        "relevance_recall": recall,
        "relevance_precision": precision,
    }
    known = [pair for pair in zip(examples, predictions, strict=True) if pair[0].urgent is not None]
    if known:
        urgent = [bool(example.urgent) for example, _ in known]
        recall, precision = recall_and_precision([p.urgent for _, p in known], urgent)
        figures |= {
            "urgent_rows": sum(urgent),
            "urgent_auc": area_under_curve([p.urgency for _, p in known], urgent),
            "urgent_recall": recall,
            "urgent_precision": precision,
        }
    # Where one of the two sorts is missing there is no figure; NaN would be no JSON.
    return {name: value for name, value in figures.items() if not isnan(value)}


def evaluate(classifier: Classifier, examples: Sequence[Example]) -> dict[str, Any]:
    """Return all figures: of topics on one's own rows, of everything on the seeds.

    ``region`` speaks of rows of a CSV, ``seeds`` of hand-written ones, where the negatives are,
    and ``comments`` of those seeds that stand in a thread. ``urgent_share`` of a region's rows is
    how many are called urgent: few are, so it bounds the false alarms.
    """
    predictions = classifier.predict([example.message for example in examples])
    pairs = list(zip(examples, predictions, strict=True))
    own = [pair for pair in pairs if not pair[0].kind]
    seeds = [pair for pair in pairs if pair[0].kind]
    figures: dict[str, Any] = {}
    if own:
        figures["urgent_share"] = sum(prediction.urgent for _, prediction in own) / len(own)
    negatives = [pair for pair in seeds if not pair[0].relevant]
    if own and negatives:
        mixed = [*(pair for pair in own if pair[0].relevant), *negatives]
        figures["relevance_auc_region_against_seeds"] = area_under_curve(
            [prediction.relevance for _, prediction in mixed],
            [bool(example.relevant) for example, _ in mixed],
        )
    comments = [pair for pair in seeds if pair[0].context]
    for name, part in (("region", own), ("seeds", seeds), ("comments", comments)):
        if part:
            some, guesses = [pair[0] for pair in part], [pair[1] for pair in part]
            figures[name] = topic_figures(
                [example for example in some if example.relevant],
                [guess for example, guess in part if example.relevant],
            ) | yes_no_figures(some, guesses)
    return figures
