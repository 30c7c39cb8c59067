"""An answer to a citizen on its way out: the outbox."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import AnswerKind, AnswerState, Outcome


class Answer(SQLModel, table=True):
    """One answer, below one post, published at most once.

    ``key`` is the idempotency key that the network gets where it knows such a thing, and by
    which our own comment is recognised. ``due_at`` is when to try next, ``sent_at`` when the last
    attempt began. ``version`` grows with every change: two workers never send one answer.
    ``outcome`` is what a final answer says came of the problem. ``remark`` is why the head gave a
    draft back, ``approved_by`` who let it out.
    """

    __table_args__ = (
        sa.Index(
            "answer_due",
            "due_at",
            sqlite_where=sa.text("state IN ('queued', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'sending')"),
        ),
        sa.Index("answer_incident", "incident_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    post_id: int = Field(foreign_key="post.id")
    kind: AnswerKind = Field(sa_type=word(AnswerKind, name="answer_kind"))
    state: AnswerState = Field(
        default=AnswerState.QUEUED, sa_type=word(AnswerState, name="answer_state")
    )
    text: str
    outcome: Outcome | None = Field(
        default=None, sa_type=word(Outcome, name="answer_outcome"), nullable=True
    )
    remark: str = Field(default="", max_length=1000)
    approved_by: str = Field(default="", max_length=100)
    key: str = Field(unique=True, max_length=64)
    author: str = Field(max_length=100)
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
    external_id: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=2000)
    error: str = Field(default="", max_length=1000)
    published_at: datetime | None = None
    version: int = 1
