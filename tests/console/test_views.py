"""Saved views: one's own and shared ones, with counts of what their reader may see."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, add_incident
from console.client import Browser, browsing
from console.test_hostile import HOSTILE, HUGE
from fastapi import FastAPI
from sqlmodel import Session, select

from models.console import SavedView
from models.source import Source
from models.staff import Staff
from models.vocabulary import Role, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing
from pipeline.desk.views import LONGEST, MOST, ViewError, save


class People:
    """Browsers of people, each signed in."""

    def __init__(self, app: FastAPI, engine: sa.Engine, stack: ExitStack) -> None:
        self.app, self.engine, self.stack = app, engine, stack

    def come(self, login: str, role: Role = Role.OPERATOR, body: str | None = None) -> Browser:
        with unit_of_work(self.engine) as session:
            staff = staffing.add_staff(session, login, role, NOW, body=body)
            token = access.open_session(session, staff, NOW)
        browser = self.stack.enter_context(browsing(self.app))
        browser.http.cookies.set("otklik", token)
        return browser


@pytest.fixture
def people(app: FastAPI, console_engine: sa.Engine) -> Iterator[People]:
    with ExitStack() as stack:
        yield People(app, console_engine, stack)


@pytest.fixture
def town(console_engine: sa.Engine, source: Source) -> None:
    """Two incidents about gas, one of them another body's, and one about roads."""
    with unit_of_work(console_engine) as session:
        add_incident(session, source, topic=Topic.GAS, urgency=Urgency.URGENT, text="пахнет газом")
        add_incident(session, source, topic=Topic.GAS, body="luga", text="нет газа")
        add_incident(session, source)


def keep(browser: Browser, title: str, query: str, **fields: str) -> int:
    answer = browser.submit("/views", "/views", title=title, query=query, **fields)
    return answer.status_code


def saved(engine: sa.Engine) -> list[tuple[str, str, bool]]:
    with reading(engine) as session:
        views = session.exec(select(SavedView).order_by(SavedView.title)).all()
        return [(view.title, view.query, view.shared) for view in views]


@pytest.mark.usefixtures("town")
def test_a_view_is_saved_shown_above_the_queue_and_counted(
    people: People, console_engine: sa.Engine
) -> None:
    # Given an operator who saves what the page is narrowed to
    anna = people.come("anna")
    page = anna.page("/?topic=gas&page=7")
    (form,) = [one for one in page.all("form") if one["action"] == "/views"]
    assert form["method"] == "post"
    (query,) = page.all("input", name="query")
    answer = anna.post(
        "/views",
        {"form_token": page.form_token, "title": "  Газ,\n район ", "query": query["value"] or ""},
    )
    # Then they are back at the list, and the view stands above it, current
    assert (answer.status_code, answer.headers["location"]) == (303, "/?topic=gas")
    assert saved(console_engine) == [("Газ, район", "topic=gas", False)]
    (link,) = anna.page("/?topic=gas").all("a", href="/?topic=gas")
    assert link["aria-current"] == "page"
    # And its count comes after it, and on the page of all views with what it is made of
    assert "Газ, район 2" in anna.page("/views/counts?topic=gas").text
    assert "Газ, район 2 Газ" in anna.page("/views").text


@pytest.mark.usefixtures("town")
def test_a_shared_view_shows_each_reader_their_own_incidents(people: People) -> None:
    anna, boss = people.come("anna"), people.come("boss", Role.ADMINISTRATOR)
    kate = people.come("kate", Role.EXECUTOR, "luga")
    keep(boss, "Газ", "topic=gas", shared="1")
    keep(boss, "Срочный газ", "topic=gas&urgent=1", shared="1")
    keep(boss, "Слова", f"q={quote('газ')}", shared="1")
    keep(boss, "Личное", "urgent=1")

    for browser, numbers in ((anna, ("2", "1", "2")), (kate, ("1", "0", "1"))):
        for text in (browser.page("/views").text, browser.page("/views/counts").text):
            for title, number in zip(("Газ", "Срочный газ", "Слова"), numbers, strict=True):
                assert f"{title} {number}" in text or f"{title} отбор сотрудника boss {number}" in (
                    text
                )
            assert "boss" in text
            assert "Личное" not in text


def test_its_owner_and_administrators_alone_change_a_view(
    people: People, console_engine: sa.Engine
) -> None:
    # Given a shared view and one that is not
    anna, ivan = people.come("anna"), people.come("ivan")
    boss = people.come("boss", Role.ADMINISTRATOR)
    keep(anna, "Общий", "topic=gas", shared="1")
    keep(anna, "Свой", "topic=snow")
    shared, own = (f"/views/{number}" for number in (1, 2))

    def press(browser: Browser, url: str, button: str) -> int:
        return browser.submit("/views", url, button=button).status_code

    # Then nobody else deletes the one, and to nobody else is there the other
    assert press(ivan, shared, "delete") == 403
    assert press(ivan, shared, "keep") == 403
    assert press(ivan, own, "delete") == 404
    assert press(boss, own, "delete") == 404
    assert press(anna, "/views/999", "delete") == 404
    assert press(anna, "/views/9999999999999999999999", "delete") == 404
    # And its owner hides it, and shows it again; an unknown button does nothing
    assert press(anna, shared, "keep") == 303
    assert "Общий" not in ivan.page("/views").text
    assert press(anna, shared, "share") == 303
    assert press(anna, shared, "explode") == 303
    assert [title for title, _, _ in saved(console_engine)] == ["Общий", "Свой"]
    # And an administrator takes it away
    assert press(boss, shared, "delete") == 303
    assert press(anna, own, "delete") == 303
    assert saved(console_engine) == []


@pytest.mark.parametrize(
    ("title", "query", "said"),
    [
        ("", "topic=gas", "Назовите отбор"),
        (" \n ", "topic=gas", "Назовите отбор"),
        ("я" * (LONGEST + 1), "topic=gas", "Название длиннее"),
        ("Всё", "", "нет ни одного условия"),
        ("Всё", "topic=nonsense&page=5", "нет ни одного условия"),
        ("Газ", "urgent=1", "у вас уже есть"),
    ],
)
def test_what_cannot_be_saved_is_explained_and_kept_in_the_form(
    people: People, title: str, query: str, said: str
) -> None:
    anna, ivan = people.come("anna"), people.come("ivan")
    assert keep(anna, "Газ", "topic=gas") == 303
    assert keep(ivan, "Газ", "topic=gas") == 303, "everybody names theirs as they like"

    answer = anna.submit("/views", "/views", title=title, query=query)

    assert answer.status_code == 422
    assert said in answer.text


def test_nobody_saves_views_without_end(people: People, console_engine: sa.Engine) -> None:
    anna = people.come("anna")
    with unit_of_work(console_engine) as session:
        number = staff_id(session, "anna")
        for place in range(MOST):
            save(session, number, f"Отбор {place}", "topic=gas", shared=False, now=NOW)
    answer = anna.submit("/views", "/views", title="Ещё один", query="topic=gas")
    assert "больше не сохраняется" in answer.text
    with pytest.raises(ViewError), unit_of_work(console_engine) as session:
        save(session, number, "Ещё один", "topic=gas", shared=False, now=NOW)
    page = anna.page("/")
    assert "Ещё отборы" in page.text
    assert len(page.all("a", href="/?topic=gas")) < MOST, "the rest stand on their own page"
    assert anna.page("/views").text.count("Отбор ") >= MOST


def staff_id(session: Session, login: str) -> int:
    return session.exec(select(Staff).where(Staff.login == login)).one().id or 0


def test_a_view_of_what_the_region_forgot_shows_the_rest_of_it(
    people: People, console_engine: sa.Engine
) -> None:
    anna = people.come("anna")
    with unit_of_work(console_engine) as session:
        query = "settlement=gone&topic=gas&nonsense=%00"
        save(session, staff_id(session, "anna"), "Старый", query, shared=False, now=NOW)
    assert "/?topic=gas" in anna.page("/").links


def test_hostile_titles_are_shown_as_text(people: People) -> None:
    anna = people.come("anna")
    skeleton = None
    for words in (*HOSTILE, HUGE):
        title = words.replace("\x00", "")[:LONGEST]
        if not " ".join(title.split()):
            continue
        assert keep(anna, title, "topic=gas") == 303, title
        page = anna.page("/")
        skeleton = skeleton or page.skeleton
        assert page.skeleton == skeleton, title
        anna.page("/views/counts")
        assert anna.submit("/views", f"/views/{latest(people)}", button="delete").status_code == 303


def latest(people: People) -> int:
    with reading(people.engine) as session:
        return max(number for number in session.exec(select(SavedView.id)) if number)


def test_the_clock_of_a_view_is_today_s(
    people: People, source: Source, console_engine: sa.Engine, clock: Clock
) -> None:
    """A view is its conditions: what is due today is another list tomorrow."""
    anna = people.come("anna")
    keep(anna, "Сегодня", "due=today")
    with unit_of_work(console_engine) as session:
        add_incident(session, source)
    assert "Сегодня 1" in anna.page("/views").text
    clock.forward(timedelta(days=1))
    with unit_of_work(console_engine) as session:
        anna_herself = session.exec(select(Staff).where(Staff.login == "anna")).one()
        token = access.open_session(session, anna_herself, clock.now)
    anna.http.cookies.clear()
    anna.http.cookies.set("otklik", token)
    assert "Сегодня 0" in anna.page("/views").text
