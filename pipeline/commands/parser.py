"""argparse in Russian: its own words are translated, its errors say where help is."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - below
"""What ``add_subparsers`` returns; it has no public name."""

RUSSIAN = {
    "usage: ": "использование: ",
    "options": "параметры",
    "positional arguments": "что указать",
    "show this help message and exit": "показать эту справку и выйти",
    "%(prog)s: error: %(message)s\n": "%(prog)s: %(message)s\n",
    "the following arguments are required: %s": "не хватает: %s",
    "unrecognized arguments: %s": "непонятно: %s",
    "expected one argument": "нужно одно значение",
    "expected at least one argument": "нужно хотя бы одно значение",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
    "invalid choice: %(value)r (choose from %(choices)s)": (
        "«%(value)s» не подходит; возможно: %(choices)s"
    ),
    "invalid %(type)s value: %(value)r": "«%(value)s» не подходит: нужно %(type)s",
    "not allowed with argument %s": "нельзя вместе с %s",
    "ambiguous option: %(option)s could match %(matches)s": (
        "%(option)s неоднозначно: %(matches)s"
    ),
}


def translate(text: str) -> str:
    """Return argparse's own words in Russian; what is not known stays as it is."""
    return RUSSIAN.get(text, text)


# argparse looks its words up through this name, as gettext asks for; there is no other hook.
setattr(argparse, "_", translate)  # noqa: B010 - the name is not part of its typed interface


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and end with what to do."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong with the command line and leave with code 2."""
        sys.stderr.write(f"{self.prog}: {message}\nСправка: {self.prog} --help\n")
        raise SystemExit(2)


class ShowVersion(argparse.Action):
    """Print the version and leave. It is looked up when asked for: that takes its time."""

    def __init__(self, **options: Any) -> None:
        """Take no value."""
        super().__init__(**options | {"nargs": 0})

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print and leave."""
        from importlib.metadata import version

        sys.stdout.write(f"otklik {version('otklik')}\n")
        parser.exit()


def number(written: str) -> int:
    """Read a number that a row may have; argparse tells what is none."""
    if written.isascii() and written.isdigit() and 0 < int(written[:12]) < 2**31:
        return int(written[:12])
    raise argparse.ArgumentTypeError(f"«{written[:50]}» — не номер")


def command(
    commands: Commands,
    name: str,
    help_: str,
    run: Callable[[argparse.Namespace], int],
    *,
    examples: str,
) -> argparse.ArgumentParser:
    """Add a command with its one-line help and examples; ``run`` gets the parsed arguments."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_,
        description=help_,
        epilog=f"примеры:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser
