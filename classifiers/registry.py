"""Versions of the model on the disk, and which of them serves.

::

    <root>/models/<version>/     as classifiers.model.save writes them
    <root>/models/serving        the serving version's name; missing: the shipped model serves

The pointer is replaced in one step, so a running process sees the old name or the new one.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from classifiers.model import ModelError, load

_POINTER = "serving"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def default_model() -> Path:
    """Return the folder of the model that ships with the program."""
    return Path(__file__).parent / "default"


class Registry:
    """The models of one installation, under ``<root>/models``; made when first written to."""

    def __init__(self, root: Path) -> None:
        """Look under ``root``; nothing is read yet."""
        self._folder = root / "models"

    def versions(self) -> list[str]:
        """Return the versions kept here, oldest name first; the shipped one is not among them."""
        if not self._folder.is_dir():
            return []
        return sorted(
            path.name
            for path in self._folder.iterdir()
            if path.is_dir() and _VERSION.fullmatch(path.name)
        )

    def folder(self, version: str) -> Path:
        """Return the folder of a version kept here. Raises ModelError if it is not here."""
        if version not in self.versions():
            kept = ", ".join(self.versions()) or "ни одной"
            raise ModelError(f"Версии «{version[:100]}» нет в {self._folder}. Есть: {kept}.")
        return self._folder / version

    def serving(self) -> Path:
        """Return the folder of the serving model: one small read, fit to be asked each minute.

        Raises ModelError if the pointer names a version that is not there.
        """
        pointer = self._folder / _POINTER
        try:
            version = pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return default_model()
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(
                f"Не читается файл {pointer}, который называет рабочую модель. Удалите его, и "
                "будет работать модель из поставки, или выберите версию заново."
            ) from error
        if not _VERSION.fullmatch(version) or not (self._folder / version).is_dir():
            raise ModelError(
                f"Файл {pointer} называет модель «{version[:100]}», а её в {self._folder} нет. "
                "Выберите другую версию или удалите этот файл: будет работать модель из поставки."
            )
        return self._folder / version

    def add(self, folder: Path) -> str:
        """Copy a model folder here under its own version, and return the version.

        The model is read in full first. A version that is here already is left as it is.
        Raises ModelError if the model is broken or the disk refuses.
        """
        version = load(folder).version
        if not _VERSION.fullmatch(version):
            raise ModelError(
                f"Имя версии «{version[:100]}» модели в {folder} не годится для папки: нужны "
                "латинские буквы, цифры, точка и дефис."
            )
        home = self._folder / version
        if home.is_dir():
            return version
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=self._folder) as temp:
                copy = Path(temp) / version
                shutil.copytree(folder, copy)
                copy.replace(home)
        except OSError as error:
            raise ModelError(
                f"Не удалось скопировать модель в {home}: {error.strerror}. "
                "Проверьте права на папку и свободное место."
            ) from error
        return version

    def promote(self, version: str) -> None:
        """Make ``version`` the serving one. Raises ModelError if it is not here or is broken."""
        load(self.folder(version))
        self._point(version)

    def back_to_default(self) -> None:
        """Make the shipped model serve again."""
        (self._folder / _POINTER).unlink(missing_ok=True)

    def _point(self, version: str) -> None:
        handle, name = tempfile.mkstemp(prefix=".serving-", dir=self._folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(version + "\n")
            Path(name).replace(self._folder / _POINTER)
        except OSError as error:
            Path(name).unlink(missing_ok=True)
            raise ModelError(
                f"Не удалось записать {self._folder / _POINTER}: {error.strerror}. "
                "Проверьте права на папку и свободное место."
            ) from error
