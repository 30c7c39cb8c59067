"""What a model knows of words, and how words become numbers.

Three kinds of features, all computed by numpy in one pass over a batch:

* lemmas and pairs of neighbouring lemmas, weighted by (1 + ln tf) · idf, each text scaled to
  length 1 (TF-IDF as scikit-learn's TfidfVectorizer with ``sublinear_tf`` defines it);
* letters: each word's hashed n-grams of 3 to 5 letters with its borders, weighted by idf. A
  word's part of every score is worked out once and remembered, so that typing errors and
  words never seen cost nothing at the next meeting.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

# Of 2^15 buckets a model needs 1.6 MB for its letters; 2^16 and 2^18 were no better.
LETTER_BUCKETS = 1 << 15
SHORTEST_PIECE = 3
LONGEST_PIECE = 5
# No Russian word is longer; what is longer is noise.
LONGEST_SPELT = 40
# Words share most of their pieces; the frequent ones take some 10 MB.
PIECES_REMEMBERED = 1 << 16


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Lemmas and pairs that are features, and the lemmas of frequent words.

    Feature i < len(lemmas) is a lemma; feature len(lemmas) + j is the pair whose key
    ``first * len(lemmas) + second`` stands at ``pairs[j]``; ``pairs`` is sorted.
    """

    lemmas: tuple[str, ...]
    pairs: Ints
    words: dict[str, str]

    @property
    def size(self) -> int:
        """Count of features."""
        return len(self.lemmas) + len(self.pairs)

    def name(self, feature: int) -> str:
        """Return the lemma of a feature, or both lemmas of a pair with a space between."""
        if feature < len(self.lemmas):
            return self.lemmas[feature]
        first, second = divmod(int(self.pairs[feature - len(self.lemmas)]), len(self.lemmas))
        return f"{self.lemmas[first]} {self.lemmas[second]}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Sparse rows, one for each text: ``features[i]`` with ``values[i]`` belongs to ``rows[i]``.

    Sorted by row; row r is ``starts[r]:starts[r + 1]``.
    """

    starts: Ints
    rows: Ints
    features: Ints
    values: Floats


def count_features(vocabulary: Vocabulary, lemma_ids: Ints, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """Count lemmas and pairs: return (row, feature, count), sorted by row and feature.

    ``lemma_ids`` holds the words of all texts in order, -1 for a lemma that is no feature;
    ``rows`` the text of each word. A pair never spans two texts nor an unknown lemma.
    """
    known = lemma_ids >= 0
    both = known[:-1] & known[1:] & (rows[:-1] == rows[1:])
    keys = lemma_ids[:-1][both] * len(vocabulary.lemmas) + lemma_ids[1:][both]
    # A last key that nothing equals keeps every spot inside the array.
    pairs = np.append(vocabulary.pairs, -1)
    spots = np.searchsorted(vocabulary.pairs, keys)
    found = pairs[spots] == keys
    features = np.concatenate([lemma_ids[known], spots[found] + len(vocabulary.lemmas)])
    owners = np.concatenate([rows[known], rows[:-1][both][found]])
    cells, counts = distinct(owners * max(vocabulary.size, 1) + features)
    return *np.divmod(cells, max(vocabulary.size, 1)), counts


def distinct(keys: Ints) -> tuple[Ints, Ints]:
    """Return the different keys in order, and how often each occurs.

    As numpy's ``unique`` does, in a third of its time: keys of a batch are nearly sorted.
    """
    ordered = np.sort(keys)
    begins = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    return ordered[begins], np.diff(np.append(begins, len(ordered)))


def weigh(
    vocabulary: Vocabulary,
    idf: Floats,
    lemma_ids: Ints,
    rows: Ints,
    count: int,
) -> Rows:
    """Return TF-IDF rows of unit length for ``count`` texts; a text without features is empty."""
    owners, features, counts = count_features(vocabulary, lemma_ids, rows)
    values = ((1.0 + np.log(counts)) * idf[features]).astype(np.float32)
    squares = np.bincount(owners, weights=values * values, minlength=count)
    lengths = np.sqrt(np.maximum(squares, 1e-12)).astype(np.float32)
    starts = np.searchsorted(owners, np.arange(count + 1))
    return Rows(starts, owners, features, values / lengths[owners])


def pieces(word: str) -> Ints:
    """Return the buckets of a word's letters: n-grams of «<word>», 3 to 5 letters long."""
    framed = f"<{word[:LONGEST_SPELT]}>"
    found = [
        framed[start : start + length]
        for length in range(SHORTEST_PIECE, LONGEST_PIECE + 1)
        for start in range(len(framed) - length + 1)
    ]
    return np.array([_bucket(piece) for piece in found or [framed]], np.int64)


@lru_cache(maxsize=PIECES_REMEMBERED)
def _bucket(piece: str) -> int:
    return zlib.crc32(piece.encode("utf-8", "replace")) % LETTER_BUCKETS


def flatten(texts: Sequence[Sequence[str]]) -> tuple[list[str], Ints]:
    """Return the words of all texts in one list, and the text of each word."""
    flat = [word for words in texts for word in words]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return flat, np.repeat(np.arange(len(texts)), lengths)
