"""Learning from stated topics: promote what is surely better, keep the serving model otherwise."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON, post, take

from classifiers.examples import Example, read_seeds
from classifiers.model import save
from classifiers.registry import Registry, default_model
from classifiers.training import train
from models.values import Stated
from models.vocabulary import Topic
from pipeline.learn import FEWEST_LABELS, retrain


def quiet(_step: str) -> None:
    """Say nothing of the progress."""


def take_labels(engine: sa.Engine, examples: list[Example]) -> None:
    """Store texts whose source states their topic."""
    take(
        engine,
        *(
            replace(post(number, example.text), stated=Stated(relevant=True, topic=example.topic))
            for number, example in enumerate(examples, start=1)
        ),
    )


def labels() -> list[Example]:
    known = [example for example in read_seeds() if example.relevant and example.topic]
    random.Random(1).shuffle(known)  # noqa: S311 - not for secrets
    return known[: FEWEST_LABELS + 100]


def test_a_few_labels_teach_nothing(engine: sa.Engine, tmp_path: Path) -> None:
    take_labels(engine, labels()[:20])
    learned = retrain(engine, Registry(tmp_path), now=TUESDAY_NOON, progress=quiet)
    assert learned.promoted is None
    assert "20" in learned.why


@pytest.mark.long
def test_a_better_model_is_promoted_and_an_equal_one_is_not(
    engine: sa.Engine, tmp_path: Path
) -> None:
    # Given a serving model that knows two topics alone
    registry = Registry(tmp_path)
    few = [
        example
        for example in read_seeds()
        if example.topic in {Topic.ROADS, Topic.GAS} or not example.relevant
    ]
    poor = train(few, seed=1, progress=quiet, created=TUESDAY_NOON)
    save(poor.model, tmp_path / "poor")
    registry.promote(registry.add(tmp_path / "poor"))
    take_labels(engine, labels())
    # When it is retrained on labels of all topics
    learned = retrain(engine, registry, now=TUESDAY_NOON, progress=quiet)
    # Then the new one serves
    assert learned.promoted is not None, learned.why
    assert registry.serving().name == learned.promoted
    # And when it is retrained on the same labels again, nothing is better
    again = retrain(engine, registry, now=TUESDAY_NOON, progress=quiet)
    assert again.promoted is None
    assert "не лучше" in again.why
    assert registry.serving().name == learned.promoted


@pytest.mark.long
def test_wrong_labels_do_not_replace_the_shipped_model(engine: sa.Engine, tmp_path: Path) -> None:
    topics, draw = list(Topic), random.Random(1)  # noqa: S311 - not for secrets
    wrong = [replace(example, topic=draw.choice(topics)) for example in labels()]
    take_labels(engine, wrong)
    learned = retrain(engine, Registry(tmp_path), now=TUESDAY_NOON, progress=quiet)
    assert learned.promoted is None
    assert Registry(tmp_path).serving() == default_model()
