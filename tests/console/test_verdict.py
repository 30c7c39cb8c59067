"""An operator confirms or corrects what Otklik decided, in a form that needs no script."""

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from console.builders import NOW, PREDICTION, add_incident
from console.client import Browser, Page
from console.test_hostile import HUGE, SOME, as_parsed
from httpx import Response
from sqlmodel import select

from models.columns import stored_id
from models.incident import Incident
from models.label import Label
from models.source import Source
from models.vocabulary import Certainty, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.decisions.folding import Text
from pipeline.desk.revising import replace_text
from pipeline.store.posts import posts_of

AS_IT_STANDS = {
    "topic": "roads",
    "urgency": "normal",
    "settlement": "luga",
    "relevant": "yes",
    "version": "1",
}


@pytest.fixture
def number(console_engine: sa.Engine, source: Source) -> int:
    with unit_of_work(console_engine) as session:
        return stored_id(add_incident(session, source).id)


def say(browser: Browser, number: int, button: str, **fields: str) -> Response:
    """Press a button of the card's form, whose other fields stay as they are."""
    form = {**AS_IT_STANDS, "button": button, **fields}
    return browser.submit(f"/incident/{number}", f"/incident/{number}/verdict", **form)


def chosen(page: Page) -> dict[str, str | None]:
    """Return what each list of the form has chosen."""
    names: dict[str, str | None] = {}
    name = ""
    for tag, attrs in page.elements:
        if tag == "select":
            name = attrs["name"] or ""
        elif tag == "option" and "selected" in attrs:
            names[name] = attrs["value"]
    return names


def labels(engine: sa.Engine) -> list[Label]:
    with reading(engine) as session:
        return list(session.exec(select(Label)).all())


def the_incident(engine: sa.Engine) -> Incident:
    with reading(engine) as session:
        return session.exec(select(Incident)).one()


def test_the_form_is_filled_in_with_what_stands(browser: Browser, number: int) -> None:
    page = browser.page(f"/incident/{number}")

    assert chosen(page) == {key: AS_IT_STANDS[key] for key in chosen(page)}
    assert len(chosen(page)) == 4
    assert [field["value"] for field in page.all("input", name="version")] == ["1"]
    assert {box["value"] for box in page.all("input", name="also")} == {*Topic}
    for words in (
        "Проверка разбора Otklik просит проверить разбор.",
        "Мусор и ТКО",
        "Другие темы в этом же тексте: нет",
        "Всё верно",
        "Исправить",
    ):
        assert words in page.text, words


def test_all_right_is_noted_with_who_and_when(
    browser: Browser, number: int, console_engine: sa.Engine
) -> None:
    done = say(browser, number, "right")
    assert done.headers["location"].startswith(f"/incident/{number}?undo=")

    text = browser.page(f"/incident/{number}").text
    assert "Проверка разбора Разбор подтверждён operator · 18.11.2026 12:00" in text
    assert [label.actor for label in labels(console_engine)] == ["operator"]


def test_a_correction_is_shown_before_and_after_in_plain_russian(
    browser: Browser, number: int
) -> None:
    answer = say(
        browser,
        number,
        "wrong",
        topic="garbage",
        urgency="urgent",
        settlement="bor",
        also="snow",
    )

    assert answer.status_code == 303
    page = browser.page(f"/incident/{number}")
    assert chosen(page)["topic"] == "garbage"
    assert "Разбор исправлен operator · 18.11.2026 12:00" in page.text
    for words in (
        "тема: Дороги и тротуары → Мусор и ТКО",
        "важность: обычная → повышенная",
        "поселение: Лугское сельское поселение → Боровое сельское поселение",
        "норматив: 8 рабочих часов → 3 рабочих часа",
        "другие темы: Уборка снега и наледи",
        "Боровое сельское поселение Место указал оператор",
        "Другие темы в этом же тексте: Уборка снега и наледи",
    ):
        assert words in page.text, words
    assert page.text.count("тема: Дороги") == 2, "in the panel and in the journal"


