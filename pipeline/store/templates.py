"""Queries about templates of answers."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.console import AnswerTemplate
from models.vocabulary import Topic

OFFERED = 100
"""Templates to choose from beside an answer: more is no choice."""

LISTED = 1000


def offered(session: Session, topic: Topic) -> list[AnswerTemplate]:
    """Return the templates in use that fit a topic: its own first, by title."""
    query = (
        select(AnswerTemplate)
        .where(
            col(AnswerTemplate.active).is_(True),
            sa.or_(col(AnswerTemplate.topic) == topic, col(AnswerTemplate.topic).is_(None)),
        )
        .order_by(col(AnswerTemplate.topic).is_(None), col(AnswerTemplate.title))
        .limit(OFFERED)
    )
    return list(session.exec(query).all())


def listed(session: Session) -> list[AnswerTemplate]:
    """Return all templates, those in use first, by title; at most ``LISTED``."""
    query = (
        select(AnswerTemplate)
        .order_by(col(AnswerTemplate.active).desc(), col(AnswerTemplate.title))
        .limit(LISTED)
    )
    return list(session.exec(query).all())


def count(session: Session) -> int:
    """Return how many templates there are."""
    return session.exec(select(sa.func.count()).select_from(AnswerTemplate)).one()


def find(session: Session, template_id: int, *, lock: bool = False) -> AnswerTemplate | None:
    """Return one template, or None; ``lock`` keeps other writers off it until the commit."""
    query = select(AnswerTemplate).where(AnswerTemplate.id == template_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).one_or_none()
