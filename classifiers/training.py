"""Train a model: fit, calibrate and measure on rows held back, then refit on everything."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifiers.calibration import calibrate, recalibrate
from classifiers.card import write_card
from classifiers.classifier import Classifier
from classifiers.corpus import Corpus, read_corpus
from classifiers.evaluation import evaluate
from classifiers.examples import (
    PHRASE,
    Example,
    TrainingError,
    read_examples,
    read_phrases,
    read_seeds,
)
from classifiers.fitting import fit_model
from classifiers.model import FORMAT, Model, save
from classifiers.split import folds, near_groups
from classifiers.vocabulary import Ints
from classifiers.window import window

# Of ten folds two measure, one calibrates, seven teach.
FOLDS = 10
TEST = (0, 1)
CALIBRATE = (2,)
FEWEST_EXAMPLES = 50
# Part of the version: raise it when the same texts begin to give another model.
RECIPE = 2


@dataclass(frozen=True, slots=True)
class Trained:
    """A model fitted on all examples, and the figures of its twin on rows held back."""

    model: Model
    figures: dict[str, Any]


def version_of(examples: Sequence[Example], created: datetime, base: str = "") -> str:
    """Return a version that tells the day and what was learned from: «2026-11-21-1a2b3c4d».

    ``base`` is the version that was learned on from.
    """
    digest = hashlib.sha256(f"{FORMAT} {RECIPE}{base}".encode())
    for example in examples:
        digest.update(repr(example).encode("utf-8", "replace"))
    return f"{created:%Y-%m-%d}-{digest.hexdigest()[:8]}"


class Split(NamedTuple):
    """Rows that teach, that calibrate, and that measure; no row is in two of them."""

    taught: Ints
    calibrated: Ints
    tested: Ints


def hold_out(examples: Sequence[Example], groups: Ints, *, seed: int) -> Split:
    """Draw the rows to hold back; texts of one of the ``groups`` stay on one side.

    Bare phrases only teach: nobody writes like that, so they measure nothing.
    """
    fold = folds(groups, FOLDS, seed=seed)
    fold[[example.kind == PHRASE for example in examples]] = FOLDS - 1
    tested, calibrated = np.isin(fold, TEST), np.isin(fold, CALIBRATE)
    return Split(*map(np.flatnonzero, (~tested & ~calibrated, calibrated, tested)))


def measure(
    examples: Sequence[Example], corpus: Corpus, split: Split, base: Model | None = None
) -> tuple[Model, dict[str, Any]]:
    """Fit on some rows, calibrate on others, and return the model with its figures on a third.

    With a ``base`` the model learns on from it (see classifiers.adapting).
    """
    model = fit_model(examples, corpus, split.taught, version="held-out", created="", base=base)
    calibrated = [examples[row] for row in split.calibrated.tolist()]
    # The base has seen the seeds: only one's own rows tell how sure the new model may be.
    model = (
        calibrate(model, calibrated)
        if base is None
        else recalibrate(model, [example for example in calibrated if not example.kind])
    )
    classifier, tested = Classifier(model), [examples[row] for row in split.tested.tolist()]
    return model, evaluate(classifier, tested) | {"window": window_of(classifier, tested)}


def window_of(classifier: Classifier, examples: Sequence[Example]) -> dict[str, Any]:
    """Return the window (see classifiers.window) of relevant rows that did not teach.

    Of one's own rows where there are any: seeds were written evenly over the topics, as no
    citizens write.
    """
    relevant = [example for example in examples if example.relevant]
    own = [example for example in relevant if not example.kind] or relevant
    predictions = classifier.predict([example.message for example in own])
    return window(classifier.model, [example.text for example in own], predictions)


def count_examples(examples: Sequence[Example], model: Model) -> dict[str, int]:
    """Return what a model was made of, as its card tells it."""
    return {
        "examples": len(examples),
        "own_rows": sum(not example.kind for example in examples),
        "seed_texts": sum(example.kind not in ("", PHRASE) for example in examples),
        "phrases": sum(example.kind == PHRASE for example in examples),
        "features": model.vocabulary.size,
        "fine_topics": len(model.fine_topics),
    }


def train(
    examples: Sequence[Example],
    *,
    seed: int,
    progress: Callable[[str], None],
    created: datetime,
) -> Trained:
    """Train on ``examples``; figures come from rows held back, repeats kept on one side.

    ``progress`` is told each step in Russian. Raises TrainingError: too few examples, or only
    one topic among them, or nothing irrelevant to learn the difference from.
    """
    _check(examples)
    progress(f"Разбираю {len(examples)} текстов")
    corpus = read_corpus(examples)
    split = hold_out(examples, near_groups(corpus.words), seed=seed)
    progress("Обучаю на части текстов, чтобы проверить на остальных")
    held_out, figures = measure(examples, corpus, split)
    progress("Обучаю на всех текстах")
    everything = np.arange(len(examples))
    model = fit_model(
        examples,
        corpus,
        everything,
        version=version_of(examples, created),
        created=created.isoformat(timespec="seconds"),
    )
    # More rows than calibrated the twin: all that it was not taught.
    untaught = np.sort(np.concatenate([split.calibrated, split.tested]))
    held = calibrate(held_out, [examples[row] for row in untaught.tolist()])
    figures = count_examples(examples, model) | figures
    calibration = replace(
        held.calibration,
        relevance_cues=model.calibration.relevance_cues,
        urgency_cues=model.calibration.urgency_cues,
        urgency_rules=model.calibration.urgency_rules,
    )
    return Trained(replace(model, calibration=calibration, figures=figures), figures)


def _check(examples: Sequence[Example]) -> None:
    if len(examples) < FEWEST_EXAMPLES:
        raise TrainingError(
            f"Для обучения мало текстов: {len(examples)}. Нужно не меньше {FEWEST_EXAMPLES}."
        )
    if len({example.topic for example in examples if example.topic}) < 2:
        raise TrainingError("Для обучения нужны тексты хотя бы двух тем. Проверьте колонку code.")
    if all(example.relevant for example in examples):
        raise TrainingError(
            "Для обучения нужны и посторонние тексты: реклама, новости, благодарности "
            "(колонка relevant со значением 0)."
        )


def train_from_csv(
    path: Path | None,
    *,
    out: Path,
    progress: Callable[[str], None],
    seed: int = 1,
    created: datetime | None = None,
) -> dict[str, Any]:
    """Train on the shipped seeds and the CSV at ``path``, and write the model folder ``out``.

    The folder also gets ``card.md``, which says what the model is and how good. Returns the
    figures. Raises TrainingError for bad examples, ModelError if the folder cannot be written.
    """
    created = created or datetime.now(UTC)
    own = read_examples(path) if path else []
    shipped = [*read_seeds(), *read_phrases()]
    trained = train([*own, *shipped], seed=seed, progress=progress, created=created)
    progress(f"Записываю модель в {out}")
    save(trained.model, out, card=write_card(trained.model))
    return trained.figures
