"""``otklik sources`` of an installation far in the east, and a town on VKontakte for it to read."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes.server import FakeServer
from fakes.vk import VkFake
from fakes.vk_limits import FakeToken
from networks import hurry, vk_world
from sources_yaml import write

from pipeline.cli import main
from pipeline.region.load import SAMPLES
from pipeline.settings import load_settings


def install(tmp_path: Path, empty_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data folder of a new installation, whose networks answer at once."""
    hurry(monkeypatch)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    shutil.copy(empty_sqlite, folder / "otklik.db")
    shutil.copytree(SAMPLES / "amursky", tmp_path / "region")
    monkeypatch.setenv("OTKLIK_HOME", str(folder))
    monkeypatch.setenv("OTKLIK_REGION", str(tmp_path / "region"))
    monkeypatch.delenv("OTKLIK_DATABASE_URL", raising=False)
    return folder


def sources(*entries: str) -> None:
    write(Path(load_settings().region), "\n".join(entries))


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run the command; return its code and what it said."""
    code = main(["sources", *words])
    said = capsys.readouterr()
    return code, said.out + said.err


@contextmanager
def town() -> Iterator[tuple[str, Any, FakeToken]]:
    """Serve VKontakte from another thread; give its address, its world, the reading token."""
    world, token = vk_world()
    server = FakeServer(VkFake(world).app)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait_for(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(10)

    try:
        wait_for(server.__aenter__())
        yield server.url, world, token
        wait_for(server.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
