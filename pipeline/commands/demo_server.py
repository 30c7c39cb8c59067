"""``otklik demo-server``: fake networks of this machine, alive."""

import argparse
import sys

from pipeline.commands.parser import Commands, command

EXAMPLES = """\
  otklik demo-server                 учебные сети на портах 8030–8034, до Ctrl+C
  otklik demo-server --port 9100
  otklik demo-server --sources       показать sources.yaml для них и выйти

Всё сразу, с базой и консолью: otklik run --demo-network
"""

PORT = 8030
LAST_PORT = 65_531
"""Four more come after it."""


def first_port(words: str) -> int:
    """Return the first of the ports that the fake networks listen at."""
    if words.isascii() and words.isdigit() and 1 <= int(words[:6]) <= LAST_PORT:
        return int(words)
    raise argparse.ArgumentTypeError(f"нужно число от 1 до {LAST_PORT}")


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "demo-server",
        "Учебные сети: ВКонтакте, Одноклассники, Telegram, MAX и сайт на этой машине",
        run,
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--port",
        type=first_port,
        default=PORT,
        metavar="ПОРТ",
        help=f"первый из пяти портов (обычно {PORT})",
    )
    parser.add_argument(
        "--sources", action="store_true", help="показать sources.yaml и секреты для них и выйти"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C. Raises DemoError and RunError."""
    import asyncio

    from pipeline.demo import child, fakes, told
    from pipeline.secrets import variable

    demo = fakes()
    if args.sources:
        sys.stdout.write(demo.sources(demo.addresses(args.port)))
        for name, value in demo.SECRETS.items():
            sys.stdout.write(f"# {variable(name)}={value}\n")
        return 0
    child(args.port, "--port")

    def ready() -> None:
        sys.stdout.write(f"Учебные сети работают, остановить: Ctrl+C\n{told(args.port)}")
        sys.stdout.flush()

    asyncio.run(demo.serve(args.port, ready))
    sys.stdout.write("Остановлено.\n")
    return 0
