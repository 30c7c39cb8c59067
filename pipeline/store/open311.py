"""Queries for Open311: incidents as service requests, and what happened to them lately."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.answer import Answer
from models.incident import CoExecutor, Incident
from models.journal import JournalEntry
from models.post import Post
from models.vocabulary import Act, Topic
from pipeline.store.queue_filter import QueueFilter, plan

SLACK = timedelta(hours=1)
"""How much out of order the journal's moments may be: clocks of machines differ, commits wait."""

TOLD = (
    Act.OPENED,
    Act.ANSWER_PUBLISHED,
    Act.ANSWER_BY_HAND,
    Act.CLOSED,
    Act.REOPENED,
    Act.UNMERGED,
)
"""What a citizen's program is told of: whether an answer is owed, and the answers."""


@dataclass(frozen=True, slots=True)
class Request:
    """An incident and its first message, None where it was merged away."""

    incident: Incident
    post: Post | None


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of the journal, and the answer that it speaks of."""

    entry: JournalEntry
    answer: Answer | None


def requests(
    session: Session,
    wanted: QueueFilter,
    *,
    topics: Collection[Topic] = (),
    ids: Sequence[int] | None = None,
    offset: int = 0,
    limit: int,
) -> list[Request]:
    """Return incidents that the filter lets through; of these topics and numbers, if any."""
    planned = plan(session, wanted)
    conditions = list(planned.conditions)
    if topics:
        conditions.append(col(Incident.topic).in_(topics))
    if ids is not None:
        conditions.append(col(Incident.id).in_(ids))
    query = select(Incident).where(*conditions).order_by(*planned.order)
    found = session.exec(query.offset(offset).limit(limit)).all()
    first = (
        select(sa.func.min(col(Post.id)))
        .where(col(Post.incident_id).in_([incident.id for incident in found]))
        .group_by(col(Post.incident_id))
    )
    posts = {
        post.incident_id: post for post in session.exec(select(Post).where(col(Post.id).in_(first)))
    }
    return [Request(incident, posts.get(incident.id)) for incident in found]


def happened(
    session: Session,
    since: datetime,
    until: datetime,
    *,
    after: int,
    body: str | None,
    limit: int,
) -> list[Happened]:
    """Return what happened in [since, until), the oldest first, beyond the line ``after``.

    ``body`` limits it to what that body answers for or helps with.
    """
    query = (
        select(JournalEntry)
        .where(
            col(JournalEntry.id) > max(after, _line_before(session, since - SLACK)),
            col(JournalEntry.at) >= since,
            col(JournalEntry.at) < until,
            col(JournalEntry.act).in_(TOLD),
            col(JournalEntry.incident_id).is_not(None),
        )
        .order_by(col(JournalEntry.id))
        .limit(limit)
    )
    if body is not None:
        helped = sa.select(col(CoExecutor.incident_id)).where(col(CoExecutor.body) == body)
        query = query.join(Incident, col(Incident.id) == col(JournalEntry.incident_id)).where(
            (col(Incident.body) == body) | col(Incident.id).in_(helped)
        )
    entries = session.exec(query).all()
    numbers = [entry.after["answer"] for entry in entries if "answer" in entry.after]
    known = session.exec(select(Answer).where(col(Answer.id).in_(numbers)))
    answers = {answer.id: answer for answer in known}
    return [Happened(entry, answers.get(entry.after.get("answer"))) for entry in entries]


def _line_before(session: Session, moment: datetime) -> int:
    """Return the number of a line written before ``moment``, 0 if all came later.

    Lines are numbered in the order of time and without a gap, so halving finds it: no index of
    moments has to be kept for this.
    """
    line = select(JournalEntry.at)
    newest = session.exec(select(sa.func.max(JournalEntry.id))).one() or 0
    before, later = 0, newest + 1
    while later - before > 1:
        middle = (before + later) // 2
        at = session.exec(line.where(JournalEntry.id == middle)).one_or_none()
        if at is not None and at < moment:
            before = middle
        else:
            later = middle
    return before
