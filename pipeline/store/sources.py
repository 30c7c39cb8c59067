"""Queries about sources."""

from sqlmodel import Session, select

from models.source import Source


def find_source(session: Session, key: str) -> Source | None:
    """Return the source with this key, or None."""
    return session.exec(select(Source).where(Source.key == key)).one_or_none()


def all_sources(session: Session) -> list[Source]:
    """Return every source ever read, by key."""
    return list(session.exec(select(Source).order_by(Source.key)).all())