def test_what_is_no_incident_is_closed_and_leaves_the_queue(browser: Browser, number: int) -> None:
    assert say(browser, number, "wrong", relevant="no").status_code == 303

    page = browser.page(f"/incident/{number}")
    for words in ("обращение: да → нет", "Инцидент закрыт", "это не обращение, отвечать не нужно"):
        assert words in page.text, words
    assert page.all("select") == [], "a closed incident takes no more words"
    assert f"/incident/{number}" not in browser.page("/").links


def test_changed_fields_are_not_lost_behind_all_right(
    browser: Browser, number: int, console_engine: sa.Engine
) -> None:
    answer = say(browser, number, "right", topic="gas")

    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Вы изменили поля, но нажали «Всё верно»" in page.text
    assert chosen(page)["topic"] == "gas", "what was chosen is still there"
    assert labels(console_engine) == []


@pytest.mark.parametrize(("button", "kept"), [("right", "roads"), ("wrong", "gas")])
def test_who_comes_too_late_is_shown_what_they_chose_and_what_stands_now(
    browser: Browser, number: int, console_engine: sa.Engine, button: str, kept: str
) -> None:
    # Given a card that was opened before the author changed the text
    with unit_of_work(console_engine) as session:
        post = posts_of(session, number)[0]
        replace_text(session, post, [Text("Яму засыпали, а свет не горит", NOW)], NOW)
    # When the operator answers what they saw
    answer = say(browser, number, button, topic="gas")
    # Then nothing is stored, and the card tells why and what is there now
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "Пока вы смотрели карточку, инцидент или его текст изменился" in page.text
    assert "Яму засыпали" in page.text
    assert "ТемаГазДороги и тротуары" in page.text, "the choice, and what stands"
    assert chosen(page)["topic"] == kept
    assert labels(console_engine) == []
    # And the next try is heard
    assert say(browser, number, button, version="2").status_code == 303


def test_an_edit_after_a_check_asks_for_another(
    browser: Browser, number: int, console_engine: sa.Engine
) -> None:
    say(browser, number, "right")
    with unit_of_work(console_engine) as session:
        replace_text(session, posts_of(session, number)[0], [Text("Иное", NOW)], NOW)

    text = browser.page(f"/incident/{number}").text
    assert "После проверки автор изменил текст. Посмотрите ещё раз." in text


