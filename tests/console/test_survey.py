"""The page on which a citizen rates an answer, and what the card shows of it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from answering import open_incident
from console.builders import NOW, OPERATOR, Clock, Person
from console.client import Browser, Page, browsing
from console.test_hostile import SOME, as_parsed
from fastapi import FastAPI
from sqlmodel import select
from surveying import PUBLIC, RULES, TEXT, asked, incident, publish, survey_rows, token_in, written
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from models.answer import Answer
from models.vocabulary import ClosingReason, Network
from pipeline.console.app import create_app
from pipeline.console.throttle import BURST, REFILL, REMEMBERED, Throttle
from pipeline.database import reading, unit_of_work
from pipeline.decisions.satisfaction import LIFETIME, token_hash, token_of
from pipeline.desk import outbox

HANDLED = "https://t.me/luga/7"


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock) -> FastAPI:
    """Return the console of a municipality that asks its citizens."""
    return create_app(
        engine=console_engine,
        region=RULES.region,
        calendar=RULES.calendar,
        clock=clock,
        public_url=f"{PUBLIC}/",
    )


@pytest.fixture
def number(console_engine: sa.Engine) -> int:
    return open_incident(console_engine)


@pytest.fixture
def address(console_engine: sa.Engine, number: int) -> str:
    """Return the path of a link that may be followed."""
    return f"/o/{asked(console_engine, number)[1]}"


def rate(browser: Browser, address: str, rating: str = "5", word: str = "") -> httpx.Response:
    return browser.submit(address, address, rating=rating, word=word)


def everything(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        return {
            name: [tuple(row) for row in connection.execute(sa.text(f'SELECT * FROM "{name}"'))]  # noqa: S608 - names of our own tables
            for name in tables
        }


def test_a_citizen_rates_an_answer_without_signing_in(
    stranger: Browser, console_engine: sa.Engine, number: int, address: str
) -> None:
    page = stranger.page(address)
    assert "Дороги и тротуары. Ответ от 18.11.2026" in page.text
    chosen = [field["value"] for field in page.all("input", type="radio", name="rating")]
    assert chosen == ["5", "4", "3", "2", "1"]
    assert page.all("script") == []

    thanks = rate(stranger, address, "4", "Быстро\r\nсделали")

    assert thanks.status_code == 200
    assert "Спасибо за оценку" in Page(thanks.text).text
    (survey,) = survey_rows(console_engine)
    assert (survey.rating, survey.word, survey.answered_at) == (4, "Быстро\nсделали", NOW)
    assert incident(console_engine, number).closing_reason is ClosingReason.SATISFIED


def test_the_page_tells_nothing_but_the_topic_and_the_date(
    stranger: Browser, number: int, address: str
) -> None:
    shown = stranger.get(address)
    for secret in ("яма", TEXT, f"№ {number}", "Луг", "Отдел дорог", "operator", "vk.com"):
        assert secret not in shown.text.replace("Лугское", "").replace("\xa0", " "), secret
    assert Page(shown.text).links == ["#main"], "no way into the console"
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert shown.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_a_preview_of_the_link_changes_nothing(
    stranger: Browser, console_engine: sa.Engine, address: str
) -> None:
    before = everything(console_engine)

    for _ in range(3):
        assert stranger.get(address, **{"User-Agent": "vkShare"}).status_code == 200
        head = stranger.send("HEAD", address)
        assert (head.status_code, head.headers["x-robots-tag"]) == (200, "noindex, nofollow")
        assert stranger.get(f"{address}?rating=1&word=x").status_code == 200

    assert everything(console_engine) == before


def test_a_button_pressed_twice_counts_once_and_says_so(
    stranger: Browser, console_engine: sa.Engine, address: str
) -> None:
    form = {"form_token": stranger.page(address).form_token, "rating": "3", "word": "раз"}
    assert stranger.post(address, form).status_code == 200

    again = stranger.post(address, form | {"rating": "1", "word": "два"})

    assert again.status_code == 409
    assert "учитывается одна, первая оценка" in Page(again.text).text
    assert Page(again.text).all("form") == []
    (survey,) = survey_rows(console_engine)
    assert (survey.rating, survey.word) == (3, "раз")
    later = stranger.page(address)
    assert "Оценка уже есть" in later.text
    assert later.all("form") == []


def test_of_two_tabs_either_may_be_sent(stranger: Browser, address: str) -> None:
    first, second = stranger.page(address), stranger.page(address)
    assert first.form_token == second.form_token
    cookies = [seen.headers.get("set-cookie", "") for seen in stranger.seen]
    assert "SameSite=lax" in cookies[0], "sent as well when the link is followed from a network"
    assert cookies[1] == ""

    sent = {"form_token": first.form_token, "rating": "5"}
    assert stranger.post(address, sent).status_code == 200
    assert stranger.post(address, sent | {"form_token": second.form_token}).status_code == 409


@pytest.mark.parametrize("sent", ["", "0", "6", "05", "4.5", "٣", "да"])
def test_a_form_without_a_rating_comes_back_with_its_words(
    stranger: Browser, console_engine: sa.Engine, address: str, sent: str
) -> None:
    refused = rate(stranger, address, sent, "Осталась яма")

    assert refused.status_code == 422
    page = Page(refused.text)
    assert "Выберите оценку от 1 до 5." in page.text
    assert "Осталась яма" in page.text
    assert survey_rows(console_engine)[0].rating is None
    form = {"form_token": page.form_token, "rating": "2", "word": "Осталась яма"}
    assert stranger.post(address, form).status_code == 200


def test_a_form_from_elsewhere_is_not_heard(
    stranger: Browser, console_engine: sa.Engine, address: str
) -> None:
    form = {"rating": "1", "word": ""}
    assert stranger.post(address, form).status_code == 403, "no token, no cookie"
    form["form_token"] = stranger.page(address).form_token
    assert stranger.post(address, form, Origin="https://vk.com").status_code == 403
    assert stranger.post(address, form | {"form_token": "0" * 64}).status_code == 403
    assert stranger.post(address, form | {"word": "Ж" * 70_000}).status_code == 413
    assert survey_rows(console_engine)[0].rating is None
    assert stranger.post(address, form).status_code == 200


def test_a_link_that_leads_nowhere_is_told_kindly(
    stranger: Browser, console_engine: sa.Engine, number: int, clock: Clock
) -> None:
    waiting = written(console_engine, number)
    token = token_in(console_engine, waiting)
    good = {"form_token": stranger.page("/sign-in").form_token, "rating": "1"}

    def says(path: str, status: int, words: str) -> None:
        for answer in (stranger.get(path), stranger.post(path, good)):
            assert answer.status_code == status, path
            assert words in Page(answer.text).text
            assert "Очередь" not in answer.text
        assert stranger.send("HEAD", path).status_code == status

    for unknown in ("a" * 24, token_hash(token), token[:-1], "1", "%00", "щ" * 24, "a" * 5000):
        says(f"/o/{unknown}", 404, "Такой ссылки нет")
        clock.forward(timedelta(minutes=1))
    says(f"/o/{token}", 409, "Ответ ещё публикуется")
    publish(console_engine, waiting)
    assert stranger.get(f"/o/{token.upper()}").status_code == 200, "typed from a picture"
    clock.forward(LIFETIME)
    says(f"/o/{token}", 410, "Срок оценки прошёл")
    assert survey_rows(console_engine)[0].rating is None


def test_a_withdrawn_answer_is_none(
    stranger: Browser, console_engine: sa.Engine, number: int
) -> None:
    answer_id = written(console_engine, number)
    with unit_of_work(console_engine) as session:
        outbox.withdraw(session, answer_id, actor=OPERATOR, version=1, rules=RULES, now=NOW)
    assert stranger.get(f"/o/{token_in(console_engine, answer_id)}").status_code == 404


def test_whoever_asks_too_often_has_to_wait(
    stranger: Browser, console_engine: sa.Engine, address: str, clock: Clock
) -> None:
    form = {"form_token": stranger.page(address).form_token, "rating": "1"}
    for _ in range(BURST - 1):
        assert stranger.get("/o/" + "b" * 24).status_code == 404
    for refused in (stranger.get(address), stranger.post(address, form)):
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "Слишком много запросов" in Page(refused.text).text
    assert stranger.get("/sign-in").status_code == 200, "the console is open all the same"
    assert survey_rows(console_engine)[0].rating is None
    clock.forward(REFILL)
    assert stranger.post(address, form).status_code == 200


def test_addresses_do_not_wait_for_each_other_and_are_forgotten() -> None:
    throttle = Throttle()
    assert [throttle.lets("10.0.0.1", NOW) for _ in range(BURST + 1)] == [True] * BURST + [False]
    assert throttle.lets("10.0.0.2", NOW)
    # One subscriber has a whole network of IPv6 addresses
    assert all(throttle.lets(f"2001:db8::{place}", NOW) for place in range(BURST))
    assert not throttle.lets("2001:db8::ffff", NOW)
    assert throttle.lets("2001:db8:0:1::1", NOW)
    # Clocks that go back take nothing away and give nothing
    assert not throttle.lets("10.0.0.1", NOW - timedelta(hours=1))
    # And a flood of addresses takes no more memory than it may
    for place in range(REMEMBERED + 10):
        throttle.lets(f"host-{place}", NOW)
    assert len(throttle._seen) == REMEMBERED
    assert throttle.lets("10.0.0.1", NOW)


# The card


def test_the_card_shows_what_the_author_said(
    stranger: Browser, browser: Browser, address: str, number: int
) -> None:
    before = browser.page(f"/incident/{number}").text
    assert "Оценки пока нет" in before
    rate(stranger, address, "2", "Яма <b>на месте</b>")

    shown = browser.get(f"/incident/{number}").text

    text = Page(shown).text
    assert "Оценка автора 2 из 5 плохо" in text
    assert "18.11.2026 12:00" in text
    assert "Яма &lt;b&gt;на месте&lt;/b&gt;" in shown
    assert "Автор оценил ответ" in text, "in the journal"


# What PostgreSQL takes of a word is the desk's tests' business.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hostile_words_make_no_element_on_the_card_or_the_page(
    browser: Browser, stranger: Browser, console_engine: sa.Engine, clock: Clock
) -> None:
    cards, forms = [], []
    for words in ("спасибо", *SOME):
        clock.forward(timedelta(minutes=1))
        number, token = asked(console_engine, now=clock.now)
        # A rating that is missing shows the words again
        again = rate(stranger, f"/o/{token}", "", words)
        forms.append(Page(again.text).skeleton)
        assert rate(stranger, f"/o/{token}", "3", words).status_code == 200
        card = browser.page(f"/incident/{number}")
        if not survey_rows(console_engine)[-1].word:
            assert not any(map(str.isprintable, words.strip())), words
            continue
        cards.append(card.skeleton)
        stored_word = survey_rows(console_engine)[-1].word
        assert as_parsed(stored_word) in as_parsed("".join(card.pieces)), words

    assert len(cards) > len(SOME) - 1
    assert {tuple(card) for card in cards} == {tuple(cards[0])}
    assert {tuple(form) for form in forms} == {tuple(forms[0])}


def test_the_link_of_an_answer_by_hand_is_on_the_card_until_it_was_used(
    browser: Browser, stranger: Browser, console_engine: sa.Engine
) -> None:
    number = open_incident(console_engine, "tg:luga", Network.TELEGRAM)
    form = {"button": "hand", "seen": "1", "kind": "final", "text": TEXT, "link": HANDLED}
    sent = browser.submit(f"/incident/{number}", f"/incident/{number}/answer", **form)
    assert sent.status_code == 303
    with reading(console_engine) as session:
        (answer,) = session.exec(select(Answer)).all()
        address = f"/o/{token_of(answer.key)}"

    card = browser.page(f"/incident/{number}")
    assert f"{PUBLIC}{address}" in card.links
    assert f"ответа № {answer.id}" in card.text

    rate(stranger, address, "5")
    assert f"{PUBLIC}{address}" not in browser.page(f"/incident/{number}").links


def test_a_console_that_citizens_cannot_reach_asks_nobody(
    console_engine: sa.Engine, clock: Clock, operator: Person, number: int
) -> None:
    shut = create_app(
        engine=console_engine, region=RULES.region, calendar=RULES.calendar, clock=clock
    )
    with browsing(shut) as browser:
        browser.sign_in(operator.login, operator.password)
        page = browser.page(f"/incident/{number}")
        assert "Оценка автора" not in page.text
        form = {"button": "send", "seen": "1", "kind": "final", "text": TEXT}
        sent = browser.submit(f"/incident/{number}", f"/incident/{number}/answer", **form)
        assert sent.status_code == 303
    assert survey_rows(console_engine) == []


def test_who_is_signed_in_sees_what_a_citizen_sees(
    browser: Browser, stranger: Browser, address: str
) -> None:
    shown = browser.page(address)
    assert "operator" not in shown.text
    assert shown.skeleton == stranger.page(address).skeleton


def test_behind_a_proxy_citizens_are_told_apart_by_what_it_says_of_them(
    app: FastAPI, address: str
) -> None:
    # Given the console as uvicorn serves it to a proxy on the same machine
    proxied: Any = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")  # type: ignore[arg-type]  # an ASGI application
    with browsing(proxied) as browser:
        for _ in range(BURST):
            assert browser.get(address, **{"X-Forwarded-For": "203.0.113.7"}).status_code == 200
        # When one of them has asked too often, the others are still answered
        forged = "198.51.100.1, 203.0.113.7"
        assert browser.get(address, **{"X-Forwarded-For": forged}).status_code == 429
        assert browser.get(address, **{"X-Forwarded-For": "203.0.113.8"}).status_code == 200
