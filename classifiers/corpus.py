"""Examples → words, features and sparse rows for training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from classifiers.examples import Example
from classifiers.meanings import MEANING_SCALE, read_meanings
from classifiers.names import Capitals
from classifiers.text import Lemmatiser, words
from classifiers.vocabulary import (
    LETTER_BUCKETS,
    Floats,
    Ints,
    Vocabulary,
    flatten,
    pieces,
    weigh,
)

# A lemma or pair of fewer texts might tell whose text it was, and teaches little.
FEWEST_TEXTS = 5


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts as words, with all that is counted once however many models are fitted."""

    words: list[list[str]]
    lemmas: dict[str, str]
    proper: frozenset[str]


def read_corpus(examples: Sequence[Example]) -> Corpus:
    """Split texts into words, find each word's lemma, and which lemmas are proper names."""
    lemmatiser = Lemmatiser()
    split = [words(example.text) for example in examples]
    lemmas = {word: lemmatiser.lemma(word) for word in {w for text in split for w in text}}
    capitals = Capitals()
    for example in examples:
        capitals.count(example.text, lemmas)
    return Corpus(split, lemmas, capitals.proper(lemmatiser, set(lemmas.values())))


def build_vocabulary(corpus: Corpus, chosen: Ints) -> Vocabulary:
    """Return the features found in FEWEST_TEXTS or more of the ``chosen`` texts, no names."""
    texts = [[corpus.lemmas[word] for word in corpus.words[row]] for row in chosen]
    single = Counter(lemma for text in texts for lemma in set(text))
    lemmas = tuple(
        sorted(
            lemma
            for lemma, count in single.items()
            if count >= FEWEST_TEXTS and lemma not in corpus.proper
        )
    )
    ids = {lemma: number for number, lemma in enumerate(lemmas)}
    double: Counter[int] = Counter()
    for text in texts:
        numbers = [ids.get(lemma, -1) for lemma in text]
        double.update(
            {
                first * len(lemmas) + second
                for first, second in pairwise(numbers)
                if first >= 0 and second >= 0
            }
        )
    pairs = sorted(key for key, count in double.items() if count >= FEWEST_TEXTS)
    seen = Counter(word for row in chosen for word in set(corpus.words[row]))
    known = {
        word: corpus.lemmas[word]
        for word, count in sorted(seen.items())
        if count >= FEWEST_TEXTS and corpus.lemmas[word] in ids
    }
    return Vocabulary(lemmas, np.array(pairs, np.int64), known)


@dataclass(frozen=True, slots=True)
class Matrices:
    """All texts of a corpus as rows: TF-IDF of lemmas and pairs, letters, and meanings."""

    idf: Floats
    letter_idf: Floats
    lemmas: sp.csr_matrix
    letters: sp.csr_matrix
    meanings: sp.csr_matrix


def _idf(frequency: Ints, texts: int) -> Floats:
    """Smoothed inverse document frequency, ln((1 + n) / (1 + df)) + 1, as scikit-learn's."""
    answer: Floats = (np.log((1.0 + texts) / (1.0 + frequency)) + 1.0).astype(np.float32)
    return answer


def build_matrices(
    corpus: Corpus,
    vocabulary: Vocabulary,
    chosen: Ints,
    known: tuple[Floats, Floats] | None = None,
) -> Matrices:
    """Return rows for all texts of ``corpus``.

    The idf of features and of letters is ``known``, or comes from the ``chosen`` texts alone.
    """
    flat, rows = flatten(corpus.words)
    count = len(corpus.words)
    ids = {lemma: number for number, lemma in enumerate(vocabulary.lemmas)}
    lemma_ids = np.array([ids.get(corpus.lemmas[word], -1) for word in flat], np.int64)
    if known is None:
        ones = weigh(vocabulary, np.ones(vocabulary.size, np.float32), lemma_ids, rows, count)
        here = np.isin(ones.rows, chosen)
        frequency = np.bincount(ones.features[here], minlength=vocabulary.size).astype(np.int64)
        idf = _idf(frequency, len(chosen))
    else:
        idf = known[0]
    weighed = weigh(vocabulary, idf, lemma_ids, rows, count)
    lemmas = sp.csr_matrix(
        (weighed.values, weighed.features, weighed.starts), shape=(count, vocabulary.size)
    )
    letter_idf, letters, meanings = _letters(
        corpus, flat, rows, chosen, None if known is None else known[1]
    )
    return Matrices(idf, letter_idf, lemmas, letters, meanings)


def _letters(
    corpus: Corpus, flat: list[str], rows: Ints, chosen: Ints, known: Floats | None
) -> tuple[Floats, sp.csr_matrix, sp.csr_matrix]:
    names = {word: number for number, word in enumerate(corpus.lemmas)}
    buckets = [
        # A name of a place or a person must teach nothing: elsewhere there are others.
        np.zeros(0, np.int64) if lemma in corpus.proper else pieces(word)
        for word, lemma in corpus.lemmas.items()
    ]
    starts = np.concatenate([[0], np.cumsum([len(found) for found in buckets])])
    flat_buckets = np.concatenate(buckets)
    by_word = sp.csr_matrix(
        (np.ones(len(flat_buckets), np.float32), flat_buckets, starts),
        shape=(len(names), LETTER_BUCKETS),
    )
    cells = np.unique(rows * len(names) + np.array([names[word] for word in flat], np.int64))
    owners, inside = np.divmod(cells, len(names))
    by_text = sp.csr_matrix(
        (np.ones(len(cells), np.float32), (owners, inside)), shape=(len(corpus.words), len(names))
    )
    if known is None:
        found = (by_text[chosen] @ by_word).tocsc()
        frequency = np.diff(found.indptr).astype(np.int64)
        idf = np.where(frequency >= FEWEST_TEXTS, _idf(frequency, len(chosen)), 0)
        # The model keeps halves; the weights must be learned for what will be served.
        idf = idf.astype(np.float16).astype(np.float32)
    else:
        idf = known
    weighed = sp.csr_matrix(by_word @ sp.diags(idf))
    # As served: a bucket that a word has twice counts twice, and the length adds up per piece.
    squares = by_word @ (idf**2)
    lengths = np.sqrt(np.maximum(by_text @ squares, 1e-12))
    even = sp.csr_matrix(sp.diags(1.0 / lengths) @ by_text)
    letters = sp.csr_matrix(even @ weighed)
    # A word's meaning is as long as its letters, so that one length scales both.
    meanings = even @ (np.sqrt(squares)[:, None] * _meanings(corpus))
    return idf, letters.astype(np.float32), sp.csr_matrix(meanings.astype(np.float32))


def _meanings(corpus: Corpus) -> Floats:
    """Return words × vectors, MEANING_SCALE long; zeros for a word without a known meaning."""
    known = read_meanings()
    table = np.zeros((len(corpus.lemmas), known.vectors.shape[1]), np.float32)
    for number, lemma in enumerate(corpus.lemmas.values()):
        if lemma in known.rows and lemma not in corpus.proper:
            table[number] = MEANING_SCALE * known.vectors[known.rows[lemma]]
    return table
