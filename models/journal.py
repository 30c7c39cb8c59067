"""The journal: who did what to which incident, when and why."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Act

MACHINE = "otklik"
"""The actor of everything that no person did."""


class JournalEntry(SQLModel, table=True):
    """One act with what stood before and after it; never changed, never deleted."""

    __tablename__ = "journal"
    __table_args__ = (sa.Index("journal_incident", "incident_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    post_id: int | None = Field(default=None, foreign_key="post.id")
    at: datetime
    actor: str = Field(default=MACHINE, max_length=100)
    act: Act = Field(sa_type=word(Act, name="journal_act"))
    reason: str = Field(default="", max_length=1000)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
