"""What the console keeps of its people's work: leases, undo, bulk acts, views, templates."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Act, Topic


class Lease(SQLModel, table=True):
    """Who has an incident before them in the review queue, and until when nobody else gets it."""

    __table_args__ = (sa.Index("lease_staff", "staff_id"),)

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    staff_id: int = Field(foreign_key="staff.id")
    until: datetime


class Undo(SQLModel, table=True):
    """An act that its author may still take back, and what the incident was before it.

    Acts of one ``token`` (one key, one bulk act) are taken back together. ``version`` is the
    incident's after the act: once it is another one, somebody went on from there. ``before`` is
    what the act has changed: columns with their values before and after it, the version, helpers
    and pauses; ``timers`` the clocks that it set, ``label_id`` the label that it made.
    """

    __table_args__ = (
        sa.Index("undo_token", "token"),
        sa.Index("undo_incident", "incident_id"),
        sa.Index("undo_at", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(max_length=64)
    staff_id: int = Field(foreign_key="staff.id")
    incident_id: int = Field(foreign_key="incident.id")
    act: Act = Field(sa_type=word(Act, name="undo_act"))
    at: datetime
    version: int
    before: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    timers: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    label_id: int | None = Field(default=None, foreign_key="label.id")
    undone_at: datetime | None = None


class BulkState(StrEnum):
    """Where a bulk act stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    UNDONE = "undone"


class BulkAct(SQLModel, table=True):
    """One act on many incidents: exactly those, at those versions, that its preview counted.

    ``wish`` is the act with its fields, ``ids`` pairs of an incident and its version; the first
    ``done`` of them are dealt with. ``refused`` holds pairs of a reason and the incidents.
    """

    __tablename__ = "bulk_act"

    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(unique=True, max_length=64)
    staff_id: int = Field(foreign_key="staff.id")
    wish: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    ids: list[list[int]] = Field(default_factory=list, sa_type=sa.JSON)
    done: int = 0
    refused: list[list[Any]] = Field(default_factory=list, sa_type=sa.JSON)
    state: BulkState = Field(
        default=BulkState.RUNNING, sa_type=word(BulkState, name="bulk_act_state")
    )
    started_at: datetime
    beat_at: datetime
    ended_at: datetime | None = None


class SavedView(SQLModel, table=True):
    """A queue filter with a name: ``query`` is the query part of its address."""

    __tablename__ = "saved_view"
    __table_args__ = (sa.UniqueConstraint("staff_id", "title", name="saved_view_title"),)

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id")
    title: str = Field(max_length=100)
    query: str = Field(max_length=2000)
    shared: bool = False
    created_at: datetime


class AnswerTemplate(SQLModel, table=True):
    """A text to begin an answer with; its variables are filled in from the incident.

    ``topic`` limits it to incidents of one topic, None offers it to all.
    """

    __tablename__ = "answer_template"

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=100)
    text: str
    topic: Topic | None = Field(
        default=None, sa_type=word(Topic, name="answer_template_topic"), nullable=True
    )
    changed_at: datetime
    changed_by: str = Field(max_length=100)
    active: bool = True
