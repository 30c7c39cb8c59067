"""A text as folded words with their places in the original."""

import re
from dataclasses import dataclass

MAX_CHARS = 10_000
"""Longer texts are read up to here: the time of one search is bounded."""

WORD = re.compile(r"[а-яa-z]+|[0-9]+")


def fold(text: str) -> str:
    """Return the text in lower case with ё as е, character for character."""
    low = text.lower()
    if len(low) != len(text):  # a few letters, such as İ, grow when lowered
        low = "".join(small if len(small := char.lower()) == 1 else char for char in text)
    return low.replace("ё", "е")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text in order. Indices outside the text are answered with nothing."""

    text: str
    words: list[str]
    spans: list[tuple[int, int]]
    cased: bool

    @classmethod
    def of(cls, text: str) -> "Words":
        """Cut a text into words."""
        matches = list(WORD.finditer(fold(text)))
        return cls(
            text=text,
            words=[match.group() for match in matches],
            spans=[match.span() for match in matches],
            cased=not text.isupper(),
        )

    def at(self, index: int) -> str:
        """Return a word, or an empty text outside."""
        return self.words[index] if 0 <= index < len(self.words) else ""

    def gap(self, index: int) -> str:
        """Return what stands between this word and the one before; a line end outside."""
        if not 0 < index < len(self.words):
            return "\n"
        return self.text[self.spans[index - 1][1] : self.spans[index][0]]

    def capital(self, index: int) -> bool:
        """Tell whether a word begins with a capital that means something."""
        return self.cased and bool(self.at(index)) and self.text[self.spans[index][0]].isupper()

    def written(self, index: int) -> str:
        """Return a word as it stands in the text, its first letter made large."""
        start, end = self.spans[index]
        word = self.text[start:end]
        return word[:1].upper() + word[1:] if self.cased else word.capitalize()
