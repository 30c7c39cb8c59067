"""Acts of the card beside the life cycle's plain ones: pauses, helpers, ratings, splitting."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from answering import source_of
from casework import RULES as WORKING
from casework import Case, case_in_work, open_case
from console.builders import OPERATOR, Clock, add_incident, add_post
from console.client import Page
from console.test_acts import ActAs, acts, as_, offered, press, stands
from fastapi import FastAPI
from sqlmodel import Session

from models.columns import stored_id
from models.incident import CoExecutor, Incident
from models.post import Post
from models.vocabulary import Act, AnswerKind, ClosingReason, Stage, Urgency
from pipeline.console.app import create_app
from pipeline.console.doing import moment_of
from pipeline.database import reading, unit_of_work
from pipeline.desk.merging import merge
from pipeline.store.incidents import helpers_of, pauses_of
from pipeline.store.posts import posts_of

__all__ = ["as_"]


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock) -> FastAPI:
    """Return the console of a municipality whose norms can be paused."""
    return create_app(
        engine=console_engine, region=WORKING.region, calendar=WORKING.calendar, clock=clock
    )


@pytest.fixture
def case(console_engine: sa.Engine) -> Case:
    """An incident that «luga» has in work."""
    return case_in_work(console_engine)


def second_post(session: Session, case: Case) -> Post:
    source = source_of(session, "vk:luga")
    return add_post(session, source, "-1_99", text="И у нас люк", incident_id=case.number)


def test_an_executor_stops_the_clock_and_lets_it_go_on(
    case: Case, as_: ActAs, clock: Clock
) -> None:
    browser = as_("luga")
    # When the executor waits for somebody until two o'clock of the municipality
    until = "2026-11-18T14:00"
    done = press(browser, case.number, "paused", until=until, reason="Ждём владельца сетей")
    assert done.status_code == 303
    # Then the card says so, with the reason, who and till when
    page = browser.page(f"/incident/{case.number}")
    assert "срок стоит с 18.11.2026 12:00" in page.text
    assert "Пауза идёт 18.11.2026 12:00 — до 18.11.2026 14:00 Ждём владельца сетей" in page.text
    assert "resumed" in offered(page)
    assert "paused" not in offered(page)
    # And when it goes on, what it stood is told
    clock.forward(timedelta(hours=1, minutes=30))
    assert press(as_("luga"), case.number, "resumed").status_code == 303
    page = as_("luga").page(f"/incident/{case.number}")
    assert "Пауза 18.11.2026 12:00 — 18.11.2026 13:30" in page.text
    # Dinner, from twelve to one, is no working time
    assert "30 мин рабочего времени · luga" in page.text
    assert "Без пауз срок был бы" in page.text
    assert stands(case.engine, case.number).paused_at is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"until": "2026-11-18T14:00"}, "Напишите причину"),
        ({"until": "2026-11-17T14:00", "reason": "Ждём"}, "этот срок должен быть впереди"),
        ({"until": "скоро", "reason": "Ждём"}, "Укажите, до какого времени"),
        ({"reason": "Ждём"}, "Укажите, до какого времени"),
    ],
)
def test_a_pause_without_its_end_or_reason_is_refused_and_nothing_typed_is_lost(
    case: Case, as_: ActAs, fields: dict[str, str], words: str
) -> None:
    refused = press(as_("luga"), case.number, "paused", **fields)

    assert refused.status_code == 422
    page = Page(refused.text)
    assert words in page.text
    assert fields.get("reason", "") in page.text
    assert page.all("input", name="until")[0]["value"] == fields.get("until", "")
    with reading(case.engine) as session:
        assert pauses_of(session, case.number) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-18T14:00", "2026-11-18 11:00:00+00:00"),
        ("2026-11-18T14:00+05:00", "2026-11-18 09:00:00+00:00"),
        ("2026-11-18", "2026-11-17 21:00:00+00:00"),
        ("0001-01-01T00:00", "None"),
        ("9999-12-31T23:59", "None"),
        ("", "None"),
        ("завтра", "None"),
    ],
)
def test_a_moment_is_by_the_municipalitys_clocks(text: str, moment: str) -> None:
    assert str(moment_of(text, "Europe/Moscow")) == moment


def test_exactly_the_ticked_bodies_help(case: Case, as_: ActAs) -> None:
    with unit_of_work(case.engine) as session:
        session.add(CoExecutor(incident_id=case.number, body="roads"))
    page = as_("operator").page(f"/incident/{case.number}")
    boxes = {str(box["value"]): "checked" in box for box in page.all("input", name="helpers")}
    assert boxes == {"roads": True, "school": False}, "a letter-only body and «luga» are left out"

    assert press(as_("operator"), case.number, "co_executors", helpers="school").status_code == 303

    with reading(case.engine) as session:
        assert helpers_of(session, case.number) == ("school",)
    assert (
        "Соисполнители: Отдел образования" in as_("operator").page(f"/incident/{case.number}").text
    )
    refused = press(as_("operator"), case.number, "co_executors", helpers="mars")
    assert refused.status_code == 422
    assert "Такого исполнителя в районе нет" in Page(refused.text).text


def test_what_the_author_said_by_telephone_is_taken_down(case: Case, as_: ActAs) -> None:
    assert "rated" not in offered(as_("operator").page(f"/incident/{case.number}"))
    case.publish(AnswerKind.FINAL)

    refused = press(as_("operator"), case.number, "rated", word="Спасибо")
    assert refused.status_code == 422
    assert "Выберите оценку" in Page(refused.text).text
    assert "Спасибо" in Page(refused.text).text
    done = press(as_("operator"), case.number, "rated", rating="5", word="Спасибо")

    assert done.status_code == 303
    incident = stands(case.engine, case.number)
    assert (incident.rating, incident.closing_reason) == (5, ClosingReason.SATISFIED)
    assert "5 из 5" in as_("operator").page(f"/incident/{case.number}").text


def test_a_post_that_is_about_something_else_gets_its_own_incident(case: Case, as_: ActAs) -> None:
    page = as_("operator").page(f"/incident/{case.number}")
    assert page.all("button", value="post_split") == [], "the only post"
    with unit_of_work(case.engine) as session:
        post = stored_id(second_post(session, case).id)

    page = as_("operator").page(f"/incident/{case.number}")
    assert len(page.all("button", value="post_split")) == 2
    done = press(as_("operator"), case.number, "post_split", post=str(post), reason="Другой люк")

    fresh = int(done.headers["location"].rpartition("/")[2])
    assert fresh != case.number
    assert "И у нас люк" in as_("operator").page(f"/incident/{fresh}").text
    assert "И у нас люк" not in as_("operator").page(f"/incident/{case.number}").text
    # A second press of the same button is heard once
    again = press(as_("operator"), case.number, "post_split", post=str(post), reason="Другой люк")
    assert again.status_code == 303
    late = press(as_("operator"), case.number, "post_split", post=str(post), reason="Ещё раз")
    assert late.status_code == 409
    assert f"Сообщения № {post} в этом инциденте уже нет" in Page(late.text).text


def test_merged_incidents_are_taken_apart_on_the_card(case: Case, as_: ActAs) -> None:
    with unit_of_work(case.engine) as session:
        source = source_of(session, "vk:luga")
        other = stored_id(add_incident(session, source, text="Тот же люк").id)
        said = merge(session, other, case.number, actor=OPERATOR, rules=case.rules, now=case.now)
        assert isinstance(said, Incident)

    browser = as_("operator")
    into = browser.page(f"/incident/{case.number}")
    assert f"Сюда вошли: № {other}" in into.text
    assert f"из № {other}" in into.text
    gone = browser.page(f"/incident/{other}")
    assert f"Инцидент объединён с № {case.number}: его сообщения теперь там." in gone.text
    assert "нет ни одного сообщения" not in gone.text
    assert offered(gone) == {"unmerged"}

    stale = press(browser, other, "unmerged", at_version="1")
    assert stale.status_code == 409
    assert press(browser, other, "unmerged").status_code == 303
    assert "Тот же люк" in browser.page(f"/incident/{other}").text
    assert f"№ {other}" not in browser.page(f"/incident/{case.number}").text


def test_what_is_urgent_is_made_so_by_one_button(case: Case, as_: ActAs) -> None:
    before = stands(case.engine, case.number)
    done = press(as_("operator"), case.number, "urgency_raised")

    assert done.status_code == 303
    incident = stands(case.engine, case.number)
    assert (incident.urgency, incident.stage) == (Urgency.URGENT, Stage.WORK)
    assert incident.due_at <= before.due_at
    page = as_("operator").page(f"/incident/{case.number}")
    assert "срочно" in page.text
    assert "urgency_raised" not in offered(page)
    # A button that was pressed twice is heard once
    assert press(as_("operator"), case.number, "urgency_raised", at_version="1").status_code == 303
    assert stands(case.engine, case.number).version == incident.version


def test_an_incident_whose_posts_went_elsewhere_is_not_judged(case: Case, as_: ActAs) -> None:
    with unit_of_work(case.engine) as session:
        for post in posts_of(session, case.number):
            post.incident_id = None
    refused = press(as_("operator"), case.number, "urgency_raised")
    assert refused.status_code == 422
    assert "У инцидента нет сообщений" in Page(refused.text).text


def test_whoever_is_late_reads_first_what_happened_meanwhile(
    console_engine: sa.Engine, as_: ActAs, clock: Clock
) -> None:
    # Given an operator with a card before them
    case = open_case(console_engine, stage=Stage.ASSIGNED, body="luga")
    page = as_("operator").page(f"/incident/{case.number}")
    seen = str(page.all("input", name="seen_entry")[0]["value"])
    # When the executor gives the incident back, and the operator goes on with what they saw
    press(as_("luga"), case.number, "returned", reason="Дорога района")
    clock.forward(timedelta(minutes=5))
    late = press(
        as_("operator"),
        case.number,
        "closed",
        at_version="1",
        seen_entry=seen,
        closing="no_answer_due",
        reason="Только брань",
    )
    # Then they are told what has changed, and have what they typed
    assert late.status_code == 409
    text = Page(late.text).text
    assert "Ничего не записано. То, что вы заполнили, осталось в форме ниже." in text
    assert text.index("Что изменилось") < text.index("Возвращён исполнителем")
    assert text.index("Дорога района") < text.index("Журнал")
    assert "Только брань" in text
    assert acts(console_engine, case.number)[-1] is Act.RETURNED


@pytest.mark.parametrize(
    ("who", "act", "fields"),
    [
        ("operator", "assigned", {"body": "roads"}),
        ("operator", "closed", {"closing": "no_answer_due", "reason": "Брань"}),
        ("operator", "urgency_raised", {}),
        ("luga", "returned", {"reason": "Не к нам"}),
    ],
)
def test_an_act_that_can_be_taken_back_says_so(
    case: Case, as_: ActAs, who: str, act: str, fields: dict[str, Any]
) -> None:
    done = press(as_(who), case.number, act, **fields)

    address, _, token = done.headers["location"].partition("?undo=")
    assert address == f"/incident/{case.number}"
    assert len(token) >= 24
    assert as_(who).get(done.headers["location"]).status_code == 200


def test_whoever_gives_an_incident_away_comes_back_to_the_queue(case: Case, as_: ActAs) -> None:
    done = press(as_("luga"), case.number, "passed_up", reason="Нужны деньги района")
    assert done.headers["location"].startswith("/?undo=")


def test_a_pause_has_its_own_way_back(case: Case, as_: ActAs) -> None:
    done = press(as_("luga"), case.number, "paused", until="2026-11-18T14:00", reason="Ждём")
    assert done.headers["location"] == f"/incident/{case.number}"


def test_of_two_who_write_one_draft_the_second_sees_both(case: Case, as_: ActAs) -> None:
    # Given two of the body before one draft
    browser = as_("luga")
    card = f"/incident/{case.number}"
    seen = str(browser.page(card).all("input", name="seen")[0]["value"])
    form = {"button": "draft", "kind": "interim", "seen": seen}
    browser.submit(card, f"{card}/answer", **form, text="Люк закроют.", draft_seen="1")
    browser.submit(card, f"{card}/answer", **form, text="Люк закроют завтра.", draft_seen="1")
    # When the slower one keeps other words
    late = browser.submit(card, f"{card}/answer", **form, text="Люк закроют скоро.", draft_seen="1")
    # Then theirs are in the field, and how the stored ones differ stands above it
    assert late.status_code == 409
    page = Page(late.text)
    assert "Люк закроют скоро." in "".join(page.pieces)
    assert "отличия сохранённого от вашего: Люк закроют скорозавтра." in page.text
    again = str(page.all("input", name="draft_seen")[0]["value"])
    done = browser.submit(card, f"{card}/answer", **form, text="Скоро.", draft_seen=again)
    assert done.status_code == 303
