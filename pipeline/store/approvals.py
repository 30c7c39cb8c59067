"""Queries about answers that wait for the head's word."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.answer import Answer
from models.incident import OPEN, Incident
from models.journal import JournalEntry
from models.vocabulary import Act, AnswerState, Stage

LISTED = 100
REMARKS = 10


def waiting(session: Session, limit: int = LISTED) -> list[tuple[Answer, Incident]]:
    """Return answers before the head with their incidents, the nearest deadline first."""
    query = (
        select(Answer, Incident)
        .join(Incident, col(Incident.id) == col(Answer.incident_id))
        .where(
            sa.text(f"incident.{OPEN}"),
            col(Incident.stage) == Stage.APPROVAL,
            col(Answer.state) == AnswerState.APPROVAL,
        )
        .order_by(col(Incident.due_at), col(Incident.id), col(Answer.id))
        .limit(limit)
    )
    return [(answer, incident) for answer, incident in session.exec(query)]


def remarks(session: Session, incident_id: int, limit: int = REMARKS) -> list[JournalEntry]:
    """Return with what words answers of an incident were given back, the newest first."""
    query = (
        select(JournalEntry)
        .where(JournalEntry.incident_id == incident_id, JournalEntry.act == Act.REJECTED)
        .order_by(col(JournalEntry.id).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())
