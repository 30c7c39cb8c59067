"""Acts on a whole list: the preview, exactly what it counted, progress, and the way back."""

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person, add_incident
from console.client import Browser, Page, browsing
from fastapi import FastAPI
from sqlmodel import col, select

from models.columns import stored_id
from models.console import BulkAct, BulkState
from models.incident import Incident
from models.source import Source
from models.vocabulary import Act, Role, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, bulk_acts, journal, staffing
from pipeline.desk.bulk_acts import BulkKind, BulkWish
from pipeline.desk.undo import new_token


@pytest.fixture
def numbers(console_engine: sa.Engine, source: Source) -> list[int]:
    """Store four incidents about snow and one about roads."""
    with unit_of_work(console_engine) as session:
        snow = [stored_id(add_incident(session, source, topic=Topic.SNOW).id) for _ in range(4)]
        add_incident(session, source)
        return snow


def filled(page: Page, **fields: str) -> dict[str, str]:
    """Return the form of the preview as a browser sends it, with these fields chosen."""
    hidden = ("form_token", "query", "token", "at", "head", "through", "counted")
    return {name: page.all("input", name=name)[-1]["value"] or "" for name in hidden} | fields


def begin(browser: Browser, query: str = "topic=snow", **fields: str) -> str:
    """Start an act on a list; return where its progress is shown."""
    answer = browser.post("/bulk", filled(browser.page(f"/bulk?{query}"), **fields))
    assert answer.status_code == 303, Page(answer.text).text
    return answer.headers["location"]


def ended(browser: Browser, address: str) -> Page:
    """Return the progress once its runner has come to an end."""
    until = time.monotonic() + 20
    while True:
        page = browser.page(address)
        if not any("hx-get" in one for one in page.all("section")):
            return page
        assert time.monotonic() < until, page.text
        time.sleep(0.02)


def incidents(engine: sa.Engine) -> list[Incident]:
    with reading(engine) as session:
        return list(session.exec(select(Incident).order_by(col(Incident.id))).all())


def test_the_preview_counts_and_says_what_would_be_refused(
    browser: Browser, console_engine: sa.Engine, numbers: list[int]
) -> None:
    with unit_of_work(console_engine) as session:
        session.get_one(Incident, numbers[0]).stage = Stage.APPROVAL
        session.get_one(Incident, numbers[1]).urgency = Urgency.URGENT

    page = browser.page("/bulk?topic=snow")

    assert "Действие над отбором: 4 инцидента" in page.text
    assert f"Отбор: {Topic.SNOW.russian}" in page.text
    assert "Назначить исполнителя 3 инцидента" in page.text
    assert "1 останутся как есть. Инцидент сейчас в стадии «на согласовании»" in page.text
    assert "Сделать срочными 3 инцидента" in page.text
    assert "1 останутся как есть. Инцидент уже срочный" in page.text
    assert "Подтвердить разбор 4 инцидента" in page.text


def test_a_list_is_put_off_and_all_of_it_taken_back(
    browser: Browser, console_engine: sa.Engine, numbers: list[int]
) -> None:
    address = begin(browser, what="snooze", snooze="hour")
    page = ended(browser, address)
    assert "Готово: 4 из 4" in page.text
    assert "Сделано: 4 инцидента. Отказов нет" in page.text
    put_off = [one.id for one in incidents(console_engine) if one.snoozed_until]
    assert put_off == numbers, "and no other one"

    form = {"form_token": page.form_token, "what": "undo"}
    assert browser.post(address, form).status_code == 303
    page = ended(browser, address)

    assert "Отмена закончена: 4 из 4" in page.text
    assert not any(one.snoozed_until for one in incidents(console_engine))


def test_only_what_the_preview_counted_is_touched(
    browser: Browser, console_engine: sa.Engine, numbers: list[int], source: Source
) -> None:
    # Given a preview, after which one incident changes and another comes in
    page = browser.page("/bulk?topic=snow")
    with unit_of_work(console_engine) as session:
        session.get_one(Incident, numbers[0]).version += 1
        journal.write(session, Act.POST_JOINED, at=NOW, incident_id=numbers[0])
        fresh = stored_id(add_incident(session, source, topic=Topic.SNOW).id)
    # When the act is begun
    answer = browser.post("/bulk", filled(page, what="assign", body="luga"))
    told = ended(browser, answer.headers["location"])
    # Then both stay as they are, and the page says so
    assert "Готово: 3 из 3" in told.text
    assert "После предпросмотра изменились 1 инцидент" in told.text
    bodies = {one.id: one.body for one in incidents(console_engine)}
    assert bodies[numbers[0]] == bodies[fresh] == "roads"
    assert {bodies[number] for number in numbers[1:]} == {"luga"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "Выберите, что сделать."),
        ({"what": "assign"}, "Выберите исполнителя."),
        ({"what": "assign", "body": "atlantis"}, "Выберите исполнителя."),
        ({"what": "snooze"}, "Выберите, до какого времени отложить."),
        ({"what": "close"}, "Напишите причину"),
        ({"what": "not_relevant", "irrelevant": " "}, "Напишите причину"),
        ({"what": "close", "reason": "щ" * 1001}, "Причина длиннее 1000 знаков"),
    ],
)
def test_a_form_with_something_missing_is_shown_again(
    fields: dict[str, str], why: str, browser: Browser, numbers: list[int]
) -> None:
    answer = browser.post("/bulk", filled(browser.page("/bulk?topic=snow"), **fields))

    assert answer.status_code == 422
    page = Page(answer.text)
    assert why in page.text
    assert "Ничего не сделано" in page.text
    assert f"{len(numbers)} инцидента" in page.text


