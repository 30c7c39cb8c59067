"""The window: what texts a model was measured on."""

import json

import pytest

from classifiers.classifier import Classifier
from classifiers.examples import Example
from classifiers.training import Trained, window_of
from classifiers.window import unknown_words, window
from models.values import Message


def test_unknown_words_are_those_whose_lemma_is_no_feature(small: Classifier) -> None:
    # «нет», «вода», «дом», «яма» are in the seeds often enough; made-up words are not
    assert unknown_words(small.model, ["Нет воды в доме", "Яма у дома"]) == 0.0
    assert unknown_words(small.model, ["Нет воды", "бармаглот брыкался"]) == 0.5
    assert unknown_words(small.model, ["", "123 !"]) == 0.0


def test_a_window_counts_what_the_model_says(small: Classifier) -> None:
    texts = ["Нет воды в доме второй день"] * 3 + ["Не вывозят мусор, контейнеры полные"]
    predictions = small.predict([Message(text) for text in texts])
    found = window(small.model, texts, predictions)
    assert found["rows"] == 4
    assert found["topics"] == {"garbage": 0.25, "water": 0.75}
    assert window(small.model, [], []) == {"rows": 0, "topics": {}, "unknown_words": 0.0}


def test_a_trained_model_carries_the_window_of_its_own_rows(trained: Trained) -> None:
    kept = json.loads(json.dumps(trained.figures))["window"]
    assert kept["rows"] == trained.figures["region"]["rows"]
    assert sum(kept["topics"].values()) == pytest.approx(1.0)
    assert 0 < kept["unknown_words"] < 0.5


def test_without_rows_of_ones_own_seeds_stand_for_them(small: Classifier) -> None:
    seeds = [
        Example("Нет воды", kind="complaint"),
        Example("Спасибо", relevant=False, kind="thanks"),
    ]
    assert window_of(small, seeds)["rows"] == 1
    assert window_of(small, [*seeds, Example("Яма"), Example("Ямы")])["rows"] == 2
