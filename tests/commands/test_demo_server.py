"""``otklik demo-server`` as a person starts and stops it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fakes.demo import NETWORKS, SECRETS
from ports import free_ports

from pipeline import demo
from pipeline.cli import main
from pipeline.region.load import SAMPLES, check_region, load_region
from pipeline.secrets import variable
from pipeline.settings import Settings
from pipeline.sourcing import LEDGER

PATIENCE = 60.0
"""Seconds that a start may take on a busy machine."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))


def test_its_sources_can_be_put_into_a_region_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # When the sources are asked for
    assert main(["demo-server", "--sources", "--port", "9100"]) == 0
    said = capsys.readouterr().out
    # Then a region with them is in order, and every secret that they name is told
    region = tmp_path / "region"
    shutil.copytree(SAMPLES / "smolensky", region)
    (region / "sources.yaml").write_text(said, encoding="utf-8")
    assert check_region(region) == []
    lives = [source.live for source in load_region(region).sources]
    names = {
        name
        for live in lives
        for name in (live.token, live.app_secret, live.events_token, live.answer_token)
        if name
    }
    assert names == set(SECRETS)
    for name in names:
        assert f"# {variable(name)}={SECRETS[name]}\n" in said
    assert {live.api or live.url for live in lives} >= {
        f"http://127.0.0.1:{port}" for port in range(9100, 9104)
    }


@pytest.mark.parametrize("taken", [0, len(NETWORKS) - 1])
def test_a_taken_port_is_explained(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    first = free_ports(len(NETWORKS))
    with socket.socket() as other:
        other.bind(("127.0.0.1", first + taken))
        other.listen()
        assert main(["demo-server", "--port", str(first)]) == 1
    told = capsys.readouterr().err
    assert f"Порт {first + taken} на 127.0.0.1 занят" in told
    assert told.rstrip().endswith("--port.")


@pytest.mark.parametrize("port", ["0", "65532", "-1", "80x", "9" * 5000])
def test_a_port_that_cannot_be_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["demo-server", "--port", port])
    assert left.value.code == 2
    assert "нужно число от 1 до 65531" in capsys.readouterr().err


def test_it_serves_every_network_until_ctrl_c(tmp_path: Path) -> None:
    # Given a server as somebody starts it
    first = free_ports(len(NETWORKS))
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "demo-server", "--port", str(first)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            said = "".join(process.stdout.readline() for _ in range(1 + len(NETWORKS)))
            # Then the pages that it names are there
            addresses = re.findall(r"http://\S+", said)
            assert len(addresses) == len(NETWORKS)
            pages = [httpx.get(address, timeout=PATIENCE, trust_env=False) for address in addresses]
            assert [page.status_code for page in pages] == [200] * len(NETWORKS)
            assert "Учебная площадка" in pages[0].text
            # And Ctrl-C ends it
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0
            assert process.stdout.read() == "Остановлено.\n"
            assert process.stderr.read() == ""
        finally:
            process.kill()
    # And nothing was written down
    assert not (tmp_path / "home").exists()


def test_each_start_of_the_demo_begins_anew_and_touches_nothing_else(tmp_path: Path) -> None:
    # Given a home with appeals, and a demo in it that was used
    home = tmp_path / "home"
    kept = home / "otklik.db"
    (home / "demo").mkdir(parents=True)
    kept.write_text("обращения")
    trial = Settings(home=home / "demo")
    for name in ("otklik.db", "otklik.db-wal", LEDGER):
        (trial.home / name).write_text("учебное")
    # When it begins anew, twice
    for _ in range(2):
        demo.begin_anew(trial)
    # Then nothing of it is left, and all else is there
    assert list(trial.home.iterdir()) == []
    assert kept.read_text() == "обращения"
