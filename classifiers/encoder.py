"""Words of a batch → the scores of the linear model. Remembers each word it has met."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.model import Model
from classifiers.relevance import word_cues
from classifiers.text import MEMO_LIMIT, Lemmatiser
from classifiers.urgency import word_rules
from classifiers.vocabulary import Floats, Ints, Rows, flatten, pieces, weigh


@dataclass(frozen=True, slots=True)
class Scores:
    """What the model makes of ``count`` texts, before thresholds.

    ``table`` is texts × columns of the model, without intercepts; ``rows`` the features behind
    it; ``words`` counts the words of each text, ``content`` those that carry meaning; ``rules``
    holds the bits of the urgency rules worth trying on each text, ``cues`` those of its
    relevance cues.
    """

    table: Floats
    rows: Rows
    words: Ints
    content: Ints
    rules: Ints
    cues: Ints


class _Memo(dict[str, int]):
    """Word → its number; asks the encoder at the first meeting."""

    def __init__(self, encoder: "Encoder") -> None:
        super().__init__()
        self._encoder = encoder

    def __missing__(self, word: str) -> int:
        number = self._encoder.learn(word)
        self[word] = number
        return number


class Encoder:
    """Scores batches of texts. Not safe for several threads: it grows its tables."""

    def __init__(self, model: Model) -> None:
        """Prepare tables for ``model``; nothing is computed yet."""
        self._model = model
        self._lemmatiser = Lemmatiser(model.vocabulary.words)
        self._lemma_ids = {lemma: number for number, lemma in enumerate(model.vocabulary.lemmas)}
        self._coarse = model.letter_weights.shape[1]
        self._forget(1024)

    def _forget(self, room: int) -> None:
        self._memo = _Memo(self)
        self._count = 0
        self._lemma = np.zeros(room, np.int64)
        self._content = np.zeros(room, np.int64)
        self._rules = np.zeros(room, np.int64)
        self._cues = np.zeros(room, np.int64)
        self._letters = np.zeros((room, self._coarse), np.float32)
        self._square = np.zeros(room, np.float32)
        self._unspelt: list[str] = []

    def learn(self, word: str) -> int:
        """Work out what a word adds to a text, and return its number in the tables."""
        number = self._count
        if number == len(self._lemma):
            for name in ("_lemma", "_content", "_rules", "_cues", "_letters", "_square"):
                table = getattr(self, name)
                setattr(self, name, np.concatenate([table, np.zeros_like(table)]))
        self._count += 1
        lemma = self._lemmatiser.lemma(word)
        self._lemma[number] = self._lemma_ids.get(lemma, -1)
        self._content[number] = lemma not in FUNCTION_WORDS
        self._rules[number] = word_rules(word)
        self._cues[number] = word_cues(word)
        self._unspelt.append(word)
        return number

    def _spell(self) -> None:
        """Work out the letters of the words just learned: together, for numpy is slow at small."""
        if not self._unspelt:
            return
        first = self._count - len(self._unspelt)
        self._letters[first : self._count], self._square[first : self._count] = letter_scores(
            self._unspelt, self._model.letter_idf, self._model.letter_weights
        )
        self._unspelt.clear()

    def score(self, texts: Sequence[Sequence[str]]) -> Scores:
        """Score texts given as lists of words (see text.words)."""
        if self._count > MEMO_LIMIT:
            self._forget(1024)
        flat, rows = flatten(texts)
        memo = self._memo
        words = np.array([memo[word] for word in flat], np.int64)
        self._spell()
        count = len(texts)
        weighed = weigh(self._model.vocabulary, self._model.idf, self._lemma[words], rows, count)
        table = self._gather(weighed, count)
        self._add_letters(table, words, rows)
        edges = np.searchsorted(rows, np.arange(count + 1))
        return Scores(
            table,
            weighed,
            np.diff(edges),
            np.bincount(rows, weights=self._content[words], minlength=count).astype(np.int64),
            _any_of(self._rules[words], edges),
            _any_of(self._cues[words], edges),
        )

    def _gather(self, rows: Rows, count: int) -> Floats:
        weights = self._model.lemma_weights
        table = np.zeros((count, weights.shape[1]), np.float32)
        starts = rows.starts.tolist()
        features, values = rows.features, rows.values
        for row in range(count):
            start, end = starts[row], starts[row + 1]
            if start != end:
                np.dot(values[start:end], weights[features[start:end]], out=table[row])
        return table

    def _add_letters(self, table: Floats, words: Ints, rows: Ints) -> None:
        """Add each text's letters: the sum over its different words, scaled to length 1."""
        cells = np.unique(rows * max(self._count, 1) + words)
        owners, words = np.divmod(cells, max(self._count, 1))
        squares = np.bincount(owners, weights=self._square[words], minlength=len(table))
        edges = np.searchsorted(owners, np.arange(len(table) + 1))
        filled = np.flatnonzero(edges[:-1] != edges[1:])
        if not len(filled):
            return
        sums = np.add.reduceat(self._letters[words], edges[:-1][filled], axis=0)
        lengths = np.sqrt(np.maximum(squares[filled], 1e-12)).astype(np.float32)
        table[filled, : self._coarse] += sums / lengths[:, None]


def letter_scores(words: Sequence[str], idf: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return what the letters of each word add to each column, and the squares of their lengths."""
    found = [pieces(word) for word in words]
    starts = np.cumsum([0, *map(len, found)])[:-1]
    buckets = np.concatenate(found)
    values = idf[buckets]
    sums: Floats = np.add.reduceat(weights[buckets] * values[:, None], starts, axis=0)
    squares: Floats = np.add.reduceat(values * values, starts)
    return sums, squares


def _any_of(bits: Ints, edges: Ints) -> Ints:
    """Return for each text the bits that any of its words has."""
    answer = np.zeros(len(edges) - 1, np.int64)
    filled = np.flatnonzero(edges[:-1] != edges[1:])
    if len(filled):
        answer[filled] = np.bitwise_or.reduceat(bits, edges[:-1][filled])
    return answer


# Lemmas that say nothing of a subject: a text of these alone leans on the thread above it.
FUNCTION_WORDS = frozenset(
    """
    а аналогично бы быть в вас ваш весь вообще вот все всегда всё вы где да давно даже для до
    добрый день доброе утро вечер другой его еще же за здравствовать здравствуйте здесь и из или
    иметься к как какой когда кто ли лишь мой мочь мы на над наш не нет ни но ну о об один он она
    они оно от очень по под поддерживать подтверждать пожалуйста почему при привет про просто с
    самый свой себя сей сейчас сколько снова согласный спасибо сам такой так также там такая то
    тоже тот тогда только тут ты у уже уж хотеть что чтобы это этот я ага плюс опять именно
    абсолютно точно правда полностью
    """.split()  # noqa: SIM905 - a list of 150 lines reads worse
)
