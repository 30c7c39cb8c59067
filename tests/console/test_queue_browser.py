"""The queue in a real browser: found by words, narrowed, saved, seen again with its count."""

import re
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from console.builders import NOW, add_incident, add_source
from console.looks import EVERY_LOOK
from console.test_browser import address, chromium, fits, link, page
from playwright import sync_api as playwright
from playwright.sync_api import expect

from models.vocabulary import Certainty, Topic, Urgency
from pipeline.database import unit_of_work

__all__ = ["address", "chromium", "link", "page"]


@EVERY_LOOK
def test_an_operator_finds_narrows_and_saves(
    page: playwright.Page, link: str, console_engine: sa.Engine, tmp_path: Path
) -> None:
    # Given sixty incidents, of which ten speak of a lamp, three of them in gas and one put off
    with unit_of_work(console_engine) as session:
        source = add_source(session, title="Ж" * 200)
        for place in range(60):
            add_incident(
                session,
                source,
                text="Во дворе третий день не горит фонарь" if place < 10 else "Яма у школы",
                topic=Topic.GAS if place < 3 else Topic.ROADS,
                urgency=Urgency.URGENT if place % 7 == 0 else Urgency.NORMAL,
                certainty=tuple(Certainty)[place % 3],
                due_at=NOW + timedelta(hours=place - 5),
                snoozed_until=NOW + timedelta(days=1) if place == 2 else None,
                settlement="luga" if place % 2 else None,
            )
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    def look(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert fits(page), name
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    # When they come in and look for it by another form of the words, the last one unfinished
    page.goto(link)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("**/")
    expect(page.locator(".row")).to_have_count(50)
    look("queue")
    page.get_by_label("Слова или номер").fill("не горят фона")
    page.get_by_label("Слова или номер").press("Enter")
    expect(page.locator(".row")).to_have_count(10)
    expect(page.locator("mark").first).to_have_text("горит")
    # And narrow it by what is folded away
    page.get_by_text("Ещё условия").click()
    look("conditions")
    page.get_by_label("Тема").select_option(label="Газ")
    page.get_by_role("button", name="Показать").click()
    expect(page.get_by_role("status").first).to_have_text(re.compile("3.инцидента"))
    # And save it
    page.get_by_text("Сохранить отбор").click()
    page.get_by_label("Название").fill("Газ и фонари")
    page.get_by_label("Показывать всем").check()
    look("saving")
    page.get_by_role("button", name="Сохранить", exact=True).click()
    # Then it stands above the list with its count, which comes by itself
    expect(page.locator(".saved .tab b")).to_have_text("3")
    expect(page.locator(".saved .tab")).to_have_attribute("aria-current", "page")
    look("saved")
    # And one condition less is one click
    page.get_by_role("link", name="Газ — убрать условие").click()
    expect(page.locator(".row")).to_have_count(10)
    # And it is on the page of all views, from which it is deleted
    page.get_by_role("link", name="Все отборы").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Сохранённые отборы")
    look("views")
    page.get_by_role("button", name="Удалить").click()
    expect(page.get_by_text("Пока нет.")).to_be_visible()
    look("no-views")
    page.goto("/?q=%D0%B1%D0%B5%D0%B3%D0%B5%D0%BC%D0%BE%D1%82")
    page.get_by_role("link", name="Искать среди всех").click()
    expect(page.get_by_text("Под этот отбор ничего не подходит")).to_be_visible()
    look("nothing")
    assert said == []
