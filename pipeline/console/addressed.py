"""Who is responsible for an incident and why: the rule that chose, and those that it passed."""

from dataclasses import dataclass

from models.incident import Incident
from pipeline.console.frame import Console
from pipeline.console.wording import body_name
from pipeline.decisions import routing
from pipeline.region.schema import Contacts

MOST_RULES = 60
"""Rules passed over that are told one by one."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """The responsible body and its route.

    ``rule`` and ``note`` are what chose it then, ``passed`` the rules of the region's present
    table that do not fit, each with its reason; ``more`` says how many are left out.
    ``otherwise`` tells whom the present table would choose instead, or is "".
    """

    body: str
    contacts: Contacts
    rule: str
    note: str
    passed: list[tuple[str, str]]
    more: int
    otherwise: str


def addressed(incident: Incident, console: Console) -> Addressed:
    """Return who is responsible for an incident and how that came."""
    region = console.region
    explained = routing.explain(
        incident.topic,
        incident.settlement,
        region,
        network=incident.network,
        urgency=incident.urgency,
    )
    chosen = explained.assignment
    otherwise = ""
    if chosen.body != incident.body:
        name = body_name(chosen.body, region)
        otherwise = f"По нынешней таблице подошло бы «{chosen.rule}»: {name}."
    known = {body.code: body.contacts for body in region.bodies}
    return Addressed(
        body=body_name(incident.body, region),
        contacts=known.get(incident.body, Contacts()),
        rule=incident.route_rule,
        note=incident.route_note,
        passed=list(explained.passed[:MOST_RULES]),
        more=max(len(explained.passed) - MOST_RULES, 0),
        otherwise=otherwise,
    )
