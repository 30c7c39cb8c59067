"""``otklik ingest``: take in a table of messages, once."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, command

if TYPE_CHECKING:
    from pipeline.region.schema import Region
    from pipeline.tally import Tally

EXAMPLES = """\
  otklik ingest obrashcheniya.csv
  otklik ingest vygruzka.xlsx --mapping im
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
        help="plain, im или свой файл YAML (по умолчанию — по заголовкам)",
    )
    parser.add_argument("--source", metavar="КЛЮЧ", help="имя источника в базе")
    parser.add_argument("--region", metavar="РАЙОН", help="папка района или имя поставляемого")
    parser.add_argument(
        "--rejects", type=Path, metavar="ФАЙЛ", help="куда записать отклонённые строки"
    )


def run(args: argparse.Namespace) -> int:
    """Take the table in; code 1 when not one row of it could be used."""
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
    from pipeline.settings import load_settings
    from pipeline.workplace import open_judge, open_store

    settings = load_settings()
    mapping = load_mapping(args.mapping) if args.mapping else None
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
