"""Indexes of open incidents alone: each deadline that moves costs less, and lists come in order.

Revision 0007, follows 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = "stage NOT IN ('closed', 'satisfaction')"
OLD = {
    "incident_queue": ["stage", "due_at", "id"],
    "incident_queue_urgency": ["stage", "urgency", "due_at", "id"],
    "incident_queue_topic": ["stage", "topic", "due_at", "id"],
    "incident_queue_settlement": ["stage", "settlement", "due_at", "id"],
    "incident_queue_certainty": ["stage", "certainty", "due_at", "id"],
    "incident_queue_body": ["body", "stage", "due_at", "id"],
}
NEW = {
    "incident_open": (["due_at", "id"], OPEN),
    "incident_open_topic": (["topic", "due_at", "id"], OPEN),
    "incident_open_settlement": (["settlement", "due_at", "id"], OPEN),
    "incident_open_body": (["body", "due_at", "id"], OPEN),
    "incident_open_urgent": (["due_at", "id"], f"{OPEN} AND urgency = 'urgent'"),
}


def upgrade() -> None:
    for name in OLD:
        op.drop_index(name, "incident")
    for name, (columns, where) in NEW.items():
        condition = sa.text(where)
        op.create_index(
            name, "incident", columns, sqlite_where=condition, postgresql_where=condition
        )


def downgrade() -> None:
    for name in NEW:
        op.drop_index(name, "incident")
    for name, columns in OLD.items():
        op.create_index(name, "incident", columns)