def test_a_closed_incident_takes_no_words(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        closed = stored_id(add_incident(session, source, stage=Stage.CLOSED, closed_at=NOW).id)

    assert "Проверка разбора" not in browser.page(f"/incident/{closed}").text
    form = {**AS_IT_STANDS, "button": "wrong", "topic": "gas"}
    answer = browser.submit("/", f"/incident/{closed}/verdict", **form)

    assert answer.status_code == 409
    assert "Инцидент уже закрыт" in Page(answer.text).text


def test_a_settlement_of_another_region_is_refused_in_place(
    browser: Browser, number: int, console_engine: sa.Engine
) -> None:
    answer = say(browser, number, "wrong", settlement="atlantis", topic="gas")

    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Такого поселения в районе нет" in page.text
    assert chosen(page)["topic"] == "gas"
    assert labels(console_engine) == []


def test_a_settlement_that_the_region_forgot_may_stay(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        number = stored_id(add_incident(session, source, settlement="gone").id)

    assert chosen(browser.page(f"/incident/{number}"))["settlement"] == "gone"
    assert say(browser, number, "wrong", settlement="gone", topic="gas").status_code == 303
    assert the_incident(console_engine).topic is Topic.GAS


def test_an_unknown_place_can_be_said(
    browser: Browser, number: int, console_engine: sa.Engine
) -> None:
    assert say(browser, number, "wrong", settlement="").status_code == 303
    assert the_incident(console_engine).settlement is None
    assert chosen(browser.page(f"/incident/{number}"))["settlement"] == ""


@pytest.mark.parametrize(
    "nonsense",
    [
        {"topic": "nonsense"},
        {"urgency": ""},
        {"relevant": "perhaps"},
        {"button": "sing"},
        {"version": "0"},
        {"version": "99999999999999999999"},
        {"version": "один"},
        {"also": "nonsense"},
        {"settlement": "a" * 101},
    ],
)
def test_a_form_that_no_page_sends_is_refused(
    browser: Browser, number: int, console_engine: sa.Engine, nonsense: Mapping[str, str]
) -> None:
    form = {"button": "wrong", **AS_IT_STANDS, **nonsense}
    answer = browser.submit("/", f"/incident/{number}/verdict", **form)
    assert answer.status_code == 422
    assert labels(console_engine) == []


@pytest.mark.parametrize("address", ["0", "999", "9" * 30, "one", "1'--"])
def test_no_incident_takes_no_words(browser: Browser, address: str) -> None:
    form = {"button": "right", **AS_IT_STANDS}
    assert browser.submit("/", f"/incident/{address}/verdict", **form).status_code == 404


def test_both_roles_may_judge_and_are_named(
    browser: Browser, number: int, administrator: Any, console_engine: sa.Engine
) -> None:
    say(browser, number, "right")
    browser.http.cookies.clear()
    browser.sign_in(administrator.login, administrator.password)
    # What the operator has confirmed went to its body, so it is another state that is judged now
    say(browser, number, "right", version="2")
    assert [label.actor for label in labels(console_engine)] == ["operator", "admin"]


def test_the_queue_is_filtered_by_certainty_and_marks_what_needs_a_look(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        for certainty in Certainty:
            add_incident(session, source, certainty=certainty, topic=Topic.GAS)

    def shown(url: str) -> list[str]:
        links = browser.page(url).links
        return [link.rpartition("/")[2] for link in links if link.startswith("/incident/")]

    assert shown("/?certainty=auto") == ["1"]
    assert shown("/?certainty=review") == ["2"]
    assert shown("/?certainty=unsure&topic=gas") == ["3"]
    assert shown("/?certainty=unsure&topic=roads") == []
    assert shown("/?certainty=perhaps") == ["1", "2", "3"]
    assert "Сбросить отбор" in browser.page("/?certainty=review").text
    page = browser.page("/")
    assert len(page.all("span", **{"class": "badge doubt"})) == 2
    assert "Газ нужна проверка" in page.text
    assert "Газ не уверен" in page.text


def test_what_was_checked_asks_for_no_other_look(browser: Browser, number: int) -> None:
    assert f"/incident/{number}" in browser.page("/?certainty=review").links
    say(browser, number, "right")
    assert f"/incident/{number}" not in browser.page("/?certainty=review").links


def test_the_words_that_carried_the_verdict_are_marked(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    prediction = dict(PREDICTION) | {
        "reasons": [["topic:яма", 1.25, [[8, 11]]], ["urgent:open-manhole", 0.9, [[13, 21]]]],
        "place": [0, 7],
    }
    with unit_of_work(console_engine) as session:
        number = stored_id(
            add_incident(
                session,
                source,
                text="В Катыни яма, открытый люк",
                urgency=Urgency.URGENT,
                post={"prediction": prediction},
            ).id
        )

    page = browser.page(f"/incident/{number}")

    marks = [mark["class"] for mark in page.all("mark")]
    assert marks == ["place", "topic", "urgent", "urgent", "topic", "place"]
    assert "На что опирался Otklik: важность тема место" in page.text
    assert "В Катыни яма, открытый люк" in page.text


def test_hostile_texts_with_marked_words_make_no_element(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    def shown(words: str, spans: list[list[int]]) -> Page:
        if console_engine.dialect.name == "postgresql":
            words = words.replace("\x00", "")  # it stores no NUL at all
        prediction = dict(PREDICTION) | {"reasons": [["topic:x", 1, spans]], "place": spans}
        with unit_of_work(console_engine) as session:
            incident = add_incident(session, source, text=words, post={"prediction": prediction})
            number = stored_id(incident.id)
        return browser.page(f"/incident/{number}")

    # Given how a card looks that has two words marked, and every character of hostile texts
    # marked by turns
    calm = shown("яма, яма", [[0, 3], [5, 8]]).skeleton
    for words in (*SOME, HUGE):
        middle = max(2, len(words.replace("\x00", "")) // 2)
        text = words + "яма"
        page = shown(text, [[0, middle - 1], [middle, middle + 1], [0, 10**9], [-1, 2]])
        # Then the words are shown in full, and the page has the same elements
        assert page.skeleton == calm, words
        assert as_parsed(text) in as_parsed("".join(page.pieces)), words
