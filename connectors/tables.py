"""Reads tables of messages: CSV, XLSX, JSON Lines; exports of other systems among them.

Errors::

    SourceError (connectors.base)
    └── TableError      a file, a sheet or a mapping cannot be used at all

A bad row is not an error: it comes out as ``Rejected`` and the others go on.
"""

import re
from collections import abc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors import table_cells as cells
from connectors.table_cells import CellError
from connectors.table_formats import open_source
from connectors.table_mapping_files import load_mapping
from connectors.table_mappings import (
    KNOWN_HEADERS,
    TIME_FIELDS,
    Mapping,
    choose,
    key,
    resolve,
)
from connectors.table_rejects import RejectFile
from connectors.table_rows import NoValue, RawRow, Source, TableError, shown
from models.values import FetchedPost, Stated
from models.vocabulary import TOPIC_TITLES, Network, Outcome, PostKind, Topic

__all__ = [
    "Accepted",
    "Mapping",
    "RejectFile",
    "Rejected",
    "Row",
    "Table",
    "TableError",
    "load_mapping",
    "read_table",
]

WHOLE_ROW = "вся строка"
_PLACE_PARTS = ("municipality", "settlement", "street", "house")
# Fields with a place of their own in a post; every other one goes to Stated.extra by its name.
_OWN = frozenset(
    {
        "id",
        "text",
        "published_at",
        "url",
        "author",
        "author_url",
        "place",
        "topic",
        "code",
        "outcome",
        "closed_at",
    },
)
_TOPICS = {key(name): code for code in Topic for name in (code.value, TOPIC_TITLES[code])}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row (from 1, as seen in the file) as a post; ``position`` is in units of Table.size."""

    row: int
    post: FetchedPost
    position: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used: the header of the column, the reason in Russian, ≤ 200 signs."""

    row: int
    column: str
    reason: str
    excerpt: str


Row = Accepted | Rejected


