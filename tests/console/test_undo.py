"""The offer to take an act back: who sees it, how long, and what its button does."""

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from console.builders import NOW, OPERATOR, Clock, Person, add_incident, make_rules
from console.client import Browser, Page
from fastapi import FastAPI
from fastapi import Request as FastRequest
from fastapi.responses import Response
from undoing import Bench, acting, merging_into, snoozing

from models.columns import stored_id
from models.incident import Incident
from models.source import Source
from models.vocabulary import Act, Stage
from pipeline.console.access import SignedIn
from pipeline.console.frame import console_of
from pipeline.console.offering import SHOWN, offer_of
from pipeline.database import reading, unit_of_work
from pipeline.desk.undo import OFFERED, WENT_ON

UNTIL = NOW + timedelta(hours=2)


@pytest.fixture
def bench(console_engine: sa.Engine, operator: Person) -> Bench:
    return Bench(console_engine, operator.id, make_rules())


@pytest.fixture
def numbers(console_engine: sa.Engine, source: Source) -> list[int]:
    with unit_of_work(console_engine) as session:
        return [stored_id(add_incident(session, source).id) for _ in range(5)]


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """Give the console a page that offers what its address says, as many pages do."""

    @app.get("/offering")
    def offering(request: FastRequest, visitor: SignedIn) -> Response:
        offer = offer_of(request, visitor)
        return console_of(request).page(
            "error.html", visitor=visitor, title="t", advice="a", number=1, offer=offer
        )

    return app


def snooze(bench: Bench, *numbers: int) -> str:
    token = ""
    for number in numbers:
        token = bench.do(number, Act.SNOOZED, snoozing(UNTIL), token=token) or ""
    assert token
    return token


def put_off(engine: sa.Engine, number: int) -> bool:
    with reading(engine) as session:
        return session.get_one(Incident, number).snoozed_until is not None


def press(browser: Browser, page: Page) -> httpx.Response:
    """Press the button of the offer on a page."""
    (form,) = [one for one in page.all("form") if (one.get("action") or "").startswith("/undo/")]
    back = page.all("input", name="back")[0]["value"] or ""
    return browser.post(form["action"] or "", {"form_token": page.form_token, "back": back})


def test_what_was_just_done_is_offered_and_taken_back(
    browser: Browser, bench: Bench, numbers: list[int]
) -> None:
    # Given a page that somebody comes to from an act
    token = snooze(bench, numbers[0])
    page = browser.page(f"/offering?topic=gas&undo={token}")
    assert f"Отложен: № {numbers[0]}" in page.text
    assert f"/incident/{numbers[0]}" in page.links
    # When they press the button
    answer = press(browser, page)
    # Then the incident is as before, and the same page says so
    assert not put_off(bench.engine, numbers[0])
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/offering?topic=gas&undone={token}"
    after = browser.page(answer.headers["location"])
    assert f"Отменено: Отложен: № {numbers[0]}" in after.text
    assert not [one for one in after.all("form") if "undo" in (one.get("action") or "")]


def test_of_many_only_the_number_is_told(
    browser: Browser, bench: Bench, numbers: list[int]
) -> None:
    page = browser.page(f"/offering?undo={snooze(bench, *numbers)}")

    assert "Отложен: 5 инцидентов" in page.text


def test_a_merge_names_both(browser: Browser, bench: Bench, numbers: list[int]) -> None:
    one, other = numbers[:2]
    token = bench.do(one, Act.MERGED, merging_into(other), into=other)

    assert f"Объединены: № {one}, № {other}" in browser.page(f"/offering?undo={token}").text


def test_the_offer_is_there_for_twenty_seconds_and_more(
    browser: Browser, bench: Bench, numbers: list[int], clock: Clock
) -> None:
    address = f"/offering?undo={snooze(bench, numbers[0])}"
    seconds = browser.page(address).all("aside")[0]["data-offer"]
    assert int(seconds or 0) >= OFFERED.total_seconds()

    clock.forward(OFFERED)
    assert "Отложен" in browser.page(address).text
    clock.forward(SHOWN - OFFERED)

    assert "Отложен" not in browser.page(address).text


def test_what_is_taken_back_is_not_offered_any_more(
    browser: Browser, bench: Bench, numbers: list[int]
) -> None:
    token = snooze(bench, numbers[0])
    bench.undo(token)

    assert "Отложен" not in browser.page(f"/offering?undo={token}").text
    assert "Отменено" not in browser.page("/offering?undone=guessed").text


def test_somebody_elses_act_is_neither_offered_nor_taken_back(
    browser: Browser, bench: Bench, numbers: list[int], administrator: Person
) -> None:
    bench.staff_id = administrator.id
    token = snooze(bench, numbers[0])

    page = browser.page(f"/offering?undo={token}")
    assert "Отложен" not in page.text
    assert browser.submit("/password", f"/undo/{token}").status_code == 404
    assert put_off(bench.engine, numbers[0])


def test_what_somebody_went_on_from_is_told_apart(
    browser: Browser, bench: Bench, numbers: list[int]
) -> None:
    token = snooze(bench, *numbers[:2])
    page = browser.page(f"/offering?undo={token}")
    assert bench.do(numbers[1], Act.ASSIGNED, acting(Act.ASSIGNED, body="luga"), actor=OPERATOR)

    answer = press(browser, page)

    assert answer.status_code == 409
    told = Page(answer.text).text
    assert "Отменено не всё" in told
    assert f"№ {numbers[1]}: {WENT_ON}" in told
    assert f"Отменено: № {numbers[0]}" in told
    with reading(bench.engine) as session:
        assert session.get_one(Incident, numbers[1]).stage is Stage.ASSIGNED


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "javascript:1"])
def test_nobody_is_sent_away_by_it(
    back: str, browser: Browser, bench: Bench, numbers: list[int]
) -> None:
    token = snooze(bench, numbers[0])

    answer = browser.submit("/password", f"/undo/{token}", back=back)

    assert answer.headers["location"] == f"/?undone={token}"
