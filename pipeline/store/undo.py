"""Queries about acts that can be taken back."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.console import Undo
from models.incident import CoExecutor, Pause
from models.label import Label
from models.notice import Notice
from models.post import Post
from models.timer import Timer
from models.vocabulary import Occasion


def remembered(
    session: Session, token: str, incident_id: int | None = None, *, lock: bool = False
) -> list[Undo]:
    """Return what a token takes back, of all incidents or of one, the newest act first."""
    query = select(Undo).where(Undo.token == token).order_by(col(Undo.id).desc())
    if incident_id is not None:
        query = query.where(Undo.incident_id == incident_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(session.exec(query).all())


def offered(session: Session, token: str, limit: int) -> list[Undo]:
    """Return the first acts of a token, at most ``limit`` of them."""
    query = select(Undo).where(Undo.token == token).order_by(col(Undo.id)).limit(limit)
    return list(session.exec(query).all())


def timers_of(session: Session, incident_id: int) -> list[Timer]:
    """Return an incident's clocks as the database has them now."""
    query = select(Timer).where(Timer.incident_id == incident_id).order_by(col(Timer.id))
    return list(session.exec(query.execution_options(populate_existing=True)).all())


def running_pauses(session: Session, incident_id: int) -> list[int]:
    """Return the ids of an incident's pauses that have not ended."""
    query = sa.select(col(Pause.id)).where(
        col(Pause.incident_id) == incident_id, col(Pause.ended_at).is_(None)
    )
    return list(session.execute(query.order_by(col(Pause.id))).scalars())


def pauses(session: Session, ids: Collection[int]) -> list[Pause]:
    """Return pauses by their ids."""
    return list(session.exec(select(Pause).where(col(Pause.id).in_(ids))).all())


def helpers(session: Session, incident_id: int) -> list[CoExecutor]:
    """Return the bodies that help with an incident, as rows."""
    return list(session.exec(select(CoExecutor).where(CoExecutor.incident_id == incident_id)).all())


def newest_label_id(session: Session, incident_id: int) -> int | None:
    """Return the id of what was said last of any of an incident's posts, None for nothing.

    What was taken back was not said.
    """
    posts = sa.select(col(Post.id)).where(col(Post.incident_id) == incident_id)
    query = sa.select(sa.func.max(col(Label.id))).where(
        col(Label.post_id).in_(posts), col(Label.withdrawn_at).is_(None)
    )
    return session.execute(query).scalar()


def notices_of(session: Session, incident_id: int, versions: range) -> list[Notice]:
    """Return what was announced of an incident at these versions of it.

    By the notices' keys, as ``desk.steps.tell`` makes them: those have an index.
    """
    keys = [
        f"incident:{incident_id}:{version}:{occasion.value}{suffix}"
        for version in versions
        for occasion in Occasion
        for suffix in ("", ":helpers")
    ]
    if not keys:
        return []
    query = select(Notice).where(col(Notice.key).in_(keys)).order_by(col(Notice.id))
    return list(session.exec(query.with_for_update()).all())


def acted_on(
    session: Session, incident_ids: Collection[int], since: datetime
) -> dict[int, datetime]:
    """Return when the newest act after ``since`` was done that may still be taken back."""
    if not incident_ids:
        return {}
    query = (
        sa.select(col(Undo.incident_id), sa.func.max(col(Undo.at)))
        .where(
            col(Undo.incident_id).in_(incident_ids),
            col(Undo.at) > since,
            col(Undo.undone_at).is_(None),
        )
        .group_by(col(Undo.incident_id))
    )
    return dict(session.execute(query).tuples().all())
