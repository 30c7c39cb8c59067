"""A site's calibration of a version: what its own people's reviews say of how sure it may be.

It is kept beside the versions, as JSON, and not inside one: the version stays the one that was
measured and whose checksums are known, and without the file it answers as it did.

A damaged file is refused, as a damaged model is. Its thresholds tell what nobody looks at; the
version's own, which this site found too bold, must not come back unseen. Nothing is lost
meanwhile: each source says what is wrong, and is read on from its place once the file is mended.
"""

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from classifiers.model import Calibration, Model, ModelError
from models.vocabulary import Topic

LARGEST_FILE = 64 * 1024
"""Bytes; a whole calibration takes about one thousand."""

_TEMPERATURE = "topic_temperature"
_AUTO = "auto_thresholds"
_SHARES = ("topic_doubt", "unsure_threshold", "relevance_threshold")
_CURVE = ("relevance_slope", "relevance_shift")
FIELDS = (_TEMPERATURE, _AUTO, *_SHARES, *_CURVE)
"""What classifiers.calibration.recalibrate may change, and nothing else."""


@dataclass(frozen=True, slots=True)
class SiteCalibration:
    """The values of FIELDS, found at ``at`` from ``labels`` reviewed texts.

    ``ece`` is the calibration error, 0..1, on texts held back: of the version's own calibration,
    and of one made like this.
    """

    at: datetime
    labels: int
    ece: tuple[float, float]
    values: Mapping[str, Any]

    def apply(self, model: Model) -> Model:
        """Return ``model`` calibrated for the site."""
        return replace(model, calibration=replace(model.calibration, **self.values))


def values_of(calibration: Calibration) -> dict[str, Any]:
    """Return the values of FIELDS in a calibration."""
    return {name: getattr(calibration, name) for name in FIELDS}


def write(path: Path, found: SiteCalibration) -> None:
    """Write the file, all of it or nothing; an older one is replaced. Raises ModelError."""
    text = json.dumps(asdict(found) | {"at": found.at.isoformat()}, ensure_ascii=False, indent=2)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ModelError(
            f"Не удалось записать калибровку {path}: {error.strerror}. "
            "Проверьте права на папку и свободное место."
        ) from error


def read(path: Path) -> SiteCalibration | None:
    """Return what write() stored, None where there is no file. Raises ModelError if damaged."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from error
    try:
        stored = json.loads(content if len(content) <= LARGEST_FILE else b"")
        before, after = stored["ece"]
        at = datetime.fromisoformat(stored["at"])
        return SiteCalibration(
            at, int(stored["labels"]), (float(before), float(after)), _checked(stored["values"])
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _checked(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored values, each of its type and range. Raises ValueError, KeyError, TypeError."""
    if set(stored) != set(FIELDS):
        raise ValueError("other fields than a site may calibrate")
    auto = {Topic(code).value: _share(least) for code, least in stored[_AUTO].items()}
    values: dict[str, Any] = {name: _number(stored[name]) for name in (_TEMPERATURE, *_CURVE)}
    if values[_TEMPERATURE] <= 0:
        raise ValueError("a temperature is more than 0")
    return values | {name: _share(stored[name]) for name in _SHARES} | {_AUTO: auto}


def _number(value: object) -> float:
    # JSON knows true, and Python's reader NaN: neither is a number of ours.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def _share(value: object) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError("not a share")
    return number


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError(
        f"Калибровка модели для этого места {path} повреждена или не читается ({why[:200]}). "
        "Сделайте её заново: otklik model recalibrate. Если размеченных текстов для этого мало, "
        "удалите файл: модель будет работать со своей калибровкой."
    )
