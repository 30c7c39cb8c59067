"""A source: one wall, group, channel or table that posts come from."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Network


class Source(SQLModel, table=True):
    """One source and how far it has been read.

    ``cursor`` is the connector's own and is saved in the transaction that stores the posts it
    stands for. ``revision`` grows with every such transaction: whoever read an older one has
    to start over, so two readers of one source never store a page twice. ``next_at`` is when
    to read it next (None: now), ``failures`` how many readings in a row have failed.
    ``events_at`` is where its stream of events goes on. ``usual_gap`` is how long it is usually
    silent between posts, in seconds; ``silent_since`` is set while it is silent for
    unusually long.
    """

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=200)
    network: Network = Field(sa_type=word(Network, name="source_network"))
    title: str = Field(default="", max_length=500)
    cursor: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    events_at: str = Field(default="", max_length=100)
    revision: int = 0
    created_at: datetime
    last_success_at: datetime | None = None
    last_post_at: datetime | None = None
    last_error: str = Field(default="", max_length=1000)
    last_error_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    usual_gap: int | None = None
    silent_since: datetime | None = None
