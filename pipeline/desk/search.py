"""Keeping the full-text index of messages, in the transaction that changes them."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Session, col

from classifiers.stems import stems
from models.post import Post
from pipeline.desk.bulk import insert_into
from pipeline.store.search import SEARCH, among, is_postgres, key

ROWS = sa.table("post_search", sa.column("rowid"), sa.column("stems"))
VECTORS = sa.table("post_search", sa.column("post_id"), sa.column("stems", TSVECTOR()))
"""The index to insert into, on SQLite and on PostgreSQL."""

PLACES = 255
"""Places of one word that PostgreSQL keeps."""


def index(session: Session, texts: Mapping[int, str]) -> None:
    """Index new messages that belong to an incident: text by id."""
    if not texts:
        return
    if is_postgres(session):
        rows = [{"post_id": id_, "stems": _tsvector(text)} for id_, text in texts.items()]
        # Two that catch up at once come by the same messages.
        session.execute(insert_into(session, VECTORS).on_conflict_do_nothing(), rows)
        return
    rows = [{"rowid": id_, "stems": " ".join(stems(text))} for id_, text in texts.items()]
    session.execute(sa.insert(ROWS), rows)


def reindex(session: Session, texts: Mapping[int, str]) -> None:
    """Index messages anew whose text has changed, or that came to an incident later: text by id."""
    if not texts:
        return
    # Waits for whoever indexes this very message of an older database; then it is here to replace.
    session.flush()
    first = _first(session)
    # What lies before the first one waits for ``index_older``, which goes down from there.
    known = {id_: text for id_, text in texts.items() if first is not None and id_ >= first}
    session.execute(sa.delete(SEARCH).where(among(session, key(session), known)))
    index(session, known)


def index_older(session: Session, limit: int) -> int:
    """Index up to ``limit`` messages that an older version left; return how many they were.

    It goes down from the newest, so that after a stop it goes on where it was: 0 is the end.
    """
    first = _first(session)
    posts = (
        sa.select(col(Post.id), col(Post.text))
        .where(col(Post.incident_id).is_not(None))
        .order_by(col(Post.id).desc())
        .limit(limit)
        .with_for_update()
    )
    if first is not None:
        posts = posts.where(col(Post.id) < first)
    texts: dict[int, str] = dict(session.execute(posts).tuples().all())
    index(session, texts)
    return len(texts)


def _first(session: Session) -> int | None:
    """Return the smallest id that is indexed."""
    id_ = key(session)
    found: int | None = session.execute(sa.select(id_).order_by(id_).limit(1)).scalar()
    return found


def _tsvector(text: str) -> str:
    """Return a text's stems with their places, as PostgreSQL writes them."""
    places: dict[str, list[str]] = {}
    for place, stem in enumerate(stems(text), 1):
        places.setdefault(stem, []).append(str(place))
    return " ".join(f"'{stem}':{','.join(where[:PLACES])}" for stem, where in places.items())
