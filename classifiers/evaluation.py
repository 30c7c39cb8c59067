"""How good a model is on examples that it has not seen. Needs numpy alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifiers.classifier import Classifier
from classifiers.examples import Example
from classifiers.intervals import (
    Figure,
    Flags,
    Numbers,
    accuracy_of_surest,
    area,
    bootstrap,
    gap,
    ratio,
    recall_at_precision,
    share,
)
from classifiers.model import Model
from classifiers.text import Lemmatiser, words
from classifiers.wordbook import FUNCTION_WORDS
from models.values import Message, Prediction
from models.vocabulary import Certainty

# Bins of confidence for the calibration error.
BINS = 15
# The part of all answers that a site would route unseen.
SUREST = 0.7
# Of three alarms one may be false: fewer, and people would turn them off.
URGENT_PRECISION = 0.6
# Digits of a stored end of an interval; a resample knows no more.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Judged:
    """An example and what a model answered.

    ``wordless``: neither it nor its thread has a meaningful word, so that no topic can be told.
    ``read_for_also``: somebody has looked for further topics, so that ``example.also`` is all of
    them. ``noise``: nobody could tell what it says, and the right answer is «не уверен».
    """

    example: Example
    prediction: Prediction
    wordless: bool = False
    read_for_also: bool = False
    noise: bool = False

    @property
    def told(self) -> bool:
        """Whether the example counts among topics."""
        return self._has_topic and not self.wordless

    @property
    def left_out(self) -> bool:
        """Whether it would count among them if it had a meaningful word."""
        return self._has_topic and self.wordless

    @property
    def _has_topic(self) -> bool:
        return bool(self.example.topic) and self.example.relevant is not False


def f1_by_label(truth: Sequence[object], guess: Sequence[object]) -> dict[Any, float]:
    """Return F1, 0..1, of each label that occurs in ``truth``: 2·TP / (2·TP + FP + FN)."""
    right = Counter(label for label, other in zip(truth, guess, strict=True) if label == other)
    wanted, given = Counter(truth), Counter(guess)
    return {label: 2 * right[label] / (wanted[label] + given[label]) for label in wanted}


def calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error, 0..1, over BINS bins (see intervals.gap)."""
    sure, hits = np.asarray(confidence, float), np.asarray(right, bool)
    return float(gap(np.ones((1, len(sure))), sure, hits, BINS)[0])


