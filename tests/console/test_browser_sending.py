"""Sending in a real browser: twice, without a network, after the session, and taken back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from console.builders import NOW, Person, add_incident, add_source
from console.looks import BOTH_SIZES, EVERY_LOOK
from console.test_browser import address, chromium, fits, link, page
from playwright import sync_api as playwright
from playwright.sync_api import expect
from sqlmodel import delete, select

from models.columns import stored_id
from models.console import BulkAct
from models.incident import Incident
from models.staff import SignIn, Staff
from models.vocabulary import ClosingReason, Topic
from pipeline.database import reading, unit_of_work
from pipeline.desk import access

__all__ = ["address", "chromium", "link", "page"]


WIDE = pytest.mark.parametrize("page", [("wide", "light")], indirect=True)


@pytest.fixture
def numbers(console_engine: sa.Engine) -> list[int]:
    with unit_of_work(console_engine) as session:
        source = add_source(session)
        return [stored_id(add_incident(session, source, topic=Topic.SNOW).id) for _ in range(12)]


@pytest.fixture
def inside(page: playwright.Page, link: str, numbers: list[int]) -> Iterator[playwright.Page]:
    """Give an operator's tab, signed in, that complains of nothing."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(link)
    page.get_by_role("button").first.click()
    page.wait_for_url("**/")
    yield page
    assert complaints == []
    assert numbers


def look(page: playwright.Page, path: Path) -> None:
    """Keep a picture of a page which fits and in which axe finds nothing."""
    page.screenshot(path=path, full_page=True)
    assert fits(page), path.name
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def close_all(page: playwright.Page) -> playwright.Locator:
    """Fill in the form that closes a list; return its button."""
    page.goto("/bulk?topic=snow")
    page.get_by_label("Закрыть: ответ не положен").check()
    page.get_by_label("Почему ответ не нужен").fill("Спам одного автора")
    return page.get_by_role("button", name="Применить к отбору")


def acts(engine: sa.Engine) -> int:
    with reading(engine) as session:
        return len(session.exec(select(BulkAct)).all())


def closed(engine: sa.Engine) -> int:
    with reading(engine) as session:
        return sum(
            one.closing_reason is ClosingReason.NO_ANSWER_DUE
            for one in session.exec(select(Incident))
        )


@EVERY_LOOK
def test_a_whole_list_is_closed_and_taken_back(
    inside: playwright.Page, console_engine: sa.Engine, tmp_path: Path
) -> None:
    button = close_all(inside)
    look(inside, tmp_path / "bulk-preview.png")
    button.click()
    expect(inside.get_by_text("Готово: 12 из 12")).to_be_visible()
    look(inside, tmp_path / "bulk.png")
    assert closed(console_engine) == 12

    inside.get_by_role("button", name="Отменить всё").click()

    expect(inside.get_by_text("Отмена закончена: 12 из 12")).to_be_visible()
    assert closed(console_engine) == 0


@WIDE
def test_a_double_click_is_sent_once(inside: playwright.Page, console_engine: sa.Engine) -> None:
    close_all(inside).dblclick()

    expect(inside.get_by_text("Готово: 12 из 12")).to_be_visible()
    assert acts(console_engine) == 1


@WIDE
def test_a_lost_network_is_told_and_nothing_typed_is_lost(
    inside: playwright.Page, console_engine: sa.Engine, tmp_path: Path
) -> None:
    button = close_all(inside)
    inside.context.set_offline(True)
    button.click()

    alert = inside.get_by_role("alert")
    expect(alert).to_contain_text("Нет связи: неизвестно, записано ли")
    expect(inside.get_by_label("Почему ответ не нужен")).to_have_value("Спам одного автора")
    look(inside, tmp_path / "no-network.png")
    inside.context.set_offline(False)
    alert.get_by_role("button", name="Повторить").click()

    expect(inside.get_by_text("Готово: 12 из 12")).to_be_visible()
    assert acts(console_engine) == 1


@WIDE
def test_who_has_to_sign_in_again_loses_nothing(
    inside: playwright.Page, console_engine: sa.Engine, operator: Person
) -> None:
    # Given a form that is filled in, and a session that ends meanwhile
    button = close_all(inside)
    with unit_of_work(console_engine) as session:
        session.exec(delete(SignIn))
    # When it is sent
    button.click()
    alert = inside.get_by_role("alert")
    expect(alert).to_contain_text("Вход устарел, поэтому ничего не записано")
    # And its author signs in in another tab
    with unit_of_work(console_engine) as session:
        staff = session.get_one(Staff, operator.id)
        again = "/enter/" + access.make_entry_link(session, staff, NOW, timedelta(hours=1))
    other = inside.context.new_page()
    other.goto(again)
    other.get_by_role("button").first.click()
    other.wait_for_url("**/")
    # Then the same form is accepted
    alert.get_by_role("button", name="Повторить").click()
    expect(inside.get_by_text("Готово: 12 из 12")).to_be_visible()


@WIDE
def test_what_the_server_refuses_is_shown_as_it_says(
    inside: playwright.Page, console_engine: sa.Engine
) -> None:
    button = close_all(inside)
    inside.get_by_label("Почему ответ не нужен").fill("   ")
    button.click()

    expect(inside.get_by_role("alert")).to_contain_text("Напишите причину")
    expect(inside.get_by_label("Закрыть: ответ не положен")).to_be_checked()
    assert acts(console_engine) == 0


@pytest.mark.long
@BOTH_SIZES
def test_an_act_on_a_card_is_offered_and_taken_back(
    inside: playwright.Page, numbers: list[int], console_engine: sa.Engine, tmp_path: Path
) -> None:
    inside.goto(f"/incident/{numbers[0]}")
    inside.get_by_role("button", name="Всё верно").first.click()
    offer = inside.locator(".offer")
    expect(offer).to_contain_text("Разбор подтверждён")
    expect(offer).to_contain_text(" с")
    look(inside, tmp_path / "offer.png")

    offer.get_by_role("button", name="Отменить").click()

    expect(inside.locator(".offer")).to_contain_text("Отменено: Разбор подтверждён")
    with reading(console_engine) as session:
        assert session.get_one(Incident, numbers[0]).operator == ""


@pytest.mark.long
@BOTH_SIZES
def test_what_cannot_be_taken_back_is_told_with_the_reason(
    inside: playwright.Page, numbers: list[int], console_engine: sa.Engine, tmp_path: Path
) -> None:
    inside.goto(f"/incident/{numbers[0]}")
    inside.get_by_role("button", name="Всё верно").first.click()
    expect(inside.locator(".offer")).to_be_visible()
    with unit_of_work(console_engine) as session:
        session.get_one(Incident, numbers[0]).version += 1

    inside.locator(".offer").get_by_role("button", name="Отменить").click()

    expect(inside.get_by_role("heading", name="Отменить не удалось")).to_be_visible()
    expect(inside.get_by_text("С тех пор инцидент изменился")).to_be_visible()
    look(inside, tmp_path / "refused.png")
