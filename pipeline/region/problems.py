"""What can be wrong with a region's folder, said so that its author can mend it.

Errors::

    RegionError            the folder cannot be used; holds every problem found
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import OtklikError


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: in which file, on which line (from 1, None for a whole file), and the cure.

    ``what`` and ``fix`` are Russian, for the administrator.
    """

    file: str
    line: int | None
    what: str
    fix: str

    def __str__(self) -> str:
        """Return one line of Russian text: place, mistake, cure."""
        where = self.file if self.line is None else f"{self.file}, строка {self.line}"
        return f"{where}: {self.what}. {self.fix}."


class RegionError(OtklikError):
    """A region cannot be loaded; ``problems`` holds all that was found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems; the message lists them one a line."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)
