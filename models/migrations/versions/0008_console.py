"""The operator's console: leases, undo, bulk acts, views, templates, API keys, second factor, search.

Revision 0008, follows 0007.
"""

import hashlib
import json

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime

OPEN = sa.text("stage NOT IN ('closed', 'satisfaction')")
TO_REVIEW = sa.text(f"{OPEN} AND (stage = 'review' OR certainty IN ('review', 'unsure'))")
OWED = "stage NOT IN ('closed', 'satisfaction')"
CAME = ("settlement", "topic", "network", "repeats", "repeat_of")
ANSWERED = ("settlement", "published_due_at", "outcome", "rating", "created_at")
UNASSIGNED = "stage NOT IN ('assigned', 'work', 'approval', 'publishing', 'closed', 'satisfaction')"
LISTS = (
    ("incident_open_stage", ["stage", "due_at", "id", "settlement"], OWED),
    ("incident_open_certainty", ["certainty", "due_at", "id"], OWED),
    ("incident_open_network", ["network", "due_at", "id"], OWED),
    ("incident_unassigned", ["due_at", "id"], UNASSIGNED),
    ("incident_satisfaction", ["due_at", "id"], "stage = 'satisfaction'"),
    ("incident_snoozed", ["snoozed_until"], "snoozed_until IS NOT NULL"),
    ("incident_done", ["created_at", "id"], "stage IN ('closed', 'satisfaction')"),
    ("incident_published", ["published_at", "id", *ANSWERED], "published_at IS NOT NULL"),
    ("incident_closed", ["closed_at", "id", "settlement"], "closed_at IS NOT NULL"),
    ("incident_created", ["created_at", "id", *CAME], ""),
    ("incident_topic", ["topic", "created_at", "id"], ""),
    ("incident_settlement", ["settlement", "created_at", "id"], ""),
    ("incident_body", ["body", "created_at", "id"], ""),
)
OLD_ACTS = (
    "opened",
    "post_joined",
    "post_edited",
    "post_deleted",
    "post_split",
    "urgency_raised",
    "warned",
    "overdue",
    "escalated",
    "stage_overdue",
    "confirmed",
    "corrected",
    "assigned",
    "accepted",
    "returned",
    "passed_up",
    "co_executors",
    "drafted",
    "submitted",
    "approved",
    "rejected",
    "answer_queued",
    "answer_published",
    "answer_refused",
    "answer_by_hand",
    "answer_withdrawn",
    "paused",
    "resumed",
    "rated",
    "closed",
    "reopened",
    "merged",
    "unmerged",
    "kept_apart",
    "recomputed",
    "staff_changed",
)
NEW_ACTS = (
    "snoozed",
    "undone",
    "model_changed",
    "source_key_changed",
    "api_key_changed",
    "authors_erased",
)
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
    op.add_column("incident", _text("operator", 100))
    op.add_column("incident", sa.Column("snoozed_until", MOMENT(), nullable=True))
    op.create_index(
        "incident_open_operator",
        "incident",
        ["operator", "due_at", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "incident_to_review",
        "incident",
        ["urgency", "due_at", "id"],
        sqlite_where=TO_REVIEW,
        postgresql_where=TO_REVIEW,
    )
    for name, columns, where in LISTS:
        condition = sa.text(where) if where else None
        op.create_index(
            name, "incident", columns, sqlite_where=condition, postgresql_where=condition
        )
    op.add_column("label", sa.Column("withdrawn_at", MOMENT(), nullable=True))
    op.add_column("staff", _text("totp_secret", 500))
    op.add_column("staff", sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("staff", sa.Column("recovery", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("staff", sa.Column("keys", sa.JSON(), nullable=False, server_default="{}"))
    _new_tables()
    _allow_acts(OLD_ACTS + NEW_ACTS)
    _create_search()


def _new_tables() -> None:
    op.create_table(
        "api_key",
        _id(),
        sa.Column("title", TEXT(length=100), nullable=False),
        sa.Column("token_hash", TEXT(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("created_by", TEXT(length=100), nullable=False),
        sa.Column("expires_at", MOMENT(), nullable=True),
        sa.Column("last_used_at", MOMENT(), nullable=True),
        sa.Column("revoked_at", MOMENT(), nullable=True),
        _to("api_key", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_key_token_hash")),
    )
    op.create_table(
        "lease",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("until", MOMENT(), nullable=False),
        _to("lease", "incident"),
        _to("lease", "staff"),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_lease")),
    )
    op.create_index("lease_staff", "lease", ["staff_id"])
    op.create_table(
        "undo",
        _id(),
        sa.Column("token", TEXT(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("act", _word("undo_act", *OLD_ACTS, *NEW_ACTS), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("timers", sa.JSON(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", MOMENT(), nullable=True),
        _to("undo", "staff"),
        _to("undo", "incident"),
        _to("undo", "label"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo")),
    )
    op.create_index("undo_token", "undo", ["token"])
    op.create_index("undo_incident", "undo", ["incident_id"])
    op.create_index("undo_at", "undo", ["at"])
    op.create_table(
        "bulk_act",
        _id(),
        sa.Column("token", TEXT(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("ids", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            _word("bulk_act_state", "running", "done", "stopped", "undone"),
            nullable=False,
        ),
        sa.Column("started_at", MOMENT(), nullable=False),
        sa.Column("beat_at", MOMENT(), nullable=False),
        sa.Column("ended_at", MOMENT(), nullable=True),
        _to("bulk_act", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_act")),
        sa.UniqueConstraint("token", name=op.f("uq_bulk_act_token")),
    )
    op.create_table(
        "saved_view",
        _id(),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("title", TEXT(length=100), nullable=False),
        sa.Column("query", TEXT(length=2000), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        _to("saved_view", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("staff_id", "title", name="saved_view_title"),
    )
    op.create_table(
        "answer_template",
        _id(),
        sa.Column("title", TEXT(length=100), nullable=False),
        sa.Column("text", TEXT(), nullable=False),
        sa.Column("topic", _word("answer_template_topic", *TOPICS), nullable=True),
        sa.Column("changed_at", MOMENT(), nullable=False),
        sa.Column("changed_by", TEXT(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_template")),
    )


def _create_search() -> None:
    """Make the full-text index; the product fills it, because a migration knows no stems."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE post_search (post_id INTEGER PRIMARY KEY REFERENCES post (id) "
            "ON DELETE CASCADE, stems TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX post_search_stems ON post_search USING gin (stems)")
        return
    # Its rowid is the post's id. «ascii» takes every other letter as it is: stems need no more.
    op.execute('CREATE VIRTUAL TABLE post_search USING fts5(stems, tokenize="ascii")')


def downgrade() -> None:
    op.execute("DROP TABLE post_search")
    _take_acts_out()
    for table in ("answer_template", "saved_view", "bulk_act", "undo", "lease", "api_key"):
        op.drop_table(table)
    for column in ("keys", "recovery", "totp_step", "totp_secret"):
        op.drop_column("staff", column)
    # The older program would learn from what was taken back.
    op.execute("DELETE FROM label WHERE withdrawn_at IS NOT NULL")
    op.drop_column("label", "withdrawn_at")
    for name, _, _ in LISTS:
        op.drop_index(name, "incident")
    op.drop_index("incident_to_review", "incident")
    op.drop_index("incident_open_operator", "incident")
    op.drop_column("incident", "snoozed_until")
    op.drop_column("incident", "operator")


def _take_acts_out() -> None:
    """Remove what the older program cannot read, and number and chain the others anew."""
    _drop_triggers()
    connection = op.get_bind()
    journal = sa.table(
        "journal",
        sa.column("id", sa.Integer()),
        sa.column("incident_id", sa.Integer()),
        sa.column("post_id", sa.Integer()),
        sa.column("at", MOMENT()),
        sa.column("actor", sa.String()),
        sa.column("act", sa.String()),
        sa.column("reason", sa.String()),
        sa.column("before", sa.JSON()),
        sa.column("after", sa.JSON()),
        sa.column("digest", sa.String()),
    )
    removed = connection.execute(sa.delete(journal).where(journal.c.act.in_(NEW_ACTS))).rowcount
    if removed:
        digest, number = "", 0
        for number, row in enumerate(
            connection.execute(sa.select(journal).order_by(journal.c.id)).all(), 1
        ):
            fields = [number, row.incident_id, row.post_id, row.at.isoformat(), row.actor, row.act]
            fields += [row.reason, row.before, row.after]
            written = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            digest = hashlib.sha256(f"{digest}\n{written}".encode()).hexdigest()
            connection.execute(
                sa.update(journal).where(journal.c.id == row.id).values(id=number, digest=digest)
            )
        connection.execute(
            sa.text("UPDATE journal_head SET last_id = :last, digest = :digest"),
            {"last": number, "digest": digest},
        )
    _replace_check(OLD_ACTS)
    _create_triggers()


def _allow_acts(acts: tuple[str, ...]) -> None:
    _drop_triggers()
    _replace_check(acts)
    _create_triggers()


def _replace_check(acts: tuple[str, ...]) -> None:
    with op.batch_alter_table("journal") as batch_op:
        batch_op.drop_constraint("journal_act", type_="check")
        batch_op.create_check_constraint("journal_act", sa.column("act").in_(acts))


def _drop_triggers() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER journal_stays ON journal")
        return
    for act in ("update", "delete"):
        op.execute(f"DROP TRIGGER journal_stays_{act}")


def _create_triggers() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER journal_stays BEFORE UPDATE OR DELETE ON journal "
            "FOR EACH ROW EXECUTE FUNCTION journal_stays()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER journal_stays_{act} BEFORE {act} ON journal "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, TEXT(length=length), nullable=False, server_default="")


def _to(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [f"{other}_id"], [f"{other}.id"], name=op.f(f"fk_{table}_{other}_id")
    )


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)
