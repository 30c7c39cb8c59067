"""Retraining for real: a better challenger serves, an equal and a worse one do not."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON, post, take

from classifiers.classifier import Classifier
from classifiers.examples import Example, read_phrases, read_seeds
from classifiers.model import load, save
from classifiers.registry import DEFAULT, Registry, default_model
from classifiers.training import train
from models.values import Stated
from models.vocabulary import Topic
from pipeline.database import open_database
from pipeline.learn.gate import Finding
from pipeline.learn.retrain import (
    FEWEST_LABELS,
    Learned,
    judge,
    read_gate,
    retrain,
    taught_until,
)

KNOWN = (Topic.ROADS, Topic.GAS, Topic.GARBAGE, Topic.WATER, Topic.SNOW, Topic.HEALTH)
LABELS = 600


@cache
def seeds() -> list[Example]:
    """Return the seeds of six topics and half of the negatives, in an order of our own."""
    known = [
        example
        for place, example in enumerate(read_seeds())
        if not example.context and (example.topic in KNOWN if example.relevant else place % 2)
    ]
    random.Random(1).shuffle(known)  # noqa: S311 - not for secrets
    return known


@cache
def shipped() -> list[Example]:
    """Return what stands for the program's own examples: what is not among the labels."""
    relevant = [example for example in seeds() if example.relevant]
    rest = [example for example in seeds() if not example.relevant]
    return [*relevant[LABELS:], *rest, *read_phrases()[::10]]


def labels() -> list[Example]:
    return [example for example in seeds() if example.relevant][:LABELS]


def take_labels(engine: sa.Engine, examples: list[Example], *, first: int = 1) -> None:
    """Store texts whose source states their topic, one a minute."""
    take(
        engine,
        *(
            replace(
                post(number, example.text),
                published_at=TUESDAY_NOON - timedelta(days=30) + timedelta(minutes=number),
                stated=Stated(relevant=True, topic=example.topic),
            )
            for number, example in enumerate(examples, start=first)
        ),
    )


def learn(
    engine: sa.Engine,
    registry: Registry,
    *,
    days: int = 0,
    first: list[Example] | None = None,
) -> Learned:
    return retrain(
        engine,
        registry,
        now=TUESDAY_NOON + timedelta(days=days),
        progress=lambda _: None,
        who="test",
        shipped=shipped() if first is None else first,
    )


def serve(registry: Registry, examples: list[Example], folder: Path) -> str:
    """Train a model on ``examples`` and let it serve."""
    trained = train(examples, seed=1, progress=lambda _: None, created=TUESDAY_NOON)
    save(trained.model, folder)
    version = registry.add(folder)
    registry.promote(version, at=TUESDAY_NOON, who="test", why="начало")
    return version


