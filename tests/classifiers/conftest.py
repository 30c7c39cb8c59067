"""A small model, trained once from part of the shipped seeds."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from classifiers.classifier import Classifier
from classifiers.examples import Example, read_phrases, read_seeds
from classifiers.registry import default_model
from classifiers.training import Trained, train


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """Half of the seeds; a part of them stands for a region's own rows with fine topics."""
    seeds = read_seeds()[::2]
    own = [
        replace(seed, kind="", urgent=None, fine_topic=seed.topic.russian, group="Все темы")
        for seed in seeds[::3]
        if seed.topic and seed.relevant
    ]
    return [*own, *(seed for place, seed in enumerate(seeds) if place % 3), *read_phrases()[::4]]


@pytest.fixture(scope="session")
def trained(examples: list[Example]) -> Trained:
    return train(
        examples, seed=1, progress=lambda _: None, created=datetime(2026, 11, 21, tzinfo=UTC)
    )


@pytest.fixture(scope="session")
def small(trained: Trained) -> Classifier:
    return Classifier(trained.model)


@pytest.fixture(scope="session")
def shipped() -> Classifier:
    return Classifier.load(default_model())
