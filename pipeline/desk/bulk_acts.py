"""One act on many incidents: each in a transaction of its own, by the functions of one.

What is done counts up in the transaction of each act, so that nothing is done twice however
often a process is killed. A runner is known by a name of its own: once another one goes on with
the act, the first finds that out before it touches anything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col

from models.console import BulkAct, BulkState
from models.incident import Incident
from models.staff import Staff
from models.vocabulary import Act, ClosingReason, Urgency
from pipeline.decisions.correcting import Refusal
from pipeline.decisions.lifecycle import Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import cases, correcting
from pipeline.desk.bulk import insert_into
from pipeline.desk.snooze import snooze
from pipeline.desk.undo import SWEPT_AFTER, WITHIN, remember, snapshot, undo
from pipeline.rules import Rules
from pipeline.store import bulk_acts as store
from pipeline.store.posts import posts_of
from pipeline.store.staff import actor_of

MOST = 10_000
"""Incidents that one bulk act takes."""

ALIVE = timedelta(seconds=15)
"""A runner that was silent for so long is dead."""

KEPT = timedelta(days=30)
"""How long a bulk act can be looked up after its end."""

NO_POSTS = "У инцидента нет сообщений: судить не о чем."
URGENT_ALREADY = "Инцидент уже срочный."
DISMISSED = "Сотрудник, который это начал, больше не работает здесь."


class BulkKind(StrEnum):
    """What can be done to many incidents at once."""

    CONFIRM = "confirm"
    NOT_RELEVANT = "not_relevant"
    ASSIGN = "assign"
    CLOSE = "close"
    SNOOZE = "snooze"
    URGENT = "urgent"

    @property
    def act(self) -> Act:
        """The act of the life cycle."""
        return _ACTS[self]


_ACTS = {
    BulkKind.CONFIRM: Act.CONFIRMED,
    BulkKind.NOT_RELEVANT: Act.CORRECTED,
    BulkKind.ASSIGN: Act.ASSIGNED,
    BulkKind.CLOSE: Act.CLOSED,
    BulkKind.SNOOZE: Act.SNOOZED,
    BulkKind.URGENT: Act.CORRECTED,
}


@dataclass(frozen=True, slots=True)
class BulkWish:
    """What somebody wants of many incidents; ``query`` is the queue's address that found them."""

    kind: BulkKind
    reason: str = ""
    body: str | None = None
    until: datetime | None = None
    query: str = ""

    @property
    def wish(self) -> Wish:
        """The same for one incident."""
        closing = ClosingReason.NO_ANSWER_DUE if self.kind is BulkKind.CLOSE else None
        return Wish(self.kind.act, self.reason, body=self.body, until=self.until, closing=closing)

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        until = None if self.until is None else self.until.isoformat()
        return {
            "kind": self.kind.value,
            "reason": self.reason,
            "body": self.body,
            "until": until,
            "query": self.query,
        }

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "BulkWish":
        """Return what was stored."""
        until = stored["until"]
        return cls(
            BulkKind(stored["kind"]),
            stored["reason"],
            stored["body"],
            None if until is None else datetime.fromisoformat(until),
            stored["query"],
        )


def start(
    session: Session,
    wish: BulkWish,
    ids: Sequence[tuple[int, int]],
    *,
    token: str,
    staff_id: int,
    runner: str,
    now: datetime,
) -> bool:
    """Store a bulk act on exactly these incidents at these versions.

    False if its token is known: a button that is pressed twice is heard once.
    """
    store.forget(session, now - KEPT)
    row = BulkAct(
        token=token,
        staff_id=staff_id,
        wish=wish.stored() | {"runner": runner},
        ids=[list(pair) for pair in ids],
        started_at=now,
        beat_at=now,
    )
    made = insert_into(session, BulkAct).values(row.model_dump(exclude={"id"}))
    made = made.on_conflict_do_nothing(index_elements=["token"]).returning(col(BulkAct.id))
    return session.execute(made).first() is not None


def stop(session: Session, token: str, *, now: datetime) -> None:
    """Stop a bulk act, or its taking back, after the incident that it is at."""
    course = store.course_of(session, token)
    if course is not None and course.state is BulkState.RUNNING:
        store.update(session, course.id, state=BulkState.STOPPED, ended_at=now)


def resume(session: Session, token: str, *, runner: str, now: datetime) -> bool:
    """Let another runner go on with what was stopped or has died; False if there is nothing to."""
    course = store.course_of(session, token)  # locks it
    found = store.find_bulk_act(session, token)
    if found is None or course is None or course.state in {BulkState.DONE, BulkState.UNDONE}:
        return False
    if course.state is BulkState.RUNNING and now - found.beat_at <= ALIVE:
        return False
    _run(session, course, course.wish | {"runner": runner}, now)
    return True


def take_back(session: Session, token: str, *, staff_id: int, runner: str, now: datetime) -> bool:
    """Let a runner take back all that a bulk act has done; False if it cannot be any more.

    ``staff_id`` is who wants it: the journal names them.
    """
    course = store.course_of(session, token)  # locks it
    found = store.find_bulk_act(session, token)
    if found is None or course is None or not can_take_back(found, now):
        return False
    undoing = {"left": course.done, "restored": 0, "kept": [], "by": staff_id}
    _run(session, course, course.wish | {"runner": runner, "undo": undoing}, now)
    return True


def can_take_back(act: BulkAct, now: datetime) -> bool:
    """Tell whether a bulk act that has ended, or whose runner died, may still be taken back."""
    if act.state is BulkState.UNDONE or "undo" in act.wish or act.done == 0:
        return False
    if act.state is BulkState.RUNNING:
        return ALIVE < now - act.beat_at <= WITHIN
    return now - (act.ended_at or act.beat_at) <= WITHIN


