"""Channels of people and bodies, and notices on their way to them.

Revision 0006, follows 0005.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime

KINDS = ("email", "max", "telegram", "vk", "webhook", "apprise")
FREQUENCIES = ("at_once", "hourly", "daily")
STATES = ("waiting", "sending", "sent", "parked", "dropped")
OF_BODY = sa.text("staff_id IS NULL")
OPEN = sa.text("state IN ('waiting', 'sending')")


def upgrade() -> None:
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("body", TEXT(length=100), nullable=False),
        sa.Column("kind", _word("channel_kind", *KINDS), nullable=False),
        sa.Column("address", TEXT(length=500), nullable=False),
        sa.Column("secret", TEXT(length=100), nullable=False),
        sa.Column("occasions", sa.JSON(), nullable=False),
        sa.Column("frequency", _word("channel_frequency", *FREQUENCIES), nullable=False),
        sa.Column("digest_at", TEXT(length=5), nullable=False),
        sa.Column("quiet_from", TEXT(length=5), nullable=False),
        sa.Column("quiet_to", TEXT(length=5), nullable=False),
        sa.Column("urgent_at_once", sa.Boolean(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.CheckConstraint("(staff_id IS NULL) <> (body = '')", name="channel_one_owner"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_channel_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("staff_id", "kind", "address", name="channel_of_person"),
    )
    op.create_index(
        "channel_of_body",
        "channel",
        ["body", "kind", "address"],
        unique=True,
        sqlite_where=OF_BODY,
        postgresql_where=OF_BODY,
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("state", _word("delivery_state", *STATES), nullable=False),
        sa.Column("due_at", MOMENT(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("message", TEXT(length=64), nullable=False),
        sa.Column("sent_at", MOMENT(), nullable=True),
        sa.Column("done_at", MOMENT(), nullable=True),
        sa.Column("error", TEXT(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_delivery_channel_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notice_id", "channel_id", name="delivery_once"),
    )
    op.create_index(
        "delivery_open",
        "delivery",
        ["channel_id", "due_at"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def downgrade() -> None:
    op.drop_table("delivery")
    op.drop_table("channel")
