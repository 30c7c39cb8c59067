"""``otklik run`` as a person starts and stops it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
import sqlalchemy as sa
from sqlmodel import col

from models.tables import Incident, Post
from pipeline.database import open_database

PATIENCE = 150.0
"""Seconds; a start takes twenty, but a busy machine may take its time."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return own | {
        "OTKLIK_HOME": str(tmp_path / "home"),
        "OTKLIK_PORT": str(free_port()),
        "OTKLIK_PREFECT_PORT": str(free_port()),
    }


@contextmanager
def otklik(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "run"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def refused_start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "run"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def stored(home: Path, table: type[Incident] | type[Post]) -> int:
    path = home / "otklik.db"
    if not path.exists():
        return 0
    engine = open_database(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            count = sa.select(sa.func.count()).select_from(table)
            return connection.execute(count).scalar_one()
    except sa.exc.OperationalError:
        return 0  # the tables are being made
    finally:
        engine.dispose()


def external_ids(home: Path) -> list[str]:
    engine = open_database(f"sqlite:///{home / 'otklik.db'}")
    with engine.connect() as connection:
        found = list(connection.execute(sa.select(col(Post.external_id))).scalars())
    engine.dispose()
    return found


def family_of(pid: int) -> set[int]:
    """Return the living descendants of a process."""
    shown = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = {
        int(child): int(parent) for child, parent in map(str.split, shown.stdout.splitlines())
    }
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return family - {pid}


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def test_it_works_stops_and_goes_on_without_losing_or_doubling(
    environment: dict[str, str], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    # Given a first start on an empty folder
    with otklik(environment, tmp_path / "first.log") as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(8))
        link = re.search(r"http://\S+/enter/\S+", said)
        assert link is not None, said
        assert str(home) in said
        # Then the sample feed becomes incidents, and the console answers
        until(lambda: stored(home, Incident) > 100, "no incidents came")
        with urlopen(f"http://127.0.0.1:{environment['OTKLIK_PORT']}/sign-in") as page:
            assert "Отклик" in page.read().decode()
        # And a second start on the same folder is refused in one line
        second = refused_start(environment)
        assert second.returncode == 1
        assert "уже запущен" in second.stderr
        assert "Traceback" not in second.stderr
        # When it is stopped with Ctrl-C
        family = family_of(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert "данные сохранены" in process.stdout.read()
        assert alive(family) == set()
    posts = stored(home, Post)
    timers = home / "logs" / "timers.log"
    ticked = timers.read_text().count("Beginning flow run")
    # Then the next start goes on from there, and no post stands twice
    with otklik(environment, tmp_path / "next.log") as process:
        until(
            lambda: (home / "logs" / "ingest.log").read_text().count("sample-ok: taken") > 1, "no"
        )
        # Timers tick as well: the run that Ctrl-C cut short must not keep their place.
        until(lambda: timers.read_text().count("Beginning flow run") > ticked, "no ticks")
        ids = external_ids(home)
        assert len(ids) >= posts
        assert len(set(ids)) == len(ids)
        # And when it is killed outright, its children leave by themselves
        family = family_of(process.pid)
        process.kill()
        process.wait()
        until(lambda: not alive(family), f"orphans stayed: {alive(family)}")
    # And nobody's one-time link is in a log
    token = link.group().rsplit("/", 1)[1]
    for log in [*home.rglob("*.log"), tmp_path / "first.log"]:
        assert token not in log.read_text()


def test_a_taken_port_is_explained(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["OTKLIK_PORT"])))
        taken.listen()
        failed = refused_start(environment)
    assert failed.returncode == 1
    assert "OTKLIK_PORT" in failed.stderr
    assert "Traceback" not in failed.stderr
