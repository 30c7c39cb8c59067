"""Queries about acts on many incidents."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.answer import Answer
from models.console import BulkAct, BulkState
from models.incident import Incident
from models.journal import JournalEntry, JournalHead
from models.vocabulary import AnswerState, Stage, Urgency
from pipeline.store.search import among

WAITING = (AnswerState.APPROVAL, AnswerState.QUEUED, AnswerState.SENDING)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the life cycle looks at before a bulk act; equal ones are answered alike."""

    stage: Stage
    body: str
    urgency: Urgency
    final: bool
    answers_waiting: bool


@dataclass(frozen=True, slots=True)
class Course:
    """Where a bulk act stands, without the many numbers that it is about."""

    id: int
    staff_id: int
    state: BulkState
    wish: dict[str, Any]
    done: int


def find_bulk_act(session: Session, token: str) -> BulkAct | None:
    """Return a bulk act with everything, or None."""
    return session.exec(select(BulkAct).where(BulkAct.token == token)).one_or_none()


def course_of(session: Session, token: str) -> Course | None:
    """Return where a bulk act stands, locked; None where there is no such act."""
    query = (
        sa.select(
            col(BulkAct.id),
            col(BulkAct.staff_id),
            col(BulkAct.state),
            col(BulkAct.wish),
            col(BulkAct.done),
        )
        .where(col(BulkAct.token) == token)
        .with_for_update()
    )
    found = session.execute(query).one_or_none()
    return None if found is None else Course(*found)


def refused_of(session: Session, bulk_id: int) -> list[list[Any]]:
    """Return which incidents a bulk act has refused so far, by why."""
    query = sa.select(col(BulkAct.refused)).where(col(BulkAct.id) == bulk_id)
    return [list(one) for one in session.execute(query).scalar_one()]


def update(session: Session, bulk_id: int, **columns: Any) -> None:
    """Change columns of a bulk act without reading the many numbers that it is about."""
    session.execute(sa.update(BulkAct).where(col(BulkAct.id) == bulk_id).values(**columns))


def recent(session: Session, staff_id: int | None, limit: int) -> list[BulkAct]:
    """Return the newest bulk acts of one person, or of everybody."""
    query = select(BulkAct).order_by(col(BulkAct.id).desc()).limit(limit)
    if staff_id is not None:
        query = query.where(BulkAct.staff_id == staff_id)
    return list(session.exec(query).all())


def kinds(session: Session, ids: Collection[int]) -> dict[Kind, int]:
    """Return how many of these incidents the life cycle would answer alike."""
    if not ids:
        return {}
    waiting = sa.exists().where(
        col(Answer.incident_id) == col(Incident.id), col(Answer.state).in_(WAITING)
    )
    # By their own columns first: an expression would be repeated, which PostgreSQL does not know
    # for the same when it holds bound values.
    each: sa.Select[Any] = sa.select(
        col(Incident.stage).label("stage"),
        col(Incident.body).label("body"),
        col(Incident.urgency).label("urgency"),
        col(Incident.final_at).is_not(None).label("final"),
        waiting.label("waiting"),
    ).where(among(session, col(Incident.id), ids))
    one = each.subquery()
    query = sa.select(*one.c, sa.func.count()).group_by(*one.c)
    return {
        Kind(stage, body, urgency, bool(final), bool(waits)): count
        for stage, body, urgency, final, waits, count in session.execute(query)
    }


def journal_head(session: Session) -> int:
    """Return the number of the newest entry of the journal."""
    return session.exec(select(JournalHead.last_id)).one()


def changed_since(session: Session, number: int) -> set[int]:
    """Return the incidents that something happened to after an entry of the journal."""
    # By the entries' numbers alone: with a word on the incidents SQLite would go through them all.
    query = sa.select(col(JournalEntry.incident_id)).where(col(JournalEntry.id) > number)
    return {one for one in session.execute(query).scalars() if one is not None}


def forget(session: Session, before: datetime) -> None:
    """Forget bulk acts that ended before a moment."""
    session.execute(sa.delete(BulkAct).where(col(BulkAct.ended_at) < before))
