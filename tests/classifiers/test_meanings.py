"""The vectors that ship: whole, normal, and near where words are near."""

import numpy as np
import pytest

from classifiers.classifier import Classifier
from classifiers.meanings import MEANING_SCALE, read_meanings
from classifiers.text import Lemmatiser
from models.vocabulary import Topic


def likeness(one: str, other: str) -> float:
    meanings = read_meanings()
    first, second = (meanings.vectors[meanings.rows[lemma]] for lemma in (one, other))
    return float(first @ second)


def test_each_lemma_has_a_vector_of_length_1() -> None:
    meanings = read_meanings()
    assert meanings.vectors.shape == (len(meanings.rows), 64)
    assert meanings.vectors.dtype == np.float32
    assert sorted(meanings.rows.values()) == list(range(len(meanings.rows)))
    lengths = np.linalg.norm(meanings.vectors, axis=1)
    assert np.abs(lengths - 1.0).max() < 0.02


def test_lemmas_are_dictionary_forms_as_words_give_them() -> None:
    lemmatiser, lemmas = Lemmatiser(), list(read_meanings().rows)[::20]
    assert all(lemma.isalpha() and lemma == lemma.lower() for lemma in lemmas)
    assert not [lemma for lemma in lemmas if "ё" in lemma]
    # A few («кина», «бора») the dictionary reads as forms of another word.
    assert sum(lemmatiser.lemma(lemma) == lemma for lemma in lemmas) >= 0.97 * len(lemmas)


@pytest.mark.parametrize(
    ("word", "near", "far"),
    [
        ("трактор", "экскаватор", "пенсия"),
        ("больница", "поликлиника", "асфальт"),
        ("собака", "кошка", "тариф"),
        ("дождь", "снег", "паспорт"),
    ],
)
def test_words_near_in_meaning_are_near(word: str, near: str, far: str) -> None:
    assert likeness(word, near) > likeness(word, far) + 0.2


def test_words_that_nobody_labelled_speak_as_their_neighbours_do(small: Classifier) -> None:
    assert MEANING_SCALE > 0
    model = small.model
    unseen = {
        "котенок": Topic.ANIMALS,
        "кардиолог": Topic.HEALTH,
        "стоматолог": Topic.HEALTH,
        "физика": Topic.EDUCATION,
        "троллейбус": Topic.TRANSPORT,
    }
    assert not unseen.keys() & set(model.vocabulary.lemmas)
    topics = []
    for lemma in unseen:
        weights = model.meaning_weights[model.meaning_lemmas.index(lemma), : len(model.topics)]
        topics.append(model.topics[int(weights.argmax())])
    # One may be wrong: half of the seeds are not many.
    assert sum(map(lambda ours, true: ours is true, topics, unseen.values())) >= 4, topics
