"""Who answers for a topic in a place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values import Assignment
from models.vocabulary import Network, Topic, Urgency
from pipeline.decisions.routing import DEFAULT_RULE, explain
from pipeline.decisions.routing import route as route_by
from pipeline.region.load import load_region
from pipeline.region.schema import SETTLEMENT_ADMINISTRATION, Region, RoutingRule

SMOLENSKY, AMURSKY = load_region("smolensky"), load_region("amursky")


def route(
    topic: Topic,
    settlement: str | None,
    region: Region,
    network: Network = Network.VK,
    urgency: Urgency = Urgency.NORMAL,
) -> Assignment:
    return route_by(topic, settlement, region, network=network, urgency=urgency)


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
            "свет в Печерском", frozenset({Topic.LIGHTING}), frozenset({"pecherskoe"}), "roads"
        ),
        RoutingRule("весь свет", frozenset({Topic.LIGHTING}), None, "housing"),
        RoutingRule("остальное", None, None, "desk"),
    )
    assert route(Topic.LIGHTING, "pecherskoe", region) == Assignment("roads", "свет в Печерском")
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


def test_a_rule_may_speak_of_sources_and_of_urgency() -> None:
    region = ruled(
        RoutingRule("портал", None, None, "social", sources=frozenset({Network.OPEN_REGION})),
        RoutingRule("срочное", None, None, "emergency", urgency=Urgency.URGENT),
        RoutingRule("остальное", None, None, "housing", urgency=Urgency.NORMAL),
    )
    assert route(Topic.GAS, None, region, Network.OPEN_REGION, Urgency.URGENT).rule == "портал"
    assert route(Topic.GAS, None, region, urgency=Urgency.URGENT).rule == "срочное"
    assert route(Topic.GAS, None, region).rule == "остальное"


def barred(code: str, *networks: Network) -> Region:
    """Return the Smolensk district where a body has no right to some networks."""
    rights = frozenset(Network) - {*networks}
    bodies = (replace(b, channels=rights) if b.code == code else b for b in SMOLENSKY.bodies)
    return replace(SMOLENSKY, bodies=tuple(bodies))


def test_what_a_body_has_no_right_to_goes_to_the_district_with_a_note() -> None:
    region = barred("pecherskoe", Network.OPEN_REGION, Network.PAPER)
    by_vk = route(Topic.ROADS, "pecherskoe", region)
    by_portal = route(Topic.ROADS, "pecherskoe", region, Network.OPEN_REGION)
    by_letter = route(Topic.ROADS, "pecherskoe", region, Network.PAPER)

    assert (by_vk.body, by_vk.note) == ("pecherskoe", "")
    assert by_portal.rule == by_vk.rule
    assert by_portal.body == by_letter.body == "desk"
    assert by_portal.note == (
        "Администрация Печерского сельского поселения не работает с источником "
        "«Открытый регион»: передано — Администрация района, единая диспетчерская обращений"
    )
    assert "источником «Письмо на бумаге»: " in by_letter.note


def test_a_note_fits_where_it_is_stored() -> None:
    bodies = tuple(
        replace(b, name="я" * 300, channels=None if b.code == "desk" else frozenset())
        for b in SMOLENSKY.bodies
    )
    assert 400 < len(route(Topic.GAS, None, replace(SMOLENSKY, bodies=bodies)).note) <= 500


def test_helpers_work_beside_the_body_where_they_have_the_right() -> None:
    rule = RoutingRule("газ", None, None, "housing", helpers=("emergency", "property"))
    region = replace(barred("property", Network.PAPER), rules=(rule,))

    assert route(Topic.GAS, None, region).helpers == ("emergency", "property")
    assert route(Topic.GAS, None, region, Network.PAPER).helpers == ("emergency",)


def test_nobody_helps_itself() -> None:
    # Given a settlement whose administration is also a helper, and a desk that may have to step in
    rule = RoutingRule("всё", None, None, SETTLEMENT_ADMINISTRATION, helpers=("pecherskoe", "desk"))
    region = replace(barred("kozinskoe", Network.VK), rules=(rule,))

    assert route(Topic.GAS, "pecherskoe", region).helpers == ("desk",)
    assert route(Topic.GAS, "katynskoe", region).helpers == ("pecherskoe", "desk")
    stepped_in = route(Topic.GAS, "kozinskoe", region)
    assert (stepped_in.body, stepped_in.helpers) == ("desk", ("pecherskoe",))


def test_the_samples_let_the_property_department_help_with_dumps() -> None:
    found = route(Topic.GARBAGE, "pecherskoe", SMOLENSKY)
    assert (found.body, found.helpers) == ("pecherskoe", ("property",))


def test_the_amursk_villages_leave_the_portal_to_the_district() -> None:
    for settlement, body in (("amursk", "amursk"), ("achan", "desk")):
        assert route(Topic.ROADS, settlement, AMURSKY, Network.OPEN_REGION).body == body
        assert route(Topic.ROADS, settlement, AMURSKY, Network.VK).body == settlement


def test_every_rule_says_why_it_did_not_fit() -> None:
    region = replace(
        ruled(
            RoutingRule("газ", frozenset({Topic.GAS}), None, "housing"),
            RoutingRule("портал", None, None, "desk", sources=frozenset({Network.OPEN_REGION})),
            RoutingRule("срочное", None, None, "emergency", urgency=Urgency.URGENT),
            RoutingRule("Катынь", None, frozenset({"katynskoe"}), "desk"),
            RoutingRule("поселению", None, None, SETTLEMENT_ADMINISTRATION),
            RoutingRule("дороги", frozenset({Topic.ROADS}), None, "roads"),
            RoutingRule("остальное", None, None, "desk"),
        ),
        bodies=tuple(b for b in SMOLENSKY.bodies if b.settlement != "pecherskoe"),
    )

    def told(settlement: str | None) -> list[tuple[str, str]]:
        why = explain(Topic.ROADS, settlement, region, network=Network.VK, urgency=Urgency.NORMAL)
        assert why.assignment == Assignment("roads", "дороги")
        return list(why.passed)

    always = [("газ", "другая тема"), ("портал", "другой источник"), ("срочное", "другая важность")]
    unknown = "поселение не известно"
    assert told(None) == [*always, ("Катынь", unknown), ("поселению", unknown)]
    assert told("pecherskoe") == [
        *always,
        ("Катынь", "другое поселение"),
        ("поселению", "у поселения нет своей администрации"),
    ]


def test_the_default_is_explained_by_every_rule() -> None:
    why = explain(Topic.OTHER, None, SMOLENSKY, network=Network.VK, urgency=Urgency.NORMAL)
    assert [name for name, _ in why.passed] == [rule.name for rule in SMOLENSKY.rules]
    assert why.assignment == Assignment("desk", DEFAULT_RULE)


@given(
    topic=st.sampled_from(Topic),
    settlement=st.none() | st.sampled_from([s.code for s in SMOLENSKY.settlements]),
    region=st.sampled_from([SMOLENSKY, AMURSKY, barred("roads", *Network)]),
    network=st.sampled_from(Network),
    urgency=st.sampled_from(Urgency),
)
def test_there_is_always_one_body_that_exists_and_has_the_right(
    topic: Topic, settlement: str | None, region: Region, network: Network, urgency: Urgency
) -> None:
    assignment = route(topic, settlement, region, network, urgency)
    assert region.body(assignment.body).handles(network)
    assert all(region.body(code).handles(network) for code in assignment.helpers)
    assert assignment.body not in assignment.helpers
    assert assignment.rule
    why = explain(topic, settlement, region, network=network, urgency=urgency)
    assert why.assignment == assignment
    assert assignment.rule not in [name for name, _ in why.passed]
