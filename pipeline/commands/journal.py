"""``otklik journal``: is the journal whole, what stands in it, and what to write down elsewhere."""

import argparse
import re
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, Parser, command, number

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.verify import Verified

EXAMPLES = """\
  otklik journal verify                    цел ли журнал: изменённое, вынутое, вставленное
  otklik journal head                      номер и отпечаток последней записи: запишите их
  otklik journal verify --head 5f1c… --at 1204
                                           стоит ли в журнале то, что вы записали раньше
  otklik journal show --incident 12        записи об одном инциденте
  otklik journal show --last 50

Каждая запись скреплена отпечатком с предыдущей. Кто пересчитает все отпечатки до последнего,
того выдаст только отпечаток, записанный вне этой машины: записывайте его, например, раз в день.
"""

DIGEST = re.compile(r"[0-9a-f]{64}")
SHOWN = 20


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands, "journal", "Журнал: проверить целость, показать записи", run, examples=EXAMPLES
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    verify = acts.add_parser("verify", help="проверить каждую запись; код 1, если что-то не так")
    verify.add_argument("--head", metavar="ОТПЕЧАТОК", type=_digest, help="записанный раньше")
    verify.add_argument("--at", metavar="НОМЕР", type=number, help="номер записи с ним")
    acts.add_parser("head", help="номер и отпечаток последней записи")
    show = acts.add_parser("show", help="записи словами")
    show.add_argument("--incident", metavar="НОМЕР", type=number, help="только об этом инциденте")
    show.add_argument("--last", metavar="N", type=number, default=SHOWN, help="сколько (20)")
    show.add_argument(
        "--by", metavar="ИМЯ", default="admin", help="кто смотрит (по умолчанию admin)"
    )


def run(args: argparse.Namespace) -> int:
    """Carry out one act; code 1 when the journal is not what it was."""
    from pipeline.commands.messages import CommandError, out
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    if args.act == "verify" and args.at is not None and args.head is None:
        raise CommandError("К номеру --at нужен и отпечаток: --head ОТПЕЧАТОК.")
    settings = load_settings()
    with open_store(settings) as engine:
        if args.act == "verify":
            return _verify(args, engine)
        if args.act == "show":
            _show(args, engine, settings.region)
            return 0
        from pipeline.database import reading
        from pipeline.verify import head

        with reading(engine) as session:
            newest = head(session)
        out.print(f"{newest.number} {newest.digest or '-'}", soft_wrap=True)
    return 0


def _verify(args: argparse.Namespace, engine: "sa.Engine") -> int:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from pipeline.commands.messages import err
    from pipeline.database import reading
    from pipeline.verify import head, holds, verify

    columns = (TextColumn("Проверяю журнал"), BarColumn(), MofNCompleteColumn())
    # One snapshot for all: the journal goes on growing meanwhile.
    with reading(engine) as session, Progress(*columns, console=err, transient=True) as bar:
        newest = head(session)
        task = bar.add_task("", total=newest.number)
        found = verify(session, lambda done: bar.update(task, completed=done))
        stands = None if args.head is None else holds(session, args.head, args.at)
    _tell(found)
    if found.troubles:
        return 1
    _print(f"Журнал цел: записей {found.entries}, последняя № {newest.number} {newest.digest}")
    if args.head is None:
        return 0
    if stands is None:
        where = f"У записи № {args.at} другой отпечаток" if args.at else "Такого отпечатка нет"
        _print(
            f"{where}: с тех пор, как вы его записали, журнал переписан заново, либо это отпечаток "
            "другого журнала или в нём опечатка."
        )
        return 1
    _print(f"Записанный отпечаток стоит в журнале: это запись № {stands.number}.")
    return 0


def _tell(found: "Verified") -> None:
    """Print what is wrong, at most so much that a person reads it."""
    for trouble in found.troubles[:SHOWN]:
        incident = "" if trouble.incident_id is None else f" (инцидент № {trouble.incident_id})"
        _print(f"№ {trouble.number}{incident}: {trouble.message}")
    if not found.troubles:
        return
    if found.more or len(found.troubles) > SHOWN:
        _print("… и дальше: остальное не показано.")
    _print(
        "Журнал изменён в обход программы. Сохраните копию базы, не меняйте в ней ничего и "
        "сравните с резервной копией."
    )


def _show(args: argparse.Namespace, engine: "sa.Engine", region_name: str) -> None:
    from pipeline.commands.acting import acting
    from pipeline.commands.messages import CommandError
    from pipeline.console.explain import journal
    from pipeline.database import reading
    from pipeline.decisions.permissions import Right, has
    from pipeline.region.load import load_region
    from pipeline.store.journal import newest_entries

    region = load_region(region_name)
    actor = acting(engine, args.by)
    if not has(actor, Right.READ_JOURNAL):
        raise CommandError(
            f"«{actor.login}» не может читать журнал: это право согласующего и администратора."
        )
    with reading(engine) as session:
        entries = newest_entries(session, args.last, incident_id=args.incident)
        for entry, line in zip(entries, journal(entries, region), strict=True):
            about = "" if entry.incident_id is None else f", инцидент № {entry.incident_id}"
            _print(f"№ {entry.id}  {line.at}  {line.act} — {line.actor}{about}")
            for reason in line.reasons:
                _print(f"    {reason}")
            for change in line.changes:
                before = f"{change.before} → " if change.before else ""
                _print(f"    {change.field}: {before}{change.after or 'нет'}")
    if not entries:
        _print("Записей нет.")


def _print(text: str) -> None:
    from pipeline.commands.messages import out

    out.print(text, soft_wrap=True, markup=False)


def _digest(written: str) -> str:
    tidy = written.strip().lower()
    if DIGEST.fullmatch(tidy):
        return tidy
    raise argparse.ArgumentTypeError(
        f"«{written[:80]}» — не отпечаток: в нём 64 знака, цифры и буквы от a до f"
    )
