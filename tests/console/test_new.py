"""Entering by hand: one incident of one form, and nothing typed is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from console.builders import Clock, Person, make_calendar, make_region
from console.client import Browser, Page, browsing
from console.test_hostile import HARMLESS, HUGE, SOME
from sqlmodel import select

from classifiers.model import ModelError
from models.incident import Incident
from models.post import Post
from models.vocabulary import Network, Topic
from pipeline.console.app import create_app
from pipeline.database import reading
from pipeline.judge import Judge

TEXT = "В Лугах на Лесной вторую неделю не горит фонарь"


def fill_in(browser: Browser, **fields: str) -> dict[str, str]:
    """Return a form as a person fills it in, with the key of its page."""
    page = browser.page("/new")
    key = page.all("input", name="key")[0]["value"] or ""
    return {
        "form_token": page.form_token,
        "key": key,
        "channel": "hotline",
        "text": TEXT,
        **fields,
    }


def posts(engine: sa.Engine) -> list[Post]:
    with reading(engine) as session:
        return list(session.exec(select(Post)).all())


def test_a_call_becomes_an_incident_and_the_operator_sees_its_card(
    browser: Browser, console_engine: sa.Engine
) -> None:
    answer = browser.post("/new", fill_in(browser, place="Луги", topic="lighting"))

    assert answer.status_code == 303
    card = browser.page(answer.headers["location"])
    assert TEXT in card.text
    (stored,) = posts(console_engine)
    assert (stored.kind, stored.text) == ("post", TEXT)
    with reading(console_engine) as session:
        (incident,) = session.exec(select(Incident)).all()
    assert incident.topic is Topic.LIGHTING
    assert answer.headers["location"] == f"/incident/{incident.id}"


@pytest.mark.parametrize("channel", [Network.HOTLINE, Network.RECEPTION, Network.PAPER])
def test_each_channel_has_its_button(channel: Network, browser: Browser) -> None:
    page = browser.page("/new")
    assert page.all("input", type="radio", value=channel.value)
    form = fill_in(browser, channel=channel.value)
    assert browser.post("/new", form).status_code == 303


def test_a_double_click_makes_one_incident(browser: Browser, console_engine: sa.Engine) -> None:
    form = fill_in(browser)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: browser.post("/new", form), range(2)))

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(posts(console_engine)) == 1


def test_two_forms_with_the_same_words_are_two_messages(
    browser: Browser, console_engine: sa.Engine
) -> None:
    for _ in range(2):
        assert browser.post("/new", fill_in(browser)).status_code == 303
    assert len(posts(console_engine)) == 2


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    browser: Browser, console_engine: sa.Engine
) -> None:
    form = fill_in(
        browser, text="   ", place="Луги, <b>5</b>", received_at="31.12.2099", contact="+7 0"
    )
    answer = browser.post("/new", form)

    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Дата в будущем" in page.text
    assert page.all("input", name="place")[0]["value"] == "Луги, <b>5</b>"
    assert page.all("input", name="contact")[0]["value"] == "+7 0"
    assert page.all("input", name="key")[0]["value"] == form["key"]
    assert page.all("textarea", name="text")[0]["aria-invalid"] == "true"
    when = page.all("input", name="received_at")[0]
    assert (when["value"], when["aria-invalid"]) == ("31.12.2099", "true")
    assert page.all("strong", id="wrong-received_at")
    assert posts(console_engine) == []


def test_an_old_date_has_to_be_meant(browser: Browser) -> None:
    form = fill_in(browser, channel="paper", number="17", received_at="01.03.2024")
    asked = browser.post("/new", form)
    assert asked.status_code == 422
    assert Page(asked.text).all("input", name="old")
    assert browser.post("/new", {**form, "old": "yes"}).status_code == 303


def test_a_number_that_stands_for_another_letter_is_told(
    browser: Browser, console_engine: sa.Engine
) -> None:
    paper = {"channel": "paper", "number": "17"}
    assert browser.post("/new", fill_in(browser, **paper)).status_code == 303
    answer = browser.post("/new", fill_in(browser, **paper, text="Совсем другое письмо"))

    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Под номером 17 за 2026 год уже введён другой текст (инцидент" in page.text
    assert len(posts(console_engine)) == 1


def test_a_letter_of_many_pages_fits_into_the_form(
    browser: Browser, console_engine: sa.Engine
) -> None:
    long = "Яма на дороге. " * 3000
    assert browser.post("/new", fill_in(browser, text=long)).status_code == 303
    assert posts(console_engine)[0].text == long.strip()


def test_who_typed_it_in_is_kept_with_the_message(
    browser: Browser, console_engine: sa.Engine
) -> None:
    browser.post("/new", fill_in(browser))
    (stored,) = posts(console_engine)
    assert stored.stated["entered_by"] == "operator"


def test_a_model_that_cannot_be_read_costs_nobody_their_text(
    console_engine: sa.Engine, clock: Clock, operator: Person
) -> None:
    def broken() -> Judge:
        raise ModelError("Модель не читается. Верните прежнюю: otklik model rollback")

    region = make_region()
    app = create_app(
        engine=console_engine,
        region=region,
        calendar=make_calendar(region),
        clock=clock,
        judge=broken,
    )
    with browsing(app) as browser:
        browser.sign_in(operator.login, operator.password)
        answer = browser.post("/new", fill_in(browser))
    assert answer.status_code == 503
    assert "Модель не читается" in Page(answer.text).text
    assert TEXT in Page(answer.text).text


def test_whatever_was_typed_is_shown_again_as_text(browser: Browser) -> None:
    """Only the channel is missing, so everything comes back."""

    def shown(typed: str) -> Page:
        form = fill_in(browser, text=typed, place=typed[:900], number=typed[:90])
        del form["channel"]
        answer = browser.post("/new", form)
        assert answer.status_code == 422
        return Page(answer.text)

    harmless = shown(HARMLESS)
    known = {name for _, names in harmless.skeleton for name in names}
    for words in (*SOME, HUGE[:20_000]):
        hostile = shown(words)
        assert len(hostile.all("script")) == len(harmless.all("script")), words
        names = {name for _, names in hostile.skeleton for name in names}
        assert names <= known | {"aria-invalid", "aria-describedby"}, words
