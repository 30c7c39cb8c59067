"""Templates of answers: kept on a page of their own, used beside an answer."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock
from console.client import Browser, Page
from console.test_acts import ActAs, answers, as_, opened
from console.test_hostile import SOME
from httpx import Response

from models.columns import stored_id
from models.console import AnswerTemplate
from models.vocabulary import Topic
from pipeline.database import reading, unit_of_work
from pipeline.store.templates import listed

__all__ = ["as_"]

TEXT = "Здравствуйте! Обращение № {номер} принято: {тема}, {место}. {орган}, {телефон}."


def keep(browser: Browser, button: str = "save", **fields: str) -> Response:
    form = {"button": button, "title": "Принято", "text": TEXT, "topic": "", **fields}
    return browser.submit("/templates", "/templates", **form)


def kept(engine: sa.Engine) -> list[AnswerTemplate]:
    with reading(engine) as session:
        return listed(session)


def add(engine: sa.Engine, title: str, text: str = TEXT, topic: Topic | None = None) -> int:
    with unit_of_work(engine) as session:
        row = AnswerTemplate(
            title=title, text=text, topic=topic, changed_at=NOW, changed_by="operator"
        )
        session.add(row)
        session.flush()
        return stored_id(row.id)


def test_a_template_is_written_changed_and_retired(
    browser: Browser, console_engine: sa.Engine, clock: Clock
) -> None:
    assert "Шаблонов пока нет" in browser.page("/templates").text
    assert keep(browser).headers["location"] == "/templates"
    (known,) = kept(console_engine)
    assert (known.title, known.text, known.topic) == ("Принято", TEXT, None)

    page = browser.page(f"/templates?edit={known.id}")
    assert f"Шаблон № {known.id}" in page.text
    assert TEXT in page.text
    clock.forward(timedelta(hours=1))
    seen = str(page.all("input", name="seen")[0]["value"])
    done = keep(browser, number=str(known.id), seen=seen, topic="snow", title="Снег")
    assert done.status_code == 303
    (known,) = kept(console_engine)
    assert (known.title, known.topic, known.changed_by) == ("Снег", Topic.SNOW, "operator")

    keep(browser, "retire", number=str(known.id))
    assert "не используется" in browser.page("/templates").text
    keep(browser, "restore", number=str(known.id))
    assert kept(console_engine)[0].active


def test_a_template_can_be_looked_at_before_it_is_kept(
    browser: Browser, console_engine: sa.Engine
) -> None:
    shown = Page(keep(browser, "preview", text=f"{TEXT} {{фамилия}} {{адрес}}").text)

    for words in (
        "Обращение № 124 принято: Дороги и тротуары, Лугское сельское поселение, улица Садовая, 7.",
        "Отдел дорог, +7 (000) 000-00-00.",
        "Неизвестные переменные: {фамилия}",
        "впишет оператор: {адрес}",
    ):
        assert words in shown.text, words
    assert TEXT in shown.text, "what was typed stays in its field"
    assert kept(console_engine) == []


def test_an_unknown_variable_is_refused_with_those_that_there_are(browser: Browser) -> None:
    refused = keep(browser, text="Уважаемый {имя}!")
    assert refused.status_code == 422
    page = Page(refused.text)
    assert "Неизвестные переменные: {имя}. Есть такие: {номер}, {тема}" in page.text
    assert "Уважаемый {имя}!" in page.text


def test_of_two_who_change_one_template_the_second_sees_both(
    browser: Browser, console_engine: sa.Engine, clock: Clock
) -> None:
    number = add(console_engine, "Принято")
    clock.forward(timedelta(minutes=1))
    first = keep(browser, number=str(number), seen=NOW.isoformat(), text="Первый текст")
    assert first.status_code == 303

    late = keep(browser, number=str(number), seen=NOW.isoformat(), text="Второй текст")

    assert late.status_code == 409
    page = Page(late.text)
    assert "Пока вы правили шаблон, его изменили" in page.text
    assert "Сейчас стоит: Принято, operator Первый текст" in page.text
    assert "Второй текст" in page.text
    seen = str(page.all("input", name="seen")[0]["value"])
    assert keep(browser, number=str(number), seen=seen, text="Второй текст").status_code == 303
    gone = keep(browser, "retire", number=str(number), seen=NOW.isoformat())
    assert gone.status_code == 409
    assert "Второй текст" in Page(gone.text).text


@pytest.mark.parametrize("edit", ["99999", "0", "x"])
def test_a_template_that_is_not_there_is_not_found(browser: Browser, edit: str) -> None:
    assert browser.get(f"/templates?edit={edit}").status_code == 404
    assert keep(browser, "retire", number="99999").status_code == 409


def test_a_template_is_filled_in_below_what_was_typed_and_nothing_is_stored(
    browser: Browser, console_engine: sa.Engine
) -> None:
    number = opened(console_engine, street="улица Садовая", house="7")
    chosen = add(console_engine, "Принято", f"{TEXT} До {{срок}}. {{адрес}}")
    add(console_engine, "Про газ", topic=Topic.GAS)
    card = f"/incident/{number}"
    page = browser.page(card)
    options = page.all("select", name="template")
    assert options
    assert "Принято" in page.text
    assert "Про газ" not in page.text

    begun = browser.submit(
        card,
        f"{card}/answer",
        button="template",
        template=str(chosen),
        seen="1",
        text="Добрый день!",
        kind="interim",
    )

    assert begun.status_code == 200
    shown = Page(begun.text)
    filled = (
        f"Добрый день!\n\nЗдравствуйте! Обращение № {number} принято: Дороги и тротуары, "
        "Лугское сельское поселение, улица Садовая, 7. Отдел дорог, +7 (000) 000-00-00. "
        "До 18.11.2026 15:00. {адрес}"
    )
    assert filled in "".join(shown.pieces)
    assert "Шаблон «Принято» вставлен. Впишите сами: {адрес}." in shown.text
    assert "checked" in next(one for one in shown.all("input", value="interim"))
    assert answers(console_engine, number) == []
    # It cannot go out as long as something is to be filled in
    sent = browser.submit(
        card, f"{card}/answer", button="send", seen="1", text=filled, kind="interim"
    )
    assert sent.status_code == 422
    assert "В ответе не заполнено: {адрес}" in Page(sent.text).text
    assert filled in "".join(Page(sent.text).pieces)


@pytest.mark.parametrize("template", ["", "99999"])
def test_without_a_template_the_form_asks_for_one(
    browser: Browser, console_engine: sa.Engine, template: str
) -> None:
    number = opened(console_engine)
    card = f"/incident/{number}"
    fields = {"button": "template", "seen": "1", "text": "Пишу", "template": template}
    shown = Page(browser.submit(card, f"{card}/answer", **fields).text)
    assert "Выберите шаблон из списка." in shown.text
    assert "Пишу" in shown.text


def test_a_template_of_an_incident_that_one_does_not_see_is_not_filled_in(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    number = opened(console_engine)
    browser = as_("luga")
    form = {"form_token": browser.page("/").form_token, "button": "template", "seen": "1"}
    assert browser.post(f"/incident/{number}/answer", form).status_code == 404


def test_hostile_words_make_no_element(browser: Browser, console_engine: sa.Engine) -> None:
    number = add(console_engine, "слово", "слово")
    harmless = browser.page(f"/templates?edit={number}").skeleton
    for words in SOME:
        clean = words.replace("\x00", "") or "а"
        with unit_of_work(console_engine) as session:
            known = session.get_one(AnswerTemplate, number)
            known.title, known.text, known.changed_by = clean[:90], clean, clean[:90]
        assert browser.page(f"/templates?edit={number}").skeleton == harmless, words
