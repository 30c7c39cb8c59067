"""Queries about who has an incident before them."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from models.console import Lease
from models.staff import Staff


def looking(session: Session, incident_id: int, *, now: datetime) -> str | None:
    """Return the login of who looks at an incident at ``now``, None for nobody."""
    return lookers(session, [incident_id], now=now).get(incident_id)


def lookers(session: Session, incident_ids: Iterable[int], *, now: datetime) -> dict[int, str]:
    """Return who looks at these incidents at ``now``: logins by incident, nobody left out."""
    query = (
        sa.select(col(Lease.incident_id), col(Staff.login))
        .join(Staff, col(Staff.id) == col(Lease.staff_id))
        .where(col(Lease.incident_id).in_(list(incident_ids)), col(Lease.until) > now)
    )
    return dict(session.execute(query).tuples().all())
