"""The dashboard's page: its numbers are the lengths of their lists, whoever asks for what."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from console.builders import (
    NOW,
    add_incident,
    add_person,
    add_source,
)
from console.client import Browser, Page, browsing
from console.test_hostile import HOSTILE
from fastapi import FastAPI

from models.source import Source
from models.vocabulary import ClosingReason, Network, Outcome, Role, Stage, Topic, Urgency
from pipeline.console.pages.dashboard import Wanted
from pipeline.database import unit_of_work
from pipeline.decisions.summary import last_days

HOUR = timedelta(hours=1)
CLOSED: dict[str, Any] = {"stage": Stage.CLOSED, "closing_reason": ClosingReason.SATISFIED}


@pytest.fixture
def town(console_engine: sa.Engine) -> None:
    """Fill a town with all that the dashboard tells apart, today and before."""
    with unit_of_work(console_engine) as session:
        source = add_source(session)
        add_incident(session, source, due_at=NOW - HOUR, urgency=Urgency.URGENT)
        add_incident(session, source, settlement="bor", stage=Stage.WORK, repeats=2)
        add_incident(session, source, settlement=None, topic=Topic.GAS, network=Network.OK)
        for number, outcome in enumerate([*Outcome, Outcome.EXPLAINED, None]):
            written = NOW - number * 30 * HOUR
            add_incident(
                session,
                source,
                created_at=written,
                published_at=written + HOUR,
                published_due_at=written + timedelta(minutes=30 if number == 2 else 90),
                closed_at=written + 2 * HOUR,
                outcome=outcome,
                rating=number if number in {1, 5} else None,
                **CLOSED,
            )
        other = Source(key="ok:bor", network=Network.OK, title="Бор", created_at=NOW)
        session.add(other)
        session.flush()
        for hours in range(1, 7):
            add_incident(
                session, other, topic=Topic.HEATING, settlement="bor", created_at=NOW - hours * HOUR
            )


@pytest.fixture
def observer(app: FastAPI, console_engine: sa.Engine) -> Iterator[Browser]:
    with unit_of_work(console_engine) as session:
        person = add_person(session, "watcher", Role.OBSERVER)
    with browsing(app) as browser:
        browser.sign_in(person.login, person.password)
        yield browser


LINKED = re.compile(r'<a [^>]*?href="(/\?[^"]*|/)"[^>]*>(.*?)</a>', re.DOTALL)


def linked_numbers(html: str) -> list[tuple[str, int]]:
    """Return every list that the page leads to, with the number that it says of it.

    «159 из 173» and «без оценки: 7» are numbers of their lists as well; a date is none.
    """
    main = html[html.index("<main") :]
    main = re.sub(r"<title>.*?</title>", "", main, flags=re.DOTALL)
    found = []
    for url, inside in LINKED.findall(main):
        words = re.sub(r"<span class=\"meta\">.*?</span>|<bdi>.*?</bdi>|<[^>]*>", "", inside)
        said = re.search(r"\d+", words.replace("\N{NO-BREAK SPACE}", ""))
        if said and not re.search(r"\d\d\.\d\d", words):
            found.append((url.replace("&amp;", "&"), int(said[0])))
    return found


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("?period=today", marks=pytest.mark.long),
        pytest.param("?period=7", marks=pytest.mark.long),
        "?period=30",
        "?period=7&settlement=bor",
        pytest.param("?period=own&since=2026-11-10&until=2026-11-17", marks=pytest.mark.long),
    ],
)
def test_every_number_is_the_length_of_its_list(query: str, browser: Browser) -> None:
    numbers = linked_numbers(browser.get("/dashboard" + query).text)

    assert len(numbers) > 15
    told = {}
    for url, number in numbers:
        if url not in told:
            said = browser.page(url).text
            told[url] = re.search(r"(\d+) инцидент(?:а|ов)?\b", said)
            assert told[url] is not None, (url, said)
        match = told[url]
        assert match is not None
        assert int(match[1]) == number, url


@pytest.mark.usefixtures("town")
def test_lists_of_every_kind_are_led_to(browser: Browser) -> None:
    urls = [url for url, _ in linked_numbers(browser.get("/dashboard?period=30").text)]
    asked = {key for url in urls for key in parse_qs(urlsplit(url).query)}
    assert asked >= {
        *("topic", "settlement", "network", "source", "stage", "urgent", "overdue"),
        *("state", "since", "until", "by", "outcome", "in_time", "unrated"),
    }


@pytest.mark.usefixtures("town")
def test_explained_is_not_solved(browser: Browser) -> None:
    html = browser.get("/dashboard?period=30").text
    text = Page(html).text
    assert "Решено 14,3 % 1" in text
    assert "Разъяснено 28,6 % 2" in text
    assert "Разъяснённое решённым не считается" in text
    assert "6 из 7 первых ответов" in text
    assert "85,7 %" in text


@pytest.mark.usefixtures("town")
def test_an_observer_lands_here_and_reads_numbers_without_lists(observer: Browser) -> None:
    landed = observer.get("/")
    assert (landed.status_code, landed.headers["location"]) == (303, "/dashboard")
    html = observer.get("/dashboard").text
    assert linked_numbers(html) == []
    assert "incident/" not in html
    assert "Отопление" in html


@pytest.mark.usefixtures("town")
def test_a_burst_is_told_with_its_numbers(browser: Browser) -> None:
    text = browser.page("/dashboard").text
    assert "Отопление: 6 обращений за последние 24 часа, за 30 дней до того ни одного" in text


def test_an_empty_database_says_so(browser: Browser) -> None:
    assert "Сводка пока пуста" in browser.page("/dashboard").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "Период не понят"),
        ({"since": "2026-11-10"}, "Период не понят"),
        ({"since": "2026-11-10", "until": "вчера"}, "Период не понят"),
        ({"since": "2026-11-18", "until": "2026-11-10"}, "раньше, чем"),
        ({"since": "2020-11-18", "until": "2026-11-10"}, "длиннее 366 дней"),
        ({"since": "0001-01-01", "until": "0001-01-02"}, "с 2005 по 2099"),
        ({"since": "9999-12-30", "until": "9999-12-31"}, "с 2005 по 2099"),
    ],
)
def test_a_period_that_makes_no_sense_is_told(query: dict[str, str], said: str) -> None:
    wanted = Wanted.of({"period": "own", **query}, NOW.date(), frozenset())
    assert said in wanted.problem
    assert wanted.days == last_days(NOW.date(), 7)


@pytest.mark.usefixtures("town")
def test_what_is_wrong_with_a_period_is_seen(browser: Browser) -> None:
    page = browser.page("/dashboard?period=own&since=2026-11-18&until=2026-11-10")
    assert "Период кончается раньше, чем начинается: поменяйте даты местами." in page.text
    assert "За период: 12.11.2026 – 18.11.2026" in page.text


@pytest.mark.usefixtures("town")
def test_what_is_unknown_is_left_out(browser: Browser) -> None:
    plain = browser.page("/dashboard?period=7").skeleton
    for query in ("period=год", "settlement=moon", "settlement=%00", "period=7&settlement="):
        assert browser.page(f"/dashboard?{query}").skeleton == plain


def test_hostile_texts_are_shown_as_text(browser: Browser, console_engine: sa.Engine) -> None:
    # Given a source for each of these texts, all tame at first
    with unit_of_work(console_engine) as session:
        for number in range(len(HOSTILE)):
            source = Source(key=f"vk:{number}", network=Network.VK, title="Группа", created_at=NOW)
            session.add(source)
            session.flush()
            add_incident(session, source, settlement="bor" if number % 2 else "luga")
    tame = browser.page("/dashboard").skeleton
    # When each is called by one of them
    with unit_of_work(console_engine) as session:
        for number, text in enumerate(HOSTILE):
            source = session.get_one(Source, number + 1)
            source.title = text[:500].replace("\x00", "") or "Группа"
    page = browser.page("/dashboard")
    # Then there is more text on the page and nothing else
    assert page.skeleton == tame
    assert "<script" in page.text.casefold()


def test_a_settlement_that_is_gone_is_named_and_not_asked_for(
    browser: Browser, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        add_incident(session, add_source(session), settlement="<b>atlantis")
    html = browser.get("/dashboard").text
    assert "&lt;b&gt;atlantis" in html
    assert "settlement=%3Cb" not in html
