"""Labels that look wrong: the text says something else to models that did not learn from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from classifiers.corpus import read_corpus
from classifiers.examples import Example
from classifiers.split import folds, near_groups
from models.vocabulary import Topic

FOLDS = 5
FEWEST_LABELS = 50
"""With fewer, what is called odd is mostly what is rare."""

STRENGTH = 0.3
"""LinearSVC's C, as for the topics of the model itself."""

LETTERS = 0.5
"""The weight of pieces of words beside whole lemmas: of 10 wrong labels 9 then come in the first
18 and not in the first 36."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label (its place among those given), the topic that fits better, and by how much.

    ``margin`` is the score of the given topic less that of ``better``: the lower, the odder.
    """

    row: int
    given: Topic
    better: Topic
    margin: float


def suspects(
    labels: Sequence[Example], teachers: Sequence[Example] = (), *, seed: int = 1
) -> list[Suspect]:
    """Return the labels whose topic loses to another, the oddest first.

    Each fifth of ``labels`` is judged by a linear model over lemmas and letters that learned from
    the others and from ``teachers``, never from a repeat of the text. Source: the ranking by
    out-of-fold margin of Northcutt et al., «Confident Learning», 2021. Labels without a topic are
    passed over; below FEWEST_LABELS there are no suspects.
    """
    rows = [row for row, label in enumerate(labels) if label.topic is not None]
    if len(rows) < FEWEST_LABELS:
        return []
    examples = [labels[row] for row in rows] + [e for e in teachers if e.topic is not None]
    corpus = read_corpus(examples)
    groups = near_groups(corpus.words)
    lemmas = [[corpus.lemmas[word] for word in words] for words in corpus.words]
    topics = np.array([str(example.topic) for example in examples])
    table = _table(lemmas)
    fold = folds(groups, FOLDS, seed=seed)
    ours = np.arange(len(examples)) < len(rows)
    found: list[Suspect] = []
    for number in range(FOLDS):
        judged = np.flatnonzero(ours & (fold == number))
        taught = np.flatnonzero(fold != number)
        known = np.unique(topics[taught])
        if not len(judged) or len(known) < 2:
            continue
        machine = LinearSVC(C=STRENGTH, class_weight="balanced", random_state=seed)
        machine.fit(table[taught], topics[taught])
        scores = machine.decision_function(table[judged])
        if len(known) == 2:  # scikit-learn gives one column for two classes
            scores = np.column_stack([-scores, scores])
        for row, line in zip(judged.tolist(), scores, strict=True):
            own = np.flatnonzero(known == topics[row])
            # A topic that only this fifth holds cannot be judged by the others.
            if not len(own):
                continue
            others = np.where(known == topics[row], -np.inf, line)
            best = int(others.argmax())
            margin = float(line[own[0]] - others[best])
            if margin < 0:
                found.append(
                    Suspect(rows[row], Topic(topics[row]), Topic(str(known[best])), margin)
                )
    return sorted(found, key=lambda suspect: suspect.margin)


def _table(lemmas: Sequence[Sequence[str]]) -> sp.csr_matrix:
    whole = TfidfVectorizer(analyzer=_pairs, sublinear_tf=True, dtype=np.float32)
    parts = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True, dtype=np.float32
    )
    return sp.hstack(
        [
            whole.fit_transform(lemmas),
            LETTERS * parts.fit_transform([" ".join(text) for text in lemmas]),
        ]
    ).tocsr()


def _pairs(lemmas: Sequence[str]) -> list[str]:
    """Return lemmas and pairs of neighbours."""
    return [*lemmas, *map(" ".join, pairwise(lemmas))]
