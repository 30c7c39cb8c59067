"""Surveys: what the author says of a final answer."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Survey(SQLModel, table=True):
    """One question to one author after one final answer.

    Only the hash of the link's token is kept. ``rating`` is 1–5, ``word`` what the author added.
    """

    __table_args__ = (sa.Index("survey_incident", "incident_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    answer_id: int = Field(foreign_key="answer.id", unique=True)
    round: int
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime
    expires_at: datetime
    rating: int | None = None
    word: str = Field(default="", max_length=1000)
    answered_at: datetime | None = None
