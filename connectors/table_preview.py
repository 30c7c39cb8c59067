"""Shows how a table would be read, before anything of it is stored."""

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from connectors.table_rows import Accepted, Rejected
from connectors.table_seen import Seen
from connectors.tables import Table

Kind = TypeVar("Kind")

MAX_KINDS = 1000
"""Different values that are counted: a column of a hostile file may hold a new one in each row."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person has to know before taking a table in.

    ``samples`` are the first rows that can be read; ``accepted`` and ``rejected`` count the whole
    file. ``refusals`` counts (column, reason), ``statuses`` and ``topics`` count the values of
    these columns that the mapping does not know; the most frequent stand first.
    """

    samples: tuple[Accepted, ...]
    accepted: int
    rejected: int
    refusals: tuple[tuple[tuple[str, str], int], ...]
    statuses: tuple[tuple[str, int], ...]
    topics: tuple[tuple[str, int], ...]


def preview(table: Table, *, samples: int = 5, listed: int = 10) -> Preview:
    """Read the whole table; return at most ``samples`` rows and ``listed`` values of a kind.

    Raises TableError when the file breaks off.
    """
    seen = Seen()
    first: list[Accepted] = []
    accepted = rejected = 0
    refusals: Counter[tuple[str, str]] = Counter()
    statuses: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    for raw in table:
        row = seen.check(raw)
        if isinstance(row, Rejected):
            rejected += 1
            _count(refusals, (row.column, row.reason))
            continue
        accepted += 1
        if len(first) < samples:
            first.append(row)
        extra = row.post.stated.extra
        if "status_written" in extra:
            _count(statuses, extra["status_written"])
        if "topic_written" in extra:
            _count(topics, extra["topic_written"])
    return Preview(
        samples=tuple(first),
        accepted=accepted,
        rejected=rejected,
        refusals=tuple(refusals.most_common(listed)),
        statuses=tuple(statuses.most_common(listed)),
        topics=tuple(topics.most_common(listed)),
    )


def _count(counter: Counter[Kind], kind: Kind) -> None:
    if kind in counter or len(counter) < MAX_KINDS:
        counter[kind] += 1
