"""Queries about what the period of retention is over for.

Nothing but the run itself asks them: they walk through all closed incidents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from models.console import Lease, Undo
from models.inbox import Event, Unreadable
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from models.source import Source
from models.staff import EntryLink
from models.vocabulary import MACHINE, Act, Network, Stage
from pipeline.decisions.retention import ERASED
from pipeline.region.schema import Retention

MANY = 10_000
"""Rows are counted up to this; of more it is only said that there are more."""

OVER = timedelta(days=7)
"""Links that have expired and acts that nobody can take back any more stay for so long."""

Condition = sa.ColumnElement[bool]


class OldPost(NamedTuple):
    """A post whose author is to be forgotten."""

    id: int
    network: Network
    external_id: str
    parent_id: str
    root_id: str
    author_id: str
    text: str
    stated: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rows of one table that have served; ``title`` names them in Russian."""

    table: type[SQLModel]
    title: str
    over: Condition


def _unerased() -> Condition:
    unmarked: Condition = col(Post.stated)[ERASED].as_string().is_(None)
    return unmarked


def _due(before: datetime) -> tuple[Condition, ...]:
    """Return what makes an incident due: closed before that, with a post that names its author."""
    post = sa.exists().where(col(Post.incident_id) == col(Incident.id), _unerased())
    return (col(Incident.stage) == Stage.CLOSED, col(Incident.closed_at) < before, post)


def due_by_year(
    session: Session, before: datetime, years: Sequence[tuple[int, datetime]]
) -> list[tuple[int, int]]:
    """Count due incidents by the year of their closing, the oldest first.

    ``years`` are years with the moment at which each ends, the oldest first; what closed before
    them counts for the first.
    """
    year = sa.case(*((col(Incident.closed_at) < end, number) for number, end in years))
    query = sa.select(year.label("year"), sa.func.count()).where(*_due(before))
    found = session.execute(query.group_by("year").order_by("year"))
    return [(number, count) for number, count in found]


def due_incidents(
    session: Session, before: datetime, *, after: int, limit: int, lock: bool = False
) -> list[int]:
    """Return ids of due incidents above ``after``, the smallest first; locked on demand."""
    query = (
        sa.select(col(Incident.id))
        .where(*_due(before), col(Incident.id) > after)
        .order_by(col(Incident.id))
        .limit(limit)
    )
    if lock:
        query = query.with_for_update(of=Incident)
    return list(session.execute(query).scalars())


def _loose(before: datetime) -> tuple[Condition, ...]:
    return (col(Post.incident_id).is_(None), col(Post.first_seen_at) < before, _unerased())


def count_loose(session: Session, before: datetime) -> int:
    """Count due posts without an incident, at most ``MANY`` and one."""
    return _count(session, sa.select(col(Post.id)).where(*_loose(before)))


def loose_posts(session: Session, before: datetime, *, after: int, limit: int) -> list[OldPost]:
    """Return due posts without an incident, above ``after``, the smallest id first."""
    query = _old_posts().where(*_loose(before), col(Post.id) > after)
    return [OldPost(*row) for row in session.execute(query.order_by(col(Post.id)).limit(limit))]


def posts_of(session: Session, incidents: Sequence[int]) -> list[OldPost]:
    """Return the posts of these incidents whose authors are still named."""
    query = _old_posts().where(col(Post.incident_id).in_(incidents), _unerased())
    return [OldPost(*row) for row in session.execute(query.order_by(col(Post.id)))]


def _old_posts() -> sa.Select[Any]:
    return sa.select(
        col(Post.id),
        col(Source.network),
        col(Post.external_id),
        col(Post.parent_id),
        col(Post.root_id),
        col(Post.author_id),
        col(Post.text),
        col(Post.stated),
    ).join(Source, col(Source.id) == col(Post.source_id))


def erasures(session: Session, limit: int, *, by_people: bool = False) -> list[JournalEntry]:
    """Return the newest entries about erasures, the newest first.

    They belong to no incident, and few entries do.
    """
    query = select(JournalEntry).where(
        col(JournalEntry.incident_id).is_(None), JournalEntry.act == Act.AUTHORS_ERASED
    )
    if by_people:
        query = query.where(JournalEntry.actor != MACHINE)
    return list(session.exec(query.order_by(col(JournalEntry.id).desc()).limit(limit)).all())


def sweeps(retention: Retention, now: datetime) -> list[Sweep]:
    """Return which rows have served by now; personal data only where the region sets a period."""
    found = [
        Sweep(EntryLink, "просроченные ссылки для входа", col(EntryLink.expires_at) < now - OVER),
        Sweep(Lease, "просроченные пометки «смотрит»", col(Lease.until) < now),
        Sweep(Undo, "сведения для отмены действий", col(Undo.at) < now - OVER),
    ]
    if retention.unreadable_days is not None:
        since = now - timedelta(days=retention.unreadable_days)
        over = col(Unreadable.last_seen_at) < since
        found.append(Sweep(Unreadable, "нечитаемые сообщения источников", over))
    if retention.inbox_days is not None:
        since = now - timedelta(days=retention.inbox_days)
        found.append(Sweep(Event, "принятые события сетей", col(Event.taken_at) < since))
    return found


def count_swept(session: Session, sweep: Sweep) -> int:
    """Count the rows that a sweep would delete, at most ``MANY`` and one."""
    return _count(session, sa.select(sa.literal(1)).select_from(sweep.table).where(sweep.over))


def _count(session: Session, query: sa.Select[Any]) -> int:
    some = query.limit(MANY + 1).subquery()
    found: int = session.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return found
