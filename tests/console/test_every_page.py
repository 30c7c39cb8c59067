"""Every page for every kind of person: nothing sticks out, nothing is heavy, axe finds nothing."""

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from console.gallery import SIGHTS, SIZES, Sight
from console.showcase import Showcase, open_showcase, showcase_app
from console.test_access_table import TABLE
from console.test_browser import chromium, fits, served
from fastapi import FastAPI
from playwright import sync_api as playwright

from models.vocabulary import Role
from pipeline.database import open_database

__all__ = ["chromium"]

NO_PAGES = {
    "/health",
    "/static",
    "/views/counts",
    "/admin/journal.csv",
    "/enter/{token}",
    "/o/{token}",
}
"""Answers for programs, and pages whose links are used up: these have tests of their own."""

HEAVIEST = 100_000
"""Bytes of a page with everything that it loads, compressed."""


@pytest.fixture(scope="module")
def engine(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    path = tmp_path_factory.mktemp("showcase") / "otklik.db"
    path.write_bytes(empty_sqlite.read_bytes())
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def showcase(engine: sa.Engine) -> Showcase:
    return open_showcase(engine)


@pytest.fixture(scope="module")
def app(engine: sa.Engine, showcase: Showcase, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return showcase_app(engine, showcase, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with served(app) as address:
        yield address


Opener = Callable[[Sight, str, str], playwright.Page]


@pytest.fixture
def show(
    chromium: playwright.Browser, address: str, engine: sa.Engine, showcase: Showcase
) -> Iterator[Opener]:
    """Open a page as the one whom it is for; whatever the browser complains of fails the test."""
    contexts: list[playwright.BrowserContext] = []
    complaints: list[str] = []

    def open_page(sight: Sight, size: str, scheme: str) -> playwright.Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        contexts.append(context)
        if sight.role is not None:
            token = showcase.link(engine, sight.role)
            context.add_cookies([{"name": "otklik", "value": token, "url": address}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        answer = page.goto(sight.address(showcase))
        assert answer is not None
        assert answer.status == 200, sight.name
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def test_no_page_is_left_out() -> None:
    seen = {sight.route for sight in SIGHTS}
    pages = {
        path
        for (method, path), statuses in TABLE.items()
        if method == "GET" and 200 in statuses and path not in NO_PAGES
    }
    assert pages - seen == set()


def violations(page: playwright.Page) -> list[str]:
    """Return what axe-core finds, a line each: the rule and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_a_page_is_light_and_fit_for_everybody(sight: Sight, show: Opener) -> None:
    page = show(sight, "narrow", "light")
    html = page.content()
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(one => [one.name, one.encodedBodySize])"
    )

    assert fits(page)
    assert all(re.match(r"http://127\.0\.0\.1:\d+/", name) for name, _ in loaded), loaded
    weight = len(gzip.compress(html.encode())) + sum(size for _, size in loaded)
    assert weight <= HEAVIEST, loaded
    assert violations(page) == []


@pytest.mark.long
@pytest.mark.parametrize("look", ["wide light", "wide dark", "narrow dark"])
@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_a_page_is_fit_in_every_size_and_colour(sight: Sight, look: str, show: Opener) -> None:
    page = show(sight, *look.split())

    assert fits(page)
    assert violations(page) == []


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_leads_only_where_one_may_go(role: Role, show: Opener) -> None:
    home = next(sight for sight in SIGHTS if sight.role is role)
    page = show(home, "wide", "light")

    for link in page.locator("nav.pages a").all():
        target = link.get_attribute("href") or ""
        assert page.request.get(target).status == 200, target
