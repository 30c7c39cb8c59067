"""Secrets by name: from the environment or from a file that nobody else may read.

``sources.yaml`` names them; the values never stand in the region's files, in the database, in
logs or in errors.
"""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

from pipeline.settings import SettingsError

FOLDER = "secrets"
LONGEST = 10_000
"""Bytes of a secret's file; a longer one is none."""


def variable(name: str) -> str:
    """Return the environment variable of a secret: vk-service → OTKLIK_SECRET_VK_SERVICE."""
    return f"OTKLIK_SECRET_{name.upper().replace('-', '_')}"


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
