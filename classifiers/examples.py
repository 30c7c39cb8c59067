"""Labelled texts to learn from: a CSV of one's own, and the seeds that ship with the program.

Errors::

    TrainingError   a model cannot be trained; says what, where and what to do
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from models.errors import OtklikError
from models.values import Message
from models.vocabulary import TOPIC_TITLES, Topic

SEEDS = Path(__file__).parent / "data" / "seeds"
PHRASES = Path(__file__).parent / "data" / "phrases.txt"
# The kind of a bare phrase, beside the kinds of seeds.
PHRASE = "phrase"
# One text of an export may be long; a field beyond this is a broken file.
LONGEST_FIELD = 1_000_000
_YES = frozenset({"1", "да", "true", "yes", "+", "повышенная", "urgent", "срочно"})
_NO = frozenset({"0", "нет", "false", "no", "-", "обычная", "normal"})
_STARS = re.compile(r"^[★☆*\s]+")
_BY_TITLE = {title.lower(): topic for topic, title in TOPIC_TITLES.items()}


class TrainingError(OtklikError):
    """Training is impossible; the message is Russian, for the operator."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what people said of it; None where nobody said.

    ``fine_topic`` and ``group`` are names of the state system without stars. ``executor`` is who
    answered, to hold whole bodies back. ``kind`` is set for seeds alone (complaint, ad, ...).
    ``context`` holds the texts above a comment, the thread's post first. ``also`` names the topics
    of further problems in the same text.
    """

    text: str
    topic: Topic | None = None
    fine_topic: str | None = None
    group: str | None = None
    relevant: bool | None = True
    urgent: bool | None = None
    executor: str = ""
    kind: str = ""
    context: tuple[str, ...] = ()
    also: tuple[Topic, ...] = ()

    @property
    def message(self) -> Message:
        """The example as the classifier is asked about it."""
        return Message(self.text, self.context)


def plain_topic(name: str) -> str:
    """Return a fine topic without the leading stars that mark its nearly equal twin."""
    return _STARS.sub("", name).strip()


def shown(text: str, most: int) -> str:
    """Return the beginning of a file's own text for a message, without what steers a terminal."""
    return "".join(c if c.isprintable() else " " for c in text[:most])


