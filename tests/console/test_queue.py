"""The queue: order, groups, filters, counts, pages."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, add_incident
from console.client import Browser

from models.source import Source
from models.vocabulary import Stage, Topic, Urgency
from pipeline.database import unit_of_work


def shown(browser: Browser, url: str = "/") -> list[int]:
    links = browser.page(url).links
    return [int(link.rpartition("/")[2]) for link in links if link.startswith("/incident/")]


def test_an_empty_queue_says_what_happens_next(browser: Browser) -> None:
    text = browser.page("/").text
    assert "Открытых инцидентов нет" in text
    assert "Открыто 0" in text


def test_the_nearest_deadline_comes_first_and_every_state_has_its_words(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        later = add_incident(session, source, due_at=NOW + timedelta(days=1))
        overdue = add_incident(session, source, due_at=NOW - timedelta(hours=2, minutes=5))
        today = add_incident(session, source, due_at=NOW + timedelta(hours=3, minutes=10))
        hour = add_incident(session, source, due_at=NOW + timedelta(hours=1, minutes=30))
        add_incident(session, source, stage=Stage.CLOSED, closed_at=NOW)

    text = browser.page("/").text

    assert shown(browser) == [overdue.id, hour.id, today.id, later.id]
    # Noon to one is lunch: of an hour and a half only thirty minutes are working time.
    assert [
        words
        for words in (
            "Просрочено просрочено на 2 ч 05 мин рабочего времени до 18.11.2026 09:55 МСК",
            "Меньше часа осталось 30 мин рабочего времени до 18.11.2026 13:30 МСК",
            "Сегодня осталось 2 ч 10 мин рабочего времени до 18.11.2026 15:10 МСК",
            "Позже осталось 8 ч 00 мин рабочего времени до 19.11.2026 12:00 МСК",
        )
        if words not in text
    ] == []


def test_a_row_tells_what_where_and_who(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        add_incident(
            session,
            source,
            text="Яма  у\n\nшколы " + "очень " * 100,
            urgency=Urgency.URGENT,
            village="Луга",
            street="ул. Полевая",
            house="7",
        )

    text = browser.page("/").text

    assert "Дороги и тротуары срочно" in text
    assert "ВКонтакте · 18.11.2026 10:00" in text
    assert "Яма у школы очень очень" in text
    assert "очень…" in text
    assert "Лугское сельское поселение" in text
    assert "Луга, ул. Полевая, 7" in text
    assert "Ответственный: Отдел дорог" in text


def test_a_place_or_body_that_the_region_forgot_keeps_its_code(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        add_incident(session, source, settlement="gone", body="dissolved")
        add_incident(session, source, settlement=None)

    text = browser.page("/").text
    assert "gone" in text
    assert "dissolved" in text
    assert "Место не указано" in text


def test_filters_narrow_the_list_but_not_the_counts(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        gas = add_incident(session, source, topic=Topic.GAS, urgency=Urgency.URGENT)
        bor = add_incident(session, source, settlement="bor")
        late = add_incident(session, source, due_at=NOW - timedelta(hours=1))

    assert shown(browser, "/?topic=gas") == [gas.id]
    assert shown(browser, "/?settlement=bor") == [bor.id]
    assert shown(browser, "/?urgent=1") == [gas.id]
    assert shown(browser, "/?overdue=1") == [late.id]
    assert shown(browser, "/?topic=gas&overdue=1") == []
    empty = browser.page("/?topic=gas&overdue=1").text
    assert "Под этот отбор ничего не подходит" in empty
    for words in ("Открыто 3", "Срочных 1", "Просрочено 1"):
        assert words in empty


@pytest.mark.parametrize(
    "query",
    ["topic=nonsense", "settlement=nowhere", "page=0", "page=-1", "page=two", "page=٣",
     "page=99999999999999", "urgent=yes", "topic=gas'--&topic=%00", "overdue"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_shows_everything(
    browser: Browser, source: Source, console_engine: sa.Engine, query: str
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source)

    assert shown(browser, f"/?{query}") == [incident.id]


def test_long_queues_have_pages_that_keep_the_filter(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        for minutes in range(120):
            add_incident(session, source, topic=Topic.GAS, due_at=NOW + timedelta(minutes=minutes))
        add_incident(session, source)

    first, second, last = (browser.page(f"/?topic=gas&page={page}") for page in (1, 2, 9))

    assert "1–50 из 120" in first.text
    assert "51–100 из 120" in second.text
    assert "101–120 из 120" in last.text, "past the end is the end"
    assert "/?topic=gas&page=2" in first.links
    assert "/?topic=gas" in second.links
    assert "/?topic=gas&page=3" in second.links
    pages = [shown(browser, f"/?topic=gas&page={page}") for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({number for page in pages for number in page}) == 120
