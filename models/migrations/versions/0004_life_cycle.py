"""The life cycle: stages, terms, clocks, pauses, merges, roles, notices, surveys, chained journal.

Revision 0004, follows 0003.
"""

import hashlib
import json

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime

OLD_STAGES = ("review", "closed")
STAGES = (
    "review",
    "assigned",
    "work",
    "returned",
    "approval",
    "publishing",
    "satisfaction",
    "closed",
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
    "answer_queued",
    "answer_published",
    "answer_refused",
    "answer_by_hand",
    "answer_withdrawn",
)
NEW_ACTS = (
    "post_joined",
    "post_split",
    "escalated",
    "stage_overdue",
    "assigned",
    "accepted",
    "returned",
    "passed_up",
    "co_executors",
    "drafted",
    "submitted",
    "approved",
    "rejected",
    "paused",
    "resumed",
    "rated",
    "reopened",
    "merged",
    "unmerged",
    "kept_apart",
    "recomputed",
    "staff_changed",
)
OLD_ANSWER_STATES = ("queued", "sending", "published", "refused", "by_hand", "withdrawn")
OLD_ROLES = ("operator", "administrator")
ROLES = ("operator", "executor", "approver", "administrator", "observer")
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
TERMS = ("answer", "final", "review", "acceptance", "approval", "publication", "silence")
OUTCOMES = ("solved", "explained", "unsolved", "postponed", "redirected")
OCCASIONS = (
    "urgent",
    "assigned",
    "returned",
    "passed_up",
    "warning",
    "overdue",
    "escalation",
    "stage_overdue",
    "to_approve",
    "rejected",
    "answer_refused",
    "reopened",
    "dissatisfied",
    "silent_clock",
)
REASONS = (
    "no_reply",
    "satisfied",
    "pointless",
    "not_relevant",
    "no_answer_due",
    "merged",
    "by_source",
)
PENDING = sa.text("state = 'pending'")
WAITING = sa.text("addressed_at IS NULL")


def upgrade() -> None:
    _upgrade_incident()
    _new_tables()
    _upgrade_timer()
    _allow("answer", "state", ("draft", "approval", *OLD_ANSWER_STATES))
    with op.batch_alter_table("answer") as batch_op:
        batch_op.add_column(sa.Column("outcome", TEXT(length=32), nullable=True))
        batch_op.create_check_constraint("answer_outcome", sa.column("outcome").in_(OUTCOMES))
        batch_op.add_column(_text("remark", 1000))
        batch_op.add_column(_text("approved_by", 100))
    _allow("staff", "role", ROLES)
    with op.batch_alter_table("staff") as batch_op:
        batch_op.add_column(sa.Column("body", TEXT(length=100), nullable=True))
    _upgrade_journal()


