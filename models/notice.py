"""Notices: what people have to be told, kept in the transaction in which it happened."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Occasion


class Notice(SQLModel, table=True):
    """One occasion to tell somebody; who is told, and how, is decided after the commit.

    ``key`` makes it unique: the same occasion is told of once. ``roles`` are codes of roles that
    must hear of it beyond those that always do. ``body`` is the body that it concerns. ``facts``
    are words for the message (never a citizen's).
    """

    __table_args__ = (
        sa.Index(
            "notice_waiting",
            "id",
            sqlite_where=sa.text("addressed_at IS NULL"),
            postgresql_where=sa.text("addressed_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=200)
    occasion: Occasion = Field(sa_type=word(Occasion, name="notice_occasion"))
    incident_id: int | None = Field(default=None, foreign_key="incident.id", nullable=True)
    body: str = Field(default="", max_length=100)
    roles: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    at: datetime
    addressed_at: datetime | None = None
