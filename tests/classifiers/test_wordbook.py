"""What a model makes of single words, and of the marks between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.classifier import Classifier
from classifiers.relevance import word_cues
from classifiers.urgency import word_rules
from classifiers.vocabulary import pieces
from classifiers.wordbook import (
    CONTENT,
    ENDS_CLAUSE,
    FUNCTION_WORDS,
    RUSSIAN,
    Wordbook,
    letter_scores,
)


@pytest.fixture
def book(small: Classifier) -> Wordbook:
    return Wordbook(small.model)


def kind(book: Wordbook, mark: str) -> int:
    (number,) = book.numbers([[mark]]).tolist()
    return int(book.kinds[number])


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("вода", CONTENT | RUSSIAN),
        ("ямами", CONTENT | RUSSIAN),
        ("брандмауэр", CONTENT | RUSSIAN),  # no feature, but the dictionary has it
        ("здравствуйте", RUSSIAN),
        ("не", RUSSIAN),
        ("бармаглот", CONTENT),
        ("вoда", CONTENT | RUSSIAN),  # the o is Latin
        ("road", CONTENT),
        ("жоқ", CONTENT),
        (".", ENDS_CLAUSE),
        ("!..", ENDS_CLAUSE),
        ("\n", ENDS_CLAUSE),
    ],
)
def test_a_mark_is_of_its_kind(book: Wordbook, mark: str, expected: int) -> None:
    assert kind(book, mark) == expected


def test_no_word_is_taken_for_an_end() -> None:
    assert not ENDS_CLAUSE & (CONTENT | RUSSIAN)


def test_a_mark_met_again_has_the_same_row(book: Wordbook) -> None:
    first = book.numbers([["нет", "воды", ".", "нет"], [], ["воды"]]).tolist()
    assert first == [0, 1, 2, 0, 1]
    assert book.numbers([["света", "нет"]]).tolist() == [3, 0]
    assert book.count == 4


def test_a_row_holds_all_that_a_word_adds(small: Classifier, book: Wordbook) -> None:
    model = small.model
    words = ["воды", "почините", "газом", "грейдер"]
    for number, word in enumerate(words):
        assert book.numbers([[word]]).tolist() == [number]
        lemma = book.lemma(word)
        lemmas = model.vocabulary.lemmas
        place = int(book.lemma_ids[number])
        assert (lemmas[place] if place >= 0 else None) == (lemma if lemma in lemmas else None)
        assert book.rules[number] == word_rules(word)
        assert book.cues[number] == word_cues(word)
        start, count = int(book.term_starts[number]), int(book.term_counts[number])
        assert tuple(book.terms[start : start + count]) == model.lexicon.term_ids(word, lemma)


def test_tables_grow_as_far_as_needed(small: Classifier) -> None:
    words = [f"{first}{second}{third}" for first in "абвгдежзик" for second in "абвгдежзик"
             for third in "абвгдежзиклмно"]  # fmt: skip
    slow, quick = Wordbook(small.model), Wordbook(small.model)
    together = quick.numbers([words])
    assert together.tolist() == list(range(len(words)))
    for number, word in enumerate(words[::-1]):
        assert slow.numbers([[word]]).tolist() == [number]
    for name in ("lemma_ids", "kinds", "rules", "cues", "term_counts"):
        quickly, slowly = (getattr(book, name)[: len(words)] for book in (quick, slow))
        assert (quickly == slowly[::-1]).all(), name
    assert np.allclose(quick.letters[: len(words)], slow.letters[: len(words)][::-1], atol=1e-5)
    assert np.allclose(quick.squares[: len(words)], slow.squares[: len(words)][::-1], atol=1e-4)


def test_ends_of_clauses_weigh_nothing(book: Wordbook) -> None:
    book.numbers([["вода", ".", "!", "свет"]])
    assert not book.cues[1:3].any()
    assert not book.rules[1:3].any()
    assert not book.term_counts[1:3].any()


def test_too_many_words_are_forgotten(book: Wordbook, monkeypatch: pytest.MonkeyPatch) -> None:
    book.numbers([["нет", "воды"]])
    book.make_room()
    assert book.count == 2
    monkeypatch.setattr("classifiers.wordbook.MEMO_LIMIT", 1)
    book.make_room()
    assert book.count == 0
    assert book.numbers([["воды"]]).tolist() == [0]


@given(st.lists(st.text("абвгд", min_size=1, max_size=8), min_size=1, max_size=6))
def test_letters_of_a_word_are_the_sum_of_its_pieces(words: list[str]) -> None:
    random = np.random.default_rng(1)
    idf = random.random(1 << 15, np.float32)
    weights = random.random((1 << 15, 3), np.float32)
    sums, squares = letter_scores(words, idf, weights)
    for word, row, square in zip(words, sums, squares, strict=True):
        buckets = pieces(word)
        expected = (idf[buckets][:, None] * weights[buckets]).sum(axis=0)
        assert row == pytest.approx(expected, rel=1e-4)
        assert square == pytest.approx((idf[buckets] ** 2).sum(), rel=1e-4)


def test_words_that_say_nothing_are_lemmas_of_one_word() -> None:
    assert all(word.isalpha() and word == word.lower() for word in FUNCTION_WORDS)
    assert {"не", "и", "здравствуйте", "спасибо"} <= FUNCTION_WORDS
