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
    from pipeline.database import reading
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.status import statuses
    from pipeline.tokens import looking_at_tokens
    from pipeline.workplace import open_store

    settings = load_settings()
    region = load_region(settings.region)
    with (
        open_store(settings) as engine,
        looking_at_tokens(settings.home) as tokens_of,
        reading(engine) as session,
    ):
        found = statuses(session, region, tokens_of, now())
    print_statuses(found, ZoneInfo(region.time_zone), now(), out)
    return 0 if all(status.well for status in found) else 1


def _check(args: argparse.Namespace) -> int:
    """Ask every token once what it may do."""
    from pipeline.commands.messages import CommandError, out
    from pipeline.probing import Verdict, asking
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    settings = load_settings()
    region = load_region(settings.region)
    known = {source.key: source for source in region.active_sources()}
    for key in args.keys:
        if key not in known:
            raise CommandError(f"Источника {key} нет. Есть: {', '.join(known) or 'ни одного'}.")
    # Who names sources wants to know of each of them.
    asked: set[object] | None = None if args.keys else set()
    trouble = False
    with open_store(settings) as engine:
        for key in args.keys or known:
            out.print(f"{known[key].title} ({key})", markup=False, soft_wrap=True)
            lines = asking(known[key], settings, region, engine, asked=asked)
            for line in lines:
                said = f": {line.said}" if line.said else ""
                text = f"  {line.verdict:4}  {line.what}{said}"
                out.print(text, markup=False, soft_wrap=True)
            trouble = trouble or any(line.verdict is Verdict.NO for line in lines)
    return 1 if trouble else 0


def _record(args: argparse.Namespace) -> int:
    """Write down what a source answers."""
    import asyncio

    from models.errors import OtklikError
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
    try:
        args.to.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise CommandError(f"Файл {args.to} уже есть. Укажите другое имя.") from None
    try:
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
    except OtklikError as error:
        if args.to.stat().st_size:
            raise CommandError(
                f"{error} Что источник ответил до этого, записано в {args.to}."
            ) from error
        args.to.unlink()
        raise
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
            played = asyncio.run(
                replay(args.file, home=home, region=judge.region, judge=judge, engine=engine)
            )
        finally:
            engine.dispose()
    for part in summary(played.tally, judge.region):
        out.print(part)
    out.print(f"\nОтпечаток принятого: {played.digest}. У каждого проигрывания он тот же.")
    if played.broken:
        out.print(f"Проиграно не всё: {played.broken}", markup=False, soft_wrap=True)
    return 1 if played.broken else 0
