"""Finds out what a file is, and reads CSV and JSON Lines row by row in constant memory."""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import AnyStr, Generic

import orjson

from connectors.table_headers import header_key
from connectors.table_rows import (
    MAX_COLUMNS,
    MAX_FIELD,
    RawRow,
    Source,
    TableError,
    UnreachableTableError,
    shown,
)
from connectors.table_xlsx import open_xlsx

SAMPLE = 256 * 1024
DELIMITERS = (";", ",", "\t")
# A table of one column has no delimiter; this character is assigned to nothing, so no text is cut.
NO_DELIMITER = "\ufdd0"
_SEP_LINE = re.compile("sep=.?", re.IGNORECASE)  # Excel's own first line, which holds no headers
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")

_NEEDED = "Нужен файл CSV, XLSX или JSONL."
_PICTURE = f"это картинка, а не таблица. {_NEEDED}"
_ARCHIVE = "это архив, а не таблица. Распакуйте его и укажите файл внутри."
_UTF_16 = "кодировка UTF-16. Пересохраните файл как «CSV UTF-8 (разделитель — запятая)»."
_OLD_EXCEL = (
    "это книга старого Excel (.xls) или книга под паролем. Откройте её в Excel и сохраните "
    "как «Книга Excel (.xlsx)» без пароля."
)
# The first bytes of what people pick by mistake, and what to tell them.
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": _OLD_EXCEL,
    b"%PDF": f"это документ PDF, а не таблица. {_NEEDED}",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"\x1f\x8b": _ARCHIVE,
    b"Rar!": _ARCHIVE,
    b"7z\xbc\xaf": _ARCHIVE,
    codecs.BOM_UTF16_LE: _UTF_16,
    codecs.BOM_UTF16_BE: _UTF_16,
}


class _TooLongError(Exception):
    """A line or a record is over the bound; what belongs to that line is already skipped."""


class _Lines(Generic[AnyStr]):
    """Iterates over lines, but never holds more than the bound of one line or record.

    A class and not a generator, because a generator is over once it raised, and reading goes on
    after a line that is too long.
    """

    def __init__(self, readline: Callable[[int], AnyStr], newlines: tuple[AnyStr, ...]) -> None:
        self._readline: Callable[[int], AnyStr] = readline
        self._newlines: tuple[AnyStr, ...] = newlines
        self._used = 0

    def __iter__(self) -> "_Lines[AnyStr]":
        return self

    def start_record(self) -> None:
        """Begin to count a new record: quoted fields may hold many lines."""
        self._used = 0

    def __next__(self) -> AnyStr:
        line = self._readline(MAX_FIELD)
        if not line:
            raise StopIteration
        self._used += len(line)
        if self._used >= MAX_FIELD:
            while len(line) >= MAX_FIELD and not line.endswith(self._newlines):
                line = self._readline(MAX_FIELD)
            raise _TooLongError
        return line


def open_source(path: Path, *, known: AbstractSet[str], sheet: str | None = None) -> Source:
    """Open a CSV, XLSX or JSON Lines file, told apart by content rather than by name.

    ``known`` holds headers as ``table_headers.header_key`` returns them, which help to choose a
    delimiter; ``sheet`` names a sheet of a workbook, by default the first. Raises TableError.
    """
    head = _head(path)
    if head.startswith(b"PK\x03\x04"):
        return open_xlsx(path, sheet)
    if sheet is not None:
        raise TableError(f"В файле «{path}» нет листов: лист указывают только для книги XLSX.")
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1f\x7f]", head))
    if controls * 10 > len(head):
        raise TableError(f"Файл «{path}» — не таблица. Нужен файл CSV, XLSX или JSONL.")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if start == b"[" and path.suffix.lower() == ".json":
        raise TableError(
            f"Файл «{path}» — один массив JSON. Нужен JSONL: по одному объекту в строке.",
        )
    if start == b"{" or path.suffix.lower() in {".jsonl", ".ndjson"}:
        return _open_jsonl(path)
    return _open_csv(path, known)


