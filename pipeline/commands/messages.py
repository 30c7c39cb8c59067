"""What commands say to a person, and how they refuse."""

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from models.errors import OtklikError

# "vk:-1:" is a source, not a thumb that points down.
out = Console(highlight=False, emoji=False)
"""Where results go."""

err = Console(stderr=True, highlight=False, emoji=False)
"""Where progress goes, so that results can be piped."""


class CommandError(OtklikError):
    """A command was asked for something that cannot be done."""


LONGEST_INPUT = 200_000
"""Characters read from a pipe; what is longer is refused anyway."""


def piped() -> str:
    """Return the text that another program gives us. Raises CommandError."""
    try:
        return sys.stdin.read(LONGEST_INPUT)
    except UnicodeDecodeError:
        raise CommandError(
            "Текст из потока ввода не в кодировке UTF-8. Сохраните файл в UTF-8 и повторите."
        ) from None


def now() -> datetime:
    """Return the moment, in UTC: the command line is one of the few places that look."""
    return datetime.now(UTC)


def counts(title: str, counted: Iterable[tuple[str, int]]) -> Table:
    """Return a small table of names and numbers, the largest number first."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(justify="left")
    table.add_column(justify="right")
    for name, number in Counter(dict(counted)).most_common():
        table.add_row(name, thousands(number))
    return table


def thousands(number: int) -> str:
    """Write a whole number the Russian way: 17 419, with a no-break space."""
    return f"{number:,}".replace(",", "\u00a0")
