"""Who gets what: every route of the console has its line here, or a test fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from answering import queue
from console.builders import (
    NOW,
    Clock,
    Person,
    add_incident,
    add_source,
    deactivate,
    make_calendar,
    make_region,
)
from console.client import Browser, Page, browsing
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from models.columns import stored_id
from models.staff import Staff
from pipeline.console.app import create_app
from pipeline.database import open_database, unit_of_work
from pipeline.desk import access

PASSWORD = "яблоко от яблони"  # noqa: S105 - for tests only

# method and path: stranger, operator, administrator. 303 for a stranger leads to the door.
TABLE: dict[tuple[str, str], tuple[int, int, int]] = {
    ("GET", "/"): (303, 200, 200),
    ("GET", "/incident/{number}"): (303, 200, 200),
    ("POST", "/incident/{number}/verdict"): (303, 303, 303),
    ("POST", "/incident/{number}/answer"): (303, 303, 303),
    ("POST", "/incident/{number}/answer/{answer}"): (303, 303, 303),
    ("GET", "/sources"): (303, 200, 200),
    ("GET", "/sign-in"): (200, 303, 303),
    ("POST", "/sign-in"): (401, 401, 401),
    ("GET", "/enter/{token}"): (200, 200, 200),
    ("POST", "/enter/{token}"): (303, 303, 303),
    ("POST", "/sign-out"): (303, 303, 303),
    ("GET", "/password"): (303, 200, 200),
    ("POST", "/password"): (303, 303, 303),
    ("GET", "/health"): (200, 200, 200),
    ("POST", "/hooks/{key}"): (400, 400, 400),
    ("GET", "/static"): (200, 200, 200),
}
ANSWERS = (f"Ответ номер {number}" for number in count(1))
"""No two people may give the same answer."""

DOORS = frozenset({"/sign-in", "/enter/{token}"})
"""Forms that are meant for strangers."""


def routes() -> list[tuple[str, str]]:
    region = make_region()
    engine = open_database("sqlite://")
    app = create_app(engine=engine, region=region, calendar=make_calendar(region), clock=Clock())
    engine.dispose()
    found: set[tuple[str, str]] = set()
    for route in iter_route_contexts(app.routes):
        assert route.path is not None
        found |= {(method, route.path) for method in route.methods or {"GET"}}
    return sorted(found)


ROUTES = routes()
FORMS = [route for route in ROUTES if route[0] != "GET" and not route[1].startswith("/hooks/")]
"""What people send; networks push their events without a form, and prove themselves otherwise."""


@dataclass
class Town:
    """A console with one incident, an operator with a fresh link, and a browser."""

    engine: sa.Engine
    browser: Browser
    operator: Person
    administrator: Person
    incident_id: int

    def link(self) -> str:
        """Make a one-time link; the administrator's, who is never dismissed here."""
        with unit_of_work(self.engine) as session:
            staff = session.get_one(Staff, self.administrator.id)
            return access.make_entry_link(session, staff, NOW, timedelta(hours=1))

    def address(self, path: str) -> str:
        """Turn a route into an address that exists."""
        if path == "/static":
            return "/static/console.css"
        return path.format(
            number=self.incident_id,
            key="unknown",
            token=self.link() if "token" in path else "",
            answer=queue(self.engine, incident_id=self.incident_id) if "answer}" in path else "",
        )

    def form(self, path: str) -> dict[str, str]:
        """Fill in the form of a route, with its genuine token wherever it can be had."""
        form = {"login": "nobody", "password": PASSWORD, "again": PASSWORD}
        form |= {"button": "right", "version": "1", "relevant": "yes", "topic": "roads"}
        form |= {"urgency": "normal", "settlement": "luga"}
        if "answer" in path:
            form |= {"button": "withdraw" if "{answer}" in path else "send", "seen": "1"}
            form |= {"kind": "interim", "text": next(ANSWERS)}
        page = f"/enter/{self.link()}" if path in DOORS else "/password"
        answer = self.browser.get(page)
        if answer.status_code != 200:
            return form
        return {**form, "form_token": Page(answer.text).form_token}

    def ask(self, method: str, path: str) -> int:
        """Return the status of a request that has nothing wrong with it."""
        address = self.address(path)
        if method == "GET":
            return self.browser.get(address).status_code
        return self.browser.send(method, address, data=self.form(path)).status_code


@pytest.fixture
def town(
    app: FastAPI, console_engine: sa.Engine, operator: Person, administrator: Person
) -> Iterator[Town]:
    with unit_of_work(console_engine) as session:
        incident_id = stored_id(add_incident(session, add_source(session)).id)
    with browsing(app) as browser:
        yield Town(console_engine, browser, operator, administrator, incident_id)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_role_gets_what_the_table_says(method: str, path: str, town: Town) -> None:
    people = (None, town.operator, town.administrator)

    for person, status in zip(people, TABLE[method, path], strict=True):
        town.browser.http.cookies.clear()
        if person is not None:
            town.browser.sign_in(person.login, person.password)
        assert town.ask(method, path) == status, person


def test_the_table_names_no_route_that_is_gone() -> None:
    assert sorted(TABLE) == ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_dismissed_person_is_a_stranger(method: str, path: str, town: Town) -> None:
    town.browser.sign_in(town.operator.login, town.operator.password)
    with unit_of_work(town.engine) as session:
        deactivate(session, town.operator)

    assert town.ask(method, path) == TABLE[method, path][0]


@pytest.mark.parametrize(("method", "path"), FORMS)
@pytest.mark.parametrize("token", ["", "0" * 64, "щ"])
def test_a_form_without_its_token_changes_nothing(
    method: str, path: str, token: str, town: Town
) -> None:
    town.browser.sign_in(town.operator.login, town.operator.password)
    form = {**town.form(path), "form_token": token}

    assert town.browser.send(method, town.address(path), data=form).status_code == 403
    assert town.browser.get("/").status_code == 200, "still signed in"


@pytest.mark.parametrize(("method", "path"), FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_a_foreign_page_changes_nothing(
    method: str, path: str, headers: dict[str, str], town: Town
) -> None:
    town.browser.sign_in(town.operator.login, town.operator.password)
    form = town.form(path)

    answer = town.browser.send(method, town.address(path), data=form, headers=headers)

    assert answer.status_code == 403
    assert town.browser.get("/").status_code == 200, "still signed in"


def test_a_form_of_our_own_page_is_heard(town: Town) -> None:
    town.browser.sign_in(town.operator.login, town.operator.password)
    form, headers = town.form("/sign-out"), {"Origin": "http://127.0.0.1:8017"}

    assert town.browser.send("POST", "/sign-out", data=form, headers=headers).status_code == 303
    assert town.browser.get("/").status_code == 303, "signed out"


def test_a_token_of_one_session_does_not_fit_another(app: FastAPI, town: Town) -> None:
    town.browser.sign_in(town.operator.login, town.operator.password)
    with browsing(app) as other:
        other.sign_in(town.administrator.login, town.administrator.password)
        stolen = other.page("/").form_token

    assert town.browser.post("/sign-out", {"form_token": stolen}).status_code == 403
