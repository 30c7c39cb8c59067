"""A text as folded words with their places in the original."""

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from classifiers.text import normalise

MAX_CHARS = 10_000
"""Longer texts are read up to here: the time of one search is bounded."""

MAX_WORD = 30
"""Longer words are no names; what is longer is noise."""

WORD = re.compile(r"[а-яa-z]+|[0-9]+")

_UNSEEN = "\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufeff"
_HAS_UNSEEN = re.compile(f"[{_UNSEEN}]")
_STRIP_UNSEEN = re.compile(f"[{_UNSEEN}]+")
_WORD_WITH_UNSEEN = re.compile(rf"[а-яa-z][а-яa-z{_UNSEEN}]*|[0-9]+")
_SPLIT, _SPLIT_UNSEEN = (re.compile(f"({word.pattern})") for word in (WORD, _WORD_WITH_UNSEEN))
_LOOKALIKES = str.maketrans("aceopxyktmhb", "асеорхукттнв")
_LATIN = re.compile("[a-z]")
_MIXED = re.compile("[а-я][a-z]|[a-z][а-я]")


def fold(text: str) -> str:
    """Return the text in lower case, ё as е and markup blanked, character for character."""
    return normalise(text)


def plain_words(folded: str) -> list[str]:
    """Return the words and numbers of a folded text, Latin letters among Cyrillic ones kept."""
    if _HAS_UNSEEN.search(folded):
        return [_clean(word) for word in _WORD_WITH_UNSEEN.findall(folded)]
    return WORD.findall(folded)


@lru_cache(maxsize=10_000)
def untwist(word: str) -> str:
    """Return a word with the Latin letters among its Cyrillic ones made Cyrillic: «вoда»."""
    return word.translate(_LOOKALIKES) if _MIXED.search(word) else word


def _clean(word: str) -> str:
    composed = unicodedata.normalize("NFC", word).replace("ё", "е")
    return _STRIP_UNSEEN.sub("", composed)


class Words(NamedTuple):
    """The words of a text in order. Indices outside the text are answered with nothing."""

    text: str
    words: list[str]
    gaps: list[str]
    """What stands before each word, markup blanked; one more at the end."""
    bounds: list[int]
    """Where gaps and words begin in the text, by turns."""
    cased: bool

    @classmethod
    def of(cls, text: str, start: int = 0, end: int | None = None) -> "Words":
        """Cut a text, or its part [start, end), into words."""
        folded = fold(text)[start:end]
        unseen = _HAS_UNSEEN.search(folded) is not None
        # One split gives gaps and words by turns, far faster than one match a word.
        parts = (_SPLIT_UNSEEN if unseen else _SPLIT).split(folded)
        words = parts[1::2]
        if unseen or _LATIN.search(folded):
            words = [untwist(_clean(word)) for word in words]
        return cls(
            text=text,
            words=words,
            gaps=parts[::2],
            bounds=[*accumulate(map(len, parts), initial=start)],
            cased=not text.isupper(),
        )

    def span(self, index: int) -> tuple[int, int]:
        """Return where a word stands in the text: [start, end) in characters."""
        return self.bounds[2 * index + 1], self.bounds[2 * index + 2]

    def at(self, index: int) -> str:
        """Return a word, or an empty text outside."""
        return self.words[index] if 0 <= index < len(self.words) else ""

    def gap(self, index: int) -> str:
        """Return what stands between this word and the one before; a line end outside."""
        if not 0 < index < len(self.words):
            return "\n"
        return self.gaps[index]

    def capital(self, index: int) -> bool:
        """Tell whether a word begins with a capital that means something."""
        return (
            self.cased and bool(self.at(index)) and self.text[self.bounds[2 * index + 1]].isupper()
        )

    def opens(self, index: int) -> bool:
        """Tell whether a word opens a text, a sentence or a part of one."""
        return index == 0 or self.gap(index).strip(" «\"'(#") != ""

    def written(self, index: int) -> str:
        """Return a word as it stands in the text, its first letter made large."""
        start, end = self.span(index)
        word = self.text[start:end]
        return word[:1].upper() + word[1:] if self.cased else word.capitalize()
