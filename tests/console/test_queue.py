"""The queue: order, groups, filters, search, counts, pages."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from console.builders import NOW, add_incident, add_post
from console.client import Browser, Page, browsing
from console.test_hostile import HOSTILE
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from classifiers.stems import read_number, read_query
from models.source import Source
from models.vocabulary import ClosingReason, Outcome, Role, Stage, Topic, Urgency
from pipeline.console import conditions
from pipeline.console.pages import queue
from pipeline.console.queue_rows import marked
from pipeline.console.wording import excerpt
from pipeline.database import unit_of_work
from pipeline.desk import access, staffing
from pipeline.store import incidents as lists
from pipeline.store import search


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


def test_a_number_opens_its_incident_and_words_find_theirs(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        pit = add_incident(session, source, text="Возле дома 999 яма")
        light = add_incident(session, source, text="Не горят фонари")

    for number in (f"{pit.id}", f"№ {pit.id}"):
        assert browser.get(f"/?q={number}").headers["location"] == f"/incident/{pit.id}"
    assert shown(browser, "/?q=фонарь") == [light.id]
    assert shown(browser, "/?q=999") == [pit.id], "no such incident: a number like any word"
    assert shown(browser, f"/?q=%22{light.id}%22") == []
    page = browser.page("/?q=фонарь")
    assert page.all("mark", **{"class": "topic"})
    assert "слова «фонарь»" in page.text
    assert "Искать среди всех" in browser.page("/?q=гиппопотам").text


def test_words_of_another_message_are_told_of(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source, text="Во дворе яма")
        add_post(session, source, "2", text="И потоп", incident_id=incident.id)

    page = browser.page("/?q=потоп")
    assert "Эти слова — в другом сообщении" in page.text
    assert "Эти слова" not in browser.page("/?q=яма").text


def test_words_far_into_a_text_are_shown_where_they_stand() -> None:
    text = "Добрый день! " + "Пишу в который раз. " * 20 + "У школы глубокая яма, помогите."
    pieces = marked(text, read_query("яма"))
    assert pieces[0][0].startswith("…")
    assert [piece for piece, found in pieces if found] == ["яма"]
    assert "".join(piece for piece, _ in pieces).endswith("У школы глубокая яма, помогите.")
    assert marked("  ", None) == []


@given(st.text(max_size=400), st.text(max_size=20))
def test_marked_words_change_nothing_in_a_text(text: str, typed: str) -> None:
    query = read_query(typed) or None
    pieces = marked(text, query)
    assert "".join(piece for piece, _ in pieces).strip("…") in excerpt(text, 10_000)


def test_what_is_put_off_and_what_is_done_say_so(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        later = add_incident(session, source, snoozed_until=NOW + timedelta(hours=20))
        add_incident(session, source, snoozed_until=NOW - timedelta(hours=1))
        told: dict[str, Any] = {"final_at": NOW, "outcome": Outcome.EXPLAINED}
        add_incident(session, source, stage=Stage.SATISFACTION, **told)
        ended = NOW - timedelta(days=1)
        reason = ClosingReason.NO_REPLY
        add_incident(session, source, stage=Stage.CLOSED, closed_at=ended, closing_reason=reason)

    text = browser.page("/").text
    assert text.count("отложен до") == 1
    assert "отложен до 19.11 08:00" in text
    assert shown(browser, "/?snoozed=1") == [later.id]
    done = browser.page("/?state=closed").text
    assert "ответ дан разъяснено 18.11.2026 12:00 МСК" in done
    assert "закрыт нет ответа от автора 17.11.2026 12:00 МСК" in done
    assert "Сначала новые" in done


def test_every_row_is_in_reach_of_the_keys(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source)
    (link,) = [one for one in browser.page("/").all("a") if "data-key-row" in one]
    assert link["href"] == f"/incident/{incident.id}"


@pytest.mark.usefixtures("source")
def test_all_that_is_asked_for_stays_in_the_form(browser: Browser) -> None:
    # Given an address with every kind of condition
    query = (
        "q=яма&topic=gas&settlement=luga&body=roads&source=vk%3Aluga&network=vk&stage=work"
        "&certainty=review&due=today&state=all&by=closed&since=2026-11-01&until=2026-11-18"
        "&outcome=solved&in_time=0&operator=me&urgent=1&overdue=1&mine=1&unassigned=1&approval=1"
        "&returned=1&unrated=1&unsure=1&snoozed=1"
    )
    html = browser.get(f"/?{query}").text
    form = LexborHTMLParser(html).css_first("form[action='/']")
    assert form is not None
    # Then the form would ask for the very same
    fields = {
        one.attributes["name"]: one.attributes.get("value") or ""
        for one in form.css("input")
        if one.attributes.get("type") != "checkbox" or "checked" in one.attributes
    }
    fields |= {
        one.attributes["name"]: (chosen.attributes.get("value") or "")
        for one in form.css("select")
        if (chosen := one.css_first("option[selected]")) is not None
    }
    assert fields == dict(parse_qsl(query))


def test_an_executor_sees_their_own_body_s_alone(
    app: FastAPI, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        own = add_incident(session, source, body="luga", text="яма", urgency=Urgency.URGENT)
        other = add_incident(session, source, text="яма", urgency=Urgency.URGENT)
        closed = add_incident(session, source, text="яма", stage=Stage.CLOSED, closed_at=NOW)
        add_incident(session, source, stage=Stage.APPROVAL)
        staff = staffing.add_staff(session, "kate", Role.EXECUTOR, NOW, body="luga")
        token = access.open_session(session, staff, NOW)

    with browsing(app) as browser:
        browser.http.cookies.set("otklik", token)
        for url in ("/", "/?q=яма", "/?state=all", "/?urgent=1", "/?body=roads&state=all"):
            assert shown(browser, url) == ([] if "body" in url else [own.id]), url
        for hidden in (other, closed):
            assert shown(browser, f"/?q={hidden.id}") == [], "as if there were none"
        text = browser.page("/").text
        assert "Открыто 1" in text
        assert "На согласовании 0" in text
        assert "Действия над отбором" not in text
        assert not browser.page("/").all("select", name="body")


def test_an_observer_is_shown_the_reports(app: FastAPI, console_engine: sa.Engine) -> None:
    with unit_of_work(console_engine) as session:
        staff = staffing.add_staff(session, "guest", Role.OBSERVER, NOW)
        token = access.open_session(session, staff, NOW)
    with browsing(app) as browser:
        browser.http.cookies.set("otklik", token)
        assert browser.get("/?q=1").headers["location"] == "/dashboard"


def test_a_list_without_end_says_where_it_stops(
    browser: Browser, source: Source, console_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given more incidents than are counted or paged through
    monkeypatch.setattr(lists, "MANY", 4)
    monkeypatch.setattr(queue, "MANY", 4)
    monkeypatch.setattr(queue, "FEW", 3)
    monkeypatch.setattr(conditions, "MANY", 4)
    monkeypatch.setattr(queue, "PAGE", 2)
    monkeypatch.setattr(queue, "LAST_PAGE", 2)
    with unit_of_work(console_engine) as session:
        for _ in range(9):
            add_incident(session, source)
    first, last = browser.page("/"), browser.page("/?page=2")
    assert "больше 3" in first.text
    assert "Открыто 3+" in first.text
    assert "Без исполнителя 2+" in first.text
    assert "1–2 из 3+" in first.text
    assert "/?page=2" in first.links
    assert "Дальше список не листается" in last.text
    assert "/?page=3" not in last.links


def test_frequent_words_are_listed_without_a_number(
    browser: Browser, source: Source, console_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "POSTS", 1)
    with unit_of_work(console_engine) as session:
        numbers = [add_incident(session, source, text="яма").id for _ in range(3)]
    assert shown(browser, "/?q=яма") == numbers
    assert "больше чем в 10 000 сообщений" in browser.page("/?q=яма").text


def test_acts_on_the_whole_list_take_its_very_address(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        add_incident(session, source, topic=Topic.GAS)
    assert "/bulk" in browser.page("/").links
    assert "/bulk?topic=gas" in browser.page("/?topic=gas&page=1").links


def test_hostile_words_in_the_search_are_words(browser: Browser) -> None:
    calm = browser.page("/?q=бегемот").skeleton
    for words in HOSTILE:
        if read_query(words) and not read_number(words):
            asked = browser.send("GET", "/", params={"q": words})
            assert Page(asked.text).skeleton == calm, words
