"""Closing incidents: another system has closed them, or a person says that they are none."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Incident
from models.values import Stated
from models.vocabulary import Act, ClosingReason, Stage
from pipeline.decisions.permissions import Actor
from pipeline.desk import steps
from pipeline.desk.steps import note, state
from pipeline.desk.terms import enter
from pipeline.rules import Rules


def close_stated(
    session: Session, stated: Mapping[int, Stated], *, now: datetime, rules: Rules
) -> int:
    """Close the open ones among these incidents as their table states; return how many.

    ``stated`` holds, by incident, a row with ``closed_at``; the outcome is the row's too. An
    incident that is closed already stays as it is.
    """
    if not stated:
        return 0
    still_open = session.exec(
        select(Incident)
        .where(col(Incident.id).in_(stated), col(Incident.stage) != Stage.CLOSED)
        .order_by(col(Incident.id))
        .with_for_update()
    ).all()
    for incident in still_open:
        row, before = stated[stored_id(incident.id)], state(incident)
        enter(session, incident, Stage.CLOSED, now=now, rules=rules)
        incident.outcome = row.outcome
        incident.closed_at, incident.closing_reason = row.closed_at, ClosingReason.BY_SOURCE
        note(
            session,
            incident,
            Act.CLOSED,
            before,
            at=now,
            reason="closed_by_source",
            facts={"outcome": row.outcome.value if row.outcome else None},
        )
    return len(still_open)


def close_irrelevant(
    session: Session,
    incident: Incident,
    *,
    by: Actor,
    now: datetime,
    rules: Rules,
    why: str = "not_relevant",
) -> None:
    """Close an open incident that is none, as a person says; nobody has to answer any more.

    ``why`` is the person's word for it, or the name of the rule.
    """
    incident.outcome = None
    steps.close(
        session,
        incident,
        ClosingReason.NOT_RELEVANT,
        now=now,
        rules=rules,
        by=by,
        reason=why,
    )
