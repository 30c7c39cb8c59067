"""Labels, the certainty of an incident, and the journal's words for people's judgements.

Revision 0002, follows 0001.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACTS = (
    "opened",
    "post_edited",
    "post_deleted",
    "urgency_raised",
    "warned",
    "overdue",
    "closed",
)
NEW_ACTS = ("confirmed", "corrected")


def upgrade() -> None:
    # One statement that both databases take, so that no table with its rows is written anew.
    op.execute(
        "ALTER TABLE incident ADD COLUMN certainty VARCHAR(32) DEFAULT 'review' NOT NULL "
        "CONSTRAINT incident_certainty CHECK (certainty IN ('auto', 'review', 'unsure'))"
    )
    op.create_index("incident_queue_certainty", "incident", ["stage", "certainty", "due_at", "id"])
    _allow_acts(ACTS + NEW_ACTS)
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column(
            "topic",
            sa.Enum(
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
                name="label_topic",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("fine_topic", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("also", sa.JSON(), nullable=False),
        sa.Column("relevant", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("settlement", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column("suggested", sa.JSON(), nullable=False),
        sa.Column("model", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_label_incident_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_label_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    op.create_index("label_post", "label", ["post_id", "id"])


def downgrade() -> None:
    op.drop_index("label_post", "label")
    op.drop_table("label")
    # The older program has no words for these acts and could not show a card that has one.
    journal = sa.table("journal", sa.column("act"))
    op.execute(sa.delete(journal).where(journal.c.act.in_(NEW_ACTS)))
    _allow_acts(ACTS)
    op.drop_index("incident_queue_certainty", "incident")
    with op.batch_alter_table("incident") as batch_op:
        batch_op.drop_constraint("incident_certainty", type_="check")
        batch_op.drop_column("certainty")


def _allow_acts(acts: tuple[str, ...]) -> None:
    with op.batch_alter_table("journal") as batch_op:
        batch_op.drop_constraint("journal_act", type_="check")
        batch_op.create_check_constraint("journal_act", sa.column("act").in_(acts))
