"""Signing in and out, by password and by link; one's own password."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person, deactivate
from console.client import BASE, Browser, Page, browsing
from fastapi import FastAPI
from sqlmodel import select

from models.columns import stored_id
from models.staff import EntryLink, SignIn, Staff
from models.vocabulary import Role
from pipeline.console.access import safe_next
from pipeline.console.app import create_app
from pipeline.console.pages.door import FAILURE_SECONDS
from pipeline.console.throttle import at_the_door, of_this_machine
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing


def make_link(engine: sa.Engine, person: Person) -> str:
    with unit_of_work(engine) as session:
        staff = session.get_one(Staff, person.id)
        return access.make_entry_link(session, staff, NOW, timedelta(hours=1))


def fail(browser: Browser, login: str, times: int) -> None:
    token = browser.page("/sign-in").form_token
    for _ in range(times):
        form = {"form_token": token, "login": login, "password": "неверный пароль"}
        assert browser.post("/sign-in", form).status_code == 401


def test_a_password_lets_in_and_goes_on_to_the_page_that_was_asked_for(
    stranger: Browser, operator: Person
) -> None:
    sent_away = stranger.get("/incident/7?from=mail")
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/sign-in?next=/incident/7%3Ffrom%3Dmail"

    page = stranger.page(sent_away.headers["location"])
    form = {
        "form_token": page.form_token,
        "next": page.all("input", name="next")[0]["value"] or "",
        "login": " Operator ",
        "password": operator.password,
    }
    let_in = stranger.post("/sign-in", form)

    assert let_in.status_code == 303
    assert let_in.headers["location"] == "/incident/7?from=mail"
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/incident/1", "/incident/1"),
        ("/?topic=gas&page=2", "/?topic=gas&page=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("/" + "a" * 2000, "/"),
    ],
)
def test_next_never_leads_away(wanted: str, goes: str) -> None:
    assert safe_next(wanted) == goes


def test_a_refusal_says_the_same_and_takes_as_long_for_an_unknown_login(
    stranger: Browser, operator: Person
) -> None:
    answers, seconds = [], []
    for login in (operator.login, "nobody", "", "x\x00y", "щ" * 500):
        token = stranger.page("/sign-in").form_token
        began = time.monotonic()
        answer = stranger.post(
            "/sign-in", {"form_token": token, "login": login, "password": "не тот пароль"}
        )
        seconds.append(time.monotonic() - began)
        answers.append((answer.status_code, Page(answer.text).text))

    assert set(answers) == {answers[0]}
    assert answers[0][0] == 401
    assert min(seconds) >= FAILURE_SECONDS


def test_the_cookie_is_out_of_reach_of_scripts_and_its_token_is_not_stored(
    stranger: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    answer = stranger.sign_in(operator.login, operator.password)

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = stranger.http.cookies["otklik"]
    with reading(console_engine) as session:
        stored = session.exec(select(SignIn)).all()
    assert access.hash_token(token) in {row.token_hash for row in stored}
    assert token not in repr(stored)


def test_behind_https_cookies_are_bound_to_the_host(
    console_engine: sa.Engine, app: FastAPI, operator: Person
) -> None:
    console = app.state.console
    secure = create_app(
        engine=console_engine,
        region=console.region,
        calendar=console.calendar,
        clock=console.clock,
        secure_cookies=True,
        hosts=["otklik.example.org"],
    )
    with browsing(secure, base="https://otklik.example.org") as browser:
        answer = browser.sign_in(operator.login, operator.password)
        assert answer.headers["set-cookie"].startswith("__Host-otklik=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "Path=/" in answer.headers["set-cookie"]
        assert browser.get("/").status_code == 200


def test_five_failures_shut_the_door_even_for_the_right_password(
    stranger: Browser, operator: Person, clock: Clock
) -> None:
    fail(stranger, operator.login, 5)
    assert stranger.sign_in(operator.login, operator.password).status_code == 401

    clock.forward(timedelta(minutes=14, seconds=59))
    assert stranger.sign_in(operator.login, operator.password).status_code == 401

    clock.forward(timedelta(seconds=1))
    assert stranger.sign_in(operator.login, operator.password).status_code == 303


def test_a_link_signs_in_once_and_looking_at_it_does_not_use_it_up(
    stranger: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    link = f"/enter/{make_link(console_engine, operator)}"
    for _preview in range(3):
        assert stranger.get(link).status_code == 200
    form = {"form_token": stranger.page(link).form_token}

    first, second = stranger.post(link, form), stranger.post(link, form)

    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert stranger.get("/").status_code == 200
    assert second.status_code == 404
    assert "Попросите администратора" in Page(second.text).text
    assert stranger.get(link).status_code == 404


def test_a_link_lets_out_of_a_lock(
    stranger: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    fail(stranger, operator.login, 5)
    link = f"/enter/{make_link(console_engine, operator)}"

    assert stranger.submit(link, link).status_code == 303
    assert stranger.submit("/", "/sign-out").status_code == 303
    assert stranger.sign_in(operator.login, operator.password).status_code == 303


@pytest.mark.parametrize("why", ["late", "unknown", "dismissed"])
def test_a_link_that_does_not_fit_lets_nobody_in(
    why: str, stranger: Browser, operator: Person, console_engine: sa.Engine, clock: Clock
) -> None:
    link = f"/enter/{make_link(console_engine, operator)}"
    form = {"form_token": stranger.page(link).form_token}
    if why == "late":
        clock.forward(timedelta(hours=1))
    elif why == "unknown":
        link += "x"
    else:
        with unit_of_work(console_engine) as session:
            deactivate(session, operator)

    assert stranger.get(link).status_code == 404
    assert stranger.post(link, form).status_code == 404
    assert "otklik" not in stranger.http.cookies


def test_links_are_stored_as_hashes_only(operator: Person, console_engine: sa.Engine) -> None:
    token = make_link(console_engine, operator)
    with reading(console_engine) as session:
        assert token not in repr(session.exec(select(EntryLink)).all())


def test_a_session_lasts_while_it_is_used(browser: Browser, clock: Clock) -> None:
    for _hour in range(30):
        clock.forward(timedelta(hours=1))
        assert browser.get("/").status_code == 200

    clock.forward(timedelta(hours=12))
    assert browser.get("/").headers["location"] == "/sign-in"


def test_reading_pages_does_not_write_each_time(
    browser: Browser, clock: Clock, console_engine: sa.Engine
) -> None:
    def expiry() -> object:
        with reading(console_engine) as session:
            return session.exec(select(sa.func.max(SignIn.expires_at))).one()

    before = expiry()
    clock.forward(timedelta(minutes=29))
    browser.get("/")
    assert expiry() == before
    clock.forward(timedelta(minutes=2))
    browser.get("/")
    assert expiry() == clock.now + timedelta(hours=12)


def test_signing_out_ends_the_session_itself_not_only_the_cookie(browser: Browser) -> None:
    token = browser.http.cookies["otklik"]
    answer = browser.submit("/", "/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "otklik" not in browser.http.cookies

    browser.http.cookies.set("otklik", token)
    assert browser.get("/").status_code == 303


def test_a_dismissed_person_is_out_at_once(
    browser: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        deactivate(session, operator)

    assert browser.get("/").status_code == 303
    assert browser.sign_in(operator.login, operator.password).status_code == 401


def test_a_new_password_replaces_the_old_one_and_signs_out_elsewhere(
    app: FastAPI, browser: Browser, operator: Person
) -> None:
    with browsing(app) as elsewhere:
        elsewhere.sign_in(operator.login, operator.password)
        new = "яблоко от яблони"

        answer = browser.submit("/password", "/password", password=new, again=new)

        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert browser.get("/").status_code == 200
        assert elsewhere.get("/").status_code == 303
        assert elsewhere.sign_in(operator.login, operator.password).status_code == 401
        assert elsewhere.sign_in(operator.login, new).status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        ("короткий", "короткий", "короче 10"),
        ("длинный пароль", "другой пароль", "разные"),
        ("ооооооооооооо", "ооооооооооооо", "одного"),
        ("ф" * 201, "ф" * 201, "длиннее 200"),
    ],
)
def test_an_unfit_password_is_refused_with_the_reason(
    browser: Browser, password: str, again: str, says: str
) -> None:
    answer = browser.submit("/password", "/password", password=password, again=again)
    assert answer.status_code == 422
    assert says in Page(answer.text).text


def test_later_the_current_password_is_asked_for(
    browser: Browser, operator: Person, clock: Clock
) -> None:
    new = "яблоко от яблони"
    clock.forward(timedelta(minutes=15))
    assert browser.page("/password").all("input", name="current")

    wrong = browser.submit("/password", "/password", current="мимо", password=new, again=new)
    assert wrong.status_code == 422
    assert "Нынешний пароль не подошёл" in Page(wrong.text).text

    right = browser.submit(
        "/password", "/password", current=operator.password, password=new, again=new
    )
    assert right.status_code == 303


def test_who_came_by_link_is_invited_to_set_a_password(
    app: FastAPI, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        staff = staffing.add_staff(session, "newcomer", Role.OPERATOR, NOW)
        person = Person(stored_id(staff.id), "newcomer", staff.role)
    link = f"/enter/{make_link(console_engine, person)}"
    with browsing(app) as browser:
        browser.submit(link, link)
        assert "Задайте пароль" in browser.page("/").text
        browser.submit("/password", "/password", password="яблоко упало", again="яблоко упало")
        assert "Задайте пароль" not in browser.page("/").text


@contextmanager
def browsing_from(app: FastAPI, address: str) -> Iterator[Browser]:
    """Give a browser on another machine."""
    with browsing(app) as browser:
        far = httpx.ASGITransport(app, client=(address, 4321))
        browser.http = httpx.AsyncClient(transport=far, base_url=BASE)
        try:
            yield browser
        finally:
            browser.portal.call(browser.http.aclose)


def test_one_address_cannot_try_one_login_after_another(
    app: FastAPI, operator: Person, clock: Clock, console_engine: sa.Engine
) -> None:
    with browsing_from(app, "203.0.113.7") as browser:
        # Wrong passwords but for the last one, without the slow hash of each.
        for _ in range(at_the_door().burst - 1):
            assert app.state.console.door.lets("203.0.113.7", clock())
        assert browser.sign_in("nobody", "неверный пароль").status_code == 401
        shut = browser.sign_in(operator.login, operator.password)
        assert (shut.status_code, shut.headers["retry-after"]) == (429, "60")
        assert "слишком много неудачных попыток" in Page(shut.text).text
        link = f"/enter/{make_link(console_engine, operator)}"
        assert browser.submit(link, link).status_code == 303, "a link is the way out"
    with browsing_from(app, "203.0.113.8") as neighbour:
        assert neighbour.sign_in(operator.login, operator.password).status_code == 303
    with browsing_from(app, "203.0.113.7") as browser:
        clock.forward(timedelta(minutes=1))
        assert browser.sign_in(operator.login, operator.password).status_code == 303


def test_an_office_behind_one_address_signs_in_as_often_as_it_likes(
    app: FastAPI, operator: Person
) -> None:
    with browsing_from(app, "203.0.113.7") as browser:
        for _ in range(at_the_door().burst - 2):
            assert app.state.console.door.lets("203.0.113.7", NOW)
        for _ in range(4):
            browser.http.cookies.clear()
            assert browser.sign_in(operator.login, operator.password).status_code == 303


def test_codes_of_the_second_factor_are_counted_by_address_as_well(app: FastAPI) -> None:
    with browsing_from(app, "203.0.113.7") as browser:
        token = browser.page("/sign-in").form_token
        seen = [
            browser.post("/sign-in/code", {"form_token": token, "code": "1"}).status_code
            for _ in range(at_the_door().burst + 1)
        ]
    assert seen == [303] * at_the_door().burst + [429]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_is_not_shut_out(address: str) -> None:
    assert of_this_machine(address)


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1", "2001:db8::1", "unix:/socket"])
def test_another_machine_is_not_this_one(address: str) -> None:
    assert not of_this_machine(address)
