"""Who gets what: every route of the console has its line here, or a test fails."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import (
    NOW,
    OPERATOR,
    PASSWORD_HASHES,
    Clock,
    Person,
    add_incident,
    deactivate,
    make_calendar,
    make_region,
    make_rules,
)
from console.client import Browser, Page, browsing
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.staff import Staff
from models.vocabulary import AnswerKind, Role, Stage
from pipeline.console.app import create_app
from pipeline.database import open_database, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.decisions.permissions import Actor
from pipeline.desk import access, drafts, staffing
from pipeline.desk import answers as desk
from pipeline.desk.api_keys import make_key
from pipeline.desk.views import save

PASSWORD = "яблоко от яблони"  # noqa: S105 - for tests only

WHO = ("stranger", *(role.value for role in Role), "other body")
"""The columns: an executor's own body has the incident, that of another one does not."""

# method and path: stranger, operator, executor, approver, administrator, observer, another body's
# executor. 303 for a stranger leads to the door, for all others to the page that shows what was
# done; 403 is for who sees an incident and may not do that, 404 for who does not see it at all.
TABLE: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET", "/"): (303, 200, 200, 200, 200, 303, 200),
    ("GET", "/views"): (303, 200, 200, 200, 200, 404, 200),
    ("POST", "/views"): (303, 303, 303, 303, 303, 404, 303),
    ("GET", "/views/counts"): (303, 200, 200, 200, 200, 404, 200),
    ("POST", "/views/{view}"): (303, 403, 403, 403, 303, 404, 403),
    ("GET", "/dashboard"): (303, 200, 404, 200, 200, 200, 404),
    ("GET", "/bulk"): (303, 200, 404, 200, 200, 404, 404),
    ("POST", "/bulk"): (303, 409, 404, 409, 409, 404, 404),
    ("GET", "/bulk/{token}"): (303,) + (404,) * 6,
    ("POST", "/bulk/{token}"): (303,) + (404,) * 6,
    ("POST", "/undo/{token}"): (303,) + (404,) * 6,
    ("GET", "/review"): (303, 200, 404, 404, 200, 404, 404),
    ("GET", "/review/{number}"): (303, 200, 404, 404, 200, 404, 404),
    ("POST", "/review/{number}"): (303, 303, 404, 404, 303, 404, 404),
    ("POST", "/review/lease"): (303, 200, 404, 404, 200, 404, 404),
    ("GET", "/keys"): (303, 200, 200, 200, 200, 200, 200),
    ("POST", "/keys"): (303,) * 7,
    ("GET", "/incident/{number}"): (303, 200, 200, 200, 200, 404, 404),
    ("POST", "/incident/{number}/verdict"): (303, 303, 403, 403, 303, 404, 404),
    ("POST", "/incident/{number}/answer"): (303, 303, 403, 403, 303, 404, 404),
    ("POST", "/incident/{number}/answer/{answer}"): (303, 303, 303, 403, 303, 404, 404),
    ("POST", "/incident/{number}/act"): (303, 303, 303, 403, 303, 404, 404),
    ("GET", "/incident/{number}/similar"): (303, 200, 404, 404, 200, 404, 404),
    ("POST", "/incident/{number}/similar"): (303, 303, 404, 404, 303, 404, 404),
    ("GET", "/approvals"): (303, 404, 404, 200, 200, 404, 404),
    ("POST", "/approvals/{waiting}"): (303, 404, 404, 303, 303, 404, 404),
    ("GET", "/templates"): (303, 200, 404, 404, 200, 404, 404),
    ("POST", "/templates"): (303, 303, 404, 404, 303, 404, 404),
    ("GET", "/sources"): (303, 200, 404, 404, 200, 404, 404),
    ("GET", "/sign-in"): (200, 303, 303, 303, 303, 303, 303),
    ("POST", "/sign-in"): (401,) * 7,
    ("GET", "/enter/{token}"): (200,) * 7,
    ("POST", "/enter/{token}"): (303,) * 7,
    ("POST", "/sign-out"): (303,) * 7,
    ("GET", "/sign-in/code"): (303,) * 7,
    ("POST", "/sign-in/code"): (303,) * 7,
    ("GET", "/account"): (303, 200, 200, 200, 200, 200, 200),
    ("POST", "/account/sessions"): (303,) * 7,
    ("GET", "/account/factor"): (303, 200, 200, 200, 200, 200, 200),
    ("POST", "/account/factor"): (303, 422, 422, 422, 422, 422, 422),
    ("POST", "/account/factor/change"): (303,) * 7,
    ("GET", "/admin"): (303, 404, 404, 200, 200, 404, 404),
    ("GET", "/admin/staff"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/admin/staff"): (303, 404, 404, 404, 200, 404, 404),
    ("GET", "/admin/staff/{number}"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/admin/staff/{number}"): (303, 404, 404, 404, 303, 404, 404),
    ("GET", "/sources/keys"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/sources/keys/{name}"): (303,) + (404,) * 6,
    ("POST", "/sources/check"): (303, 404, 404, 404, 303, 404, 404),
    ("GET", "/new"): (303, 200, 404, 404, 200, 404, 404),
    ("POST", "/new"): (303, 303, 404, 404, 303, 404, 404),
    ("GET", "/admin/region"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/admin/region/try"): (303, 404, 404, 404, 422, 404, 404),
    ("GET", "/admin/norms"): (303, 404, 404, 404, 200, 404, 404),
    ("GET", "/admin/models"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/admin/models/promote"): (303, 404, 404, 404, 422, 404, 404),
    ("POST", "/admin/models/rollback"): (303, 404, 404, 404, 422, 404, 404),
    ("GET", "/admin/journal"): (303, 404, 404, 200, 200, 404, 404),
    ("GET", "/admin/journal.csv"): (303, 404, 404, 200, 200, 404, 404),
    ("GET", "/admin/journal/check"): (303, 404, 404, 200, 200, 404, 404),
    ("POST", "/admin/journal/check"): (303, 404, 404, 303, 303, 404, 404),
    ("GET", "/admin/retention"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/admin/retention/run"): (303, 404, 404, 404, 303, 404, 404),
    ("GET", "/password"): (303, 200, 200, 200, 200, 200, 200),
    ("POST", "/password"): (303,) * 7,
    ("GET", "/health"): (200,) * 7,
    ("POST", "/hooks/{key}"): (400,) * 7,
    ("GET", "/o/{token}"): (404,) * 7,
    ("HEAD", "/o/{token}"): (404,) * 7,
    ("POST", "/o/{token}"): (404,) * 7,
    ("GET", "/admin/api"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/admin/api"): (303, 404, 404, 404, 200, 404, 404),
    ("POST", "/admin/api/{number}/revoke"): (303, 404, 404, 404, 303, 404, 404),
    # A cookie opens nothing there; tests/api has their own tables.
    ("GET", "/api/v1"): (401,) * 7,
    ("GET", "/open311/v2"): (403,) * 7,
    ("GET", "/static"): (200,) * 7,
}
ANSWERS = (f"Ответ номер {number}" for number in count(1))
"""No two people may give the same answer."""

FIELDS: Mapping[str, Mapping[str, str]] = {
    "/new": {"channel": "hotline", "text": "Нет света", "key": "a form"},
    "/admin/staff": {"button": "sessions", "role": "observer"},
    "/review": {"act": "agree", "token": "a" * 32},
    "/sources/check": {"source": "vk:luga"},
    "/approvals": {"button": "approve", "answer_seen": "2", "at_version": "2"},
    "/templates": {"button": "save", "title": "Принято", "text": "Здравствуйте! {номер}"},
}
"""What the forms of these pages hold beside the fields that all have."""

FOREIGN: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)
"""What a browser says of a form that stands on somebody else's page."""

DOORS = frozenset({"/sign-in", "/sign-in/code", "/enter/{token}", "/o/{token}"})
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
FORMS = [route for route in ROUTES if route[0] == "POST" and not route[1].startswith("/hooks/")]
"""What people send; networks push their events without a form, and prove themselves otherwise."""


@dataclass
class Town:
    """A console, somebody of each role, and a browser; every question is about a new incident."""

    engine: sa.Engine
    browser: Browser
    people: Mapping[str, Person]

    def as_(self, who: str) -> None:
        """Let the browser be somebody's."""
        self.lend(self.browser, who)

    def lend(self, browser: Browser, who: str) -> None:
        """Sign a browser in without the password's slow hash: the door has tests of its own."""
        browser.http.cookies.clear()
        if who == "stranger":
            return
        with unit_of_work(self.engine) as session:
            staff = session.get_one(Staff, self.people[who].id)
            browser.http.cookies.set("otklik", access.open_session(session, staff, NOW))

    def link(self) -> str:
        """Make a one-time link; the administrator's, who is never dismissed here."""
        with unit_of_work(self.engine) as session:
            staff = session.get_one(Staff, self.people["administrator"].id)
            return access.make_entry_link(session, staff, NOW, timedelta(hours=1))

    def incident(self, path: str) -> int:
        """Open an incident that waits for just this: answers are given in work, acts before."""
        stage = Stage.ASSIGNED if path.endswith("/act") else Stage.WORK
        with unit_of_work(self.engine) as session:
            source = source_of(session, "vk:luga")
            return stored_id(add_incident(session, source, stage=stage).id)

    def answer(self, incident_id: int) -> int:
        """Put an answer on its way."""
        with unit_of_work(self.engine) as session:
            answer = desk.queue_answer(
                session,
                incident_id,
                Draft(next(ANSWERS), AnswerKind.FINAL),
                actor=OPERATOR,
                version=None,
                rules=make_rules(),
                now=NOW,
            )
            assert isinstance(answer, Answer), answer
            return stored_id(answer.id)

    def waiting(self) -> int:
        """Put an answer before the head."""
        number, roads = self.incident(""), Actor("executor", Role.EXECUTOR, "roads")
        draft, rules = Draft(next(ANSWERS), AnswerKind.FINAL), make_rules()
        with unit_of_work(self.engine) as session:
            drafts.save_draft(session, number, draft, actor=roads, rules=rules, now=NOW)
            answer = drafts.submit(session, number, actor=roads, rules=rules, now=NOW)
            assert isinstance(answer, Answer), answer
            return stored_id(answer.id)

    def address(self, path: str) -> str:
        """Turn a route into an address that exists; a survey's token is a guessed one."""
        if path == "/static":
            return "/static/console.css"
        if path in {"/api/v1", "/open311/v2"}:
            return path + ("/region" if path.startswith("/api") else "/services.json")
        number = self.incident(path) if "{number}" in path else 0
        if path.startswith("/admin/staff"):
            number = self.people["observer"].id
        if path.startswith("/admin/api/"):
            number = self.api_key()
        answer = self.answer(number) if "{answer}" in path else 0
        waiting = self.waiting() if "{waiting}" in path else 0
        token = "a" * 24 if path.startswith("/o/") else self.link() if "{token}" in path else ""
        return path.format(
            number=number,
            answer=answer,
            key="unknown",
            name="unknown",
            token=token,
            waiting=waiting,
            view=self.saved_view() if "{view}" in path else 0,
        )

    def api_key(self) -> int:
        """Make a key of a program's."""
        with unit_of_work(self.engine) as session:
            made = make_key(
                session,
                title="Сайт",
                owner="administrator",
                scopes=["reports:read"],
                expires_at=None,
                by="administrator",
                now=NOW,
            )
            return stored_id(made.key.id)

    def saved_view(self) -> int:
        """Save a view of the administrator's that everybody may see."""
        with unit_of_work(self.engine) as session:
            owner = self.people["administrator"].id
            title = next(ANSWERS)
            return stored_id(save(session, owner, title, "topic=gas", shared=True, now=NOW).id)

    def form(self, path: str) -> dict[str, str]:
        """Fill in the form of a route, with its genuine token wherever it can be had."""
        form = {"login": "nobody", "password": PASSWORD, "again": PASSWORD, "rating": "5"}
        form |= {"button": "right", "version": "1", "relevant": "yes", "topic": "roads"}
        form |= {"urgency": "normal", "settlement": "luga", "act": "accepted", "at_version": "1"}
        form |= {"title": "Сайт", "owner": "operator", "scopes": "reports:read", "days": "90"}
        if "answer" in path:
            form |= {"button": "withdraw" if "{answer}" in path else "send", "seen": "1"}
            form |= {"kind": "interim", "text": next(ANSWERS)}
        if path.startswith("/views"):
            form |= {"button": "delete", "title": next(ANSWERS), "query": "topic=gas"}
        if path.startswith("/bulk"):
            # Nothing is about gas, so nothing is begun.
            form |= {"what": "stop" if "{token}" in path else "assign", "body": "luga"}
            form |= {"query": "topic=gas", "at": NOW.isoformat()}
        if path.endswith("/similar"):
            form |= {"button": "apart", "other": str(self.incident(path))}
        for prefix, fields in FIELDS.items():
            form |= fields if path.startswith(prefix) else {}
        page = f"/enter/{self.link()}" if path in DOORS else "/password"
        answer = self.browser.get(page)
        if answer.status_code != 200:
            return form
        return {**form, "form_token": Page(answer.text).form_token}

    def ask(self, method: str, path: str) -> int:
        """Return the status of a request that has nothing wrong with it."""
        address = self.address(path)
        if method != "POST":
            return self.browser.send(method, address).status_code
        return self.browser.send(method, address, data=self.form(path)).status_code


@pytest.fixture
def town(app: FastAPI, console_engine: sa.Engine) -> Iterator[Town]:
    with unit_of_work(console_engine) as session:
        people = {role.value: person_of(session, role.value, role) for role in Role}
        people["other body"] = person_of(session, "neighbour", Role.EXECUTOR, "luga")
    with browsing(app) as browser:
        yield Town(console_engine, browser, people)


def person_of(session: Session, login: str, role: Role, body: str = "roads") -> Person:
    body_code = body if role is Role.EXECUTOR else None
    staff = staffing.add_staff(session, login, role, NOW, body=body_code)
    access.set_password(session, staff, PASSWORD_HASHES.of(login))
    return Person(stored_id(staff.id), login, role)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_role_gets_what_the_table_says(method: str, path: str, town: Town) -> None:
    for who, status in zip(WHO, TABLE[method, path], strict=True):
        town.as_(who)
        assert town.ask(method, path) == status, who


def test_the_table_names_no_route_that_is_gone() -> None:
    assert sorted(TABLE) == ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_dismissed_person_is_a_stranger(method: str, path: str, town: Town) -> None:
    for role in ("operator", "executor"):
        town.as_(role)
        with unit_of_work(town.engine) as session:
            deactivate(session, town.people[role])

        assert town.ask(method, path) == TABLE[method, path][0], role


def test_another_role_holds_with_the_next_click(town: Town) -> None:
    town.as_("operator")
    address = town.address("/incident/{number}")
    assert town.browser.get(address).status_code == 200
    with unit_of_work(town.engine) as session:
        staffing.set_role(session, "operator", Role.OBSERVER, NOW)

    assert town.browser.get(address).status_code == 404


@pytest.mark.parametrize(("method", "path"), FORMS)
def test_a_form_without_its_token_changes_nothing(method: str, path: str, town: Town) -> None:
    town.as_("operator")
    form, address = town.form(path), town.address(path)

    for token in ("", "0" * 64, "щ"):
        forged = {**form, "form_token": token}
        assert town.browser.send(method, address, data=forged).status_code == 403, token
    assert town.browser.get("/").status_code == 200, "still signed in"


@pytest.mark.parametrize(("method", "path"), FORMS)
def test_a_form_from_a_foreign_page_changes_nothing(method: str, path: str, town: Town) -> None:
    town.as_("operator")
    form, address = town.form(path), town.address(path)

    for headers in FOREIGN:
        answer = town.browser.send(method, address, data=form, headers=headers)
        assert answer.status_code == 403, headers
    assert town.browser.get("/").status_code == 200, "still signed in"


def test_a_form_of_our_own_page_is_heard(town: Town) -> None:
    town.as_("operator")
    form, headers = town.form("/sign-out"), {"Origin": "http://127.0.0.1:8017"}

    assert town.browser.send("POST", "/sign-out", data=form, headers=headers).status_code == 303
    assert town.browser.get("/").status_code == 303, "signed out"


def test_a_token_of_one_session_does_not_fit_another(app: FastAPI, town: Town) -> None:
    town.as_("operator")
    with browsing(app) as other:
        town.lend(other, "administrator")
        stolen = other.page("/").form_token

    assert town.browser.post("/sign-out", {"form_token": stolen}).status_code == 403
