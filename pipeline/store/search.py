"""Finding messages by their words: the full-text index of either database.

What is indexed and looked for are stems of ``classifiers.stems``, so that both find the same.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlmodel import Session, col

from classifiers.stems import Query
from models.post import Post

POSTS = 10_000
"""Messages that are looked at one by one; of words that stand in more, only some are asked for."""

SEARCH = sa.table("post_search", sa.column("rowid"), sa.column("post_id"), sa.column("stems"))
"""The index. Its key is ``rowid`` on SQLite and ``post_id`` on PostgreSQL: see ``key``."""


@dataclass(frozen=True, slots=True)
class Found:
    """The incidents with a message that has the words; None where they are too many to name.

    ``has`` then tells of a message's stems whether the words are there; see ``having``.
    """

    incidents: list[int] | None
    has: sa.ColumnElement[bool]


def find(session: Session, query: Query) -> Found:
    """Return what has the words of a query, its last word whole or, where none has, begun."""
    has: sa.ColumnElement[bool] = sa.false()
    posts: list[int] = []
    for begun in dict.fromkeys(("", query.begun)):
        matching, has = _conditions(query, begun, postgres=is_postgres(session))
        asked = sa.select(key(session)).where(matching).limit(POSTS + 1)
        posts = list(session.execute(asked).scalars())
        if posts:
            break
    return Found(None if len(posts) > POSTS else _homes(session, posts), has)


def having(session: Session, found: Found, incidents: Collection[int]) -> set[int]:
    """Return which of some incidents have the words, read from their own messages."""
    ids = sa.select(col(Post.id), col(Post.incident_id))
    homes: dict[int, int] = dict(
        session.execute(ids.where(among(session, col(Post.incident_id), incidents))).tuples().all()
    )
    # With an offset neither database asks its index for all the messages that have the words.
    own = sa.select(key(session).label("id"), SEARCH.c.stems).where(
        among(session, key(session), homes)
    )
    read = own.limit(len(homes)).offset(0).subquery("own")
    return {homes[id_] for id_ in session.execute(sa.select(read.c.id).where(found.has)).scalars()}


def _homes(session: Session, posts: Collection[int]) -> list[int]:
    homes = sa.select(col(Post.incident_id)).distinct().where(among(session, col(Post.id), posts))
    return list(session.execute(homes.where(col(Post.incident_id).is_not(None))).scalars())


def key(session: Session) -> sa.ColumnClause[int]:
    """Return the index's column that holds a post's id."""
    return SEARCH.c.post_id if is_postgres(session) else SEARCH.c.rowid


def is_postgres(session: Session) -> bool:
    """Tell which of the two databases this is."""
    return session.get_bind().dialect.name == "postgresql"


def among(
    session: Session, column: sa.SQLColumnExpression[Any], numbers: Collection[int]
) -> sa.ColumnElement[bool]:
    """Return a condition on many numbers at once; each as a value of its own would be too many."""
    if is_postgres(session):
        return column == sa.any_(sa.literal(list(numbers), ARRAY(sa.Integer)))
    listed = sa.func.json_each(json.dumps(list(numbers))).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def _conditions(
    query: Query, begun: str, *, postgres: bool
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return what the index is asked, and the same of the stems of ``own``.

    Stems are letters and digits: nothing in them is a sign to either database.
    """
    phrases = _phrases(query, begun)
    if postgres:
        asked = ["(" + " <-> ".join(f"'{word}'" for word in phrase) + ")" for phrase in phrases]
        asked += [f"'{begun}':*"] if begun else []
        wanted = sa.cast(" & ".join(asked), TSQUERY)
        return SEARCH.c.stems.op("@@")(wanted), sa.column("stems").op("@@")(wanted)
    asked = [f'"{" ".join(phrase)}"' for phrase in phrases] + ([f'"{begun}" *'] if begun else [])
    words = [f" {' '.join(phrase)} " for phrase in phrases] + ([f" {begun}"] if begun else [])
    said = sa.literal(" ").concat(sa.column("stems")).concat(" ")
    return (
        sa.literal_column("post_search").op("MATCH")(" AND ".join(asked)),
        sa.and_(*(sa.func.instr(said, one) > 0 for one in words)),
    )


def _phrases(query: Query, begun: str) -> list[tuple[str, ...]]:
    """Return what has to stand whole; the last word does not, once it is taken as begun."""
    words = query.words[:-1] if begun else query.words
    return [*((word,) for word in words), *query.phrases]