def area_under_curve(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Return ROC AUC, 0..1 (see intervals.area); NaN when one of the two sorts is missing."""
    values, yes = np.asarray(scores, float), np.asarray(positive, bool)
    return float(area(np.ones((1, len(values))), values, yes)[0]) if len(values) else float("nan")


def recall_and_precision(guess: Sequence[bool], truth: Sequence[bool]) -> tuple[float, float]:
    """Return recall and precision, 0..1; NaN where there is nothing to divide by."""
    said, real = np.asarray(guess, bool), np.asarray(truth, bool)
    once = np.ones((1, len(said)))
    return float(share(once, said, real)[0]), float(share(once, real, said)[0])


class Meaning:
    """Tells texts that say something of a subject from «Здравствуйте» and «Сообщение без текста».

    The same rule by which the classifier leans on a text's thread.
    """

    def __init__(self, model: Model) -> None:
        """Use the lemmas of ``model``."""
        self._lemmatiser = Lemmatiser(model.vocabulary.words)

    def missing(self, message: Message) -> bool:
        """Tell whether neither a text nor its thread has a meaningful word."""
        return not any(
            self._lemmatiser.lemma(word) not in FUNCTION_WORDS
            for text in (message.text, *message.context)
            for word in words(text)
        )


def figures(judged: Sequence[Judged]) -> dict[str, Figure]:
    """Return every figure that the labels yield, with its interval.

    Names: ``accuracy``, ``macro_f1``, ``f1.<code>``, ``ece``, ``accuracy_surest_70``,
    ``<certainty>_share`` and ``<certainty>_accuracy``; ``fine_top1``, ``fine_top3``;
    ``relevance_auc``, ``relevance_recall``, ``relevance_precision``; ``urgent_auc``,
    ``urgent_recall``, ``urgent_precision``, ``urgent_recall_at_60``; ``also_precision``,
    ``also_recall``, ``also_f1``; ``noise_unsure``. Topics are judged where the text is relevant
    and has a meaningful word.
    """
    told = [one for one in judged if one.told]
    return (
        _topics(told)
        | _fine_topics([one for one in told if one.example.fine_topic])
        | _relevance([one for one in judged if one.example.relevant is not None])
        | _urgency([one for one in judged if one.example.urgent is not None])
        | _further([one for one in told if one.read_for_also])
        | _noise([one for one in judged if one.noise])
    )


def _topics(rows: Sequence[Judged]) -> dict[str, Figure]:
    truth = np.array([str(one.example.topic) for one in rows])
    guess = np.array([str(one.prediction.topics[0].code) for one in rows])
    sure = np.array([one.prediction.topics[0].probability for one in rows])
    level = np.array([str(one.prediction.certainty) for one in rows])
    right, everything = truth == guess, np.ones(len(rows), bool)
    counted = Counter(truth.tolist())
    codes = sorted(counted)
    wanted_by, given_by = (
        (side[:, None] == np.array(codes)).astype(float) for side in (truth, guess)
    )

    def measure(weights: Numbers) -> dict[str, Numbers]:
        wanted, given = weights @ wanted_by, weights @ given_by
        # A code that a resample does not hold has no F1 there, and no part in the mean.
        f1 = np.where(wanted > 0, 2 * (weights @ (wanted_by * given_by)), np.nan)
        f1 /= np.maximum(wanted + given, 1)
        by_level = {}
        for name in map(str, Certainty):
            by_level[f"{name}_share"] = share(weights, level == name, everything)
            by_level[f"{name}_accuracy"] = share(weights, right, level == name)
        return {
            "accuracy": share(weights, right, everything),
            "macro_f1": np.nanmean(f1, axis=1),
            "ece": gap(weights, sure, right, BINS),
            "accuracy_surest_70": accuracy_of_surest(weights, sure, right, SUREST),
            **by_level,
            **{f"f1.{code}": f1[:, place] for place, code in enumerate(codes)},
        }

    counts = {f"f1.{code}": count for code, count in counted.items()}
    counts |= {f"{name}_accuracy": int((level == name).sum()) for name in map(str, Certainty)}
    return bootstrap(len(rows), measure, counts, raised=("ece",))


def _fine_topics(rows: Sequence[Judged]) -> dict[str, Figure]:
    names = [[topic.name for topic in one.prediction.fine_topics] for one in rows]
    first, third = (
        np.array(
            [one.example.fine_topic in best[:top] for one, best in zip(rows, names, strict=True)]
        )
        for top in (1, 3)
    )
    return bootstrap(
        len(rows),
        lambda weights: {
            "fine_top1": share(weights, first, np.ones(len(rows), bool)),
            "fine_top3": share(weights, third, np.ones(len(rows), bool)),
        },
    )


def _relevance(rows: Sequence[Judged]) -> dict[str, Figure]:
    truth = np.array([bool(one.example.relevant) for one in rows], bool)
    said = np.array([one.prediction.relevant for one in rows], bool)
    scores = np.array([one.prediction.relevance for one in rows])
    found = _answers("relevance", truth, said, scores)
    if truth.all():
        # Without anything irrelevant no answer «yes» can be wrong.
        found.pop("relevance_precision", None)
    return found


def _urgency(rows: Sequence[Judged]) -> dict[str, Figure]:
    truth = np.array([bool(one.example.urgent) for one in rows], bool)
    said = np.array([one.prediction.urgent for one in rows], bool)
    scores = np.array([one.prediction.urgency for one in rows])
    if not truth.any():
        return {}
    best = bootstrap(
        len(rows),
        lambda weights: {
            "urgent_recall_at_60": recall_at_precision(weights, scores, truth, URGENT_PRECISION)
        },
        {"urgent_recall_at_60": int(truth.sum())},
    )
    return _answers("urgent", truth, said, scores) | best


def _answers(name: str, truth: Flags, said: Flags, scores: Numbers) -> dict[str, Figure]:
    """Return AUC, recall and precision of a question with the answers yes and no."""
    counts = {f"{name}_recall": int(truth.sum()), f"{name}_precision": int(said.sum())}
    return bootstrap(
        len(truth),
        lambda weights: {
            f"{name}_auc": area(weights, scores, truth),
            f"{name}_recall": share(weights, said, truth),
            f"{name}_precision": share(weights, truth, said),
        },
        counts,
    )


def _further(rows: Sequence[Judged]) -> dict[str, Figure]:
    """Return precision, recall and F1 over pairs of a text and a further topic in it."""
    # Whichever of two problems is taken for the main one, the other is the further one.
    golds = [
        {one.example.topic, *one.example.also} - {None, one.prediction.topics[0].code}
        for one in rows
    ]
    saids = [{topic.code for topic in one.prediction.also} for one in rows]
    wanted, given = (np.array([float(len(codes)) for codes in side]) for side in (golds, saids))
    hits = np.array([float(len(gold & said)) for gold, said in zip(golds, saids, strict=True)])
    if not wanted.sum():
        return {}
    return bootstrap(
        len(rows),
        lambda weights: {
            "also_precision": ratio(weights @ hits, weights @ given),
            "also_recall": ratio(weights @ hits, weights @ wanted),
            "also_f1": ratio(2 * (weights @ hits), weights @ (wanted + given)),
        },
        {
            "also_precision": int(given.sum()),
            "also_recall": int(wanted.sum()),
            "also_f1": int(wanted.sum()),
        },
    )


def _noise(rows: Sequence[Judged]) -> dict[str, Figure]:
    unsure = np.array([one.prediction.certainty is Certainty.UNSURE for one in rows], bool)
    return bootstrap(
        len(rows),
        lambda weights: {"noise_unsure": share(weights, unsure, np.ones(len(rows), bool))},
    )


def stored(found: Mapping[str, Figure]) -> dict[str, Any]:
    """Return figures as a manifest keeps them: F1 of codes together, the intervals beside."""
    answer: dict[str, Any] = {
        name: figure.value for name, figure in found.items() if not name.startswith("f1.")
    }
    by_code = {name[3:]: figure for name, figure in found.items() if name.startswith("f1.")}
    if by_code:
        answer["f1"] = {code: figure.value for code, figure in by_code.items()}
        answer["f1_rows"] = {code: figure.rows for code, figure in by_code.items()}
    answer["intervals"] = {
        name: [round(figure.low, _DIGITS), round(figure.high, _DIGITS)]
        for name, figure in found.items()
    }
    return answer


def _part(judged: Sequence[Judged]) -> dict[str, Any]:
    urgent = [one.example.urgent for one in judged if one.example.urgent is not None]
    counts = {
        "rows": sum(one.told for one in judged),
        "wordless": sum(one.left_out for one in judged),
        "relevance_rows": sum(one.example.relevant is not None for one in judged),
    }
    return counts | ({"urgent_rows": sum(urgent)} if urgent else {}) | stored(figures(judged))


def evaluate(classifier: Classifier, examples: Sequence[Example]) -> dict[str, Any]:
    """Return all figures: of topics on one's own rows, of everything on the seeds.

    ``region`` speaks of rows of a CSV, ``seeds`` of hand-written ones, where the negatives are,
    and ``comments`` of those seeds that stand in a thread. Each holds the figures of figures(),
    their ``intervals`` (name → [low, high]), the counts ``f1_rows``, ``rows`` (with a topic that
    can be told), ``wordless`` (left out of these), ``relevance_rows`` and ``urgent_rows``.
    ``urgent_share`` of a region's rows is how many are called urgent: few are, so it bounds the
    false alarms.
    """
    messages = [example.message for example in examples]
    meaning = Meaning(classifier.model)
    judged = [
        # Who wrote a seed has read it for several problems.
        # Nobody has looked for further problems in every seed.
        Judged(example, prediction, meaning.missing(message))
        for example, message, prediction in zip(
            examples, messages, classifier.predict(messages), strict=True
        )
    ]
    own = [one for one in judged if not one.example.kind]
    seeds = [one for one in judged if one.example.kind]
    answer: dict[str, Any] = {}
    if own:
        answer["urgent_share"] = sum(one.prediction.urgent for one in own) / len(own)
    negatives = [one for one in seeds if not one.example.relevant]
    if own and negatives:
        mixed = [*(one for one in own if one.example.relevant), *negatives]
        answer["relevance_auc_region_against_seeds"] = area_under_curve(
            [one.prediction.relevance for one in mixed],
            [bool(one.example.relevant) for one in mixed],
        )
    comments = [one for one in seeds if one.example.context]
    for name, part in (("region", own), ("seeds", seeds), ("comments", comments)):
        if part:
            answer[name] = _part(part)
    return answer
