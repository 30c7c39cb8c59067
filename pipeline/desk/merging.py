"""Putting incidents about one problem together, and taking them apart again.

A merge moves the posts and closes the incident that they came from; nothing of it is lost, so
that an un-merge gives back exactly what was. A deadline never moves away by a merge: the nearer
one counts, and the higher urgency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Apart, Incident, Merge
from models.post import Post
from models.values import Deadline
from models.vocabulary import Act, Certainty, ClosingReason, Stage, Term, Urgency
from pipeline.decisions import clocks
from pipeline.decisions.lifecycle import No, Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import journal
from pipeline.desk.cases import Case, open_case
from pipeline.desk.opening import facts
from pipeline.desk.steps import close, note, state
from pipeline.desk.terms import enter, set_deadline, start_term
from pipeline.rules import Rules
from pipeline.store.incidents import lock_incidents
from pipeline.store.posts import posts_of


@dataclass(frozen=True, slots=True)
class Pair:
    """Two incidents, both locked: ``one`` goes into ``other``."""

    one: Case
    other: Case


def merge(
    session: Session,
    incident_id: int,
    into_id: int,
    *,
    actor: Actor,
    reason: str = "",
    version: int | None = None,
    rules: Rules,
    now: datetime,
) -> Incident | Refused:
    """Put an open incident's posts into another open one; return that one.

    ``version`` is the first incident's that the actor has seen.
    """
    wish = Wish(Act.MERGED, reason, version)
    pair = _pair(session, incident_id, into_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(pair, Refused):
        return pair
    if are_apart(session, incident_id, into_id):
        return Refused(
            No.GUARD, f"Инциденты № {incident_id} и № {into_id} запрещено объединять: так решили."
        )
    one, other = pair.one.incident, pair.other.incident
    posts = [stored_id(post.id) for post in posts_of(session, incident_id)]
    session.add(
        Merge(
            incident_id=incident_id,
            into_id=into_id,
            at=now,
            by=actor.login,
            posts=posts,
            before={"stage": one.stage.value, "other": _clock(other)},
        )
    )
    before = state(other)
    _move_posts(session, posts, into_id)
    close(session, one, ClosingReason.MERGED, now=now, rules=rules, by=actor, reason=reason)
    one.merged_into = into_id
    _hurry(session, one, other, now=now, rules=rules)
    recount(session, other)
    other.version += 1
    told = {"merged": incident_id, "posts": posts}
    note(session, other, Act.MERGED, before, at=now, by=actor, reason=reason, facts=told)
    return other


def unmerge(
    session: Session, incident_id: int, *, actor: Actor, rules: Rules, now: datetime
) -> Incident | Refused:
    """Give a merged incident its posts and its stage back; return it."""
    known = session.exec(
        select(Merge)
        .where(Merge.incident_id == incident_id, col(Merge.undone_at).is_(None))
        .order_by(col(Merge.id).desc())
        .limit(1)
    ).one_or_none()
    if known is None:
        return Refused(No.GUARD, f"Инцидент № {incident_id} ни с чем не объединён.")
    lock_incidents(session, [incident_id, known.into_id])
    wish = Wish(Act.UNMERGED)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    other = session.get_one(Incident, known.into_id)
    # A post that was moved on since then stays where a person has put it.
    still = [post for post in posts_of(session, known.into_id) if stored_id(post.id) in known.posts]
    posts = [stored_id(post.id) for post in still]
    if not posts:
        return Refused(
            No.GUARD, "Сообщений этого инцидента в объединённом больше нет: разделять нечего."
        )
    incident, before, other_before = case.incident, state(case.incident), state(other)
    known.undone_at = now
    _move_posts(session, posts, incident_id)
    incident.merged_into = None
    enter(session, incident, Stage(known.before["stage"]), now=now, rules=rules)
    recount(session, incident)
    _restore_clock(session, other, incident, known.before["other"], now=now, rules=rules)
    recount(session, other)
    other.version += 1
    note(session, incident, Act.UNMERGED, before, at=now, by=actor, facts={"posts": posts})
    note(
        session,
        other,
        Act.UNMERGED,
        other_before,
        at=now,
        by=actor,
        facts={"unmerged": incident_id, "posts": posts},
    )
    return incident


def keep_apart(
    session: Session,
    incident_id: int,
    other_id: int,
    *,
    actor: Actor,
    lift: bool = False,
    rules: Rules,
    now: datetime,
) -> Incident | Refused:
    """Never let these two be merged, by the machine or by a person; return the first.

    ``lift`` takes such a word back.
    """
    wish = Wish(Act.KEPT_APART)
    pair = _pair(session, incident_id, other_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(pair, Refused):
        return pair
    first, second = sorted((incident_id, other_id))
    known = session.get(Apart, (first, second))
    if (known is None) is lift:
        return pair.one.incident
    if known is None:
        session.add(Apart(first_id=first, second_id=second, at=now, by=actor.login))
    else:
        session.delete(known)
    for case, told in ((pair.one, other_id), (pair.other, incident_id)):
        before, after = state(case.incident), {"other": told, "apart": not lift}
        note(session, case.incident, Act.KEPT_APART, before, at=now, by=actor, facts=after)
    return pair.one.incident


def split(
    session: Session,
    post_id: int,
    *,
    actor: Actor,
    reason: str = "",
    rules: Rules,
    now: datetime,
) -> Incident | Refused:
    """Give a post that does not belong to its incident one of its own; return the new one.

    Its clock starts when its author wrote, and a person reviews it.
    """
    post = session.get(Post, post_id)
    if post is None or post.incident_id is None:
        return Refused(No.NOT_FOUND, f"Сообщения № {post_id} ни в одном инциденте нет.")
    wish = Wish(Act.POST_SPLIT, reason)
    case = open_case(session, post.incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    if len(posts_of(session, post.incident_id)) < 2:
        return Refused(No.GUARD, "Это единственное сообщение инцидента: отделять его не от чего.")
    incident, before = case.incident, state(case.incident)
    fresh = _copy(incident, post, rules=rules, now=now)
    session.add(fresh)
    session.flush()
    number = stored_id(fresh.id)
    enter(session, fresh, Stage.REVIEW, now=now, rules=rules)
    since = min(post.published_at or post.first_seen_at, now)
    start_term(session, fresh, Term.ANSWER, since=since, now=now, rules=rules)
    fresh.version = 1
    _move_posts(session, [post_id], number)
    recount(session, incident)
    incident.version += 1
    told = {"post": post_id, "split_into": number}
    note(session, incident, Act.POST_SPLIT, before, at=now, by=actor, reason=reason, facts=told)
    journal.write(
        session,
        Act.OPENED,
        at=now,
        incident_id=number,
        post_id=post_id,
        actor=actor.login,
        reason=reason,
        after=facts(fresh.model_dump()) | {"split_from": incident.id},
    )
    return fresh


def are_apart(session: Session, one: int, other: int) -> bool:
    """Tell whether somebody has said that these two incidents are different problems."""
    first, second = sorted((one, other))
    return session.get(Apart, (first, second)) is not None


def recount(session: Session, incident: Incident) -> None:
    """Count an incident's repeats and the different authors anew."""
    session.flush()
    count, authors = session.execute(
        sa.select(
            sa.func.count(), sa.func.count(sa.distinct(sa.func.nullif(col(Post.author_id), "")))
        ).where(col(Post.incident_id) == incident.id)
    ).one()
    incident.repeats, incident.reach = max(count - 1, 0), max(authors, 1)


