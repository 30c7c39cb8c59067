"""What all tables share: types of columns and names of constraints.

Words are stored by value and checked by the database, so that a typo in hand-written SQL
fails there and not months later in a report. Constraints have predictable names, because a
migration cannot drop one without a name on SQLite.
"""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
}


def word(words: type[StrEnum], *, name: str) -> Any:
    """Return the column type for a vocabulary: VARCHAR with a named CHECK, values not names."""
    return sa.Enum(
        words,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def stored_id(value: int | None) -> int:
    """Return the id of a row that was flushed; before that it has none, which is a bug."""
    if value is None:
        raise AssertionError("the row was not flushed yet, so it has no id")
    return value
