"""How Alembic runs: on the connection that ``pipeline.database.migrate`` gives it."""

from alembic import context
from sqlmodel import SQLModel

import models.tables  # noqa: F401 - fills the metadata


def compared(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the full-text index: it is no ordinary table on either database."""
    return kind != "table" or not (name or "").startswith("post_search")


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    include_name=compared,
)
with context.begin_transaction():
    context.run_migrations()
