"""Learning from what people said: train a challenger, compare, promote only what is better."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from classifiers.classifier import Classifier
from classifiers.comparison import mcnemar
from classifiers.corpus import read_corpus
from classifiers.examples import Example, read_phrases, read_seeds
from classifiers.model import Model, save
from classifiers.registry import Registry
from classifiers.split import near_groups
from classifiers.training import hold_out, measure, version_of
from models.values import Message
from models.vocabulary import Topic
from pipeline.database import reading
from pipeline.store.labels import stated_topics

FEWEST_LABELS = 500
"""Of these a fifth is held back: with fewer rows no honest comparison can tell models apart."""

SURE = 0.05
"""The p-value from which on a difference may be luck."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it: the new version if it was promoted, and why or why not, in Russian."""

    promoted: str | None
    why: str


def retrain(
    engine: sa.Engine, registry: Registry, *, now: datetime, progress: Callable[[str], None]
) -> Learned:
    """Train on the seeds and all stated topics; promote the model if it is surely better.

    Both models answer the same held-out texts of this installation, no repeat of which the
    challenger has seen. The serving model stays whenever there is doubt.
    """
    with reading(engine) as session:
        labels = [
            Example(text, Topic(code))
            for text, code in stated_topics(session)
            if code in frozenset(Topic)
        ]
    if len(labels) < FEWEST_LABELS:
        return Learned(
            None, f"Размеченных текстов {len(labels)}, для обучения нужно {FEWEST_LABELS}."
        )
    examples = [*labels, *read_seeds(), *read_phrases()]
    progress(f"Обучаю на {len(examples)} текстах")
    corpus = read_corpus(examples)
    split = hold_out(examples, near_groups(corpus.words), seed=1)
    challenger, _ = measure(examples, corpus, split)
    held_out = [examples[row] for row in split.tested if row < len(labels)]
    progress(f"Сравниваю с действующей моделью на {len(held_out)} текстах")
    ours = _right(Classifier(challenger), held_out)
    theirs = _right(Classifier.load(registry.serving()), held_out)
    chance = mcnemar(ours, theirs)
    said = (
        f"на {len(held_out)} отложенных текстах верны {_percent(ours)} "
        f"против {_percent(theirs)} у действующей (p = {chance:.3f})"
    )
    if sum(ours) <= sum(theirs) or chance > SURE:
        return Learned(None, f"Новая модель не лучше: {said}. Оставлена действующая.")
    version = _keep(challenger, examples, registry, now)
    registry.promote(version)
    return Learned(version, f"Новая модель {version} лучше и принята: {said}.")


def _right(classifier: Classifier, examples: list[Example]) -> list[bool]:
    predictions = classifier.predict([Message(example.text) for example in examples])
    return [
        prediction.topics[0].code is example.topic
        for prediction, example in zip(predictions, examples, strict=True)
    ]


def _keep(challenger: Model, examples: list[Example], registry: Registry, now: datetime) -> str:
    """Keep the very model that was measured.

    One fitted on the held-out texts too would be judged next time on texts that it has seen,
    and no challenger could ever beat it.
    """
    model = replace(
        challenger,
        version=version_of(examples, now),
        created=now.isoformat(timespec="seconds"),
    )
    with tempfile.TemporaryDirectory() as folder:
        save(model, Path(folder) / "model")
        return registry.add(Path(folder) / "model")


def _percent(right: list[bool]) -> str:
    return f"{100 * sum(right) / len(right):.1f} %".replace(".", ",")
