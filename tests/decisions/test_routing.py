"""Who answers for a topic in a place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values import Assignment
from models.vocabulary import Topic
from pipeline.decisions.routing import DEFAULT_RULE, route
from pipeline.region.load import load_region
from pipeline.region.schema import SETTLEMENT_ADMINISTRATION, Region, RoutingRule

SMOLENSKY, AMURSKY = load_region("smolensky"), load_region("amursky")


def ruled(*rules: RoutingRule) -> Region:
    return replace(SMOLENSKY, rules=rules)


ROUTES = [
    (Topic.GAS, "pecherskoe", "housing"),
    (Topic.GAS, None, "housing"),
    (Topic.ROADS, "pecherskoe", "pecherskoe"),
    (Topic.ROADS, "katynskoe", "katynskoe"),
    (Topic.ROADS, None, "roads"),
    (Topic.LIGHTING, "kozinskoe", "kozinskoe"),
    (Topic.GARBAGE, None, "housing"),
    (Topic.WATER, "loinskoe", "loinskoe"),
    (Topic.SNOW, "stabenskoe", "stabenskoe"),
    (Topic.TRANSPORT, "stabenskoe", "roads"),
    (Topic.EDUCATION, "stabenskoe", "education"),
    (Topic.CULTURE, None, "culture"),
    (Topic.SOCIAL, None, "social"),
    (Topic.LAND, "kozinskoe", "property"),
    (Topic.ECOLOGY, None, "property"),
    (Topic.SAFETY, "kozinskoe", "emergency"),
    (Topic.HEALTH, "kozinskoe", "health"),
    (Topic.OTHER, "kozinskoe", "desk"),
]


@pytest.mark.parametrize(("topic", "settlement", "body"), ROUTES)
def test_the_sample_table_sends_a_topic_to_its_body(
    topic: Topic, settlement: str | None, body: str
) -> None:
    assert route(topic, settlement, SMOLENSKY).body == body


def test_the_first_fitting_rule_wins_and_is_named() -> None:
    region = ruled(
        RoutingRule(
            "свет в Печерском", frozenset({Topic.LIGHTING}), frozenset({"pecherskoe"}), "r"
        ),
        RoutingRule("весь свет", frozenset({Topic.LIGHTING}), None, "housing"),
        RoutingRule("остальное", None, None, "desk"),
    )
    assert route(Topic.LIGHTING, "pecherskoe", region) == Assignment("r", "свет в Печерском")
    assert route(Topic.LIGHTING, "kozinskoe", region) == Assignment("housing", "весь свет")
    assert route(Topic.LIGHTING, None, region) == Assignment("housing", "весь свет")
    assert route(Topic.WATER, None, region) == Assignment("desk", "остальное")


def test_the_default_takes_what_no_rule_fits() -> None:
    assert route(Topic.GAS, None, ruled()) == Assignment("desk", DEFAULT_RULE)


def test_a_settlement_without_administration_is_passed_over() -> None:
    region = replace(
        ruled(RoutingRule("поселению", None, None, SETTLEMENT_ADMINISTRATION)),
        bodies=tuple(b for b in SMOLENSKY.bodies if b.settlement != "pecherskoe"),
    )
    assert route(Topic.GAS, "pecherskoe", region) == Assignment("desk", DEFAULT_RULE)
    assert route(Topic.GAS, "kozinskoe", region) == Assignment("kozinskoe", "поселению")


@given(
    topic=st.sampled_from(Topic),
    settlement=st.none() | st.sampled_from([s.code for s in SMOLENSKY.settlements]),
    region=st.sampled_from([SMOLENSKY, AMURSKY]),
)
def test_there_is_always_one_body_that_exists(
    topic: Topic, settlement: str | None, region: Region
) -> None:
    assignment = route(topic, settlement, region)
    assert region.body(assignment.body)
    assert assignment.rule
