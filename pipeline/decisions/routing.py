"""Chooses the one body that answers for a topic in a place, by the region's own table."""

from dataclasses import dataclass

from models.values import Assignment
from models.vocabulary import Network, Topic, Urgency
from pipeline.region.schema import SETTLEMENT_ADMINISTRATION, Body, Region, RoutingRule

DEFAULT_RULE = "по умолчанию"
"""The rule that an assignment names when no row of the table fits."""

LONGEST_NAME = 200
"""Characters of a body's name in a note, so that a note fits where it is stored."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may ask of an incident; ``settlement`` is None when the place is not known."""

    topic: Topic
    settlement: str | None
    network: Network
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a body was chosen: each rule that was passed over with its reason, in Russian.

    The rule that fitted is the assignment's.
    """

    passed: tuple[tuple[str, str], ...]
    assignment: Assignment


def route(
    topic: Topic, settlement: str | None, region: Region, *, network: Network, urgency: Urgency
) -> Assignment:
    """Return the responsible body, the first rule that fits, and who helps.

    ``settlement`` is a code of the region, or None when the place is not known. A rule that
    speaks of certain settlements, or sends to the settlement's own administration, fits only a
    known settlement (and an administration that exists). Where the rule's body has no right to
    the network, the region's default body takes it and the note says why. There is always
    exactly one body, and it is never among its own helpers.
    """
    facts = Facts(topic, settlement, network, urgency)
    for rule in region.rules:
        if not _misfit(rule, facts, region):
            return _assign(rule, facts, region)
    return Assignment(body=region.default_body, rule=DEFAULT_RULE)


def explain(
    topic: Topic, settlement: str | None, region: Region, *, network: Network, urgency: Urgency
) -> Explanation:
    """Return what ``route`` returns, with every rule before it and why that one did not fit."""
    facts = Facts(topic, settlement, network, urgency)
    passed = []
    for rule in region.rules:
        misfit = _misfit(rule, facts, region)
        if not misfit:
            break
        passed.append((rule.name, misfit))
    assignment = route(topic, settlement, region, network=network, urgency=urgency)
    return Explanation(tuple(passed), assignment)


def _misfit(rule: RoutingRule, facts: Facts, region: Region) -> str:
    """Return why a rule does not fit, in Russian; empty where it does."""
    place, own = facts.settlement, rule.body == SETTLEMENT_ADMINISTRATION
    if rule.topics is not None and facts.topic not in rule.topics:
        return "другая тема"
    if rule.sources is not None and facts.network not in rule.sources:
        return "другой источник"
    if rule.urgency not in (None, facts.urgency):
        return "другая важность"
    if place is None:
        return "поселение не известно" if own or rule.settlements is not None else ""
    if rule.settlements is not None and place not in rule.settlements:
        return "другое поселение"
    alone = own and region.administration_of(place) is None
    return "у поселения нет своей администрации" if alone else ""


def _assign(rule: RoutingRule, facts: Facts, region: Region) -> Assignment:
    body, note = _body(rule, facts, region), ""
    if not body.handles(facts.network):
        district = region.body(region.default_body)
        note = (
            f"{body.name[:LONGEST_NAME]} не работает с источником {_quoted(facts.network)}: "
            f"передано — {district.name[:LONGEST_NAME]}"
        )
        body = district
    helpers = tuple(
        code
        for code in rule.helpers
        if code != body.code and region.body(code).handles(facts.network)
    )
    return Assignment(body.code, rule.name, note, helpers)


def _body(rule: RoutingRule, facts: Facts, region: Region) -> Body:
    """Return the body that a fitting rule names."""
    own = rule.body == SETTLEMENT_ADMINISTRATION
    administration = region.administration_of(facts.settlement or "") if own else None
    return administration or region.body(rule.body)


def _quoted(network: Network) -> str:
    name = network.russian
    return name if "«" in name else f"«{name}»"
