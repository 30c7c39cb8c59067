"""Region, norms, models, journal and retention in a real browser."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from console.builders import NOW, Clock, Person, add_incident, add_source
from console.looks import EVERY_LOOK
from console.test_browser import address, chromium, fits, page
from fastapi import FastAPI
from playwright import sync_api as playwright
from playwright.sync_api import expect
from region_folder import SMALL, write_region

from models.staff import Staff
from models.vocabulary import Stage
from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.desk import access
from pipeline.region.load import load_region
from pipeline.region.schema import Retention
from pipeline.rules import calendar_of

__all__ = ["address", "chromium", "page"]


OLD = datetime(2022, 3, 1, 9, tzinfo=UTC)
PAGES = (
    "/admin/region?check=yes",
    "/admin/norms",
    "/admin/models?one=default&other=default",
    "/admin/journal",
    "/admin/journal/check",
    "/admin/retention?count=yes",
)


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock, tmp_path: Path) -> FastAPI:
    """Return the console of a region that lies in a folder and sets a period."""
    folder = tmp_path / "lipki"
    folder.mkdir()
    region = load_region(write_region(folder))
    return create_app(
        engine=console_engine,
        region=replace(region, retention=Retention(36, 30, 30)),
        calendar=calendar_of(region),
        clock=clock,
        folder=str(folder),
        home=tmp_path / "home",
    )


@pytest.fixture
def desk(
    page: playwright.Page, console_engine: sa.Engine, administrator: Person
) -> playwright.Page:
    """Give an administrator's tab; three old incidents are closed, one is open."""
    with unit_of_work(console_engine) as session:
        source = add_source(session)
        add_incident(session, source, body="desk", settlement="north")
        for _ in range(3):
            add_incident(session, source, stage=Stage.CLOSED, closed_at=OLD)
        staff = session.get_one(Staff, administrator.id)
        token = access.make_entry_link(session, staff, NOW, timedelta(hours=1))
    page.goto(f"/enter/{token}")
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("/")
    return page


@pytest.mark.long
@EVERY_LOOK
def test_every_page_fits_and_hides_nothing_from_a_reader(desk: playwright.Page) -> None:
    complaints: list[str] = []
    desk.on("console", lambda message: complaints.append(message.text))
    desk.on("pageerror", lambda error: complaints.append(str(error)))
    for address_ in PAGES:
        desk.goto(address_)
        assert fits(desk), address_
        found = Axe().run(desk)
        assert found.violations_count == 0, found.generate_report()
    assert complaints == []


def test_a_file_is_tried_with_the_page_of_a_browser(desk: playwright.Page, tmp_path: Path) -> None:
    desk.goto("/admin/region")
    changed = tmp_path / "norms.yaml"
    changed.write_text(SMALL["norms.yaml"].replace("urgent", "any"), encoding="utf-8")
    desk.get_by_label("Файл, до 512 КБ").set_input_files(changed)
    desk.get_by_role("button", name="Попробовать").click()
    expect(desk.get_by_role("heading", name="Что было бы с файлом norms.yaml")).to_be_visible()
    expect(desk.get_by_text("Ничего не изменено: это проба.")).to_be_visible()


def test_the_check_of_the_journal_ends_before_ones_eyes(desk: playwright.Page) -> None:
    desk.goto("/admin/journal")
    desk.get_by_role("button", name="Проверить цепочку").click()
    expect(desk.get_by_text("Журнал цел")).to_be_visible()
    expect(desk.get_by_role("button", name="Проверить снова")).to_be_visible()


def test_authors_are_forgotten_after_the_number_was_typed(desk: playwright.Page) -> None:
    desk.goto("/admin/retention")
    desk.get_by_role("button", name="Посчитать").click()
    number = desk.get_by_label("Чтобы стереть, введите число инцидентов (3)")
    number.fill("2")
    desk.get_by_role("button", name="Стереть безвозвратно").click()
    expect(desk.get_by_role("alert")).to_contain_text("введено не то число")
    number.fill("3")
    desk.get_by_role("button", name="Стереть безвозвратно").click()
    expect(desk.get_by_text("Инцидентов: 3 из 3, сообщений: 3.")).to_be_visible()
    expect(desk.get_by_role("heading", name="Последнее стирание")).to_be_visible()
