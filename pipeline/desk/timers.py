"""Firing due timers: each exactly once, however many workers tick at the same moment."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Incident, Pause
from models.timer import Timer
from models.vocabulary import Act, Clock, Occasion, Role, Stage, TimerState
from pipeline.decisions.clocks import LEGAL, fire
from pipeline.desk import journal
from pipeline.desk.notices import Announcement, announce_all
from pipeline.desk.steps import close_silent, resume
from pipeline.desk.terms import cycle_of, plan_of
from pipeline.rules import Rules

BATCH = 500
"""Timers a transaction: a writer must not hold the database for long."""

STAGE_ROLES: dict[Stage, tuple[Role, ...]] = {
    Stage.REVIEW: (Role.OPERATOR,),
    Stage.RETURNED: (Role.OPERATOR,),
    Stage.ASSIGNED: (Role.EXECUTOR, Role.OPERATOR),
    Stage.APPROVAL: (Role.APPROVER,),
    Stage.PUBLISHING: (Role.OPERATOR,),
}
"""Who lets a stage take too long, and so hears of it."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the clocks."""

    session: Session
    rules: Rules
    now: datetime
    said: list[Announcement]


def fire_due(session: Session, rules: Rules, now: datetime, *, limit: int = BATCH) -> int:
    """Fire up to ``limit`` timers that are due; return how many, 0 when none is left.

    The incident's row is what is locked, as in every act on it: on PostgreSQL other workers skip
    it, on SQLite the transaction began as a writer, so there is no other one.
    """
    due: Sequence[Timer] = ()
    while not due:
        incidents = _claim(session, now, limit)
        if not incidents:
            return 0
        # Read after the lock: another worker may have fired them all in between.
        due = session.exec(
            select(Timer)
            .where(*_due(now), col(Timer.incident_id).in_(incidents))
            .order_by(col(Timer.due_at), col(Timer.id))
        ).all()
    pauses = _pauses(session, incidents)
    look = _Look(session, rules, now, [])
    for timer in due:
        incident = incidents[timer.incident_id]
        if timer.state is not TimerState.PENDING:
            continue  # what fired before it in this very look has ended its clock
        timer.fired_at = now
        timer.state = TimerState.FIRED
        if timer.clock is Clock.ANSWER:
            _remind(look, timer, incident, pauses[timer.incident_id])
        elif timer.clock is Clock.PAUSE:
            resume(session, incident, by=None, now=now, rules=rules)
        else:
            _end_stage(look, timer, incident)
    announce_all(session, look.said)
    return len(due)


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return col(Timer.state) == TimerState.PENDING, col(Timer.due_at) <= now


def _claim(session: Session, now: datetime, limit: int) -> dict[int, Incident]:
    """Return the incidents of the timers that are longest due, locked."""
    found = session.exec(
        select(Incident)
        .join(Timer, col(Timer.incident_id) == col(Incident.id))
        .where(*_due(now))
        .order_by(col(Timer.due_at), col(Timer.id))
        .limit(limit)
        .with_for_update(of=Incident, skip_locked=True)
    ).all()
    return {stored_id(incident.id): incident for incident in found}


def _pauses(session: Session, incidents: dict[int, Incident]) -> dict[int, list[Pause]]:
    found: dict[int, list[Pause]] = defaultdict(list)
    query = select(Pause).where(col(Pause.incident_id).in_(incidents)).order_by(col(Pause.id))
    for pause in session.exec(query):
        if pause.cycle == cycle_of(incidents[pause.incident_id]):
            found[pause.incident_id].append(pause)
    return found


def _remind(look: _Look, timer: Timer, incident: Incident, pauses: Sequence[Pause]) -> None:
    """Say what of the region's reminders is passed, and set the timer to the next one."""
    if incident.stage not in LEGAL or incident.paused_at is not None:
        timer.state = TimerState.CANCELLED
        return
    reminders = look.rules.region.reminders
    fired = fire(plan_of(incident, look.rules, look.now, pauses), timer.level, look.now)
    timer.level = fired.level
    if fired.next_at is not None:
        timer.due_at, timer.state = fired.next_at, TimerState.PENDING
    if not fired.passed:
        return
    last = reminders[fired.passed[-1]]
    crossed = [i for i in fired.passed if reminders[i].share >= 1 and not reminders[i].after]
    after = {"due_at": incident.due_at.isoformat(), "cycle": timer.cycle}
    roles = {role for i in fired.passed for role in reminders[i].roles}
    if crossed:
        _note(look, incident, Act.OVERDUE, after)
    if last.share < 1:
        _note(look, incident, Act.WARNED, after)
    elif last.after:
        _note(look, incident, Act.ESCALATED, after | {"minutes": last.after})
    occasion = Occasion.OVERDUE
    if last.share < 1:
        occasion = Occasion.WARNING
    elif not crossed:
        occasion = Occasion.ESCALATION
    key = f"timer:{timer.incident_id}:answer:{timer.cycle}:{fired.passed[-1]}"
    look.said.append(_announcement(look, incident, key, occasion, roles))


def _end_stage(look: _Look, timer: Timer, incident: Incident) -> None:
    """Say that a stage took too long; an author who stays silent closes the incident."""
    if incident.stage is Stage.SATISFACTION:
        close_silent(look.session, incident, now=look.now, rules=look.rules)
        return
    if incident.stage is Stage.CLOSED:
        timer.state = TimerState.CANCELLED
        return
    _note(look, incident, Act.STAGE_OVERDUE, {"stage": incident.stage.value})
    key = f"timer:{timer.incident_id}:stage:{timer.cycle}"
    roles = set(STAGE_ROLES.get(incident.stage, ()))
    look.said.append(_announcement(look, incident, key, Occasion.STAGE_OVERDUE, roles))


def _note(look: _Look, incident: Incident, act: Act, after: dict[str, object]) -> None:
    journal.write(look.session, act, at=look.now, incident_id=stored_id(incident.id), after=after)


def _announcement(
    look: _Look, incident: Incident, key: str, occasion: Occasion, roles: Collection[Role]
) -> Announcement:
    return Announcement(
        key=key,
        occasion=occasion,
        at=look.now,
        incident_id=stored_id(incident.id),
        body=incident.body,
        roles=[role for role in Role if role in roles],
    )
