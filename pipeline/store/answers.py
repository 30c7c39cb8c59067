"""Queries about answers to citizens."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.answer import Answer
from models.post import Post
from models.source import Source
from models.vocabulary import AnswerState

WAITING = (AnswerState.QUEUED, AnswerState.SENDING)


@dataclass(frozen=True, slots=True)
class Due:
    """An answer whose time has come, as it stood in ``version``, and the source it goes to."""

    answer_id: int
    version: int
    source_key: str


def due(session: Session, now: datetime, limit: int) -> list[Due]:
    """Return what is due at ``now``, the longest waiting first: at most ``limit`` of a source.

    Counted by source, so that one with a long queue keeps no other from being looked at.
    """
    place = sa.func.row_number().over(
        partition_by=col(Source.id), order_by=(col(Answer.due_at), col(Answer.id))
    )
    numbered = (
        sa.select(
            col(Answer.id).label("id"),
            col(Answer.version).label("version"),
            col(Source.key).label("key"),
            col(Answer.due_at).label("due_at"),
            place.label("place"),
        )
        .join(Post, col(Post.id) == col(Answer.post_id))
        .join(Source, col(Source.id) == col(Post.source_id))
        .where(col(Answer.state).in_(WAITING), col(Answer.due_at) <= now)
        .subquery()
    )
    query = (
        sa.select(numbered.c.id, numbered.c.version, numbered.c.key)
        .where(numbered.c.place <= limit)
        .order_by(numbered.c.due_at, numbered.c.id)
    )
    return [Due(*row) for row in session.execute(query).tuples()]


def of_incident(session: Session, incident_id: int) -> list[Answer]:
    """Return an incident's answers, the first one first."""
    query = select(Answer).where(Answer.incident_id == incident_id).order_by(col(Answer.id))
    return list(session.exec(query).all())


def find_answer(session: Session, answer_id: int, *, lock: bool = False) -> Answer | None:
    """Return one answer, or None; ``lock`` keeps other writers off it until the commit."""
    query = select(Answer).where(Answer.id == answer_id)
    if lock:
        # What this session has read before the lock may be older than the row by now.
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).one_or_none()


def by_key(session: Session, key: str) -> Answer | None:
    """Return the answer with this idempotency key, or None."""
    return session.exec(select(Answer).where(Answer.key == key)).one_or_none()
