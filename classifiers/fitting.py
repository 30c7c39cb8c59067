"""Rows → weights, with scikit-learn. Training alone imports this; serving never does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

import numpy as np
import scipy.sparse as sp
from sklearn.svm import LinearSVC

from classifiers import relevance, urgency
from classifiers.adapting import adapt
from classifiers.corpus import Corpus, build_matrices, build_vocabulary
from classifiers.examples import PHRASE, Example
from classifiers.lexicon import read_lexicon
from classifiers.meanings import read_meanings
from classifiers.model import Calibration, Model, Steps
from classifiers.text import cut, normalise
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


def rule_rows(examples: Sequence[Example], corpus: Corpus) -> sp.csr_matrix:
    """Return the urgency rules that fire in each text, as rows of their weights."""
    bits = {word: urgency.word_rules(word) for word in corpus.lemmas}
    table = np.zeros((len(examples), len(urgency.SIGNS)), np.float32)
    for row, (example, words) in enumerate(zip(examples, corpus.words, strict=True)):
        some = reduce(or_, (bits[word] for word in words), 0)
        if some:
            clean = normalise(example.text)
            everywhere = dict.fromkeys(range(len(cut(clean))), some)
            table[row] = urgency.signs(urgency.signs_of(clean, everywhere))
    return sp.csr_matrix(table)


@dataclass(frozen=True, slots=True)
class Head:
    """Weights (features × columns) and shifts of some columns of a model."""

    weights: Floats
    shifts: Floats


@dataclass(frozen=True, slots=True)
class Lesson:
    """What some columns are to be taught: the label and the weight of each of some rows."""

    rows: Ints
    labels: Ints
    weights: Floats
    classes: int
    strength: float

    def teach(self, features: sp.csr_matrix, start: Head | None) -> Head:
        """Return what is learned, from nothing or on from ``start``."""
        if not len(self.rows):
            empty = np.zeros((features.shape[1], self.classes), np.float32)
            return start or Head(empty, np.zeros(self.classes, np.float32))
        chosen = features[self.rows]
        if start is None:
            return Head(
                *fit(chosen, self.labels, self.classes, self.weights, strength=self.strength)
            )
        return Head(
            *adapt(
                chosen,
                self.labels,
                self.weights,
                (start.weights, start.shifts),
                strength=self.strength,
            )
        )


def lesson(
    labels: Sequence[int | None],
    chosen: Ints,
    weights: Floats,
    *,
    classes: int,
    strength: float,
    evenness: float = 1.0,
) -> Lesson:
    """Return the lesson of those ``chosen`` examples that have a label, balanced by label."""
    rows = np.array([row for row in chosen.tolist() if labels[row] is not None], np.int64)
    truth = np.array([labels[row] for row in rows], np.int64)
    fair = balanced(truth.tolist(), weights[rows], evenness) if len(rows) else weights[rows]
    return Lesson(rows, truth, fair, classes, strength)


def fit_model(
    examples: Sequence[Example],
    corpus: Corpus,
    chosen: Ints,
    *,
    version: str,
    created: str,
    base: Model | None = None,
) -> Model:
    """Fit all heads on the ``chosen`` examples; the model is not calibrated yet.

    With a ``base`` the model learns on from it: same vocabulary, weights pulled towards its own.
    """
    if base is None:
        vocabulary = build_vocabulary(corpus, chosen)
        matrices = build_matrices(corpus, vocabulary, chosen)
    else:
        vocabulary = base.vocabulary
        matrices = build_matrices(corpus, vocabulary, chosen, (base.idf, base.letter_idf))
    both = sp.hstack([matrices.lemmas, matrices.letters, matrices.meanings]).tocsr()
    with_cues = sp.hstack([both, cue_rows(examples, corpus)]).tocsr()
    with_rules = sp.hstack([with_cues, rule_rows(examples, corpus)]).tocsr()
    # A phrase teaches as one row: it names a trouble, nobody wrote it.
    seeds = np.array([e.kind not in ("", PHRASE) for e in examples])
    weights = np.where(seeds, SEED_WEIGHT, 1.0).astype(np.float32)
    strong = np.where(seeds, RELEVANCE_SEED_WEIGHT, 1.0).astype(np.float32)
    codes, own = _codes(examples, corpus, chosen)
    fine_topics = fine_topics_of(examples, base)
    numbers = {name: number for number, (name, _) in enumerate(fine_topics)}
    starts = _Starts(None, None, None, None) if base is None else starts_of(base, fine_topics)
    topic = lesson(
        codes, chosen, weights, classes=len(TOPICS), strength=TOPIC_C, evenness=EVENNESS
    ).teach(both, starts.topic)
    relevant = lesson(
        [None if e.relevant is None else int(e.relevant) for e in examples],
        chosen,
        strong,
        classes=2,
        strength=RELEVANCE_C,
    ).teach(with_cues, starts.relevant)
    alarms = lesson(
        [None if e.urgent is None else int(e.urgent) for e in examples],
        chosen,
        weights,
        classes=2,
        strength=URGENCY_C,
    )
    if base is None:
        # A model that serves has learned calm: more of it would only make it deaf.
        alarms = _with_calm(alarms, examples, chosen)
    urgent = alarms.teach(with_rules, starts.urgent)
    fine = lesson(
        [
            numbers[e.fine_topic] if e.fine_topic and code is not None else None
            for e, code in zip(examples, codes, strict=True)
        ],
        chosen,
        weights,
        classes=len(fine_topics),
        strength=FINE_C,
        evenness=FINE_EVENNESS,
    ).teach(matrices.lemmas, starts.fine)
    width, columns, letters_end = vocabulary.size, both.shape[1], vocabulary.size + LETTER_BUCKETS
    coarse = [topic.weights, relevant.weights[:columns, 1:], urgent.weights[:columns, 1:]]
    worths = urgent.weights[columns:, 1]
    meanings = read_meanings()
    prior = np.log((own + PRIOR_ROWS) / (own.sum() + PRIOR_ROWS * len(TOPICS)))
    # What served before has leant to its own region already.
    leaning = PRIOR_LEAN * prior if base is None else np.zeros_like(prior)
    said = LEXICON_SAY if base is None else base.lexicon_weights
    return Model(
        version=version,
        created=created,
        topics=TOPICS,
        fine_topics=fine_topics,
        vocabulary=vocabulary,
        idf=matrices.idf,
        letter_idf=matrices.letter_idf,
        lemma_weights=Steps.of(np.hstack([*(part[:width] for part in coarse), fine.weights])),
        letter_weights=np.hstack([part[width:letters_end] for part in coarse]),
        meaning_lemmas=tuple(meanings.rows),
        meaning_weights=meanings.vectors @ np.hstack([part[letters_end:] for part in coarse]),
        lexicon=read_lexicon(),
        lexicon_weights=said * LEXICON_FADES / (LEXICON_FADES + own),
        intercepts=np.concatenate(
            [topic.shifts + leaning, relevant.shifts[1:], urgent.shifts[1:], fine.shifts]
        ),
        calibration=replace(
            base.calibration if base else Calibration({}, {}, {}),
            relevance_cues=_worths(relevance.NAMES, relevant.weights[columns:, 1] * CUE_SCALE),
            urgency_cues=_worths(relevance.NAMES, worths[: len(relevance.NAMES)] * CUE_SCALE),
            # A sign of danger may turn out to say nothing, but it never calms.
            urgency_rules=_worths(urgency.SIGNS, np.maximum(worths[len(relevance.NAMES) :], 0.0)),
        ),
    )


def _codes(
    examples: Sequence[Example], corpus: Corpus, chosen: Ints
) -> tuple[list[int | None], Floats]:
    """Return the topic's column of each example, and how many of one's own rows each topic has.

    «Здравствуйте» tells nothing of the topic that somebody found for its picture.
    """
    codes = [
        TOPICS.index(example.topic)
        if example.topic and any(corpus.lemmas[word] not in FUNCTION_WORDS for word in words)
        else None
        for example, words in zip(examples, corpus.words, strict=True)
    ]
    own = [code for row in chosen if (code := codes[row]) is not None and not examples[row].kind]
    return codes, np.bincount(own, minlength=len(TOPICS)).astype(np.float32)


def _with_calm(taught: Lesson, examples: Sequence[Example], chosen: Ints) -> Lesson:
    """Return the lesson with rows that nobody judged urgent, each a weak word for calm."""
    calm = np.array(
        [row for row in chosen if not examples[row].kind and examples[row].urgent is None], np.int64
    )
    if not len(taught.rows):
        return taught
    return replace(
        taught,
        rows=np.concatenate([taught.rows, calm]),
        labels=np.concatenate([taught.labels, np.zeros(len(calm), np.int64)]),
        weights=np.concatenate([taught.weights, np.full(len(calm), CALM_WEIGHT, np.float32)]),
    )


def fine_topics_of(examples: Sequence[Example], base: Model | None) -> tuple[tuple[str, str], ...]:
    """Return the fine topics to answer, with their groups: first those of ``base``, then new."""
    known = dict(base.fine_topics) if base else {}
    new = {e.fine_topic: e.group or "" for e in examples if e.fine_topic}
    return (*known.items(), *sorted((k, v) for k, v in new.items() if k not in known))


@dataclass(frozen=True, slots=True)
class _Starts:
    """The heads of a model as weights over the rows that training sees; None to start anew."""

    topic: Head | None
    relevant: Head | None
    urgent: Head | None
    fine: Head | None


def starts_of(base: Model, fine_topics: Sequence[tuple[str, str]]) -> _Starts:
    """Take a model apart into the heads that it was put together from."""
    topics, coarse = len(base.topics), base.letter_weights.shape[1]
    # The model keeps what each lemma adds; from those the weights of the vectors follow.
    vectors, *_ = np.linalg.lstsq(read_meanings().vectors, base.meaning_weights, rcond=None)
    lemmas = base.lemma_weights.floats()
    table = np.vstack([lemmas[:, :coarse], base.letter_weights, vectors])
    calibration = base.calibration

    def yes_or_no(column: int, worths: Sequence[float]) -> Head:
        yes = np.concatenate([table[:, column], np.array(worths, np.float32)])
        shift = base.intercepts[column]
        return Head(np.stack([-yes, yes], axis=1), np.array([-shift, shift], np.float32))

    def cues(worths: Mapping[str, float]) -> list[float]:
        return [worths.get(name, 0.0) / CUE_SCALE for name in relevance.NAMES]

    rules = [calibration.urgency_rules.get(name, 0.0) for name in urgency.SIGNS]
    fine = np.zeros((base.vocabulary.size, len(fine_topics)), np.float32)
    fine[:, : len(base.fine_topics)] = lemmas[:, coarse:]
    shifts = np.full(len(fine_topics), -1.0, np.float32)
    shifts[: len(base.fine_topics)] = base.intercepts[coarse:]
    return _Starts(
        Head(table[:, :topics], base.intercepts[:topics]),
        yes_or_no(topics, cues(calibration.relevance_cues)),
        yes_or_no(topics + 1, [*cues(calibration.urgency_cues), *rules]),
        Head(fine, shifts),
    )


def _worths(names: Sequence[str], worths: Floats) -> dict[str, float]:
    return {name: round(worth, 5) for name, worth in zip(names, worths.tolist(), strict=True)}
