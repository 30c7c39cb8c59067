"""A batch of texts as words → the scores of the linear model, in one numpy pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.lexicon_match import Found, Matcher, thin
from classifiers.model import Model, Steps
from classifiers.vocabulary import Floats, Ints, Rows, distinct, weigh
from classifiers.wordbook import CONTENT, ENDS_CLAUSE, RUSSIAN, Wordbook


@dataclass(frozen=True, slots=True)
class Words:
    """The words of ``count`` texts in order.

    ``numbers`` are rows of the wordbook, ``rows`` the text of each word, ``edges`` where each
    text begins. ``clauses`` numbers the clause of each word so that no two texts share a number;
    ``own_clauses`` counts from 0 in each text.
    """

    count: int
    numbers: Ints
    rows: Ints
    edges: Ints
    clauses: Ints
    own_clauses: Ints


@dataclass(frozen=True, slots=True)
class Scores:
    """What the model makes of texts, before thresholds.

    ``table`` is texts × columns of the model, without intercepts; ``rows`` the lemmas and pairs
    behind it; ``lexicon`` texts × topics, what the lexicon says; ``found`` its hits. ``content``
    counts the words of each text that carry meaning, ``russian`` those that are Russian; ``cues``
    holds the bits of its relevance cues. ``alarming`` lists (text, clause, bits of the urgency
    rules worth trying).
    """

    words: Words
    table: Floats
    rows: Rows
    lexicon: Floats
    found: Found
    content: Ints
    russian: Ints
    cues: Ints
    alarming: list[tuple[int, int, int]]

    @property
    def lengths(self) -> Ints:
        """Count of words of each text."""
        return np.diff(self.words.edges)


class Encoder:
    """Scores batches of texts. Not safe for several threads: its wordbook grows."""

    def __init__(self, model: Model) -> None:
        """Prepare tables for ``model``; nothing is computed yet."""
        self._model = model
        self.book = Wordbook(model)
        self._matcher = Matcher(model.lexicon)
        self._coarse = model.letter_weights.shape[1]

    def read(self, texts: Sequence[Sequence[str]]) -> Words:
        """Return texts given as marks (see text.marks) as words."""
        count, book = len(texts), self.book
        numbers = book.numbers(texts)
        rows = np.repeat(np.arange(count), np.fromiter(map(len, texts), np.int64, count))
        kinds = book.kinds[numbers]
        begins = np.searchsorted(rows, np.arange(count))
        words = np.flatnonzero(kinds != ENDS_CLAUSE)
        # How many ends stand before each mark.
        ended = np.concatenate([[0], np.cumsum(kinds == ENDS_CLAUSE)])
        own = ended[:-1] - ended[begins][rows]
        clauses, own, rows = ended[words] + rows[words], own[words], rows[words]
        edges = np.searchsorted(rows, np.arange(count + 1))
        return Words(count, numbers[words], rows, edges, clauses, own)

    def score(self, words: Words) -> Scores:
        """Score texts."""
        book, count = self.book, words.count
        table, weighed, found = self._scores(words)
        kinds = book.kinds[words.numbers]
        return Scores(
            words,
            table,
            weighed,
            self._matcher.score(found, words.rows, count),
            found,
            np.bincount(words.rows[(kinds & CONTENT) > 0], minlength=count),
            np.bincount(words.rows[(kinds & RUSSIAN) > 0], minlength=count),
            _any_of(book.cues[words.numbers], words.edges),
            self._alarming(words),
        )

    def letter_parts(self, numbers: Ints) -> Floats:
        """Return words × columns: what the letters and meanings add to a text of these words."""
        length = np.sqrt(self.book.squares[np.unique(numbers)].sum())
        parts: Floats = self.book.letters[numbers] / np.maximum(length, np.float32(1e-6))
        return parts

    def pattern_weights(self, nodes: Ints, topic: int) -> Floats:
        """Return what patterns of the lexicon (see Found) say of a topic."""
        weights: Floats = self._matcher.weights[nodes, topic]
        return weights

    def _scores(self, words: Words) -> tuple[Floats, Rows, Found]:
        model, book, count = self._model, self.book, words.count
        lemmas = book.lemma_ids[words.numbers]
        weighed = weigh(model.vocabulary, model.idf, lemmas, words.rows, count)
        table = _gather(weighed, count, model.lemma_weights)
        self._add_letters(table, words)
        counts = book.term_counts[words.numbers]
        spots = np.repeat(book.term_starts[words.numbers] - (np.cumsum(counts) - counts), counts)
        terms, counts = thin(book.terms[spots + np.arange(len(spots))], counts, words.rows)
        return table, weighed, self._matcher.find(terms, counts, words.clauses)

    def _add_letters(self, table: Floats, words: Words) -> None:
        """Add each text's letters: the sum over its different words, scaled to length 1."""
        book = self.book
        cells, _ = distinct(words.rows * max(book.count, 1) + words.numbers)
        owners, numbers = np.divmod(cells, max(book.count, 1))
        squares = np.bincount(owners, weights=book.squares[numbers], minlength=len(table))
        begins = np.flatnonzero(np.diff(owners, prepend=-1))
        if not len(begins):
            return
        filled = owners[begins]
        sums = np.add.reduceat(book.letters[numbers], begins, axis=0)
        lengths = np.sqrt(np.maximum(squares[filled], 1e-12)).astype(np.float32)
        table[filled, : self._coarse] += sums / lengths[:, None]

    def _alarming(self, words: Words) -> list[tuple[int, int, int]]:
        bits = self.book.rules[words.numbers]
        some = np.flatnonzero(bits)
        found: dict[tuple[int, int], int] = {}
        for row, clause, bit in zip(
            words.rows[some].tolist(),
            words.own_clauses[some].tolist(),
            bits[some].tolist(),
            strict=True,
        ):
            found[row, clause] = found.get((row, clause), 0) | bit
        return [(row, clause, bit) for (row, clause), bit in found.items()]


def _gather(rows: Rows, count: int, weights: Steps) -> Floats:
    """Return texts × columns: the weights of each text's features, times their values."""
    table = np.zeros((count, weights.shape[1]), np.float32)
    starts = rows.starts.tolist()
    features, values, whole = rows.features, rows.values, weights.whole
    for row in range(count):
        start, end = starts[row], starts[row + 1]
        if start != end:
            chosen = whole[features[start:end]].astype(np.float32)
            np.dot(values[start:end], chosen, out=table[row])
    table *= weights.sizes
    return table


def _any_of(bits: Ints, edges: Ints) -> Ints:
    """Return for each text the bits that any of its words has."""
    answer = np.zeros(len(edges) - 1, np.int64)
    filled = np.flatnonzero(edges[:-1] != edges[1:])
    if len(filled):
        answer[filled] = np.bitwise_or.reduceat(bits, edges[:-1][filled])
    return answer
