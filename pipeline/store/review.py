"""Queries of the review queue: what a person should look at, urgent first, then by deadline."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.console import Lease
from models.incident import TO_REVIEW, Incident
from models.journal import JournalEntry
from models.vocabulary import Urgency

COUNTED = 1_001
"""Incidents counted at most: a page is shown for every item, and «больше 1000» says enough."""

MOST_ENTRIES = 10
"""Entries that tell what happened meanwhile."""

FIRST_URGENT = (Urgency.URGENT, Urgency.NORMAL)


def held(
    session: Session, staff_id: int, *, now: datetime, without: Collection[int] = ()
) -> int | None:
    """Return what somebody took and did not deal with yet, the most pressing of it, or None."""
    query = (
        _waiting(now, without)
        .join(Lease, col(Lease.incident_id) == col(Incident.id))
        .where(col(Lease.staff_id) == staff_id, col(Lease.until) > now)
        .order_by(col(Incident.urgency).desc(), col(Incident.due_at), col(Incident.id))
        .limit(1)
    )
    return session.execute(query).scalar()


def free(session: Session, *, now: datetime, without: Collection[int] = ()) -> int | None:
    """Return the most pressing incident that nobody looks at, or None.

    On PostgreSQL its row is locked, and rows that others have locked are passed over.
    """
    for urgency in FIRST_URGENT:
        query = (
            _waiting(now, without)
            .where(col(Incident.urgency) == urgency, ~_leased(now))
            .order_by(col(Incident.due_at), col(Incident.id))
            .limit(1)
            # Not the strongest lock: posts may join the incident meanwhile.
            .with_for_update(skip_locked=True, key_share=True, of=Incident)
        )
        found: int | None = session.execute(query).scalar()
        if found is not None:
            return found
    return None


def count_waiting(session: Session, *, now: datetime) -> int:
    """Return how many incidents wait for a person, ``COUNTED`` for that many or more."""
    few = _waiting(now).limit(COUNTED).subquery()
    return int(session.execute(sa.select(sa.func.count()).select_from(few)).scalar_one())


def _waiting(now: datetime, without: Collection[int] = ()) -> sa.Select[Any]:
    awake = col(Incident.snoozed_until).is_(None) | (col(Incident.snoozed_until) <= now)
    query = sa.select(col(Incident.id)).where(sa.text(TO_REVIEW), awake)
    return query.where(col(Incident.id).not_in(without)) if without else query


def _leased(now: datetime) -> sa.ColumnElement[bool]:
    return sa.exists().where(col(Lease.incident_id) == col(Incident.id), col(Lease.until) > now)


def entries_since(session: Session, incident_id: int, entry_id: int) -> list[JournalEntry]:
    """Return what happened to an incident after an entry of its journal, the oldest first."""
    query = (
        select(JournalEntry)
        .where(JournalEntry.incident_id == incident_id, col(JournalEntry.id) > entry_id)
        .order_by(col(JournalEntry.id))
        .limit(MOST_ENTRIES)
    )
    return list(session.exec(query).all())


def newest_entry(session: Session, incident_id: int) -> int:
    """Return the id of the newest entry of an incident's journal, 0 for none."""
    query = sa.select(sa.func.max(col(JournalEntry.id))).where(
        col(JournalEntry.incident_id) == incident_id
    )
    return session.execute(query).scalar() or 0
