"""The page of sources, and the notice above the queue: who is not read, and what to do."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person, make_calendar, make_region
from console.client import Browser, Page, browsing
from console.test_hostile import HARMLESS, HUGE, SOME, as_parsed
from fastapi import FastAPI

from connectors.ledger import TokenState
from models.inbox import Event, Unreadable
from models.source import Source
from models.vocabulary import Network
from pipeline.connecting import tokens
from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.region.schema import Live, Region, SourceKind
from pipeline.region.schema import Source as Followed
from pipeline.sourcing import local_tools
from pipeline.status import TokenStatus
from pipeline.tokens import looking_at_tokens

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

SECRET = "vk1.a.quite-secret"  # noqa: S105 - for tests only

WALL = Followed(
    "vk:-1",
    SourceKind.VK_WALL,
    Network.VK,
    "ВКонтакте, Печерск",
    live=Live(token="vk-service", answer_token="vk-group"),
)
FEED = Followed("site", SourceKind.FEED, Network.FEED, "Сайт администрации")


def store(engine: sa.Engine, source: Followed = WALL, **fields: Any) -> None:
    """Store a source as it is after a reading that went well five minutes ago."""
    usual: dict[str, Any] = {
        "key": source.key,
        "network": source.network,
        "title": source.title,
        "created_at": NOW - 30 * DAY,
        "last_success_at": NOW - 5 * MINUTE,
        "next_at": NOW + 10 * MINUTE,
        "last_post_at": NOW - 3 * HOUR,
        "usual_gap": 2 * 3600,
    }
    with unit_of_work(engine) as session:
        session.add(Source(**{**usual, **fields}))


FAILED: dict[str, Any] = {
    "last_error": "ключ отозван, выпустите новый",
    "last_error_at": NOW,
    "failures": 2,
}
SILENT: dict[str, Any] = {
    "last_post_at": NOW - 50 * HOUR,
    "silent_since": NOW - DAY,
    "usual_gap": 3 * 3600,
}


@pytest.fixture
def region() -> Region:
    return replace(make_region(), sources=(WALL, FEED))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a data folder with the wall's secrets."""
    folder = tmp_path / "home" / "secrets"
    folder.mkdir(parents=True)
    for name in ("vk-service", "vk-group"):
        (folder / name).write_text(SECRET + name, encoding="utf-8")
        (folder / name).chmod(0o600)
    return folder.parent


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock, region: Region, home: Path) -> FastAPI:
    return create_app(
        engine=console_engine,
        region=region,
        calendar=make_calendar(region),
        clock=clock,
        tokens=lambda: looking_at_tokens(home),
    )


@contextmanager
def signed_in(app: FastAPI, person: Person) -> Iterator[Browser]:
    with browsing(app) as browser:
        browser.sign_in(person.login, person.password)
        yield browser


def rows(browser: Browser) -> list[str]:
    """Return every row of the page's tables as a person reads it."""
    html = browser.get("/sources").text
    return [Page(row).text for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)]


def row(browser: Browser, words: str) -> str:
    """Return the one row that has these words."""
    (found,) = [text for text in rows(browser) if words in text]
    return found


def notice(browser: Browser) -> str:
    """Return the notice above the queue, "" when there is none."""
    found = re.search(r'<p class="note warn">(.*?)</p>', browser.get("/").text, re.DOTALL)
    return Page(found[1]).text if found else ""


def test_a_source_that_is_read_tells_when(browser: Browser, console_engine: sa.Engine) -> None:
    store(console_engine)

    assert row(browser, "ВКонтакте, Печерск") == (
        "ВКонтакте, Печерск читается ВКонтакте · vk:-1 "
        "5 мин назад 18.11.2026 11:55 "
        "3 ч назад 18.11.2026 09:00 обычно раз в 2 ч "
        "через 10 мин 18.11.2026 12:10"
    )
    assert row(browser, "Сайт") == (
        "Сайт администрации ещё не читался Лента сайта · site — — сейчас"
    )
    assert "2 источника" in browser.page("/sources").text
    assert "требуют внимания" not in browser.page("/sources").text


@pytest.mark.parametrize(
    ("fields", "state", "advice"),
    [
        (FAILED, "ошибка (2)", "Ключ отозван, выпустите новый"),
        (SILENT, "молчит", "Молчит уже 2 дн., обычно пишут раз в 3 ч. Откройте сообщество"),
    ],
)
def test_what_is_wrong_comes_first_and_says_what_to_do(
    browser: Browser, console_engine: sa.Engine, fields: dict[str, Any], state: str, advice: str
) -> None:
    store(console_engine)
    store(console_engine, FEED, **fields)

    text = browser.page("/sources").text

    assert "требуют внимания: 1" in text
    assert text.index("Требуют внимания") < text.index("Сайт") < text.index("В порядке")
    assert f"Сайт администрации {state} Лента" in row(browser, "Сайт")
    assert advice in row(browser, "Сайт")


