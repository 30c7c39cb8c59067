"""A model's scores by plain definitions, to hold the fast ones against.

Words and their lemmas are ours; all arithmetic after them is scikit-learn's and scipy's in double
precision: CountVectorizer and TfidfTransformer for lemmas and pairs, sparse products for letters
and meanings, ``Lexicon.score`` for the lexicon.
"""

import zlib
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from classifiers.encoder import Encoder
from classifiers.lexicon_match import TOPICS
from classifiers.meanings import MEANING_SCALE
from classifiers.model import Model
from classifiers.text import Lemmatiser, clauses, marks, normalise, words
from classifiers.vocabulary import LETTER_BUCKETS, LONGEST_PIECE, SHORTEST_PIECE

Doubles = npt.NDArray[np.float64]
BATCH = 1024


class Difference(NamedTuple):
    """The largest differences between fast and plain scores.

    ``absolute`` of the linear part, ``relative`` the same beside the largest score of its text;
    ``lexicon`` of the lexicon's hits; ``largest`` is the largest linear score of all.
    """

    absolute: float
    relative: float
    lexicon: float
    largest: float


class Plain:
    """A model that answers by plain definitions."""

    def __init__(self, model: Model) -> None:
        """Make scikit-learn's vectorisers of the model's vocabulary and idf."""
        self._model = model
        self._lemma = Lemmatiser(model.vocabulary.words).lemma
        self._meanings = {lemma: row for row, lemma in enumerate(model.meaning_lemmas)}
        self._counts = CountVectorizer(
            analyzer=self._lemmas_and_pairs,
            vocabulary=[model.vocabulary.name(place) for place in range(model.vocabulary.size)],
            dtype=np.float64,
        )
        self._tfidf = TfidfTransformer(sublinear_tf=True, norm="l2")
        self._tfidf.idf_ = model.idf.astype(np.float64)

    def linear(self, texts: Sequence[str]) -> Doubles:
        """Return texts × columns of the model, without intercepts, cues and rules."""
        model = self._model
        rows = self._tfidf.transform(self._counts.transform(texts))
        table: Doubles = rows @ model.lemma_weights.floats().astype(np.float64)
        letters, meanings = self._letters(texts)
        coarse = model.letter_weights.shape[1]
        table[:, :coarse] += letters @ model.letter_weights.astype(np.float64)
        table[:, :coarse] += meanings @ model.meaning_weights.astype(np.float64)
        return table

    def lexicon(self, texts: Sequence[str]) -> Doubles:
        """Return texts × topics: the weights of the different entries found in each text."""
        table = np.zeros((len(texts), len(TOPICS)))
        for row, text in enumerate(texts):
            of_clauses = [clause.split() for clause in clauses(normalise(text))]
            own = [word for clause in of_clauses for word in clause]
            numbers = [number for number, clause in enumerate(of_clauses) for _ in clause]
            hits = self._model.lexicon.score(own, [*map(self._lemma, own)], numbers)
            for entry in {hit.entry for hit in hits}:
                table[row, TOPICS.index(entry.code)] += entry.weight
        return table

    def _lemmas_and_pairs(self, text: str) -> list[str]:
        lemmas = [*map(self._lemma, words(text))]
        return lemmas + [f"{one} {other}" for one, other in pairwise(lemmas)]

    def _letters(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Return texts × buckets and texts × lemmas with a meaning, as sparse rows.

        Each different word counts once. A piece weighs its idf; a text is scaled by the root of
        the sum of squares over all its pieces. A meaning is MEANING_SCALE as long as its word.
        """
        idf = self._model.letter_idf.astype(np.float64)
        letters: list[tuple[int, int, float]] = []
        meanings: list[tuple[int, int, float]] = []
        for row, text in enumerate(texts):
            spelt = {word: _buckets(word) for word in words(text)}
            squares = {word: float((idf[buckets] ** 2).sum()) for word, buckets in spelt.items()}
            length = np.sqrt(sum(squares.values())) or 1.0
            for word, buckets in spelt.items():
                letters += [(row, bucket, idf[bucket] / length) for bucket in buckets]
                meaning = self._meanings.get(self._lemma(word))
                if meaning is not None:
                    long = MEANING_SCALE * np.sqrt(squares[word])
                    meanings.append((row, meaning, long / length))
        return (
            _sparse(letters, len(texts), LETTER_BUCKETS),
            _sparse(meanings, len(texts), len(self._meanings)),
        )


def _sparse(cells: Sequence[tuple[int, int, float]], rows: int, columns: int) -> Any:
    """Return a matrix of (row, column, value); values of one cell add up."""
    owners, places, values = zip(*cells, strict=True) if cells else ((), (), ())
    return sp.csr_matrix((values, (owners, places)), shape=(rows, columns), dtype=np.float64)


@cache
def _buckets(word: str) -> list[int]:
    framed = f"<{word}>"
    return [
        zlib.crc32(framed[start : start + length].encode("utf-8", "replace")) % LETTER_BUCKETS
        for length in range(SHORTEST_PIECE, LONGEST_PIECE + 1)
        for start in range(len(framed) - length + 1)
    ]


def compare(model: Model, texts: Sequence[str]) -> Difference:
    """Score ``texts`` both ways, and return the largest differences."""
    encoder, plain = Encoder(model), Plain(model)
    worst = [Difference(0.0, 0.0, 0.0, 0.0)]
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        encoder.book.make_room()
        fast = encoder.score(encoder.read([marks(normalise(text)) for text in batch]))
        slow = plain.linear(batch)
        apart = np.abs(fast.table - slow).max(axis=1)
        largest = np.abs(slow).max(axis=1)
        lexicon = np.abs(fast.lexicon - plain.lexicon(batch)).max()
        worst.append(
            Difference(
                float(apart.max()),
                float((apart / np.where(largest > 0.0, largest, 1.0)).max()),
                float(lexicon),
                float(largest.max()),
            )
        )
    return Difference(*map(max, zip(*worst, strict=True)))
