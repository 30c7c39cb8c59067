"""Queries about incidents."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import CoExecutor, Incident, Pause
from models.journal import JournalEntry
from models.post import Post
from models.source import Source
from models.vocabulary import Role
from pipeline.decisions.permissions import Actor, sees
from pipeline.store.queue_filter import Plan, QueueFilter, plan
from pipeline.store.search import among, having

MANY = 10_001
"""Nothing is counted further than this: it is said to be more than 10 000."""

WALK = 20_000
"""Incidents of a list that are looked through for words that stand in very many messages."""

CHUNK = 500
"""Of those, how many are looked at first; then twice as many, and so on."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One open incident with its first post and the source that it came from."""

    incident: Incident
    post: Post
    source: Source


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list; ``total`` is at most MANY, or None where counting would take too long.

    ``page`` is the one that was asked for or, past the end, the last one.
    """

    rows: list[QueueRow]
    total: int | None
    page: int
    more: bool


def listing(session: Session, wanted: QueueFilter, *, page: int, size: int) -> Listing:
    """Return a page of a list, of ``size`` rows; the first page is 1."""
    planned = plan(session, wanted)
    if planned.frequent is None:
        total = _count(session, planned)
        page = min(page, _pages(total, size))
        ids = _ids(session, planned, (page - 1) * size, size + 1)
    else:
        total, found = None, list(_walk(session, planned, page * size + 1, WALK))
        page = min(page, _pages(len(found), size))
        ids = found[(page - 1) * size :]
    return Listing(_rows(session, planned, ids[:size]), total, page, len(ids) > size)


def queue(
    session: Session, wanted: QueueFilter, *, offset: int = 0, limit: int = 50
) -> list[QueueRow]:
    """Return incidents: what is owed an answer by its deadline, all else the newest first."""
    planned = plan(session, wanted)
    if planned.frequent is None:
        return _rows(session, planned, _ids(session, planned, offset, limit))
    return _rows(session, planned, list(_walk(session, planned, offset + limit, WALK))[offset:])


def count_queue(session: Session, wanted: QueueFilter, *, most: int = MANY) -> int:
    """Return how many incidents the filter lets through, ``most`` at most."""
    planned = plan(session, wanted)
    if planned.frequent is None:
        return _count(session, planned, most)
    return len(list(_walk(session, planned, most, WALK)))


def matching(session: Session, wanted: QueueFilter, *, limit: int) -> list[tuple[int, int]]:
    """Return the number and version of up to ``limit`` incidents, in the order of the list."""
    planned = plan(session, wanted)
    if planned.frequent is None:
        ids = _ids(session, planned, 0, limit)
    else:
        ids = list(_walk(session, planned, limit, None))
    found = sa.select(col(Incident.id), col(Incident.version))
    versions: dict[int, int] = dict(
        session.execute(found.where(among(session, col(Incident.id), ids))).tuples().all()
    )
    return [(id_, versions[id_]) for id_ in ids]


def find_incident(session: Session, incident_id: int) -> Incident | None:
    """Return one incident, or None."""
    return session.get(Incident, incident_id)


def lock_incidents(session: Session, ids: Iterable[int]) -> dict[int, Incident]:
    """Return these incidents as they stand, locked in the order of their numbers.

    In one order, so that two who lock the same ones never wait for each other; those that are not
    there are left out.
    """
    query = (
        select(Incident)
        .where(col(Incident.id).in_(sorted(set(ids))))
        .order_by(col(Incident.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {stored_id(one.id): one for one in session.exec(query)}


def journal_of(session: Session, incident_id: int) -> list[JournalEntry]:
    """Return an incident's journal, the oldest entry first."""
    query = (
        select(JournalEntry)
        .where(JournalEntry.incident_id == incident_id)
        .order_by(col(JournalEntry.id))
    )
    return list(session.exec(query).all())


