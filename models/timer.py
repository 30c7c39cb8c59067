"""Timers: the truth about what has to happen when; a flow only ticks."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import TimerKind, TimerState


class Timer(SQLModel, table=True):
    """One moment at which one incident has to be looked at; fires exactly once."""

    __table_args__ = (
        sa.UniqueConstraint("incident_id", "kind", "cycle", name="timer_once_per_cycle"),
        sa.Index(
            "timer_pending",
            "due_at",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    kind: TimerKind = Field(sa_type=word(TimerKind, name="timer_kind"))
    cycle: int = 1
    due_at: datetime
    state: TimerState = Field(
        default=TimerState.PENDING, sa_type=word(TimerState, name="timer_state")
    )
    fired_at: datetime | None = None
