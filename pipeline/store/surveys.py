"""Queries about surveys; a link is looked up by its token's hash only."""

from sqlmodel import Session, col, select

from models.survey import Survey


def by_token_hash(session: Session, token_hash: str, *, lock: bool = False) -> Survey | None:
    """Return the survey of a link, or None; ``lock`` reads it anew and keeps writers off it."""
    query = select(Survey).where(Survey.token_hash == token_hash)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).one_or_none()


def of_answer(session: Session, answer_id: int) -> Survey | None:
    """Return the survey about one answer, or None."""
    return session.exec(select(Survey).where(Survey.answer_id == answer_id)).one_or_none()


def about(session: Session, incident_id: int) -> list[Survey]:
    """Return an incident's surveys, the first one first."""
    query = select(Survey).where(Survey.incident_id == incident_id).order_by(col(Survey.id))
    return list(session.exec(query).all())
