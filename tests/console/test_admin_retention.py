"""The page of retention: what is due, typing the number, forgetting in the background."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from console.builders import Clock, Person, add_incident, add_source, make_region
from console.client import Browser
from console.office import at_desk
from sqlmodel import select

from models.journal import JournalEntry
from models.post import Post
from models.vocabulary import Act, Stage
from pipeline.console.app import create_app
from pipeline.console.pages.admin_retention import Running
from pipeline.database import reading, unit_of_work
from pipeline.region.schema import Retention
from pipeline.rules import calendar_of

OLD = datetime(2022, 3, 1, 9, tzinfo=UTC)


def served(
    retention: Retention, engine: sa.Engine, person: Person, clock: Clock
) -> Iterator[Browser]:
    region = replace(make_region(), retention=retention)
    app = create_app(engine=engine, region=region, calendar=calendar_of(region), clock=clock)
    with at_desk(app, engine, person) as browser:
        yield browser


@pytest.fixture
def admin(console_engine: sa.Engine, administrator: Person, clock: Clock) -> Iterator[Browser]:
    yield from served(Retention(36, 30), console_engine, administrator, clock)


@pytest.fixture
def keeps_all(console_engine: sa.Engine, administrator: Person, clock: Clock) -> Iterator[Browser]:
    yield from served(Retention(), console_engine, administrator, clock)


def close(engine: sa.Engine, count: int) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        for _ in range(count):
            post = {"author_id": "1001"}
            add_incident(session, source, stage=Stage.CLOSED, closed_at=OLD, post=post)


def authors(engine: sa.Engine) -> set[str]:
    with reading(engine) as session:
        return {post.author_id for post in session.exec(select(Post))}


def wait(browser: Browser) -> Running:
    """Wait until the background has done its work."""
    transport = browser.http._transport
    running: Running = transport.app.state.retention  # type: ignore[attr-defined] # httpx hides it
    until = time.monotonic() + 20
    while not running.ended:
        assert time.monotonic() < until, "it does not end"
        time.sleep(0.02)
    assert not running.failed
    return running


def test_a_dry_run_tells_how_many_and_changes_nothing(
    admin: Browser, console_engine: sa.Engine
) -> None:
    close(console_engine, 3)
    before = admin.page("/admin/retention").text
    assert "36 мес. после закрытия инцидента: сейчас — закрытые раньше 18.11.2023" in before
    assert "Подлежат стиранию" not in before
    page = admin.page("/admin/retention?count=yes")
    assert "Подлежат стиранию авторы инцидентов: 3" in page.text
    assert [link for link in page.links if link.startswith("/incident/")] == [
        "/incident/1",
        "/incident/2",
        "/incident/3",
    ]
    assert authors(console_engine) == {"1001"}


def test_a_wrong_number_forgets_nobody(admin: Browser, console_engine: sa.Engine) -> None:
    close(console_engine, 3)
    for typed in ("", "2", "4", "три", "-3", "3.0", "3; DROP"):
        answer = admin.submit("/admin/retention", "/admin/retention/run", number=typed)
        assert answer.status_code == 422, typed
        assert "Сейчас подлежит стиранию 3" in answer.text
    assert authors(console_engine) == {"1001"}


def test_the_right_number_forgets_the_authors_and_the_journal_tells(
    admin: Browser, console_engine: sa.Engine
) -> None:
    close(console_engine, 3)
    assert "Срок ещё не подтверждён" in admin.page("/admin/retention").text
    answer = admin.submit("/admin/retention", "/admin/retention/run", number=" 3 ")
    assert answer.status_code == 303
    assert wait(admin).done.incidents == 3
    assert authors(console_engine) == {""}
    page = admin.page("/admin/retention").text
    assert "Инцидентов: 3 из 3, сообщений: 3." in page
    assert "подтверждён" in page
    assert "подтвержден срок 36 мес., подлежало инцидентов 3" in page
    assert "стёрто: инцидентов 3, сообщений 3" in page
    with reading(console_engine) as session:
        query = select(JournalEntry).where(JournalEntry.act == Act.AUTHORS_ERASED)
        assert {entry.actor for entry in session.exec(query)} == {"admin"}


def test_without_a_period_it_says_so_and_only_sweeps(
    keeps_all: Browser, console_engine: sa.Engine
) -> None:
    close(console_engine, 1)
    page = keeps_all.page("/admin/retention?count=yes").text
    assert "бессрочно: срок не задан" in page
    assert "Стереть безвозвратно" not in page
    assert keeps_all.submit("/admin/retention", "/admin/retention/run").status_code == 303
    wait(keeps_all)
    assert authors(console_engine) == {"1001"}
