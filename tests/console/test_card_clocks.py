"""What the card says of time: what is left and why, what lasts for ever; and its bounds."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from casework import RULES, Case, open_case
from console.builders import NOW, PASSWORD, Clock, add_incident, add_post, add_version
from console.client import Browser
from fastapi import FastAPI

from models.columns import stored_id
from models.console import Lease
from models.incident import Incident
from models.source import Source
from models.staff import Staff
from models.vocabulary import Act, ClosingReason, Role, Stage
from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.desk import journal
from pipeline.store.posts import posts_of


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock) -> FastAPI:
    """Return the console of a municipality that has a norm for every stage."""
    return create_app(
        engine=console_engine, region=RULES.region, calendar=RULES.calendar, clock=clock
    )


@pytest.fixture
def case(console_engine: sa.Engine) -> Case:
    return open_case(console_engine)


def change(case: Case, **fields: object) -> None:
    with unit_of_work(case.engine) as session:
        incident = session.get_one(Incident, case.number)
        for name, value in fields.items():
            setattr(incident, name, value)


def card(browser: Browser, case: Case) -> str:
    return browser.page(f"/incident/{case.number}").text


def test_what_is_left_is_working_time_with_its_weekend(
    browser: Browser, case: Case, clock: Clock
) -> None:
    # Given a deadline on Monday morning, looked at on Friday afternoon
    change(case, due_at=datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    clock.now = datetime(2026, 11, 20, 13, 50, tzinfo=UTC)
    browser.sign_in("operator", PASSWORD)

    assert "До 23.11 11:00: 3 ч 10 мин рабочего времени; 21–22.11 выходные" in card(browser, case)


def test_the_norm_is_explained_day_by_day(browser: Browser, case: Case) -> None:
    text = card(browser, case)
    for words in (
        "Норматив 8 рабочих часов, первый ответ",
        "Срок идёт с 18.11.2026 10:00, когда написано обращение.",
        "18.11 ср08:00–12:00, 13:00–17:006 ч2 ч",
        "19.11 чт08:00–12:00, 13:00–17:002 ч0 мин",
        "Разбор. До 18.11 17:00: 4 ч 00 мин рабочего времени",
    ):
        assert words in text, words
    assert "По нынешним правилам" not in text


def test_a_deadline_that_the_rules_would_not_give_now_is_told(browser: Browser, case: Case) -> None:
    change(case, calendar="прежний", due_at=NOW + timedelta(hours=3))
    assert (
        "По нынешним правилам вышло бы 19.11.2026 10:00. Срок записан по прежнему календарю."
        in card(browser, case)
    )
    change(case, calendar=RULES.calendar.version)
    assert "Записан более ранний срок: он не отодвигается." in card(browser, case)
    change(case, due_at=NOW + timedelta(days=9))
    assert "Норматив с тех пор изменился." in card(browser, case)


def test_three_clocks_last_for_ever(browser: Browser, case: Case, clock: Clock) -> None:
    assert "С первого назначения — ещё не назначали" in card(browser, case)
    case.done(Act.ASSIGNED, body="luga")
    clock.forward(timedelta(hours=2))
    text = card(browser, case)
    # Dinner from twelve to one does not count
    assert "С обращения 3 ч с 18.11.2026 10:00" in text
    assert "С первого назначения 1 ч с 18.11.2026 12:00" in text
    assert "До публикации ответа — ответа ещё нет" in text

    change(case, published_at=NOW + timedelta(hours=2), published_due_at=NOW)
    assert "До публикации ответа 3 ч 18.11.2026 14:00, позже срока" in card(browser, case)
    change(case, published_due_at=NOW + timedelta(hours=2))
    assert "18.11.2026 14:00, в срок" in card(browser, case)


def test_a_closed_incident_is_measured_to_its_end(
    browser: Browser, case: Case, clock: Clock
) -> None:
    case.done(Act.CLOSED, closing=ClosingReason.NO_ANSWER_DUE, reason="Брань")
    clock.forward(timedelta(days=100))
    browser.sign_in("operator", PASSWORD)
    text = card(browser, case)
    assert "С обращения 2 ч с 18.11.2026 10:00" in text
    assert "До 1" not in text, "nothing is left of a closed one"


def test_a_date_that_no_calendar_serves_breaks_no_card(browser: Browser, case: Case) -> None:
    change(
        case,
        created_at=datetime(1990, 1, 1, tzinfo=UTC),
        clock_from=datetime(1990, 1, 1, tzinfo=UTC),
    )
    assert "С обращения —" in card(browser, case)


def test_who_else_looks_and_till_when_it_is_put_off_is_told(
    browser: Browser, case: Case, clock: Clock, console_engine: sa.Engine
) -> None:
    change(case, snoozed_until=NOW + timedelta(hours=1))
    with unit_of_work(console_engine) as session:
        other = Staff(login="sidorova", role=Role.OPERATOR, created_at=NOW)
        session.add(other)
        session.flush()
        session.add(
            Lease(
                incident_id=case.number,
                staff_id=stored_id(other.id),
                until=NOW + timedelta(minutes=5),
            )
        )
    text = card(browser, case)
    assert "Его смотрит sidorova" in text
    assert "Отложен до 18.11.2026 13:00" in text
    clock.forward(timedelta(hours=2))
    text = card(browser, case)
    assert "Его смотрит" not in text
    assert "Отложен до" not in text


def test_a_card_with_a_thousand_messages_shows_the_first_and_offers_more(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source, text="Первое")
        number = stored_id(incident.id)
        for i in range(120):
            add_post(
                session,
                source,
                f"-1_c{i}",
                text=f"Сообщение {i}",
                root_id=f"-1_{number}",
                incident_id=number,
            )

    page = browser.page(f"/incident/{number}")
    assert len(page.all("article")) == 50
    assert f"/incident/{number}?posts=100" in page.links
    assert "показано 50 из 121" in page.text
    assert len(browser.page(f"/incident/{number}?posts=150").all("article")) == 121
    assert len(browser.page(f"/incident/{number}?posts=всё").all("article")) == 50
    # What can be answered is chosen among the newest
    options = [one for one in page.all("option") if str(one.get("value", "")).isdecimal()]
    assert len(options) == 20
    assert len(browser.get(f"/incident/{number}").content) < 100_000


def test_the_discussion_above_is_told_once(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        add_post(session, source, "-1_root", text="Пишите, где ямы")
        incident = add_incident(session, source, post={"root_id": "-1_root"})
        add_post(session, source, "-1_b", root_id="-1_root", incident_id=incident.id)
    page = browser.page(f"/incident/{incident.id}")
    assert page.text.count("Пишите, где ямы") == 1
    assert page.text.count("Обсуждение выше") == 1


def test_of_a_long_journal_the_newest_lines_are_shown(browser: Browser, case: Case) -> None:
    with unit_of_work(case.engine) as session:
        for i in range(150):
            journal.write(
                session, Act.POST_EDITED, at=NOW, incident_id=case.number, reason=f"правка-{i}"
            )
    page = browser.page(f"/incident/{case.number}")
    assert "правка-149" in page.text
    assert "правка-50" in page.text
    assert "правка-49" not in page.text
    assert f"/incident/{case.number}?entries=200" in page.links
    assert "правка-0" in browser.page(f"/incident/{case.number}?entries=200").text


def test_the_newest_changes_of_a_text_are_shown_the_older_ones_folded(
    browser: Browser, case: Case
) -> None:
    with unit_of_work(case.engine) as session:
        post = posts_of(session, case.number)[0]
        for i in range(25):
            post.revision = i + 1
            add_version(session, post, f"Во дворе яма номер {i}")
        post.text = "Во дворе яма номер 25"
    page = browser.page(f"/incident/{case.number}")
    assert "Автор изменил текст, замечено 18.11.2026 12:00 Во дворе яма номер 2425" in page.text
    assert "Прежние изменения (19)" in page.text
    assert len(page.all("ins")) >= 20


def test_a_text_that_its_author_deleted_is_marked_and_can_be_read(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source, post={"deleted_at": NOW}, stage=Stage.REVIEW)
    page = browser.page(f"/incident/{incident.id}")
    assert page.all("del", **{"class": "all"}) != []
    assert "Автор удалил этот текст, замечено 18.11.2026 12:00" in page.text
    assert "Во дворе яма" in page.text
