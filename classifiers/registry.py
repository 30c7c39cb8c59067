"""Versions of the model on the disk, and which of them serves.

::

    <root>/models/<version>/     as classifiers.model.save writes them
    <root>/models/serving        the serving version's name; missing: the shipped model serves
    <root>/models/history.jsonl  which version took over from which, when, by whom and why
    <root>/models/calibration/<version>.json   a site's own calibration, see classifiers.site

The pointer is replaced in one step, so a running process sees the old name or the new one. The
history is only ever appended to, after the pointer: a line lost in a crash is made good by what
the pointer says.
"""

import json
import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from classifiers import site
from classifiers.model import Model, ModelError, load, read_manifest

DEFAULT = "default"
"""What the shipped model is called here, whatever its version."""

GATE = "gate.json"
"""The report, in a version's folder, of how it compared with the model that then served."""

KEPT_BACK = 5
"""Versions that a comparison kept from serving and that stay for a second look."""

_CALIBRATION = "calibration"
_POINTER = "serving"
_HISTORY = "history.jsonl"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Promotion:
    """One line of the history; ``back`` tells a rollback from a promotion."""

    at: datetime
    version: str
    previous: str
    who: str
    why: str
    back: bool = False


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
            if path.is_dir()
            and _VERSION.fullmatch(path.name)
            and path.name not in (DEFAULT, _CALIBRATION)
        )

    def folder(self, version: str) -> Path:
        """Return the folder of a version kept here, or of DEFAULT. Raises ModelError."""
        if version == DEFAULT:
            return default_model()
        if version not in self.versions():
            kept = ", ".join(self.versions()) or "ни одной"
            raise ModelError(
                f"Версии «{version[:100]}» нет в {self._folder}. Есть: {kept}. "
                f"Модель из поставки зовётся {DEFAULT}."
            )
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
        if version not in self.versions():
            raise ModelError(
                f"Файл {pointer} называет модель «{version[:100]}», а её в {self._folder} нет. "
                "Выберите другую версию или удалите этот файл: будет работать модель из поставки."
            )
        return self._folder / version

    def serving_model(self) -> Model:
        """Return the serving model, calibrated for this site if it ever was. Raises ModelError."""
        model = load(self.serving())
        found = site.read(self.calibration(model.version))
        return found.apply(model) if found else model

    def calibration(self, version: str) -> Path:
        """Return the file of the site's calibration of a version by its name in the manifest.

        The shipped model's is its own and not DEFAULT: the next one shipped is another model.
        Raises ModelError for a name that is no file's.
        """
        if not _VERSION.fullmatch(version):
            raise ModelError(
                f"Имя версии «{version[:100]}» не годится для файла: нужны латинские буквы, цифры, "
                "точка и дефис. Обучите модель заново: otklik train."
            )
        return self._folder / _CALIBRATION / f"{version}.json"

    def add(self, folder: Path) -> str:
        """Copy a model folder here under its own version, and return the version.

        The model is read in full first. A version that is here already is left as it is.
        Raises ModelError if the model is broken or the disk refuses.
        """
        version = load(folder).version
        if not _VERSION.fullmatch(version) or version in (DEFAULT, _CALIBRATION):
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

    def promote(self, version: str, *, at: datetime, who: str, why: str) -> None:
        """Make ``version``, or DEFAULT, the serving one, and note it in the history.

        Processes at work take it up at the next page that they judge. Raises ModelError if it
        is not here or is broken.
        """
        load(self.folder(version))
        self._take_over(Promotion(at, version, self._named(), who, why))

    def rollback(self, *, at: datetime, who: str, why: str = "откат") -> str:
        """Make the version serve again that served before this one, and return it.

        A second rollback goes one further back, to the shipped model in the end; a version that
        is gone or broken is passed over. Raises ModelError when there is nothing before.
        """
        for version in self._served_before():
            if version == self._named():
                continue
            try:
                load(self.folder(version))
            except ModelError:
                continue
            self._take_over(Promotion(at, version, self._named(), who, why, back=True))
            return version
        raise ModelError(
            "Откатывать некуда: действует модель из поставки, и до неё не было другой. "
            "Все версии: otklik model list."
        )

    def history(self) -> list[Promotion]:
        """Return all promotions and rollbacks, the oldest first.

        A line that a crash cut short is passed over. Raises ModelError if the disk refuses.
        """
        path = self._folder / _HISTORY
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ModelError(
                f"Не читается {path}: {error.strerror}. Проверьте права на файл."
            ) from error
        found = []
        for line in lines:
            with suppress(ValueError, TypeError):
                stored = json.loads(line)
                found.append(Promotion(**stored | {"at": datetime.fromisoformat(stored["at"])}))
        return found

    def kept_back(self) -> list[str]:
        """Return versions that were compared and never served, the oldest first."""
        served = {entry.version for entry in self.history()} | {self._named()}
        found = []
        for version in self.versions():
            if version not in served and (self._folder / version / GATE).is_file():
                try:
                    created = str(read_manifest(self._folder / version).get("created", ""))
                except ModelError:
                    created = ""
                found.append((created, version))
        return [version for _, version in sorted(found)]

    def drop_old(self) -> list[str]:
        """Delete all kept-back versions but the newest KEPT_BACK; return what was deleted.

        Versions that a person trained, or that ever served, are never touched.
        """
        old = self.kept_back()[:-KEPT_BACK]
        for version in old:
            with tempfile.TemporaryDirectory(prefix=".old-", dir=self._folder) as temp:
                # In one step out of sight: nobody meets half a model.
                (self._folder / version).replace(Path(temp) / version)
        return old

    def serving_version(self) -> str:
        """Return the serving version's name, DEFAULT for the shipped one. Raises ModelError."""
        folder = self.serving()
        return DEFAULT if folder == default_model() else folder.name

    def _named(self) -> str:
        """Return what the pointer names, be it there or not."""
        try:
            content = (self._folder / _POINTER).read_bytes()
        except OSError:
            return DEFAULT
        return content.decode("utf-8", "replace").strip()[:100]

    def _served_before(self) -> list[str]:
        """Return the versions below the serving one, the nearest first."""
        served = [DEFAULT]
        for entry in self.history():
            if entry.back and entry.version in served:
                while served[-1] != entry.version:
                    served.pop()
            elif entry.version != served[-1]:
                served.append(entry.version)
        if self._named() != served[-1]:  # somebody wrote the pointer by hand
            served.append(self._named())
        return served[-2::-1]

    def _take_over(self, entry: Promotion) -> None:
        line = json.dumps(asdict(entry) | {"at": entry.at.isoformat()}, ensure_ascii=False) + "\n"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Opened before anything is changed: what cannot be noted is not done.
            with (self._folder / _HISTORY).open("ab+") as history:
                if entry.version == DEFAULT:
                    (self._folder / _POINTER).unlink(missing_ok=True)
                else:
                    self._point(entry.version)
                if history.tell():
                    history.seek(-1, os.SEEK_END)
                    if history.read(1) != b"\n":  # the rest of a line that a crash cut short
                        line = "\n" + line
                history.write(line.encode("utf-8", "replace"))
                history.flush()
                os.fsync(history.fileno())
        except OSError as error:
            raise ModelError(
                f"Не удалось записать в {self._folder}: {error.strerror}. "
                "Проверьте права на папку и свободное место."
            ) from error

    def _point(self, version: str) -> None:
        handle, name = tempfile.mkstemp(prefix=".serving-", dir=self._folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(version + "\n")
            Path(name).replace(self._folder / _POINTER)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
