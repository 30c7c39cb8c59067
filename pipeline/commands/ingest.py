"""``otklik ingest``: take in a table of messages, once; or show how it would be read."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, command

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from connectors.table_preview import Preview
    from connectors.tables import Mapping, Table
    from models.values import FetchedPost
    from pipeline.region.schema import Region
    from pipeline.tally import Tally

EXAMPLES = """\
  otklik ingest obrashcheniya.csv
  otklik ingest vygruzka.xlsx --preview       как файл будет прочитан; ничего не сохраняет
  otklik ingest vygruzka.xlsx --mapping pos
  otklik ingest reestr.csv --mapping my-mapping.yaml --source table:reestr-2026

Повторный запуск ничего не добавит; прерванный — продолжит с места остановки.
"""

LONGEST_KEY = 200


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "ingest",
        "Принять таблицу сообщений (CSV, XLSX, JSONL) и разобрать её",
        run,
        examples=EXAMPLES,
    )
    parser.add_argument("file", type=Path, metavar="ФАЙЛ", help="таблица сообщений")
    parser.add_argument(
        "--mapping",
        metavar="РАСКЛАДКА",
        help="plain, im, pos, open_region, registry или свой файл YAML "
        "(по умолчанию — по заголовкам)",
    )
    parser.add_argument(
        "--preview", action="store_true", help="показать, как файл будет прочитан, и не сохранять"
    )
    parser.add_argument("--source", metavar="КЛЮЧ", help="имя источника в базе")
    parser.add_argument("--region", metavar="РАЙОН", help="папка района или имя поставляемого")
    parser.add_argument(
        "--rejects", type=Path, metavar="ФАЙЛ", help="куда записать отклонённые строки"
    )


def run(args: argparse.Namespace) -> int:
    """Take the table in or show it; code 1 when not one row of it could be used."""
    from zoneinfo import ZoneInfo

    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from connectors.tables import load_mapping
    from pipeline.commands.messages import CommandError, err, now, out
    from pipeline.ingest_file import ingest_file
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.workplace import open_judge, open_store

    settings = load_settings()
    mapping = load_mapping(args.mapping) if args.mapping else None
    if args.preview:
        region = load_region(args.region or settings.region)
        return show(args.file, mapping, ZoneInfo(region.time_zone), now())
    judge = open_judge(settings, region=args.region)
    rejects = args.rejects or settings.home / "rejects" / f"{args.file.name}.csv"
    if rejects.exists() and args.file.exists() and rejects.samefile(args.file):
        raise CommandError(f"{rejects} — сам принимаемый файл. Укажите другое место в --rejects.")
    if args.source and len(args.source) > LONGEST_KEY:
        raise CommandError(f"Имя источника длиннее {LONGEST_KEY} знаков. Укажите короче.")
    bar = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with (
        open_store(settings) as engine,
        Progress(*bar, console=err, transient=True, disable=not err.is_terminal) as shown,
    ):
        task = shown.add_task(args.file.name)
        tally = ingest_file(
            args.file,
            engine=engine,
            judge=judge,
            clock=now,
            rejects=rejects,
            mapping=mapping,
            source=args.source,
            progress=lambda done, size: shown.update(task, completed=done, total=size),
        )
    if not tally.usable and not tally.rejected:
        raise CommandError(f"В файле {args.file} нет ни одной строки с сообщением.")
    if not tally.rejected and args.rejects is None:
        rejects.unlink(missing_ok=True)  # left by an earlier run of the same file
    for part in summary(tally, judge.region):
        out.print(part)
    if tally.rejected:
        out.print(f"\nОтклонённые строки с причинами: {rejects}")
    return 0 if tally.usable or not tally.rejected else 1


def show(path: Path, mapping: "Mapping | None", zone: "ZoneInfo", now: "datetime") -> int:
    """Print how a table would be read; code 1 when not one row of it can be used."""
    from classifiers.fine_topics import coarse_topics
    from connectors.table_preview import preview
    from connectors.tables import read_table
    from pipeline.commands.messages import out

    table = read_table(
        path, mapping=mapping, source_zone=zone, now=now, fine_topics=coarse_topics()
    )
    seen = preview(table)
    for part in preview_parts(table, seen, zone):
        out.print(part)
    return 0 if seen.accepted else 1


def preview_parts(table: "Table", seen: "Preview", zone: "ZoneInfo") -> list[object]:
    """Return what a person wants to know before an ingest, for printing."""
    from rich.markup import escape
    from rich.table import Table as Grid

    from connectors.table_fields import FIELDS
    from pipeline.commands.messages import thousands

    mapping = table.mapping
    columns = Grid("Колонка", "Поле", "Что это", title="Распознанные колонки", title_justify="left")
    for field, header in table.columns.items():
        columns.add_row(escape(header), field, FIELDS[field])
    samples = Grid(title="Первые строки", title_justify="left")
    for heading in ("Строка", "Номер", "Когда", "Тема", "Место", "Итог", "Закрыто", "Текст"):
        samples.add_column(heading, overflow="fold")
    for row in seen.samples:
        samples.add_row(str(row.row), *(escape(cell) for cell in _cells(row.post, zone)))
    parts: list[object] = [
        escape(f"Раскладка {mapping.name}: {mapping.title}. Источник: {mapping.network.russian}."),
        columns,
    ]
    for title, headers in (
        ("Не распознаны и не читаются", table.ignored),
        ("Личные данные заявителей, не сохраняются", table.personal),
    ):
        if headers:
            parts.append(escape(f"{title}: {', '.join(headers)}"))
    if seen.samples:
        parts.append(samples)
    parts.append(
        f"Годных строк {thousands(seen.accepted)}, отклонено {thousands(seen.rejected)}. "
        "Ничего не сохранено."
    )
    for title, counted in (
        ("Незнакомые состояния (добавьте в values.status своей раскладки)", seen.statuses),
        ("Незнакомые темы (их назовёт классификатор)", seen.topics),
        (
            "Причины отказа",
            [(f"«{column}»: {reason}", number) for (column, reason), number in seen.refusals],
        ),
    ):
        if counted:
            listed = "\n".join(f"  {name} — {thousands(number)}" for name, number in counted)
            parts.append(escape(f"{title}:\n{listed}"))
    return parts


def _cells(post: "FetchedPost", zone: "ZoneInfo") -> list[str]:
    from connectors.table_rows import shown

    stated = post.stated
    when, closed = (
        f"{at.astimezone(zone):%d.%m.%Y %H:%M}" if at else "—"
        for at in (post.published_at, stated.closed_at)
    )
    return [
        shown(post.external_id, 30),
        when,
        stated.topic.russian if stated.topic else "—",
        shown(stated.place, 60) or "—",
        stated.outcome.russian if stated.outcome else "—",
        closed,
        shown(post.text, 120),
    ]


def summary(tally: "Tally", region: "Region") -> list[object]:
    """Return what a person wants to know after an ingest, for printing."""
    from pipeline.commands.messages import counts, thousands

    names = {settlement.code: settlement.name for settlement in region.settlements}
    parts: list[object] = [
        (
            f"Принято {thousands(tally.taken)}, уже было {thousands(tally.known)}, "
            f"изменено {thousands(tally.edited)}, отклонено {thousands(tally.rejected)}."
        ),
        (
            f"Открыто инцидентов: {thousands(tally.opened)}; "
            f"не требуют ответа: {thousands(tally.irrelevant)}."
        ),
    ]
    if tally.stated:
        share = 100 * tally.agreed / tally.stated
        parts.append(
            f"Тема указана в {thousands(tally.stated)} строках; "
            f"классификатор назвал бы ту же в {_percent(share)}."
        )
    if tally.opened:
        parts += [
            "",
            counts("По темам", ((t.russian, n) for t, n in tally.topics.items())),
            "",
            counts("По важности", ((u.russian, n) for u, n in tally.urgencies.items())),
            "",
            counts(
                "По поселениям",
                (
                    (names.get(code, code) if code else "место не названо", n)
                    for code, n in tally.settlements.items()
                ),
            ),
        ]
    return parts


def _percent(share: float) -> str:
    return f"{share:.1f}".replace(".", ",") + "\u00a0%"
