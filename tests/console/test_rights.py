"""What each role sees of the console: links, rows, buttons; and what it never finds."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import NOW, add_incident, add_source
from console.client import Browser, Page, browsing
from fastapi import FastAPI

from models.columns import stored_id
from models.incident import CoExecutor
from models.staff import Staff
from models.vocabulary import Role, Stage
from pipeline.database import unit_of_work
from pipeline.decisions.permissions import RIGHTS, Actor, Right, limited_to, sees
from pipeline.desk import access, staffing


@pytest.fixture
def anybody(app: FastAPI) -> Iterator[Browser]:
    with browsing(app) as browser:
        yield browser


def sign_in(browser: Browser, engine: sa.Engine, role: Role, body: str | None = None) -> Browser:
    with unit_of_work(engine) as session:
        staff = staffing.add_staff(session, role.value, role, NOW, body=body)
        browser.http.cookies.set("otklik", access.open_session(session, staff, NOW))
    return browser


def fill(engine: sa.Engine) -> tuple[int, int, int]:
    """Open an incident of the road department, one of Луга, and one that Луга helps with."""
    with unit_of_work(engine) as session:
        source = source_of(session, "vk:luga")
        numbers = [
            stored_id(add_incident(session, source, text=text, body=body, stage=Stage.WORK).id)
            for text, body in (("Чужая яма", "roads"), ("Своя яма", "luga"), ("Общая", "roads"))
        ]
        session.add(CoExecutor(incident_id=numbers[2], body="luga"))
    return numbers[0], numbers[1], numbers[2]


def test_an_executor_sees_what_their_body_answers_for_and_helps_with(
    console_engine: sa.Engine, anybody: Browser
) -> None:
    foreign, own, helped = fill(console_engine)
    browser = sign_in(anybody, console_engine, Role.EXECUTOR, "luga")

    page = browser.page("/")
    assert {f"/incident/{own}", f"/incident/{helped}"} <= set(page.links)
    assert f"/incident/{foreign}" not in page.links
    assert "Чужая яма" not in page.text
    assert "Открыто 2" in page.text, "what is counted is their own as well"
    assert "2 инцидента" in page.text
    assert [
        browser.get(f"/incident/{number}").status_code for number in (foreign, own, helped)
    ] == [
        404,
        200,
        200,
    ]


def test_an_executor_of_no_body_sees_nothing(console_engine: sa.Engine, anybody: Browser) -> None:
    _, own, _ = fill(console_engine)
    browser = sign_in(anybody, console_engine, Role.EXECUTOR, "luga")
    with unit_of_work(console_engine) as session:
        session.execute(sa.update(Staff).values(body=None))

    assert "Открытых инцидентов нет" in browser.page("/").text
    assert browser.get(f"/incident/{own}").status_code == 404


def test_a_foreign_incident_looks_like_one_that_is_not_there(
    console_engine: sa.Engine, anybody: Browser
) -> None:
    foreign, _, _ = fill(console_engine)
    browser = sign_in(anybody, console_engine, Role.EXECUTOR, "luga")
    hidden, absent = (browser.get(f"/incident/{number}") for number in (foreign, 99_999))
    assert (hidden.status_code, hidden.text) == (absent.status_code, absent.text)


def test_an_observer_gets_a_page_for_reports_and_no_incident(
    console_engine: sa.Engine, anybody: Browser
) -> None:
    numbers = fill(console_engine)
    browser = sign_in(anybody, console_engine, Role.OBSERVER)

    assert browser.get("/").headers["location"] == "/dashboard"
    page = browser.page("/dashboard")
    assert "яма" not in page.text
    assert not [link for link in page.links if link.startswith("/incident")]
    for number in numbers:
        assert browser.get(f"/incident/{number}").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_sources_are_for_those_who_can_do_something_about_them(
    console_engine: sa.Engine, anybody: Browser, role: Role
) -> None:
    with unit_of_work(console_engine) as session:
        add_source(session, error="ключ отозван")
    browser = sign_in(anybody, console_engine, role, "roads" if role is Role.EXECUTOR else None)
    may = role in {Role.OPERATOR, Role.ADMINISTRATOR}
    page = browser.page("/dashboard" if role is Role.OBSERVER else "/")
    assert ("/sources" in page.links) is may
    assert ("Источники требуют внимания" in page.text) is may
    assert browser.get("/sources").status_code == (200 if may else 404)


@pytest.mark.parametrize(
    ("role", "judges", "sends", "drafts", "by_hand"),
    [
        (Role.OPERATOR, True, True, False, True),
        (Role.EXECUTOR, False, False, True, False),
        (Role.APPROVER, False, False, False, False),
        (Role.ADMINISTRATOR, True, True, False, True),
    ],
)
def test_forms_that_a_role_may_not_send_are_not_shown(
    console_engine: sa.Engine,
    anybody: Browser,
    role: Role,
    *,
    judges: bool,
    sends: bool,
    drafts: bool,
    by_hand: bool,
) -> None:
    number, _, _ = fill(console_engine)
    browser = sign_in(anybody, console_engine, role, "roads" if role is Role.EXECUTOR else None)
    page = browser.page(f"/incident/{number}")
    buttons = {button["value"] for button in page.all("button", name="button")}
    assert buttons == {
        *(["right", "wrong"] if judges else []),
        *(["send"] if sends else []),
        *(["submit", "draft"] if drafts else []),
        *(["hand"] if by_hand else []),
    }


@pytest.mark.parametrize("stage", [Stage.CLOSED, Stage.SATISFACTION])
def test_a_role_that_may_not_judge_sees_no_form_on_any_card(
    console_engine: sa.Engine, anybody: Browser, stage: Stage
) -> None:
    with unit_of_work(console_engine) as session:
        source = source_of(session, "vk:luga")
        number = stored_id(add_incident(session, source, stage=stage).id)
    page = sign_in(anybody, console_engine, Role.APPROVER).page(f"/incident/{number}")
    assert page.all("select") == []
    assert isinstance(page, Page)


@pytest.mark.parametrize("role", list(Role))
def test_the_list_and_the_card_agree_on_who_sees_what(role: Role) -> None:
    for body in (None, "luga", "roads"):
        actor = Actor("somebody", role, body)
        for incident in ("luga", "roads"):
            only = limited_to(actor)
            listed = Right.READ_QUEUE in RIGHTS[role] and only in {None, incident}
            assert listed == sees(actor, incident)
