"""``otklik flows``: serve the flows against a Prefect server of one's own."""

import argparse
import os
import sys

from pipeline.commands.parser import Commands, Parser, command

EXAMPLES = """\
  PREFECT_API_URL=http://prefect.local:4200/api otklik flows serve
  otklik flows serve timers        только сроки; приём и обучение — другим процессом

Без PREFECT_API_URL поднимается встроенный сервер. Все вместе с консолью: otklik run
"""

NAMES = ("timers", "publish", "notify", "ingest", "retrain", "retention")


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "flows",
        "Потоки Prefect: приём, сроки, ответы, уведомления, обучение, срок хранения",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    serve = acts.add_parser("serve", help="выполнять потоки по расписанию, до Ctrl+C")
    serve.add_argument(
        "names",
        nargs="*",
        metavar="ПОТОК",
        type=_flow,  # "choices" would refuse an empty list
        help=f"какие потоки: {', '.join(NAMES)} (по умолчанию все)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve flows until Ctrl-C."""
    import asyncio

    from pipeline.run import environment, only_one, serve_flows, served
    from pipeline.settings import load_settings

    settings = load_settings()
    if "PREFECT_API_URL" in os.environ:
        own = served(*args.names).command
        os.execve(own[0], own, environment(settings))  # noqa: S606 - our own module
    with only_one(settings.home):
        sys.stdout.write(
            f"Потоки работают: {', '.join(args.names or NAMES)}. "
            f"Журналы: {settings.home / 'logs'}. Остановить: Ctrl+C\n"
        )
        sys.stdout.flush()
        asyncio.run(serve_flows(settings, args.names))
    return 0


def _flow(name: str) -> str:
    if name not in NAMES:
        raise argparse.ArgumentTypeError(f"потока «{name}» нет; есть: {', '.join(NAMES)}")
    return name
