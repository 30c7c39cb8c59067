"""Queries about posts."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.incident import Incident
from models.post import Post, PostVersion
from models.values import KnownPost
from models.vocabulary import Stage
from pipeline.decisions.retention import ERASED

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
            col(Post.parent_id),
            col(Post.last_seen_at),
            col(Post.stated)[ERASED].as_string().is_not(None).label("erased"),
        ).where(
            col(Post.source_id) == source_id,
            col(Post.external_id).in_(wanted[start : start + CHUNK]),
        )
        for row in session.execute(query):
            found[row.external_id] = KnownPost(
                id=row.id,
                external_id=row.external_id,
                text=row.text,
                revision=row.revision,
                edited_at=row.edited_at,
                deleted=row.deleted_at is not None,
                incident_id=row.incident_id,
                parent_id=row.parent_id,
                seen_at=row.last_seen_at,
                erased=row.erased,
            )
    return found


def known_thread(
    session: Session, source_id: int, external_ids: Iterable[str], *, depth: int = 5
) -> dict[str, KnownPost]:
    """Return what is known of these posts and, ``depth`` steps up, of what they answer."""
    found = known_posts(session, source_id, external_ids)
    for _ in range(depth):
        above = {post.parent_id for post in found.values() if post.parent_id} - found.keys()
        if not above:
            break
        parents = known_posts(session, source_id, above)
        if not parents:
            break
        found |= parents
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


def open_posts(session: Session, source_id: int) -> set[str]:
    """Return the posts of a source that have an open incident, and the posts above those."""
    query = (
        sa.select(col(Post.external_id), col(Post.root_id))
        .join(Incident, col(Incident.id) == col(Post.incident_id))
        .where(col(Post.source_id) == source_id, col(Incident.stage) != Stage.CLOSED)
    )
    return {one for row in session.execute(query) for one in row if one}


def comments_below(session: Session, source_id: int, root_id: str) -> list[str]:
    """Return the external ids of the comments below a post that nobody has deleted yet."""
    query = sa.select(col(Post.external_id)).where(
        col(Post.source_id) == source_id,
        col(Post.root_id) == root_id,
        col(Post.external_id) != root_id,
        col(Post.deleted_at).is_(None),
    )
    return list(session.execute(query).scalars())
