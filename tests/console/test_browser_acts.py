"""The card's panel in a real browser: an incident handed on, answered and agreed to by clicks."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import NOW, add_incident
from console.looks import BOTH_SIZES
from console.test_browser import address, chromium, fits, page
from playwright import sync_api as playwright
from playwright.sync_api import expect

from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import Role, Stage
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing

__all__ = ["address", "chromium", "page"]


STAFF = {
    "petrova": (Role.OPERATOR, None),
    "luga-office": (Role.EXECUTOR, "luga"),
    "glava": (Role.APPROVER, None),
    "watcher": (Role.OBSERVER, None),
}


@pytest.fixture
def come_in(
    page: playwright.Page, address: str, console_engine: sa.Engine
) -> Callable[[str], None]:
    """Sign the tab in as somebody."""
    with unit_of_work(console_engine) as session:
        people = {
            login: staffing.add_staff(session, login, role, NOW, body=body)
            for login, (role, body) in STAFF.items()
        }

    def come_in(login: str) -> None:
        with unit_of_work(console_engine) as session:
            token = access.open_session(session, session.merge(people[login]), NOW)
        page.context.clear_cookies()
        page.context.add_cookies([{"name": "otklik", "value": token, "url": address}])

    return come_in


@BOTH_SIZES
def test_an_incident_is_handed_on_and_its_answer_agreed_to(
    page: playwright.Page,
    console_engine: sa.Engine,
    come_in: Callable[[str], None],
    tmp_path: Path,
) -> None:
    with unit_of_work(console_engine) as session:
        source = source_of(session, "vk:luga")
        number = stored_id(add_incident(session, source, text="Открыт люк у школы").id)

    def look(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert fits(page), name

    def stands_at(stage: str) -> None:
        expect(page.locator(".acts .strong")).to_have_text(stage)

    come_in("petrova")
    page.goto(f"/incident/{number}")
    page.get_by_text("Назначить исполнителя").click()
    look("assigning")
    page.get_by_label("Кому").select_option(label="Администрация Лугского поселения")
    page.get_by_role("button", name="Назначить", exact=True).click()
    stands_at("Назначен")

    come_in("luga-office")
    page.goto("/")
    look("own-queue")
    page.locator(".open").click()
    page.get_by_role("button", name="Принять в работу").click()
    stands_at("В работе")
    page.locator("textarea[name=text]").fill("Здравствуйте! Люк закрыт.")
    page.get_by_label("окончательный", exact=True).check()
    look("drafting")
    page.get_by_role("button", name="На согласование").click()
    stands_at("На согласовании")

    come_in("glava")
    page.goto(f"/incident/{number}")
    look("before-the-head")
    page.get_by_role("button", name="Согласовать ответ").click()
    stands_at("Публикуется")
    look("agreed")

    come_in("watcher")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Сводка")
    look("observer")

    with reading(console_engine) as session:
        assert session.get_one(Incident, number).stage is Stage.PUBLISHING
