"""The page for citizens in a real browser: without scripts, narrow and wide, light and dark."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import NOW, Person
from console.test_browser import SIZES, address, chromium, fits
from console.test_survey import app
from playwright import sync_api as playwright
from playwright.sync_api import expect
from surveying import asked, survey_rows

from models.staff import Staff
from pipeline.database import unit_of_work
from pipeline.desk import access

__all__ = ["address", "app", "chromium"]


LOOKS = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]

FAINT = """
() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const shine = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(one => {
      const c = one / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const e of document.querySelectorAll("body *")) {
    const words = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!words || !e.getClientRects().length) continue;
    const [a, b] = [shine(parts(getComputedStyle(e).color)), shine(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${e.tagName} ${e.textContent.trim()} ${contrast}`);
  }
  return faint;
}
"""
"""Elements whose words stand out too little from what is behind them (WCAG 2.2, 1.4.3)."""


@pytest.fixture
def page(
    request: pytest.FixtureRequest, chromium: playwright.Browser, address: str
) -> Iterator[playwright.Page]:
    size, scheme = getattr(request, "param", ("narrow", "light"))
    width, height = SIZES[size]
    context = chromium.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=size == "narrow",
    )
    yield context.new_page()
    context.close()


@pytest.mark.long
@pytest.mark.parametrize("page", LOOKS, ids="-".join, indirect=True)
def test_the_page_is_legible_and_its_targets_are_large(
    page: playwright.Page, console_engine: sa.Engine, tmp_path: Path
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    _, token = asked(console_engine)

    def look(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert fits(page), name
        assert page.evaluate(FAINT) == [], name

    page.goto(f"/o/{token}")
    look("survey")
    for target in (*page.locator(".rate").all(), page.get_by_role("button")):
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["width"] >= 44

    page.get_by_label("4 хорошо").check()
    page.get_by_label("Что бы вы добавили?").fill("Спасибо, яму засыпали. " * 20)
    look("chosen")
    page.get_by_role("button", name="Отправить").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Спасибо за оценку")
    look("thanks")
    page.goto(f"/o/{token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Оценка уже есть")
    look("rated")
    page.goto("/o/aaaa")
    look("unknown")

    # The 404 is reported by the browser itself; a broken policy or style would be as well.
    assert [said for said in complaints if "404" not in said] == []


def test_a_citizen_without_scripts_follows_the_link_from_another_site(
    chromium: playwright.Browser, address: str, console_engine: sa.Engine
) -> None:
    _, token = asked(console_engine)
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    elsewhere = f'<a href="{address}/o/{token}" target="_blank">Оцените ответ</a>'
    # Given a page of another site, from which the link is opened in two tabs
    context.route("http://network.test/*", lambda route: route.fulfill(body=elsewhere))
    network = context.new_page()
    network.goto("http://network.test/")
    tabs = []
    for _ in range(2):
        with context.expect_page() as opened:
            network.get_by_role("link").click()
        tabs.append(opened.value)
    # When the form of the first one is sent, without a rating and then with one
    first, second = tabs
    first.get_by_role("button", name="Отправить").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Оцените ответ")
    first.get_by_label("1 очень плохо").check()
    first.get_by_role("button", name="Отправить").click()
    # Then it is taken, and the second tab is told so
    expect(first.get_by_role("heading", level=1)).to_have_text("Спасибо за оценку")
    second.get_by_label("5 отлично").check()
    second.get_by_role("button", name="Отправить").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Оценка уже есть")
    assert [row.rating for row in survey_rows(console_engine)] == [1]
    context.close()


@pytest.mark.long
@pytest.mark.parametrize("page", LOOKS, ids="-".join, indirect=True)
def test_the_card_shows_ratings_and_links_to_pass_on(
    page: playwright.Page, operator: Person, console_engine: sa.Engine, tmp_path: Path
) -> None:
    number, token = asked(console_engine)
    with unit_of_work(console_engine) as session:
        staff = session.get_one(Staff, operator.id)
        link = access.make_entry_link(session, staff, NOW, timedelta(hours=1))
    page.goto(f"/o/{token}")
    page.get_by_label("2 плохо").check()
    page.get_by_label("Что бы вы добавили?").fill("Засыпали песком, после дождя яма снова там же.")
    page.get_by_role("button", name="Отправить").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Спасибо за оценку")

    page.goto(f"/enter/{link}")
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("/")
    page.goto(f"/incident/{number}")
    panel = page.locator("#opinions")
    assert "2 из 5 плохо" in panel.inner_text().replace("\n", " ")
    page.screenshot(path=tmp_path / "card.png", full_page=True)
    assert fits(page)
    assert [faint for faint in page.evaluate(FAINT) if "плохо" in faint] == []
