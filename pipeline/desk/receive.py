"""Storing what a source sent: posts, incidents, timers, journal and cursor, all together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.post import Post
from models.source import Source
from models.values import FetchedPost
from models.vocabulary import Urgency
from pipeline.decisions.folding import Change
from pipeline.desk.opening import Opening, open_incidents
from pipeline.desk.revising import mark_deleted, raise_urgency, replace_text, versions
from pipeline.judge import Judged


@dataclass(frozen=True, slots=True)
class Draft:
    """A change to store; ``judged`` is about its newest text and absent where none is new."""

    change: Change
    judged: Judged | None


def claim(session: Session, source: Source, cursor: dict[str, Any], *, now: datetime) -> bool:
    """Move the source's cursor on, unless another reader did since ``source`` was read.

    Returns False when it did: then nothing may be stored.
    """
    moved = session.execute(
        sa.update(Source)
        .where(col(Source.id) == source.id, col(Source.revision) == source.revision)
        .values(
            revision=source.revision + 1,
            cursor=cursor,
            last_success_at=now,
            last_error="",
        )
        .returning(col(Source.id))
    )
    return moved.first() is not None


def receive(
    session: Session, source_id: int, drafts: Sequence[Draft], *, now: datetime, calendar: str
) -> list[Opening]:
    """Store drafts with all that follows from them; return the incidents that were opened.

    ``calendar`` is the version of the working calendar that made the deadlines.
    """
    openings: list[Opening] = []
    fresh: list[tuple[Post, Draft]] = []
    for draft in drafts:
        known = draft.change.known
        if known is None:
            post = _new_post(source_id, draft, now)
            fresh.append((post, draft))
        else:
            post = session.get_one(Post, known.id)
            _revise(session, post, draft, now)
        opening = _opening(session, post, draft, now=now, calendar=calendar)
        if opening is not None:
            openings.append(opening)
    open_incidents(session, openings, now=now, calendar=calendar)
    session.add_all(post for post, _ in fresh)
    session.flush()
    for post, draft in fresh:
        session.add_all(versions(post.id, draft.change.texts[:-1], first=1, now=now))
    _last_post(session, source_id, drafts)
    return openings


def touch(session: Session, post_ids: Sequence[int], now: datetime) -> None:
    """Note that the source still shows these posts."""
    if post_ids:
        session.execute(sa.update(Post).where(col(Post.id).in_(post_ids)).values(last_seen_at=now))


def _revise(session: Session, post: Post, draft: Draft, now: datetime) -> None:
    """Bring a stored post to its newest state."""
    change = draft.change
    if change.texts:
        replace_text(session, post, change.texts, now)
    if change.post.deleted and post.deleted_at is None:
        mark_deleted(session, post, now)
    if not change.post.deleted:
        post.deleted_at = None
    post.edited_at = change.post.edited_at
    if draft.judged is not None:
        _keep_prediction(post, draft.judged)


def _opening(
    session: Session, post: Post, draft: Draft, *, now: datetime, calendar: str
) -> Opening | None:
    """Return the incident that a post needs; one that it has already may become urgent."""
    judged = draft.judged
    if judged is None or judged.duty is None:
        return None
    if post.incident_id is None:
        return Opening(post, draft.change.post, judged, judged.duty)
    if judged.verdict.urgency is Urgency.URGENT:
        raise_urgency(session, post.incident_id, judged.duty, now=now, calendar=calendar)
    return None


def _new_post(source_id: int, draft: Draft, now: datetime) -> Post:
    fetched = draft.change.post
    post = Post(
        source_id=source_id,
        external_id=fetched.external_id,
        kind=fetched.kind,
        parent_id=fetched.parent_id,
        root_id=fetched.root_id,
        url=fetched.url,
        author_id=fetched.author_id,
        text=fetched.text,
        revision=max(1, len(draft.change.texts)),
        published_at=fetched.published_at,
        edited_at=fetched.edited_at,
        deleted_at=now if fetched.deleted else None,
        first_seen_at=now,
        last_seen_at=now,
        stated=_stated(fetched),
    )
    if draft.judged is not None:
        _keep_prediction(post, draft.judged)
    return post


def _stated(fetched: FetchedPost) -> dict[str, Any]:
    """Return what the source said itself, without what it left empty."""
    stated: dict[str, Any] = dict(fetched.stated.extra)
    if fetched.stated.topic is not None:
        stated["topic"] = fetched.stated.topic.value
    if fetched.stated.place:
        stated["place"] = fetched.stated.place
    return stated


def _keep_prediction(post: Post, judged: Judged) -> None:
    prediction = judged.understood.prediction
    post.relevant = judged.verdict.relevant
    post.model = prediction.model
    # Assigned as a whole: the database layer does not see changes inside a JSON value.
    post.prediction = {
        "relevance": prediction.relevance,
        "topics": [[code.value, probability] for code, probability in prediction.topics],
        "fine_topics": [list(fine) for fine in prediction.fine_topics],
        "urgent": prediction.urgent,
        "urgency": prediction.urgency,
        "reasons": [list(reason) for reason in prediction.reasons],
        "rules": list(judged.verdict.rules),
    }


def _last_post(session: Session, source_id: int, drafts: Sequence[Draft]) -> None:
    moments = [draft.change.post.published_at for draft in drafts if draft.change.post.published_at]
    if not moments:
        return
    source = session.get_one(Source, source_id)
    if source.last_post_at is None or source.last_post_at < max(moments):
        source.last_post_at = max(moments)
