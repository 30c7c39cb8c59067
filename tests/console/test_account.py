"""One's own account: sessions elsewhere, and the second factor from its QR code to its end."""

import html
import re
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person
from console.client import Browser, Page, browsing
from fastapi import FastAPI

from models.staff import Staff
from pipeline.database import unit_of_work
from pipeline.desk import access
from pipeline.secrets import CONSOLE_KEY

HOUR = timedelta(hours=1)


def totp(page: Page) -> pyotp.TOTP:
    """Return what a telephone would show after the person typed the key in."""
    typed = re.search(r"ключ вручную: ((?:[A-Z2-7]{4} ?)+)", page.text)
    assert typed is not None, page.text
    return pyotp.TOTP(typed[1].replace(" ", ""))


def set_up(browser: Browser, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    """Switch the second factor on; return the telephone, and the recovery codes."""
    page = browser.page("/account/factor")
    telephone = totp(page)
    answer = browser.post(
        "/account/factor",
        {
            "form_token": page.form_token,
            "sealed": page.all("input", name="sealed")[0]["value"] or "",
            "code": telephone.at(clock.now),
        },
    )
    assert answer.status_code == 200, Page(answer.text).text
    return telephone, re.findall(r"<li>([a-z2-9-]{19})</li>", answer.text)


def give_code(browser: Browser, code: str) -> int:
    return browser.submit("/sign-in/code", "/sign-in/code", code=code).status_code


def test_from_the_qr_code_to_a_sign_in_with_a_code(
    browser: Browser, app: FastAPI, clock: Clock, operator: Person
) -> None:
    telephone, recovery = set_up(browser, clock)
    assert len(recovery) == 8
    assert "включён" in browser.page("/account").text

    clock.forward(HOUR)
    with browsing(app) as elsewhere:
        asked = elsewhere.submit(
            "/sign-in",
            "/sign-in",
            login=operator.login,
            password=operator.password,
            next="/incident/7",
        )
        assert asked.headers["location"] == "/sign-in/code?next=/incident/7"
        assert elsewhere.get("/").headers["location"] == "/sign-in", "not yet in"
        page = elsewhere.page("/sign-in/code?next=/incident/7")
        assert page.all("input", name="next")[0]["value"] == "/incident/7"
        assert give_code(elsewhere, "000000") == 401
        form = {
            "form_token": page.form_token,
            "next": "/incident/7",
            "code": telephone.at(clock.now),
        }
        assert elsewhere.post("/sign-in/code", form).headers["location"] == "/incident/7"
        assert elsewhere.get("/").status_code == 200
        assert elsewhere.get("/sign-in/code").headers["location"] == "/"
    with browsing(app) as elsewhere:
        elsewhere.sign_in(operator.login, operator.password)
        assert give_code(elsewhere, telephone.at(clock.now)) == 401, "used"
        assert give_code(elsewhere, recovery[0]) == 303
        assert "7 запасных кодов" in elsewhere.page("/account").text


def test_the_picture_is_within_the_page_and_holds_what_the_key_says(
    browser: Browser,
) -> None:
    answer = browser.get("/account/factor")
    page = Page(answer.text)
    (picture,) = page.all("svg")
    assert "style" not in picture
    assert "viewbox" in picture, "it grows with its frame"
    assert totp(page).secret not in html.unescape(
        page.all("input", name="sealed")[0]["value"] or ""
    )


def test_a_half_open_door_shuts_after_ten_minutes(
    browser: Browser, app: FastAPI, clock: Clock, operator: Person
) -> None:
    telephone, _ = set_up(browser, clock)
    with browsing(app) as elsewhere:
        elsewhere.sign_in(operator.login, operator.password)
        token = elsewhere.page("/sign-in/code").form_token
        clock.forward(timedelta(minutes=11))
        form = {"form_token": token, "code": telephone.at(clock.now)}
        assert elsewhere.post("/sign-in/code", form).headers["location"] == "/sign-in"
        elsewhere.http.cookies.set("otklik-code", "something else")
        assert elsewhere.get("/sign-in/code").headers["location"] == "/sign-in"


def test_setting_up_ends_the_sessions_elsewhere(
    browser: Browser, app: FastAPI, clock: Clock, operator: Person
) -> None:
    with browsing(app) as elsewhere:
        elsewhere.sign_in(operator.login, operator.password)
        set_up(browser, clock)
        assert elsewhere.get("/").status_code == 303
        assert browser.get("/").status_code == 200


def test_after_a_while_the_password_is_asked_for(
    browser: Browser, clock: Clock, operator: Person
) -> None:
    clock.forward(HOUR)
    page = browser.page("/account/factor")
    form = {
        "form_token": page.form_token,
        "sealed": page.all("input", name="sealed")[0]["value"] or "",
        "code": totp(page).at(clock.now),
    }
    refused = browser.post("/account/factor", {**form, "current": "не тот пароль"})
    assert refused.status_code == 422
    assert "Пароль не подошёл" in Page(refused.text).text
    assert totp(Page(refused.text)).secret == totp(page).secret, "the telephone keeps its key"
    accepted = browser.post("/account/factor", {**form, "current": operator.password})
    assert accepted.status_code == 200


def test_who_has_no_password_and_came_long_ago_sets_nothing_up(
    app: FastAPI, clock: Clock, console_engine: sa.Engine, operator: Person
) -> None:
    with unit_of_work(console_engine) as session:
        staff = session.get_one(Staff, operator.id)
        staff.password_hash = ""
        cookie = access.open_session(session, staff, NOW)
    with browsing(app) as browser:
        browser.http.cookies.set("otklik", cookie)
        clock.forward(HOUR)
        answer = browser.submit("/account/factor", "/account/factor", code="123456")
        assert answer.status_code == 422
        assert "сначала задайте пароль" in Page(answer.text).text


def test_a_form_that_lay_too_long_or_was_another_persons_sets_nothing_up(
    browser: Browser, app: FastAPI, clock: Clock, administrator: Person
) -> None:
    with browsing(app) as other:
        other.sign_in(administrator.login, administrator.password)
        foreign = other.page("/account/factor")
    for sealed in ("", "nonsense", foreign.all("input", name="sealed")[0]["value"] or ""):
        answer = browser.submit(
            "/account/factor", "/account/factor", sealed=sealed, code=totp(foreign).at(clock.now)
        )
        assert answer.status_code == 422
        assert "слишком давно" in Page(answer.text).text
    assert "выключен" in browser.page("/account").text


def test_new_recovery_codes_and_switching_off_ask_for_a_code(
    browser: Browser, clock: Clock
) -> None:
    telephone, old = set_up(browser, clock)
    change = "/account/factor/change"
    assert browser.submit("/account/factor", change, button="off", code="123").status_code == 422
    renewed = browser.submit("/account/factor", change, button="codes", code=old[0])
    assert renewed.status_code == 200
    fresh = re.findall(r"<li>([a-z2-9-]{19})</li>", renewed.text)
    assert len(set(fresh) - set(old)) == 8

    clock.forward(timedelta(minutes=2))
    form = {"button": "off", "code": telephone.at(clock.now)}
    assert browser.submit("/account/factor", change, **form).status_code == 303
    assert "выключен" in browser.page("/account").text


def test_a_lost_key_is_told_at_the_door(
    browser: Browser, app: FastAPI, clock: Clock, operator: Person
) -> None:
    telephone, recovery = set_up(browser, clock)
    (app.state.console.home / "secrets" / CONSOLE_KEY).unlink()
    with browsing(app) as elsewhere:
        elsewhere.sign_in(operator.login, operator.password)
        answer = elsewhere.submit(
            "/sign-in/code", "/sign-in/code", code=telephone.at(clock.now + HOUR)
        )
        assert answer.status_code == 401
        assert "ключ консоли" in Page(answer.text).text
        assert give_code(elsewhere, recovery[0]) == 303


def test_an_unusable_key_is_told_without_where_it_lies(
    browser: Browser,
    app: FastAPI,
    clock: Clock,
    operator: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_up(browser, clock)
    monkeypatch.setenv("OTKLIK_SECRET_CONSOLE_KEY", "not a key")
    with browsing(app) as elsewhere:
        answer = elsewhere.sign_in(operator.login, operator.password)
        assert answer.status_code == 503
        assert "ключ консоли не читается" in Page(answer.text).text
        assert "secrets" not in answer.text


def test_sessions_elsewhere_are_shown_and_ended(
    browser: Browser, app: FastAPI, clock: Clock, operator: Person
) -> None:
    with browsing(app) as first, browsing(app) as second:
        for elsewhere in (first, second):
            clock.forward(HOUR)
            elsewhere.sign_in(operator.login, operator.password)
        page = browser.page("/account")
        assert "18.11.2026 12:00" in page.text
        assert "этот браузер" in page.text
        numbers = [one["value"] or "" for one in page.all("button", name="session")]
        assert numbers[-1] == "others"

        assert (
            browser.submit("/account", "/account/sessions", session=numbers[0]).status_code == 303
        )
        assert (first.get("/").status_code, second.get("/").status_code) == (200, 303)
        browser.submit("/account", "/account/sessions", session="others")
        assert first.get("/").status_code == 303
        assert browser.get("/").status_code == 200


def test_somebody_elses_session_cannot_be_ended(
    browser: Browser, app: FastAPI, administrator: Person
) -> None:
    with browsing(app) as other:
        other.sign_in(administrator.login, administrator.password)
        visit = other.page("/account")
        assert "этот браузер" in visit.text
        for number in ("2", "x", "9" * 30):
            browser.submit("/account", "/account/sessions", session=number)
        assert other.get("/").status_code == 200
