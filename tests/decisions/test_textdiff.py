"""What an author changed: both texts are there in full, phrases stay whole, work has a bound."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.textdiff import Kind, Piece, difference, shortened


def told(old: str, new: str) -> str:
    """Return a difference as people mark one: [-gone-] and {+new+}."""
    marks = {Kind.SAME: "{}", Kind.GONE: "[-{}-]", Kind.NEW: "{{+{}+}}"}
    return "".join(marks[piece.kind].format(piece.text) for piece in difference(old, new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        ("Яма", "Яма", "Яма"),
        ("", "Яма", "{+Яма+}"),
        ("Яма", "", "[-Яма-]"),
        ("Яма на Полевой", "Яма на Полевой, 7", "Яма на Полевой{+, 7+}"),
        ("Яма у дома 5.", "Яма у дома 7.", "Яма у дома [-5-]{+7+}."),
        (
            "Вчера чуть ребёнок упал",
            "Вчера чуть собака упала",
            "Вчера чуть [-ребёнок упал-]{+собака упала+}",
        ),
        ("а  б", "а б", "а[-  -]{+ +}б"),
        ("Спасибо! Яма", "Яма", "[-Спасибо! -]Яма"),
    ],
)
def test_a_change_reads_as_a_person_would_mark_it(old: str, new: str, said: str) -> None:
    assert told(old, new) == said


WORDS = st.lists(st.sampled_from(["яма", "люк", " ", ",", "\n", "двор"]), max_size=30).map("".join)


@given(old=WORDS | st.text(max_size=60), new=WORDS | st.text(max_size=60))
def test_both_texts_stand_in_the_difference(old: str, new: str) -> None:
    found = difference(old, new)

    assert "".join(piece.text for piece in found if piece.kind is not Kind.NEW) == old
    assert "".join(piece.text for piece in found if piece.kind is not Kind.GONE) == new
    assert all(piece.text for piece in found)
    assert all(one.kind is not other.kind for one, other in pairwise(found))


@given(text=WORDS)
def test_nothing_changed_is_one_piece(text: str) -> None:
    assert difference(text, text) == ([Piece(text)] if text else [])


@given(old=WORDS, new=WORDS, steps=st.integers(0, 40))
def test_without_steps_enough_the_middle_is_one_change(old: str, new: str, steps: int) -> None:
    found = difference(old, new, steps=steps)

    assert "".join(piece.text for piece in found if piece.kind is not Kind.NEW) == old
    assert "".join(piece.text for piece in found if piece.kind is not Kind.GONE) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("а б " * 25_000, "б а " * 25_000),
        ("Ж" * 100_000, "Ж" * 99_999),
        (" ".join(map(str, range(18_000))), " ".join(map(str, range(18_000, 0, -1)))),
        ("а " * 50_000, "а " * 49_000 + "б"),
    ],
    ids=["turned", "one word", "backwards", "repeated"],
)
def test_the_largest_texts_take_no_time_to_speak_of(old: str, new: str) -> None:
    began = time.process_time()

    found = difference(old, new)

    assert time.process_time() - began < 1, "of a busy machine too; else some hundredths"
    assert "".join(piece.text for piece in found if piece.kind is not Kind.GONE) == new


def test_long_stretches_without_a_change_are_left_out() -> None:
    same = "ровно " * 100
    found = shortened(difference(f"{same}один {same}два {same}", f"{same}два {same}три {same}"))

    assert [len(piece.text) for piece in found if piece.kind is Kind.SAME] == [161, 321, 161]
    assert [piece.text for piece in found if piece.kind is Kind.NEW] == ["два", "три"]
    near = difference("Яма у дома 5", "Яма у дома 7")
    assert shortened(near) == near, "what is short stays whole"
    assert shortened([Piece(same)]) == [Piece(same)], "of what did not change nothing is left out"
