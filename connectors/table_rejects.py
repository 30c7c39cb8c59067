"""Writes the rows that were refused to a file that Excel opens."""

import csv
import io
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from connectors.table_rows import Rejected, TableError, shown

# A cell that begins so is run as a formula by Excel and LibreOffice.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class RejectFile:
    """Collects refused rows in a CSV file at ``path`` (UTF-8 with a mark, ``;``).

    The file appears at ``path`` only when the ``with`` block ends well and something was refused;
    an older file there is then replaced. Raises TableError when the place cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """Remember ``path``; nothing is written before the ``with`` block."""
        self.path = path
        self.count = 0

    def __enter__(self) -> Self:
        """Begin a draft in the same folder."""
        try:
            # Not in the system's folder for drafts: a move between disks is not one step.
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        except OSError as error:
            raise self._failed(error) from None
        self._draft = Path(name)
        self._file = io.TextIOWrapper(
            os.fdopen(handle, "wb"),
            encoding="utf-8-sig",
            errors="replace",
            newline="",
        )
        self._writer = csv.writer(self._file, delimiter=";")
        self._writer.writerow(("Строка", "Колонка", "Причина", "Начало текста"))
        return self

    def add(self, rejected: Rejected) -> None:
        """Write one refused row. Raises TableError when the disk is full."""
        cells = (rejected.column, rejected.reason, shown(rejected.excerpt))
        try:
            self._writer.writerow((rejected.row, *(_harmless(cell) for cell in cells)))
        except OSError as error:
            raise self._failed(error) from None
        self.count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Move the draft into place, or remove it after a failure or without refused rows."""
        try:
            self._file.close()
            if kind is None and self.count:
                self._draft.replace(self.path)
        except OSError as failure:
            raise self._failed(failure) from error
        finally:
            self._draft.unlink(missing_ok=True)

    def _failed(self, error: OSError) -> TableError:
        return TableError(
            f"Файл отклонённых строк «{self.path}» не записан: {shown(error.strerror or error)}. "
            "Проверьте папку, права и место на диске.",
        )


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
