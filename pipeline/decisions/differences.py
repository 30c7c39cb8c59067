"""What two texts about perhaps one problem do not have in common: words of one and not the other.

People tell of one problem in words of a different order, so the order is not compared, only
whether the other text has the word in any of its forms.
"""

import re
from dataclasses import dataclass
from itertools import groupby

from classifiers.stems import SMALL, stem
from classifiers.text import normalise

LONGEST = 4_000
"""Characters of a text that are compared and shown; no complaint needs more to be told apart."""

WORD = re.compile(r"[^\W_]+")
GAP = re.compile(r"[\W_]{1,3}")
"""What may stand between two words that differ without parting them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters; ``own`` where the other text has none of it."""

    text: str
    own: bool = False


def differences(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts, at most ``LONGEST`` characters of each, cut at the words that differ.

    Small words («в», «не») tell no two problems apart and never differ.
    """
    one, other = one[:LONGEST], other[:LONGEST]
    known, met = _stems(one), _stems(other)
    return _cut(one, met), _cut(other, known)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in WORD.findall(normalise(text)))


def _cut(text: str, known: frozenset[str]) -> list[Piece]:
    """Cut a text at the words whose stems are not known; joined the pieces are the text."""
    own = [False] * len(text)
    end = -1
    # At the same length as the text, so that places in it are places in the text.
    clean = normalise(text)
    for match in WORD.finditer(clean):
        word = match.group()
        if word in SMALL or stem(word) in known:
            continue
        start = end if end >= 0 and GAP.fullmatch(clean, end, match.start()) else match.start()
        end = match.end()
        own[start:end] = [True] * (end - start)
    pieces, begin = [], 0
    for differs, run in groupby(own):
        stop = begin + sum(1 for _ in run)
        pieces.append(Piece(text[begin:stop], differs))
        begin = stop
    return pieces
