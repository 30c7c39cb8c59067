"""Reads tables of messages: CSV, XLSX, JSON Lines; exports of other systems among them.

Errors::

    SourceError (connectors.base)
    └── TableError                    a file, a sheet or a mapping cannot be used at all
        └── UnreachableTableError     the disk or the rights keep it from being read

A bad row is not an error: it comes out as ``Rejected`` and the others go on.
"""

from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.table_fields import Mapping
from connectors.table_formats import open_source
from connectors.table_headers import header_key, personal
from connectors.table_mapping_files import load_mapping
from connectors.table_mappings import KNOWN_HEADERS, choose, resolve
from connectors.table_posts import RowReader
from connectors.table_rejects import RejectFile
from connectors.table_rows import (
    Accepted,
    Rejected,
    Row,
    Source,
    TableError,
    UnreachableTableError,
    shown,
)
from models.vocabulary import Topic

__all__ = [
    "Accepted",
    "Mapping",
    "RejectFile",
    "Rejected",
    "Row",
    "Table",
    "TableError",
    "UnreachableTableError",
    "load_mapping",
    "read_table",
]


@dataclass(frozen=True, slots=True)
class Table:
    """An opened table. Iterate for its rows; each iteration reads the file from the start.

    ``size`` is in bytes, or in rows for a workbook. ``columns`` maps each field to the header
    that it was found under; ``ignored`` lists the headers that nothing is read from, and
    ``personal`` those of them that are left out because they hold an applicant's personal data.
    """

    mapping: Mapping
    size: int
    columns: abc.Mapping[str, str]
    ignored: tuple[str, ...]
    personal: tuple[str, ...]
    _source: Source
    _reader: RowReader

    def __iter__(self) -> Iterator[Row]:
        """Yield every row but empty ones. Raises TableError when the file breaks off."""
        for raw in self._source.rows():
            row = self._reader.read(raw)
            if row is not None:
                yield row


def read_table(
    path: Path,
    *,
    mapping: Mapping | None = None,
    source_zone: ZoneInfo,
    now: datetime,
    fine_topics: abc.Mapping[str, Topic] | None = None,
    sheet: str | None = None,
) -> Table:
    """Open a table of messages.

    Without a ``mapping`` one that is built in is chosen by the headers. Dates without a zone take
    ``source_zone``; dates later than ``now`` + 1 day reject their row. ``fine_topics`` maps a fine
    topic of the state system to its coarse topic. ``sheet`` names a sheet of a workbook, by
    default the first. Raises TableError when nothing of the file can be used.
    """
    wanted = KNOWN_HEADERS
    if mapping is not None:
        wanted = frozenset(
            header_key(alias) for aliases in mapping.columns.values() for alias in aliases
        )
    source = open_source(path, known=wanted, sheet=sheet)
    mapping = mapping or choose(source.headers, where=str(path))
    columns = resolve(mapping, source.headers, where=str(path))
    unread = [
        header
        for index, header in enumerate(source.headers)
        if index not in columns.values() and header.strip()
    ]
    private = tuple(shown(header) for header in unread if personal(header))
    return Table(
        mapping=mapping,
        size=source.size,
        columns={field: shown(source.headers[index]) for field, index in columns.items()},
        ignored=tuple(shown(header) for header in unread if not personal(header)),
        personal=private,
        _source=source,
        _reader=RowReader(
            mapping,
            source.headers,
            columns,
            source_zone=source_zone,
            now=now,
            fine_topics=fine_topics or {},
            quoted=not private,
        ),
    )
