"""Which words carried a verdict, with signed weights, and where they stand in the original text.

The model is linear, so each word's part of a score is known: its lemma, half of each pair it is
in, its letters and meaning, and what the lexicon made of it. A word that a text has twice has
its part twice as often, half as large.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from classifiers import relevance
from classifiers.encoder import Encoder, Scores
from classifiers.lexicon_share import share
from classifiers.model import Model
from classifiers.text import Token, tokens
from classifiers.urgency import Sign
from classifiers.vocabulary import Floats, Ints
from models.values import Reason

# Words named for the topic, and for relevance; further ones weigh next to nothing.
TOPIC_WORDS = 5
RELEVANCE_WORDS = 3
URGENT_WORDS = 3
# The name of the reason where the words of a text, and no rule, make it urgent.
LEARNED = "learned:urgent"
LEAST = 0.005


class Verdict(NamedTuple):
    """What is to be explained of a text: its topic's column, and the rules that fired in it.

    A sign from the thread above (``own`` is False) stands nowhere in the text. ``learned`` tells
    that the text is urgent though no rule fired.
    """

    topic: int
    alarms: Sequence[tuple[Sign, float]]
    own: bool
    learned: bool


def explain(
    encoder: Encoder,
    model: Model,
    texts: Sequence[str],
    scores: Scores,
    verdicts: Sequence[Verdict],
) -> list[list[Reason]]:
    """Return the reasons for each text: topic words, relevance words and cues, urgency rules."""
    coarse = len(model.topics)
    hits = share(scores.lexicon)
    answer = []
    for row, (text, verdict) in enumerate(zip(texts, verdicts, strict=True)):
        found = tokens(text)
        columns = np.array([verdict.topic, coarse, coarse + 1])
        parts = _parts(encoder, model, scores, row, columns)
        parts[:, 0] += _lexicon_parts(
            encoder,
            scores,
            row,
            verdict.topic,
            float(model.lexicon_weights[verdict.topic] * hits[row, verdict.topic]),
        )
        lemmas = [encoder.book.lemma(token.word) for token in found]
        reasons = _words("topic", found, lemmas, parts[:, 0], TOPIC_WORDS)
        reasons += _words("relevant", found, lemmas, parts[:, 1], RELEVANCE_WORDS)
        reasons += _cues(model, int(scores.cues[row]))
        reasons += [
            Reason(
                f"urgent:{sign.rule.name}",
                round(worth, 3),
                _sign_spans(sign, found, scores, row) if verdict.own else (),
            )
            for sign, worth in verdict.alarms
        ]
        if verdict.learned:
            words = _words("urgent", found, lemmas, parts[:, 2], URGENT_WORDS)
            alarming = [reason for reason in words if reason.weight > 0]
            spans = sorted(span for reason in alarming for span in reason.spans)
            weight = round(sum(reason.weight for reason in alarming), 3)
            reasons.append(Reason(LEARNED, weight, tuple(spans)))
        answer.append(reasons)
    return answer


def _parts(encoder: Encoder, model: Model, scores: Scores, row: int, columns: Ints) -> Floats:
    """Return words × columns: each word's part of a text's scores, the lexicon left out."""
    numbers = scores.words.numbers[scores.words.edges[row] : scores.words.edges[row + 1]]
    parts = np.zeros((len(numbers), len(columns)), np.float32)
    if not len(numbers):
        return parts
    rows = scores.rows
    features = rows.features[rows.starts[row] : rows.starts[row + 1]]
    values = rows.values[rows.starts[row] : rows.starts[row + 1]]
    worth: Floats = values[:, None] * model.lemma_weights.part(features, columns)
    lemmas = encoder.book.lemma_ids[numbers]
    _spread(parts, lemmas, features, worth)
    size = len(model.vocabulary.lemmas)
    pairs = features >= size
    keys = model.vocabulary.pairs[features[pairs] - size]
    both = (lemmas[:-1] >= 0) & (lemmas[1:] >= 0)
    joined = np.where(both, lemmas[:-1] * size + lemmas[1:], -1)
    for ids in (np.append(joined, -1), np.append(-1, joined)):
        _spread(parts, ids, keys, worth[pairs] * np.float32(0.5))
    letters = encoder.letter_parts(numbers)[:, columns]
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    parts += letters / counts[place][:, None]
    return parts


def _spread(parts: Floats, ids: Ints, features: Ints, worth: Floats) -> None:
    """Split the worth of each feature evenly among the words whose id it is; -1 is nobody's."""
    if not len(features):
        return
    order = np.argsort(features)
    spots = np.minimum(np.searchsorted(features[order], ids), len(features) - 1)
    fits = features[order][spots] == ids
    owners = order[spots[fits]]
    times = np.bincount(owners, minlength=len(features))
    parts[fits] += worth[owners] / times[owners][:, None]


def _lexicon_parts(encoder: Encoder, scores: Scores, row: int, topic: int, worth: float) -> Floats:
    """Return the parts of words in what the lexicon says of a topic, ``worth`` in all."""
    start, end = int(scores.words.edges[row]), int(scores.words.edges[row + 1])
    parts = np.zeros(end - start, np.float32)
    found = scores.found
    inside = (found.first >= start) & (found.first < end)
    weights = encoder.pattern_weights(found.nodes[inside], topic)
    for first, last, weight in zip(
        found.first[inside], found.last[inside], weights.tolist(), strict=True
    ):
        if weight > 0:
            parts[first - start] += weight
            if last != first:
                parts[last - start] += weight
    total = float(parts.sum())
    return parts * np.float32(worth / total) if total else parts


def _words(
    kind: str, found: Sequence[Token], lemmas: Sequence[str], parts: Floats, most: int
) -> list[Reason]:
    """Return the words that weigh most, those of one lemma together."""
    weights: dict[str, float] = {}
    for lemma, part in zip(lemmas, parts.tolist(), strict=True):
        weights[lemma] = weights.get(lemma, 0.0) + part
    best = sorted(weights, key=lambda lemma: -abs(weights[lemma]))[:most]
    return [
        Reason(
            f"{kind}:{lemma}",
            round(weights[lemma], 3),
            tuple(
                [
                    (token.start, token.end)
                    for token, own in zip(found, lemmas, strict=True)
                    if own == lemma
                ]
            ),
        )
        for lemma in best
        if abs(weights[lemma]) >= LEAST
    ]


def _cues(model: Model, bits: int) -> list[Reason]:
    worths = model.calibration.relevance_cues
    return [
        Reason(f"cue:{cue.name}", round(worths.get(cue.name, 0.0), 3))
        for place, cue in enumerate(relevance.CUES)
        if bits >> place & 1 and abs(worths.get(cue.name, 0.0)) >= LEAST
    ]


def _sign_spans(
    sign: Sign, found: Sequence[Token], scores: Scores, row: int
) -> tuple[tuple[int, int], ...]:
    """Return where a sign stands: from the first of its words to the last."""
    clauses = scores.words.own_clauses[scores.words.edges[row] : scores.words.edges[row + 1]]
    inside = [token for token, clause in zip(found, clauses, strict=True) if clause == sign.clause]
    words = inside[sign.first : sign.end]
    return ((words[0].start, words[-1].end),) if words else ()
