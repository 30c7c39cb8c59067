"""The administrator's pages about people: links shown once, changes, and their limits."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from console.builders import Person, add_person
from console.client import Browser, Page, browsing
from fastapi import FastAPI
from sqlmodel import col, select

from models.journal import JournalEntry
from models.staff import Staff
from models.vocabulary import Act, Role
from pipeline.database import reading, unit_of_work


@pytest.fixture
def boss(app: FastAPI, administrator: Person) -> Iterator[Browser]:
    """An administrator's browser, signed in."""
    with browsing(app) as browser:
        browser.sign_in(administrator.login, administrator.password)
        yield browser


def find(engine: sa.Engine, login: str) -> Staff:
    with reading(engine) as session:
        return session.exec(select(Staff).where(Staff.login == login)).one()


def changes(engine: sa.Engine) -> list[tuple[str, dict[str, object]]]:
    """Return who changed whom how, without what the test set up by itself."""
    with reading(engine) as session:
        query = select(JournalEntry).order_by(col(JournalEntry.id))
        entries = session.exec(query.where(JournalEntry.act == Act.STAFF_CHANGED)).all()
    return [(entry.actor, entry.after) for entry in entries if entry.actor == "admin"]


def press(boss: Browser, person: Person, button: str, **more: str) -> int:
    url = f"/admin/staff/{person.id}"
    return boss.submit(url, url, button=button, **more).status_code


def test_a_new_person_comes_in_by_the_link_that_is_shown_once(
    boss: Browser, app: FastAPI, console_engine: sa.Engine
) -> None:
    answer = boss.submit(
        "/admin/staff", "/admin/staff", login="Dorogi", role="executor", body="roads"
    )
    assert answer.status_code == 200
    (link,) = re.findall(r"http://127\.0\.0\.1:8017(/enter/[\w-]{43})", answer.text)
    added = find(console_engine, "dorogi")
    assert (added.role, added.body, added.password_hash) == (Role.EXECUTOR, "roads", "")
    assert changes(console_engine) == [
        ("admin", {"login": "dorogi", "role": "executor", "body": "roads"})
    ]
    for url in ("/admin/staff", f"/admin/staff/{added.id}"):
        page = boss.page(url)
        assert "dorogi" in page.text
        assert link not in boss.get(url).text
    assert "Отдел дорог" in boss.page("/admin/staff").text
    with browsing(app) as theirs:
        assert theirs.submit(link, link).status_code == 303
        assert theirs.get("/").status_code == 200


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"login": "admin", "role": "operator"}, "уже занят"),
        ({"login": "<b>", "role": "operator"}, "не подходит"),
        ({"login": "roads", "role": "executor"}, "Исполнитель работает в одном из органов"),
        ({"login": "roads", "role": "executor", "body": "mars"}, "Органа «mars» в районе нет"),
        ({"login": "roads", "role": "operator", "body": "roads"}, "только у исполнителя"),
        ({"login": "roads", "role": "head"}, "Выберите роль"),
        ({"login": "roads"}, "Выберите роль"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    form: dict[str, str], said: str, boss: Browser, console_engine: sa.Engine
) -> None:
    answer = boss.submit("/admin/staff", "/admin/staff", **form)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert said in page.text
    assert page.all("input", name="login")[0]["value"] == form["login"]
    assert changes(console_engine) == []


def test_a_role_is_changed_and_a_body_left_over_in_the_form_is_no_harm(
    boss: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    assert press(boss, operator, "role", role="executor", body="luga") == 303
    assert press(boss, operator, "role", role="approver", body="luga") == 303
    changed = find(console_engine, operator.login)
    assert (changed.role, changed.body) == (Role.APPROVER, None)
    assert "согласующий" in boss.page("/admin/staff").text
    assert len(changes(console_engine)) == 2


def test_who_is_dismissed_is_out_with_the_next_click_and_can_be_taken_back(
    boss: Browser, browser: Browser, operator: Person
) -> None:
    assert browser.get("/").status_code == 200
    assert press(boss, operator, "dismiss") == 303
    assert browser.get("/").status_code == 303
    assert browser.sign_in(operator.login, operator.password).status_code == 401
    assert "Доступ закрыт" in boss.page("/admin/staff").text
    assert press(boss, operator, "link") == 422, "it would let nobody in"

    assert press(boss, operator, "back") == 303
    assert browser.sign_in(operator.login, operator.password).status_code == 303


def test_a_new_link_is_shown_and_journalled_without_its_token(
    boss: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    url = f"/admin/staff/{operator.id}"
    answer = boss.submit(url, url, button="link")
    assert answer.status_code == 200
    (token,) = re.findall(r"/enter/([\w-]{43})", answer.text)
    assert changes(console_engine) == [("admin", {"login": "operator", "link_given": True})]
    assert token not in repr(changes(console_engine))


def test_signing_somebody_out_everywhere(boss: Browser, browser: Browser, operator: Person) -> None:
    assert press(boss, operator, "sessions") == 303
    assert browser.get("/").status_code == 303
    assert boss.get("/").status_code == 200


def test_a_second_factor_is_reset(
    boss: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        session.get_one(Staff, operator.id).totp_secret = "sealed"  # noqa: S105 - no secret
    assert "Сбросить второй фактор" in boss.get(f"/admin/staff/{operator.id}").text
    assert press(boss, operator, "factor") == 303
    assert find(console_engine, "operator").totp_secret == ""


@pytest.mark.parametrize("button", ["role", "link", "dismiss", "sessions", "factor"])
def test_oneself_is_left_alone(
    button: str, boss: Browser, administrator: Person, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        add_person(session, "second", Role.ADMINISTRATOR)
    assert press(boss, administrator, button, role="observer") == 422
    assert boss.get("/admin/staff").status_code == 200
    assert changes(console_engine) == []


def test_a_stale_page_changes_nothing_and_shows_what_is_there_now(
    boss: Browser, operator: Person, console_engine: sa.Engine
) -> None:
    url = f"/admin/staff/{operator.id}"
    page = boss.page(url)
    seen = page.all("input", name="seen")[0]["value"] or ""
    assert press(boss, operator, "role", role="approver") == 303

    form = {"form_token": page.form_token, "seen": seen, "button": "dismiss"}
    answer = boss.post(url, form)

    assert answer.status_code == 409
    assert "изменил кто-то ещё" in Page(answer.text).text
    assert "согласующий" in Page(answer.text).text
    assert find(console_engine, "operator").active


@pytest.mark.parametrize("number", ["0", "999", "-1", "x", "9" * 30, "%00"])
def test_nobody_of_that_number(number: str, boss: Browser) -> None:
    assert boss.get(f"/admin/staff/{number}").status_code == 404


def test_an_unknown_button_is_refused(boss: Browser, operator: Person) -> None:
    assert press(boss, operator, "promote") == 422


def test_the_hub_leads_to_what_each_may_look_after(
    boss: Browser, app: FastAPI, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        glava = add_person(session, "glava", Role.APPROVER)
    assert {"/admin/staff", "/sources/keys", "/admin/journal"} <= set(boss.page("/admin").links)
    with browsing(app) as browser:
        browser.sign_in(glava.login, glava.password)
        links = browser.page("/admin").links
        assert "/admin/journal" in links
        assert "/admin/staff" not in links
