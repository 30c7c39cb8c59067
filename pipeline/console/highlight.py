"""Which words of a text carried its verdict: the text in pieces, each with its kind or none.

What is stored is not trusted: a span that does not lie within the text is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

MOST_SPANS = 1000
"""Spans looked at; the classifier names a few dozen."""


class Kind(StrEnum):
    """What a word spoke for; the value is also the name of a style. The strongest comes last."""

    PLACE = "place"
    TOPIC = "topic"
    URGENT = "urgent"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"place": "место", "topic": "тема", "urgent": "важность"}[self.value]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters; ``kind`` is None where nothing spoke."""

    text: str
    kind: Kind | None = None


def pieces(text: str, prediction: Mapping[str, Any]) -> list[Piece]:
    """Cut a text at the words that spoke for its stored prediction; joined they are the text.

    Words that spoke against the topic are not shown. Overlapping spans become one piece; where
    kinds overlap, urgency outweighs the topic, and the topic the place.
    """
    kinds: list[Kind | None] = [None] * len(text)
    spans = list(_spans(prediction))[:MOST_SPANS]
    for kind in Kind:
        within = [span for named, span in spans if named is kind and _fits(span, len(text))]
        for start, end in _merged(within):
            kinds[start:end] = [kind] * (end - start)
    found = []
    end = 0
    for shown, run in groupby(kinds):
        start, end = end, end + sum(1 for _ in run)
        found.append(Piece(text[start:end], shown))
    return found


def legend(cut: Iterable[Piece]) -> list[Kind]:
    """Return the kinds that a cut text shows, the strongest first."""
    shown = {piece.kind for piece in cut}
    return [kind for kind in reversed(Kind) if kind in shown]


def _spans(prediction: Mapping[str, Any]) -> Iterator[tuple[Kind, Any]]:
    for name, weight, *spans in prediction.get("reasons", ()):
        kind = {"topic": Kind.TOPIC, "urgent": Kind.URGENT, "learned": Kind.URGENT}.get(
            str(name).partition(":")[0]
        )
        if kind is not None and weight > 0:
            given = spans[0] if spans and isinstance(spans[0], list) else ()
            yield from ((kind, span) for span in given)
    if prediction.get("place"):
        yield Kind.PLACE, prediction["place"]


def _fits(span: object, length: int) -> bool:
    match span:
        case [int(start), int(end)]:
            return 0 <= start < end <= length
    return False


def _merged(spans: Iterable[list[int]]) -> list[list[int]]:
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged
