"""The review where something comes between: other people, old pages, double clicks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import Clock, Person, add_person
from console.client import Browser, Page, browsing
from console.review_page import entries, form_of, leases, number_on, open_one, press, stands
from fastapi import FastAPI
from sqlmodel import select

from models.console import Undo
from models.source import Source
from models.vocabulary import Role, Stage, Topic
from pipeline.database import reading, unit_of_work
from pipeline.desk.leases import LEASE


@pytest.fixture
def colleague(app: FastAPI, console_engine: sa.Engine) -> Iterator[Browser]:
    """A second operator's browser, signed in."""
    with unit_of_work(console_engine) as session:
        person = add_person(session, "sidorov")
    with browsing(app) as browser:
        assert browser.sign_in(person.login, person.password).status_code == 303
        yield browser


def test_a_button_pressed_twice_is_heard_once(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    for act in ("agree", "snooze:four", "irrelevant:spam", "ask_place"):
        number = open_one(console_engine, source)
        page = browser.page(f"/review/{number}")
        question = f"Здравствуйте! Где это, {act}?"

        first = press(browser, page, act, question=question)
        once = entries(console_engine, number)
        second = press(browser, page, act, question=question)

        assert (first.status_code, second.status_code) == (303, 303), act
        assert entries(console_engine, number) == once, act
        assert second.headers["location"] == first.headers["location"], act


def test_a_stale_page_shows_both_and_loses_nothing(
    browser: Browser, colleague: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)
    page = browser.page("/review")
    theirs = colleague.page(f"/review/{number}")
    assert "Его смотрит operator" in theirs.text
    press(colleague, theirs, "agree", topic="landscaping")

    answer = press(browser, page, "agree", other_topic="gas", question="Где?")

    assert answer.status_code == 409
    shown = Page(answer.text)
    for words in (
        "ТемаГазБлагоустройство",
        "Разбор исправлен",
        "sidorov",
        "подтвердите снова",
    ):
        assert words in shown.text, words
    assert "Где?" in shown.text
    assert stands(console_engine, number).topic is Topic.LANDSCAPING

    # What was wanted is still in the fields: once more, and it is so.
    again = form_of(shown)
    wanted = [option["value"] for option in shown.all("option") if "selected" in option]
    assert "gas" in wanted
    answer = browser.post(f"/review/{number}", {**again, "act": "agree", "other_topic": "gas"})
    assert answer.status_code == 303
    assert stands(console_engine, number).topic is Topic.GAS


def test_what_somebody_has_closed_meanwhile_is_told(
    browser: Browser, colleague: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)
    page = browser.page("/review")
    press(colleague, colleague.page(f"/review/{number}"), "irrelevant:news")

    answer = press(browser, page, "snooze:hour")

    assert answer.status_code == 409
    shown = Page(answer.text)
    assert "Не обращение: новость" in shown.text or "Инцидент закрыт" in shown.text
    assert "судить о нём больше не нужно" in shown.text


def test_two_operators_never_get_the_same_item(
    browser: Browser, colleague: Browser, console_engine: sa.Engine, source: Source, clock: Clock
) -> None:
    numbers = [open_one(console_engine, source) for _ in range(4)]
    mine = number_on(browser.page("/review"))
    ahead = number_on(browser.page(f"/review?ahead={mine}"))

    others = number_on(colleague.page("/review"))
    next_ = number_on(colleague.page(f"/review?ahead={others}"))

    assert sorted({mine, ahead, others, next_} - {None}) == numbers  # type: ignore[type-var]  # no None
    assert number_on(colleague.page(f"/review?ahead={others},{next_}")) is None
    # Whoever went home without a word keeps nothing.
    clock.forward(timedelta(minutes=3))
    assert number_on(colleague.page(f"/review?ahead={others},{next_}")) == mine


def test_a_page_keeps_its_lease_and_lets_it_go(
    browser: Browser, colleague: Browser, console_engine: sa.Engine, source: Source, clock: Clock
) -> None:
    number = open_one(console_engine, source)
    page = browser.page("/review")
    form = {"form_token": page.form_token, "numbers": f"{number},99999"}

    clock.forward(timedelta(minutes=2))
    said = browser.post("/review/lease", form).json()
    assert said.pop("kept") == (clock() + LEASE).timestamp()
    assert said == {str(number): {"version": 1, "looker": ""}}
    clock.forward(timedelta(minutes=2))
    assert number_on(colleague.page("/review")) is None
    token = colleague.page("/review").form_token
    said = colleague.post("/review/lease", {"form_token": token, "numbers": str(number)}).json()
    assert said[str(number)] == {"version": 1, "looker": "operator"}

    assert browser.post("/review/lease", {**form, "leave": "yes"}).json() == {}
    assert number_on(colleague.page("/review")) == number
    said = browser.post("/review/lease", form).json()
    assert said[str(number)] == {"version": 1, "looker": "sidorov"}


def test_an_act_can_be_taken_back_by_its_token(
    browser: Browser, console_engine: sa.Engine, source: Source, operator: Person
) -> None:
    number = open_one(console_engine, source)
    page = browser.page("/review")

    answer = press(browser, page, "agree")

    with reading(console_engine) as session:
        undo = session.exec(select(Undo)).one()
    assert (undo.incident_id, undo.staff_id) == (number, operator.id)
    assert answer.headers["location"] == f"/review?undo={undo.token}"

    # Passing over the next one does not take the offer away.
    open_one(console_engine, source)
    page = browser.page(answer.headers["location"])
    assert "Отменить" in page.text
    answer = press(browser, page, "skip")
    assert f"undo={undo.token}" in answer.headers["location"]


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ("sing", 404),
        ("irrelevant:poem", 404),
        ("snooze:never", 404),
        ("merge:0x1", 404),
        ("merge:<b>", 422),
        ("", 422),
    ],
)
def test_what_no_button_says_is_not_heard(
    act: str, status: int, browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)

    assert press(browser, browser.page("/review"), act).status_code == status
    assert entries(console_engine, number) == []


@pytest.mark.parametrize("into", ["999", "self"])
def test_merging_into_what_is_not_there_is_refused(
    into: str, browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)
    into = str(number) if into == "self" else into

    answer = press(browser, browser.page("/review"), f"merge:{into}")

    assert answer.status_code in {404, 422}
    assert stands(console_engine, number).stage is Stage.REVIEW


@pytest.mark.parametrize("role", [Role.APPROVER, Role.OBSERVER])
def test_there_is_no_review_for_others(
    role: Role, app: FastAPI, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)
    with unit_of_work(console_engine) as session:
        person = add_person(session, "somebody", role)
    with browsing(app) as other:
        other.sign_in(person.login, person.password)
        for url in ("/review", f"/review/{number}"):
            assert other.get(url).status_code == 404
        assert '"/review"' not in other.get("/").text
    assert leases(console_engine) == {}


@pytest.mark.parametrize("skip", ["x", "0", "1,,2", "9" * 30, "1," * 200])
def test_an_address_that_makes_no_sense_is_taken_as_none(
    skip: str, browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)

    assert number_on(browser.page(f"/review?skip={skip}&ahead={skip}")) == number