def _upgrade_incident() -> None:
    _allow("incident", "stage", STAGES)
    with op.batch_alter_table("incident") as batch_op:
        batch_op.add_column(_text("network", 32, "vk"))
        batch_op.add_column(_text("route_note", 500))
        batch_op.add_column(sa.Column("closing_reason", TEXT(length=32), nullable=True))
        for name in (
            "first_assigned_at",
            "assigned_at",
            "published_at",
            "published_due_at",
            "final_at",
            "final_due_at",
            "clock_from",
            "paused_at",
            "stage_at",
            "stage_due_at",
        ):
            batch_op.add_column(sa.Column(name, MOMENT(), nullable=True))
        batch_op.add_column(_text("term", 32, "answer"))
        batch_op.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("repeats", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("reach", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("rating", sa.Integer(), nullable=True))
        for name in ("merged_into", "repeat_of"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_incident_{name}"), "incident", [name], ["id"])
        batch_op.create_check_constraint("incident_network", sa.column("network").in_(NETWORKS))
        batch_op.create_check_constraint("incident_term", sa.column("term").in_(TERMS))
        batch_op.create_check_constraint(
            "incident_closing_reason", sa.column("closing_reason").in_(REASONS)
        )
    op.execute(
        "UPDATE incident SET clock_from = created_at, stage_at = COALESCE(closed_at, opened_at), "
        "network = COALESCE((SELECT source.network FROM post JOIN source ON source.id = "
        "post.source_id WHERE post.incident_id = incident.id ORDER BY post.id LIMIT 1), 'vk')"
    )
    with op.batch_alter_table("incident") as batch_op:
        batch_op.alter_column("clock_from", existing_type=MOMENT(), nullable=False)
        batch_op.alter_column("stage_at", existing_type=MOMENT(), nullable=False)
    op.create_index("incident_queue_body", "incident", ["body", "stage", "due_at", "id"])


def _new_tables() -> None:
    op.create_table(
        "co_executor",
        _incident(),
        sa.Column("body", TEXT(length=100), nullable=False),
        _to_incident("co_executor"),
        sa.PrimaryKeyConstraint("incident_id", "body", name=op.f("pk_co_executor")),
    )
    op.create_index("co_executor_body", "co_executor", ["body", "incident_id"])
    op.create_table(
        "pause",
        sa.Column("id", sa.Integer(), nullable=False),
        _incident(),
        sa.Column("cycle", TEXT(length=40), nullable=False),
        sa.Column("since", MOMENT(), nullable=False),
        sa.Column("until", MOMENT(), nullable=False),
        sa.Column("ended_at", MOMENT(), nullable=True),
        sa.Column("reason", TEXT(length=1000), nullable=False),
        sa.Column("by", TEXT(length=100), nullable=False),
        sa.Column("ended_by", TEXT(length=100), nullable=False),
        _to_incident("pause"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    op.create_index("pause_incident", "pause", ["incident_id", "id"])
    op.create_table(
        "merge",
        sa.Column("id", sa.Integer(), nullable=False),
        _incident(),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("by", TEXT(length=100), nullable=False),
        sa.Column("posts", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone_at", MOMENT(), nullable=True),
        _to_incident("merge"),
        sa.ForeignKeyConstraint(["into_id"], ["incident.id"], name=op.f("fk_merge_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    op.create_index("merge_into", "merge", ["into_id"])
    op.create_index("merge_incident", "merge", ["incident_id"])
    op.create_table(
        "apart",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("by", TEXT(length=100), nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["incident.id"], name=op.f("fk_apart_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["incident.id"], name=op.f("fk_apart_second_id")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_apart")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", TEXT(length=200), nullable=False),
        sa.Column("occasion", _word("notice_occasion", *OCCASIONS), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("body", TEXT(length=100), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("addressed_at", MOMENT(), nullable=True),
        _to_incident("notice"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index(
        "notice_waiting", "notice", ["id"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_table(
        "survey",
        sa.Column("id", sa.Integer(), nullable=False),
        _incident(),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("token_hash", TEXT(length=64), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("expires_at", MOMENT(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("word", TEXT(length=1000), nullable=False),
        sa.Column("answered_at", MOMENT(), nullable=True),
        _to_incident("survey"),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_survey_answer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("answer_id", name=op.f("uq_survey_answer_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_survey_token_hash")),
    )
    op.create_index("survey_incident", "survey", ["incident_id", "id"])
    op.create_table(
        "heartbeat",
        sa.Column("name", TEXT(length=50), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )


def _upgrade_timer() -> None:
    """One row a clock instead of one a moment: the nearest of an incident's stays."""
    connection = op.get_bind()
    kept = connection.execute(
        sa.text(
            "SELECT incident_id, MIN(due_at) FROM timer WHERE state = 'pending' "
            "GROUP BY incident_id ORDER BY incident_id"
        ).columns(sa.column("incident_id", sa.Integer()), sa.column("due_at", MOMENT()))
    ).all()
    op.drop_index("timer_pending", "timer")
    op.drop_table("timer")
    timer = op.create_table(
        "timer",
        sa.Column("id", sa.Integer(), nullable=False),
        _incident(),
        sa.Column("clock", _word("timer_clock", "answer", "stage", "pause"), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT(), nullable=False),
        sa.Column("state", _word("timer_state", "pending", "fired", "cancelled"), nullable=False),
        sa.Column("fired_at", MOMENT(), nullable=True),
        _to_incident("timer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
        sa.UniqueConstraint("incident_id", "clock", name="timer_one_per_clock"),
    )
    op.create_index(
        "timer_pending", "timer", ["due_at"], sqlite_where=PENDING, postgresql_where=PENDING
    )
    rows = [
        {
            "incident_id": incident_id,
            "clock": "answer",
            "cycle": 1,
            "level": 0,
            "due_at": due_at,
            "state": "pending",
        }
        for incident_id, due_at in kept
    ]
    if rows:
        connection.execute(sa.insert(timer), rows)


def _upgrade_journal() -> None:
    _allow("journal", "act", OLD_ACTS + NEW_ACTS)
    with op.batch_alter_table("journal") as batch_op:
        batch_op.alter_column("incident_id", existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(_text("digest", 64))
    head = op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.execute(sa.insert(head).values(_chain()))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION journal_stays() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
        )
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


def _chain() -> dict[str, object]:
    """Number the entries without a gap, take citizens' words out, and chain them."""
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
    digest, number = "", 0
    rows = connection.execute(sa.select(journal).order_by(journal.c.id)).all()
    for number, row in enumerate(rows, 1):
        before, after = _without_text(row.before), _without_text(row.after)
        fields = [number, row.incident_id, row.post_id, row.at.isoformat(), row.actor, row.act]
        fields += [row.reason, before, after]
        written = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(f"{digest}\n{written}".encode()).hexdigest()
        connection.execute(
            sa.update(journal)
            .where(journal.c.id == row.id)
            .values(id=number, before=before, after=after, digest=digest)
        )
    return {"id": 1, "last_id": number, "digest": digest}


def _without_text(facts: dict[str, object]) -> dict[str, object]:
    if "text" not in facts:
        return facts
    digest = hashlib.sha256(str(facts["text"]).encode("utf-8", "replace")).hexdigest()
    return {**facts, "text": f"sha256:{digest}" if facts["text"] else ""}


def downgrade() -> None:
    _downgrade_journal()
    with op.batch_alter_table("staff") as batch_op:
        batch_op.drop_column("body")
    # The older program lets everybody see everything: who may not, must not come in.
    staff = sa.table("staff", sa.column("role"), sa.column("active"))
    op.execute(
        sa.update(staff)
        .where(staff.c.role.not_in(OLD_ROLES))
        .values(role="operator", active=sa.false())
    )
    _allow("staff", "role", OLD_ROLES)
    # A survey belongs to its answer.
    for table in ("survey", "heartbeat", "apart", "merge", "pause", "co_executor", "notice"):
        op.drop_table(table)
    answer = sa.table("answer", sa.column("state"))
    op.execute(sa.delete(answer).where(answer.c.state.not_in(OLD_ANSWER_STATES)))
    with op.batch_alter_table("answer") as batch_op:
        batch_op.drop_constraint("answer_outcome", type_="check")
        for column in ("approved_by", "remark", "outcome"):
            batch_op.drop_column(column)
    _allow("answer", "state", OLD_ANSWER_STATES)
    _downgrade_timer()
    op.drop_index("incident_queue_body", "incident")
    incident = sa.table("incident", sa.column("stage"))
    op.execute(
        sa.update(incident).where(incident.c.stage.not_in(OLD_STAGES)).values(stage="review")
    )
    with op.batch_alter_table("incident") as batch_op:
        for name in ("closing_reason", "term", "network"):
            batch_op.drop_constraint(f"incident_{name}", type_="check")
        for name in ("merged_into", "repeat_of"):
            batch_op.drop_constraint(f"fk_incident_{name}", type_="foreignkey")
        for column in (
            "repeat_of",
            "merged_into",
            "rating",
            "reach",
            "repeats",
            "round",
            "term",
            "stage_due_at",
            "stage_at",
            "paused_at",
            "clock_from",
            "final_due_at",
            "final_at",
            "published_due_at",
            "published_at",
            "assigned_at",
            "first_assigned_at",
            "closing_reason",
            "route_note",
            "network",
        ):
            batch_op.drop_column(column)
    _allow("incident", "stage", OLD_STAGES)


def _downgrade_timer() -> None:
    connection = op.get_bind()
    # A warning has no meaning without its level, the deadline alone says what is due.
    due = connection.execute(
        sa.text(
            "SELECT incident.id, incident.due_at FROM incident JOIN timer ON "
            "timer.incident_id = incident.id WHERE timer.clock = 'answer' AND "
            "timer.state = 'pending' ORDER BY incident.id"
        ).columns(sa.column("id", sa.Integer()), sa.column("due_at", MOMENT()))
    ).all()
    op.drop_index("timer_pending", "timer")
    op.drop_table("timer")
    timer = op.create_table(
        "timer",
        sa.Column("id", sa.Integer(), nullable=False),
        _incident(),
        sa.Column("kind", _word("timer_kind", "warning", "deadline"), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT(), nullable=False),
        sa.Column("state", _word("timer_state", "pending", "fired", "cancelled"), nullable=False),
        sa.Column("fired_at", MOMENT(), nullable=True),
        _to_incident("timer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
        sa.UniqueConstraint("incident_id", "kind", "cycle", name="timer_once_per_cycle"),
    )
    op.create_index(
        "timer_pending", "timer", ["due_at"], sqlite_where=PENDING, postgresql_where=PENDING
    )
    rows = [
        {
            "incident_id": incident_id,
            "kind": "deadline",
            "cycle": 1,
            "due_at": due_at,
            "state": "pending",
        }
        for incident_id, due_at in due
    ]
    if rows:
        connection.execute(sa.insert(timer), rows)


def _downgrade_journal() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER journal_stays ON journal")
        op.execute("DROP FUNCTION journal_stays()")
    else:
        op.execute("DROP TRIGGER journal_stays_update")
        op.execute("DROP TRIGGER journal_stays_delete")
    op.drop_table("journal_head")
    # The older program has no words for these and could not show a card that has one.
    journal = sa.table("journal", sa.column("act"), sa.column("incident_id"))
    op.execute(
        sa.delete(journal).where(journal.c.act.in_(NEW_ACTS) | journal.c.incident_id.is_(None))
    )
    with op.batch_alter_table("journal") as batch_op:
        batch_op.drop_column("digest")
        batch_op.alter_column("incident_id", existing_type=sa.Integer(), nullable=False)
    _allow("journal", "act", OLD_ACTS)


def _text(name: str, length: int, default: str = "") -> sa.Column[str]:
    return sa.Column(name, TEXT(length=length), nullable=False, server_default=default)


def _incident() -> sa.Column[int]:
    return sa.Column("incident_id", sa.Integer(), nullable=False)


def _to_incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["incident_id"], ["incident.id"], name=op.f(f"fk_{table}_incident_id")
    )


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _allow(table: str, column: str, words: tuple[str, ...]) -> None:
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(f"{table}_{column}", type_="check")
        batch_op.create_check_constraint(f"{table}_{column}", sa.column(column).in_(words))
