"""Queries about the journal as a whole; an incident's own entries are with the incidents.

Entries are numbered without a gap and in the order of time, so that a moment leads to a number in
a few look-ups, and no index of moments, actors or acts has to grow with every entry.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.journal import JournalEntry
from models.vocabulary import Act

LOOKED = 50_000
"""Entries that one page looks through for an actor or an act: a tenth of a second."""

JITTER = 1_000
"""How far, in entries, a moment may be from its place: what commits later may have begun first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: all of what is given has to hold; ``until`` is not part of the period."""

    incident: int | None = None
    actor: str = ""
    act: Act | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some entries, the newest first; ``below`` is where the next stretch begins, None at the end.

    ``looked_to`` is the oldest number that was looked at, where not all could be.
    """

    entries: list[JournalEntry]
    below: int | None
    looked_to: int | None = None


def newest_entries(
    session: Session, limit: int, *, incident_id: int | None = None
) -> list[JournalEntry]:
    """Return the newest entries, of one incident or of all, the oldest of them first."""
    query = select(JournalEntry).order_by(col(JournalEntry.id).desc()).limit(limit)
    if incident_id is not None:
        query = query.where(JournalEntry.incident_id == incident_id)
    return list(reversed(session.exec(query).all()))


def find_entries(
    session: Session, wanted: Wanted, *, below: int | None, limit: int, look: int = LOOKED
) -> Stretch:
    """Return at most ``limit`` entries with numbers under ``below``, of at most ``look`` entries.

    Of one incident all are looked at: an index knows them.
    """
    number = col(JournalEntry.id)
    first, last = _range(session, wanted)
    last = last if below is None else min(last, below - 1)
    floor = first if wanted.incident is not None else max(first, last - look + 1)
    query = select(JournalEntry).where(number >= floor, number <= last)
    if wanted.incident is not None:
        query = query.where(JournalEntry.incident_id == wanted.incident)
    if wanted.actor:
        query = query.where(JournalEntry.actor == wanted.actor)
    if wanted.act is not None:
        query = query.where(JournalEntry.act == wanted.act)
    if wanted.since is not None:
        query = query.where(JournalEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(JournalEntry.at < wanted.until)
    found = list(session.exec(query.order_by(number.desc()).limit(limit + 1)).all())
    if len(found) > limit:
        return Stretch(found[:limit], found[limit - 1].id)
    if floor > first:
        return Stretch(found, floor, floor)
    return Stretch(found, None)


def _range(session: Session, wanted: Wanted) -> tuple[int, int]:
    """Return the first and the last number that a period can have."""
    last = session.execute(sa.select(sa.func.max(col(JournalEntry.id)))).scalar_one() or 0
    first = 1
    if wanted.since is not None:
        first = max(1, _number_at(session, wanted.since, last) - JITTER)
    if wanted.until is not None:
        last = min(last, _number_at(session, wanted.until, last) + JITTER)
    return first, last


def _number_at(session: Session, moment: datetime, last: int) -> int:
    """Return about which number was the first at or after a moment, by halving."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        at = session.execute(
            sa.select(col(JournalEntry.at))
            .where(col(JournalEntry.id) >= middle)
            .order_by(col(JournalEntry.id))
            .limit(1)
        ).scalar()
        if at is not None and at < moment:
            low = middle + 1
        else:
            high = middle
    return low
