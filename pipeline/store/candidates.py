"""Queries about texts that nobody has judged yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Incident
from models.label import Label
from models.post import Post
from models.values import Message
from models.vocabulary import Stage
from pipeline.store.posts import thread_above

NEWEST = 2000
"""Incidents looked through: older ones no longer tell what people write about."""

MOST_POSTS = 20_000
"""Posts that a window of recent ones holds at most, the newest: more change no share."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open incident whose first post no person and no source has judged."""

    incident_id: int
    message: Message


def unjudged(session: Session, *, limit: int = NEWEST) -> list[Candidate]:
    """Return open incidents without a label of any of their posts, the newest first."""
    judged = sa.select(col(Label.incident_id)).where(col(Label.withdrawn_at).is_(None))
    first = (
        sa.select(sa.func.min(col(Post.id)))
        .join(Incident, col(Incident.id) == col(Post.incident_id))
        .where(
            col(Incident.stage) == Stage.REVIEW,
            col(Incident.id).not_in(judged),
            col(Post.deleted_at).is_(None),
        )
        .group_by(col(Post.incident_id))
    )
    query = (
        select(Post)
        .where(
            col(Post.id).in_(first),
            col(Post.stated)["topic"].as_string().is_(None),
        )
        .order_by(col(Post.id).desc())
        .limit(limit)
    )
    return [
        Candidate(
            stored_id(post.incident_id),
            Message(post.text, tuple(above.text for above in thread_above(session, post))),
        )
        for post in session.exec(query).all()
    ]


def recent(session: Session, *, since: datetime, limit: int = MOST_POSTS) -> Iterator[str]:
    """Yield the texts of relevant posts first seen at ``since`` or later, the newest first."""
    query = (
        sa.select(col(Post.text))
        .where(col(Post.relevant).is_(True), col(Post.first_seen_at) >= since, col(Post.text) != "")
        .order_by(col(Post.id).desc())
        .limit(limit)
    )
    yield from session.execute(query.execution_options(yield_per=1000)).scalars()
