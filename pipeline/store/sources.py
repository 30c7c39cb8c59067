"""Queries about sources, and about what came in and waits."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.inbox import Event, Unreadable
from models.source import Source


def find_source(session: Session, key: str) -> Source | None:
    """Return the source with this key, or None."""
    return session.exec(select(Source).where(Source.key == key)).one_or_none()


def all_sources(session: Session) -> list[Source]:
    """Return every source ever read, by key."""
    return list(session.exec(select(Source).order_by(Source.key)).all())


def waiting_events(session: Session, key: str, *, limit: int) -> list[Event]:
    """Return the events of a source that nobody has read yet, the first ones first."""
    query = (
        select(Event)
        .where(Event.source_key == key, col(Event.taken_at).is_(None))
        .order_by(col(Event.id))
        .limit(limit)
    )
    return list(session.exec(query).all())


def waiting_events_counts(session: Session) -> dict[str, int]:
    """Return, by source, how many events wait to be read."""
    query = (
        sa.select(col(Event.source_key), sa.func.count())
        .where(col(Event.taken_at).is_(None))
        .group_by(col(Event.source_key))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def unreadable_counts(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """Return, by source, how many items nobody could read."""
    query = (
        sa.select(col(Unreadable.source_key), sa.func.count())
        .where(col(Unreadable.source_key).in_(list(keys)))
        .group_by(col(Unreadable.source_key))
    )
    return {row[0]: row[1] for row in session.execute(query)}
