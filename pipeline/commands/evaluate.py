"""``otklik evaluate``: how good a model is on labelled texts, beside the bar, and how fast."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.parser import Commands, command

if TYPE_CHECKING:
    from classifiers.registry import Registry
    from pipeline.grading import Answered, Grade, Line, Mistake
    from pipeline.labelled import Labelled, Regions
    from pipeline.stopwatch import Speed

EXAMPLES = """\
  otklik evaluate razmetka.csv                      действующая модель
  otklik evaluate razmetka.csv tests/data/evaluation/*.jsonl --no-speed
  otklik evaluate razmetka.csv --model 2026-11-21-ab12cd34 --errors 10
  otklik evaluate razmetka.csv --model папка --region amursky --json

CSV — как для otklik train: text и code; если есть — topic (тема госсистемы), relevant, urgent,
also (коды других тем через пробел или запятую), context (пост над комментарием), settlement,
village, street, house, community, region. JSON Lines — те же имена полей; topic — код темы.
Чего в файле не разметили, того нет и в таблице. Модель не должна была учиться на этих текстах.
Планка — для района, которого модель не видела; --same-region — для района, на котором учили;
показатель, за которым меньше 40 строк, с планкой не сравнивается.
Интервал — 95 %, бутстрэп по текстам.
"""

SHOWN = 120
"""Characters of a text on the screen: enough to recognise it."""

SPEED_BARS = (
    ("posts_per_second", "всё вместе, сообщений в секунду на ядро", 10_000.0, False),
    ("first_pass", "то же, слова встречаются впервые", None, False),
    ("milliseconds", "одно сообщение, мс (медиана)", 0.5, True),
    ("start_seconds", "запуск otklik classify на одной строке, с", 0.6, True),
    ("memory", "память этого процесса, МБ (пик)", 150.0, True),
    ("model", "папка модели, МБ", 8.0, True),
)
"""Figure, name, bar, and whether the bar is the most that is allowed."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "evaluate",
        "Проверить модель на размеченных текстах: показатели, интервалы, планка, скорость",
        run,
        examples=EXAMPLES,
    )
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="ФАЙЛ", help="CSV или JSON Lines с разметкой"
    )
    parser.add_argument(
        "--model", metavar="ВЕРСИЯ", help="версия, default или папка; обычно — действующая"
    )
    parser.add_argument("--region", metavar="РАЙОН", help="папка района или имя поставляемого")
    parser.add_argument(
        "--same-region", action="store_true", help="планка для района, на котором учили"
    )
    parser.add_argument("--json", action="store_true", help="ответить одним объектом JSON")
    parser.add_argument(
        "--errors", type=_count, default=0, metavar="N", help="показать N худших ошибок"
    )
    parser.add_argument("--no-speed", action="store_true", help="не измерять скорость")


def _count(value: str) -> int:
    if not (value.isdecimal() and len(value) < 9):
        raise argparse.ArgumentTypeError(f"«{value}» не подходит: нужно целое число от нуля")
    return int(value)


def run(args: argparse.Namespace) -> int:
    """Measure, and print what was found."""
    from classifiers.classifier import Classifier
    from pipeline.commands.messages import err, out, thousands
    from pipeline.grading import grade, mistakes
    from pipeline.labelled import Regions, read_labelled
    from pipeline.settings import load_settings
    from pipeline.workplace import registry

    settings = load_settings()
    regions = Regions(args.region or settings.region)
    model = _folder(registry(settings), args.model)
    read = [(path, read_labelled(path, regions)) for path in args.files]
    classifier = Classifier.load(model)
    parts: list[tuple[str, list[Answered]]] = []
    for path, labelled in read:
        with err.status(f"Проверяю {path.name}: {thousands(len(labelled))}"):
            parts.append((str(path), _answer(classifier, labelled, regions)))
    if len(parts) > 1:
        parts.append(("Все файлы вместе", [one for _, answered in parts for one in answered]))
    speed = None
    if not args.no_speed:
        with err.status("Измеряю скорость"):
            speed = _speed(regions, model, [one for _, labelled in read for one in labelled])
    graded = [
        (title, grade(answered, same_region=args.same_region), mistakes(answered, args.errors))
        for title, answered in parts
    ]
    if args.json:
        _print_json(classifier.version, graded, speed, together=len(read) > 1)
        return 0
    out.print(f"Модель {classifier.version}, {model}", markup=False, soft_wrap=True)
    for title, grade_, wrong in graded:
        _print_grade(title, grade_)
        _print_mistakes(wrong)
    if speed:
        _print_speed(speed)
    return 0


def _folder(kept: "Registry", name: str | None) -> Path:
    """Return the folder of the model that is asked for."""
    from classifiers.registry import DEFAULT

    if name is None:
        return kept.serving()
    if name == DEFAULT or name in kept.versions() or not Path(name).is_dir():
        return kept.folder(name)
    return Path(name)


def _answer(
    classifier: "Any", labelled: "Sequence[Labelled]", regions: "Regions"
) -> "list[Answered]":
    from classifiers.evaluation import Meaning
    from pipeline.grading import Answered
    from pipeline.scoring import find_for

    meaning = Meaning(classifier.model)
    predictions = classifier.predict([one.example.message for one in labelled])
    return [
        Answered(
            one,
            prediction,
            meaning.missing(one.example.message),
            find_for(one.place, regions.get(one.region).gazetteer) if one.place else None,
        )
        for one, prediction in zip(labelled, predictions, strict=True)
    ]


def _speed(regions: "Regions", model: Path, labelled: "Sequence[Labelled]") -> "Speed":
    from models.values import FetchedPost
    from models.vocabulary import Network, PostKind
    from pipeline.reader import Item
    from pipeline.stopwatch import measure_speed

    items = [
        Item(
            FetchedPost(Network.TABLE, str(number), PostKind.POST, one.example.text, None),
            one.example.context,
            one.community,
        )
        for number, one in enumerate(labelled)
    ]
    return measure_speed(regions.get().region, regions.default, model, items)


def _met(met: bool | None) -> str:  # noqa: FBT001 - three answers of one cell
    return {True: "да", False: "нет", None: ""}[met]


def _table(*columns: str) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, no_wrap=True, justify="right" if 0 < place < 4 else "left")
    return table


def _print_grade(title: str, grade_: "Grade") -> None:
    from pipeline.commands.messages import out, thousands
    from pipeline.grading import decimal

    out.print()
    out.print(f"{title}: текстов {thousands(grade_.texts)}", markup=False, soft_wrap=True)
    if grade_.wordless:
        out.print(
            f"Без единого значимого слова («Здравствуйте», «Сообщение без текста»): "
            f"{thousands(grade_.wordless)}; в показатели тем они не входят.",
            soft_wrap=True,
        )
    section, table = "", _table("Показатель", "Значение", "Интервал", "Строк", "Планка", "Взята")
    for line in grade_.lines:
        if line.section != section:
            section = line.section
            table.add_row(f"[bold]{section}[/bold]")
        figure = line.figure
        table.add_row(
            f"  {line.title}",
            decimal(figure.value, 3),
            f"{decimal(figure.low, 3)}–{decimal(figure.high, 3)}",
            thousands(figure.rows),
            str(line.bar) if line.bar else "",
            _met(line.met),
        )
    out.print(table)


def _print_mistakes(wrong: "Sequence[Mistake]") -> None:
    from pipeline.commands.messages import out
    from pipeline.grading import decimal

    if not wrong:
        return
    kind = ""
    for mistake in wrong:
        if mistake.kind != kind:
            kind = mistake.kind
            out.print(f"\nХудшие ошибки, {kind.lower()}:", markup=False)
        chance = "" if mistake.probability is None else f" ({decimal(mistake.probability)})"
        out.print(
            f"  {_clean(mistake.gold)} → {_clean(mistake.guess)}{chance}: {_short(mistake.text)}",
            markup=False,
            soft_wrap=True,
        )


def _clean(text: str) -> str:
    """Return a text in one line, without what could steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _short(text: str) -> str:
    line = _clean(text[: 2 * SHOWN])
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def _print_speed(speed: "Speed") -> None:
    from pipeline.commands.messages import out
    from pipeline.grading import Bar

    table = _table("Скорость и размер", "Значение", "Планка", "Взята")
    for name, title, limit, most in SPEED_BARS:
        value = getattr(speed, name)
        table.add_row(
            f"  {title}",
            _number(value),
            "" if limit is None else f"{'≤' if most else '≥'} {_number(limit)}",
            _met(None if limit is None else Bar(limit, most).met(value)),
        )
    out.print()
    out.print(table)


def _number(value: float) -> str:
    from pipeline.commands.messages import thousands
    from pipeline.grading import decimal

    return thousands(round(value)) if value >= 100 else decimal(value)


def _line(line: "Line") -> dict[str, Any]:
    figure = line.figure
    return {
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "rows": figure.rows,
        "bar": line.bar.limit if line.bar else None,
        "met": line.met,
    }


def _mistake(mistake: "Mistake") -> dict[str, Any]:
    return {
        "kind": mistake.kind,
        "text": _short(mistake.text),
        "gold": _clean(mistake.gold),
        "guess": _clean(mistake.guess),
        "probability": mistake.probability,
    }


def _print_json(
    version: str,
    graded: "Sequence[tuple[str, Grade, Sequence[Mistake]]]",
    speed: "Speed | None",
    *,
    together: bool,
) -> None:
    import json
    import sys

    from pipeline.grading import Bar

    parts: list[dict[str, Any]] = [
        {
            "file": title,
            "texts": grade_.texts,
            "wordless": grade_.wordless,
            "figures": {line.name: _line(line) for line in grade_.lines},
            "mistakes": [_mistake(mistake) for mistake in wrong],
        }
        for title, grade_, wrong in graded
    ]
    answer: dict[str, Any] = {"model": version, "files": parts[:-1] if together else parts}
    if together:
        answer["together"] = parts[-1] | {"file": None}
    if speed:
        answer["speed"] = {
            name: {
                "value": getattr(speed, name),
                "bar": limit,
                "met": None if limit is None else Bar(limit, most).met(getattr(speed, name)),
            }
            for name, _, limit, most in SPEED_BARS
        }
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
