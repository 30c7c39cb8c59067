"""Scores → probabilities and thresholds, found on examples that did not teach the model."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifiers import certainty, further
from classifiers.classifier import Classifier
from classifiers.examples import Example
from classifiers.model import Model
from classifiers.probability import logistic, softmax
from classifiers.vocabulary import Floats, Ints
from models.vocabulary import Topic

# Of seeds, which are written to be hard; of real appeals held back some 95 in 100 are then passed.
# Missing an urgent text is worse than missing any other, and those by other authors score lower.
RELEVANCE_RECALL = 0.92
URGENCY_RECALL = 0.985
# What may be routed unseen must be right this often; operators' own labels agree no better.
AUTO_PRECISION = 0.95
FEWEST_ANSWERS = 20
# With fewer reviewed texts a site's own temperature would be luck.
FEWEST_FOR_SITE = 100
# Where two of three answers are wrong, none should be suggested.
UNSURE_ACCURACY = 0.4
# How far fine topics lean on their topic; 0.2 to 0.6 were alike on rows held back.
FINE_LEAN = 0.2
# Temperatures tried, by steps of 4 %.
_TEMPERATURES = np.geomspace(0.05, 5.0, 118)
_DOUBTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12)


def best_temperature(scores: Floats, labels: Ints) -> float:
    """Return the temperature with the smallest mean −ln p of the true labels."""
    return temperature_and_doubt(scores, labels, doubts=(0.0,))[0]


def temperature_and_doubt(
    scores: Floats, labels: Ints, doubts: Sequence[float] = _DOUBTS
) -> tuple[float, float]:
    """Return the temperature and the doubt with the smallest mean −ln p of the true labels."""
    if not len(labels):
        return 1.0, 0.0
    places = np.arange(len(labels))
    even = 1.0 / scores.shape[1]
    best = (np.inf, 1.0, 0.0)
    for temperature in _TEMPERATURES.tolist():
        sure = softmax(scores, temperature)[places, labels]
        for doubt in doubts:
            loss = -float(np.log(np.maximum((1 - doubt) * sure + doubt * even, 1e-12)).mean())
            best = min(best, (loss, temperature, doubt))
    return best[1], best[2]


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


def fit_further(classifier: Classifier, examples: Sequence[Example]) -> tuple[float, float]:
    """Return slope and shift that turn evidence for a further topic into its probability.

    Learned from examples that people have read for several problems: the seeds.
    """
    read = [example for example in examples if example.kind and example.relevant and example.topic]
    raw = classifier.raw([e.text for e in read], [bool(e.context) for e in read])
    scores, names = classifier.topic_scores(raw), classifier.model.topics
    found = further.odds(scores, classifier.model.calibration.topic_temperature)
    truth = np.array([[name in (e.topic, *e.also) for name in names] for e in read], bool)
    beside = np.ones(truth.shape, bool)
    # Of the main topic as the model sees it nothing is asked.
    beside[np.arange(len(read)), scores.argmax(axis=1)] = False
    told = truth[beside]
    if len(set(told.tolist())) < 2:
        return 1.0, 0.0
    curve = LogisticRegression(C=10.0).fit(found[beside][:, None], told)
    return float(curve.coef_[0, 0]), float(curve.intercept_[0])


def unsure_below(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Return the confidence under which answers are right less often than UNSURE_ACCURACY."""
    order = np.argsort(confidence)
    shares = np.cumsum(np.asarray(right, float)[order]) / np.arange(1, len(order) + 1)
    # Of a handful of answers a share says nothing.
    wrong = np.flatnonzero((shares < UNSURE_ACCURACY) & (np.arange(len(order)) >= FEWEST_ANSWERS))
    return float(np.asarray(confidence)[order][wrong[-1]]) if len(wrong) else 0.0


