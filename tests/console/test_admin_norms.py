"""The page of norms: plain words, true examples, the calendar, deadlines that lag behind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person, add_incident, add_source, make_region
from console.client import Browser
from console.office import at_desk

from models.vocabulary import Network, Role, Stage, Term, Urgency
from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.region.schema import Norm, Region, Reminder
from pipeline.rules import calendar_of

REGION = replace(
    make_region(),
    norms=(
        Norm("any", Urgency.URGENT, 3, "working_hours"),
        Norm("any", Urgency.NORMAL, 8, "working_hours", pausable=True),
        Norm(Network.POS, "any", 8, "calendar_days"),
        Norm("any", "any", 2, "working_days", Term.REVIEW),
    ),
    reminders=(Reminder(0.5, roles=(Role.EXECUTOR,)), Reminder(1.0, 90, roles=(Role.APPROVER,))),
    extra_days_off=frozenset({date(2026, 11, 27)}),
)


def served(
    region: Region, engine: sa.Engine, person: Person, clock: Clock, at: datetime = NOW
) -> Iterator[Browser]:
    app = create_app(engine=engine, region=region, calendar=calendar_of(region), clock=clock)
    with at_desk(app, engine, person, at) as browser:
        yield browser


@pytest.fixture
def admin(console_engine: sa.Engine, administrator: Person, clock: Clock) -> Iterator[Browser]:
    yield from served(REGION, console_engine, administrator, clock)


def test_norms_stand_in_plain_words_with_what_becomes_of_a_friday_evening(admin: Browser) -> None:
    page = admin.page("/admin/norms").text
    # Friday, 20 November: 20 minutes are left until 17:00; Monday has a lunch break from 12 to 13.
    assert "3 рабочих часа" in page
    assert "вопрос в пятницу 20.11 16:40 → ответ до понедельника 23.11 10:40" in page
    assert "вопрос в пятницу 20.11 16:40 → ответ до понедельника 23.11 16:40" in page
    assert "срок можно приостановить" in page
    assert "разобрать до вторника 24.11 17:00" in page


def test_a_norm_that_never_gets_its_turn_is_not_shown(admin: Browser) -> None:
    page = admin.page("/admin/norms").text
    assert "ПОС" not in page
    assert "8 календарных дней" not in page
    # The default of a term that the region says nothing of still holds.
    assert "7 рабочих дней" in page
    assert "по умолчанию" in page


def test_reminders_and_the_order_of_work_are_told(admin: Browser) -> None:
    page = admin.page("/admin/norms").text
    assert "прошло 50 % рабочего времени срока исполнитель" in page
    assert "1 ч 30 мин рабочего времени после срока согласующий" in page
    assert "Сообщения об одном объединяются сами да, за 14 дн." in page


def test_the_calendar_shows_short_days_and_days_off(admin: Browser) -> None:
    page = admin.page("/admin/norms").text
    assert "Ноябрь 2026" in page
    assert "Декабрь 2026" in page
    assert "03.11 — короче на 60 мин, до 16:00" in page
    assert "04.11 — выходной: День народного единства" in page
    assert "27.11 — местный выходной" in page
    assert "31.12 — выходной вместо" in page


def test_a_calendar_of_december_goes_on_into_january(
    console_engine: sa.Engine, administrator: Person, clock: Clock
) -> None:
    clock.now = datetime(2026, 12, 31, 20, 59, tzinfo=UTC)  # a minute before midnight in Moscow
    for browser in served(REGION, console_engine, administrator, clock, at=clock.now):
        page = browser.page("/admin/norms").text
    assert "Декабрь 2026" in page
    assert "Январь 2027" in page
    assert "01.01–06.01 — выходной: Новогодние каникулы" in page
    assert "07.01 — выходной: Рождество Христово" in page


def test_it_tells_of_deadlines_by_older_rules(admin: Browser, console_engine: sa.Engine) -> None:
    version = calendar_of(REGION).version
    with unit_of_work(console_engine) as session:
        source = add_source(session)
        add_incident(session, source, calendar=version)
    assert "Все сроки открытых инцидентов посчитаны" in admin.page("/admin/norms").text
    with unit_of_work(console_engine) as session:
        add_incident(session, source, calendar="older")
        add_incident(session, source, calendar=version, norm="9 рабочих часов")
        add_incident(session, source, calendar="older", stage=Stage.CLOSED)
        add_incident(session, source, calendar="older", stage=Stage.SATISFACTION)
    assert "У 2 открытых инцидентов срок посчитан" in admin.page("/admin/norms").text
