"""Trying Otklik out on fake networks of this machine, where something always happens.

What the fakes say is invented, so the demo has a home of its own inside the usual one: nothing
of it gets among real appeals.
"""

import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from shlex import quote
from typing import Any

from models.errors import OtklikError
from pipeline.run import Child, require_free
from pipeline.secrets import FOLDER
from pipeline.settings import Settings, load_settings, make_home
from pipeline.sourcing import LEDGER

SAMPLE = Path(__file__).parent / "region" / "sample" / "smolensky"


class DemoError(OtklikError):
    """The fake networks cannot be served."""


def fakes() -> Any:
    """Return the module of the fake networks. Raises DemoError when it was not installed."""
    try:
        return import_module("fakes.demo")
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] != "fakes":
            raise
        raise DemoError(
            "Учебные сети не установлены вместе с программой. Возьмите её исходники целиком и "
            "запустите make run."
        ) from error


def prepare(settings: Settings, port: int) -> Settings:
    """Make the demo's home and region; return settings that use them, here and in children."""
    demo = fakes()
    home = settings.home.absolute() / "demo"
    make_home(home)
    region = home / "region"
    shutil.copytree(SAMPLE, region, dirs_exist_ok=True)
    (region / "sources.yaml").write_text(demo.sources(demo.addresses(port)), encoding="utf-8")
    secrets = home / FOLDER
    secrets.mkdir(mode=0o700, exist_ok=True)
    for name, value in demo.SECRETS.items():
        (secrets / name).touch(mode=0o600)
        (secrets / name).write_text(value, encoding="utf-8")
    os.environ |= {"OTKLIK_HOME": str(home), "OTKLIK_REGION": str(region)}
    # A database of one's own is for one's own appeals.
    os.environ.pop("OTKLIK_DATABASE_URL", None)
    return load_settings()


def begin_anew(settings: Settings) -> None:
    """Forget what was read from earlier fakes; call it while nobody else uses the demo's home.

    They are born with each start and number what they say from the beginning again: to go on
    would make edits of all of it.
    """
    for left in (*settings.home.glob("otklik.db*"), *settings.home.glob(f"{LEDGER}*")):
        left.unlink()


def child(port: int, option: str) -> Child:
    """Return the process that serves the fake networks.

    Raises RunError when a port is taken, naming the ``option`` that ``port`` comes from.
    """
    for offset in range(len(fakes().NETWORKS)):
        require_free("127.0.0.1", port + offset, option)
    return Child("demo", (sys.executable, "-m", "fakes.demo", str(port)))


def told(port: int, settings: Settings | None = None) -> str:
    """Return where the fake networks can be looked at, for a person.

    With ``settings`` also how other commands find the demo's data.
    """
    url = fakes().addresses(port)
    commands = ""
    if settings is not None:
        commands = (
            "  команды      в другом окне сначала: "
            f"export OTKLIK_HOME={quote(str(settings.home))} "
            f"OTKLIK_REGION={quote(settings.region)}\n"
        )
    return (
        f"  ВКонтакте    {url['vk']}/wall-990000201 (учебная стена: ответы видны там)\n"
        f"  Однокл.      {url['ok']}/\n"
        f"  Telegram     {url['telegram']}/\n"
        f"  MAX          {url['max']}/\n"
        f"  сайт         {url['feed']}{fakes().FEED}\n"
        f"{commands}"
    )
