"""Rows → weights, with scikit-learn. Training alone imports this; serving never does."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np
import scipy.sparse as sp
from sklearn.svm import LinearSVC

from classifiers import relevance, urgency
from classifiers.corpus import Corpus, build_matrices, build_vocabulary
from classifiers.examples import PHRASE, Example
from classifiers.lexicon import read_lexicon
from classifiers.meanings import read_meanings
from classifiers.model import Calibration, Model
from classifiers.text import normalise
from classifiers.vocabulary import LETTER_BUCKETS, Floats, Ints
from classifiers.wordbook import FUNCTION_WORDS
from models.vocabulary import Topic

TOPICS: tuple[Topic, ...] = tuple(Topic)
# How much stronger than one row of an export a hand-written seed speaks: seeds are few, clean
# and free of any region's habits. Chosen by the figures on executors held back.
SEED_WEIGHT = 2.0
# For relevance the rows of an export teach little but style: all of them are relevant.
RELEVANCE_SEED_WEIGHT = 10.0
# Hardly one row of an export in twenty is urgent: a row that nobody judged teaches calm, weighing
# this beside a seed of mean weight. Without it every third word of trouble sounds urgent.
CALM_WEIGHT = 0.1
TOPIC_C = 0.3
FINE_C = 0.3
RELEVANCE_C = 0.1
URGENCY_C = 0.3
# 1: all labels weigh the same in all; 0: each text does. Rare topics still count for much more.
EVENNESS = 0.8
FINE_EVENNESS = 0.3
# How far an answer without evidence leans to what citizens of one's own region write of most.
PRIOR_LEAN = 0.05
# A count of rows added to each topic's own, so that a topic nobody named is rare, not impossible.
PRIOR_ROWS = 200
# The lexicon speaks as loud as this for a topic without labels, half as loud for one with
# LEXICON_FADES labels of one's own: what a region writes itself, it teaches better.
LEXICON_SAY = 1.0
LEXICON_FADES = 3000
# A cue beside rows of length 1: about as strong as a word in a text of ten.
CUE_SCALE = 0.3


def balanced(labels: Sequence[object], weights: Floats, evenness: float = 1.0) -> Floats:
    """Scale weights so that labels weigh more alike, and the mean weight is 1.

    Each weight is divided by its label's total to the power ``evenness``; at 1 every label
    weighs the same in all: the scheme of King and Zeng, «Logistic Regression in Rare Events
    Data», 2001 (scikit-learn's ``class_weight="balanced"``) over weighted examples.
    """
    totals: dict[object, float] = {}
    for label, weight in zip(labels, weights.tolist(), strict=True):
        totals[label] = totals.get(label, 0.0) + weight
    shares = np.array([totals[label] for label in labels], np.float32)
    scaled = weights / shares**evenness
    answer: Floats = (scaled * (len(labels) / scaled.sum())).astype(np.float32)
    return answer


def fit(
    rows: sp.csr_matrix, labels: Ints, classes: int, weights: Floats, *, strength: float
) -> tuple[Floats, Floats]:
    """Fit one linear SVM for each class against the rest: weights (features × classes), shifts.

    A class without an example gets weights of 0 and a shift of -1: it is hardly ever the answer.
    """
    present = np.unique(labels)
    table = np.zeros((rows.shape[1], classes), np.float32)
    shifts = np.full(classes, -1.0, np.float32)
    if len(present) == 1:
        shifts[present] = 1.0
    if len(present) < 2:
        return table, shifts
    machine = LinearSVC(C=strength, tol=1e-3, max_iter=400, random_state=1)
    machine.fit(rows, labels, sample_weight=weights)
    if len(present) == 2:  # scikit-learn keeps one column for two classes
        table[:, present[1]], shifts[present[1]] = machine.coef_[0], machine.intercept_[0]
        table[:, present[0]], shifts[present[0]] = -machine.coef_[0], -machine.intercept_[0]
    else:
        table[:, present], shifts[present] = machine.coef_.T, machine.intercept_
    return table, shifts


def cue_rows(examples: Sequence[Example], corpus: Corpus) -> sp.csr_matrix:
    """Return the relevance cues of each text as rows of 0 and CUE_SCALE."""
    cues = {word: relevance.word_cues(word) for text in corpus.words for word in text}
    bits = [reduce(or_, (cues[word] for word in text), 0) for text in corpus.words]
    content = [
        sum(corpus.lemmas[word] not in FUNCTION_WORDS for word in text) for text in corpus.words
    ]
    table = relevance.present(
        [example.text for example in examples],
        np.array(bits, np.int64),
        np.array(content, np.int64),
        [bool(example.context) for example in examples],
    )
    return sp.csr_matrix(table * CUE_SCALE)


def rule_rows(examples: Sequence[Example]) -> sp.csr_matrix:
    """Return the urgency rules that fire in each text, as rows of their weights."""
    table = [urgency.signs(urgency.signs_of(normalise(example.text))) for example in examples]
    return sp.csr_matrix(np.array(table, np.float32))


@dataclass(frozen=True, slots=True)
class _Head:
    """Weights (features × columns) and shifts of some columns of a model."""

    weights: Floats
    shifts: Floats


def fit_model(
    examples: Sequence[Example], corpus: Corpus, chosen: Ints, *, version: str, created: str
) -> Model:
    """Fit all heads on the ``chosen`` examples; the model is not calibrated yet."""
    vocabulary = build_vocabulary(corpus, chosen)
    matrices = build_matrices(corpus, vocabulary, chosen)
    width = vocabulary.size
    # A phrase teaches as one row: it names a trouble, nobody wrote it.
    seeds = np.array([e.kind not in ("", PHRASE) for e in examples])
    both = sp.hstack([matrices.lemmas, matrices.letters, matrices.meanings]).tocsr()
    with_cues = sp.hstack([both, cue_rows(examples, corpus)]).tocsr()
    weights = np.array([SEED_WEIGHT if seed else 1.0 for seed in seeds], np.float32)
    relevance_weights = np.where(seeds, RELEVANCE_SEED_WEIGHT, 1.0).astype(np.float32)

    def head(
        rows: sp.csr_matrix,
        labels: list[int | None],
        classes: int,
        strength: float,
        *,
        evenness: float = 1.0,
        weights: Floats = weights,
        calm: Ints | None = None,
    ) -> _Head:
        known = np.array([row for row in chosen if labels[row] is not None], np.int64)
        truth = np.array([labels[row] for row in known], np.int64)
        if not len(known):
            return _Head(
                np.zeros((rows.shape[1], classes), np.float32), np.zeros(classes, np.float32)
            )
        fair = balanced(truth.tolist(), weights[known], evenness)
        if calm is not None and len(calm):
            known = np.concatenate([known, calm])
            truth = np.concatenate([truth, np.zeros(len(calm), np.int64)])
            fair = np.concatenate([fair, np.full(len(calm), CALM_WEIGHT, np.float32)])
        return _Head(*fit(rows[known], truth, classes, fair, strength=strength))

    # «Здравствуйте» tells nothing of the topic that somebody found for its picture.
    meaningful = [
        any(corpus.lemmas[word] not in FUNCTION_WORDS for word in text) for text in corpus.words
    ]
    codes = [
        TOPICS.index(e.topic) if e.topic and told else None
        for e, told in zip(examples, meaningful, strict=True)
    ]
    own = np.bincount(
        [code for row in chosen if (code := codes[row]) is not None and not examples[row].kind],
        minlength=len(TOPICS),
    ).astype(np.float32)
    topic = head(both, codes, len(TOPICS), TOPIC_C, evenness=EVENNESS)
    relevant = head(
        with_cues,
        [None if e.relevant is None else int(e.relevant) for e in examples],
        2,
        RELEVANCE_C,
        weights=relevance_weights,
    )
    urgent = head(
        sp.hstack([with_cues, rule_rows(examples)]).tocsr(),
        [None if e.urgent is None else int(e.urgent) for e in examples],
        2,
        URGENCY_C,
        calm=np.array(
            [row for row in chosen if not examples[row].kind and examples[row].urgent is None],
            np.int64,
        ),
    )
    fine_topics = sorted({(e.fine_topic, e.group or "") for e in examples if e.fine_topic})
    numbers = {name: number for number, (name, _) in enumerate(fine_topics)}
    fine = head(
        matrices.lemmas,
        [
            numbers[e.fine_topic] if e.fine_topic and told else None
            for e, told in zip(examples, meaningful, strict=True)
        ],
        len(fine_topics),
        FINE_C,
        evenness=FINE_EVENNESS,
    )
    columns = both.shape[1]
    coarse = [topic.weights, relevant.weights[:columns, 1:], urgent.weights[:columns, 1:]]
    worths = urgent.weights[columns:, 1]
    letters_end = width + LETTER_BUCKETS
    meanings = read_meanings()
    prior = np.log((own + PRIOR_ROWS) / (own.sum() + PRIOR_ROWS * len(TOPICS)))
    return Model(
        version=version,
        created=created,
        topics=TOPICS,
        fine_topics=tuple(fine_topics),
        vocabulary=vocabulary,
        idf=matrices.idf,
        letter_idf=matrices.letter_idf,
        lemma_weights=np.hstack([*(part[:width] for part in coarse), fine.weights]),
        letter_weights=np.hstack([part[width:letters_end] for part in coarse]),
        meaning_lemmas=tuple(meanings.rows),
        meaning_weights=meanings.vectors @ np.hstack([part[letters_end:] for part in coarse]),
        lexicon=read_lexicon(),
        lexicon_weights=LEXICON_SAY * LEXICON_FADES / (LEXICON_FADES + own),
        intercepts=np.concatenate(
            [topic.shifts + PRIOR_LEAN * prior, relevant.shifts[1:], urgent.shifts[1:], fine.shifts]
        ),
        calibration=Calibration(
            relevance_cues=_worths(relevance.NAMES, relevant.weights[columns:, 1] * CUE_SCALE),
            urgency_cues=_worths(relevance.NAMES, worths[: len(relevance.NAMES)] * CUE_SCALE),
            # A sign of danger may turn out to say nothing, but it never calms.
            urgency_rules=_worths(urgency.SIGNS, np.maximum(worths[len(relevance.NAMES) :], 0.0)),
        ),
    )


def _worths(names: Sequence[str], worths: Floats) -> dict[str, float]:
    return {name: round(worth, 5) for name, worth in zip(names, worths.tolist(), strict=True)}
