import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from classifiers.calibration import best_temperature, slope_and_shift, threshold
from classifiers.classifier import Classifier
from classifiers.evaluation import (
    Judged,
    Meaning,
    area_under_curve,
    calibration_error,
    evaluate,
    f1_by_label,
    figures,
    recall_and_precision,
)
from classifiers.examples import Example
from classifiers.probability import softmax
from models.values import FineTopic, Message, Prediction, ScoredTopic
from models.vocabulary import Certainty, Topic

labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(labels)
def test_f1_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, guess = [one for one, _ in pairs], [other for _, other in pairs]
    names = sorted(set(truth))
    expected = f1_score(truth, guess, labels=names, average=None, zero_division=0)
    found = f1_by_label(truth, guess)
    assert [found[name] for name in names] == pytest.approx(expected.tolist())


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_is_that_of_scikit_learn(pairs: list[tuple[int, bool]]) -> None:
    scores, truth = [score / 5 for score, _ in pairs], [yes for _, yes in pairs]
    if len(set(truth)) == 1:
        assert math.isnan(area_under_curve(scores, truth))
    else:
        assert area_under_curve(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


def test_calibration_error_is_the_gap_between_promise_and_truth() -> None:
    assert calibration_error([0.9, 0.9], [True, True]) == pytest.approx(0.1)
    assert calibration_error([0.5, 0.5], [True, False]) == pytest.approx(0.0)
    assert calibration_error([1.0, 0.0], [False, False]) == pytest.approx(0.5)


def test_recall_and_precision() -> None:
    assert recall_and_precision([True, True, False], [True, False, True]) == (0.5, 0.5)
    nothing = recall_and_precision([False], [False])
    assert all(map(math.isnan, nothing))


def test_a_temperature_makes_scores_honest() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=(4000, 3)).astype(np.float32)
    shares = softmax(scores, 0.25)
    truth = np.array([random.choice(3, p=row / row.sum()) for row in shares.astype(float)])
    assert best_temperature(scores, truth) == pytest.approx(0.25, rel=0.15)
    assert best_temperature(scores[:0], truth[:0]) == 1.0


def test_a_curve_needs_yes_and_no() -> None:
    scores = np.array([-1.0, -0.5, 0.5, 1.0], np.float32)
    slope, shift = slope_and_shift(scores, [False, False, True, True])
    assert slope > 0
    assert shift == pytest.approx(0.0, abs=0.05)
    assert slope_and_shift(scores, [True] * 4) == (1.0, 0.0)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=4, max_size=60),
    st.sampled_from([0.9, 0.95]),
)
def test_a_threshold_keeps_its_recall(pairs: list[tuple[float, bool]], recall: float) -> None:
    values, truth = [value for value, _ in pairs], [yes for _, yes in pairs]
    bar = threshold(values, truth, recall)
    if len(set(truth)) == 1:
        assert bar == 0.5
    else:
        found, _ = recall_and_precision([value >= bar for value in values], truth)
        assert found >= recall


def answer(
    topic: Topic,
    probability: float = 0.9,
    *,
    also: tuple[Topic, ...] = (),
    relevance: float = 0.9,
    urgency: float = 0.1,
    certainty: Certainty = Certainty.REVIEW,
    fine: tuple[str, ...] = (),
) -> Prediction:
    return Prediction(
        relevant=relevance >= 0.5,
        relevance=relevance,
        topics=(ScoredTopic(topic, probability),),
        fine_topics=tuple(FineTopic(name, "Группа", 0.3) for name in fine),
        urgent=urgency >= 0.5,
        urgency=urgency,
        reasons=(),
        model="test",
        also=tuple(ScoredTopic(code, 0.6) for code in also),
        certainty=certainty,
    )


def values(judged: list[Judged]) -> dict[str, float]:
    return {name: round(figure.value, 3) for name, figure in figures(judged).items()}


def test_topics_are_counted_by_code_and_by_certainty() -> None:
    # Given four texts: two about roads, one of them taken for snow, and one each of gas and snow
    road, gas, snow = (Example("…", topic) for topic in (Topic.ROADS, Topic.GAS, Topic.SNOW))
    judged = [
        Judged(road, answer(Topic.ROADS, 0.95, certainty=Certainty.AUTO)),
        Judged(road, answer(Topic.SNOW, 0.4, certainty=Certainty.UNSURE)),
        Judged(gas, answer(Topic.GAS, 0.9, certainty=Certainty.AUTO)),
        Judged(snow, answer(Topic.SNOW, 0.8)),
    ]
    found = values(judged)
    assert found["accuracy"] == 0.75
    assert (found["f1.roads"], found["f1.gas"], found["f1.snow"]) == (0.667, 1.0, 0.667)
    assert found["macro_f1"] == 0.778
    assert found["accuracy_surest_70"] == 1.0
    assert (found["auto_share"], found["auto_accuracy"]) == (0.5, 1.0)
    assert (found["unsure_share"], found["unsure_accuracy"]) == (0.25, 0.0)
    counts = figures(judged)
    assert (counts["f1.roads"].rows, counts["auto_accuracy"].rows) == (2, 2)