def pauses_of(session: Session, incident_id: int, cycle: str | None = None) -> list[Pause]:
    """Return an incident's pauses, the first one first; of one round and term, or all."""
    query = select(Pause).where(Pause.incident_id == incident_id).order_by(col(Pause.id))
    return list(session.exec(query if cycle is None else query.where(Pause.cycle == cycle)).all())


def helpers_of(session: Session, incident_id: int) -> tuple[str, ...]:
    """Return the codes of the bodies that help with an incident."""
    query = (
        sa.select(col(CoExecutor.body))
        .where(col(CoExecutor.incident_id) == incident_id)
        .order_by(col(CoExecutor.body))
    )
    return tuple(session.execute(query).scalars())


def visible_incident(session: Session, actor: Actor, incident_id: int) -> Incident | None:
    """Return one incident if this person may look at it, else None: a stranger's is not there."""
    incident = find_incident(session, incident_id)
    if incident is None:
        return None
    helpers = helpers_of(session, incident_id) if actor.role is Role.EXECUTOR else ()
    return incident if sees(actor, incident.body, helpers) else None


def _pages(number: int, size: int) -> int:
    return max(1, -(-number // size))


def _ids(session: Session, planned: Plan, offset: int, limit: int | None) -> list[int]:
    query = (
        sa.select(col(Incident.id))
        .where(*planned.conditions)
        .order_by(*planned.order)
        .offset(offset)
        .limit(limit)
    )
    return list(session.execute(query).scalars())


def _count(session: Session, planned: Plan, most: int = MANY) -> int:
    some = sa.select(col(Incident.id)).where(*planned.conditions).limit(most).subquery()
    number: int = session.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return number


def _walk(session: Session, planned: Plan, wanted: int, most: int | None) -> Iterator[int]:
    """Go through a list for frequent words until ``wanted`` are found or ``most`` looked at."""
    if planned.frequent is None:
        raise AssertionError("only what is frequent is walked through")
    found, size, ids = 0, CHUNK, _ids(session, planned, 0, most)
    while ids and found < wanted:
        some, ids = ids[:size], ids[size:]
        these = having(session, planned.frequent, some)
        for id_ in some:
            if id_ in these and found < wanted:
                found += 1
                yield id_
        size = min(size * 2, 4 * CHUNK)


def _rows(session: Session, planned: Plan, ids: Sequence[int]) -> list[QueueRow]:
    query = select(Incident).where(col(Incident.id).in_(ids)).order_by(*planned.order)
    incidents = list(session.exec(query))
    homes = _homes(session, incidents)
    first = _first_posts(session, list(set(homes.values())))
    return [
        QueueRow(incident, *first[homes[incident.id]])
        for incident in incidents
        if incident.id is not None and homes[incident.id] in first
    ]


def _homes(session: Session, incidents: Sequence[Incident]) -> dict[int, int]:
    """Return where the posts of each incident are: in itself, or where it was merged into."""
    homes = {one.id: one.merged_into or one.id for one in incidents if one.id is not None}
    merged = any(one.merged_into for one in incidents)
    while merged:
        query = sa.select(col(Incident.id), col(Incident.merged_into)).where(
            col(Incident.id).in_(set(homes.values())), col(Incident.merged_into).is_not(None)
        )
        further: dict[int, int] = dict(session.execute(query).tuples().all())
        homes = {id_: further.get(home, home) for id_, home in homes.items()}
        merged = bool(further)
    return homes


def _first_posts(session: Session, incident_ids: Sequence[int]) -> dict[int, tuple[Post, Source]]:
    first = (
        select(sa.func.min(col(Post.id)))
        .where(col(Post.incident_id).in_(incident_ids))
        .group_by(col(Post.incident_id))
    )
    query = (
        select(Post, Source)
        .join(Source, col(Source.id) == col(Post.source_id))
        .where(col(Post.id).in_(first))
    )
    return {
        post.incident_id: (post, source)
        for post, source in session.exec(query)
        if post.incident_id is not None
    }
