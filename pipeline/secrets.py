"""Secrets by name: from the environment or from a file that nobody else may read.

``sources.yaml`` names them; the values never stand in the region's files, in the database, in
logs or in errors.
"""

import os
import stat
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

from pipeline.settings import SettingsError

FOLDER = "secrets"
LONGEST = 10_000
"""Bytes of a secret's file; a longer one is none."""

CONSOLE_KEY = "console.key"
"""What the console encrypts with. No source can name it: their names hold no full stop."""


_MAKING = threading.Lock()
"""Of two threads that need the key first, one makes it."""


class Where(StrEnum):
    """Where a secret lies, for people."""

    ENVIRONMENT = "задан в окружении"
    FILE = "задан в файле"
    BROKEN = "файл не годится"
    NOWHERE = "не задан"


@dataclass(frozen=True, slots=True)
class SecretState:
    """What may be told of a secret: where it lies, a file's date, what is wrong with the file."""

    where: Where
    since: datetime | None = None
    trouble: str = ""


def variable(name: str) -> str:
    """Return the environment variable of a secret: vk-service → OTKLIK_SECRET_VK_SERVICE."""
    return f"OTKLIK_SECRET_{name.upper().replace('-', '_').replace('.', '_')}"


def find_secret(name: str, home: Path) -> SecretStr | None:
    """Return a secret, from the environment first, or None when it is nowhere.

    Raises SettingsError when its file can be read by others, or cannot be read at all.
    """
    given = os.environ.get(variable(name), "").strip()
    if given:
        return SecretStr(given)
    path = home / FOLDER / name
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(LONGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"Секрет {name}: файл {path} не читается: {error.strerror}.") from error
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsError(
            f"Секрет {name}: файл {path} могут прочитать другие люди. "
            f"Закройте его: chmod 600 {path}"
        )
    try:
        value = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        value = ""
    if not value or len(content) > LONGEST or not value.isprintable():
        raise SettingsError(
            f"Секрет {name}: в файле {path} должна быть одна строка с ключом и ничего больше."
        )
    return SecretStr(value)


def require_secret(name: str, home: Path) -> SecretStr:
    """Return a secret. Raises SettingsError saying where to put it."""
    found = find_secret(name, home)
    if found is None:
        raise SettingsError(
            f"Нет секрета «{name}». Положите ключ в файл {home / FOLDER / name} (права 600) или в "
            f"переменную окружения {variable(name)}."
        )
    return found


def secret_state(name: str, home: Path) -> SecretState:
    """Tell where a secret lies, without its value."""
    if os.environ.get(variable(name), "").strip():
        return SecretState(Where.ENVIRONMENT)
    try:
        found = find_secret(name, home)
        if found is None:
            return SecretState(Where.NOWHERE)
        changed = (home / FOLDER / name).stat().st_mtime
    except SettingsError as error:
        return SecretState(Where.BROKEN, trouble=str(error))
    except OSError:
        return SecretState(Where.NOWHERE)
    return SecretState(Where.FILE, datetime.fromtimestamp(changed, UTC))


def write_secret(name: str, value: str, home: Path) -> None:
    """Put a secret into its file, closed to other people.

    Raises SettingsError, which never repeats the value, for one that is no single line, where the
    environment has the last word, and where the file cannot be written.
    """
    if os.environ.get(variable(name), "").strip():
        raise SettingsError(
            f"Секрет {name} задан переменной окружения {variable(name)}: она важнее файла. "
            "Смените его там, где запускают Отклик."
        )
    tidy = value.strip()
    if not tidy:
        raise SettingsError("Ключ пуст. Вставьте его целиком.")
    if not tidy.isprintable() or len(tidy.splitlines()) != 1:
        raise SettingsError("Ключ — одна строка без переносов. Скопируйте его ещё раз.")
    if len(tidy.encode()) >= LONGEST:
        raise SettingsError(f"Ключ длиннее {LONGEST} байт: это не ключ.")
    _write(home / FOLDER / name, tidy)


def console_key(home: Path) -> Fernet:
    """Return what the console encrypts with; its key is made when it is first needed.

    Raises SettingsError when the key is there and is none.
    """
    with _MAKING:
        if find_secret(CONSOLE_KEY, home) is None:
            _write(home / FOLDER / CONSOLE_KEY, Fernet.generate_key().decode())
    key = require_secret(CONSOLE_KEY, home)
    try:
        return Fernet(key.get_secret_value())
    except ValueError:
        raise SettingsError(
            f"Ключ консоли в файле {home / FOLDER / CONSOLE_KEY} или в переменной "
            f"{variable(CONSOLE_KEY)} не годится: нужны 32 случайных байта в base64. Верните "
            "прежний; без него второй фактор каждому сотруднику надо сбросить."
        ) from None


def _write(path: Path, line: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with 0600, and renamed when it is whole: readers see the old one or the new one.
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{line}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(path)
        finally:
            Path(part).unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"Секрет {path.name} не записан: {error.strerror}. Проверьте права на папку "
            f"{path.parent} и место на диске."
        ) from None
