"""Labels: what people said of a text, kept to teach the classifier."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Topic


class Label(SQLModel, table=True):
    """One person's word on one revision of a post's text; never deleted.

    The newest label of a post that was not taken back (``withdrawn_at``) counts, and only while
    the post still has the text that was judged (``revision``). ``actor`` is a staff login, as in
    the journal. ``also`` holds codes of further topics. ``suggested`` is what the classifier, or
    the source itself, had said of that text (topic, probability, relevant, urgent, certainty,
    settlement), ``model`` its version. The topic of a label that is not ``relevant`` is only what
    the form happened to show.
    """

    __table_args__ = (sa.Index("label_post", "post_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id")
    incident_id: int = Field(foreign_key="incident.id")
    revision: int
    at: datetime
    actor: str = Field(max_length=100)
    topic: Topic = Field(sa_type=word(Topic, name="label_topic"))
    fine_topic: str | None = Field(default=None, max_length=300)
    also: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    relevant: bool
    urgent: bool
    settlement: str | None = Field(default=None, max_length=100)
    suggested: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    model: str = Field(default="", max_length=100)
    withdrawn_at: datetime | None = None
