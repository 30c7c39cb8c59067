"""All that a model makes of single words, worked out at the first meeting and remembered."""

import re
from collections.abc import Sequence

import numpy as np

from classifiers.meanings import MEANING_SCALE
from classifiers.model import Model
from classifiers.relevance import word_cues
from classifiers.text import MEMO_LIMIT, Lemmatiser, is_word
from classifiers.urgency import word_rules
from classifiers.vocabulary import Floats, Ints, pieces

_RUSSIAN_LETTERS = re.compile("[а-я]+")
# What a mark is: bits of a word, or the end of a clause.
CONTENT, RUSSIAN, ENDS_CLAUSE = 1, 2, 4
_TABLES = (
    "lemma_ids",
    "kinds",
    "rules",
    "cues",
    "term_starts",
    "term_counts",
    "letters",
    "squares",
)


class _Memo(dict[str, int]):
    """Mark → its number; asks the book at the first meeting."""

    def __init__(self, book: "Wordbook") -> None:
        super().__init__()
        self._book = book

    def __missing__(self, mark: str) -> int:
        number = self._book.learn(mark)
        self[mark] = number
        return number


class Wordbook:
    """Tables with a row for each mark met: words and ends of clauses. Not for several threads.

    ``lemma_ids``: features, -1 for none; ``kinds``: bits; ``rules`` and ``cues``: bits of the
    urgency rules and relevance cues that a word may call; ``terms[term_starts[i]:][:
    term_counts[i]]``: the lexicon's terms that it fills; ``letters`` (columns up to the fine
    topics) what its letters and meaning add to a text, ``squares`` their length squared.
    """

    def __init__(self, model: Model) -> None:
        """Prepare tables for ``model``; nothing is known yet."""
        self._model = model
        self._lemmatiser = Lemmatiser(model.vocabulary.words)
        self._lemma_numbers = {lemma: place for place, lemma in enumerate(model.vocabulary.lemmas)}
        self._meanings = {lemma: place for place, lemma in enumerate(model.meaning_lemmas)}
        self._forget(1024)

    def _forget(self, room: int) -> None:
        self._memo = _Memo(self)
        self.count = 0
        self.lemma_ids = np.zeros(room, np.int64)
        self.kinds = np.zeros(room, np.int8)
        self.rules = np.zeros(room, np.int64)
        self.cues = np.zeros(room, np.int64)
        self.term_starts = np.zeros(room, np.int64)
        self.term_counts = np.zeros(room, np.int64)
        self.terms = np.zeros(room, np.int64)
        self._terms_used = 0
        self.letters = np.zeros((room, self._model.letter_weights.shape[1]), np.float32)
        self.squares = np.zeros(room, np.float32)
        self._unspelt: list[tuple[str, int]] = []

    def make_room(self) -> None:
        """Forget all words if they are too many; rows told before mean nothing then."""
        if self.count > MEMO_LIMIT:
            self._forget(1024)

    def numbers(self, texts: Sequence[Sequence[str]]) -> Ints:
        """Return the row of each mark (see text.marks) of all texts, in order."""
        memo = self._memo
        numbers = np.array([memo[mark] for marks in texts for mark in marks], np.int64)
        self._spell()
        return numbers

    def lemma(self, word: str) -> str:
        """Return the lemma of a word as text.words gives it."""
        return self._lemmatiser.lemma(word)

    def learn(self, mark: str) -> int:
        """Work out what a mark adds to a text, and return its row in the tables."""
        number = self.count
        if number == len(self.lemma_ids):
            for name in _TABLES:
                table = getattr(self, name)
                setattr(self, name, np.concatenate([table, np.zeros_like(table)]))
        self.count += 1
        if not is_word(mark):
            self.kinds[number] = ENDS_CLAUSE
            self._unspelt.append(("", -1))
            return number
        lemma = self._lemmatiser.lemma(mark)
        self.lemma_ids[number] = self._lemma_numbers.get(lemma, -1)
        meaning = self._meanings.get(lemma, -1)
        content, russian = lemma not in FUNCTION_WORDS, self._is_russian(mark, lemma, meaning)
        self.kinds[number] = CONTENT * content | RUSSIAN * russian
        self.rules[number] = word_rules(mark)
        self.cues[number] = word_cues(mark)
        self._learn_terms(number, self._model.lexicon.term_ids(mark, lemma))
        self._unspelt.append((mark, meaning))
        return number

    def _is_russian(self, word: str, lemma: str, meaning: int) -> bool:
        if meaning >= 0 or lemma in self._lemma_numbers or lemma in FUNCTION_WORDS:
            return True
        # A dictionary that guesses any word needs to be asked whether it knows it.
        return _RUSSIAN_LETTERS.fullmatch(word) is not None and self._lemmatiser.knows(word)

    def _learn_terms(self, number: int, terms: Sequence[int]) -> None:
        end = self._terms_used + len(terms)
        if end > len(self.terms):
            self.terms = np.concatenate([self.terms, np.zeros(end, np.int64)])
        self.terms[self._terms_used : end] = terms
        self.term_starts[number], self.term_counts[number] = self._terms_used, len(terms)
        self._terms_used = end

    def _spell(self) -> None:
        """Work out the letters of the words just learned: together, for numpy is slow at small."""
        if not self._unspelt:
            return
        first, model = self.count - len(self._unspelt), self._model
        words, meanings = zip(*self._unspelt, strict=True)
        letters, square = letter_scores(words, model.letter_idf, model.letter_weights)
        known = np.flatnonzero(np.array(meanings) >= 0)
        if len(known):
            # A word's meaning is as long as its letters, so that both are scaled alike.
            lengths = MEANING_SCALE * np.sqrt(square[known])
            letters[known] += lengths[:, None] * model.meaning_weights[np.array(meanings)[known]]
        self.letters[first : self.count], self.squares[first : self.count] = letters, square
        self._unspelt.clear()


def letter_scores(words: Sequence[str], idf: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return what the letters of each word add to each column, and the squares of their lengths."""
    found = [pieces(word) for word in words]
    starts = np.cumsum([0, *map(len, found)])[:-1]
    buckets = np.concatenate(found)
    values = idf[buckets]
    sums: Floats = np.add.reduceat(weights[buckets] * values[:, None], starts, axis=0)
    squares: Floats = np.add.reduceat(values * values, starts)
    return sums, squares


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
