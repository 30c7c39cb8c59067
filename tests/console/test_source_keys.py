"""The secrets that sources name: written and never shown; and the check in the background."""

import logging
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person, make_calendar, make_region
from console.client import Browser, Page, browsing
from console.test_sources import FEED, WALL, store
from fastapi import FastAPI
from sqlmodel import select

from models.journal import JournalEntry
from models.source import Source as StoredSource
from models.vocabulary import Act
from pipeline.console.app import create_app
from pipeline.database import reading
from pipeline.probing import Line, Verdict
from pipeline.region.schema import Source
from pipeline.settings import SettingsError

VALUE = "vk1.a.brand-new-and-quite-secret"
PAGE = "/sources/keys"


@dataclass
class Network:
    """A network that answers when the test lets it."""

    answers: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    broken: bool = False

    def ask(self, source: Source) -> Iterable[Line]:
        self.asked.append(source.key)
        assert self.answers.wait(10)
        if self.broken:
            raise RuntimeError("secret words")
        if source.key == FEED.key:
            raise SettingsError("Сайт закрыт.")
        return [Line("wall.get", Verdict.YES), Line("wall.post", Verdict.NO, "нет права")]


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock, tmp_path: Path, network: Network) -> FastAPI:
    region = replace(make_region(), sources=(WALL, FEED))
    return create_app(
        engine=console_engine,
        region=region,
        calendar=make_calendar(region),
        clock=clock,
        home=tmp_path / "home",
        check=network.ask,
    )


@pytest.fixture
def boss(app: FastAPI, administrator: Person) -> Iterator[Browser]:
    with browsing(app) as browser:
        browser.sign_in(administrator.login, administrator.password)
        yield browser


def file_of(app: FastAPI, name: str = "vk-service") -> Path:
    folder: Path = app.state.console.home / "secrets"
    return folder / name


def test_a_key_goes_into_its_file_and_nowhere_else(
    boss: Browser, app: FastAPI, console_engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    store(console_engine, WALL)
    assert boss.page(PAGE).text.count("не задан") == 2

    with caplog.at_level(logging.DEBUG):
        answer = boss.submit(PAGE, f"{PAGE}/vk-service", value=f" {VALUE}\n")
    assert answer.status_code == 303

    file = file_of(app)
    assert file.read_text(encoding="utf-8") == f"{VALUE}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["vk-service"], "nothing half-written"
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    shown = boss.get(answer.headers["location"].partition("#")[0])
    assert "задан в файле" in shown.text
    assert "18.11.2026" in shown.text
    assert "Ключ «vk-service» сохранён" in shown.text
    with reading(console_engine) as session:
        (entry,) = session.exec(
            select(JournalEntry).where(JournalEntry.act == Act.SOURCE_KEY_CHANGED)
        ).all()
        source = session.exec(select(StoredSource)).one()
    assert (entry.actor, entry.after) == ("admin", {"secret": "vk-service"})
    assert source.next_at is None, "it is read at once"
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("http")]
    seen = "".join(response.text for response in boss.seen)
    assert VALUE not in seen + repr(entry) + "".join(ours)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "Ключ пуст"),
        ("  \n", "Ключ пуст"),
        ("first\nsecond", "одна строка без переносов"),
        ("a\x00b", "одна строка без переносов"),
        ("a\u2028b", "одна строка без переносов"),
        ("щ" * 5000, "длиннее 10000 байт"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown_again(
    value: str, said: str, boss: Browser, app: FastAPI
) -> None:
    file_of(app).parent.mkdir(parents=True)
    file_of(app).write_text("old")
    answer = boss.submit(PAGE, f"{PAGE}/vk-service", value=value)
    assert answer.status_code == 422
    assert said in Page(answer.text).text
    assert file_of(app).read_text() == "old"
    if value.strip():
        assert value not in answer.text


def test_the_environment_has_the_last_word(
    boss: Browser, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTKLIK_SECRET_VK_SERVICE", "from-environment")
    page = boss.page(PAGE)
    assert "задан в окружении" in page.text
    assert f"{PAGE}/vk-service" not in [one.get("action") for one in page.all("form")]

    answer = boss.submit(PAGE, f"{PAGE}/vk-service", value=VALUE)

    assert answer.status_code == 422
    assert not file_of(app).exists()
    assert "from-environment" not in answer.text


def test_a_file_that_others_can_read_is_told(boss: Browser, app: FastAPI) -> None:
    file_of(app).parent.mkdir(parents=True)
    file_of(app).write_text("open")
    file_of(app).chmod(0o644)
    page = boss.page(PAGE)
    assert "файл не годится" in page.text
    assert "chmod 600" in page.text
    assert boss.submit(PAGE, f"{PAGE}/vk-service", value=VALUE).status_code == 303
    assert "файл не годится" not in boss.page(PAGE).text


@pytest.mark.parametrize("name", ["console.key", "smtp", "..%2Fsecret", "vk-service2", "%00"])
def test_only_secrets_that_a_source_names_are_written(
    name: str, boss: Browser, app: FastAPI
) -> None:
    assert boss.submit(PAGE, f"{PAGE}/{name}", value=VALUE).status_code == 404
    assert not file_of(app).parent.exists()


def test_a_folder_that_cannot_be_written_is_told_without_the_key(
    boss: Browser, app: FastAPI
) -> None:
    file_of(app).parent.parent.mkdir()
    file_of(app).parent.write_text("a file in the way")
    answer = boss.submit(PAGE, f"{PAGE}/vk-service", value=VALUE)
    assert answer.status_code == 422
    assert "не записан" in Page(answer.text).text
    assert VALUE not in answer.text


def test_a_check_runs_apart_and_its_outcome_is_shown(
    boss: Browser, app: FastAPI, network: Network
) -> None:
    assert boss.submit(PAGE, "/sources/check", source=WALL.key).status_code == 303
    waiting = boss.page(PAGE)
    assert "проверяется" in waiting.text
    assert waiting.all("section", id="checks")[0]["hx-get"] == PAGE, "it renews itself"
    boss.submit(PAGE, "/sources/check", source=WALL.key)

    network.answers.set()
    settle(app)

    page = boss.page(PAGE)
    assert "не всё в порядке" in page.text
    assert "wall.post: нет права" in page.text
    assert "hx-get" not in page.all("section", id="checks")[0]
    assert network.asked == [WALL.key], "asked once"


def test_all_are_checked_one_after_another_and_a_refusal_is_an_outcome(
    boss: Browser, app: FastAPI, network: Network
) -> None:
    network.answers.set()
    assert boss.submit(PAGE, "/sources/check", source="*").status_code == 303
    settle(app)
    assert network.asked == [WALL.key, FEED.key]
    assert "Сайт закрыт." in boss.page(PAGE).text


def test_an_error_of_ours_ends_the_check_and_tells_no_more(
    boss: Browser, app: FastAPI, network: Network
) -> None:
    network.broken = True
    network.answers.set()
    boss.submit(PAGE, "/sources/check", source=WALL.key)
    settle(app)
    page = boss.page(PAGE)
    assert "внутренняя ошибка" in page.text
    assert "secret words" not in page.text


def test_an_unknown_source_is_not_checked(boss: Browser, network: Network) -> None:
    assert boss.submit(PAGE, "/sources/check", source="vk:-2").status_code == 404
    assert network.asked == []


def settle(app: FastAPI) -> None:
    """Wait until the thread that asks has nothing to do."""
    for thread in threading.enumerate():
        if thread.name == "checks":
            thread.join(10)
    assert not app.state.console.checks.at_work
