"""Recalibration: how sure the serving model may be here, by what operators said of its texts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from classifiers import calibration, site
from classifiers.classifier import Classifier
from classifiers.evaluation import calibration_error
from classifiers.examples import Example
from classifiers.model import Model, load
from classifiers.registry import Registry
from classifiers.split import folds, near_groups
from classifiers.text import words
from models.vocabulary import Certainty
from pipeline.database import reading
from pipeline.learn.collect import merge
from pipeline.learn.gate import percent
from pipeline.learn.retrain import taught_until
from pipeline.store.labels import labels

FEWEST_LABELS = 600
"""Thresholds are found code by code. On municipalities never seen, 100 labels left no code that
may be routed unseen and 400 were a matter of luck; from 600 on such texts were more than with the
model's own calibration, and right as often or oftener."""


@dataclass(frozen=True, slots=True)
class Side:
    """A calibration on the held-out half: its temperature, its error and shares of all, 0..1."""

    temperature: float
    ece: float
    shares: Mapping[Certainty, float]


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """What came of it, and why, in Russian; the sides are None where labels were too few."""

    version: str
    labels: int
    before: Side | None
    after: Side | None
    written: bool
    why: str


def recalibrate(
    engine: sa.Engine, registry: Registry, *, now: datetime, fewest: int = FEWEST_LABELS
) -> Recalibrated:
    """Fit the serving version's calibration to the labels of operators, and keep it if it helps.

    Only labels that did not teach the version count: of what it has learned by heart it is too
    sure. One half of them fits, the other compares with the version's own calibration, whatever
    site calibration is in force: that one may have seen this half. If the calibration error is
    no larger, one fitted on both halves is written, for thresholds need all the answers there
    are. Raises ModelError where the model or the disk refuses.
    """
    model = load(registry.serving())
    examples = untaught(engine, model)
    known = sum(_told(example) for example in examples)
    if known < fewest:
        why = f"Меток операторов, на которых модель не училась, {known}, а нужно {fewest}."
        return Recalibrated(model.version, known, None, None, written=False, why=why)
    half = folds(near_groups([words(example.text) for example in examples]), 2, seed=1)
    fitted, held = (
        [examples[row] for row in np.flatnonzero(half == side).tolist()] for side in (0, 1)
    )
    before, after = measure(model, held), measure(calibration.recalibrate(model, fitted), held)
    told = f"ошибка вероятностей: было {percent(before.ece)}, стало {percent(after.ece)}"
    if after.ece > before.ece:
        why = f"Калибровка не изменена, с новой хуже: {told}."
        return Recalibrated(model.version, known, before, after, written=False, why=why)
    values = site.values_of(calibration.recalibrate(model, examples).calibration)
    found = site.SiteCalibration(now, known, (before.ece, after.ece), values)
    site.write(registry.calibration(model.version), found)
    why = f"Калибровка для этого места действует; {told}."
    return Recalibrated(model.version, known, before, after, written=True, why=why)


def untaught(engine: sa.Engine, model: Model) -> list[Example]:
    """Return what operators judged after the newest label that taught ``model``."""
    until = taught_until(model)
    with reading(engine) as session:
        told = merge(labels(session), (), dict(model.fine_topics))
    return [one.example for one in told if until is None or one.at > until]


def measure(model: Model, examples: Sequence[Example]) -> Side:
    """Return how well ``model`` knows how sure it is of the topics of ``examples``."""
    judged = [example for example in examples if _told(example)]
    said = Classifier(model).predict([example.message for example in judged])
    best = [prediction.topics[0] for prediction in said]
    right = [topic.code is one.topic for topic, one in zip(best, judged, strict=True)]
    counted = Counter(prediction.certainty for prediction in said)
    return Side(
        model.calibration.topic_temperature,
        calibration_error([topic.probability for topic in best], right),
        {level: counted[level] / max(len(said), 1) for level in Certainty},
    )


def _told(example: Example) -> bool:
    return bool(example.topic and example.relevant)