@pytest.fixture
def engine(empty_sqlite: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    # One kind of database is enough here: the store's own tests read labels from both.
    shutil.copy(empty_sqlite, tmp_path / "otklik.db")
    engine = open_database(f"sqlite:///{tmp_path / 'otklik.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


@pytest.fixture
def poor(registry: Registry, tmp_path: Path) -> str:
    """Let a model serve that knows two topics alone."""
    few = [e for e in shipped() if e.topic in {Topic.ROADS, Topic.GAS} or not e.relevant]
    return serve(registry, few, tmp_path / "poor")


def test_a_few_labels_teach_nothing(engine: sa.Engine, registry: Registry) -> None:
    take_labels(engine, labels()[:20])
    learned = learn(engine, registry)
    assert learned.version is None
    assert f"Размеченных текстов 20, для обучения нужно {FEWEST_LABELS}" in learned.why


@pytest.mark.long
def test_better_equal_and_back(engine: sa.Engine, registry: Registry, poor: str) -> None:
    # Given labels of six topics, and a serving model that knows two
    take_labels(engine, labels())
    # When it is retrained
    better = learn(engine, registry)
    # Then the new one serves, and the report stands beside it
    assert better.promoted, better.why
    assert better.version is not None
    assert better.report is not None
    assert better.report.finding is Finding.BETTER
    assert registry.serving_version() == better.version
    home = registry.folder(better.version)
    assert read_gate(home)["serving"] == poor
    assert read_gate(home)["by_time"] is True
    assert read_gate(home)["promote"] is True
    assert f"Сравнение с моделью {poor}" in (home / "card.md").read_text(encoding="utf-8")
    assert registry.history()[-1].why == "; ".join(better.report.reasons)
    # and it remembers up to when labels taught it: the newest fifth did not
    newest = TUESDAY_NOON - timedelta(days=30) + timedelta(minutes=LABELS * 0.8)
    until = taught_until(load(home))
    assert until is not None
    assert newest - timedelta(minutes=10) < until <= newest
    # And the same labels teach nothing new
    assert "новых меток нет" in learn(engine, registry, days=1).why
    # And with one more label the next is no better: it is kept, and does not serve
    take_labels(engine, [Example("Во дворе яма по колено", Topic.ROADS)], first=5000)
    equal = learn(engine, registry, days=2)
    assert equal.report is not None
    assert equal.report.finding is Finding.EQUAL
    assert not equal.promoted
    assert "уверенной разницы в темах между моделями нет" in equal.why
    assert registry.serving_version() == better.version
    assert registry.kept_back() == [equal.version]
    # And one command brings the former model back, after which only a person promotes
    assert registry.rollback(at=TUESDAY_NOON, who="test") == poor
    take_labels(engine, [Example("На дороге снова яма", Topic.ROADS)], first=5001)
    again = learn(engine, registry, days=3)
    assert again.report is not None
    assert again.report.finding is Finding.BETTER
    assert "последним был откат" in again.why
    assert registry.serving_version() == poor


@pytest.mark.long
def test_wrong_labels_are_found_out(engine: sa.Engine, registry: Registry, tmp_path: Path) -> None:
    # Given a good model at work, and labels of which all but the newest are wrong
    good = serve(registry, shipped(), tmp_path / "good")
    turned = dict(zip(KNOWN, KNOWN[1:] + KNOWN[:1], strict=True))
    wrong = [
        replace(example, topic=turned[example.topic]) if number < 480 else example
        for number, example in enumerate(labels())
        if example.topic
    ]
    take_labels(engine, wrong)
    # When it is retrained, with no seed of a topic to gainsay them
    learned = learn(engine, registry, first=[seed for seed in shipped() if not seed.relevant])
    # Then the challenger is worse, and kept only to look at
    assert learned.report is not None
    assert learned.report.finding is Finding.WORSE
    assert "хуже действующей" in learned.why
    assert registry.serving_version() == good
    assert load(registry.folder(str(learned.version))).version == learned.version


@pytest.mark.long
def test_a_shipped_model_meets_the_labels_too(engine: sa.Engine, registry: Registry) -> None:
    # Given the shipped model, and labels that are topics drawn by lot
    draw = random.Random(1)  # noqa: S311 - not for secrets
    take_labels(engine, [replace(example, topic=draw.choice(KNOWN)) for example in labels()])
    learned = learn(engine, registry)
    # Then nothing is promoted
    assert learned.report is not None
    assert not learned.promoted
    assert registry.serving_version() == DEFAULT
    assert registry.history() == []
    # and the challenger, for all that nonsense, has forgotten no fine topic
    assert learned.version is not None
    known, kept = load(default_model()), load(registry.folder(learned.version))
    assert kept.fine_topics[: len(known.fine_topics)] == known.fine_topics


def test_urgent_seeds_are_held_to_what_the_serving_model_finds() -> None:
    # Given held-back seeds, and a challenger that hears no alarm at all
    shipped = Classifier.load(default_model())
    held = [seed for seed in read_seeds()[::5] if seed.kind]
    deaf = replace(
        shipped.model, calibration=replace(shipped.model.calibration, urgency_threshold=1.1)
    )
    fell = "Полнота срочных на примерах поставки"
    # Then it falls beside the serving model, which hears most of them
    guards = judge(Classifier(deaf), shipped, labels()[:120], held).guards
    assert fell in [guard.name for guard in guards if guard.fell]
    # while the same model does not fall beside itself
    assert not any(guard.fell for guard in judge(shipped, shipped, labels()[:120], held).guards)
