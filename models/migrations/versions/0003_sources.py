"""Live sources: more networks, when to read them, pushed events, and answers on their way out.

Revision 0003, follows 0002.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OLD_NETWORKS = ("vk", "ok", "table")
NETWORKS = (
    "vk",
    "ok",
    "telegram",
    "max",
    "feed",
    "mail",
    "table",
    "pos",
    "open_region",
    "registry",
    "hotline",
    "reception",
    "paper",
)
OLD_ACTS = (
    "opened",
    "post_edited",
    "post_deleted",
    "urgency_raised",
    "warned",
    "overdue",
    "closed",
    "confirmed",
    "corrected",
)
NEW_ACTS = (
    "answer_queued",
    "answer_published",
    "answer_refused",
    "answer_by_hand",
    "answer_withdrawn",
)
WAITING = sa.text("state IN ('queued', 'sending')")
UNTAKEN = sa.text("taken_at IS NULL")
TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    _allow("source", "network", NETWORKS)
    _allow("journal", "act", OLD_ACTS + NEW_ACTS)
    with op.batch_alter_table("source") as batch_op:
        batch_op.add_column(
            sa.Column("events_at", TEXT(length=100), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("next_at", MOMENT(), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("usual_gap", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("silent_since", MOMENT(), nullable=True))
    op.create_index("post_thread", "post", ["source_id", "root_id"])
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_key", TEXT(length=200), nullable=False),
        sa.Column("event_id", TEXT(length=200), nullable=False),
        sa.Column("received_at", MOMENT(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("taken_at", MOMENT(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("source_key", "event_id", name="event_once"),
    )
    op.create_index(
        "event_waiting",
        "event",
        ["source_key", "id"],
        sqlite_where=UNTAKEN,
        postgresql_where=UNTAKEN,
    )
    op.create_table(
        "unreadable",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_key", TEXT(length=200), nullable=False),
        sa.Column("digest", TEXT(length=64), nullable=False),
        sa.Column("what", TEXT(length=1000), nullable=False),
        sa.Column("payload", TEXT(), nullable=False),
        sa.Column("first_seen_at", MOMENT(), nullable=False),
        sa.Column("last_seen_at", MOMENT(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unreadable")),
        sa.UniqueConstraint("source_key", "digest", name="unreadable_once"),
    )
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("kind", _word("answer_kind", "interim", "final"), nullable=False),
        sa.Column(
            "state",
            _word(
                "answer_state",
                "queued",
                "sending",
                "published",
                "refused",
                "by_hand",
                "withdrawn",
            ),
            nullable=False,
        ),
        sa.Column("text", TEXT(), nullable=False),
        sa.Column("key", TEXT(length=64), nullable=False),
        sa.Column("author", TEXT(length=100), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("due_at", MOMENT(), nullable=False),
        sa.Column("sent_at", MOMENT(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("external_id", TEXT(length=200), nullable=False),
        sa.Column("url", TEXT(length=2000), nullable=False),
        sa.Column("error", TEXT(length=1000), nullable=False),
        sa.Column("published_at", MOMENT(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_answer_incident_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_answer_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("key", name=op.f("uq_answer_key")),
    )
    op.create_index(
        "answer_due", "answer", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_index("answer_incident", "answer", ["incident_id", "id"])


def downgrade() -> None:
    op.drop_index("answer_incident", "answer")
    op.drop_index("answer_due", "answer")
    op.drop_table("answer")
    op.drop_table("unreadable")
    op.drop_index("post_thread", "post")
    op.drop_index("event_waiting", "event")
    op.drop_table("event")
    with op.batch_alter_table("source") as batch_op:
        for column in ("silent_since", "usual_gap", "failures", "next_at", "events_at"):
            batch_op.drop_column(column)
    # The older program has no words for these and could not show a card that has one.
    journal = sa.table("journal", sa.column("act"))
    op.execute(sa.delete(journal).where(journal.c.act.in_(NEW_ACTS)))
    _allow("journal", "act", OLD_ACTS)
    source = sa.table("source", sa.column("network"))
    op.execute(
        sa.update(source).where(source.c.network.not_in(OLD_NETWORKS)).values(network="table")
    )
    _allow("source", "network", OLD_NETWORKS)


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _allow(table: str, column: str, words: tuple[str, ...]) -> None:
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(f"{table}_{column}", type_="check")
        batch_op.create_check_constraint(f"{table}_{column}", sa.column(column).in_(words))
