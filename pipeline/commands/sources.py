"""``otklik sources``: how every source is doing, what its tokens may do, recordings of it."""

import argparse
from pathlib import Path

from pipeline.commands.parser import Commands, Parser, command

EXAMPLES = """\
  otklik sources                                 состояние всех источников
  otklik sources check                           проверить ключи и их права, по разу
  otklik sources check vk-news:-123456
  otklik sources record vk-news:-123456 --to wall.jsonl
  otklik sources replay wall.jsonl               проиграть запись в пустую базу

Как подключить источники и где взять ключи: docs/sources.md
"""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands, "sources", "Источники: как читаются, что могут их ключи", run, examples=EXAMPLES
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", parser_class=Parser
    )
    check = acts.add_parser("check", help="проверить ключи и права; ничего не публикует")
    check.add_argument("keys", nargs="*", metavar="ИСТОЧНИК", help="какие (по умолчанию все)")
    record = acts.add_parser("record", help="записать, что отвечает источник: без ключей и имён")
    record.add_argument("key", metavar="ИСТОЧНИК")
    record.add_argument("--to", type=Path, required=True, metavar="ФАЙЛ", help="куда записать")
    replay = acts.add_parser("replay", help="проиграть запись в пустую базу и показать итог")
    replay.add_argument("file", type=Path, metavar="ФАЙЛ")


def run(args: argparse.Namespace) -> int:
    """Carry out one act; code 1 when something is wrong with a source."""
    acts = {None: _show, "check": _check, "record": _record, "replay": _replay}
    return acts[args.act](args)


def _show(_args: argparse.Namespace) -> int:
    """Print the state of all sources."""
    from zoneinfo import ZoneInfo

    from pipeline.commands.messages import now, out
    from pipeline.commands.sources_table import print_statuses
    from pipeline.connecting import tokens
    from pipeline.database import reading
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.sourcing import local_tools
    from pipeline.status import statuses
    from pipeline.workplace import open_store

    settings = load_settings()
    region = load_region(settings.region)
    with (
        open_store(settings) as engine,
        local_tools(settings.home) as tools,
        reading(engine) as session,
    ):
        found = statuses(session, region, tools.ledger, lambda one: tokens(one, tools), now())
    print_statuses(found, ZoneInfo(region.time_zone), now(), out)
    return 0 if all(status.well for status in found) else 1


def _check(args: argparse.Namespace) -> int:
    """Ask every token once what it may do."""
    import asyncio

    from pipeline.commands.messages import CommandError, out
    from pipeline.database import unit_of_work
    from pipeline.desk.sources import read_soon
    from pipeline.probing import probe
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    settings = load_settings()
    region = load_region(settings.region)
    known = {source.key: source for source in region.active_sources()}
    for key in args.keys:
        if key not in known:
            raise CommandError(f"Источника {key} нет. Есть: {', '.join(known) or 'ни одного'}.")
    trouble = False
    with open_store(settings) as engine:
        for key in args.keys or known:
            out.print(f"{known[key].title} ({key})", markup=False, soft_wrap=True)
            for line in asyncio.run(probe(known[key], settings, region, engine)):
                mark = "есть" if line.well else "НЕТ "
                trouble = trouble or not line.well
                text = f"  {mark}  {line.what}" + (f" — {line.said}" if line.said else "")
                out.print(text, markup=False, soft_wrap=True)
            with unit_of_work(engine) as session:
                read_soon(session, key)
    return 1 if trouble else 0


def _record(args: argparse.Namespace) -> int:
    """Write down what a source answers."""
    import asyncio

    from pipeline.commands.messages import CommandError, now, out
    from pipeline.region.load import load_region
    from pipeline.replaying import record
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    settings = load_settings()
    region = load_region(settings.region)
    known = {source.key: source for source in region.active_sources()}
    if args.key not in known:
        raise CommandError(f"Источника {args.key} нет. Есть: {', '.join(known) or 'ни одного'}.")
    if args.to.exists():
        raise CommandError(f"Файл {args.to} уже есть. Укажите другое имя.")
    with open_store(settings) as engine, args.to.open("wb") as file:
        posts = asyncio.run(
            record(
                known[args.key],
                settings=settings,
                region=region,
                engine=engine,
                out=file,
                clock=now,
            )
        )
    out.print(
        f"Записано сообщений: {posts}, файл {args.to}. Ключей и имён авторов в нём нет, но тексты "
        "есть: просмотрите его, прежде чем кому-то отдать.",
        markup=False,
        soft_wrap=True,
    )
    return 0


def _replay(args: argparse.Namespace) -> int:
    """Play a recording into an empty database and tell what came of it."""
    import asyncio
    import tempfile

    from pipeline.commands.ingest import summary
    from pipeline.commands.messages import out
    from pipeline.database import migrate, open_database
    from pipeline.replaying import replay
    from pipeline.settings import load_settings
    from pipeline.workplace import open_judge

    judge = open_judge(load_settings())
    with tempfile.TemporaryDirectory(prefix="otklik-replay-") as folder:
        home = Path(folder)
        engine = open_database(f"sqlite:///{home / 'replay.db'}")
        try:
            migrate(engine)
            tally, digest = asyncio.run(
                replay(args.file, home=home, region=judge.region, judge=judge, engine=engine)
            )
        finally:
            engine.dispose()
    for part in summary(tally, judge.region):
        out.print(part)
    out.print(f"\nОтпечаток принятого: {digest}. У каждого проигрывания он тот же.")
    return 0
