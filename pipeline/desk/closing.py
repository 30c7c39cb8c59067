"""Closing incidents: another system has closed them, or a person says that they are none."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.values import Stated
from models.vocabulary import Act, Stage
from pipeline.desk.timers import cancel


def close_stated(session: Session, stated: Mapping[int, Stated], now: datetime) -> int:
    """Close the open ones among these incidents as their table states; return how many.

    ``stated`` holds, by incident, a row with ``closed_at``; the outcome is the row's too. An
    incident that is closed already stays as it is.
    """
    still_open = session.exec(
        select(Incident)
        .where(col(Incident.id).in_(stated), col(Incident.stage) != Stage.CLOSED)
        .with_for_update()
    ).all()
    for incident in still_open:
        row = stated[stored_id(incident.id)]
        incident.stage = Stage.CLOSED
        incident.outcome = row.outcome
        incident.closed_at = row.closed_at
        incident.version += 1
        session.add(
            JournalEntry(
                incident_id=stored_id(incident.id),
                at=now,
                act=Act.CLOSED,
                reason="closed_by_source",
                after={"outcome": row.outcome.value if row.outcome else None},
            )
        )
    cancel(session, [stored_id(incident.id) for incident in still_open])
    return len(still_open)


def close_irrelevant(session: Session, incident: Incident, *, by: str, now: datetime) -> None:
    """Close an open incident that is none, as a person says; nobody has to answer any more."""
    incident.stage = Stage.CLOSED
    incident.outcome = None
    incident.closed_at = now
    session.add(
        JournalEntry(
            incident_id=stored_id(incident.id),
            at=now,
            actor=by,
            act=Act.CLOSED,
            reason="not_relevant",
        )
    )
    cancel(session, [stored_id(incident.id)])
