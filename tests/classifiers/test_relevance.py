"""Cues of relevance: what a text carries, and who says that he has the same."""

import numpy as np
import pytest

from classifiers.relevance import JOINS_IN, NAMES, present, same_here, word_cues
from classifiers.text import normalise, words


def cues(text: str, content: int = 20, *, threaded: bool = False) -> set[str]:
    bits = 0
    for word in words(text):
        bits |= word_cues(word)
    (row,) = present([text], np.array([bits]), np.array([content]), [threaded])
    return {name for name, value in zip(NAMES, row.tolist(), strict=True) if value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Уберите мусор!", {"asks-for-action", "mark-exclamation"}),
        ("Когда?", {"asks-for-action", "mark-question"}),
        ("Скидка на окна, 500 ₽", {"offers-for-sale", "mark-price"}),
        ("Спасибо", {"thanks"}),
        ("ахаха :)", {"laughs", "mark-bracket"}),
        ("стол", set()),
    ],
)
def test_a_text_carries_its_cues(text: str, expected: set[str]) -> None:
    assert cues(text) == expected


def test_a_short_text_in_a_thread_says_so() -> None:
    assert cues("стол", 5) == {"words-up-to-7", "words-up-to-12"}
    assert cues("стол", 5, threaded=True) == {
        "in-thread",
        "words-up-to-7",
        "words-up-to-12",
        "in-thread-words-up-to-7",
        "in-thread-words-up-to-12",
    }


def test_of_no_texts_there_are_no_cues() -> None:
    nothing = np.zeros(0, np.int64)
    assert present([], nothing, nothing, []).shape == (0, len(NAMES))


@pytest.mark.parametrize(
    "text",
    [
        "и у нас тоже",
        "У нас так же!",
        "на Полевой у меня такая же история",
        "тоже чувствуем",
        "и в соседнем подъезде",
    ],
)
def test_who_has_the_same_says_so(text: str) -> None:
    assert same_here(normalise(text))


@pytest.mark.parametrize(
    "text", ["+1", "согласна", "и не говорите", "а у вас тоже?", "держитесь", "и правильно", ""]
)
def test_who_only_agrees_has_not_the_same(text: str) -> None:
    assert not same_here(normalise(text))


def test_a_word_that_joins_in_is_marked() -> None:
    assert word_cues("тоже") & JOINS_IN
    assert not word_cues("стол") & JOINS_IN
