"""A batch of texts becomes words with their clauses , and scores."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.classifier import Classifier
from classifiers.encoder import Encoder, Scores
from classifiers.lexicon_match import TOPICS
from classifiers.relevance import JOINS_IN
from classifiers.text import clauses, marks, normalise, words
from classifiers.urgency import word_rules
from classifiers.vocabulary import weigh
from models.vocabulary import Topic

HOSTILE = st.lists(
    st.sampled_from(
        ["нет", "воды", "и", "яма", ",", ".", "!", "\n", " ", " — ", "\u200b", "½", "й"]
    )
    | st.text(max_size=3),
    max_size=15,
).map("".join)


@pytest.fixture
def encoder(small: Classifier) -> Encoder:
    return Encoder(small.model)


def score(encoder: Encoder, texts: Sequence[str]) -> Scores:
    return encoder.score(encoder.read([marks(normalise(text)) for text in texts]))


@settings(deadline=None)
@given(st.lists(HOSTILE, max_size=5))
def test_words_keep_their_texts_and_clauses(small: Classifier, texts: list[str]) -> None:
    encoder = small.encoder
    found = encoder.read([marks(normalise(text)) for text in texts])
    assert found.count == len(texts)
    assert len(found.edges) == len(texts) + 1
    seen: set[int] = set()
    for row, text in enumerate(texts):
        start, end = int(found.edges[row]), int(found.edges[row + 1])
        own = words(text)
        assert end - start == len(own)
        assert (found.rows[start:end] == row).all()
        again = encoder.read([marks(normalise(text))])
        assert found.numbers[start:end].tolist() == again.numbers.tolist()
        by_clause = [
            number for number, clause in enumerate(clauses(normalise(text))) for _ in clause.split()
        ]
        assert found.own_clauses[start:end].tolist() == by_clause
        # Clauses are as many as within the text, and no other text has their numbers.
        mine = set(found.clauses[start:end].tolist())
        assert len(mine) == len(set(by_clause))
        assert not mine & seen
        seen |= mine


def test_clauses_are_counted_in_each_text_from_its_first_word(encoder: Encoder) -> None:
    found = encoder.read([marks("нет воды, света. яма — тут"), marks("...да! нет")])
    assert found.own_clauses.tolist() == [0, 0, 0, 1, 1, 1, 2]
    assert found.clauses.tolist() == sorted(found.clauses.tolist())
    assert len(set(found.clauses.tolist())) == 4


def test_scores_are_the_sums_that_the_model_defines(small: Classifier, encoder: Encoder) -> None:
    model, text = small.model, "нет воды, вода ржавая"
    found = score(encoder, ["яма", text])
    book = encoder.book
    lemmas = model.vocabulary.lemmas
    own = [book.lemma(word) for word in words(text)]
    ids = np.array([lemmas.index(lemma) if lemma in lemmas else -1 for lemma in own])
    rows = weigh(model.vocabulary, model.idf, ids, np.zeros(len(ids), np.int64), 1)
    expected = rows.values @ model.lemma_weights.floats()[rows.features]
    numbers = book.numbers([sorted(set(words(text)))])
    letters = book.letters[numbers].sum(axis=0) / np.sqrt(book.squares[numbers].sum())
    expected[: len(letters)] += letters
    assert found.table[1] == pytest.approx(expected, abs=1e-4)


def test_what_a_text_has_is_counted(encoder: Encoder) -> None:
    found = score(encoder, ["Здравствуйте, у нас тоже нет воды", "", "the road, нет", "бармаглот"])
    assert found.lengths.tolist() == [6, 0, 3, 1]
    assert found.content.tolist() == [1, 0, 2, 1]
    assert found.russian.tolist() == [6, 0, 1, 0]
    assert found.cues[0] & JOINS_IN
    assert found.cues[1] == 0
    water = TOPICS.index(Topic.WATER)
    assert found.lexicon[0, water] > 0
    assert not found.lexicon[1].any()


def test_clauses_that_may_be_alarming_are_told(encoder: Encoder) -> None:
    found = score(encoder, ["лавочка", "Добрый день. Пахнет газом! Спасибо", "газом", ""])
    assert [(row, clause) for row, clause, _ in found.alarming] == [(1, 1), (2, 0)]
    assert found.alarming[1][2] == word_rules("газом")
    assert found.alarming[0][2] & word_rules("газом")


@pytest.mark.parametrize("texts", [[], [""], ["", "😀", " , . "]])
def test_without_words_all_is_zero(encoder: Encoder, texts: list[str]) -> None:
    found = score(encoder, texts)
    assert found.table.shape == (len(texts), len(encoder._model.intercepts))
    assert not found.table.any()
    assert not found.lexicon.any()
    assert not found.cues.any()
    assert found.alarming == []


def test_letters_of_words_are_scaled_together(encoder: Encoder) -> None:
    numbers = encoder.book.numbers([["вода", "свет", "вода"]])
    parts = encoder.letter_parts(numbers)
    assert (parts[0] == parts[2]).all()
    square = encoder.book.squares[numbers[:2]].sum()
    assert parts[0] == pytest.approx(encoder.book.letters[numbers[0]] / np.sqrt(square))


def test_a_pattern_says_what_its_entry_weighs(small: Classifier, encoder: Encoder) -> None:
    found = score(encoder, ["нет воды"])
    water = TOPICS.index(Topic.WATER)
    total = encoder.pattern_weights(np.unique(found.found.nodes), water).sum()
    assert total == found.lexicon[0, water]
    own = ["нет", "воды"]
    hits = small.model.lexicon.score(own, [encoder.book.lemma(word) for word in own])
    assert total == sum(hit.weight for hit in hits if hit.code is Topic.WATER)
