"""Fixtures that every layer shares: both databases, a region, a moment."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from postgres import PostgresServer, find_postgres

from pipeline.database import migrate, open_database

# A run has to end within minutes; `make test-long` takes more. Nothing is timed: a machine may be
# busy with something else.
settings.register_profile("quick", max_examples=12, deadline=None)
settings.register_profile("long", max_examples=100, deadline=None)
settings.load_profile("quick")

# Models and their training leave millions of objects behind; walking them again and again takes a
# fifth of a run.
gc.set_threshold(200_000, 20, 50)

ONE_DATABASE = frozenset({"commands", "console", "flows", "scenarios"})
BOTH_DATABASES = frozenset({"test_queue.py", "test_incident.py", "test_life.py"})
"""Of the slow folders, what depends on the database enough to run on both by default."""

MISSING_POSTGRES = "no PostgreSQL server here: apt-get install postgresql"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, so that no process is left alone with one at the end.

    Commands, pages, flows and scenarios use the store and the desk, which are tested on both
    databases, so by default they run on SQLite alone.
    """
    items.sort(key=lambda item: not ONE_DATABASE & set(item.path.parts))
    for item in items:
        slow = ONE_DATABASE & set(item.path.parts) and item.path.name not in BOTH_DATABASES
        if slow and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)


def need(found: object, how_to_get_it: str) -> None:
    """Skip on a user's machine what it cannot run; on CI a missing part is a failure."""
    if found:
        return
    if os.environ.get("CI"):
        pytest.fail(how_to_get_it)
    pytest.skip(how_to_get_it)


@pytest.fixture
def now() -> datetime:
    """Return a Tuesday in November, 12:00 in Moscow: nobody's day off."""
    return datetime(2026, 11, 17, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    binaries = find_postgres()
    need(binaries, MISSING_POSTGRES)
    assert binaries is not None
    # Not in pytest's own folder, which another run of pytest closes to the server's account.
    with (
        tempfile.TemporaryDirectory(prefix="otklik-postgres-") as folder,
        PostgresServer.running(binaries, Path(folder)) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a migrated, empty database: each test runs once on either kind."""
    if request.param == "sqlite":
        path = tmp_path / "otklik.db"
        shutil.copy(request.getfixturevalue("empty_sqlite"), path)
        return f"sqlite:///{path}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.empty_database()


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()
