"""``otklik classify``: a filter. One text in, one JSON object out, in the same order."""

import argparse
import csv
import gc
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pipeline.commands.parser import Commands, command

if TYPE_CHECKING:
    from pipeline.filtering import Filter, InputError, Record

EXAMPLES = """\
  echo '{"text": "на лесной пахнет газом"}' | otklik classify
  otklik classify < posts.jsonl > verdicts.jsonl
  otklik classify --brief < posts.jsonl > verdicts.jsonl
  otklik classify --csv --region amursky < posts.csv

Вход — JSON-объект в строке: text и, если есть, id, context (список: пост и комментарии
над текстом), source (поселение, источник или сообщество района), published_at.
На каждую запись — одна строка ответа; запись, которую нельзя прочесть, получает поле error.
"""

BATCH = 1024
"""Records judged at once; a pause in the input ends a batch early, so that pipes stay alive."""

MAX_LINE = 10_000_000
"""Bytes a line may have."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "classify",
        "Разобрать тексты со стандартного ввода: тема, срочность, место",
        run,
        examples=EXAMPLES,
    )
    parser.add_argument("--csv", action="store_true", help="вход — CSV с заголовком")
    parser.add_argument("--region", metavar="РАЙОН", help="папка района или имя поставляемого")
    parser.add_argument(
        "--brief", action="store_true", help="без слов, на которые опирался ответ: втрое быстрее"
    )
    parser.add_argument("--model", type=Path, metavar="ПАПКА", help="папка модели")


def run(args: argparse.Namespace) -> int:
    """Classify until the input ends; code 1 when some records could not be read."""
    from pipeline.filtering import Filter, InputError
    from pipeline.settings import load_settings

    settings = load_settings()
    # A model is a million small things that all stay: looking for garbage among them takes time.
    gc.disable()
    filter_ = Filter.of(
        args.region or settings.region, args.model, settings.home, explain=not args.brief
    )
    gc.freeze()
    gc.enable()
    batches = _csv(sys.stdin.buffer, filter_) if args.csv else _jsonl(sys.stdin.buffer, filter_)
    bad = 0
    for batch in batches:
        for line in filter_.answers(batch):
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
        for record in batch:
            if isinstance(record, InputError):
                bad += 1
                sys.stderr.write(f"otklik classify: {record}\n")
    return 1 if bad else 0


def _jsonl(source: BinaryIO, filter_: "Filter") -> "Iterator[list[Record | InputError]]":
    from pipeline.filtering import InputError, parse_line

    def parse(number: int, line: bytes) -> "Record | InputError":
        if len(line) > MAX_LINE:
            return InputError(number, f"строка длиннее {MAX_LINE} байт")
        try:
            return filter_.record(number, parse_line(line))
        except ValueError:
            return InputError(number, "это не JSON в кодировке UTF-8")

    number = 0
    for lines in _lines(source):
        records: list[Record | InputError] = []
        for line in lines:
            if line.strip():
                number += 1
                records.append(parse(number, line))
            if len(records) == BATCH:
                yield records
                records = []
        if records:
            yield records


def _lines(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the whole lines of whatever has arrived, without waiting for more."""
    rest = b""
    read = getattr(source, "read1", source.read)
    while chunk := read(1 << 20):
        *lines, rest = (rest + chunk).split(b"\n")
        # A line without an end must not fill the memory: its tail is dropped, and it is refused.
        rest = rest[: MAX_LINE + 1]
        yield lines
    if rest:
        yield [rest]


class _Arriving:
    """The decoded lines of a pipe; ``pauses`` tells that the next one may take a while."""

    def __init__(self, source: BinaryIO) -> None:
        self._batches = _lines(source)
        self._lines: list[bytes] = []
        self._first = True

    @property
    def pauses(self) -> bool:
        return not self._lines

    def __iter__(self) -> "_Arriving":
        return self

    def __next__(self) -> str:
        while not self._lines:
            self._lines = next(self._batches)[::-1]
        line = self._lines.pop()
        encoding = "utf-8-sig" if self._first else "utf-8"
        self._first = False
        return line.decode(encoding) + "\n"


def _csv(source: BinaryIO, filter_: "Filter") -> "Iterator[list[Record | InputError]]":
    from pipeline.commands.messages import CommandError
    from pipeline.filtering import InputError

    csv.field_size_limit(MAX_LINE)
    arriving = _Arriving(source)
    records: list[Record | InputError] = []
    try:
        first = next(arriving, "")
        delimiter = max(",;\t", key=first.count)
        rows = csv.DictReader(chain([first], arriving), delimiter=delimiter)
        if "text" not in (rows.fieldnames or ()):
            raise CommandError(
                f"В CSV нет колонки text. Найдены: {', '.join(rows.fieldnames or ()) or 'ничего'}."
            )
        for number, row in enumerate(rows, start=1):
            given = {"id": row.get("id"), "text": row["text"], "source": row.get("source")}
            records.append(filter_.record(number, given))
            if len(records) == BATCH or arriving.pauses:
                yield records
                records = []
    except UnicodeDecodeError:
        if records:
            yield records
        raise CommandError(
            "CSV не в кодировке UTF-8. Перекодируйте: iconv -f cp1251 -t utf-8 файл.csv"
        ) from None
    except csv.Error as error:
        raise CommandError(f"CSV не разобран: {error}.") from error
    if records:
        yield records
