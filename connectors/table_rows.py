"""What a reader of one file format hands over, how it fails, and its bounds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from connectors.base import SourceError
from models.values import FetchedPost

MAX_FIELD = 10_000_000  # characters in one cell or one line of a text file
MAX_COLUMNS = 1000  # real exports have 47


class TableError(SourceError):
    """A whole file, sheet or mapping cannot be used; the message is Russian, for the operator."""


class UnreachableTableError(TableError):
    """The disk or the rights keep the file from being read; nothing is told of what is in it."""


class NoValue(Enum):
    """Stands in a cell that has no value: a formula not calculated, or one that failed."""

    FORMULA = "формула без вычисленного значения: откройте книгу в Excel и сохраните её"
    ERROR = "ошибка формулы: исправьте её или вставьте значение"


class RawRow(NamedTuple):
    """One row as the format holds it.

    ``number`` counts from 1 as a person sees it in the file; ``cells`` stand in the order of the
    headers; ``position`` is how far the file is read, in the units of ``Source.size``. A row that
    cannot be read has a ``problem`` in Russian instead of cells.
    """

    number: int
    cells: Sequence[object]
    position: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An opened table: its headers, its size (bytes, or rows of a sheet), and its rows.

    ``rows`` starts from the beginning each time it is called; it raises TableError when the file
    breaks off half-way.
    """

    headers: tuple[str, ...]
    size: int
    rows: Callable[[], Iterator[RawRow]]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row (from 1, as seen in the file) as a post; ``position`` is in units of Source.size."""

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


def shown(text: object, limit: int = 200) -> str:
    """Return ``text`` on one line, without control characters, cut to ``limit`` characters.

    For messages: whatever comes out of a file is hostile.
    """
    # Ten times the limit is enough to fill the line, and bounds the work on a huge cell.
    line = "".join(c if c.isprintable() else " " for c in str(text)[: limit * 10])
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