def test_what_was_typed_is_still_there(browser: Browser, numbers: list[int]) -> None:
    words = '<script>alert("1")</script>'
    form = filled(browser.page("/bulk?topic=snow"), what="snooze", reason=words)

    page = Page(browser.post("/bulk", form).text)

    assert page.all("input", name="reason")[0]["value"] == words
    assert "checked" in page.all("input", name="what", value="snooze")[0]
    assert numbers


def test_an_old_preview_is_looked_at_again(
    browser: Browser, numbers: list[int], clock: Clock
) -> None:
    form = filled(browser.page("/bulk?topic=snow"), what="confirm")
    clock.forward(timedelta(hours=1, seconds=1))

    answer = browser.post("/bulk", form)

    assert answer.status_code == 409
    assert "больше часа назад" in Page(answer.text).text
    assert numbers


def test_a_dead_runner_is_told_and_gone_on_with(
    browser: Browser,
    console_engine: sa.Engine,
    numbers: list[int],
    operator: Person,
    clock: Clock,
) -> None:
    # Given an act whose process was killed after two incidents
    until = NOW + timedelta(hours=1)
    with unit_of_work(console_engine) as session:
        wish = BulkWish(BulkKind.SNOOZE, until=until, query="topic=snow")
        ids = [(number, 1) for number in numbers]
        token = new_token()
        who = operator.id
        bulk_acts.start(session, wish, ids, token=token, staff_id=who, runner="killed", now=NOW)
        act = session.exec(select(BulkAct)).one()
        act.done = 2
    clock.forward(timedelta(minutes=1))
    # When its starter looks
    page = browser.page(f"/bulk/{token}")
    assert "остановлено на 2 из 4" in page.text
    assert page.all("button", value="resume")
    # And lets it go on
    browser.post(f"/bulk/{token}", {"form_token": page.form_token, "what": "resume"})
    # Then only the rest is done
    assert "Готово: 4 из 4" in ended(browser, f"/bulk/{token}").text
    assert [bool(one.snoozed_until) for one in incidents(console_engine)[:4]] == [
        False,
        False,
        True,
        True,
    ]


def test_a_running_act_is_stopped(
    browser: Browser, console_engine: sa.Engine, numbers: list[int], operator: Person
) -> None:
    with unit_of_work(console_engine) as session:
        token = new_token()
        bulk_acts.start(
            session,
            BulkWish(BulkKind.CONFIRM),
            [(number, 1) for number in numbers],
            token=token,
            staff_id=operator.id,
            runner="elsewhere",
            now=NOW,
        )
    page = browser.page(f"/bulk/{token}")
    assert page.all("button", value="stop")
    assert not page.all("button", value="resume")

    browser.post(f"/bulk/{token}", {"form_token": page.form_token, "what": "stop"})

    assert "остановлено на 0 из 4" in browser.page(f"/bulk/{token}").text
    with reading(console_engine) as session:
        assert session.exec(select(BulkAct)).one().state is BulkState.STOPPED


def test_a_script_gets_only_what_changes(browser: Browser, numbers: list[int]) -> None:
    address = begin(browser, what="confirm")
    ended(browser, address)

    part = browser.get(address, **{"HX-Request": "true"})

    assert part.text.lstrip().startswith("<section")
    assert numbers


def test_the_starter_and_administrators_alone_see_it(
    browser: Browser,
    app: FastAPI,
    console_engine: sa.Engine,
    numbers: list[int],
    administrator: Person,
) -> None:
    address = begin(browser, what="confirm")
    ended(browser, address)
    with unit_of_work(console_engine) as session:
        colleague = staffing.add_staff(session, "colleague", Role.OPERATOR, NOW)
        tokens = {
            "colleague": access.open_session(session, colleague, NOW),
            "administrator": access.open_session(
                session, session.get_one(type(colleague), administrator.id), NOW
            ),
        }
    with browsing(app) as other:
        for who, status in (("colleague", 404), ("administrator", 200)):
            other.http.cookies.set("otklik", tokens[who])
            assert other.get(address).status_code == status, who
            token = other.page("/password").form_token
            form = {"form_token": token, "what": "stop"}
            assert other.post(address, form).status_code == (404 if status == 404 else 303)
            other.http.cookies.clear()
    assert numbers


def test_a_button_that_is_pressed_twice_is_heard_once(
    browser: Browser, console_engine: sa.Engine, numbers: list[int]
) -> None:
    form = filled(browser.page("/bulk?topic=snow"), what="confirm")

    first, second = browser.post("/bulk", form), browser.post("/bulk", form)

    assert first.headers["location"] == second.headers["location"]
    ended(browser, first.headers["location"])
    with reading(console_engine) as session:
        assert len(session.exec(select(BulkAct)).all()) == 1
    assert numbers


def test_an_empty_list_offers_nothing(browser: Browser) -> None:
    page = browser.page("/bulk?topic=gas")

    assert "Под этот отбор ничего не подходит" in page.text
    assert not page.all("button", **{"class": "main"})


def test_the_undo_of_a_whole_list_has_a_page_of_its_own(
    browser: Browser, numbers: list[int]
) -> None:
    address = begin(browser, what="confirm")
    page = ended(browser, address)
    token = address.rpartition("/")[2]

    answer = browser.post(f"/undo/{token}", {"form_token": page.form_token})

    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert numbers
