"""Two texts side by side: the words of one that the other has in no form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.differences import LONGEST, differences


def marked(one: str, other: str) -> tuple[list[str], list[str]]:
    """Return the runs of each text that the other one lacks."""
    mine, theirs = differences(one, other)
    return [piece.text for piece in mine if piece.own], [
        piece.text for piece in theirs if piece.own
    ]


@pytest.mark.parametrize(
    ("one", "other", "mine", "theirs"),
    [
        ("Яма на Лесной", "На Лесной яма", [], []),
        ("Ямы у школы", "яма возле школ", [], ["возле"]),
        ("Не горит фонарь", "Фонари не горят!", [], []),
        ("Ёлка упала на провода", "Елку повалило", ["упала", "провода"], ["повалило"]),
        ("дом 5", "дом 15", ["5"], ["15"]),
        ("Течёт крыша. Дом 3", "Дом 3", ["Течёт крыша"], []),
        ("Течёт — крыша", "", ["Течёт — крыша"], []),
        ("Грязно в подъезде", "Грязно", ["подъезде"], []),
        ("", "", [], []),
        ("!!!", "???", [], []),
    ],
)
def test_words_that_differ(one: str, other: str, mine: list[str], theirs: list[str]) -> None:
    assert marked(one, other) == (mine, theirs)


@given(st.text(max_size=200), st.text(max_size=200))
def test_joined_the_pieces_are_the_texts(one: str, other: str) -> None:
    mine, theirs = differences(one, other)

    assert "".join(piece.text for piece in mine) == one
    assert "".join(piece.text for piece in theirs) == other


def test_a_text_does_not_differ_from_itself() -> None:
    text = "На Лесной вторую неделю не горит фонарь <b>&amp; всё 12345"

    assert marked(text, text) == ([], [])


def test_a_word_of_a_hundred_thousand_letters_is_cut() -> None:
    mine, theirs = differences("щ" * 100_000, "яма " * 25_000)

    assert "".join(piece.text for piece in mine) == "щ" * LONGEST
    assert len("".join(piece.text for piece in theirs)) == LONGEST
