"""What came in and waits: events that a network pushed, and payloads that nobody could read."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Event(SQLModel, table=True):
    """One event as a network pushed it; kept before it is answered, read later.

    ``event_id`` is the network's own or, where it gives none, a digest of the payload: the
    network repeats an event until it is answered. ``taken_at`` is set, and the payload emptied, in
    the transaction that stores what the event said.
    """

    __table_args__ = (
        sa.UniqueConstraint("source_key", "event_id", name="event_once"),
        sa.Index(
            "event_waiting",
            "source_key",
            "id",
            sqlite_where=sa.text("taken_at IS NULL"),
            postgresql_where=sa.text("taken_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_key: str = Field(max_length=200)
    event_id: str = Field(max_length=200)
    received_at: datetime
    payload: dict[str, Any] = Field(sa_type=sa.JSON)
    taken_at: datetime | None = None


class Unreadable(SQLModel, table=True):
    """An item of an answer that its documentation does not allow, kept for a person to see.

    ``digest`` tells that the same item comes again.
    """

    __table_args__ = (sa.UniqueConstraint("source_key", "digest", name="unreadable_once"),)

    id: int | None = Field(default=None, primary_key=True)
    source_key: str = Field(max_length=200)
    digest: str = Field(max_length=64)
    what: str = Field(max_length=1000)
    payload: str
    first_seen_at: datetime
    last_seen_at: datetime
