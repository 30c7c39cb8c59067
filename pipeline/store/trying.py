"""The query behind trying a changed region on past incidents."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col

from models.incident import Incident, Pause
from models.vocabulary import Network, Term, Topic, Urgency

BATCH = 5_000


class Past(NamedTuple):
    """What decided about an incident, and what was decided; no citizen's text.

    ``paused`` tells whether its deadline was ever stopped.
    """

    id: int
    topic: Topic
    settlement: str | None
    network: Network
    urgency: Urgency
    body: str
    rule: str
    term: Term
    clock_from: datetime
    due_at: datetime
    paused: bool


def floor(session: Session, newest: int) -> int:
    """Return the number above which there are ``newest`` incidents, 0 where there are no more."""
    query = sa.select(col(Incident.id)).order_by(col(Incident.id).desc()).offset(newest).limit(1)
    return session.execute(query).scalar() or 0


def past_incidents(
    session: Session, since: datetime, *, above: int = 0
) -> Iterator[Sequence[Past]]:
    """Give the incidents whose citizens wrote since then, in batches, by number.

    Only those with a number ``above`` are looked at. Those that were merged into another are no
    incidents of their own any more.
    """
    query = (
        sa.select(
            col(Incident.id),
            col(Incident.topic),
            col(Incident.settlement),
            col(Incident.network),
            col(Incident.urgency),
            col(Incident.body),
            col(Incident.route_rule),
            col(Incident.term),
            col(Incident.clock_from),
            col(Incident.due_at),
            sa.exists().where(col(Pause.incident_id) == col(Incident.id)),
        )
        .where(
            col(Incident.id) > above,
            col(Incident.created_at) >= since,
            col(Incident.merged_into).is_(None),
        )
        .order_by(col(Incident.id))
    )
    found = session.connection().execute(query, execution_options={"yield_per": BATCH})
    for rows in found.partitions():
        yield [Past(*row) for row in rows]
