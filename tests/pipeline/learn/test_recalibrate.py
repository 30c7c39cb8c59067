"""How sure the serving model may be here, found from labels of operators, for real."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON
from labelling import add_labels, judged, moment

from classifiers import site
from classifiers.calibration import recalibrate as fit
from classifiers.examples import Example
from classifiers.model import load, save
from classifiers.registry import Registry, default_model
from models.vocabulary import Certainty
from pipeline.database import open_database
from pipeline.learn.recalibrate import FEWEST_LABELS, Recalibrated, measure, recalibrate
from pipeline.learn.retrain import TAUGHT_UNTIL

LABELS = 320


@cache
def examples() -> list[Example]:
    return [Example(text, topic) for text, topic in judged(LABELS)]


@pytest.fixture
def engine(empty_sqlite: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """Give a database with the labels of an operator."""
    shutil.copy(empty_sqlite, tmp_path / "otklik.db")
    engine = open_database(f"sqlite:///{tmp_path / 'otklik.db'}")
    add_labels(engine, judged(LABELS))
    yield engine
    engine.dispose()


def serve(home: Path, temperature: float, **figures: str) -> Registry:
    """Let the shipped model serve under another name, more or less sure of itself."""
    shipped = load(default_model())
    calibration = replace(shipped.calibration, topic_temperature=temperature, topic_doubt=0.0)
    save(replace(shipped, version="v1", calibration=calibration, figures=figures), home / "model")
    registry = Registry(home)
    registry.promote(registry.add(home / "model"), at=TUESDAY_NOON, who="test", why="")
    return registry


def learn(engine: sa.Engine, registry: Registry) -> Recalibrated:
    return recalibrate(engine, registry, now=TUESDAY_NOON, fewest=LABELS)


def test_a_model_too_sure_of_itself_is_taught_doubt(engine: sa.Engine, tmp_path: Path) -> None:
    # Given a model that is sure of nearly everything, and labels of which a fifth gainsay it
    registry = serve(tmp_path, 0.05)
    before = registry.serving_model()
    # When it is recalibrated
    found = learn(engine, registry)
    # Then its probabilities are nearer to the truth on the half that was held back
    assert found.written, found.why
    assert found.before
    assert found.after
    assert found.after.ece < found.before.ece - 0.05
    assert found.after.temperature > found.before.temperature == pytest.approx(0.05)
    assert sum(found.after.shares.values()) == pytest.approx(1.0)
    assert set(found.after.shares) == set(Certainty)
    # and it serves with the new calibration, of the labels alone
    served = registry.serving_model()
    assert site.values_of(served.calibration) != site.values_of(before.calibration)
    assert measure(served, examples()).ece < measure(before, examples()).ece
    kept = site.read(registry.calibration("v1"))
    assert kept is not None
    assert kept.labels == LABELS
    assert kept.ece == (found.before.ece, found.after.ece)
    # and a second time it is compared with the version's own calibration again
    assert learn(engine, registry) == found


def test_what_would_be_worse_is_not_written(engine: sa.Engine, tmp_path: Path) -> None:
    # Given a version whose own calibration was fitted to these very labels, all of them
    own = fit(serve(tmp_path, 0.05).serving_model(), examples())
    save(replace(own, version="v2"), tmp_path / "fitted")
    registry = Registry(tmp_path)
    registry.promote(registry.add(tmp_path / "fitted"), at=TUESDAY_NOON, who="test", why="")
    # When it is recalibrated, with one half of them to fit
    found = learn(engine, registry)
    # Then the error on the other half would grow, and the version serves as it was
    assert found.before
    assert found.after
    assert found.after.ece > found.before.ece
    assert not found.written
    assert "Калибровка не изменена, с новой хуже" in found.why
    assert not registry.calibration("v2").exists()
    assert registry.serving_model().calibration == own.calibration


def test_few_labels_change_nothing(engine: sa.Engine, tmp_path: Path) -> None:
    registry = serve(tmp_path, 0.05)
    found = recalibrate(engine, registry, now=TUESDAY_NOON)
    assert not found.written
    assert found.before is found.after is None
    assert found.why == (
        f"Меток операторов, на которых модель не училась, {LABELS}, а нужно {FEWEST_LABELS}."
    )
    assert site.read(registry.calibration("v1")) is None


def test_labels_that_taught_the_version_do_not_count(engine: sa.Engine, tmp_path: Path) -> None:
    registry = serve(tmp_path, 0.05, **{TAUGHT_UNTIL: moment(299).isoformat()})
    assert learn(engine, registry).labels == LABELS - 300
