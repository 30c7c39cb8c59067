"""A PostgreSQL server of the tests' own, thrown away with them."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from models.journal import JournalHead
from pipeline.database import migrate, open_database

ACCOUNT = "postgres"
"""The server refuses to run as root; Debian's package brings this account."""


VERSION = sa.table("alembic_version", sa.column("version_num"))


def find_postgres() -> Path | None:
    """Return the folder of the newest server's programs, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    if not folders and on_path:
        folders = [Path(on_path).parent]
    return folders[-1] if folders else None


@dataclass(frozen=True)
class PostgresServer:
    """A running server with one migrated database."""

    url: str
    head: str

    @classmethod
    @contextlib.contextmanager
    def running(cls, binaries: Path, folder: Path) -> Iterator[Self]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        data = folder / "data"
        _run([binaries / "initdb", "-D", data, "-U", "otklik", "-A", "trust", "-E", "UTF8"])
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = folder / "log"
        _run([binaries / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start"])
        try:
            url = f"postgresql://otklik@127.0.0.1:{port}/postgres"
            engine = open_database(url)
            migrate(engine)
            with engine.connect() as connection:
                head = connection.execute(sa.select(VERSION.c.version_num)).scalar_one()
            engine.dispose()
            yield cls(url, head)
        finally:
            _run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])

    def empty_database(self) -> str:
        """Empty every table and return the URL; ids begin at 1 again, the schema is current."""
        engine = open_database(self.url)
        with engine.begin() as connection:
            connection.execute(sa.update(VERSION).values(version_num=self.head))
            names = sa.inspect(connection).get_table_names()
            tables = ", ".join(f'"{name}"' for name in names if name != "alembic_version")
            connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
            # The one row that a migrated, empty database has.
            connection.execute(sa.insert(JournalHead).values(id=1, last_id=0, digest=""))
        engine.dispose()
        return self.url


def _run(command: list[str | Path]) -> None:
    account = ACCOUNT if os.geteuid() == 0 else None
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=account, cwd="/")
