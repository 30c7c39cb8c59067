"""Which words are shown as the ones that carried a verdict, however odd the stored spans are."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.console.highlight import Kind, Piece, legend, pieces

TEXT = "На Лесной яма, ребёнок упал"


def cut(*reasons: list[Any], place: object = None, text: str = TEXT) -> list[tuple[str, str]]:
    """Return the marked pieces only."""
    found = pieces(text, {"reasons": list(reasons), "place": place})
    assert "".join(piece.text for piece in found) == text
    return [(piece.text, piece.kind.value) for piece in found if piece.kind is not None]


def test_each_kind_of_word_is_told_apart() -> None:
    assert cut(
        ["topic:яма", 1.2, [[10, 13]]],
        ["urgent:child-in-danger", 0.9, [[15, 22], [23, 27]]],
        place=[3, 9],
    ) == [("Лесной", "place"), ("яма", "topic"), ("ребёнок", "urgent"), ("упал", "urgent")]


def test_overlapping_spans_are_one_and_the_stronger_kind_wins() -> None:
    assert cut(
        ["topic:яма", 1.2, [[3, 13]]],
        ["topic:лесной яма", 0.4, [[10, 14], [0, 2]]],
        ["urgent:open-manhole", 0.4, [[10, 13]]],
        place=[0, 9],
    ) == [("На", "topic"), (" ", "place"), ("Лесной ", "topic"), ("яма", "urgent"), (",", "topic")]


@pytest.mark.parametrize(
    "reason",
    [
        ["topic:яма", -1.2, [[10, 13]]],  # spoke against it
        ["relevance:яма", 1.2, [[10, 13]]],  # a kind without a style
        ["topic:яма", 1.2],  # of the first version
        ["topic:яма", 1.2, []],
        ["topic:яма", 1.2, None],
        ["topic:яма", 1.2, 7],
        ["topic:яма", 1.2, "10"],
        ["topic:яма", 1.2, [[10, len(TEXT) + 1]]],
        ["topic:яма", 1.2, [[-3, 5]]],
        ["topic:яма", 1.2, [[5, 5]]],
        ["topic:яма", 1.2, [[6, 5]]],
        ["topic:яма", 1.2, [[1.0, 5.0]]],
        ["topic:яма", 1.2, [["1", "5"]]],
        ["topic:яма", 1.2, [[1, 5, 9]]],
        ["topic:яма", 1.2, [None, 5, {}, "ab", [], [10**30, 10**31]]],
    ],
)
def test_a_span_that_makes_no_sense_is_left_out(reason: list[Any]) -> None:
    assert cut(reason) == []
    assert cut(["topic:яма", 1, []], place=reason[-1]) == []


def test_nothing_predicted_leaves_the_text_whole() -> None:
    assert pieces(TEXT, {}) == [Piece(TEXT)]
    assert pieces("", {}) == []


def test_the_legend_names_what_is_shown() -> None:
    found = pieces(TEXT, {"reasons": [["urgent:x", 1, [[15, 22]]]], "place": [3, 9]})
    assert legend(found) == [Kind.URGENT, Kind.PLACE]
    assert legend([Piece(TEXT)]) == []


@given(
    text=st.text(max_size=40),
    spans=st.lists(st.lists(st.integers(-5, 45), min_size=2, max_size=2), max_size=8),
)
def test_a_cut_text_is_the_text(text: str, spans: list[list[int]]) -> None:
    halves = spans[::2], spans[1::2]
    prediction = {"reasons": [["topic:а", 1, halves[0]], ["urgent:б", 1, halves[1]]]}
    found = pieces(text, prediction)
    assert "".join(piece.text for piece in found) == text
    assert all(piece.text for piece in found)
    assert all(one.kind is not other.kind for one, other in pairwise(found))
