"""Queries about incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.incident import OPEN, URGENT, CoExecutor, Incident, Pause
from models.journal import JournalEntry
from models.post import Post
from models.source import Source
from models.vocabulary import Certainty, Role, Stage, Topic, Urgency
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.permissions import Actor, sees


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue shows of all that is owed an answer; None is everything.

    ``overdue_at`` keeps what was due by then, ``body`` what it answers for or helps with. A
    ``stage`` may also be one in which nothing is owed.
    """

    topic: Topic | None = None
    settlement: str | None = None
    urgency: Urgency | None = None
    certainty: Certainty | None = None
    overdue_at: datetime | None = None
    body: str | None = None
    stage: Stage | None = None


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


def pauses_of(session: Session, incident_id: int, cycle: str | None = None) -> list[Pause]:
    """Return an incident's pauses, the first one first; of one round and term, or all."""
    query = select(Pause).where(Pause.incident_id == incident_id).order_by(col(Pause.id))
    return list(session.exec(query if cycle is None else query.where(Pause.cycle == cycle)).all())


def helpers_of(session: Session, incident_id: int) -> tuple[str, ...]:
    """Return the codes of the bodies that help with an incident."""
    query = (
        sa.select(col(CoExecutor.body))
        .where(col(CoExecutor.incident_id) == incident_id)
        .order_by(col(CoExecutor.body))
    )
    return tuple(session.execute(query).scalars())


def visible_incident(session: Session, actor: Actor, incident_id: int) -> Incident | None:
    """Return one incident if this person may look at it, else None: a stranger's is not there."""
    incident = find_incident(session, incident_id)
    if incident is None:
        return None
    helpers = helpers_of(session, incident_id) if actor.role is Role.EXECUTOR else ()
    return incident if sees(actor, incident.body, helpers) else None


def _conditions(wanted: QueueFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.stage is None or wanted.stage in LEGAL:
        conditions.append(sa.text(f"incident.{OPEN}"))  # type: ignore[arg-type]  # as good as one
    if wanted.stage is not None:
        conditions.append(col(Incident.stage) == wanted.stage)
    if wanted.body is not None:
        helped = sa.select(col(CoExecutor.incident_id)).where(col(CoExecutor.body) == wanted.body)
        conditions.append((col(Incident.body) == wanted.body) | col(Incident.id).in_(helped))
    if wanted.topic is not None:
        conditions.append(col(Incident.topic) == wanted.topic)
    if wanted.settlement is not None:
        conditions.append(col(Incident.settlement) == wanted.settlement)
    if wanted.urgency is not None:
        conditions.append(_urgency(wanted.urgency))
    if wanted.certainty is not None:
        conditions.append(col(Incident.certainty) == wanted.certainty)
    if wanted.overdue_at is not None:
        conditions.append(col(Incident.due_at) < wanted.overdue_at)
    return conditions


def _urgency(urgency: Urgency) -> sa.ColumnElement[bool]:
    if urgency is Urgency.URGENT:
        return sa.text(f"incident.{URGENT}")  # type: ignore[return-value]  # as good as one
    return col(Incident.urgency) == urgency


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
