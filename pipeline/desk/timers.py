"""Firing due timers: each exactly once, however many workers tick at the same moment."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.incident import Incident
from models.journal import JournalEntry
from models.timer import Timer
from models.vocabulary import Act, Stage, TimerKind, TimerState

BATCH = 500
"""Timers a transaction: a writer must not hold the database for long."""

ACTS = {TimerKind.WARNING: Act.WARNED, TimerKind.DEADLINE: Act.OVERDUE}


def fire_due(session: Session, now: datetime, *, limit: int = BATCH) -> int:
    """Fire up to ``limit`` timers that are due; return how many, 0 when none is left.

    A row claimed here is locked until the commit: on PostgreSQL other workers skip it, on
    SQLite the transaction began as a writer, so there is no other one.
    """
    due = session.exec(
        select(Timer)
        .where(col(Timer.state) == TimerState.PENDING, col(Timer.due_at) <= now)
        .order_by(col(Timer.due_at), col(Timer.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    incidents = _incidents(session, [timer.incident_id for timer in due])
    for timer in due:
        incident = incidents[timer.incident_id]
        timer.state = _state(timer, incident, now)
        timer.fired_at = now
        if timer.state is TimerState.FIRED:
            session.add(
                JournalEntry(
                    incident_id=timer.incident_id,
                    at=now,
                    act=ACTS[timer.kind],
                    after={"due_at": incident.due_at.isoformat()},
                )
            )
    return len(due)


def cancel(session: Session, incident_ids: Sequence[int]) -> None:
    """Cancel every timer of these incidents that has not fired yet."""
    session.execute(
        sa.update(Timer)
        .where(col(Timer.incident_id).in_(incident_ids), col(Timer.state) == TimerState.PENDING)
        .values(state=TimerState.CANCELLED)
    )


def _incidents(session: Session, ids: list[int]) -> dict[int, Incident]:
    found = session.exec(select(Incident).where(col(Incident.id).in_(set(ids)))).all()
    return {incident.id: incident for incident in found if incident.id is not None}


def _state(timer: Timer, incident: Incident, now: datetime) -> TimerState:
    """Cancel what no longer matters: a closed incident, or a warning overtaken by its deadline.

    After a long outage both may be due at once, and one message says it all.
    """
    if incident.stage is Stage.CLOSED:
        return TimerState.CANCELLED
    if timer.kind is TimerKind.WARNING and incident.due_at <= now:
        return TimerState.CANCELLED
    return TimerState.FIRED
