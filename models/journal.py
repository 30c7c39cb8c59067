"""The journal: who did what to which incident, when and why."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import MACHINE, Act


class JournalEntry(SQLModel, table=True):
    """One act with what stood before and after it; never changed, never deleted.

    Entries are numbered without a gap, and ``digest`` is SHA-256 over the entry and the digest
    before it (``pipeline.decisions.chain``): whoever changes one has to change all that follow.
    An act that is about no incident (a right, a calendar) has none. No words of a citizen stand
    here: those are kept with the posts, where they can be taken out.
    """

    __tablename__ = "journal"
    __table_args__ = (sa.Index("journal_incident", "incident_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int | None = Field(default=None, foreign_key="incident.id", nullable=True)
    post_id: int | None = Field(default=None, foreign_key="post.id")
    at: datetime
    actor: str = Field(default=MACHINE, max_length=100)
    act: Act = Field(sa_type=word(Act, name="journal_act"))
    reason: str = Field(default="", max_length=1000)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    digest: str = Field(default="", max_length=64)


class JournalHead(SQLModel, table=True):
    """The newest entry's number and digest: one row, locked while entries are added."""

    __tablename__ = "journal_head"

    id: int = Field(default=1, primary_key=True)
    last_id: int = 0
    digest: str = Field(default="", max_length=64)
