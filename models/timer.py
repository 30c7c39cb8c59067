"""Timers: the truth about what has to happen when; a flow only ticks."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Clock, TimerState


class Timer(SQLModel, table=True):
    """The next moment at which one of an incident's clocks has something to say.

    One row a clock: when it fires it moves on to its next ``level`` (the reminder in the region's
    order that comes next, counted from 0), or is done. ``cycle`` is a fence: it grows whenever the
    deadline behind the timer becomes another one, so that each (incident, clock, cycle, level)
    is said once.
    """

    __table_args__ = (
        sa.UniqueConstraint("incident_id", "clock", name="timer_one_per_clock"),
        sa.Index(
            "timer_pending",
            "due_at",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    clock: Clock = Field(sa_type=word(Clock, name="timer_clock"))
    cycle: int = 1
    level: int = 0
    due_at: datetime
    state: TimerState = Field(
        default=TimerState.PENDING, sa_type=word(TimerState, name="timer_state")
    )
    fired_at: datetime | None = None


class Heartbeat(SQLModel, table=True):
    """When a worker last did its round; one row a kind of worker."""

    name: str = Field(primary_key=True, max_length=50)
    at: datetime
