"""The index in which posts on one problem find each other.

Revision 0005, follows 0004.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime
TOPICS = (
    "roads",
    "snow",
    "lighting",
    "garbage",
    "water",
    "heating",
    "gas",
    "electricity",
    "housing",
    "landscaping",
    "transport",
    "health",
    "education",
    "social",
    "animals",
    "ecology",
    "construction",
    "land",
    "safety",
    "telecom",
    "culture",
    "economy",
    "military",
    "other",
)


def upgrade() -> None:
    op.create_table(
        "story",
        sa.Column("post_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column(
            "topic",
            sa.Enum(
                *TOPICS,
                name="story_topic",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("settlement", TEXT(length=100), nullable=True),
        sa.Column("village", TEXT(length=200), nullable=True),
        sa.Column("street", TEXT(length=200), nullable=True),
        sa.Column("house", TEXT(length=50), nullable=True),
        sa.Column("text", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("names", sa.LargeBinary(), nullable=False),
        sa.Column("things", TEXT(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_story_post_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_story")),
    )
    op.create_table(
        "story_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_story_key_post_id")),
        sa.PrimaryKeyConstraint("key", "at", "post_id", name=op.f("pk_story_key")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("story_key")
    op.drop_table("story")