def test_a_text_without_a_meaningful_word_has_no_topic_to_miss(small: Classifier) -> None:
    meaning = Meaning(small.model)
    for text in ("Здравствуйте!", "Сообщение без текста", "", "🙂 !!!", "А почему так?"):
        assert meaning.missing(Message(text)), text
    assert not meaning.missing(Message("Добрый день, яма"))
    assert not meaning.missing(Message("и у нас так же!", ("Нет воды",)))
    rows = [Example("Здравствуйте!", Topic.GAS), Example("Нет воды", Topic.WATER)]
    found = evaluate(small, rows)["region"]
    assert (found["rows"], found["wordless"]) == (1, 1)
    assert set(found["f1"]) == {"water"}


def test_further_topics_are_counted_in_pairs_where_somebody_looked_for_them() -> None:
    example = Example("…", Topic.ROADS, also=(Topic.SNOW, Topic.LIGHTING))
    plain = Example("…", Topic.ROADS)
    judged = [
        Judged(example, answer(Topic.ROADS, also=(Topic.SNOW,)), read_for_also=True),
        Judged(plain, answer(Topic.ROADS, also=(Topic.WATER,)), read_for_also=True),
        Judged(plain, answer(Topic.ROADS, also=(Topic.GAS,))),
    ]
    found = values(judged)
    assert (found["also_precision"], found["also_recall"], found["also_f1"]) == (0.5, 0.5, 0.5)
    assert not [name for name in values(judged[1:]) if name.startswith("also")]


def test_noise_should_be_called_unsure_and_is_no_topic() -> None:
    noise = Example("asdf", relevant=None)
    judged = [
        Judged(noise, answer(Topic.ROADS, certainty=level), noise=True)
        for level in (Certainty.UNSURE, Certainty.UNSURE, Certainty.UNSURE, Certainty.REVIEW)
    ]
    assert values(judged) == {"noise_unsure": 0.75}


def test_urgency_is_also_judged_at_the_best_threshold() -> None:
    rows = [(True, 0.9), (True, 0.4), (False, 0.3), (False, 0.2)]
    judged = [
        Judged(Example("…", relevant=None, urgent=urgent), answer(Topic.GAS, urgency=urgency))
        for urgent, urgency in rows
    ]
    found = values(judged)
    assert (found["urgent_recall"], found["urgent_precision"]) == (0.5, 1.0)
    assert found["urgent_recall_at_60"] == found["urgent_auc"] == 1.0
    # Without an urgent text there is nothing to find
    assert values(judged[2:]) == {}


def test_where_nothing_is_irrelevant_no_yes_can_be_wrong() -> None:
    judged = [Judged(Example("…"), answer(Topic.GAS, relevance=chance)) for chance in (0.9, 0.2)]
    assert values(judged) == {"relevance_recall": 0.5}


def test_fine_topics_are_right_at_once_or_among_three() -> None:
    example = Example("…", Topic.ROADS, fine_topic="Ямы")
    judged = [
        Judged(example, answer(Topic.ROADS, fine=("Ямы", "Знаки", "Бордюры"))),
        Judged(example, answer(Topic.ROADS, fine=("Знаки", "Бордюры", "Ямы"))),
        Judged(example, answer(Topic.ROADS)),
        Judged(replace(example, fine_topic=None), answer(Topic.ROADS)),
    ]
    found = values(judged)
    assert (found["fine_top1"], found["fine_top3"]) == (0.333, 0.667)


def test_figures_speak_of_own_rows_and_seeds_apart(
    small: Classifier, examples: list[Example]
) -> None:
    found = evaluate(small, [example for example in examples if example.kind != "phrase"])
    assert found["region"]["fine_top3"] >= found["region"]["fine_top1"] > 0.5
    assert found["seeds"]["relevance_auc"] > 0.9
    assert 0 < found["seeds"]["urgent_recall"] <= 1
    assert found["relevance_auc_region_against_seeds"] > 0.8
    assert "urgent_rows" not in found["region"]
    assert evaluate(small, []) == {}
    # And every figure has its interval, as JSON keeps it
    kept = json.loads(json.dumps(found))
    assert kept == found
    intervals = kept["region"]["intervals"]
    assert set(intervals) >= {"accuracy", "macro_f1", "ece", "fine_top1", "f1.roads"}
    low, high = intervals["accuracy"]
    assert low < kept["region"]["accuracy"] < high
    assert sum(kept["region"]["f1_rows"].values()) == kept["region"]["rows"]