def test_what_waits_and_what_nobody_could_read_is_counted(
    browser: Browser, console_engine: sa.Engine
) -> None:
    store(console_engine)
    with unit_of_work(console_engine) as session:
        for number in range(3):
            session.add(
                Unreadable(
                    source_key=WALL.key,
                    digest=str(number),
                    what="нет даты",
                    payload="{}",
                    first_seen_at=NOW,
                    last_seen_at=NOW,
                )
            )
        session.add(Event(source_key=WALL.key, event_id="1", received_at=NOW, payload={}))

    assert "Не разобрано сообщений: 3; они сохранены" in row(browser, "Печерск")
    assert "Ждут разбора события: 1." in row(browser, "Печерск")


def test_a_table_that_was_taken_in_once_stands_apart(
    browser: Browser, console_engine: sa.Engine
) -> None:
    store(console_engine, key="table:1", title="Обращения.xlsx", network=Network.TABLE, **FAILED)

    text = browser.page("/sources").text

    assert row(browser, "Обращения.xlsx").startswith("Обращения.xlsx не опрашивается Таблица")
    assert "ключ отозван" not in text.lower()
    assert notice(browser) == ""


def test_keys_are_for_administrators(
    app: FastAPI,
    console_engine: sa.Engine,
    home: Path,
    operator: Person,
    administrator: Person,
) -> None:
    # Given a wall whose reading key was used today and whose answering key is dead
    store(console_engine)
    with local_tools(home) as tools:
        service, group = tokens(WALL, tools)
        asyncio.run(tools.ledger.turn(service, "wall.get"))
        tools.ledger.note(service, "wall.createComment", "не публикует")
        tools.ledger.park(group, TokenState.DEAD, "выпустите новый")

    with signed_in(app, administrator) as browser:
        assert "Печерск ключ ждёт человека ВКонтакте" in row(browser, "Печерск")
        assert "ключи: vk-service, vk-group (не действует)" in row(browser, "Печерск")
        assert "Ключ vk-group не действует: выпустите новый" in row(browser, "Печерск")
        assert row(browser, "vk-service действует") == (
            "vk-service действует 1 источник Что он может wall.createComment: не публикует "
            "wall.get: 1, осталось 4 999"
        )
        assert "vk-group не действует 1 источник выпустите новый —" in rows(browser)
        assert SECRET not in browser.get("/sources").text

    with signed_in(app, operator) as browser:
        assert "Печерск ключ ждёт человека ВКонтакте" in row(browser, "Печерск")
        assert "скажите администратору" in row(browser, "Печерск")
        assert "vk-group" not in browser.get("/sources").text
        assert "4 999" not in browser.page("/sources").text


def test_where_a_secret_has_to_lie_is_for_administrators(
    app: FastAPI, console_engine: sa.Engine, home: Path, operator: Person, administrator: Person
) -> None:
    # Given a secret that is not there, which the last reading noticed, too
    (home / "secrets" / "vk-group").unlink()
    with signed_in(app, administrator) as browser:
        found = row(browser, "Печерск")
        assert "Печерск нет ключа ВКонтакте" in found
        assert f"Нет секрета «vk-group». Положите ключ в файл {home}" in found
        said = re.search(r"Нет секрета .*?VK_GROUP\.", found)
        assert said is not None
    store(console_engine, **{**FAILED, "last_error": said[0]})

    with signed_in(app, administrator) as browser:
        assert row(browser, "Печерск").count("Нет секрета") == 1
    with signed_in(app, operator) as browser:
        assert "Печерск нет ключа ВКонтакте" in row(browser, "Печерск")
        assert "скажите администратору" in row(browser, "Печерск")
        assert str(home) not in browser.get("/sources").text


def test_every_page_leads_to_the_sources(browser: Browser) -> None:
    for url in ("/", "/password", "/sources"):
        assert "/sources" in browser.page(url).links, url
    (current,) = [
        link["href"]
        for link in browser.page("/sources").all("a")
        if link.get("aria-current") == "page"
    ]
    assert current == "/sources"


