"""Queries of the incident card: everything that may grow without end is asked for in parts."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Merge
from models.journal import JournalEntry
from models.post import Post, PostVersion
from models.vocabulary import Act

JUDGED = (Act.CONFIRMED, Act.CORRECTED)
COUNTED = 10_001
"""Rows counted at most."""


def first_posts(session: Session, incident_id: int, limit: int) -> list[Post]:
    """Return the first ``limit`` posts of an incident."""
    query = select(Post).where(Post.incident_id == incident_id).order_by(col(Post.id)).limit(limit)
    return list(session.exec(query).all())


def posts_to_answer(
    session: Session, incident_id: int, limit: int, named: Iterable[int]
) -> list[Post]:
    """Return the newest ``limit`` posts of an incident, and of the ``named`` ones those of it."""
    newest = (
        sa.select(col(Post.id))
        .where(col(Post.incident_id) == incident_id)
        .order_by(col(Post.id).desc())
        .limit(limit)
    )
    wanted = {*session.execute(newest).scalars(), *named}
    query = select(Post).where(Post.incident_id == incident_id, col(Post.id).in_(sorted(wanted)))
    return list(session.exec(query.order_by(col(Post.id))).all())


def count_posts(session: Session, incident_id: int) -> int:
    """Return how many posts an incident has, ``COUNTED`` standing for that many or more."""
    few = sa.select(col(Post.id)).where(col(Post.incident_id) == incident_id).limit(COUNTED)
    found = session.execute(sa.select(sa.func.count()).select_from(few.subquery()))
    return int(found.scalar_one())


def newest_versions(session: Session, post_ids: Sequence[int], limit: int) -> list[PostVersion]:
    """Return the last ``limit`` replaced texts of these posts, the newest first."""
    query = (
        select(PostVersion)
        .where(col(PostVersion.post_id).in_(post_ids))
        .order_by(col(PostVersion.id).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())


def threads_above(session: Session, posts: Sequence[Post]) -> dict[int, list[Post]]:
    """Return, by post id, the post and the comment that each one answers, where known.

    One query a source, not one a post.
    """
    wanted: dict[int, set[str]] = {}
    for post in posts:
        wanted.setdefault(post.source_id, set()).update({post.root_id, post.parent_id} - {""})
    known: dict[tuple[int, str], Post] = {}
    for source_id, names in wanted.items():
        query = select(Post).where(
            Post.source_id == source_id, col(Post.external_id).in_(sorted(names))
        )
        known |= {(source_id, one.external_id): one for one in session.exec(query)}
    return {
        stored_id(post.id): [
            known[post.source_id, name]
            for name in dict.fromkeys((post.root_id, post.parent_id))
            if name != post.external_id and (post.source_id, name) in known
        ]
        for post in posts
    }


def newest_entries(session: Session, incident_id: int, limit: int) -> list[JournalEntry]:
    """Return the last ``limit`` entries of an incident's journal, the oldest of them first."""
    query = (
        select(JournalEntry)
        .where(JournalEntry.incident_id == incident_id)
        .order_by(col(JournalEntry.id).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())[::-1]


def newest_judgement(session: Session, incident_id: int) -> JournalEntry | None:
    """Return the last entry by which a person judged an incident, or None."""
    query = (
        select(JournalEntry)
        .where(JournalEntry.incident_id == incident_id, col(JournalEntry.act).in_(JUDGED))
        .order_by(col(JournalEntry.id).desc())
        .limit(1)
    )
    return session.exec(query).one_or_none()


def merged_here(session: Session, incident_id: int, limit: int) -> list[Merge]:
    """Return the last ``limit`` merges into an incident that were not taken back."""
    query = (
        select(Merge)
        .where(Merge.into_id == incident_id, col(Merge.undone_at).is_(None))
        .order_by(col(Merge.id).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())
