"""Queries about the journal as a whole; an incident's own entries are with the incidents."""

from sqlmodel import Session, col, select

from models.journal import JournalEntry


def newest_entries(
    session: Session, limit: int, *, incident_id: int | None = None
) -> list[JournalEntry]:
    """Return the newest entries, of one incident or of all, the oldest of them first."""
    query = select(JournalEntry).order_by(col(JournalEntry.id).desc()).limit(limit)
    if incident_id is not None:
        query = query.where(JournalEntry.incident_id == incident_id)
    return list(reversed(session.exec(query).all()))
