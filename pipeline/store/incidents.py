"""Queries about incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from models.source import Source
from models.vocabulary import Certainty, Stage, Topic, Urgency


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue shows; None is everything. ``overdue_at`` keeps what was due by then."""

    topic: Topic | None = None
    settlement: str | None = None
    urgency: Urgency | None = None
    certainty: Certainty | None = None
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One open incident with its first post and the source that it came from."""

    incident: Incident
    post: Post
    source: Source


def queue(
    session: Session, wanted: QueueFilter, *, offset: int = 0, limit: int = 50
) -> list[QueueRow]:
    """Return open incidents, the nearest deadline first."""
    query = (
        select(Incident)
        .where(*_conditions(wanted))
        .order_by(col(Incident.due_at), col(Incident.id))
        .offset(offset)
        .limit(limit)
    )
    incidents = session.exec(query).all()
    first = _first_posts(session, [incident.id for incident in incidents if incident.id])
    return [
        QueueRow(incident, *first[incident.id]) for incident in incidents if incident.id in first
    ]


def count_queue(session: Session, wanted: QueueFilter) -> int:
    """Return how many open incidents the filter lets through."""
    query = select(sa.func.count()).select_from(Incident).where(*_conditions(wanted))
    return session.exec(query).one()


def find_incident(session: Session, incident_id: int) -> Incident | None:
    """Return one incident, or None."""
    return session.get(Incident, incident_id)


def journal_of(session: Session, incident_id: int) -> list[JournalEntry]:
    """Return an incident's journal, the oldest entry first."""
    query = (
        select(JournalEntry)
        .where(JournalEntry.incident_id == incident_id)
        .order_by(col(JournalEntry.id))
    )
    return list(session.exec(query).all())


def _conditions(wanted: QueueFilter) -> list[sa.ColumnElement[bool]]:
    conditions = [col(Incident.stage) == Stage.REVIEW]
    if wanted.topic is not None:
        conditions.append(col(Incident.topic) == wanted.topic)
    if wanted.settlement is not None:
        conditions.append(col(Incident.settlement) == wanted.settlement)
    if wanted.urgency is not None:
        conditions.append(col(Incident.urgency) == wanted.urgency)
    if wanted.certainty is not None:
        conditions.append(col(Incident.certainty) == wanted.certainty)
    if wanted.overdue_at is not None:
        conditions.append(col(Incident.due_at) < wanted.overdue_at)
    return conditions


def _first_posts(session: Session, incident_ids: Sequence[int]) -> dict[int, tuple[Post, Source]]:
    first = (
        select(sa.func.min(col(Post.id)))
        .where(col(Post.incident_id).in_(incident_ids))
        .group_by(col(Post.incident_id))
    )
    query = (
        select(Post, Source)
        .join(Source, col(Source.id) == col(Post.source_id))
        .where(col(Post.id).in_(first))
    )
    return {
        post.incident_id: (post, source)
        for post, source in session.exec(query)
        if post.incident_id is not None
    }
