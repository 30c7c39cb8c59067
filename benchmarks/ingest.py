"""How fast a table gets from the file into the database, classification included.

    python benchmarks/ingest.py                     17 419 rows made from the shipped seeds
    python benchmarks/ingest.py messages.csv        a table of one's own

Runs the command ``otklik ingest`` as a user would, in a fresh folder, and counts from the start
of the process to its end. Baseline: the same rows as SQLModel objects, one commit a row, without
any classification: what a straightforward program does.
"""

import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from classifiers.examples import read_seeds
from models.post import Post
from models.source import Source
from models.vocabulary import Network, PostKind
from pipeline.database import migrate, open_database, unit_of_work

ROWS = 17_419
BASELINE_ROWS = 2_000


def made_table(folder: Path) -> Path:
    """Write a table of as many rows as the real export has, from shuffled pairs of seeds."""
    seeds = [example.text for example in read_seeds()]
    draw = random.Random(1)  # noqa: S311 - not for secrets
    path = folder / "messages.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("text",))
        for number in range(ROWS):
            one, other = draw.sample(seeds, 2)
            table.writerow((f"{one} {other} {number}",))
    return path


def texts_of(path: Path) -> list[str]:
    """Return the texts of the table."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def ours(path: Path, folder: Path) -> float:
    """Return the seconds of one ``otklik ingest``."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "ingest", str(path)],
        env={**os.environ, "OTKLIK_HOME": str(folder / "home")},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def baseline(texts: list[str], folder: Path) -> float:
    """Return the seconds a row of storing texts one by one."""
    engine = open_database(f"sqlite:///{folder / 'baseline.db'}")
    migrate(engine)
    now = datetime.now(UTC)
    with unit_of_work(engine) as session:
        session.add(Source(key="baseline", network=Network.TABLE, created_at=now))
    started = time.perf_counter()
    for number, text in enumerate(islice(texts, BASELINE_ROWS)):
        with unit_of_work(engine) as session:
            session.add(
                Post(
                    source_id=1,
                    external_id=str(number),
                    kind=PostKind.POST,
                    text=text,
                    first_seen_at=now,
                    last_seen_at=now,
                )
            )
    return (time.perf_counter() - started) / min(BASELINE_ROWS, len(texts))


def main() -> None:
    """Print rows a second, ours and the baseline's, and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else made_table(folder)
        texts = texts_of(path)
        slow = 1 / baseline(texts, folder)
        fast = len(texts) / ours(path, folder)
    print(f"rows                                   {len(texts)}")
    print(f"otklik ingest, classified, rows/s      {fast:.0f}")
    print(f"one commit a row, unclassified, rows/s {slow:.0f}")
    print(f"ratio                                  {fast / slow:.2f}")


if __name__ == "__main__":
    main()
