"""One incident at a time: agreed with, put right, put off, merged, and the next one."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders import post, shipped_judge, take
from console.builders import NOW, Clock, Person, make_calendar, make_region
from console.client import Browser, Page, browsing
from console.review_page import entries, leases, number_on, open_one, press, stands
from sqlmodel import col, select

from models.columns import stored_id
from models.incident import Incident
from models.label import Label
from models.source import Source
from models.vocabulary import Act, Certainty, Stage, Topic, Urgency
from pipeline.console.app import create_app
from pipeline.database import reading
from pipeline.region.schema import Process


def test_an_empty_queue_says_so(browser: Browser) -> None:
    page = browser.page("/review")

    assert "Проверять нечего" in page.text
    assert number_on(page) is None


def test_the_page_shows_what_was_suggested_and_why(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source, text="Во дворе яма", urgency=Urgency.URGENT)

    page = browser.page("/review")

    assert number_on(page) == number
    for words in (
        f"№ {number} Дороги и тротуары срочно",
        "Дороги и тротуары 81 % Благоустройство 12 %",
        "Кому Отдел дорог",
        "осталось 2 ч 00 мин рабочего времени",
        "Лугское сельское поселение",
        "Ждут проверки: 1 инцидент",
    ):
        assert words in page.text, words


def test_agreeing_confirms_and_leads_to_the_next(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    first = open_one(console_engine, source)
    second = open_one(console_engine, source, due_at=NOW + timedelta(days=2))

    answer = press(browser, browser.page("/review"), "agree")

    assert answer.status_code == 303
    assert stands(console_engine, first).stage is Stage.ASSIGNED
    confirmed = entries(console_engine, first)[-1]
    assert (confirmed.act, confirmed.actor) == (Act.CONFIRMED, "operator")
    assert first not in leases(console_engine)
    assert number_on(browser.page(answer.headers["location"])) == second


def test_another_topic_is_a_correction(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)

    press(browser, browser.page("/review"), "agree", topic="landscaping")

    assert stands(console_engine, number).topic is Topic.LANDSCAPING
    assert entries(console_engine, number)[-1].act is Act.CORRECTED
    with reading(console_engine) as session:
        assert session.exec(select(Label)).one().topic is Topic.LANDSCAPING


def test_a_topic_of_the_long_list_counts_before_the_likely_ones(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)

    page = browser.page("/review")
    press(browser, page, "agree", other_topic="gas", settlement="bor", urgent="yes")

    now = stands(console_engine, number)
    assert (now.topic, now.settlement, now.urgency) == (Topic.GAS, "bor", Urgency.URGENT)


def test_what_is_no_incident_is_closed_with_its_kind_in_the_journal(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)

    press(browser, browser.page("/review"), "irrelevant:advertising")

    assert stands(console_engine, number).stage is Stage.CLOSED
    assert entries(console_engine, number)[-1].reason == "Не обращение: реклама"
    with reading(console_engine) as session:
        assert session.exec(select(Label)).one().relevant is False


def test_what_is_put_off_comes_back_in_working_time(
    browser: Browser, console_engine: sa.Engine, source: Source, clock: Clock
) -> None:
    number = open_one(console_engine, source, due_at=NOW + timedelta(days=2))

    press(browser, browser.page("/review"), "snooze:hour")

    # Noon in Moscow, and the lunch hour does not count: 14:00.
    assert stands(console_engine, number).snoozed_until == NOW + timedelta(hours=2)
    assert number_on(browser.page("/review")) is None
    clock.forward(timedelta(hours=2))
    assert number_on(browser.page("/review")) == number


def test_what_is_passed_over_does_not_come_until_the_rest_is_done(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    first, second, third = (
        open_one(console_engine, source, due_at=NOW + timedelta(hours=hours)) for hours in (1, 2, 3)
    )

    answer = press(browser, browser.page("/review"), "skip")
    page = browser.page(answer.headers["location"])
    assert number_on(page) == second
    answer = press(browser, page, "skip")
    page = browser.page(answer.headers["location"])
    assert number_on(page) == third
    answer = press(browser, page, "agree")
    page = browser.page(answer.headers["location"])

    assert "Дальше только пропущенное" in page.text
    assert number_on(browser.page("/review")) == first
    assert entries(console_engine, first) == []


def test_the_author_is_asked_for_the_place_and_the_incident_waits(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source, settlement=None, certainty=Certainty.AUTO)
    page = browser.page("/review")

    answer = press(browser, page, "ask_place", question="Здравствуйте! Где именно?")

    assert answer.status_code == 303
    now = stands(console_engine, number)
    assert (now.stage, now.certainty) == (Stage.PUBLISHING, Certainty.REVIEW)
    assert now.snoozed_until is not None
    acts = [entry.act for entry in entries(console_engine, number)]
    assert acts == [Act.ANSWER_QUEUED, Act.SNOOZED]


def test_where_a_head_agrees_the_question_goes_to_them(
    console_engine: sa.Engine, source: Source, operator: Person, clock: Clock
) -> None:
    region = replace(make_region(), process=Process(approval=True))
    app = create_app(
        engine=console_engine, region=region, calendar=make_calendar(region), clock=clock
    )
    number = open_one(console_engine, source, stage=Stage.WORK, settlement=None)
    unjudged = open_one(console_engine, source)
    with browsing(app) as browser:
        browser.sign_in(operator.login, operator.password)
        page = browser.page(f"/review/{number}")
        assert "сначала увидит согласующий" in page.text
        for _ in range(2):
            assert press(browser, page, "ask_place", question="Где это?").status_code == 303
        early = browser.page(f"/review/{unjudged}")
        assert "когда инцидент в работе" in early.text
        refused = press(browser, early, "ask_place", question="Где это?")

    now = stands(console_engine, number)
    assert (now.stage, now.snoozed_until is not None) == (Stage.APPROVAL, True)
    acts = [entry.act for entry in entries(console_engine, number)]
    assert acts == [Act.DRAFTED, Act.SUBMITTED, Act.SNOOZED]
    assert refused.status_code == 409
    assert stands(console_engine, unjudged).version == 1


def test_a_question_with_somebodys_telephone_is_not_sent_and_not_lost(
    browser: Browser, console_engine: sa.Engine, source: Source
) -> None:
    number = open_one(console_engine, source)
    question = "Позвоните мне на 8 910 123-45-67 и скажите адрес."

    answer = press(browser, browser.page("/review"), "ask_place", question=question)

    assert answer.status_code == 422
    assert question in Page(answer.text).text
    assert entries(console_engine, number) == []
    assert stands(console_engine, number).snoozed_until is None


def test_a_similar_incident_stands_beside_it_and_is_merged_into(
    browser: Browser, console_engine: sa.Engine, rivals: tuple[int, int]
) -> None:
    number, other = rivals
    page = browser.page(f"/review/{number}")

    assert f"Объединить с № {other}" in page.text
    own = [piece for piece in page.all("mark") if piece.get("class") == "own"]
    assert own, "what differs is marked"
    answer = press(browser, page, f"merge:{other}")

    assert answer.status_code == 303
    assert stands(console_engine, number).merged_into == other


@pytest.fixture
def rivals(console_engine: sa.Engine) -> tuple[int, int]:
    """Two incidents about one street lamp, as an ingest remembers them."""
    first_words = "На Лесной вторую неделю не горит фонарь у магазина, просим вкрутить лампу"
    other_words = "Почините фонарь на Лесной, у магазина темно уже две недели"
    judge = shipped_judge(join=True)
    take(console_engine, post(1, first_words), post(2, other_words), judge=judge)
    with reading(console_engine) as session:
        first, second = session.exec(select(col(Incident.id)).order_by(col(Incident.id))).all()
    return stored_id(second), stored_id(first)
