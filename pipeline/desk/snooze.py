"""Putting an incident off: until its moment comes, the review queue leaves it out."""

from datetime import datetime

from sqlmodel import Session

from models.incident import Incident
from models.vocabulary import Act
from pipeline.decisions.lifecycle import Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk.cases import open_case
from pipeline.desk.steps import note, state
from pipeline.rules import Rules


def snooze(
    session: Session,
    incident_id: int,
    until: datetime | None,
    *,
    actor: Actor,
    version: int | None,
    reason: str = "",
    rules: Rules,
    now: datetime,
) -> Incident | Refused:
    """Put an incident off until a moment, or wake it (None); return it. No deadline moves.

    ``version`` is the incident's that the actor has seen, None for who has seen none.
    """
    wish = Wish(Act.SNOOZED, reason, version, until=until)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    incident = case.incident
    if incident.snoozed_until == until:
        return incident
    before = state(incident) | {"until": _text(incident.snoozed_until)}
    incident.snoozed_until = until
    incident.version += 1
    note(
        session,
        incident,
        Act.SNOOZED,
        before,
        at=now,
        by=actor,
        reason=reason,
        facts={"until": _text(until)},
    )
    return incident


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
