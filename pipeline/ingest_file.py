"""Taking in a table of messages, through the same path as a network's posts."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from classifiers.fine_topics import coarse_topics
from connectors.table_seen import Seen
from connectors.tables import Accepted, Mapping, Rejected, RejectFile, Table, read_table
from models.values import FetchedPost
from pipeline.ingest import Origin, OvertakenError, prepare, take_in
from pipeline.judge import Judge
from pipeline.tally import Tally

BATCH = 500
"""Rows a transaction: enough to be fast, few enough that a killed run repeats little."""


def ingest_file(
    path: Path,
    *,
    engine: sa.Engine,
    judge: Judge,
    clock: Callable[[], datetime],
    rejects: Path,
    mapping: Mapping | None = None,
    source: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _size: None,
) -> Tally:
    """Store every message of a table once; return the counts.

    Rows that cannot be used go to the file ``rejects``. ``source`` names the table's source in
    the store, by default ``table:`` and the mapping's name, so that the same export under
    another file name is recognised. ``progress`` gets how far the file is read and its size.
    Raises TableError; what was stored until then stays, and the next run goes on from there.
    """
    table = read_table(
        path,
        mapping=mapping,
        source_zone=ZoneInfo(judge.region.time_zone),
        now=clock(),
        fine_topics=coarse_topics(),
    )
    key = source or f"table:{table.mapping.name}"
    origin = Origin(key, table.mapping.network, table.mapping.title, lambda _external_id: None)
    total = Tally()
    rejects.parent.mkdir(parents=True, exist_ok=True)
    with RejectFile(rejects) as refused:
        for posts, position, wrong in _batches(table):
            for row in wrong:
                refused.add(row)
            total.rejected += len(wrong)
            total.add(_store(engine, judge, origin, posts, clock))
            progress(position, table.size)
    return total


def _store(
    engine: sa.Engine,
    judge: Judge,
    origin: Origin,
    posts: list[FetchedPost],
    clock: Callable[[], datetime],
) -> Tally:
    while True:
        now = clock()
        stored = prepare(engine, origin, now)
        try:
            return take_in(engine, judge, origin, stored, posts=posts, cursor={}, now=now)
        except OvertakenError:
            # Another run takes in the same table; whose batch came first does not matter.
            continue


def _batches(table: Table) -> Iterator[tuple[list[FetchedPost], int, list[Rejected]]]:
    """Yield posts of up to BATCH rows, how far the file is read, and the rejected rows."""
    rows, seen, position = iter(table), Seen(), 0
    while batch := list(islice(rows, BATCH)):
        checked = [seen.check(row) for row in batch]
        good = [row for row in checked if isinstance(row, Accepted)]
        position = max([position, *(row.position for row in good)])
        wrong = [row for row in checked if isinstance(row, Rejected)]
        yield [row.post for row in good], position, wrong
