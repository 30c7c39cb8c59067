"""Scores → probabilities and thresholds, found on examples that did not teach the model."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifiers.classifier import Classifier, softmax
from classifiers.examples import Example
from classifiers.model import Calibration, Model
from classifiers.vocabulary import Floats, Ints
from models.vocabulary import Topic

# Of seeds, which are written to be hard; of real appeals held back some 92 in 100 are then passed.
# Missing an urgent text is worse than missing any other.
RELEVANCE_RECALL = 0.88
URGENCY_RECALL = 0.96
# Temperatures tried, by steps of 4 %.
_TEMPERATURES = np.geomspace(0.05, 5.0, 118)


def best_temperature(scores: Floats, labels: Ints) -> float:
    """Return the temperature with the smallest mean −ln p of the true labels."""
    if not len(labels):
        return 1.0
    places = np.arange(len(labels))
    losses = [
        -float(np.log(np.maximum(softmax(scores, t)[places, labels], 1e-12)).mean())
        for t in _TEMPERATURES.tolist()
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def slope_and_shift(scores: Floats, truth: Sequence[bool]) -> tuple[float, float]:
    """Return the logistic curve through scores, yes and no weighing the same in all (Platt)."""
    if len(set(truth)) < 2:  # only yes, or only no: nothing to fit
        return 1.0, 0.0
    curve = LogisticRegression(C=10.0, class_weight="balanced").fit(scores[:, None], truth)
    return float(curve.coef_[0, 0]), float(curve.intercept_[0])


def threshold(probabilities: Sequence[float], truth: Sequence[bool], recall: float) -> float:
    """Return the highest probability at which to say yes and reach ``recall``, 0..1."""
    values, real = np.asarray(probabilities), np.asarray(truth, bool)
    if real.all() or not real.any():
        return 0.5
    positives = np.sort(values[real])
    return float(positives[int((1.0 - recall) * len(positives))])


def calibrate(model: Model, examples: Sequence[Example]) -> Model:
    """Return ``model`` with the calibration that fits ``examples``, which it has not seen."""
    classifier = Classifier(model)
    raw = classifier.raw(
        [example.text for example in examples], [bool(example.context) for example in examples]
    )
    codes: dict[Topic | None, int] = {topic: number for number, topic in enumerate(model.topics)}
    fines: dict[str | None, int] = {
        name: number for number, (name, _) in enumerate(model.fine_topics)
    }
    with_topic = [row for row, e in enumerate(examples) if e.topic and e.relevant]
    with_fine = [row for row, e in enumerate(examples) if e.fine_topic in fines]
    relevant = [bool(e.relevant) for e in examples]
    known = [row for row, e in enumerate(examples) if e.urgent is not None]
    urgent = [bool(examples[row].urgent) for row in known]
    # Rows of an export are all relevant: what is not, and is hard to tell, is among the seeds.
    hard = [row for row, e in enumerate(examples) if e.kind] or list(range(len(examples)))
    hardly_relevant = [relevant[row] for row in hard]
    relevance_slope, relevance_shift = slope_and_shift(raw.relevance[hard], hardly_relevant)
    urgency_slope, urgency_shift = slope_and_shift(raw.urgency[known], urgent)
    smooth = Calibration(
        relevance_cues=model.calibration.relevance_cues,
        urgency_cues=model.calibration.urgency_cues,
        urgency_rules=model.calibration.urgency_rules,
        topic_temperature=best_temperature(
            raw.topics[with_topic],
            np.array([codes[examples[row].topic] for row in with_topic], np.int64),
        ),
        fine_temperature=best_temperature(
            classifier.fine(raw)[with_fine],
            np.array([fines[examples[row].fine_topic] for row in with_fine], np.int64),
        ),
        relevance_slope=relevance_slope,
        relevance_shift=relevance_shift,
        urgency_slope=urgency_slope,
        urgency_shift=urgency_shift,
    )
    predictions = Classifier(replace(model, calibration=smooth)).predict(
        [example.message for example in examples]
    )
    return replace(
        model,
        calibration=replace(
            smooth,
            relevance_threshold=threshold(
                [predictions[row].relevance for row in hard], hardly_relevant, RELEVANCE_RECALL
            ),
            urgency_threshold=threshold(
                [predictions[row].urgency for row in known], urgent, URGENCY_RECALL
            ),
        ),
    )