def _head(path: Path) -> bytes:
    """Return the first bytes of a file that may be a table. Raises TableError for others."""
    with _reading(path):
        if not path.exists():
            raise TableError(f"Файла «{path}» нет. Проверьте путь и имя.")
        if path.is_dir():
            raise TableError(f"«{path}» — папка. Укажите файл таблицы: CSV, XLSX или JSONL.")
        if not path.is_file():  # a pipe or a device could hang or never end
            raise TableError(f"«{path}» — не обычный файл. Укажите файл CSV, XLSX или JSONL.")
        with path.open("rb") as file:
            head = file.read(SAMPLE)
    if not head.strip(codecs.BOM_UTF8 + b"\0 \t\r\n"):
        raise TableError(f"Файл «{path}» пуст. Выгрузите таблицу заново.")
    for magic, advice in _FOREIGN.items():
        if head.startswith(magic):
            raise TableError(f"Файл «{path}» не прочитан: {advice}")
    return head


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise UnreachableTableError(
            f"Нет права читать файл «{path}». Дайте права или скопируйте файл в другое место.",
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UnreachableTableError(
            f"Файл «{path}» не читается: {shown(error)}. Проверьте файл и диск."
        ) from None


def _encoding(path: Path) -> str:
    """Return utf-8-sig when the whole file is UTF-8, else guess from where it stops being so."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with _reading(path), path.open("rb") as file:
        while True:
            chunk = file.read(1 << 20)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                # A broken character may have begun in the chunk before.
                file.seek(max(0, file.tell() - len(chunk) - SAMPLE))
                return _guess(path, file.read(len(chunk) + SAMPLE))
            if not chunk:
                return "utf-8-sig"


def _guess(path: Path, sample: bytes) -> str:
    """Choose between damaged UTF-8, cp1251 and koi8-r; a wrong choice would store rubbish."""
    foreign = sum(byte > 0x7F for byte in sample)
    as_utf8 = sample.decode("utf-8", "replace")
    broken, right = as_utf8.count("\ufffd"), len(re.findall("[а-яёА-ЯЁ]", as_utf8))
    if broken * 20 <= right:
        return "utf-8-sig"  # a few damaged bytes cost their rows alone
    # These eight letters are 57 % of Russian text in the right encoding, 30 % in the other
    # one of the two, and nearly none in UTF-8 read as cp1251, which gives mostly Р and С.
    shares = {
        encoding: len(re.findall("[оеаинтлв]", sample.decode(encoding, "replace").lower()))
        for encoding in ("cp1251", "koi8-r")
    }
    best = max(shares, key=lambda encoding: shares[encoding])
    if shares[best] * 5 < foreign and foreign >= 10:
        raise TableError(
            f"Файл «{path}»: кодировка не распознана — это не UTF-8, не Windows-1251 и не КОИ-8. "
            "Откройте файл в Excel и сохраните как «CSV UTF-8».",
        )
    return best


def _open_csv(path: Path, known: AbstractSet[str]) -> Source:
    encoding = _encoding(path)
    _, delimiter, skip, headers = max(
        (_header(path, encoding, delimiter, known) for delimiter in DELIMITERS),
        key=lambda found: found[0],
    )
    if len(headers) == 1:
        delimiter = NO_DELIMITER
    if len(headers) > MAX_COLUMNS:
        raise TableError(
            f"В файле «{path}» {len(headers)} колонок, принимается не больше {MAX_COLUMNS}. "
            "Проверьте, таблица ли это.",
        )
    return Source(
        headers=headers,
        size=path.stat().st_size,
        rows=lambda: _csv_rows(path, encoding, delimiter, skip=skip, width=len(headers)),
    )


def _header(
    path: Path,
    encoding: str,
    delimiter: str,
    known: AbstractSet[str],
) -> tuple[tuple[int, int], str, int, tuple[str, ...]]:
    """Return (score, delimiter, rows up to and with the header, headers) for one delimiter."""
    for number, cells, _, _ in _csv_rows(path, encoding, delimiter, skip=0, width=None):
        headers = tuple(str(cell) for cell in cells)
        if number == 1 and _SEP_LINE.fullmatch(delimiter.join(headers)):
            continue
        if any(header.strip() for header in headers):
            matched = sum(header_key(header) in known for header in headers[:MAX_COLUMNS])
            return (matched, len(headers)), delimiter, number, headers
    raise TableError(
        f"В файле «{path}» не найдена строка заголовков. В первой строке должны стоять "
        "названия колонок.",
    )


def _csv_rows(
    path: Path,
    encoding: str,
    delimiter: str,
    *,
    skip: int,
    width: int | None,
) -> Iterator[RawRow]:
    # Undecodable bytes become lone surrogates, which reject their own row later.
    with (
        _reading(path),
        path.open("rb") as file,
        io.TextIOWrapper(file, encoding, errors="surrogateescape", newline="") as text,
    ):
        lines = _Lines(text.readline, ("\n", "\r"))
        reader = csv.reader(lines, delimiter=delimiter)
        number = 0
        while True:
            number += 1
            lines.start_record()
            # The limit belongs to the whole process, so it is ours only while we parse.
            limit = csv.field_size_limit(MAX_FIELD)
            problem = ""
            cells: list[str] = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _TooLongError):
                problem = (
                    "строка длиннее 10 млн знаков: вероятно, не закрыта кавычка; строка пропущена"
                )
            finally:
                csv.field_size_limit(limit)
            if number <= skip:
                continue
            if width is not None and len(cells) > width and any(cells[width:]):
                problem = (
                    f"полей {len(cells)}, а колонок {width}: вероятно, текст с разделителем "
                    "не взят в кавычки"
                )
            yield RawRow(number, cells, file.tell(), problem)


def _open_jsonl(path: Path) -> Source:
    """Read the file once for its keys: a key may first appear in the last line."""
    headers: dict[str, None] = {}
    for _, cells, _, _ in _jsonl_rows(path, None):
        headers.update(dict.fromkeys(str(cell) for cell in cells))
        if len(headers) > MAX_COLUMNS:
            raise TableError(
                f"В файле «{path}» больше {MAX_COLUMNS} разных ключей. Проверьте, таблица ли это.",
            )
    if not headers:
        raise TableError(
            f"В файле «{path}» нет ни одного объекта JSON. Нужен JSONL: по одному объекту "
            'в строке, например {"text": "…"}, в кодировке UTF-8.',
        )
    names = tuple(headers)
    return Source(headers=names, size=path.stat().st_size, rows=lambda: _jsonl_rows(path, names))


def _jsonl_rows(path: Path, names: tuple[str, ...] | None) -> Iterator[RawRow]:
    """Yield the values under ``names``, or the keys themselves when there are none yet."""
    with _reading(path), path.open("rb") as file:
        lines = _Lines(file.readline, (b"\n",))
        number = 0
        while True:
            number += 1
            lines.start_record()
            try:
                line = next(lines)
            except StopIteration:
                return
            except _TooLongError:
                yield RawRow(number, (), file.tell(), "строка длиннее 10 млн байт; пропущена")
                continue
            line = line.removeprefix(codecs.BOM_UTF8).strip()
            if not line:
                continue
            try:
                value = _value(line)
            except orjson.JSONDecodeError as error:
                why = f"строка не JSON: {error.msg}, знак {error.colno}"
                yield RawRow(number, (), file.tell(), shown(why))
                continue
            if not isinstance(value, dict):
                yield RawRow(number, (), file.tell(), "строка JSON — не объект {…}")
                continue
            cells = list(value) if names is None else [value.get(name) for name in names]
            # A blank line of a sheet is nobody's row; an object with nothing in it is somebody's.
            blank = all(cell is None or cell == "" for cell in cells)
            yield RawRow(number, cells, file.tell(), "пустой текст" if blank else "")


def _value(line: bytes) -> object:
    """Parse a line of JSON, without halves of surrogate pairs. Raises orjson.JSONDecodeError.

    A program that cuts a text to a length cuts an emoji in two, and escapes the half that is
    left. That is no character, so orjson refuses the line; RFC 8259, section 8.2, lets it be.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as refused:
        if not _HALF_PAIR.search(line):
            raise
        try:
            whole = json.dumps(json.loads(line.decode()), ensure_ascii=False)
            # Through orjson again: json alone would take NaN, and whole numbers of any length.
            return orjson.loads(whole.encode(errors="ignore"))
        except (ValueError, RecursionError):
            raise refused from None
