"""``otklik run --demo-network`` as a person tries it: from posts to answers on the fake walls."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from console.client import Page
from fakes.demo import NETWORKS
from ports import free_ports
from scenarios.test_run import alive, family_of
from sqlmodel import Session, col, select

from models.answer import Answer
from models.incident import Incident
from models.post import Post
from models.source import Source
from models.vocabulary import AnswerState
from pipeline.database import open_database

pytestmark = pytest.mark.long

PATIENCE = 240.0
"""Seconds; posts are here after half a minute and an answer after one and a half, but a busy
machine may take its time."""

BY_COMMAND = "Здравствуйте! Бригада выехала сегодня утром, работы закончат к вечеру."
BY_FORM = "Добрый день! Заявку приняли, срок работ сообщим здесь же."


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.5)


@dataclass
class Trial:
    """A running demo: its process, what it said, and how to look into it."""

    process: subprocess.Popen[str]
    said: str
    environment: dict[str, str]

    def told(self, pattern: str) -> str:
        """Return what the start told about something; the pattern's group is it."""
        found = re.search(pattern, self.said)
        assert found is not None, self.said
        return found.group(1)

    @property
    def home(self) -> Path:
        return Path(self.told(r"OTKLIK_HOME=(\S+)"))

    @contextmanager
    def session(self) -> Iterator[Session]:
        engine = open_database(f"sqlite:///{self.home / 'otklik.db'}")
        try:
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()

    def otklik(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command in another window, where the printed settings were pasted."""
        mine = {"OTKLIK_HOME": str(self.home), "OTKLIK_REGION": self.told(r"OTKLIK_REGION=(\S+)")}
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *words],
            env=self.environment | mine,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def incidents(self, key: str) -> list[tuple[int, str]]:
        """Return the oldest incidents of a source with their posts' ids.

        What was said before the start is left in peace by the fake's people.
        """
        old = datetime.now(UTC) - timedelta(hours=1)
        query = (
            sa.select(col(Incident.id), col(Post.external_id))
            .join(Post, col(Post.incident_id) == col(Incident.id))
            .join(Source, col(Source.id) == col(Post.source_id))
            .where(col(Source.key).startswith(key), col(Post.published_at) < old)
            .order_by(col(Incident.id))
        )
        try:
            with self.session() as session:
                return [(row[0], row[1]) for row in session.execute(query)]
        except sa.exc.OperationalError:
            return []  # the tables are being made

    def answer(self, incident: int) -> Answer:
        with self.session() as session:
            return session.exec(select(Answer).where(Answer.incident_id == incident)).one()

    def published(self, incident: int) -> bool:
        answer = self.answer(incident)
        assert answer.state is not AnswerState.REFUSED, answer.error
        return answer.state is AnswerState.PUBLISHED


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ports = free_ports(2 + len(NETWORKS))
    environment = own | {
        "OTKLIK_HOME": str(tmp_path / "home"),
        "OTKLIK_PORT": str(ports),
        "OTKLIK_PREFECT_PORT": str(ports + 1),
    }
    command = ["run", "--demo-network", "--demo-port", str(ports + 2)]
    with (
        (tmp_path / "errors.log").open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = ""
            while "Источников" not in said:
                line = process.stdout.readline()
                assert line, f"it ended: {(tmp_path / 'errors.log').read_text()}"
                said += line
            yield Trial(process, said, environment)
        finally:
            process.kill()


def sign_in(browser: httpx.Client, link: str) -> None:
    """Press the button on the page that the printed link leads to."""
    page = Page(browser.get(link).raise_for_status().text)
    entered = browser.post(link, data={"form_token": page.form_token})
    assert entered.status_code == 303


def send(browser: httpx.Client, incident: int, text: str) -> None:
    """Fill in the form on an incident's card."""
    page = Page(browser.get(f"/incident/{incident}").raise_for_status().text)
    form = {
        "form_token": page.form_token,
        "seen": page.all("input", name="seen")[0]["value"] or "",
        "text": text,
        "kind": "final",
        "button": "send",
    }
    sent = browser.post(f"/incident/{incident}/answer", data=form)
    assert sent.status_code == 303, sent.text


def test_posts_become_incidents_and_answers_reach_the_walls_once(
    trial: Trial, tmp_path: Path
) -> None:
    # Given the product with the fake networks, started with one command
    wall = trial.told(r"(http://\S+)/wall-990000201 ")
    groups = trial.told(r"Однокл\.\s+(http://\S+)/")
    assert trial.home.is_relative_to(tmp_path / "home")
    # Then posts of both networks become incidents
    until(lambda: bool(trial.incidents("demo-vk-district")), "no incidents of VKontakte")
    until(lambda: bool(trial.incidents("demo-ok:")), "no incidents of Odnoklassniki")
    # When one is answered with the command, and the fake loses the confirmation
    first, post = trial.incidents("demo-vk-district")[0]
    queued = trial.otklik("reply", str(first), BY_COMMAND)
    assert queued.returncode == 0, queued.stderr
    place = f"{wall}/wall{post.partition('_r')[0]}"

    def on_the_wall() -> int:
        return httpx.get(place, trust_env=False).raise_for_status().text.count(BY_COMMAND)

    until(lambda: on_the_wall() > 0, "the answer did not arrive")
    # Then it is looked for and found, not sent again
    until(lambda: trial.published(first), "the answer was not found")
    assert trial.answer(first).attempts > 1
    assert on_the_wall() == 1
    assert "опубликован" in trial.otklik("reply", str(first), "--status").stdout
    # When another one is answered in the console
    second, topic = trial.incidents("demo-ok:")[0]
    console = trial.told(r"консоль\s+(\S+)")
    with httpx.Client(base_url=console, trust_env=False, timeout=30) as browser:
        sign_in(browser, trial.told(r"(http://\S+/enter/\S+)"))
        send(browser, second, BY_FORM)
        # Then it stands in the group once, and the card says so
        until(lambda: trial.published(second), "the answer was not published")
        group = f"{groups}/group/{topic.partition('_')[0]}"
        assert httpx.get(group, trust_env=False).text.count(BY_FORM) == 1
        card = Page(browser.get(f"/incident/{second}").text).text
        assert "опубликован окончательный · admin" in card
    # And every source is read, and no answer of ours has become an incident
    with trial.session() as session:
        assert [one.key for one in session.exec(select(Source)) if one.last_error] == []
        ours = session.exec(select(Post).where(col(Post.text).in_([BY_COMMAND, BY_FORM]))).all()
        assert [one.incident_id for one in ours if one.incident_id] == []
    # When it is stopped with Ctrl-C
    family = family_of(trial.process.pid)
    assert len(family) > len(("prefect", "demo", "flows"))
    trial.process.send_signal(signal.SIGINT)
    assert trial.process.wait(timeout=60) == 0
    # Then nobody stays behind, and nothing was written beside the demo's own folder
    assert trial.process.stdout is not None
    assert "Остановлено" in trial.process.stdout.read()
    assert alive(family) == set()
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["demo"]
