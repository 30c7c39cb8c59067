"""``otklik labels``: which labels look wrong, what to label next, whether texts have changed."""

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    from pipeline.learn.drift import Shift

EXAMPLES = """\
  otklik labels noise                    20 самых сомнительных меток
  otklik labels noise --count 200 --out сомнительные.csv
  otklik labels next                     какие 20 инцидентов разметить, чтобы модель узнала больше
  otklik labels drift                    похожи ли сообщения за 30 дней на те, по которым учили
  otklik labels drift --days 7
"""

COUNT = 20
SHOWN = 160
"""Characters of a text on the screen: enough to recognise it."""

DANGEROUS = "=+-@\t\r\n"
"""A cell that begins so is a formula to a spreadsheet."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "labels",
        "Метки операторов: сомнительные, нужные, изменения в сообщениях",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    noise = acts.add_parser("noise", help="метки, с которыми не согласны остальные")
    noise.add_argument("--out", type=Path, metavar="ФАЙЛ", help="записать таблицу CSV")
    following = acts.add_parser("next", help="какие инциденты разметить следующими")
    for act in (noise, following):
        act.add_argument(
            "--count", type=_positive, default=COUNT, metavar="N", help=f"сколько, обычно {COUNT}"
        )
    drift = acts.add_parser("drift", help="изменились ли сообщения с обучения модели")
    drift.add_argument(
        "--days", type=_positive, default=30, metavar="N", help="за сколько дней, обычно 30"
    )


def _positive(value: str) -> int:
    number = int(value) if value.isdecimal() and len(value) < 9 else 0
    if not number:
        raise argparse.ArgumentTypeError(f"«{value}» не подходит: нужно целое число больше нуля")
    return number


def run(args: argparse.Namespace) -> int:
    """Carry out one act."""
    return {"noise": _noise, "next": _next, "drift": _drift}[args.act](args)


def _noise(args: argparse.Namespace) -> int:
    from classifiers.examples import read_phrases, read_seeds
    from pipeline.commands.messages import err, out, thousands
    from pipeline.database import reading
    from pipeline.learn.collect import collect
    from pipeline.learn.noise import FEWEST_LABELS, suspects
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    with open_store(load_settings()) as engine, reading(engine) as session:
        labels = [dated.example for dated in collect(session, {})]
    if len(labels) < FEWEST_LABELS:
        out.print(f"Меток {len(labels)}: для проверки нужно хотя бы {FEWEST_LABELS}.")
        return 0
    with err.status(f"Проверяю {thousands(len(labels))} меток"):
        found = suspects(labels, [*read_seeds(), *read_phrases()])
    out.print(
        f"Меток {thousands(len(labels))}, сомнительных {thousands(len(found))}. "
        "Сначала самые сомнительные: посмотрите текст и, если метка неверна, исправьте её "
        "в консоли."
    )
    rows = [
        (
            f"{-s.margin:.2f}".replace(".", ","),
            s.given.russian,
            s.better.russian,
            labels[s.row].text,
        )
        for s in found[: args.count]
    ]
    head = ("Перевес", "Метка", "Похоже на", "Текст")
    if args.out is None:
        _table(head, rows)
    else:
        _write(args.out, head, rows)
        out.print(f"Записано в {args.out}: {thousands(len(rows))}.", markup=False)
    return 0


def _next(args: argparse.Namespace) -> int:
    from classifiers.classifier import Classifier
    from classifiers.text import words
    from pipeline.commands.messages import out
    from pipeline.database import reading
    from pipeline.learn.next_up import choose, margin
    from pipeline.settings import load_settings
    from pipeline.store.candidates import unjudged
    from pipeline.workplace import open_store, registry

    settings = load_settings()
    with open_store(settings) as engine, reading(engine) as session:
        candidates = unjudged(session)
    if not candidates:
        out.print("Неразмеченных инцидентов нет.")
        return 0
    classifier = Classifier(registry(settings).serving_model())
    answers = classifier.predict([candidate.message for candidate in candidates])
    margins = [margin(answer) for answer in answers]
    texts = [frozenset(words(candidate.message.text)) for candidate in candidates]
    rows = [
        (
            str(candidates[row].incident_id),
            " или ".join(topic.code.russian for topic in answers[row].topics[:2]),
            candidates[row].message.text,
        )
        for row in choose(texts, margins, args.count)
    ]
    out.print("Разметьте эти инциденты в консоли: на них модель сомневается больше всего.")
    _table(("Инцидент", "Модель колеблется", "Текст"), rows)
    for row in rows[:1]:
        out.print(f"Открыть первый: {settings.console_url()}/incident/{row[0]}", markup=False)
    return 0


def _drift(args: argparse.Namespace) -> int:
    from datetime import timedelta

    from classifiers.classifier import Classifier
    from classifiers.window import window
    from models.values import Message
    from models.vocabulary import Topic
    from pipeline.commands.messages import CommandError, now, out
    from pipeline.database import reading
    from pipeline.learn.drift import advice, compare_windows
    from pipeline.learn.gate import percent
    from pipeline.settings import load_settings
    from pipeline.store.candidates import recent
    from pipeline.workplace import open_store, registry

    settings = load_settings()
    classifier = Classifier(registry(settings).serving_model())
    then = classifier.model.figures.get("window")
    if not then:
        raise CommandError(
            f"Модель {classifier.version} не помнит, на каких сообщениях её проверяли. "
            "Обучите новую: otklik train."
        )
    with open_store(settings) as engine, reading(engine) as session:
        texts = list(recent(session, since=now() - timedelta(days=args.days)))
    predictions = classifier.predict([Message(text) for text in texts])
    found = compare_windows(then, window(classifier.model, texts, predictions))
    out.print(f"Сообщений за {args.days} дн.: {found.rows[1]}, в окне обучения: {found.rows[0]}.")
    out.print(f"Темы: {_shift(found.topics)}.")
    for code, before, after in found.moved:
        out.print(f"  {Topic(code).russian}: было {percent(before)}, стало {percent(after)}")
    was, is_ = (percent(share) for share in found.words)
    out.print(f"Незнакомые слова: было {was}, стало {is_}; {_shift(found.unknown)}.")
    out.print(advice(found))
    return 0


def _shift(shift: "Shift") -> str:
    from pipeline.learn.drift import CHANGED, SHIFTED, Change

    said = {
        Change.NONE: "изменений нет",
        Change.SOME: "немного изменились",
        Change.LARGE: "сильно изменились",
        Change.UNKNOWN: "сообщений мало, судить рано",
    }[shift.change]
    index, *thresholds = (
        f"{value:.2f}".replace(".", ",") for value in (shift.index, CHANGED, SHIFTED)
    )
    return f"PSI {index} — {said} (пороги {' и '.join(thresholds)})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from pipeline.commands.messages import out

    table = Table(*head)
    for row in rows:
        table.add_row(*(escape(_short(cell)) for cell in row))
    out.print(table)


def _short(text: str) -> str:
    """Return the beginning of a text in one line, without what could steer a terminal."""
    line = "".join(c if c.isprintable() else " " for c in text[: 2 * SHOWN])
    line = " ".join(line.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV as spreadsheets here open it; a cell that looks like a formula gets a mark."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(head)
        for row in rows:
            writer.writerow(
                ["'" + cell if cell.startswith(tuple(DANGEROUS)) else cell for cell in row]
            )
