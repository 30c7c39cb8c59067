"""Acts that can be taken back, done and taken back, and all that an incident is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from casework import RULES
from console.builders import NOW, OPERATOR
from sqlmodel import Session, col, select

from models.incident import CoExecutor, Incident, Pause
from models.label import Label
from models.post import Post
from models.timer import Timer
from models.vocabulary import Act, ClosingReason, TimerState, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.decisions.correcting import Correction, Refusal
from pipeline.decisions.lifecycle import Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import cases, correcting, merging
from pipeline.desk.snooze import snooze
from pipeline.desk.undo import Undone, new_token, remember, snapshot, undo
from pipeline.rules import Rules

Doing = Callable[..., object]
"""Something done to an incident: takes a session, its number, and actor, rules, now."""


@dataclass
class Bench:
    """A database in which one person, ``staff_id``, acts and takes it back."""

    engine: sa.Engine
    staff_id: int
    rules: Rules = RULES
    now: datetime = NOW

    def do(
        self,
        number: int,
        act: Act,
        doing: Doing,
        *,
        actor: Actor = OPERATOR,
        token: str = "",
        into: int | None = None,
    ) -> str | None:
        """Do something that is remembered; return its token, None where it was refused."""
        token = token or new_token()
        with unit_of_work(self.engine) as session:
            before = snapshot(session, number, into=into)
            said = doing(session, number, actor=actor, rules=self.rules, now=self.now)
            if isinstance(said, Refused | Refusal):
                return None
            remember(session, before, act=act, staff_id=self.staff_id, token=token, now=self.now)
        return token

    def undo(self, token: str, *, actor: Actor = OPERATOR, **more: Any) -> Undone:
        """Take back what a token stands for."""
        with unit_of_work(self.engine) as session:
            who = {"staff_id": self.staff_id} | more
            return undo(session, token, actor=actor, rules=self.rules, now=self.now, **who)

    def incident(self, number: int) -> Incident:
        """Return an incident as it stands."""
        with reading(self.engine) as session:
            return session.get_one(Incident, number)

    def everything(self) -> dict[str, object]:
        """Return all that incidents are: but for versions, fences, and clocks that are still."""
        with reading(self.engine) as session:
            return {
                "incidents": [
                    row.model_dump(exclude={"version"}) for row in _all(session, Incident)
                ],
                "timers": [
                    row.model_dump(exclude={"id", "cycle"})
                    for row in _all(session, Timer)
                    if row.state is not TimerState.CANCELLED
                ],
                "labels": [
                    row.model_dump() for row in _all(session, Label) if not row.withdrawn_at
                ],
                "pauses": [row.model_dump() for row in _all(session, Pause)],
                "helpers": sorted(
                    (row.incident_id, row.body) for row in session.exec(select(CoExecutor))
                ),
                "posts": [(row.id, row.incident_id) for row in _all(session, Post)],
            }


def _all(session: Session, table: Any) -> list[Any]:
    return list(session.exec(select(table).order_by(col(table.id))).all())


def acting(act: Act, **fields: Any) -> Doing:
    """Return one of the acts of ``desk.cases``."""

    def doing(session: Session, number: int, **who: Any) -> object:
        return cases.act(session, number, Wish(act, **fields), **who)

    return doing


def confirming(session: Session, number: int, **who: Any) -> object:
    """Find nothing wrong with it."""
    return correcting.confirm(session, number, version=_version(session, number), **who)


def correcting_to(
    topic: Topic, urgency: Urgency, settlement: str | None, *, relevant: bool = True
) -> Doing:
    """Return a correction."""
    said = Correction(relevant=relevant, topic=topic, urgency=urgency, settlement=settlement)

    def doing(session: Session, number: int, **who: Any) -> object:
        version = _version(session, number)
        return correcting.correct(session, number, said, version=version, **who)

    return doing


NOT_RELEVANT = correcting_to(Topic.OTHER, Urgency.NORMAL, None, relevant=False)
CLOSING = acting(Act.CLOSED, closing=ClosingReason.NO_ANSWER_DUE, reason="Спам")


def snoozing(until: datetime | None) -> Doing:
    """Return putting off."""

    def doing(session: Session, number: int, **who: Any) -> object:
        return snooze(session, number, until, version=None, **who)

    return doing


def merging_into(other: int) -> Doing:
    """Return a merge."""

    def doing(session: Session, number: int, **who: Any) -> object:
        return merging.merge(session, number, other, **who)

    return doing


def helped_by(*bodies: str) -> Doing:
    """Return naming the bodies that help."""

    def doing(session: Session, number: int, **who: Any) -> object:
        return cases.set_helpers(session, number, bodies, version=None, **who)

    return doing


def _version(session: Session, number: int) -> int:
    return session.get_one(Incident, number).version
