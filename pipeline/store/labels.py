"""Queries about labels: texts of which people, or the sources themselves, said what they are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.label import Label
from models.post import Post
from models.vocabulary import Topic

ROWS = 1000
"""Rows fetched at a time."""


@dataclass(frozen=True, slots=True)
class StatedTopic:
    """A text whose source states its topic, as a code; ``fine_topic`` where it states one too.

    ``at`` is when the text was published, or first seen where the source does not tell.
    """

    text: str
    topic: str
    fine_topic: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text that a person judged, with the thread above it (the post first).

    ``at`` is when ``actor``, a staff login, judged it. ``suggested`` and ``model`` tell what the
    person was shown; see ``models.label``. Without ``relevant`` the topics mean nothing.
    """

    text: str
    context: tuple[str, ...]
    topic: Topic
    fine_topic: str | None
    also: tuple[Topic, ...]
    relevant: bool
    urgent: bool
    at: datetime
    actor: str
    suggested: Mapping[str, Any]
    model: str


def stated_topics(session: Session) -> Iterator[StatedTopic]:
    """Yield every post whose source states its topic, oldest first."""
    stated = col(Post.stated)
    topic = stated["topic"].as_string()
    query = (
        sa.select(
            col(Post.text),
            topic,
            stated["fine_topic"].as_string(),
            col(Post.published_at),
            col(Post.first_seen_at),
        )
        .where(topic.is_not(None))
        .order_by(col(Post.id))
    )
    found = session.execute(query.execution_options(yield_per=ROWS))
    for text, code, fine_topic, published_at, first_seen_at in found.tuples():
        yield StatedTopic(text, code, fine_topic, published_at or first_seen_at)


def labels(session: Session) -> Iterator[Labelled]:
    """Yield every post that a person judged, in the order of the judgements.

    The newest label of a post that was not taken back counts, and only if the text is still the
    one that was judged.
    """
    newest = (
        sa.select(sa.func.max(col(Label.id)))
        .where(col(Label.withdrawn_at).is_(None))
        .group_by(col(Label.post_id))
    )
    root, parent = aliased(Post), aliased(Post)
    # Joined here instead of asked a post at a time: retraining reads all of them.
    query = (
        sa.select(Label, col(Post.text), col(root.text), col(parent.text))
        .join(Post, col(Post.id) == col(Label.post_id))
        .outerjoin(root, _is_above(root, Post.root_id))
        .outerjoin(
            parent,
            sa.and_(_is_above(parent, Post.parent_id), col(Post.parent_id) != col(Post.root_id)),
        )
        .where(col(Label.id).in_(newest), col(Label.revision) == col(Post.revision))
        .order_by(col(Label.id))
    )
    found = session.execute(query.execution_options(yield_per=ROWS))
    for label, text, *above in found.tuples():
        yield Labelled(
            text=text,
            context=tuple(filter(None, above)),
            topic=label.topic,
            fine_topic=label.fine_topic,
            also=topics(label.also),
            relevant=label.relevant,
            urgent=label.urgent,
            at=label.at,
            actor=label.actor,
            suggested=label.suggested,
            model=label.model,
        )


def newest_label(session: Session, post_id: int) -> Label | None:
    """Return what was said last of a post, be it of its present text or of an earlier one.

    What was taken back was not said.
    """
    query = (
        select(Label)
        .where(Label.post_id == post_id, col(Label.withdrawn_at).is_(None))
        .order_by(col(Label.id).desc())
        .limit(1)
    )
    return session.exec(query).one_or_none()


def topics(codes: Iterable[str]) -> tuple[Topic, ...]:
    """Return stored codes as topics."""
    return tuple(Topic(code) for code in codes if code in frozenset(Topic))


def _is_above(above: type[Post], external_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(above.source_id) == col(Post.source_id),
        col(external_id) != "",
        col(above.external_id) == col(external_id),
        col(above.external_id) != col(Post.external_id),
    )
