"""Counts for the dashboard, each over a range of one index and none of them row by row.

What came in is counted by ``created_at``, what was answered by the first answer's
``published_at``; days are the caller's, as moments. ``settlement`` keeps one settlement's,
None everybody's. Messages that turned out to be about a known problem or about nothing are
incidents all the same: a figure here is the length of a list of the queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from models.incident import OPEN, Incident
from models.post import Post
from models.source import Source
from models.vocabulary import Network, Outcome, Stage, Topic
from pipeline.decisions.summary import Span
from pipeline.decisions.worktime_vector import Int64s

CREATED, PUBLISHED, CLOSED = (
    col(Incident.created_at),
    col(Incident.published_at),
    col(Incident.closed_at),
)
"""The moments by which a list of the queue may be dated."""


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """Open incidents of one stage and settlement; ``overdue`` are those whose term is over."""

    stage: Stage
    settlement: str | None
    number: int
    overdue: int


@dataclass(frozen=True, slots=True)
class CreatedGroup:
    """What came in about one topic from one settlement by one network.

    ``repeated`` are those with more messages than one and ``messages`` how many more; ``returned``
    are problems that had been closed before.
    """

    topic: Topic
    settlement: str | None
    network: Network
    number: int
    repeated: int
    messages: int
    returned: int


@dataclass(frozen=True, slots=True)
class AnsweredGroup:
    """What got its first answer; ``in_time`` is None where nobody knows when it was due."""

    outcome: Outcome | None
    rating: int | None
    in_time: bool | None
    number: int


@dataclass(frozen=True, slots=True)
class TopicWindows:
    """How much of a topic came in within each of the asked spans, in their order."""

    topic: Topic
    numbers: tuple[int, ...]


def open_groups(session: Session, now: datetime, settlement: str | None) -> list[OpenGroup]:
    """Count what is owed an answer, by stage and settlement."""
    where: list[sa.ColumnElement[bool]] = [sa.text(f"incident.{OPEN}")]  # type: ignore[list-item]
    query = (
        sa.select(
            col(Incident.stage),
            col(Incident.settlement),
            sa.func.count(),
            _how_many(col(Incident.due_at) < now),
        )
        .where(*where, *_of(settlement))
        .group_by(col(Incident.stage), col(Incident.settlement))
    )
    return [OpenGroup(*row) for row in session.execute(query)]


def created_groups(session: Session, span: Span, settlement: str | None) -> list[CreatedGroup]:
    """Count what came in, by topic, settlement and network."""
    keys = (col(Incident.topic), col(Incident.settlement), col(Incident.network))
    query = (
        sa.select(
            *keys,
            sa.func.count(),
            _how_many(col(Incident.repeats) > 0),
            sa.func.sum(col(Incident.repeats)),
            sa.func.count(col(Incident.repeat_of)),
        )
        .where(*_within(CREATED, span), *_of(settlement))
        .group_by(*keys)
    )
    return [CreatedGroup(*row) for row in session.execute(query)]


def answered_groups(session: Session, span: Span, settlement: str | None) -> list[AnsweredGroup]:
    """Count what got its first answer, by what came of it, its rating and whether it was in time.

    In time is published_at ≤ published_due_at: the moment itself is in time.
    """
    in_time = col(Incident.published_due_at) >= PUBLISHED
    keys = (col(Incident.outcome), col(Incident.rating), in_time)
    query = (
        sa.select(*keys, sa.func.count())
        .where(*_within(PUBLISHED, span), *_of(settlement))
        .group_by(*keys)
    )
    return [
        AnsweredGroup(outcome, rating, None if known is None else bool(known), number)
        for outcome, rating, known, number in session.execute(query)
    ]


def answer_moments(session: Session, span: Span, settlement: str | None) -> tuple[Int64s, Int64s]:
    """Return when the citizens wrote and when they got their first answers, pair by pair.

    Microseconds since 1970 in UTC.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    pair = [
        sa.type_coerce(moment, sa.String) if sqlite else _microseconds(moment)
        for moment in (CREATED, PUBLISHED)
    ]
    rows = session.execute(sa.select(*pair).where(*_within(PUBLISHED, span), *_of(settlement)))
    # As SQLite stores them: making a datetime of each of 50 000 would take half a second.
    moments = np.array([tuple(row) for row in rows], dtype="datetime64[us]" if sqlite else np.int64)
    numbers = moments.astype(np.int64).reshape(-1, 2)
    return numbers[:, 0], numbers[:, 1]


def source_counts(session: Session, span: Span, settlement: str | None) -> list[tuple[Source, int]]:
    """Return the sources that brought something in, and to how many incidents.

    One whose messages came from two sources counts for both.
    """
    found = (
        sa.select(col(Post.source_id), sa.func.count(col(Incident.id).distinct()).label("number"))
        .join(Incident, col(Incident.id) == col(Post.incident_id))
        .where(*_within(CREATED, span), *_of(settlement))
        .group_by(col(Post.source_id))
        .subquery()
    )
    query = sa.select(Source, found.c.number).join(found, found.c.source_id == col(Source.id))
    return [(source, number) for source, number in session.execute(query)]


def topic_windows(
    session: Session, spans: Sequence[Span], settlement: str | None
) -> list[TopicWindows]:
    """Count what came in, by topic, within each of these spans."""
    whole = Span(min(span.since for span in spans), max(span.until for span in spans))
    query = (
        sa.select(
            col(Incident.topic), *(_how_many(sa.and_(*_within(CREATED, span))) for span in spans)
        )
        .where(*_within(CREATED, whole), *_of(settlement))
        .group_by(col(Incident.topic))
    )
    return [TopicWindows(topic, tuple(numbers)) for topic, *numbers in session.execute(query)]


def counts(
    session: Session, moment: Any, spans: Sequence[Span], settlement: str | None
) -> list[int]:
    """Return how many incidents have this moment (CREATED …) within each of these spans."""
    cuts = (
        sa.values(
            sa.column("number", sa.Integer),
            sa.column("since", UTCDateTime()),
            sa.column("until", UTCDateTime()),
            name="cut",
        )
        .data([(number, span.since, span.until) for number, span in enumerate(spans)])
        .cte("cut")
    )
    within = (
        sa.select(sa.func.count())
        .select_from(Incident)
        .where(moment >= cuts.c.since, moment < cuts.c.until, *_of(settlement))
        .correlate(cuts)
        .scalar_subquery()
    )
    found = dict(session.execute(sa.select(cuts.c.number, within)).tuples().all())
    return [found[number] for number in range(len(spans))]


def _of(settlement: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if settlement is None else [col(Incident.settlement) == settlement]


def _within(moment: Any, span: Span) -> list[sa.ColumnElement[bool]]:
    return [moment >= span.since, moment < span.until]


def _how_many(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _microseconds(moment: Any) -> sa.ColumnElement[int]:
    # Not EXTRACT, which is of slow exact decimals: a double holds microseconds of this century.
    return sa.cast(sa.func.date_part("epoch", moment) * 1_000_000, sa.BigInteger)