def test_a_region_without_sources_says_where_they_are_named(
    console_engine: sa.Engine, operator: Person
) -> None:
    region = replace(make_region(), sources=())
    app = create_app(engine=console_engine, region=region, calendar=make_calendar(region))
    with signed_in(app, operator) as browser:
        assert "Источников нет" in browser.page("/sources").text


def test_the_queue_says_nothing_while_all_is_well(
    browser: Browser, console_engine: sa.Engine
) -> None:
    store(console_engine)
    # A first failure is likely to be over before anybody has read of it.
    store(console_engine, FEED, **{**FAILED, "failures": 1, "next_at": NOW + MINUTE})

    assert notice(browser) == ""


def test_the_queue_names_sources_that_need_somebody(
    browser: Browser, console_engine: sa.Engine
) -> None:
    store(console_engine, **SILENT)
    store(console_engine, FEED, **FAILED)

    assert notice(browser) == (
        "Источники требуют внимания: "
        "Сайт администрации не читается: ключ отозван, выпустите новый · "
        "ВКонтакте, Печерск молчит 2 дн. (обычно пишут раз в 3 ч) · Все источники"
    )


def test_of_what_is_closed_the_queue_tells_at_once(
    browser: Browser, console_engine: sa.Engine
) -> None:
    closed = {"last_error": "сообщество закрыто", "failures": 1, "next_at": NOW + DAY}
    store(console_engine, **{**FAILED, **closed})

    assert "Печерск не читается: сообщество закрыто" in notice(browser)


def test_the_queue_tells_when_nobody_reads_any_more(
    browser: Browser, console_engine: sa.Engine, clock: Clock
) -> None:
    store(console_engine)
    clock.forward(50 * MINUTE)
    assert notice(browser) == ""

    clock.forward(2 * HOUR)

    assert "ВКонтакте, Печерск не читается, пора было 2 ч назад" in notice(browser)
    assert "Сайт администрации не читается" in notice(browser), "though it was never read"
    assert "Не читается: пора было 2 ч назад. Приём остановлен" in row(browser, "Печерск")
    assert "сейчас просрочено" in row(browser, "Печерск")


@pytest.mark.parametrize(("sources", "more"), [(3, ""), (5, "и ещё 2 · ")])
def test_the_queue_names_three_and_asks_once(
    console_engine: sa.Engine, operator: Person, clock: Clock, sources: int, more: str
) -> None:
    walls = [replace(WALL, key=f"vk:-{n}", title=f"Стена {n}") for n in range(sources)]
    region = replace(make_region(), sources=tuple(walls))
    for wall in walls:
        store(console_engine, wall, **FAILED)
    app = create_app(
        engine=console_engine, region=region, calendar=make_calendar(region), clock=clock
    )
    asked: list[str] = []

    @sa.event.listens_for(console_engine, "before_cursor_execute")
    def listen(*statement: Any) -> None:
        asked.append(str(statement[2]))

    with signed_in(app, operator) as browser:
        said = notice(browser)

    assert said.count("Стена") == 3
    assert said.endswith(f"выпустите новый · {more}Все источники")
    assert len([sql for sql in asked if "FROM source" in sql]) == 1


def test_hostile_words_make_no_element_on_the_page_of_sources(
    app: FastAPI, console_engine: sa.Engine, administrator: Person
) -> None:
    def shown(words: str) -> tuple[Page, Page]:
        """Return the page of sources and the queue of a town that has the words everywhere."""
        if console_engine.dialect.name == "postgresql":
            words = words.replace("\x00", "")  # it stores no NUL at all
        short = words[:90]
        token = TokenStatus(short, TokenState.DEAD, f"{words}!", {short: 1}, {}, {short: words})
        with unit_of_work(console_engine) as session:
            session.execute(sa.delete(Source))
        store(console_engine, **{**FAILED, "last_error": f"сбой {short}"})
        store(console_engine, key=f"table:{short}", title=short)
        app.state.console = replace(
            app.state.console,
            region=replace(make_region(), sources=(replace(WALL, title=words),)),
            tokens=lambda: nullcontext(lambda _: [token]),
        )
        return browser.page("/sources"), browser.page("/")

    with signed_in(app, administrator) as browser:
        calm, queue = shown(HARMLESS)
        for words in (*SOME, HUGE):
            page, strip = shown(words)
            assert page.skeleton == calm.skeleton, words
            assert strip.skeleton == queue.skeleton, words
            said = " ".join(as_parsed("".join(page.pieces)).split())
            assert " ".join(as_parsed(words[:60]).split()) in said, "shown as it is"