def _pair(
    session: Session,
    one_id: int,
    other_id: int,
    wish: Wish,
    *,
    actor: Actor,
    rules: Rules,
    now: datetime,
) -> Pair | Refused:
    if one_id == other_id:
        return Refused(No.GUARD, "Это один и тот же инцидент. Укажите другой номер.")
    lock_incidents(session, [one_id, other_id])
    one = open_case(session, one_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(one, Refused):
        return one
    unseen = Wish(wish.act, wish.reason)
    other = open_case(session, other_id, unseen, actor=actor, rules=rules, now=now)
    if isinstance(other, Refused):
        return Refused(other.no, f"Инцидент № {other_id}: {other.message}")
    return Pair(one, other)


def _clock(incident: Incident) -> dict[str, Any]:
    return {
        "urgency": incident.urgency.value,
        "due_at": incident.due_at.isoformat(),
        "clock_from": incident.clock_from.isoformat(),
        "norm": incident.norm,
    }


def _hurry(
    session: Session, one: Incident, other: Incident, *, now: datetime, rules: Rules
) -> None:
    """Let the incident that stays be as urgent, and due as soon, as the one that went into it."""
    if one.urgency is Urgency.URGENT:
        other.urgency = Urgency.URGENT
    if one.term is other.term and one.due_at < other.due_at and other.paused_at is None:
        other.clock_from = min(one.clock_from, other.clock_from)
        set_deadline(session, other, Deadline(one.due_at, one.norm), now=now, rules=rules)


def _restore_clock(
    session: Session,
    other: Incident,
    one: Incident,
    before: dict[str, Any],
    *,
    now: datetime,
    rules: Rules,
) -> None:
    """Give the incident that stayed its own deadline back, unless it has another one since."""
    if other.due_at != one.due_at or other.due_at.isoformat() == before["due_at"]:
        return
    other.clock_from = datetime.fromisoformat(before["clock_from"])
    other.urgency = Urgency(before["urgency"])
    norm = rules.region.norm_for(other.network, other.urgency, other.term)
    deadline = clocks.due(norm, other.clock_from, rules.calendar)
    set_deadline(session, other, deadline, now=now, rules=rules)


def _move_posts(session: Session, posts: Sequence[int], into_id: int) -> None:
    session.flush()
    for post in session.exec(select(Post).where(col(Post.id).in_(posts))):
        post.incident_id = into_id


def _copy(incident: Incident, post: Post, *, rules: Rules, now: datetime) -> Incident:
    """Return a new incident about what the old one is about, for a person to put right."""
    since = min(post.published_at or post.first_seen_at, now)
    norm = rules.region.norm_for(incident.network, incident.urgency)
    deadline = clocks.due(norm, since, rules.calendar)
    return Incident(
        topic=incident.topic,
        urgency=incident.urgency,
        certainty=Certainty.UNSURE,
        network=incident.network,
        settlement=incident.settlement,
        place_from=incident.place_from,
        body=incident.body,
        route_rule=incident.route_rule,
        route_note=incident.route_note,
        created_at=since,
        opened_at=now,
        clock_from=since,
        due_at=deadline.due_at,
        norm=deadline.norm,
        calendar=rules.calendar.version,
        stage_at=now,
    )
