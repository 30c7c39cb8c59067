"""The review in a real browser: thirty items at one key each, beside a colleague who works too."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import NOW, add_incident
from console.looks import EVERY_LOOK
from console.test_browser import address, chromium, fits, page
from playwright import sync_api as playwright
from playwright.sync_api import expect
from sqlmodel import select

from models.columns import stored_id
from models.console import Lease
from models.incident import Incident
from models.journal import JournalEntry
from models.staff import Staff
from models.vocabulary import Act, Role, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing

__all__ = ["address", "chromium", "page"]

TITLE = "#review h1"


def open_some(engine: sa.Engine, count: int, **fields: Any) -> list[int]:
    """Open incidents that are all clear, the nearest deadline first."""
    with unit_of_work(engine) as session:
        source = source_of(session, "vk:luga")
        return [
            stored_id(
                add_incident(
                    session,
                    source,
                    text=f"Во дворе дома {place} яма",
                    due_at=NOW + timedelta(hours=2, minutes=place),
                    **fields,
                ).id
            )
            for place in range(count)
        ]


def sign_in(engine: sa.Engine, context: playwright.BrowserContext, url: str, login: str) -> None:
    with unit_of_work(engine) as session:
        known = session.exec(select(Staff).where(Staff.login == login)).one_or_none()
        staff = known or staffing.add_staff(session, login, Role.OPERATOR, NOW)
        session.flush()
        token = access.open_session(session, staff, NOW)
    context.add_cookies([{"name": "otklik", "value": token, "url": url}])


def key(page: playwright.Page, code: str, letter: str) -> None:
    """Press a key as a keyboard with the Russian layout does: its place, and its letter."""
    page.evaluate(
        """([code, key]) => {
            const at = document.activeElement || document.body;
            const press = { code, key, bubbles: true, cancelable: true };
            at.dispatchEvent(new KeyboardEvent("keydown", press));
            at.dispatchEvent(new KeyboardEvent("keyup", press));
        }""",
        [code, letter],
    )


def shown(page: playwright.Page) -> str:
    return page.locator("#review").get_attribute("data-number") or ""


def stands(engine: sa.Engine, number: int) -> Incident:
    with reading(engine) as session:
        return session.get_one(Incident, number)


def acts(engine: sa.Engine, act: Act) -> dict[int, str]:
    """Return who did an act, by incident."""
    with reading(engine) as session:
        found = session.exec(select(JournalEntry).where(JournalEntry.act == act)).all()
        return {entry.incident_id: entry.actor for entry in found if entry.incident_id is not None}


def kept(engine: sa.Engine) -> int:
    """Return how many leases there are."""
    with reading(engine) as session:
        return len(session.exec(select(Lease)).all())


def come(page: playwright.Page) -> None:
    """Open the review, and wait until the next item is there."""
    with page.expect_event("requestfinished", lambda sent: "ahead=" in sent.url):
        page.goto("/review")
    page.wait_for_timeout(150)


@pytest.fixture
def desk(page: playwright.Page, address: str, console_engine: sa.Engine) -> playwright.Page:
    """An operator's tab."""
    sign_in(console_engine, page.context, address, "petrova")
    return page


@pytest.fixture
def colleague(
    chromium: playwright.Browser, address: str, console_engine: sa.Engine
) -> Iterator[playwright.Page]:
    """Another operator's browser."""
    context = chromium.new_context(base_url=address)
    sign_in(console_engine, context, address, "sidorov")
    yield context.new_page()
    context.close()


wide = pytest.mark.parametrize("page", [("wide", "light")], ids="-".join, indirect=True)


@wide
def test_thirty_clear_items_at_one_key_each(
    desk: playwright.Page, colleague: playwright.Page, console_engine: sa.Engine
) -> None:
    # Given forty items, and a colleague who has one of them before them, and the next one ahead
    numbers = open_some(console_engine, 40)
    met: list[str] = []
    come(colleague)
    expect(colleague.locator(TITLE)).to_contain_text(f"№ {numbers[0]}")
    theirs = {str(numbers[0]), str(numbers[1])}
    # When the operator presses one key for each of thirty
    desk.goto("/review")
    for _ in range(30):
        number = shown(desk)
        met.append(number)
        key(desk, "KeyA", "ф")
        expect(desk.locator("#review")).not_to_have_attribute("data-number", number)
    expect(desk.locator("aside.offer")).to_contain_text(met[-1])
    # Then those thirty are confirmed by them, each one once, and none was the colleague's
    assert len(set(met)) == 30
    assert not theirs & {*met, shown(desk)}
    assert acts(console_engine, Act.CONFIRMED) == {int(number): "petrova" for number in met}
    for number in met:
        assert stands(console_engine, int(number)).stage is Stage.ASSIGNED


