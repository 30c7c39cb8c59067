"""A post or comment, what the classifier made of it, and its earlier texts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import PostKind


class Post(SQLModel, table=True):
    """The newest known state of one text; unique by source and external id.

    ``last_seen_at`` is when its source last showed this very state; ``edited_at`` is when the
    author changed the text or, where the source dates no edits, when the change was first seen.
    """

    __table_args__ = (
        sa.UniqueConstraint("source_id", "external_id", name="post_external_id_once"),
        sa.Index("post_incident", "incident_id"),
        sa.Index("post_thread", "source_id", "root_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    external_id: str = Field(max_length=200)
    kind: PostKind = Field(sa_type=word(PostKind, name="post_kind"))
    parent_id: str = Field(default="", max_length=200)
    root_id: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=2000)
    author_id: str = Field(default="", max_length=200)
    text: str
    revision: int = 1
    published_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    first_seen_at: datetime
    last_seen_at: datetime
    stated: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    relevant: bool = False
    prediction: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    model: str = Field(default="", max_length=100)
    incident_id: int | None = Field(default=None, foreign_key="incident.id")


class PostVersion(SQLModel, table=True):
    """A text that was replaced: what the operator saw before the author changed it."""

    __tablename__ = "post_version"
    __table_args__ = (
        sa.UniqueConstraint("post_id", "revision", name="post_version_revision_once"),
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id")
    revision: int
    text: str
    edited_at: datetime | None = None
    replaced_at: datetime
