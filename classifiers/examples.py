"""Labelled texts to learn from: a CSV of one's own, and the seeds that ship with the program.

Errors::

    TrainingError   a model cannot be trained; says what, where and what to do
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


def _decode(path: Path) -> str:
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


def _topic(value: str, where: str) -> Topic | None:
    value = value.strip()
    if not value:
        return None
    found = _BY_TITLE.get(value.lower())
    if found is None and value.lower() in set(Topic):
        found = Topic(value.lower())
    if found is None:
        raise TrainingError(
            f"{where}: неизвестный код темы «{value[:80]}». Допустимы коды: {', '.join(Topic)}."
        )
    return found


def _flag(value: str, where: str, column: str) -> bool | None:
    value = value.strip().lower()
    if value in _YES:
        return True
    if value in _NO:
        return False
    if not value:
        return None
    raise TrainingError(
        f"{where}: в колонке {column} стоит «{value[:80]}», а нужно 1 или 0 (да или нет)."
    )


def read_examples(path: Path) -> list[Example]:
    """Read a CSV with columns ``text`` and ``code``, in UTF-8 or Windows-1251, «,» or «;».

    ``topic`` stands for ``code`` where ``code`` is missing; beside ``code`` it holds the fine
    topic. Optional: group, executor, urgent, relevant. Rows without a text are passed over.
    Raises TrainingError naming the row.
    """
    content = _decode(path)
    if not content.strip():
        raise TrainingError(f"Файл {path} пуст. Нужна таблица с колонками text и code.")
    csv.field_size_limit(LONGEST_FIELD)
    first = content.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.DictReader(io.StringIO(content.replace("\0", "")), delimiter=delimiter)
    columns = [name.strip().lower() for name in rows.fieldnames or ()]
    rows.fieldnames = columns
    missing = [name for name in ("text",) if name not in columns]
    if "code" not in columns and "topic" not in columns:
        missing.append("code")
    if missing:
        raise TrainingError(
            f"В файле {path} нет колонки {' и '.join(missing)}. "
            f"Есть: {', '.join(columns)[:200]}. Назовите колонки text и code."
        )
    try:
        examples = list(_examples(rows, path, fine="code" in columns))
    except csv.Error as error:
        raise TrainingError(
            f"Файл {path}, строка {rows.line_num}: таблица испорчена ({error}). "
            "Сохраните её как CSV ещё раз."
        ) from error
    if not examples:
        raise TrainingError(f"В файле {path} нет ни одного текста. Проверьте колонку text.")
    return examples


def _examples(rows: "csv.DictReader[str]", path: Path, *, fine: bool) -> Iterator[Example]:
    for row in rows:
        text = row.get("text") or ""
        if not text.strip(" '\t\r\n"):
            continue
        where = f"Файл {path}, строка {rows.line_num}"
        name = plain_topic(row.get("topic") or "") if fine else ""
        relevant = _flag(row.get("relevant") or "", where, "relevant")
        yield Example(
            text=text,
            topic=_topic(row.get("code" if fine else "topic") or "", where),
            fine_topic=name or None,
            group=(row.get("group") or "").strip() or None,
            relevant=relevant is not False,
            urgent=_flag(row.get("urgent") or "", where, "urgent"),
            executor=(row.get("executor") or "").strip(),
        )


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
        for number, line in enumerate(_decode(path).splitlines(), start=1)
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
    for number, raw in enumerate(_decode(path).splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            topic = _topic(line.strip("[]"), f"Файл {path}, строка {number}")
        else:
            phrases.append(Example(text=line, topic=topic, relevant=None, kind=PHRASE))
    return phrases
