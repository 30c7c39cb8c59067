"""When a prediction may be routed unseen, when a person looks, and when it says «не уверен»."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.certainty import SURELY_RELEVANT, thresholds
from classifiers.classifier import Classifier
from models.values import Message, Prediction
from models.vocabulary import Certainty, Topic

PLAIN = "На Луговой огромные ямы, дорога разбита. Когда сделаете ремонт?"
DANGER = "Сильно пахнет газом в подъезде, голова кружится, аварийка не едет!"


def test_a_threshold_is_the_least_confidence_that_is_right_often_enough() -> None:
    codes = [Topic.GAS] * 6
    sure = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    right = [True, True, False, True, True, False]
    # From the top: 1/1, 2/2, 2/3, 3/4, 4/5, 4/6.
    assert thresholds(codes, sure, right, precision=0.8, fewest=1) == {"gas": 0.5}
    assert thresholds(codes, sure, right, precision=0.81, fewest=1) == {"gas": 0.8}
    assert thresholds(codes, sure, right, precision=0.81, fewest=3) == {}
    assert thresholds(codes, sure, right, precision=0.6, fewest=6) == {"gas": 0.4}


def test_each_code_has_a_threshold_of_its_own() -> None:
    found = thresholds(
        [Topic.GAS, Topic.WATER, Topic.GAS, Topic.WATER, Topic.SNOW],
        [0.9, 0.3, 0.8, 0.2, 0.99],
        [True, True, False, True, False],
        precision=1.0,
        fewest=1,
    )
    assert found == {"gas": 0.9, "water": 0.2}


def test_answers_of_equal_confidence_stand_or_fall_together() -> None:
    # All three are at and above 0.9, and only two of them right.
    found = thresholds([Topic.GAS] * 3, [0.9] * 3, [True, True, False], precision=0.9, fewest=2)
    assert found == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Topic.GAS, Topic.WATER]),
            st.integers(0, 20).map(lambda n: n / 20),
            st.booleans(),
        ),
        max_size=60,
    ),
    st.sampled_from([0.5, 0.75, 0.95, 1.0]),
    st.integers(1, 5),
)
def test_what_a_threshold_promises_holds(
    answers: list[tuple[Topic, float, bool]], precision: float, fewest: int
) -> None:
    found = thresholds(
        [code for code, _, _ in answers],
        [sure for _, sure, _ in answers],
        [right for _, _, right in answers],
        precision=precision,
        fewest=fewest,
    )
    above: defaultdict[tuple[str, float], list[bool]] = defaultdict(list)
    for code, _, _ in answers:
        for level in {sure for other, sure, _ in answers if other is code}:
            if not above[code, level]:
                above[code, level] = [
                    right for other, sure, right in answers if other is code and sure >= level
                ]
    good = {
        key for key, of in above.items() if len(of) >= fewest and sum(of) >= precision * len(of)
    }
    best = {code: min(level for name, level in good if name == code) for code, _ in good}
    assert found == best


def believing(classifier: Classifier, **changes: Any) -> Classifier:
    """Return a classifier that believes every topic at once, but for the ``changes``."""
    easy: dict[str, Any] = {
        "auto_thresholds": dict.fromkeys(Topic, 0.0),
        "unsure_threshold": 0.0,
        "relevance_threshold": 0.5,
        "urgency_threshold": 0.5,
    }
    stored = replace(classifier.model.calibration, **(easy | changes))
    return Classifier(replace(classifier.model, calibration=stored))


def ask(classifier: Classifier, text: str) -> Prediction:
    (prediction,) = classifier.predict([Message(text)])
    return prediction


def test_a_plain_sure_text_needs_nobody(shipped: Classifier) -> None:
    found = ask(believing(shipped), PLAIN)
    assert found.relevance >= SURELY_RELEVANT
    assert not found.urgent
    assert found.certainty is Certainty.AUTO


def test_an_urgent_text_is_never_routed_unseen(shipped: Classifier) -> None:
    found = ask(believing(shipped), DANGER)
    assert found.urgent
    assert found.certainty is Certainty.REVIEW
    feared = ask(believing(shipped, urgency_shift=20.0), PLAIN)
    assert feared.urgent
    assert feared.certainty is Certainty.REVIEW


def test_a_danger_above_a_comment_is_read_by_a_person(shipped: Classifier) -> None:
    message = Message("и у нас тоже", (DANGER,))
    (found,) = believing(shipped).predict([message])
    assert found.urgent
    assert found.certainty is not Certainty.AUTO


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_thresholds": {}},  # nothing was learned of any topic
        {"auto_thresholds": dict.fromkeys(Topic, 1.1)},
        {"relevance_threshold": 1.1},
    ],
)
def test_what_is_less_than_sure_is_looked_at(shipped: Classifier, changes: dict[str, Any]) -> None:
    assert ask(believing(shipped, **changes), PLAIN).certainty is Certainty.REVIEW


def test_what_may_be_an_advertisement_is_looked_at(shipped: Classifier) -> None:
    found = ask(believing(shipped), "Продам гараж недорого, торг, звоните")
    assert found.relevance < SURELY_RELEVANT
    assert found.certainty is Certainty.REVIEW


def test_a_topic_is_trusted_from_its_threshold_on(shipped: Classifier) -> None:
    code, probability = ask(shipped, PLAIN).topics[0]
    at, above = (
        ask(believing(shipped, auto_thresholds={code: level}), PLAIN).certainty
        for level in (probability, probability + 1e-3)
    )
    assert (at, above) == (Certainty.AUTO, Certainty.REVIEW)


def test_a_topic_below_the_lowest_threshold_is_not_suggested(shipped: Classifier) -> None:
    assert ask(believing(shipped, unsure_threshold=1.1), PLAIN).certainty is Certainty.UNSURE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😀👍🔥",
        "12 345",
        "https://vk.com/wall-1_2",
        "Здравствуйте!",
        "The road is broken, there is no water in the house",
        "道路坏了",
    ],
)
def test_what_says_nothing_in_russian_is_unsure_whatever_a_model_believes(
    shipped: Classifier, text: str
) -> None:
    assert ask(believing(shipped), text).certainty is Certainty.UNSURE


def test_a_foreign_word_among_russian_ones_does_no_harm(shipped: Classifier) -> None:
    assert ask(believing(shipped), f"{PLAIN} Stroyservis").certainty is Certainty.AUTO
    half = "нет воды the road is broken"
    assert ask(believing(shipped), half).certainty is Certainty.UNSURE
