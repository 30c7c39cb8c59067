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

SLOW = frozenset({"api", "commands", "console", "flows", "pipeline", "scenarios"})
"""Folders whose tests take most of a run."""

BOTH_DATABASES = frozenset(
    {
        "test_bulk_acts.py",
        "test_cases.py",
        "test_database.py",
        "test_ingest.py",
        "test_leases.py",
        "test_queue_filter.py",
        "test_search.py",
        "test_stories.py",
        "test_timers.py",
        "test_undo.py",
    }
)
"""What depends on the database enough to run on both by default; the rest when it may be long."""

MISSING_POSTGRES = "no PostgreSQL server here: apt-get install postgresql"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, so that no process is left alone with one at the end.

    By default few files run on PostgreSQL as well: a run has to end within minutes.
    """
    items.sort(key=lambda item: ("scenarios" not in item.path.parts, _is_quick(item)))
    for item in items:
        if item.path.name not in BOTH_DATABASES and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)


def _is_quick(item: pytest.Item) -> bool:
    return not SLOW & set(item.path.parts)


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