def set_thresholds(model: Model, examples: Sequence[Example]) -> Model:
    """Return ``model`` with the thresholds of certainty that fit examples with a topic."""
    own = [example for example in examples if not example.kind] or list(examples)
    with_topic = [example for example in own if example.topic and example.relevant]
    predictions = Classifier(model).predict([example.message for example in with_topic])
    codes = [prediction.topics[0].code for prediction in predictions]
    sure = [prediction.topics[0].probability for prediction in predictions]
    right = [e.topic is code for e, code in zip(with_topic, codes, strict=True)]
    found = certainty.thresholds(
        codes, sure, right, precision=AUTO_PRECISION, fewest=FEWEST_ANSWERS
    )
    # What too few answers tell nothing of stays as it was.
    kept = {
        name: threshold
        for name, threshold in model.calibration.auto_thresholds.items()
        if codes.count(Topic(name)) < FEWEST_ANSWERS
    }
    calibration = replace(
        model.calibration,
        auto_thresholds=kept | found,
        unsure_threshold=unsure_below(sure, right),
    )
    return replace(model, calibration=calibration)


def recalibrate(model: Model, examples: Sequence[Example]) -> Model:
    """Return a calibrated ``model`` made to fit one site: examples that its people have read.

    Temperatures and the thresholds of certainty follow the site; relevance too, once people have
    called FEWEST_ANSWERS texts relevant and as many not. What is too few changes nothing.
    """
    classifier = Classifier(model)
    raw = classifier.raw([e.text for e in examples], [bool(e.context) for e in examples])
    changed = model.calibration
    codes = {topic: number for number, topic in enumerate(model.topics)}
    told = [row for row, e in enumerate(examples) if e.topic and e.relevant]
    if len(told) < FEWEST_FOR_SITE:
        return model
    truth = np.array([codes[topic] for row in told if (topic := examples[row].topic)], np.int64)
    temperature, doubt = temperature_and_doubt(classifier.topic_scores(raw)[told], truth)
    changed = replace(changed, topic_temperature=temperature, topic_doubt=doubt)
    relevant = [bool(example.relevant) for example in examples]
    if min(sum(relevant), len(relevant) - sum(relevant)) >= FEWEST_ANSWERS:
        slope, shift = slope_and_shift(raw.relevance, relevant)
        chances = logistic(np.float32(slope) * raw.relevance + np.float32(shift))
        changed = replace(
            changed,
            relevance_slope=slope,
            relevance_shift=shift,
            relevance_threshold=threshold(chances.tolist(), relevant, RELEVANCE_RECALL),
        )
    return set_thresholds(replace(model, calibration=changed), examples)


def calibrate(model: Model, examples: Sequence[Example]) -> Model:
    """Return ``model`` with the calibration that fits ``examples``, which it has not seen."""
    model = replace(model, calibration=replace(model.calibration, fine_lean=FINE_LEAN))
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
    temperature, doubt = temperature_and_doubt(
        classifier.topic_scores(raw)[with_topic],
        np.array([codes[examples[row].topic] for row in with_topic], np.int64),
    )
    smooth = replace(
        model.calibration,
        topic_temperature=temperature,
        topic_doubt=doubt,
        fine_temperature=best_temperature(
            classifier.fine(raw)[with_fine],
            np.array([fines[examples[row].fine_topic] for row in with_fine], np.int64),
        ),
        relevance_slope=relevance_slope,
        relevance_shift=relevance_shift,
        urgency_slope=urgency_slope,
        urgency_shift=urgency_shift,
    )
    slope, shift = fit_further(Classifier(replace(model, calibration=smooth)), examples)
    smooth = replace(smooth, also_slope=slope, also_shift=shift)
    predictions = Classifier(replace(model, calibration=smooth)).predict(
        [example.message for example in examples]
    )
    decided = replace(
        smooth,
        relevance_threshold=threshold(
            [predictions[row].relevance for row in hard], hardly_relevant, RELEVANCE_RECALL
        ),
        urgency_threshold=threshold(
            [predictions[row].urgency for row in known], urgent, URGENCY_RECALL
        ),
    )
    return set_thresholds(replace(model, calibration=decided), examples)
