"""Reads tables that people and other programs put into a folder; never changes anything there."""

import os
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.base import Page, Rejected, SourceError
from connectors.table_cells import MAX_NAME
from connectors.table_rows import Accepted, Row, shown
from connectors.table_rows import Rejected as RejectedRow
from connectors.table_seen import Seen
from connectors.tables import Mapping, TableError, UnreachableTableError, read_table
from models.values import FetchedPost
from models.vocabulary import Topic

PAGE = 500
"""Rows a page, which is stored in one transaction."""

MAX_FILES = 500
"""Tables in one folder: the cursor names each of them."""

# The last two are refused with advice what to save instead, which is better than silence.
SUFFIXES = frozenset({".csv", ".tsv", ".xlsx", ".jsonl", ".ndjson", ".xls", ".ods"})
# Excel's own lock beside an opened workbook, hidden files and unfinished downloads.
_NOT_YET = ("~", ".")


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a file of this size and time is read: in rows, refused ones too."""

    size: int
    mtime_ns: int
    rows: int
    done: bool

    def of(self, file: _File) -> bool:
        return (self.size, self.mtime_ns) == (file.size, file.mtime_ns)


@dataclass(slots=True)
class _Reading:
    """A file half read, so that its next page need not begin at its start."""

    file: _File
    mapping: str
    rows: Iterator[Row]
    position: int


class Folder:
    """A connector over the tables (CSV, XLSX, JSON Lines) directly in a folder.

    Files that are new or changed are read, the oldest first, so that the newest export has the
    last word. A file younger than ``settled_seconds`` may still be written and waits. Links and
    folders within are passed over. Without a ``mapping`` it is chosen for each file by its
    headers; a message's external id begins with the mapping's name, so that the numbers of two
    systems in one folder do not meet. ``zone`` is that of dates without one, ``fine_topics`` as
    for ``read_table``.
    """

    def __init__(
        self,
        path: Path,
        *,
        mapping: Mapping | None,
        zone: ZoneInfo,
        settled_seconds: float = 10,
        fine_topics: abc.Mapping[str, Topic] | None = None,
    ) -> None:
        """Remember where to look; the folder is read at the first fetch."""
        self._path = path
        self._mapping = mapping
        self._zone = zone
        self._settled = settled_seconds
        self._fine_topics = fine_topics
        self._reading: _Reading | None = None

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Deliver up to PAGE rows of the oldest file that waits.

        The cursor is ``{"files": {name: [size, mtime in ns, rows read, done]}}``; names that are
        gone are forgotten. A row or a file that cannot be used is told in ``rejected``, a broken
        file once until it changes; one that the disk or the rights keep from being read at every
        call, until it can be. Raises SourceError when the folder itself cannot be read.
        """
        files = self._scan()
        known = _marks(cursor)
        marks = {file.name: known[file.name] for file in files if file.name in known}
        waiting = [
            file
            for file in files
            if self._is_settled(file, now) and not _is_done(marks.get(file.name), file)
        ]
        unreachable: list[Rejected] = []
        for number, file in enumerate(waiting, start=1):
            mark = marks.get(file.name)
            start = mark.rows if mark is not None and mark.of(file) else 0
            try:
                posts, rejected, mark = self._read(file, start, now)
            except UnreachableTableError as error:
                self._reading = None
                unreachable.append(_told(file, str(error)))
                continue
            if _changed(file):
                # What was read may be half of an old file and half of a new one.
                self._reading = None
                marks.pop(file.name, None)
                continue
            marks[file.name] = mark
            more = not mark.done or number < len(waiting)
            # Once in a run is enough: with the page that is its last.
            told = rejected if more else [*rejected, *unreachable]
            return Page(tuple(posts), _cursor(marks), more=more, rejected=tuple(told))
        return Page((), _cursor(marks), rejected=tuple(unreachable))

    def _scan(self) -> list[_File]:
        """Return the tables in the folder, the oldest first."""
        files = []
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    if not _is_table(entry):
                        continue
                    try:
                        stat = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    # A name need not be text; what is none cannot be stored as JSON.
                    name = entry.name.encode(errors="backslashreplace").decode()
                    files.append(_File(name, Path(entry.path), stat.st_size, stat.st_mtime_ns))
        except OSError as error:
            raise SourceError(
                f"Папка «{shown(self._path)}» не читается: {shown(error.strerror or error)}. "
                "Проверьте, что она есть, путь к ней и права."
            ) from None
        if len(files) > MAX_FILES:
            raise SourceError(
                f"В папке «{shown(self._path)}» таблиц {len(files)}, а принимается не больше "
                f"{MAX_FILES}. Перенесите разобранные в другую папку."
            )
        return sorted(files, key=lambda file: (file.mtime_ns, file.name))

    def _is_settled(self, file: _File, now: datetime) -> bool:
        # A file from the future was dated by a wrong clock and would wait until then.
        return abs(now.timestamp() - file.mtime_ns / 1e9) >= self._settled

    def _read(
        self, file: _File, start: int, now: datetime
    ) -> tuple[list[FetchedPost], list[Rejected], _Mark]:
        """Return the posts and the refusals of the next page, and how far the file is read."""
        rows: list[Row] = []
        refusals: list[Rejected] = []
        mapping = ""
        try:
            reading = self._open(file, start, now)
            mapping = reading.mapping
            for row in islice(reading.rows, PAGE):
                rows.append(row)  # noqa: PERF402 - rows before a break in the file are kept
            reading.position += len(rows)
            done = len(rows) < PAGE
        except UnreachableTableError:
            raise
        except TableError as error:
            refusals.append(_told(file, str(error)))
            done = True
        if done:
            self._reading = None
        posts = [_named(row.post, mapping) for row in rows if isinstance(row, Accepted)]
        refusals[:0] = [_refusal(file, row) for row in rows if isinstance(row, RejectedRow)]
        return posts, refusals, _Mark(file.size, file.mtime_ns, start + len(rows), done)

    def _open(self, file: _File, start: int, now: datetime) -> _Reading:
        """Return the file at row ``start``; the rows before it are read again if need be."""
        reading = self._reading
        if reading is not None and reading.file == file and reading.position == start:
            return reading
        table = read_table(
            file.path,
            mapping=self._mapping,
            source_zone=self._zone,
            now=now,
            fine_topics=self._fine_topics,
        )
        # The rows that are passed over are checked too: a later one may repeat an id of theirs.
        rows = map(Seen().check, table)
        for _ in islice(rows, start):
            pass
        self._reading = _Reading(file, table.mapping.name, rows, start)
        return self._reading


