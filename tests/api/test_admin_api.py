"""The page of keys: made, shown once, listed, revoked."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from api.program import Program, give_key
from console.builders import NOW, Clock
from console.client import Browser, Page, browsing
from fastapi import FastAPI
from sqlmodel import col, select

from models.journal import JournalEntry
from models.staff import ApiKey, Staff
from models.vocabulary import Act
from pipeline.database import reading, unit_of_work
from pipeline.desk import access

FORM = {"title": "Сайт района", "owner": "operator", "scopes": "incidents:read", "days": "30"}
TOKEN = re.compile(r"otk_[A-Za-z0-9_-]{43}")


@pytest.fixture
def office(app: FastAPI, engine: sa.Engine) -> Iterator[Browser]:
    """An administrator's browser, signed in without the slow password."""
    with browsing(app) as browser:
        with unit_of_work(engine) as session:
            staff = session.exec(select(Staff).where(Staff.login == "administrator")).one()
            browser.http.cookies.set("otklik", access.open_session(session, staff, NOW))
        yield browser


def test_a_key_is_shown_once_and_opens(office: Browser, program: Program) -> None:
    answer = office.submit("/admin/api", "/admin/api", **FORM)

    found = TOKEN.findall(answer.text)
    assert (answer.status_code, len(found)) == (200, 1)
    assert program.ask("GET", "/region", key=found[0]).status_code == 200
    listed = office.page("/admin/api")
    assert not TOKEN.search(str(listed.pieces))
    assert "Сайт района" in listed.text
    assert "до 18.12.2026 12:00" in listed.text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_key_that_is_revoked_opens_nothing(
    office: Browser, program: Program, engine: sa.Engine
) -> None:
    token = give_key(engine, "operator")
    with reading(engine) as session:
        number = session.exec(select(ApiKey.id)).one()

    answer = office.submit("/admin/api", f"/admin/api/{number}/revoke")

    assert answer.status_code == 303
    assert program.ask("GET", "/region", key=token).status_code == 401
    assert "отозван 18.11.2026" in office.page("/admin/api").text
    with reading(engine) as session:
        last = session.exec(select(JournalEntry).order_by(col(JournalEntry.id).desc())).first()
    assert last is not None
    assert (last.act, last.actor) == (Act.API_KEY_CHANGED, "administrator")
    assert last.after["revoked"] is True
    again = office.submit("/admin/api", f"/admin/api/{number}/revoke")
    assert again.status_code == 303, "pressed twice"


@pytest.mark.parametrize("number", ["0", "424242", "x", "9" * 30])
def test_a_key_that_is_none_is_not_there(number: str, office: Browser) -> None:
    assert office.submit("/admin/api", f"/admin/api/{number}/revoke").status_code == 404


def test_what_was_typed_is_kept_when_a_key_cannot_be_made(office: Browser) -> None:
    answer = office.submit("/admin/api", "/admin/api", **{**FORM, "scopes": "everything"})

    page = Page(answer.text)
    assert answer.status_code == 422
    assert "Отметьте, что ключу разрешено" in page.text
    assert page.all("input", name="title")[0]["value"] == "Сайт района"
    assert not TOKEN.search(answer.text)


def test_hostile_titles_are_text(office: Browser) -> None:
    empty = office.page("/admin/api").skeleton
    token = office.submit("/admin/api", "/admin/api", **{**FORM, "title": "<script>alert(1)"})

    assert token.status_code == 200
    shown = office.page("/admin/api")
    assert "<script>alert(1)" in shown.text
    assert [tag for tag, _ in shown.skeleton].count("script") == [tag for tag, _ in empty].count(
        "script"
    )


def test_a_key_whose_time_is_over_is_told_apart(office: Browser, clock: Clock) -> None:
    office.submit("/admin/api", "/admin/api", **FORM)
    clock.forward(timedelta(hours=11))
    assert "Больше не действуют" not in office.page("/admin/api").text

    office.submit("/admin/api", "/admin/api", **{**FORM, "days": "nonsense"})

    assert office.page("/admin/api").text.count("Отозвать") == 2


def test_the_journal_shows_what_was_done_to_keys(office: Browser) -> None:
    office.submit("/admin/api", "/admin/api", **FORM)

    shown = office.page("/admin/journal")

    assert "Изменён ключ доступа к API" in shown.text
    assert not TOKEN.search(str(shown.pieces))
