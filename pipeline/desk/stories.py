"""Keeping the index of posts that may be one problem."""

from collections.abc import Iterable, Sequence

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from models.story import Story, StoryKey
from pipeline.decisions.stories_keys import keys_of
from pipeline.decisions.stories_text import Facts
from pipeline.desk.bulk import Row, insert
from pipeline.store.stories import SEPARATOR, facts_by_post

ROWS = 500
"""Rows a deletion names at once; each has three values."""


def remember(session: Session, rows: Sequence[tuple[int, Facts]]) -> None:
    """Store the facts of relevant posts, by their ids, with the keys that lead to them.

    A post is remembered once; of one that changed its text, first ``forget`` the old.
    """
    insert(session, Story, [story_row(post_id, facts) for post_id, facts in rows])
    keys = [row for post_id, facts in rows for row in _keys(post_id, facts)]
    # In the order of the index: a page of posts then touches each of its leaves once.
    insert(session, StoryKey, sorted(keys, key=lambda row: (row["key"], row["at"])))


def forget(session: Session, post_ids: Iterable[int]) -> None:
    """Take posts out of the index; those that it does not hold are passed over."""
    known = facts_by_post(session, sorted(set(post_ids)))
    keys = [
        (row["key"], row["at"], row["post_id"])
        for post_id, facts in known.items()
        for row in _keys(post_id, facts)
    ]
    for start in range(0, len(keys), ROWS):
        columns = sa.tuple_(col(StoryKey.key), col(StoryKey.at), col(StoryKey.post_id))
        session.execute(sa.delete(StoryKey).where(columns.in_(keys[start : start + ROWS])))
    ids = list(known)
    for start in range(0, len(ids), ROWS):
        session.execute(sa.delete(Story).where(col(Story.post_id).in_(ids[start : start + ROWS])))


def story_row(post_id: int, facts: Facts) -> Row:
    """Return a post's facts as a row."""
    return {
        "post_id": post_id,
        "at": facts.at,
        "topic": facts.topic,
        "settlement": facts.settlement,
        "village": facts.village,
        "street": facts.street,
        "house": facts.house,
        "text": facts.text,
        "words": _packed(facts.words),
        "names": _packed(facts.names),
        "things": SEPARATOR.join(sorted(facts.things)),
    }


def _keys(post_id: int, facts: Facts) -> list[Row]:
    at = int(facts.at.timestamp())
    return [{"key": key, "at": at, "post_id": post_id} for key in keys_of(facts)]


def _packed(hashes: frozenset[int]) -> bytes:
    return np.array(sorted(hashes), "<u4").tobytes()
