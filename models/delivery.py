"""How people are told: their channels, and each notice on its way to each of them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.channel_words import ChannelKind, DeliveryState, Frequency
from models.columns import word


class Channel(SQLModel, table=True):
    """One address of one person (``staff_id``) or of one body (``body``, a code).

    ``address`` is a mail address, the id of a chat or a person, or a URL; a body's empty one is
    its mailbox of the region's file. ``secret`` names the secret that the kind needs, never
    holds it. ``occasions`` are the only ones to tell of; empty for what the role hears anyway.
    Times of the day are local, as "21:00", "" for none: ``digest_at`` of a daily digest,
    ``quiet_from`` to ``quiet_to`` the hours of silence, which what is urgent does not keep with
    ``urgent_at_once``. ``options`` are ``api``, ``proxy``, ``ca_file`` and ``allow_private`` as
    those of a source.
    """

    __table_args__ = (
        sa.CheckConstraint("(staff_id IS NULL) <> (body = '')", name="channel_one_owner"),
        sa.UniqueConstraint("staff_id", "kind", "address", name="channel_of_person"),
        sa.Index(
            "channel_of_body",
            "body",
            "kind",
            "address",
            unique=True,
            sqlite_where=sa.text("staff_id IS NULL"),
            postgresql_where=sa.text("staff_id IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int | None = Field(default=None, foreign_key="staff.id", nullable=True)
    body: str = Field(default="", max_length=100)
    kind: ChannelKind = Field(sa_type=word(ChannelKind, name="channel_kind"))
    address: str = Field(default="", max_length=500)
    secret: str = Field(default="", max_length=100)
    occasions: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    frequency: Frequency = Field(
        default=Frequency.AT_ONCE, sa_type=word(Frequency, name="channel_frequency")
    )
    digest_at: str = Field(default="", max_length=5)
    quiet_from: str = Field(default="", max_length=5)
    quiet_to: str = Field(default="", max_length=5)
    urgent_at_once: bool = False
    options: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    active: bool = True
    created_at: datetime


class Delivery(SQLModel, table=True):
    """One notice on its way to one channel; ``pipeline.decisions.delivering`` tells the steps.

    ``version`` is a fence: it grows with every claim. ``message`` is the idempotency key of the
    message that it last was a part of. ``attempts`` counts all, ``unsure`` those that may have
    reached the channel though nobody knows; ``sent_at`` is when the first of these began.
    """

    __table_args__ = (
        sa.UniqueConstraint("notice_id", "channel_id", name="delivery_once"),
        sa.Index(
            "delivery_open",
            "channel_id",
            "due_at",
            sqlite_where=sa.text("state IN ('waiting', 'sending')"),
            postgresql_where=sa.text("state IN ('waiting', 'sending')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id")
    channel_id: int = Field(foreign_key="channel.id")
    state: DeliveryState = Field(
        default=DeliveryState.WAITING, sa_type=word(DeliveryState, name="delivery_state")
    )
    due_at: datetime
    attempts: int = 0
    unsure: int = 0
    version: int = 1
    message: str = Field(default="", max_length=64)
    sent_at: datetime | None = None
    done_at: datetime | None = None
    error: str = Field(default="", max_length=1000)