@dataclass(frozen=True, slots=True)
class Table:
    """An opened table. Iterate for its rows; each iteration reads the file from the start.

    ``size`` is in bytes, or in rows for a workbook. ``columns`` maps each field to the header
    that it was found under; ``ignored`` lists the headers that nothing is read from.
    """

    mapping: Mapping
    size: int
    columns: abc.Mapping[str, str]
    ignored: tuple[str, ...]
    _source: Source
    _reader: "_RowReader"

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

    Without a ``mapping`` it is chosen by the headers: ``im`` or ``plain``. Dates without a zone
    take ``source_zone``; dates later than ``now`` + 1 day reject their row. ``fine_topics`` maps
    a fine topic of the state system to its coarse topic. ``sheet`` names a sheet of a workbook,
    by default the first. Raises TableError when nothing of the file can be used.
    """
    wanted = KNOWN_HEADERS
    if mapping is not None:
        wanted = frozenset(key(alias) for aliases in mapping.columns.values() for alias in aliases)
    source = open_source(path, known=wanted, sheet=sheet)
    mapping = mapping or choose(source.headers)
    columns = resolve(mapping, source.headers, where=str(path))
    used = set(columns.values())
    return Table(
        mapping=mapping,
        size=source.size,
        columns={field: shown(source.headers[index]) for field, index in columns.items()},
        ignored=tuple(
            shown(header)
            for index, header in enumerate(source.headers)
            if index not in used and header.strip()
        ),
        _source=source,
        _reader=_RowReader(
            mapping,
            source.headers,
            columns,
            source_zone=source_zone,
            now=now,
            fine_topics=fine_topics or {},
        ),
    )


class _RowReader:
    """Turns raw rows of one table into posts; holds what is the same for all of them."""

    def __init__(
        self,
        mapping: Mapping,
        headers: Sequence[str],
        columns: abc.Mapping[str, int],
        *,
        source_zone: ZoneInfo,
        now: datetime,
        fine_topics: abc.Mapping[str, Topic],
    ) -> None:
        self._mapping = mapping
        self._headers = headers
        self._columns = columns
        self._zone = source_zone
        self._now = now
        self._fine = {key(name): (name, code) for name, code in fine_topics.items()}
        self._extras = [(f, i) for f, i in columns.items() if f not in _OWN]
        self._values = {
            field: {key(cell): meaning for cell, meaning in pairs.items()}
            for field, pairs in mapping.values.items()
        }

    def read(self, raw: RawRow) -> Row | None:
        """Return a row as a post or as rejected; None for a row with nothing in it."""
        if raw.problem:
            line = " ".join(str(cell)[:200] for cell in raw.cells[:20] if cell is not None)
            return Rejected(raw.number, WHOLE_ROW, raw.problem, shown(line))
        if not any(cell is not None and cell != "" for cell in raw.cells):
            return None
        self._field = "text"
        try:
            return Accepted(raw.number, self._post(raw.cells), raw.position)
        except CellError as error:
            index = self._columns[self._field]
            cell = raw.cells[index] if index < len(raw.cells) else ""
            excerpt = "" if cell is None or not isinstance(cell, _PRINTED) else shown(cell)
            return Rejected(raw.number, shown(self._headers[index]), str(error), excerpt)

    def _cell(self, row: Sequence[object], field: str) -> object:
        index = self._columns.get(field)
        if index is None or index >= len(row):
            return None
        self._field = field  # so that whatever fails next names its column
        return row[index]

    def _text(self, row: Sequence[object], field: str, limit: int = cells.MAX_TEXT) -> str:
        return cells.text(self._cell(row, field), limit)

    def _moment(self, row: Sequence[object], field: str) -> datetime | None:
        return cells.moment(
            self._cell(row, field),
            formats=self._mapping.dates,
            zone=self._zone,
            now=self._now,
        )

    def _post(self, row: Sequence[object]) -> FetchedPost:
        text = cells.body(self._cell(row, "text"))
        if not text.strip():
            raise CellError("пустой текст")
        published_at = self._moment(row, "published_at")
        written_url = self._text(row, "url")
        author = self._text(row, "author", cells.MAX_NAME) or self._text(
            row,
            "author_url",
            cells.MAX_NAME,
        )
        given = self._text(row, "id", cells.MAX_NAME)
        url = cells.link(written_url)
        extra: dict[str, str] = {}
        if "url" in self._columns:
            extra["network"] = cells.network(url).value
            if written_url and not url:
                extra["url"] = written_url
        topic = self._topic(row, extra)
        outcome = self._outcome(row, extra)
        self._keep(row, extra)
        closed_at = self._closed_at(row, extra)
        return FetchedPost(
            network=Network.TABLE,
            external_id=self._external_id(
                given, _fingerprint(text, published_at, written_url, author, given), extra
            ),
            kind=PostKind.POST,
            text=text,
            published_at=published_at,
            url=url,
            author_id=cells.account(author),
            stated=Stated(
                relevant=self._mapping.relevant,
                topic=topic,
                place=self._place(row, extra),
                closed_at=closed_at,
                outcome=outcome,
                extra=extra,
            ),
        )

    def _external_id(self, given: str, fingerprint: str, extra: dict[str, str]) -> str:
        """Return what a message is known by: its id, unless that only numbers the rows.

        Two plain tables may both count from 1; by their numbers alone the second one would
        overwrite the first one's messages.
        """
        if given and not self._mapping.stable_ids:
            extra["id"] = given
        return given if given and self._mapping.stable_ids else fingerprint

    def _meaning(self, field: str, written: str) -> str | None:
        meanings = self._values.get(field)
        return meanings.get(key(written)) if meanings else None

    def _lookup(self, field: str, written: str) -> Topic | None:
        meaning = self._meaning(field, written)
        if meaning is not None:
            return Topic(meaning)
        name = key(written)
        if name in _TOPICS:
            return _TOPICS[name]
        return self._fine[name][1] if name in self._fine else None

    def _topic(self, row: Sequence[object], extra: dict[str, str]) -> Topic | None:
        """Take the coarse topic from ``code`` if it tells one, else from ``topic``."""
        written = self._text(row, "topic")
        code_text = self._text(row, "code")
        code = self._lookup("code", code_text) if code_text else None
        if code_text and code is None:
            extra["code"] = code_text
        if not written:
            return code
        topic = code or self._lookup("topic", written)
        name = key(written)
        if name in self._fine:
            extra["fine_topic"] = self._fine[name][0]
        elif code is not None and name not in _TOPICS:
            extra["fine_topic"] = written
        elif topic is None:
            extra["topic_written"] = written
        return topic

    def _outcome(self, row: Sequence[object], extra: dict[str, str]) -> Outcome | None:
        written = self._text(row, "outcome")
        if not written:
            return None
        meaning = self._meaning("outcome", written)
        if meaning is None:
            extra["outcome_written"] = written
            return None
        return Outcome(meaning)

    def _keep(self, row: Sequence[object], extra: dict[str, str]) -> None:
        """Put every field without a place of its own into ``extra``, if it says anything."""
        for field, index in self._extras:
            value = row[index] if index < len(row) else None
            # A failed formula beside the message is no reason to lose the message.
            if value is None or value == "" or value is NoValue.ERROR:
                continue
            self._field = field
            if field in TIME_FIELDS:
                kept = cells.period(value, formats=self._mapping.dates, zone=self._zone)
            else:
                kept = cells.beside(value)
                if field != "step":
                    kept = self._meaning(field, kept) or kept
            if kept:
                extra[field] = kept

    def _closed_at(self, row: Sequence[object], extra: dict[str, str]) -> datetime | None:
        """Return the end, unless the table tells steps and this step is not the last one."""
        closed_at = self._moment(row, "closed_at")
        if closed_at is None or "step" not in self._values or "step" not in self._columns:
            return closed_at
        if self._meaning("step", extra.get("step", "")) == "closed":
            return closed_at
        extra["closed_at_written"] = closed_at.isoformat()
        return None

    def _place(self, row: Sequence[object], extra: abc.Mapping[str, str]) -> str:
        whole = self._text(row, "place")
        return whole or ", ".join(
            _address_part(part, extra[part]) for part in _PLACE_PARTS if part in extra
        )


_STREET_KIND = re.compile(
    r"\b(?:ул|улица|пер|переулок|пр|проспект|ш|шоссе|наб|пл|площадь|б-р|бульвар|мкр|тракт|"
    r"проезд|аллея|тупик|квартал|тер|снт)\b",
    re.IGNORECASE,
)
_PRINTED = (str, int, float, datetime)


def _address_part(part: str, written: str) -> str:
    """Add the marker that a column's header stood for: «Минская» → «ул. Минская»."""
    if part == "street" and not _STREET_KIND.search(written):
        return f"ул. {written}"
    return f"д. {written}" if part == "house" and written[0].isdigit() else written


def _fingerprint(
    text: str, published_at: datetime | None, url: str, author: str, given: str
) -> str:
    """Return the id of a row without one, so that an exact repeat gets the same."""
    when = published_at.isoformat() if published_at else ""
    # No part can hold NUL: control characters are removed before.
    whole = f"{text}\0{when}\0{url}\0{author}" + (f"\0{given}" if given else "")
    return f"sha256:{sha256(whole.encode()).hexdigest()[:32]}"
