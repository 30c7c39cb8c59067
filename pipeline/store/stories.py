"""Queries on the index of posts that may be one problem."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from models.incident import Incident
from models.post import Post
from models.source import Source
from models.story import Story
from pipeline.decisions.stories import Candidate
from pipeline.decisions.stories_keys import keys_of
from pipeline.decisions.stories_text import Facts, account, reference, references

SEPARATOR = "|"
AT_ONCE = 50
"""Keys a statement: SQLite takes 500 parts of a UNION, and few parts are planned faster."""

IDS = 500
"""Posts a statement."""

LIMIT = 20
"""Posts that are looked at of one key, those nearest before the end of its time."""


def candidates(
    session: Session, posts: Sequence[Facts], *, reach: timedelta, limit: int = LIMIT
) -> list[list[Candidate]]:
    """Return, for each post, stored posts of incidents that share a key with it.

    They were written within ``reach`` of it, before or after. Of a key that many posts have only
    the ``limit`` newest of that time are looked at, so that no post costs more than its keys
    times ``limit`` rows however many are stored. One query is made for all posts together.
    """
    asked = [(number, key) for number, facts in enumerate(posts) for key in keys_of(facts)]
    spans = [_span(facts.at, reach) for facts in posts]
    met: list[dict[int, None]] = [{} for _ in posts]
    for start in range(0, len(asked), AT_ONCE):
        part = asked[start : start + AT_ONCE]
        values: dict[str, int] = {"most": limit}
        for place, (number, key) in enumerate(part):
            values[f"k{place}"] = key
            values[f"s{place}"], values[f"u{place}"] = spans[number]
        for place, post_id in session.execute(_newest(len(part)), values):
            met[part[place][0]][post_id] = None
    stored = {
        candidate.post_id: candidate
        for candidate in _stored(session, sorted({id_ for ids in met for id_ in ids}))
    }
    return [[stored[id_] for id_ in ids if id_ in stored] for ids in met]


def facts_by_post(session: Session, post_ids: Sequence[int]) -> dict[int, Facts]:
    """Return the facts of posts as they were remembered, by post id."""
    return {row.post_id: _facts(row, row.settlement, row.topic) for row in _rows(session, post_ids)}


@cache
def _newest(count: int) -> sa.TextClause:
    """Return a statement for ``count`` keys that reads at most ``most`` rows of each."""
    parts = (
        "SELECT * FROM (SELECT {0} AS place, post_id FROM story_key WHERE key = :k{0} "
        "AND at BETWEEN :s{0} AND :u{0} ORDER BY at DESC LIMIT :most) AS part{0}"
    )
    return sa.text(" UNION ALL ".join(parts.format(place) for place in range(count)))


def _span(at: datetime, reach: timedelta) -> tuple[int, int]:
    seconds, wide = int(at.timestamp()), int(reach.total_seconds())
    return seconds - wide, seconds + wide


def _stored(session: Session, post_ids: Sequence[int]) -> Iterator[Candidate]:
    """Give the posts that have an incident; its topic and settlement are what people corrected."""
    for row in _rows(session, post_ids):
        if row.incident_id is not None:
            settlement = row.incident_settlement or row.settlement
            facts = _facts(row, settlement, row.incident_topic)
            yield Candidate(row.post_id, row.incident_id, facts)


def _rows(session: Session, post_ids: Sequence[int]) -> Iterable[Any]:
    query = (
        sa.select(
            *(col(getattr(Story, name)) for name in Story.model_fields),
            col(Post.incident_id),
            col(Post.source_id),
            col(Post.external_id),
            col(Post.root_id),
            col(Post.parent_id),
            col(Post.author_id),
            col(Source.network),
            col(Incident.topic).label("incident_topic"),
            col(Incident.settlement).label("incident_settlement"),
        )
        .join(Post, col(Post.id) == col(Story.post_id))
        .join(Source, col(Source.id) == col(Post.source_id))
        .outerjoin(Incident, col(Incident.id) == col(Post.incident_id))
    )
    for start in range(0, len(post_ids), IDS):
        part = query.where(col(Story.post_id).in_(post_ids[start : start + IDS]))
        yield from session.execute(part)


def _facts(row: Any, settlement: str | None, topic: Any) -> Facts:
    return Facts(
        at=row.at,
        topic=topic,
        settlement=settlement,
        village=row.village,
        street=row.street,
        house=row.house,
        author=account(row.network, row.author_id),
        own=reference(row.source_id, row.external_id),
        above=references(row.source_id, row.root_id, row.parent_id),
        text=row.text,
        words=_unpacked(row.words),
        names=_unpacked(row.names),
        things=frozenset(row.things.split(SEPARATOR)) - {""},
    )


def _unpacked(packed: bytes) -> frozenset[int]:
    return frozenset(np.frombuffer(packed, "<u4").tolist())
