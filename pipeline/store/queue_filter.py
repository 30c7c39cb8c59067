"""What a list of incidents may be narrowed to, and how the databases are asked for it.

Every condition has an index to go by; a condition of a partial one stands literally in the query.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from classifiers.stems import Query
from models.incident import DONE, OPEN, SATISFACTION, UNASSIGNED, URGENT, CoExecutor, Incident
from models.post import Post
from models.source import Source
from models.vocabulary import Certainty, Network, Outcome, Stage, Topic, Urgency
from pipeline.decisions.clocks import LEGAL
from pipeline.store.search import Found, among, find

SOME = 20_000
"""Incidents that are named one by one; where a source has more, each is asked for its posts."""

HELPED = 1_000
"""The same of the open incidents that a body helps with."""


class State(StrEnum):
    """Whether an answer is owed."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"open": "открытые", "closed": "отвеченные и закрытые", "all": "все"}[self.value]


class By(StrEnum):
    """Which of an incident's moments a period is of."""

    CREATED = "created"
    PUBLISHED = "published"
    CLOSED = "closed"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "created": "написано",
            "published": "первый ответ",
            "closed": "закрыто",
        }[self.value]


MOMENTS = {
    By.CREATED: col(Incident.created_at),
    By.PUBLISHED: col(Incident.published_at),
    By.CLOSED: col(Incident.closed_at),
}


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list shows; None is everything. Moments are in UTC, and periods have no end in them.

    ``overdue_at`` keeps what was due by then, ``due`` what is due in a period, ``snoozed_at`` what
    is put off at that moment. ``body`` is what it answers for or helps with; so is ``limited_to``,
    which whoever sees one body's incidents alone cannot choose. A ``stage`` may also be one in
    which nothing is owed, whatever ``state`` says. ``since`` and ``until`` are of ``by``.
    ``in_time`` tells of the first answer; ``unrated`` is what has one and no rating, of ``state``
    OPEN what its author may still rate. ``source`` is a key, ``operator`` a login.
    """

    topic: Topic | None = None
    settlement: str | None = None
    urgency: Urgency | None = None
    certainty: Certainty | None = None
    overdue_at: datetime | None = None
    body: str | None = None
    stage: Stage | None = None
    limited_to: str | None = None
    text: Query | None = None
    source: str | None = None
    network: Network | None = None
    due: tuple[datetime, datetime] | None = None
    snoozed_at: datetime | None = None
    state: State = State.OPEN
    by: By = By.CREATED
    since: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    in_time: bool | None = None
    operator: str | None = None
    unassigned: bool = False
    unrated: bool = False

    @property
    def owed(self) -> bool:
        """Tell whether the list is of what is owed an answer, the nearest deadline first."""
        if self.stage is not None:
            return self.stage in LEGAL
        return self.state is State.OPEN and not self.unrated


@dataclass(frozen=True, slots=True)
class Plan:
    """A filter as conditions and an order; ``frequent`` words are looked for one by one."""

    conditions: list[sa.ColumnElement[bool]]
    order: tuple[sa.ColumnElement[Any], ...]
    frequent: Found | None


def plan(session: Session, wanted: QueueFilter) -> Plan:
    """Return how to ask for what is wanted."""
    found = find(session, wanted.text) if wanted.text else None
    conditions = [
        *_standing(wanted),
        *_facts(wanted),
        *_moments(wanted),
        *(
            _of_body(session, body, wanted)
            for body in {wanted.body, wanted.limited_to}
            if body is not None
        ),
    ]
    if wanted.source is not None:
        conditions.append(_of_source(session, wanted.source))
    if found is not None and found.incidents is not None:
        conditions.append(among(session, col(Incident.id), found.incidents))
        found = None
    return Plan(conditions, _order(wanted), found)


def _standing(wanted: QueueFilter) -> list[sa.ColumnElement[bool]]:
    """Return what the stage says: one of these has to be in every query."""
    conditions = []
    if wanted.owed:
        conditions.append(_literal(OPEN))
    elif wanted.stage is Stage.SATISFACTION or (wanted.unrated and wanted.state is State.OPEN):
        conditions.append(_literal(SATISFACTION))
    elif wanted.stage is Stage.CLOSED or wanted.state is State.CLOSED:
        conditions.append(_literal(DONE))
    if wanted.stage is not None:
        conditions.append(col(Incident.stage) == wanted.stage)
    if wanted.unassigned:
        conditions.append(_literal(UNASSIGNED))
    if wanted.unrated:
        conditions.append(col(Incident.rating).is_(None))
    if wanted.unrated and wanted.state is not State.OPEN:
        conditions.append(col(Incident.published_at).is_not(None))
    return conditions


def _facts(wanted: QueueFilter) -> list[sa.ColumnElement[bool]]:
    equal = (
        (col(Incident.topic), wanted.topic),
        (col(Incident.settlement), wanted.settlement),
        (col(Incident.certainty), wanted.certainty),
        (col(Incident.network), wanted.network),
        (col(Incident.outcome), wanted.outcome),
        (col(Incident.operator), wanted.operator),
    )
    conditions = [column == value for column, value in equal if value is not None]
    if wanted.urgency is Urgency.URGENT:
        conditions.append(_literal(URGENT))
    elif wanted.urgency is not None:
        conditions.append(col(Incident.urgency) == wanted.urgency)
    return conditions


def _moments(wanted: QueueFilter) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if wanted.overdue_at is not None:
        conditions.append(col(Incident.due_at) < wanted.overdue_at)
    if wanted.due is not None:
        conditions += [col(Incident.due_at) >= wanted.due[0], col(Incident.due_at) < wanted.due[1]]
    if wanted.snoozed_at is not None:
        conditions.append(col(Incident.snoozed_until) > wanted.snoozed_at)
    moment = MOMENTS[wanted.by]
    if wanted.since is not None:
        conditions.append(moment >= wanted.since)
    if wanted.until is not None:
        conditions.append(moment < wanted.until)
    if wanted.by is not By.CREATED:
        conditions.append(moment.is_not(None))
    if wanted.in_time is not None:
        answered, due = col(Incident.published_at), col(Incident.published_due_at)
        conditions.append(answered <= due if wanted.in_time else answered > due)
    return conditions


def _order(wanted: QueueFilter) -> tuple[sa.ColumnElement[Any], ...]:
    """Return what is owed by its deadline, what may still be rated by its age, else the newest."""
    if wanted.owed or (wanted.unrated and wanted.state is State.OPEN):
        return (col(Incident.due_at).asc(), col(Incident.id).asc())
    return (MOMENTS[wanted.by].desc(), col(Incident.id).desc())


def _of_body(session: Session, body: str, wanted: QueueFilter) -> sa.ColumnElement[bool]:
    """Return that a body answers for or helps with it.

    Few are helped with, and mostly none: then the body's own index is all that is needed.
    """
    helped = sa.select(col(CoExecutor.incident_id)).where(col(CoExecutor.body) == body)
    own = col(Incident.body) == body
    if wanted.owed:
        helped = helped.join(Incident, col(Incident.id) == col(CoExecutor.incident_id))
        helped = helped.where(_literal(OPEN))
    numbers = list(session.execute(helped.limit(HELPED + 1)).scalars())
    if not numbers:
        return own
    if len(numbers) > HELPED:
        return own | col(Incident.id).in_(helped)
    return own | col(Incident.id).in_(numbers)


def _of_source(session: Session, source: str) -> sa.ColumnElement[bool]:
    """Return that one of its messages came from a source."""
    source_id = sa.select(col(Source.id)).where(col(Source.key) == source).scalar_subquery()
    homes = sa.select(col(Post.incident_id)).where(
        col(Post.source_id) == source_id, col(Post.incident_id).is_not(None)
    )
    numbers = set(session.execute(homes.limit(SOME + 1)).scalars())
    if len(numbers) <= SOME:
        return among(session, col(Incident.id), numbers)
    return homes.where(col(Post.incident_id) == col(Incident.id)).exists()


def _literal(words: str) -> sa.ColumnElement[bool]:
    """Return a condition as the index has it, so that SQLite sees that they are one."""
    return sa.text(f"incident.{words}")  # type: ignore[return-value]  # as good as one