def _run(session: Session, course: store.Course, wish: dict[str, Any], now: datetime) -> None:
    store.update(session, course.id, wish=wish, state=BulkState.RUNNING, beat_at=now, ended_at=None)


def advance(
    session: Session,
    token: str,
    ids: Sequence[Sequence[int]],
    *,
    runner: str,
    rules: Rules,
    now: datetime,
    give_up: str = "",
) -> bool:
    """Deal with the next incident of a bulk act; return whether there is anything left for us.

    ``ids`` are the act's own. ``give_up`` leaves that incident alone, and says why.
    """
    course = store.course_of(session, token)
    if course is None or course.state is not BulkState.RUNNING or course.wish["runner"] != runner:
        return False
    step = _undo_next if "undo" in course.wish else _act_next
    return step(session, course, token, ids, rules=rules, now=now, give_up=give_up)


def _act_next(
    session: Session,
    course: store.Course,
    token: str,
    ids: Sequence[Sequence[int]],
    *,
    rules: Rules,
    now: datetime,
    give_up: str,
) -> bool:
    if course.done >= len(ids):
        store.update(session, course.id, state=BulkState.DONE, beat_at=now, ended_at=now)
        return False
    number, version = ids[course.done]
    staff = session.get_one(Staff, course.staff_id)
    wish = BulkWish.of(course.wish)
    why = give_up or ("" if staff.active else DISMISSED)
    if not why:
        before = snapshot(session, number)
        actor = actor_of(staff)
        why = do(session, wish, number, version, actor=actor, rules=rules, now=now) or ""
        if not why:
            act, staff_id = wish.kind.act, course.staff_id
            remember(session, before, act=act, staff_id=staff_id, token=token, now=now)
    changed: dict[str, Any] = {"done": course.done + 1, "beat_at": now}
    if why:
        changed["refused"] = _with(store.refused_of(session, course.id), number, why)
    store.update(session, course.id, **changed)
    return True


def _undo_next(
    session: Session,
    course: store.Course,
    token: str,
    ids: Sequence[Sequence[int]],
    *,
    rules: Rules,
    now: datetime,
    give_up: str,
) -> bool:
    """Take the newest act back first."""
    undoing = dict(course.wish["undo"])
    if undoing["left"] == 0:
        store.update(session, course.id, state=BulkState.UNDONE, beat_at=now, ended_at=now)
        return False
    undoing["left"] -= 1
    number = ids[undoing["left"]][0]
    if give_up:
        undoing["kept"] = _with(undoing["kept"], number, give_up)
    else:
        said = undo(
            session,
            token,
            actor=actor_of(session.get_one(Staff, undoing["by"])),
            staff_id=course.staff_id,
            rules=rules,
            now=now,
            only=number,
            # Whoever began in time may take as long as it takes.
            within=SWEPT_AFTER,
        )
        undoing["restored"] += len(said.restored)
        for kept, why in said.refused:
            undoing["kept"] = _with(undoing["kept"], kept, why)
    store.update(session, course.id, wish=course.wish | {"undo": undoing}, beat_at=now)
    return True


def _with(refused: Sequence[Sequence[Any]], number: int, why: str) -> list[list[Any]]:
    """Return refusals by why, with one more incident: many are refused for the same reason."""
    by_why = {one[0]: list(one[1]) for one in refused}
    by_why.setdefault(why, []).append(number)
    return [[reason, numbers] for reason, numbers in by_why.items()]


def do(
    session: Session,
    wish: BulkWish,
    number: int,
    version: int,
    *,
    actor: Actor,
    rules: Rules,
    now: datetime,
) -> str | None:
    """Do the act to one incident as it was seen; return why not (Russian), or None."""
    who: dict[str, Any] = {"actor": actor, "rules": rules, "now": now}
    said: Incident | Refused | Refusal | str | None
    if wish.kind in _JUDGING:
        said = _JUDGING[wish.kind](session, wish, number, {**who, "version": version})
    elif wish.kind is BulkKind.SNOOZE:
        said = snooze(session, number, wish.until, version=version, **who)
    else:
        said = cases.act(session, number, replace(wish.wish, version=version), **who)
    if isinstance(said, Refusal):
        return said.russian
    if isinstance(said, Refused):
        return said.message
    return said if isinstance(said, str) else None


def _confirm(
    session: Session, _wish: BulkWish, number: int, how: dict[str, Any]
) -> Refusal | str | None:
    if not posts_of(session, number):
        return NO_POSTS
    return correcting.confirm(session, number, **how)


def _irrelevant(
    session: Session, wish: BulkWish, number: int, how: dict[str, Any]
) -> Refusal | str | None:
    return _correct(session, number, how | {"why": wish.reason or "not_relevant"}, relevant=False)


def _urgent(
    session: Session, _wish: BulkWish, number: int, how: dict[str, Any]
) -> Refusal | str | None:
    if session.get_one(Incident, number).urgency is Urgency.URGENT:
        return URGENT_ALREADY
    return _correct(session, number, how, urgency=Urgency.URGENT)


def _correct(
    session: Session, number: int, how: dict[str, Any], **said: Any
) -> Refusal | str | None:
    post = next(iter(posts_of(session, number)), None)
    if post is None:
        return NO_POSTS
    present = correcting.present(session, session.get_one(Incident, number), post)
    return correcting.correct(session, number, replace(present, **said), **how)


_JUDGING: dict[
    BulkKind, Callable[[Session, BulkWish, int, dict[str, Any]], Refusal | str | None]
] = {
    BulkKind.CONFIRM: _confirm,
    BulkKind.NOT_RELEVANT: _irrelevant,
    BulkKind.URGENT: _urgent,
}
