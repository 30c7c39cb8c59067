"""Queries about timers."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.timer import Timer
from models.vocabulary import TimerState


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """Return the moment of the oldest timer that is due and did not fire yet, or None."""
    return session.exec(
        select(sa.func.min(col(Timer.due_at))).where(
            col(Timer.state) == TimerState.PENDING, col(Timer.due_at) <= now
        )
    ).one()
