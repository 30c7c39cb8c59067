"""Reads one sheet of an XLSX workbook row by row; formulas are never evaluated."""

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar
from xml.etree.ElementTree import Element, iterparse

import openpyxl
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.utils.escape import unescape
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from connectors.table_rows import MAX_COLUMNS, NoValue, RawRow, Source, TableError, shown

MAX_ROWS = 1_048_576  # the format's own limit; openpyxl would pad up to a forged number
MAX_PARTS = 5000
MAX_UNPACKED = 512 * 2**20
MAX_SHARED_STRINGS = 256 * 2**20  # openpyxl holds them all in memory
MAX_OTHER_PART = 32 * 2**20  # styles and the like are held in memory too
MAX_RATIO = 200  # real sheets shrink 5 to 50 times
RATIO_MATTERS_FROM = 20 * 2**20
HEADER_WITHIN = 100

_ROW = re.compile(rb'<(?:\w+:)?row(?=[\s/>])(?:[^<>]*?\sr="(\d+)")?')
_ERRORS = frozenset({"#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")

_T = TypeVar("_T")


def open_xlsx(path: Path, sheet: str | None = None) -> Source:
    """Open the sheet called ``sheet``, by default the first; ``Source.size`` is its last row.

    Raises TableError for a broken or hostile archive, a missing sheet, an empty sheet.
    """
    with _workbook(path) as book:
        chosen = _sheet(path, book, sheet)
        last, formulas = _scan(chosen)
        if last > MAX_ROWS:
            raise TableError(
                f"Книга «{path}» повреждена: в ней есть строка {last}, а в листе Excel их не "
                f"больше {MAX_ROWS}. Откройте её в Excel и сохраните заново.",
            )
        skip = 0
        headers: tuple[str, ...] = ()
        first_rows = _values(chosen, HEADER_WITHIN, MAX_COLUMNS + 1)
        for number, cells in enumerate(first_rows, start=1):
            names = ["" if cell is None else str(cell) for cell in cells]
            if any(name.strip() for name in names):
                while not names[-1].strip():
                    names.pop()
                skip, headers = number, tuple(names)
                break
    if not headers:
        raise TableError(
            f"В книге «{path}» на листе «{shown(chosen.title)}» нет строки заголовков. "
            "Укажите лист с таблицей.",
        )
    if len(headers) > MAX_COLUMNS:
        raise TableError(
            f"В книге «{path}» больше {MAX_COLUMNS} колонок. Проверьте, таблица ли это.",
        )
    return Source(
        headers=headers,
        size=last,
        rows=lambda: _rows(path, sheet, skip=skip, width=len(headers), formulas=formulas),
    )


def _rows(
    path: Path,
    sheet: str | None,
    *,
    skip: int,
    width: int,
    formulas: bool,
) -> Iterator[RawRow]:
    with _workbook(path) as book:
        chosen = _sheet(path, book, sheet)
        unknown = _uncalculated(chosen) if formulas else iter(())
        hole = next(unknown, None)
        for number, values in enumerate(_values(chosen, MAX_ROWS, width), start=1):
            while hole is not None and hole[0] < number:
                hole = next(unknown, None)
            if number <= skip:
                continue
            cells = [_cell(value) if isinstance(value, str) else value for value in values]
            if hole is not None and hole[0] == number:
                for column in hole[1]:
                    if column <= len(cells):
                        cells[column - 1] = NoValue.FORMULA
            yield RawRow(number, cells, number)


def _cell(value: str) -> object:
    if value in _ERRORS:
        return NoValue.ERROR
    return unescape(value)  # Excel writes control characters as _x000D_


@contextmanager
def _workbook(path: Path) -> Iterator[Workbook]:
    """Open a workbook whose parts are within the bounds, turning every failure to TableError."""
    try:
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                _check(path, archive.infolist())
            book = _quiet(lambda: openpyxl.load_workbook(file, read_only=True, data_only=True))
            try:
                yield book
            finally:
                book.close()
    except TableError:
        raise
    except zipfile.BadZipFile:
        raise TableError(
            f"Книга «{path}» повреждена: архив не открывается. Скачайте или сохраните её заново.",
        ) from None
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a damaged part led to
        raise TableError(
            f"Файл «{path}» не читается как книга Excel (.xlsx): {type(error).__name__}. "
            "Откройте его в Excel и сохраните заново как «Книга Excel (.xlsx)».",
        ) from None


def _check(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    """Refuse zip bombs by the stated sizes: zipfile never unpacks a part beyond them."""
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    bomb = unpacked > RATIO_MATTERS_FROM and unpacked > packed * MAX_RATIO
    for part in parts:
        if part.filename.startswith("xl/worksheets/"):
            limit = MAX_UNPACKED
        elif part.filename == "xl/sharedStrings.xml":
            limit = MAX_SHARED_STRINGS
        else:
            limit = MAX_OTHER_PART
        bomb = bomb or (part.file_size > limit and not part.filename.startswith("xl/media/"))
    if bomb or unpacked > MAX_UNPACKED or len(parts) > MAX_PARTS:
        raise TableError(
            f"Книга «{path}» слишком велика в распакованном виде ({unpacked // 2**20} МБ, "
            f"принимается до {MAX_UNPACKED // 2**20} МБ). Разделите её или сохраните как CSV.",
        )
    if any(part.flag_bits & 1 for part in parts):
        raise TableError(f"Книга «{path}» под паролем. Сохраните её без пароля.")
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise TableError(
            f"Файл «{path}» — архив, но не книга Excel (.xlsx). Таблицу OpenDocument сохраните "
            "как «Книга Excel (.xlsx)», обычный архив распакуйте.",
        )


def _sheet(path: Path, book: Workbook, name: str | None) -> ReadOnlyWorksheet:
    titles = [sheet.title for sheet in book.worksheets]
    for sheet in book.worksheets:
        if isinstance(sheet, ReadOnlyWorksheet) and name in {None, sheet.title}:
            return sheet
    if name is None:
        raise TableError(f"В книге «{path}» нет ни одного листа с таблицей.")
    raise TableError(
        f"В книге «{path}» нет листа «{shown(name)}». Есть листы: "
        f"{shown(', '.join(titles))}. Укажите один из них.",
    )


def _part(sheet: ReadOnlyWorksheet) -> IO[bytes]:
    stream: IO[bytes] = sheet._get_source()  # type: ignore[attr-defined]  # noqa: SLF001 - openpyxl has no public way to the sheet's XML
    return stream


def _scan(sheet: ReadOnlyWorksheet) -> tuple[int, bool]:
    """Return the last row number and whether any formula stands in the sheet's XML.

    The dimension that files state is often missing or wrong, so it is not asked.
    """
    last, formulas = 0, False
    with _part(sheet) as stream:
        tail = b""
        while chunk := stream.read(1 << 20):
            piece = tail + chunk
            # An unfinished tag is left for the next chunk.
            cut = piece.rfind(b"<")
            tail = piece[cut:] if cut > piece.rfind(b">") and len(piece) - cut < 2**16 else b""
            piece = piece[: len(piece) - len(tail)]
            for match in _ROW.finditer(piece):
                last = max(last, int(match[1][:9])) if match[1] else last + 1
            formulas = formulas or _FORMULA.search(piece) is not None
    return last, formulas


def _uncalculated(sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield (row, columns) with formulas that hold no cached value, in the file's order.

    openpyxl answers None for these and for empty cells alike. A text formula (t="str") with an
    empty value was calculated: its result is an empty text.
    """
    with _part(sheet) as stream:
        row = 0
        for _, element in iterparse(stream):  # noqa: S314 - expat bounds entity expansion itself
            if not element.tag.endswith("}row"):
                continue
            row = int(element.get("r", row + 1))
            columns = tuple(_uncalculated_columns(element))
            element.clear()
            if columns:
                yield row, columns


def _uncalculated_columns(row: Element) -> Iterator[int]:
    column = 0
    for cell in row:
        place = cell.get("r")
        column = coordinate_to_tuple(place)[1] if place else column + 1
        if cell.find("{*}f") is not None:
            value = cell.find("{*}v")
            if value is None or (not value.text and cell.get("t") != "str"):
                yield column


def _values(sheet: ReadOnlyWorksheet, last_row: int, width: int) -> Iterator[tuple[object, ...]]:
    """Yield rows of exactly ``width`` values; the dimension that files state is often wrong."""
    rows: Iterator[tuple[object, ...]] = sheet.iter_rows(  # type: ignore[misc]
        max_row=last_row,
        max_col=width,
        values_only=True,
    )
    while True:
        # A catch_warnings around the yield would leak into whoever iterates.
        row = _quiet(lambda: next(rows, None))
        if row is None:
            return
        yield row


def _quiet(act: Callable[[], _T]) -> _T:
    """Call ``act`` without openpyxl's warnings on styles and dates: they are no one's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return act()
