"""Queries about posts."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.post import Post, PostVersion
from models.values import KnownPost

CHUNK = 1000
"""External ids a query: SQLite takes at most 32 766 parameters a statement."""


def known_posts(
    session: Session, source_id: int, external_ids: Iterable[str]
) -> dict[str, KnownPost]:
    """Return what the store holds of these external ids, by external id."""
    wanted = sorted(set(external_ids))
    found: dict[str, KnownPost] = {}
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(
            col(Post.id),
            col(Post.external_id),
            col(Post.text),
            col(Post.revision),
            col(Post.edited_at),
            col(Post.deleted_at),
            col(Post.incident_id),
        ).where(
            col(Post.source_id) == source_id,
            col(Post.external_id).in_(wanted[start : start + CHUNK]),
        )
        for id_, external_id, text, revision, edited_at, deleted_at, incident_id in session.execute(
            query
        ):
            found[external_id] = KnownPost(
                id=id_,
                external_id=external_id,
                text=text,
                revision=revision,
                edited_at=edited_at,
                deleted=deleted_at is not None,
                incident_id=incident_id,
            )
    return found


def posts_of(session: Session, incident_id: int) -> list[Post]:
    """Return an incident's posts, the first one first."""
    query = select(Post).where(Post.incident_id == incident_id).order_by(col(Post.id))
    return list(session.exec(query).all())


def versions_of(session: Session, post_ids: Iterable[int]) -> list[PostVersion]:
    """Return the replaced texts of these posts, the oldest first."""
    query = (
        select(PostVersion)
        .where(col(PostVersion.post_id).in_(list(post_ids)))
        .order_by(col(PostVersion.post_id), col(PostVersion.revision))
    )
    return list(session.exec(query).all())


def thread_above(session: Session, post: Post) -> list[Post]:
    """Return the post and the comment that this one answers, as far as they are known."""
    above = [external_id for external_id in (post.root_id, post.parent_id) if external_id]
    query = select(Post).where(
        Post.source_id == post.source_id,
        col(Post.external_id).in_(above),
        Post.external_id != post.external_id,
    )
    found = {known.external_id: known for known in session.exec(query)}
    return [found[external_id] for external_id in dict.fromkeys(above) if external_id in found]
