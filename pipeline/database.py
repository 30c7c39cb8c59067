"""The engine, the migrations and the unit of work: the only place that commits.

Errors::

    DatabaseError          the database cannot be used; Russian, says what to do
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlmodel import Session

import models.migrations
from models.errors import OtklikError
from pipeline.desk.journal import chain

MAPPED = 1 << 30
"""Bytes of the embedded database that are read without copying; the rest as ever."""

BUSY_MS = 10_000
"""How long a SQLite writer waits for another one, in milliseconds."""

MIGRATION_LOCK = 0x4F746B6C
"""PostgreSQL advisory lock that two processes migrating at once take in turn."""

READ_ONLY = "otklik_read_only"


class DatabaseError(OtklikError):
    """The database cannot be used; the message is Russian, for the person at the machine."""


def open_database(url: str) -> sa.Engine:
    """Return an engine for SQLite or PostgreSQL. Raises DatabaseError for any other URL.

    Its errors never show the values of a statement: they are citizens' texts.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise DatabaseError(
            "Адрес базы в OTKLIK_DATABASE_URL не разобран. Образец: "
            "postgresql://имя:пароль@узел/база"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            parsed, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": 10},
            hide_parameters=True,
        )
        sa.event.listen(engine, "begin", _begin_postgresql)
        return engine
    raise DatabaseError(
        f"База «{parsed.get_backend_name()}» не поддерживается: нужна SQLite или PostgreSQL."
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling lost updates of concurrent writers; with None the
    # BEGIN below is ours.
    connection.isolation_level = None
    try:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            f"busy_timeout = {BUSY_MS}",
            "foreign_keys = ON",
            # Connections then share the system's own copy of the file: lists of a million
            # incidents come several times quicker than through each one's two megabytes.
            f"mmap_size = {MAPPED}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()  # the pool does not know of it yet
        raise


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer that takes its lock only at the first write deadlocks with its like; a reader
    # must not wait for writers at all.
    read_only = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@contextmanager
def unit_of_work(engine: sa.Engine) -> Iterator[Session]:
    """Give a session whose changes are committed together at the end, or not at all.

    Raises DatabaseError when the database is away or another program holds it for too long.
    """
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
            chain(session)
    except sa.exc.OperationalError as error:
        raise DatabaseError(_explain(engine, error)) from error


@contextmanager
def reading(engine: sa.Engine) -> Iterator[Session]:
    """Give a session for queries; it sees one state of the database and blocks no writer."""
    with Session(engine.execution_options(**{READ_ONLY: True})) as session:
        yield session


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the schema to ``revision``; safe when several processes do so at once.

    Raises DatabaseError when the database cannot be reached or is newer than this program.
    """
    try:
        with engine.connect() as connection, _rebuilding(connection), connection.begin():
            if connection.dialect.name == "postgresql":
                lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
                connection.execute(lock, {"key": MIGRATION_LOCK})
            _refuse_newer(connection)
            command.upgrade(alembic_config(connection), revision)
    except sa.exc.DBAPIError as error:
        raise DatabaseError(_explain(engine, error)) from error


@contextmanager
def _rebuilding(connection: sa.Connection) -> Iterator[None]:
    """Let SQLite's tables be built anew: to alter one, it is copied, dropped and renamed.

    With its foreign keys on, SQLite refuses to drop a table that rows of others refer to; and it
    listens to the setting between transactions alone.
    """
    raw = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or raw is None:
        yield
        return
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration, bound to a connection that the caller commits."""
    config = Config()
    config.set_main_option("script_location", str(Path(models.migrations.__path__[0])))
    attributes: dict[str, Any] = config.attributes
    attributes["connection"] = connection
    return config


def _refuse_newer(connection: sa.Connection) -> None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return
    known = {
        script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    }
    for (revision,) in connection.execute(sa.text("SELECT version_num FROM alembic_version")):
        if revision not in known:
            raise DatabaseError(
                f"База сделана более новой версией Otklik (схема {revision}). "
                "Обновите программу или укажите другую базу."
            )


def _explain(engine: sa.Engine, error: sa.exc.DBAPIError) -> str:
    where = engine.url.render_as_string(hide_password=True)
    said = " ".join(str(error.orig).split())
    return (
        f"База {where} недоступна: {said}. Проверьте путь, права, запущен ли сервер и не держит "
        "ли базу другая программа."
    )
