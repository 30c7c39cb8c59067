"""Who has an incident of the review queue before them: no two people get the same one.

A lease is no act and writes no journal: it ends by itself, and whoever comes later may go on.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from models.console import Lease
from pipeline.desk.bulk import insert_into
from pipeline.store import review

LEASE = timedelta(minutes=3)
"""How long an item is kept for somebody whose page says nothing; an open one speaks each minute."""

TRIES = 20
"""How often another item is looked for when somebody else was quicker."""


def take_next(
    session: Session, staff_id: int, *, now: datetime, without: Collection[int] = ()
) -> int | None:
    """Return the incident that somebody looks at next, theirs until ``now`` + LEASE, or None.

    What they have taken already comes before what nobody has; ``without`` is left out.
    """
    session.execute(
        sa.delete(Lease).where(col(Lease.staff_id) == staff_id, col(Lease.until) <= now)
    )
    for _ in range(TRIES):
        found = review.held(session, staff_id, now=now, without=without)
        if found is None:
            found = review.free(session, now=now, without=without)
        if found is None or renew(session, staff_id, [found], now=now):
            return found
    return None


def renew(
    session: Session, staff_id: int, incident_ids: Iterable[int], *, now: datetime
) -> frozenset[int]:
    """Keep incidents for somebody until ``now`` + LEASE; return those that are theirs now.

    One that somebody else looks at stays that person's. The incidents must exist.
    """
    rows = [
        {"incident_id": number, "staff_id": staff_id, "until": now + LEASE}
        # In one order, so that two who renew the same ones never wait for each other.
        for number in sorted(set(incident_ids))
    ]
    if not rows:
        return frozenset()
    added = insert_into(session, Lease).values(rows)
    kept = added.on_conflict_do_update(
        index_elements=["incident_id"],
        set_={"staff_id": added.excluded.staff_id, "until": added.excluded.until},
        where=(col(Lease.staff_id) == staff_id) | (col(Lease.until) <= now),
    )
    taken = session.execute(kept.returning(col(Lease.incident_id)))
    return frozenset(taken.scalars())


def kept_until(now: datetime) -> float:
    """Return until when a lease that is renewed now lasts, in seconds since 1970."""
    return (now + LEASE).timestamp()


def release(
    session: Session,
    staff_id: int,
    incident_ids: Iterable[int],
    *,
    until: datetime | None = None,
) -> None:
    """Let others have what somebody looked at.

    ``until`` is how long the page that is left knows itself to keep them: what the same person has
    renewed since, on a page that was opened anew, stays theirs.
    """
    mine = sa.delete(Lease).where(
        col(Lease.staff_id) == staff_id, col(Lease.incident_id).in_(list(incident_ids))
    )
    session.execute(mine if until is None else mine.where(col(Lease.until) <= until))
