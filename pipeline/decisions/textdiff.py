"""What an author changed in a text, word by word, in work that has a bound.

The shortest way from one list of words to the other (Myers, "An O(ND) difference algorithm",
1986), looked for after what both texts begin and end with is set aside. A text that was written
anew has no short way: then all of its middle is gone, and all of the new one is new.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

MOST_STEPS = 20_000
"""Words compared at most; some ten milliseconds."""

CONTEXT = 160
"""Characters of an unchanged stretch that are shown beside a change."""

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
SPACE = re.compile(r"\W{1,3}")
"""What may stand between two changed words without parting them, so that phrases stay whole."""

GAP = "…"


class Kind(StrEnum):
    """What became of a run of words."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters of the earlier text, of the later one, or of both."""

    text: str
    kind: Kind = Kind.SAME


def difference(old: str, new: str, *, steps: int = MOST_STEPS) -> list[Piece]:
    """Return how ``old`` became ``new``.

    The pieces that are not NEW, joined, are ``old``; those that are not GONE are ``new``. At most
    ``steps`` words are compared; past that, what differs is shown as one change.
    """
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    one, other = before[start : len(before) - end], after[start : len(after) - end]
    rest = before[len(before) - end :]
    middle = _walk(one, other, steps)
    return _whole(_joined([Piece("".join(before[:start])), *middle, Piece("".join(rest))]))


def shortened(pieces: Sequence[Piece], context: int = CONTEXT) -> list[Piece]:
    """Return a difference with the middle of long unchanged stretches left out."""
    found = []
    for place, piece in enumerate(pieces):
        if piece.kind is not Kind.SAME or len(pieces) == 1:
            found.append(piece)
            continue
        head = context if place else 0
        tail = context if place < len(pieces) - 1 else 0
        text = piece.text
        if len(text) > head + tail + len(GAP):
            text = text[:head] + GAP + (text[-tail:] if tail else "")
        found.append(Piece(text))
    return found


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two lists begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _walk(one: Sequence[str], other: Sequence[str], steps: int) -> list[Piece]:
    ways = _ways(one, other, steps)
    if ways is None:
        return [Piece("".join(one), Kind.GONE), Piece("".join(other), Kind.NEW)]
    return list(_traced(one, other, ways))[::-1]


def _ways(one: Sequence[str], other: Sequence[str], steps: int) -> list[dict[int, int]] | None:
    """Return, for each number of changes, how far into ``one`` each diagonal reaches with it.

    None where no way is found in so many steps.
    """
    reach = {1: 0}
    ways: list[dict[int, int]] = []
    while True:  # it ends at last where all goes and all comes
        changes = len(ways)
        ways.append(reach.copy())
        for diagonal in range(-changes, changes + 1, 2):
            x = _step(reach, diagonal, changes)
            y = x - diagonal
            began = x
            while x < len(one) and y < len(other) and one[x] == other[y]:
                x, y = x + 1, y + 1
            reach[diagonal] = x
            steps -= 1 + x - began
            if x >= len(one) and y >= len(other):
                return ways
            if steps < 0:
                return None


def _step(reach: dict[int, int], diagonal: int, changes: int) -> int:
    """Return where a diagonal begins with one change more: by a new word, or by one that goes."""
    if diagonal == -changes:
        return reach[diagonal + 1]
    if diagonal != changes and reach[diagonal - 1] < reach[diagonal + 1]:
        return reach[diagonal + 1]
    return reach[diagonal - 1] + 1


def _traced(
    one: Sequence[str], other: Sequence[str], ways: Sequence[dict[int, int]]
) -> Iterator[Piece]:
    """Yield the words from the end to the beginning."""
    x, y = len(one), len(other)
    for changes in range(len(ways) - 1, 0, -1):
        diagonal, reach = x - y, ways[changes]
        began = _step(reach, diagonal, changes)
        while x > began:
            x, y = x - 1, y - 1
            yield Piece(one[x])
        if diagonal == -changes or (
            diagonal != changes and reach[diagonal - 1] < reach[diagonal + 1]
        ):
            y -= 1
            yield Piece(other[y], Kind.NEW)
        else:
            x -= 1
            yield Piece(one[x], Kind.GONE)
    # Without a change both texts are alike, and both are told to the end.
    yield from (Piece(word) for word in one[:x][::-1])


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Join what stands side by side, what went before what came."""
    found = []
    for same, run in groupby(pieces, key=lambda piece: piece.kind is Kind.SAME):
        part = list(run)
        for kind in (Kind.SAME,) if same else (Kind.GONE, Kind.NEW):
            text = "".join(piece.text for piece in part if piece.kind is kind)
            found += [Piece(text, kind)] if text else []
    return found


def _whole(pieces: Sequence[Piece]) -> list[Piece]:
    """Let a space between two changed words belong to the change: phrases read better whole."""
    found: list[Piece] = []
    for place, piece in enumerate(pieces):
        inside = 0 < place < len(pieces) - 1
        if piece.kind is Kind.SAME and inside and SPACE.fullmatch(piece.text):
            found += [Piece(piece.text, Kind.GONE), Piece(piece.text, Kind.NEW)]
        else:
            found.append(piece)
    return _joined(found)
