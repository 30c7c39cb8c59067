"""The command ``otklik``: what a person or a script can ask of the product."""

import os
import sys
from importlib import import_module

from models.errors import OtklikError
from pipeline.commands.parser import Parser, ShowVersion

COMMANDS = (
    "run",
    "ingest",
    "enter",
    "incident",
    "reply",
    "classify",
    "train",
    "evaluate",
    "model",
    "labels",
    "region",
    "sources",
    "staff",
    "journal",
    "notices",
    "clock",
    "deadlines",
    "retention",
    "flows",
    "demo-server",
)

INTERRUPTED = 130
"""The exit code that shells expect after Ctrl-C."""


def build_parser() -> Parser:
    """Return the whole command line; cheap, for help and for tests of the documentation."""
    parser = Parser(
        prog="otklik",
        description=(
            "Отклик находит обращения жителей в социальных сетях, разбирает их по темам, "
            "местам и срочности и следит за сроками ответа."
        ),
        epilog="Подробнее о команде: otklik КОМАНДА --help",
    )
    parser.add_argument("--version", action=ShowVersion, help="показать версию и выйти")
    commands = parser.add_subparsers(title="команды", metavar="КОМАНДА", required=True)
    for name in COMMANDS:
        import_module(f"pipeline.commands.{name.replace('-', '_')}").add(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code. Expected failures are one Russian line."""
    args = build_parser().parse_args(arguments)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\nОстановлено.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our pipe has left; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OtklikError as error:
        sys.stderr.write(f"otklik: {error}\n")
        return 1
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        sys.stderr.write(
            f"otklik: не удалось прочитать или записать{where}: {error.strerror}. "
            "Проверьте путь, права и место на диске.\n"
        )
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