def _is_table(entry: "os.DirEntry[str]") -> bool:
    return (
        Path(entry.name).suffix.lower() in SUFFIXES
        and not entry.name.startswith(_NOT_YET)
        and entry.is_file(follow_symlinks=False)
    )


def _is_done(mark: _Mark | None, file: _File) -> bool:
    return mark is not None and mark.done and mark.of(file)


def _changed(file: _File) -> bool:
    try:
        stat = file.path.stat(follow_symlinks=False)
    except OSError:
        return True
    return (stat.st_size, stat.st_mtime_ns) != (file.size, file.mtime_ns)


def _marks(cursor: abc.Mapping[str, object]) -> dict[str, _Mark]:
    """Read a cursor; what is damaged in it only makes a file be read again."""
    files = cursor.get("files")
    marks = {}
    for name, written in files.items() if isinstance(files, dict) else ():
        match written:
            case [int(size), int(mtime_ns), int(rows), bool(done)] if 0 <= rows <= 10**9:
                marks[name] = _Mark(size, mtime_ns, rows, done)
    return marks


def _cursor(marks: abc.Mapping[str, _Mark]) -> dict[str, object]:
    return {
        "files": {
            name: [mark.size, mark.mtime_ns, mark.rows, mark.done] for name, mark in marks.items()
        }
    }


def _named(post: FetchedPost, mapping: str) -> FetchedPost:
    whole = f"{mapping}:{post.external_id}"
    if len(whole) > MAX_NAME:
        whole = f"{mapping}:sha256:{sha256(post.external_id.encode()).hexdigest()[:32]}"
    return replace(post, external_id=whole)


def _told(file: _File, what: str) -> Rejected:
    return Rejected(shown(what, 1000), file.name)


def _refusal(file: _File, row: RejectedRow) -> Rejected:
    what = f"Файл «{file.name}», строка {row.row}, колонка «{row.column}»: {row.reason}."
    return Rejected(shown(what, 1000), shown(row.excerpt))
