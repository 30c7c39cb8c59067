"""An incident: one problem that somebody has to answer by a deadline."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Certainty, Outcome, Stage, Topic, Urgency


class Incident(SQLModel, table=True):
    """One problem, its responsible body and its deadline.

    ``created_at`` is when the citizen wrote, ``opened_at`` when Otklik learned of it; both stay
    for ever. ``calendar`` names the version of the working calendar that made ``due_at``.
    ``certainty`` says whether a person should look: what triage said at the opening, ``review``
    again after the author changed the text, ``auto`` once a person has judged it.
    """

    __table_args__ = (
        sa.Index("incident_queue", "stage", "due_at", "id"),
        sa.Index("incident_queue_urgency", "stage", "urgency", "due_at", "id"),
        sa.Index("incident_queue_topic", "stage", "topic", "due_at", "id"),
        sa.Index("incident_queue_settlement", "stage", "settlement", "due_at", "id"),
        sa.Index("incident_queue_certainty", "stage", "certainty", "due_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    topic: Topic = Field(sa_type=word(Topic, name="incident_topic"))
    urgency: Urgency = Field(sa_type=word(Urgency, name="incident_urgency"))
    stage: Stage = Field(default=Stage.REVIEW, sa_type=word(Stage, name="incident_stage"))
    outcome: Outcome | None = Field(
        default=None, sa_type=word(Outcome, name="incident_outcome"), nullable=True
    )
    certainty: Certainty = Field(
        default=Certainty.REVIEW,
        sa_type=word(Certainty, name="incident_certainty"),
        sa_column_kwargs={"server_default": Certainty.REVIEW.value},
    )
    settlement: str | None = Field(default=None, max_length=100)
    village: str | None = Field(default=None, max_length=200)
    street: str | None = Field(default=None, max_length=200)
    house: str | None = Field(default=None, max_length=50)
    place_from: str = Field(default="none", max_length=20)
    body: str = Field(max_length=100)
    route_rule: str = Field(default="", max_length=200)
    created_at: datetime
    opened_at: datetime
    due_at: datetime
    norm: str = Field(max_length=100)
    calendar: str = Field(max_length=64)
    closed_at: datetime | None = None
    version: int = 1
