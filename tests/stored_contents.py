"""What a database holds, in a form that two databases can be compared by."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import col, select

from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post, PostVersion
from models.timer import Timer
from models.vocabulary import Clock
from pipeline.database import reading

Contents = dict[str, dict[str, Any]]
EVERYTHING = ("said", "place", "published", "versions", "judged", "incident", "timers", "journal")
"""What is told of every post."""

ON_ARRIVAL = frozenset({"opened_at", "stage_at", "stage_due_at"})
"""Moments of an incident that depend on when its post came."""

Row = TypeVar("Row", PostVersion, Timer, JournalEntry)


def contents(engine: sa.Engine) -> Contents:
    """Return what is stored, by external id, without row numbers and moments of arrival."""
    with reading(engine) as session:
        incidents = {one.id: one for one in session.exec(select(Incident))}
        versions = _by(session.exec(select(PostVersion).order_by(col(PostVersion.revision))))
        timers = _by(session.exec(select(Timer).order_by(col(Timer.clock))))
        journal = _by(session.exec(select(JournalEntry).order_by(col(JournalEntry.id))))
        posts = list(session.exec(select(Post)))
    opened = [post.incident_id for post in posts if post.incident_id]
    assert sorted(opened) == sorted(filter(None, incidents)), "one incident for a post"
    found = {}
    for post in posts:
        number = post.incident_id
        incident = incidents[number].model_dump(exclude={"id", *ON_ARRIVAL}) if number else None
        found[post.external_id] = {
            "said": (post.text, post.deleted_at is not None, post.edited_at),
            "place": (post.kind, post.parent_id, post.root_id, post.url, post.author_id),
            "published": post.published_at,
            "versions": [(one.revision, one.text, one.edited_at) for one in versions[post.id]],
            "judged": (post.relevant, post.prediction, post.model),
            "incident": incident,
            "timers": [_timer(one) for one in timers[number]],
            "journal": [(one.act, one.before, one.after) for one in journal[number]],
        }
    return found


def _timer(timer: Timer) -> tuple[object, ...]:
    """Return what a timer is to say; when a stage is due depends on the moment of arrival."""
    due_at = None if timer.clock is Clock.STAGE else timer.due_at
    return timer.clock, timer.cycle, timer.level, due_at, timer.state


def _by(rows: Iterable[Row]) -> dict[int | None, list[Row]]:
    """Return rows by the post or the incident that they belong to."""
    found: dict[int | None, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.post_id if isinstance(row, PostVersion) else row.incident_id].append(row)
    return found


def differences(one: Contents, other: Contents, names: Iterable[str] = EVERYTHING) -> list[str]:
    """Return what is not the same in two databases, by the names in ``contents``."""
    return [
        f"{key} {name}: {one.get(key, {}).get(name)} | {other.get(key, {}).get(name)}"
        for key in sorted(one.keys() | other.keys())
        for name in names
        if one.get(key, {}).get(name) != other.get(key, {}).get(name)
    ]
