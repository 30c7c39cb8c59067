"""An ingest that is killed again and again ends in the same database as one that is not."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from models.tables import Incident, JournalEntry, Post, PostVersion, Timer
from models.vocabulary import Clock
from pipeline.database import open_database, reading
from pipeline.verify import verify

ROWS = 3000

COMPLAINTS = (
    "На улице Лесной не горит фонарь у дома {}",
    "Яма на дороге возле дома {}, машины бьют подвеску",
    "Третью неделю не вывозят мусор с площадки у дома {}",
    "Пахнет газом в подъезде {}, позвонили в аварийную, никого нет",
    "Нет холодной воды в доме {} с самого утра",
    "Продам дрова берёзовые колотые, {} кубов, доставка",
    "Спасибо за новую остановку у дома {}!",
)

CHOSEN = {
    Post: ("id", "external_id", "text", "revision", "published_at", "relevant", "incident_id"),
    PostVersion: ("id", "post_id", "revision", "text"),
    Incident: ("id", "topic", "urgency", "settlement", "body", "created_at", "due_at"),
    Timer: ("id", "incident_id", "clock", "cycle", "level", "due_at", "state"),
    JournalEntry: ("id", "incident_id", "post_id", "act", "reason"),
}
"""What two runs must agree on: everything but the moments of the runs themselves."""


def write_table(path: Path) -> None:
    start = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("id", "text", "published_at"))
        for number in range(ROWS):
            text = COMPLAINTS[number % len(COMPLAINTS)].format(number)
            written = start + timedelta(minutes=number)
            table.writerow((number, text, written.isoformat()))


@contextmanager
def ingest(table: Path, url: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "ingest", str(table)],
        env={**os.environ, "OTKLIK_DATABASE_URL": url, "OTKLIK_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def run_to_the_end(table: Path, url: str, home: Path) -> None:
    with ingest(table, url, home) as process:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()


def stored_posts(url: str) -> int:
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(Post)).scalar_one()
    finally:
        engine.dispose()


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return what the tables hold, ids replaced by their rank.

    A killed transaction leaves a gap in PostgreSQL's sequences, and nothing else.
    """
    engine = open_database(url)
    found: dict[str, list[tuple[object, ...]]] = {}
    ranks: dict[str, dict[object, int]] = {}
    with engine.connect() as connection:
        for table, names in CHOSEN.items():
            columns = [table.__table__.c[name] for name in names]  # type: ignore[attr-defined]
            query = sa.select(*columns).order_by(columns[0])
            if table is Timer:
                # By when somebody has to look counts from the moment of the run.
                query = query.where(col(Timer.clock) != Clock.STAGE)
            rows = connection.execute(query).all()
            ranks[f"{table.__name__.lower()}_id"] = {row[0]: n for n, row in enumerate(rows)}
            found[table.__name__] = [tuple(row) for row in rows]
    engine.dispose()
    for table, names in CHOSEN.items():
        ids = {"id": ranks[f"{table.__name__.lower()}_id"]} | ranks
        found[table.__name__] = [
            tuple(
                ids[name].get(value, value) if name in ids else value
                for name, value in zip(names, row, strict=True)
            )
            for row in found[table.__name__]
        ]
    return found


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.long)])
def test_sigkill_at_random_moments_loses_and_doubles_nothing(
    database_url: str, tmp_path: Path, times: int
) -> None:
    # Given the database of a run in one go
    table = tmp_path / "messages.csv"
    write_table(table)
    whole_url = f"sqlite:///{tmp_path / 'whole.db'}"
    run_to_the_end(table, whole_url, tmp_path / "home")
    expected = contents(whole_url)
    assert len(expected["Post"]) == ROWS
    # When another run is killed at random moments, each time after it has stored something new
    moments = random.Random(database_url.split(":", maxsplit=1)[0])  # noqa: S311 - not for secrets
    kills = 0
    for _ in range(times):
        before = stored_posts(database_url)
        with ingest(table, database_url, tmp_path / "home") as process:
            while process.poll() is None and stored_posts(database_url) == before:
                time.sleep(0.02)
            time.sleep(moments.uniform(0, 0.25))
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        assert stored_posts(database_url) % 500 == 0
    run_to_the_end(table, database_url, tmp_path / "home")
    # Then the two databases hold the same
    assert kills >= times // 2
    assert contents(database_url) == expected
    # And the journal is one unbroken chain
    engine = open_database(database_url)
    with reading(engine) as session:
        found = verify(session)
    engine.dispose()
    assert (found.entries, found.troubles) == (len(expected["JournalEntry"]), ())


@pytest.mark.long
def test_a_second_run_adds_nothing(database_url: str, tmp_path: Path) -> None:
    table = tmp_path / "messages.csv"
    write_table(table)
    run_to_the_end(table, database_url, tmp_path / "home")
    expected = contents(database_url)
    run_to_the_end(table, database_url, tmp_path / "home")
    assert contents(database_url) == expected