def decode(path: Path) -> str:
    """Return a file's text, from UTF-8 or Windows-1251. Raises TrainingError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TrainingError(
            f"Файл {path} не читается: {error.strerror}. Проверьте путь и права на файл."
        ) from error
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TrainingError(
        f"Файл {path} не в UTF-8 и не в Windows-1251. Сохраните таблицу как CSV в UTF-8."
    )


def topic_of(value: str, where: str) -> Topic | None:
    """Return the topic of a code or a Russian title, None of nothing.

    ``where`` (file and line) begins the message of the TrainingError for any other word.
    """
    value = value.strip()
    if not value:
        return None
    found = _BY_TITLE.get(value.lower())
    if found is None and value.lower() in set(Topic):
        found = Topic(value.lower())
    if found is None:
        raise TrainingError(
            f"{where}: неизвестный код темы «{shown(value, 80)}». "
            f"Допустимы коды: {', '.join(Topic)}."
        )
    return found


def flag(value: str, where: str, column: str) -> bool | None:
    """Return yes, no, or None of nothing. Raises TrainingError that begins with ``where``."""
    value = value.strip().lower()
    if value in _YES:
        return True
    if value in _NO:
        return False
    if not value:
        return None
    raise TrainingError(
        f"{where}: в колонке {column} стоит «{shown(value, 80)}», а нужно 1 или 0 (да или нет)."
    )


class TableRow(NamedTuple):
    """A row of a CSV that has a text: where it stands, for messages, and its cells by column."""

    where: str
    cells: dict[str, str]


def read_table(path: Path, *needed: str) -> tuple[list[str], list[TableRow]]:
    """Return the columns of a CSV, and its rows that have a text.

    UTF-8 or Windows-1251, «,» or «;». Column names are in lower case. ``needed``: columns of
    which one must be there, beside ``text``; the first is named to the operator. Raises
    TrainingError naming file, line and cure.
    """
    wanted = " и ".join(("text", *needed[:1]))
    wanted = f"колонк{'и' if needed else 'у'} {wanted}"
    content = decode(path)
    if not content.strip():
        raise TrainingError(f"Файл {path} пуст. Сохраните в него таблицу и назовите {wanted}.")
    csv.field_size_limit(LONGEST_FIELD)
    first = content.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    table = csv.DictReader(io.StringIO(content.replace("\0", "")), delimiter=delimiter)
    columns = [name.strip().lower() for name in table.fieldnames or ()]
    table.fieldnames = columns
    missing = [name for name in ("text",) if name not in columns]
    if needed and not set(needed) & set(columns):
        missing.append(needed[0])
    if missing:
        raise TrainingError(
            f"В файле {path} нет колонки {' и '.join(missing)}. "
            f"Есть: {shown(', '.join(columns), 200)}. Назовите {wanted}."
        )
    rows = []
    try:
        for row in table:
            cells = {name: row[name] or "" for name in columns}
            if cells["text"].strip(" '\t\r\n"):
                rows.append(TableRow(f"Файл {path}, строка {table.line_num}", cells))
    except csv.Error as error:
        raise TrainingError(
            f"Файл {path}, строка {table.line_num}: таблица испорчена ({error}). "
            "Сохраните её как CSV ещё раз."
        ) from error
    if not rows:
        raise TrainingError(f"В файле {path} нет ни одного текста. Проверьте колонку text.")
    return columns, rows


def example_of(cells: Mapping[str, str], where: str) -> Example:
    """Return the example that cells by column hold; a cell that is missing says nothing.

    Beside ``code``, ``topic`` holds the fine topic; without it, the code. Raises TrainingError
    that begins with ``where``.
    """
    fine = "code" in cells
    name = plain_topic(cells.get("topic", "")) if fine else ""
    return Example(
        text=cells.get("text", ""),
        topic=topic_of(cells.get("code" if fine else "topic", ""), where),
        fine_topic=name or None,
        group=cells.get("group", "").strip() or None,
        relevant=flag(cells.get("relevant", ""), where, "relevant"),
        urgent=flag(cells.get("urgent", ""), where, "urgent"),
        executor=cells.get("executor", "").strip(),
    )


def read_examples(path: Path) -> list[Example]:
    """Read a CSV with columns ``text`` and ``code``, in UTF-8 or Windows-1251, «,» or «;».

    ``topic`` stands for ``code`` where ``code`` is missing; beside ``code`` it holds the fine
    topic. Optional: group, executor, urgent, relevant; a row that does not say is relevant. Rows
    without a text are passed over. Raises TrainingError naming the row.
    """
    examples = [example_of(row.cells, row.where) for row in read_table(path, "code", "topic")[1]]
    return [replace(example, relevant=example.relevant is not False) for example in examples]


def _seed(line: str, where: str) -> Example:
    try:
        seed = json.loads(line)
        return Example(
            text=str(seed["text"]),
            topic=Topic(seed["topic"]) if seed["topic"] else None,
            relevant=bool(seed["relevant"]),
            urgent=bool(seed["urgent"]),
            kind=str(seed["kind"]),
            context=tuple(map(str, seed.get("context", ()))),
            also=tuple(map(Topic, seed.get("also", ()))),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{where}: пример записан неверно ({type(error).__name__}: {error}). "
            "Нужен JSON с полями text, topic, relevant, urgent, kind; по желанию context и also."
        ) from error


def read_seeds(folder: Path = SEEDS) -> list[Example]:
    """Read every ``*.jsonl`` of a folder, one seed a line, sorted by file name.

    Raises TrainingError naming the line, or if there is no seed at all.
    """
    seeds = [
        _seed(line, f"Файл {path}, строка {number}")
        for path in sorted(folder.glob("*.jsonl"))
        for number, line in enumerate(decode(path).splitlines(), start=1)
        if line.strip()
    ]
    if not seeds:
        raise TrainingError(f"В папке {folder} нет примеров (*.jsonl). Переустановите программу.")
    return seeds


def read_phrases(path: Path = PHRASES) -> list[Example]:
    """Read short phrases, one a line under ``[code]``; ``#`` starts a remark.

    They teach topics alone: whether a bare phrase is relevant or urgent, nobody can say.
    Raises TrainingError naming the line.
    """
    phrases: list[Example] = []
    topic: Topic | None = None
    for number, raw in enumerate(decode(path).splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            topic = topic_of(line.strip("[]"), f"Файл {path}, строка {number}")
        else:
            phrases.append(Example(text=line, topic=topic, relevant=None, kind=PHRASE))
    return phrases
