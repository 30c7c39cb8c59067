"""Secrets and paths, from the environment; everything else is the region's files.

``OTKLIK_HOME`` is the folder of everything that is written: the database, models, logs.
"""

import ipaddress
import os
import re
import tempfile
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.errors import OtklikError

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - what is asked about, not what is bound

MAP_TILES = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
    r"(?=.*\{z\})(?=.*\{x\})(?=.*\{y\})/(?:[A-Za-z0-9._~/?&=%@-]|\{[zxy]\}){1,500}"
)
"""A map server's address of one tile: by zoom, column and row. It becomes a part of a header."""


class SettingsError(OtklikError):
    """An environment variable has a value that cannot be used."""


def default_home() -> Path:
    """Return the folder for data when ``OTKLIK_HOME`` is not set (XDG base directories)."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "otklik"


class Settings(BaseSettings):
    """One attribute an environment variable ``OTKLIK_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="OTKLIK_", frozen=True)

    home: Path = Field(default_factory=default_home)
    database_url: SecretStr | None = None
    region: str = "smolensky"
    host: str = "127.0.0.1"
    public_url: str = ""
    port: int = Field(default=8017, ge=1, le=65535)
    proxies: str = ""
    smtp_url: SecretStr | None = None
    prefect_port: int = Field(default=8018, ge=1, le=65535)
    map_tiles: str = ""

    def url(self) -> str:
        """Return the database's URL; the embedded SQLite file unless another one is named."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home.absolute() / 'otklik.db'}"

    def console_url(self) -> str:
        """Return the address that people open, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def make_home(home: Path) -> None:
    """Make the folder for data, closed to other people. Raises SettingsError."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=home):
            return
    except OSError as error:
        raise SettingsError(
            f"В папку данных {home} нельзя писать: {error.strerror}. Проверьте OTKLIK_HOME, "
            "права и место на диске."
        ) from error


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError naming the variables, never their values."""
    try:
        settings = Settings()
    except ValidationError as error:
        names = ", ".join(f"OTKLIK_{str(detail['loc'][0]).upper()}" for detail in error.errors())
        raise SettingsError(
            f"Неверное значение в переменной окружения: {names}. Порты — числа от 1 до 65535; "
            "все переменные описаны в README."
        ) from None
    if "?" in str(settings.home):
        raise SettingsError("В пути OTKLIK_HOME стоит знак «?»: база с ним не откроется.")
    if settings.public_url and not re.match(r"https?://[^/]+", settings.public_url):
        raise SettingsError("OTKLIK_PUBLIC_URL — не адрес вида https://otklik.example.ru")
    if settings.map_tiles and not MAP_TILES.fullmatch(settings.map_tiles):
        raise SettingsError(
            "OTKLIK_MAP_TILES — не адрес плиток карты. Образец: "
            "https://tile.example.ru/{z}/{x}/{y}.png"
        )
    for proxy in filter(None, settings.proxies.split(",")):
        try:
            ipaddress.ip_network(proxy.strip(), strict=False)
        except ValueError:
            raise SettingsError(
                "OTKLIK_PROXIES — не адреса через запятую. Образец: 127.0.0.1,10.0.0.0/24"
            ) from None
    if settings.host in ANY_ADDRESS and not settings.public_url:
        raise SettingsError(
            f"OTKLIK_HOST={settings.host} открывает консоль другим машинам. Укажите в "
            "OTKLIK_PUBLIC_URL адрес, по которому её будут открывать, например "
            "http://otklik.local:8017"
        )
    return settings
