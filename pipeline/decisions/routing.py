"""Chooses the one body that answers for a topic in a place, by the region's own table."""

from models.values import Assignment
from models.vocabulary import Topic
from pipeline.region.schema import SETTLEMENT_ADMINISTRATION, Region, RoutingRule

DEFAULT_RULE = "по умолчанию"
"""The rule that an assignment names when no row of the table fits."""


def route(topic: Topic, settlement: str | None, region: Region) -> Assignment:
    """Return the responsible body and the name of the first rule that fits.

    ``settlement`` is a code of the region, or None when the place is not known. A rule that
    speaks of certain settlements, or sends to the settlement's own administration, fits only a
    known settlement (and an administration that exists). There is always exactly one body.
    """
    for rule in region.rules:
        body = _body(rule, topic, settlement, region)
        if body is not None:
            return Assignment(body=body, rule=rule.name)
    return Assignment(body=region.default_body, rule=DEFAULT_RULE)


def _body(rule: RoutingRule, topic: Topic, settlement: str | None, region: Region) -> str | None:
    if rule.topics is not None and topic not in rule.topics:
        return None
    if rule.settlements is not None and settlement not in rule.settlements:
        return None
    if rule.body != SETTLEMENT_ADMINISTRATION:
        return rule.body
    administration = None if settlement is None else region.administration_of(settlement)
    return None if administration is None else administration.code
