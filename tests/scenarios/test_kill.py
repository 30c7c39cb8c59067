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

import sqlalchemy as sa

from models.tables import Incident, JournalEntry, Post, PostVersion, Timer
from pipeline.database import open_database

KILLS = 10
ROWS = 6000

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
    Timer: ("id", "incident_id", "kind", "cycle", "due_at", "state"),
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


def stored_posts(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(Post)).scalar_one()


def contents(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with engine.connect() as connection:
        for table, names in CHOSEN.items():
            columns = [table.__table__.c[name] for name in names]  # type: ignore[attr-defined]
            rows = connection.execute(sa.select(*columns).order_by(columns[0]))
            found[table.__name__] = [tuple(row) for row in rows]
    return found


def test_sigkill_at_ten_random_moments_loses_and_doubles_nothing(
    database_url: str, tmp_path: Path
) -> None:
    # Given the database of a run in one go
    table = tmp_path / "messages.csv"
    write_table(table)
    whole_url = f"sqlite:///{tmp_path / 'whole.db'}"
    run_to_the_end(table, whole_url, tmp_path / "home")
    whole = open_database(whole_url)
    expected = contents(whole)
    assert len(expected["Post"]) == ROWS
    # When another run is killed at random moments, each time after it has stored something new
    engine = open_database(database_url)
    moments = random.Random(database_url.split(":", maxsplit=1)[0])  # noqa: S311 - not for secrets
    kills = 0
    for _ in range(KILLS):
        before = stored_posts(engine)
        with ingest(table, database_url, tmp_path / "home") as process:
            while process.poll() is None and stored_posts(engine) == before:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.25))
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        assert stored_posts(engine) % 500 == 0
    run_to_the_end(table, database_url, tmp_path / "home")
    # Then the two databases hold the same
    assert kills >= KILLS // 2
    assert contents(engine) == expected
    engine.dispose()
    whole.dispose()


def test_a_second_run_adds_nothing(database_url: str, tmp_path: Path) -> None:
    table = tmp_path / "messages.csv"
    write_table(table)
    run_to_the_end(table, database_url, tmp_path / "home")
    engine = open_database(database_url)
    expected = contents(engine)
    run_to_the_end(table, database_url, tmp_path / "home")
    assert contents(engine) == expected
    engine.dispose()
