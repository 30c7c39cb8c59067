"""Forgetting authors, and deleting what has served: batch by batch, each in its own transaction.

What was forgotten is marked in the post itself, so a run that was cut short goes on where it
stopped. An open incident is never touched: of closed ones the row is locked first, so none can be
opened again meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from models.answer import Answer
from models.post import Post, PostVersion
from models.survey import Survey
from models.vocabulary import Act, Network
from pipeline.decisions.permissions import Actor
from pipeline.decisions.personal import Official
from pipeline.decisions.retention import kept_stated, leads_to_person, mask
from pipeline.desk import journal, search
from pipeline.desk.stories import forget
from pipeline.store import retention as store
from pipeline.store.retention import OldPost, Sweep

BATCH = 200
"""Incidents, or posts without one, of a transaction: others wait for a moment only."""

SWEPT = 2_000
"""Rows that one transaction deletes."""


@dataclass(frozen=True, slots=True)
class Period:
    """Which period is over: how many months, and before which moment an incident was closed."""

    months: int
    before: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction forgot; ``last`` is the last id, to go on after, None at the end."""

    incidents: int
    posts: int
    last: int | None


def begin(session: Session, period: Period, due: int, *, actor: Actor, now: datetime) -> None:
    """Note that a person has seen how many incidents are due and wants their authors forgotten."""
    journal.write(
        session,
        Act.AUTHORS_ERASED,
        at=now,
        incident_id=None,
        actor=actor.login,
        reason="период подтверждён, стирание начато",
        after={"months": period.months, "closed_before": period.before.isoformat(), "due": due},
    )


def erase_incidents(
    session: Session,
    period: Period,
    *,
    after: int,
    known: Official,
    actor: Actor,
    now: datetime,
    limit: int = BATCH,
) -> Batch:
    """Forget the authors of the next incidents above ``after``; the journal counts them."""
    ids = store.due_incidents(session, period.before, after=after, limit=limit, lock=True)
    if not ids:
        return Batch(0, 0, None)
    posts = store.posts_of(session, ids)
    masked = _forget(session, posts, known, now)
    search.reindex(session, masked)
    _mask_answers(session, ids, known)
    session.execute(
        sa.update(Survey)
        .where(col(Survey.incident_id).in_(ids), col(Survey.word) != "")
        .values(word="")
    )
    facts = {"incidents": len(ids), "posts": len(posts), "first": ids[0], "last": ids[-1]}
    _note(session, period, facts, actor=actor, now=now)
    return Batch(len(ids), len(posts), ids[-1])


def erase_loose(
    session: Session,
    period: Period,
    *,
    after: int,
    known: Official,
    actor: Actor,
    now: datetime,
    limit: int = BATCH,
) -> Batch:
    """Forget the authors of the next posts that belong to no incident."""
    posts = store.loose_posts(session, period.before, after=after, limit=limit)
    if not posts:
        return Batch(0, 0, None)
    _forget(session, posts, known, now)
    _note(session, period, {"incidents": 0, "posts": len(posts)}, actor=actor, now=now)
    return Batch(0, len(posts), posts[-1].id)


def sweep(session: Session, what: Sweep, limit: int = SWEPT) -> int:
    """Delete rows that have served; return how many, fewer than ``limit`` at the end."""
    (key,) = sa.inspect(what.table, raiseerr=True).primary_key
    some = sa.select(key).where(what.over).order_by(key).limit(limit)
    ids = list(session.execute(some).scalars())
    if ids:
        session.execute(sa.delete(what.table).where(key.in_(ids), what.over))
    return len(ids)


def _forget(
    session: Session, posts: Sequence[OldPost], known: Official, now: datetime
) -> dict[int, str]:
    """Take the authors out of posts; return the texts that are others now, by the post's id."""
    ids = [post.id for post in posts]
    rows = [_forgotten(post, known, now) for post in posts]
    _update(session, Post, rows)
    query = select(PostVersion).where(col(PostVersion.post_id).in_(ids))
    _mask(session, PostVersion, session.exec(query).all(), known)
    # Hashes of the words would still find the author's other messages.
    forget(session, ids)
    return {
        post.id: row["text"]
        for post, row in zip(posts, rows, strict=True)
        if post.text != row["text"]
    }


def _forgotten(post: OldPost, known: Official, now: datetime) -> Mapping[str, Any]:
    """Return the columns of a post without its author."""

    def above(external_id: str) -> str:
        found = leads_to_person(external_id, post.author_id, post.network)
        return "" if found else external_id

    return {
        "id": post.id,
        # What keeps the source from bringing it as a new one stays, unless it is an account.
        "external_id": above(post.external_id) or f"erased-{post.id}",
        "parent_id": above(post.parent_id),
        "root_id": above(post.root_id),
        "author_id": "",
        "url": "",
        "text": mask(post.text, known),
        "stated": kept_stated(post.stated, now),
    }


def _mask_answers(session: Session, incidents: Sequence[int], known: Official) -> None:
    """Take out of our own answers whom they name, and the links that lead below the author's."""
    answers = session.exec(select(Answer).where(col(Answer.incident_id).in_(incidents))).all()
    _mask(session, Answer, answers, known)
    ids = [answer.id for answer in answers if answer.url]
    session.execute(sa.update(Answer).where(col(Answer.id).in_(ids)).values(url=""))
    walls = [
        answer.id
        for answer in answers
        if answer.external_id and leads_to_person(answer.external_id, "", Network.VK)
    ]
    session.execute(sa.update(Answer).where(col(Answer.id).in_(walls)).values(external_id=""))


def _mask(
    session: Session,
    table: type[SQLModel],
    rows: Sequence[PostVersion] | Sequence[Answer],
    known: Official,
) -> None:
    masked = [(row.id, row.text, mask(row.text, known)) for row in rows]
    _update(session, table, [{"id": id_, "text": new} for id_, old, new in masked if old != new])


def _update(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(sa.update(table), rows)


def _note(
    session: Session, period: Period, facts: Mapping[str, int], *, actor: Actor, now: datetime
) -> None:
    journal.write(
        session,
        Act.AUTHORS_ERASED,
        at=now,
        incident_id=None,
        actor=actor.login,
        after={"months": period.months, "closed_before": period.before.isoformat(), **facts},
    )
