"""Triage: which rule answers first, and what it says."""

from dataclasses import replace
from typing import Any

import pytest

from models.values import FetchedPost, Place, Prediction, Reason, ScoredTopic, Stated
from models.vocabulary import Network, PostKind, Topic, Urgency
from pipeline.decisions.triage import Case, triage

POST = FetchedPost(Network.VK, "-1_2", PostKind.POST, "на Лесной не горит фонарь", None)
LIGHTING = Prediction(
    relevant=True,
    relevance=0.9,
    topics=(ScoredTopic(Topic.LIGHTING, 0.8), ScoredTopic(Topic.ROADS, 0.1)),
    fine_topics=(),
    urgent=False,
    urgency=0.1,
    reasons=(),
    model="1",
)
CASE = Case(POST, LIGHTING, None, "katynskoe", "community")


def test_the_model_decides_where_nothing_else_does() -> None:
    verdict = triage(CASE)
    assert (verdict.relevant, verdict.topic, verdict.urgency) == (
        True,
        Topic.LIGHTING,
        Urgency.NORMAL,
    )
    assert verdict.rules == ("relevance:model_says", "topic:model_says", "place:community")


@pytest.mark.parametrize(
    ("changed", "relevant", "rule"),
    [
        ({"deleted": True}, False, "deleted"),
        ({"text": "👍👍 !!!"}, False, "without_words"),
        ({"stated": Stated(relevant=True), "text": "…"}, False, "without_words"),
        ({"stated": Stated(relevant=True)}, True, "stated_by_source"),
        ({"stated": Stated(relevant=False)}, False, "stated_by_source"),
    ],
)
def test_earlier_rules_outweigh_the_model(
    changed: dict[str, Any], relevant: bool, rule: str
) -> None:
    doubt = replace(LIGHTING, relevant=not relevant)
    verdict = triage(replace(CASE, post=replace(POST, **changed), prediction=doubt))
    assert verdict.relevant is relevant
    assert verdict.rules[0] == f"relevance:{rule}"


def test_a_named_danger_outweighs_any_doubt() -> None:
    named = replace(
        LIGHTING,
        relevant=False,
        relevance=0.01,
        urgent=True,
        reasons=(Reason("topic:газ", 0.4), Reason("urgent:gas-smell", 0.9)),
    )
    verdict = triage(replace(CASE, prediction=named))
    assert verdict.relevant
    assert verdict.urgency is Urgency.URGENT
    assert verdict.rules[0] == "relevance:urgent_in_doubt"


@pytest.mark.parametrize(
    "changed",
    [
        {"urgent": True, "reasons": (Reason("topic:газ", 0.4),)},
        {"urgent": False, "reasons": (Reason("urgent:no-water", 0.1),)},
    ],
)
def test_danger_only_learned_or_only_faint_leaves_the_model_its_say(
    changed: dict[str, Any],
) -> None:
    doubtful = replace(LIGHTING, relevant=False, relevance=0.3, **changed)
    verdict = triage(replace(CASE, prediction=doubtful))
    assert not verdict.relevant
    assert verdict.rules[0] == "relevance:model_says"


def test_a_source_that_says_no_outweighs_a_named_danger() -> None:
    named = replace(LIGHTING, urgent=True, reasons=(Reason("urgent:fire", 0.9),))
    refused = replace(POST, stated=Stated(relevant=False))
    assert not triage(Case(refused, named, None, None, "none")).relevant


def test_a_topic_stated_by_an_official_table_stands() -> None:
    stated = replace(POST, stated=Stated(topic=Topic.ELECTRICITY))
    verdict = triage(replace(CASE, post=stated))
    assert verdict.topic is Topic.ELECTRICITY
    assert "topic:stated_by_source" in verdict.rules


def test_a_prediction_without_topics_falls_to_other() -> None:
    assert triage(replace(CASE, prediction=replace(LIGHTING, topics=()))).topic is Topic.OTHER


def test_the_place_goes_into_the_verdict() -> None:
    place = Place("katynskoe", "smolensky", "Катынь", "Лесная", "5", (3, 9))
    verdict = triage(replace(CASE, place=place, place_from="text"))
    assert (verdict.village, verdict.street, verdict.house) == ("Катынь", "Лесная", "5")


def test_the_administrations_own_answers_open_nothing() -> None:
    answer = replace(CASE, post=replace(POST, kind=PostKind.COMMENT), official=True)

    verdict = triage(answer)

    assert not verdict.relevant
    assert "relevance:official_answer" in verdict.rules
    # What a community publishes at the top is often a citizen's letter.
    assert triage(replace(CASE, official=True)).relevant
