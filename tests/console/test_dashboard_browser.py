"""The dashboard in a real browser: narrow and wide, by keyboard, without a word to the outside."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from console.builders import NOW, add_incident, add_source
from console.test_browser import address, chromium, fits, link, page
from playwright import sync_api as playwright
from playwright.sync_api import expect

from models.vocabulary import ClosingReason, Outcome, Stage, Topic
from pipeline.database import unit_of_work

__all__ = ["address", "chromium", "link", "page"]


@pytest.mark.parametrize(
    "page",
    [("wide", "light"), ("narrow", "dark")],
    ids="-".join,
    indirect=True,
)
def test_the_dashboard_fits_is_accessible_and_leads_to_lists(
    page: playwright.Page, link: str, console_engine: sa.Engine
) -> None:
    # Given a town with open and answered incidents of many topics
    with unit_of_work(console_engine) as session:
        source = add_source(session, title="Ж" * 200)
        for number, topic in enumerate(Topic):
            add_incident(session, source, topic=topic, due_at=NOW + timedelta(hours=number - 5))
            add_incident(
                session,
                source,
                topic=topic,
                settlement="bor",
                stage=Stage.CLOSED,
                closing_reason=ClosingReason.SATISFIED,
                outcome=Outcome.EXPLAINED,
                published_at=NOW - timedelta(minutes=number),
                published_due_at=NOW,
                closed_at=NOW,
            )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    # When somebody comes in and opens the dashboard and all that is folded in it
    page.goto(link)
    page.get_by_role("button").first.click()
    page.wait_for_url("**/")
    page.get_by_role("link", name="Сводка").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Сводка")
    for summary in page.locator("main summary").all():
        summary.click()
    # Then it fits, no checker of accessibility finds anything, and nobody outside was asked
    assert fits(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert said == []
    assert all(url.startswith(page.url.split("/dashboard", maxsplit=1)[0]) for url in asked)
    # And a number leads to its list
    page.get_by_role("link", name="5: просрочено").click()
    expect(page.locator(".found")).to_contain_text("5")