@wide
def test_keys_of_a_whole_keyboard(desk: playwright.Page, console_engine: sa.Engine) -> None:
    numbers = open_some(console_engine, 6)
    first, second, third, fourth, *_ = numbers
    desk.goto("/review")

    # A correction: pick, confirm.
    key(desk, "Digit2", "2")
    expect(desk.get_by_role("button", name="Исправить и дальше")).to_be_visible()
    key(desk, "KeyA", "ф")
    expect(desk.locator(TITLE)).to_contain_text(f"№ {second}")
    # No incident: the list opens, a digit chooses.
    key(desk, "KeyX", "ч")
    expect(desk.get_by_role("button", name="реклама")).to_be_visible()
    key(desk, "Digit1", "1")
    expect(desk.locator(TITLE)).to_contain_text(f"№ {third}")
    # Put off.
    key(desk, "KeyS", "ы")
    key(desk, "Digit2", "2")
    expect(desk.locator(TITLE)).to_contain_text(f"№ {fourth}")
    # Urgent, confirmed.
    key(desk, "KeyU", "г")
    expect(desk.get_by_label("повышенная важность")).to_be_checked()
    key(desk, "KeyA", "ф")
    expect(desk.locator(TITLE)).to_contain_text(f"№ {numbers[4]}")
    expect(desk.locator("aside.offer")).to_contain_text(f"№ {fourth}")

    assert stands(console_engine, first).topic is Topic.LANDSCAPING
    assert stands(console_engine, second).stage is Stage.CLOSED
    assert stands(console_engine, third).snoozed_until is not None
    assert stands(console_engine, fourth).urgency is Urgency.URGENT

    # Taken back by a key, and it is here again.
    key(desk, "KeyZ", "я")
    expect(desk.locator(TITLE)).to_contain_text(f"№ {fourth}")
    assert stands(console_engine, fourth).stage is Stage.REVIEW
    # Help, in the letters of both layouts.
    key(desk, "Digit7", "?")
    expect(desk.get_by_role("dialog")).to_contain_text("Подтвердить и дальше Ф / A")
    key(desk, "KeyA", "ф")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    assert shown(desk) == str(fourth), "behind the help no key is heard"


@wide
def test_keys_are_no_keys_where_somebody_types(
    desk: playwright.Page, console_engine: sa.Engine
) -> None:
    (number,) = open_some(console_engine, 1)
    desk.goto("/review")

    key(desk, "KeyP", "з")
    question = desk.locator("textarea[name=question]")
    expect(question).to_be_focused()
    question.press_sequentially("aфxч1")
    expect(question).to_have_value(re.compile("aфxч1"))
    for modifier in ("Control", "Alt", "Meta"):
        desk.locator("h1").focus()
        desk.keyboard.press(f"{modifier}+KeyX")
    assert stands(console_engine, number).stage is Stage.REVIEW
    assert acts(console_engine, Act.CONFIRMED) == {}


@wide
def test_a_double_click_confirms_one_item_and_not_the_next_unseen(
    desk: playwright.Page, console_engine: sa.Engine
) -> None:
    first, second, third = open_some(console_engine, 3)
    come(desk)

    desk.get_by_role("button", name="Подтвердить и дальше").dblclick()
    expect(desk.locator("aside.offer")).to_contain_text(f"№ {first}")
    assert shown(desk) == str(second)
    # Who looks first is heard.
    desk.wait_for_timeout(600)
    desk.get_by_role("button", name="Подтвердить и дальше").click()
    expect(desk.locator("aside.offer")).to_contain_text(f"№ {second}")

    assert acts(console_engine, Act.CONFIRMED) == {first: "petrova", second: "petrova"}
    assert shown(desk) == str(third)


@wide
def test_a_lost_network_is_told_and_the_act_repeated(
    desk: playwright.Page, console_engine: sa.Engine
) -> None:
    first, second, *_ = open_some(console_engine, 3)
    come(desk)

    desk.context.set_offline(True)
    key(desk, "KeyA", "ф")
    expect(desk.get_by_role("alert")).to_contain_text(f"№ {first}: нет связи")
    assert acts(console_engine, Act.CONFIRMED) == {}
    desk.context.set_offline(False)
    desk.get_by_role("button", name="Повторить").click()

    expect(desk.get_by_role("alert")).to_have_count(0)
    expect(desk.locator("aside.offer")).to_contain_text(f"№ {first}")
    assert acts(console_engine, Act.CONFIRMED) == {first: "petrova"}
    expect(desk.locator(TITLE)).to_contain_text(f"№ {second}")


@wide
def test_an_item_without_a_next_one_stays_until_it_is_written_down(
    desk: playwright.Page, console_engine: sa.Engine
) -> None:
    first, second = open_some(console_engine, 2)
    # Given that the next item could not be fetched ahead
    desk.route("**/review?*ahead=*", lambda route: route.abort())
    desk.goto("/review")
    desk.context.set_offline(True)
    key(desk, "KeyA", "ф")
    expect(desk.get_by_role("alert")).to_contain_text(f"№ {first}: нет связи")
    assert shown(desk) == str(first)

    desk.context.set_offline(False)
    desk.unroute("**/review?*ahead=*")
    desk.get_by_role("button", name="Повторить").click()

    expect(desk.locator(TITLE)).to_contain_text(f"№ {second}")
    assert acts(console_engine, Act.CONFIRMED) == {first: "petrova"}


