"""Inserting many rows at once.

Building a table's object a row costs more than everything else of an ingest together, so pages
go in as plain values, which are the same columns.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Row = Mapping[str, Any]


def insert_into(session: Session, table: type[SQLModel] | sa.TableClause) -> Any:
    """Return an INSERT that can say what happens on a conflict, as this database spells it."""
    postgres = session.get_bind().dialect.name == "postgresql"
    return (postgresql.insert if postgres else sqlite.insert)(table)


def insert(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows; every column without a default of the database's own must be given."""
    if rows:
        session.execute(sa.insert(table), rows)


def insert_with_ids(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> list[int]:
    """Insert rows and return their new ids, in the order of the rows."""
    if not rows:
        return []
    key = sa.inspect(table, raiseerr=True).columns["id"]
    statement = sa.insert(table).returning(key, sort_by_parameter_order=True)
    return list(session.execute(statement, rows).scalars())
