"""Coming in, in a real browser: from the administrator's link to a code of the telephone."""

from collections.abc import Callable, Iterator

import pyotp
import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person
from console.looks import BOTH_SIZES
from console.test_browser import SIZES, address, chromium, fits, page
from console.test_every_page import violations
from playwright import sync_api as playwright
from playwright.sync_api import expect

from models.staff import Staff
from pipeline.database import unit_of_work
from pipeline.desk import access

__all__ = ["address", "chromium", "page"]


PASSWORD = "шесть гусей летят"  # noqa: S105 - for tests only


def good(page: playwright.Page) -> None:
    """Check a page that only a form leads to, so that nobody else looks at it."""
    assert fits(page)
    assert violations(page) == []


@pytest.fixture
def as_person(
    page: playwright.Page, address: str, console_engine: sa.Engine
) -> Callable[[Person], None]:
    """Sign the tab in as somebody."""

    def come_in(person: Person) -> None:
        with unit_of_work(console_engine) as session:
            token = access.open_session(session, session.get_one(Staff, person.id), NOW)
        page.context.add_cookies([{"name": "otklik", "value": token, "url": address}])

    return come_in


@pytest.fixture
def hers(chromium: playwright.Browser, address: str) -> Iterator[playwright.Page]:
    """Give a tab of another person's telephone."""
    width, height = SIZES["narrow"]
    context = chromium.new_context(base_url=address, viewport={"width": width, "height": height})
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(chromium: playwright.Browser, address: str) -> Iterator[playwright.Page]:
    """Give a tab of a browser that runs no scripts."""
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_from_the_administrators_link_to_a_code_at_the_door(
    page: playwright.Page,
    hers: playwright.Page,
    as_person: Callable[[Person], None],
    administrator: Person,
    clock: Clock,
) -> None:
    # The administrator adds somebody and copies the link.
    as_person(administrator)
    page.goto("/admin")
    page.get_by_role("link", name="Сотрудники").click()
    page.get_by_label("Логин").fill("Sidorova")
    page.get_by_role("button", name="Добавить и получить ссылку").click()
    expect(page.get_by_role("heading", name="Ссылка для входа: sidorova")).to_be_visible()
    good(page)
    link = page.locator(".once").inner_text()

    # She comes in by it, chooses a password, and scans the picture.
    hers.goto(link)
    hers.get_by_role("button", name="Войти").click()
    hers.get_by_role("link", name="Кабинет").click()
    hers.get_by_role("link", name="Задать пароль").click()
    hers.get_by_label("Новый пароль").fill(PASSWORD)
    hers.get_by_label("Он же ещё раз").fill(PASSWORD)
    hers.get_by_role("button", name="Сохранить").click()
    hers.wait_for_url("**/")
    hers.goto("/account/factor")
    hers.get_by_text("Не сканируется?").click()
    telephone = pyotp.TOTP(hers.locator(".once").inner_text().replace(" ", ""))
    hers.get_by_label("Код из приложения").fill(telephone.at(clock.now))
    hers.get_by_role("button", name="Включить").click()
    expect(hers.get_by_role("heading", name="Запасные коды")).to_be_visible()
    good(hers)
    recovery = hers.locator(".codes li").all_inner_texts()
    assert len(recovery) == 8

    # Out, and in again: the password is not enough.
    hers.get_by_role("button", name="Выйти").click()
    hers.get_by_label("Логин").fill("sidorova")
    hers.get_by_label("Пароль").fill(PASSWORD)
    hers.keyboard.press("Enter")
    field = hers.get_by_label("Шесть цифр из приложения или запасной код")
    expect(field).to_be_focused()
    good(hers)
    field.fill("000000")
    hers.keyboard.press("Enter")
    expect(hers.get_by_role("alert")).to_contain_text("Код не подошёл")
    good(hers)
    field.fill(recovery[0])
    hers.keyboard.press("Enter")
    hers.wait_for_url("**/")

    # Dismissed, she is out with the next click.
    page.get_by_role("link", name="Готово").click()
    page.get_by_role("button", name="Закрыть доступ").click()
    expect(page.get_by_role("status").first).to_contain_text("Доступ закрыт")
    good(page)
    hers.reload()
    hers.wait_for_url("**/sign-in")


@BOTH_SIZES
def test_a_call_is_typed_in_with_the_keyboard_alone(
    page: playwright.Page, as_person: Callable[[Person], None], operator: Person
) -> None:
    as_person(operator)
    page.goto("/new")
    page.get_by_label("Горячая линия").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("В Лугах на Лесной не горит фонарь")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("31.12.2099")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("проверьте отмеченные поля")
    when = page.get_by_label("Когда получено")
    expect(when).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("О чём обращение")).to_have_value("В Лугах на Лесной не горит фонарь")
    good(page)
    when.fill("")
    page.keyboard.press("Enter")

    page.wait_for_url("**/incident/*")
    expect(page.locator("main")).to_contain_text("В Лугах на Лесной не горит фонарь")


def test_without_scripts_a_call_is_typed_in_as_well(
    plain: playwright.Page, address: str, console_engine: sa.Engine, operator: Person
) -> None:
    with unit_of_work(console_engine) as session:
        token = access.open_session(session, session.get_one(Staff, operator.id), NOW)
    plain.context.add_cookies([{"name": "otklik", "value": token, "url": address}])
    plain.goto("/new")
    plain.get_by_label("Личный приём").check()
    plain.get_by_label("О чём обращение").fill("Не чистят дорогу к школе")
    plain.get_by_role("button", name="Сохранить и открыть карточку").click()
    plain.wait_for_url("**/incident/*")