@wide
def test_a_session_that_ends_during_an_act_is_told_and_nothing_lost(
    desk: playwright.Page, address: str, console_engine: sa.Engine
) -> None:
    first, *_ = open_some(console_engine, 3)
    come(desk)
    desk.context.clear_cookies()

    key(desk, "Digit2", "2")
    key(desk, "KeyA", "ф")
    expect(desk.get_by_role("alert")).to_contain_text("вход устарел, ничего не записано")
    sign_in(console_engine, desk.context, address, "petrova")
    desk.get_by_role("button", name="Повторить").click()

    expect(desk.locator("aside.offer")).to_contain_text(f"№ {first}")
    assert acts(console_engine, Act.CORRECTED) == {first: "petrova"}


@wide
def test_a_conflict_waits_until_somebody_looks_at_it(
    desk: playwright.Page, colleague: playwright.Page, console_engine: sa.Engine
) -> None:
    first, second, *_ = open_some(console_engine, 4)
    come(desk)
    colleague.goto(f"/review/{first}")
    expect(colleague.get_by_text("Его смотрит petrova")).to_be_visible()
    key(colleague, "Digit2", "2")
    key(colleague, "KeyA", "ф")
    expect(colleague.locator("aside.offer")).to_contain_text(f"№ {first}")

    key(desk, "Digit3", "3")
    key(desk, "KeyA", "ф")

    expect(desk.get_by_role("alert")).to_contain_text(f"№ {first}: Пока вы смотрели")
    assert shown(desk) == str(second), "whoever went on is not interrupted"
    desk.get_by_role("button", name="Показать").click()
    expect(desk.locator(".meanwhile .differs")).to_contain_text("Уборка снега и наледи")
    expect(desk.locator(".meanwhile .differs")).to_contain_text("Благоустройство")
    expect(desk.get_by_role("button", name="Исправить и дальше")).to_be_visible()
    key(desk, "KeyA", "ф")
    expect(desk.locator("aside.offer")).to_contain_text(f"№ {first}")
    assert stands(console_engine, first).topic is Topic.SNOW


@wide
def test_leaving_the_review_frees_what_was_kept(
    desk: playwright.Page, colleague: playwright.Page, console_engine: sa.Engine
) -> None:
    numbers = open_some(console_engine, 2)
    come(desk)
    colleague.goto("/review")
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Проверять нечего")

    desk.goto("/sources")

    deadline = time.monotonic() + 5
    while kept(console_engine) and time.monotonic() < deadline:
        time.sleep(0.02)
    colleague.goto("/review")
    expect(colleague.locator(TITLE)).to_contain_text(f"№ {numbers[0]}")


@wide
def test_remapped_keys_work(desk: playwright.Page, console_engine: sa.Engine) -> None:
    first, second = open_some(console_engine, 2)
    desk.goto("/keys")
    desk.get_by_label("Подтвердить и дальше").select_option(label="Ж / ;")
    desk.get_by_role("button", name="Записать").click()
    expect(desk.get_by_role("status")).to_contain_text("Клавиши записаны")

    desk.goto("/review")
    expect(desk.locator("[data-key=agree] kbd")).to_have_text("Ж / ;")
    key(desk, "KeyA", "ф")
    assert shown(desk) == str(first)
    key(desk, "Semicolon", "ж")
    expect(desk.locator(TITLE)).to_contain_text(f"№ {second}")


def test_without_scripts_the_same_is_done_by_forms(
    chromium: playwright.Browser, address: str, console_engine: sa.Engine
) -> None:
    first, second = open_some(console_engine, 2)
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    sign_in(console_engine, context, address, "petrova")
    page = context.new_page()
    page.goto("/review")

    page.get_by_label("Другая тема").select_option(label="Газ")
    page.get_by_role("button", name="Подтвердить и дальше").click()
    expect(page.locator(TITLE)).to_contain_text(f"№ {second}")
    page.get_by_role("button", name="Отменить").click()
    expect(page.locator(TITLE)).to_contain_text(f"№ {first}")
    page.locator("summary[data-key=snooze]").click()
    page.get_by_role("button", name="завтра с утра").click()
    expect(page.locator(TITLE)).to_contain_text(f"№ {second}")

    context.close()
    assert stands(console_engine, first).topic is Topic.ROADS
    assert stands(console_engine, first).snoozed_until is not None


@EVERY_LOOK
def test_the_pages_fit(desk: playwright.Page, console_engine: sa.Engine, tmp_path: Any) -> None:
    open_some(console_engine, 3)
    complaints: list[str] = []
    desk.on("console", lambda message: complaints.append(message.text))
    desk.on("pageerror", lambda error: complaints.append(str(error)))
    for url in ("/review", "/keys"):
        desk.goto(url)
        for closed in desk.locator("main summary").all():
            closed.click()
        desk.screenshot(path=tmp_path / f"{url.strip('/')}.png", full_page=True)
        assert fits(desk), url
    assert complaints == []
