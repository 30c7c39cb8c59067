"""The desks of executors and heads in a real browser, by keys: accepted, answered, agreed to."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from answering import source_of
from axe_playwright_python.sync_playwright import Axe
from console.builders import NOW, add_incident, add_version
from console.looks import BOTH_SIZES
from console.test_approvals import TEXT, app, submitted
from console.test_browser import address, chromium, fits, page
from console.test_browser_acts import come_in
from playwright import sync_api as playwright
from playwright.sync_api import expect

from models.answer import Answer
from models.columns import stored_id
from models.console import AnswerTemplate
from models.incident import Incident
from models.vocabulary import AnswerState, Stage
from pipeline.database import reading, unit_of_work
from pipeline.store.answers import of_incident
from pipeline.store.posts import posts_of

__all__ = ["address", "app", "chromium", "come_in", "page"]


ComeIn = Callable[[str], None]


@pytest.fixture
def look(page: playwright.Page, tmp_path: Path) -> Callable[[str], None]:
    """Look at a page as everybody does: on paper, on a phone, with a screen reader."""

    def look(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert fits(page), name
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    return look


def answers(engine: sa.Engine, number: int) -> list[Answer]:
    with reading(engine) as session:
        return of_incident(session, number)


@BOTH_SIZES
def test_an_executor_accepts_and_answers_with_a_template(
    page: playwright.Page,
    console_engine: sa.Engine,
    come_in: ComeIn,
    look: Callable[[str], None],
) -> None:
    # Given an incident that somebody has changed, and a template
    with unit_of_work(console_engine) as session:
        incident = add_incident(
            session,
            source_of(session, "vk:luga"),
            text="Открыт люк у школы, дети рядом",
            stage=Stage.ASSIGNED,
            body="luga",
        )
        number = stored_id(incident.id)
        add_version(session, posts_of(session, number)[0], "Открыт люк у магазина")
        session.add(
            AnswerTemplate(
                title="Приняли",
                text="Здравствуйте! Обращение № {номер} принято.",
                changed_at=NOW,
                changed_by="petrova",
            )
        )
    come_in("luga-office")
    page.goto(f"/incident/{number}")
    expect(page.locator(".edit ins")).to_have_text("школы, дети рядом")
    look("given")
    # When the executor accepts it by one key, whatever layout is on
    page.keyboard.press("KeyT")
    expect(page.locator(".acts .strong")).to_have_text("В работе")
    # And goes to the answer by another, chooses a template, and writes on
    page.keyboard.press("KeyD")
    field = page.locator("#answer-text")
    expect(field).to_be_focused()
    page.locator("select[name=template]").select_option(label="Приняли")
    expect(field).to_have_value(f"Здравствуйте! Обращение № {number} принято.")
    expect(page.get_by_text("Шаблон «Приняли» вставлен.")).to_be_visible()
    field.press_sequentially(" Люк закрыт.")
    written = f"Здравствуйте! Обращение № {number} принято. Люк закрыт."
    expect(page.locator("#answer-counter")).to_have_text(f"Осталось знаков: {4000 - len(written)}")
    page.get_by_label("окончательный", exact=True).check()
    look("written")
    # Then it goes before the head
    page.get_by_role("button", name="На согласование").click()
    expect(page.locator(".acts .strong")).to_have_text("На согласовании")
    look("handed in")
    (answer,) = answers(console_engine, number)
    assert (answer.text, answer.state) == (written, AnswerState.APPROVAL)


@BOTH_SIZES
def test_the_reason_field_opens_with_its_key_and_what_was_typed_survives_a_refusal(
    page: playwright.Page, console_engine: sa.Engine, come_in: ComeIn
) -> None:
    with unit_of_work(console_engine) as session:
        source = source_of(session, "vk:luga")
        number = stored_id(add_incident(session, source, stage=Stage.WORK, body="luga").id)
    come_in("luga-office")
    page.goto(f"/incident/{number}")
    with unit_of_work(console_engine) as session:
        session.get_one(Incident, number).version = 2

    page.keyboard.press("KeyV")
    reason = page.locator("details[open] textarea[name=reason]")
    expect(reason).to_be_focused()
    page.keyboard.type("Это дорога района")
    page.get_by_role("button", name="Вернуть", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("инцидент изменился")
    expect(reason).to_have_value("Это дорога района")
    page.get_by_role("button", name="Вернуть", exact=True).click()
    expect(page.locator(".acts .strong")).to_have_text("Возвращён исполнителем")


@BOTH_SIZES
def test_a_head_agrees_and_gives_back_by_one_key_each(
    page: playwright.Page,
    console_engine: sa.Engine,
    come_in: ComeIn,
    look: Callable[[str], None],
) -> None:
    first, _ = submitted(console_engine, asked="Первая яма")
    second, _ = submitted(console_engine, "Здравствуйте! И вторая засыпана.", "Вторая яма")
    come_in("glava")
    page.goto("/approvals")
    expect(page.locator(".proposed .main-text")).to_have_text(TEXT)
    look("first")

    page.keyboard.press("KeyY")

    expect(page.locator(".proposed .main-text")).to_have_text("Здравствуйте! И вторая засыпана.")
    expect(page.get_by_role("status").first).to_have_text("Согласовано, ответ уходит автору.")
    page.keyboard.press("KeyB")
    expect(page.get_by_label("Что исправить")).to_be_focused()
    page.keyboard.type("Назовите день")
    look("giving back")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ничего не ждёт согласования")).to_be_visible()
    look("empty")
    assert [answers(console_engine, number)[0].state for number in (first, second)] == [
        AnswerState.QUEUED,
        AnswerState.DRAFT,
    ]


@BOTH_SIZES
def test_an_operator_compares_two_and_joins_them(
    page: playwright.Page,
    console_engine: sa.Engine,
    come_in: ComeIn,
    look: Callable[[str], None],
) -> None:
    with unit_of_work(console_engine) as session:
        source = source_of(session, "vk:luga")
        one = stored_id(add_incident(session, source, text="Открыт люк у школы").id)
        other = stored_id(add_incident(session, source, text="У школы люк, дети рядом").id)
    come_in("petrova")
    page.goto(f"/incident/{one}")
    page.get_by_role("link", name="Похожие: объединить или развести").click()
    page.get_by_label("Номер другого инцидента").fill(str(other))
    page.get_by_role("button", name="Сравнить").click()
    expect(page.locator("mark.own").first).to_be_visible()
    look("side by side")

    page.get_by_role("button", name="Объединить: это одна проблема").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Дороги и тротуары")
    expect(page.locator("article")).to_have_count(2)
    expect(page.get_by_text("Сюда вошли")).to_be_visible()
    look("joined")


@BOTH_SIZES
def test_an_operator_keeps_templates(
    page: playwright.Page, come_in: ComeIn, look: Callable[[str], None]
) -> None:
    come_in("petrova")
    page.goto("/templates")
    look("none yet")
    page.get_by_label("Название").fill("Приняли")
    page.get_by_label("Текст", exact=True).fill("Обращение № {номер} принято: {место}.")
    page.get_by_role("button", name="Показать, что получится").click()
    expect(page.get_by_role("status")).to_contain_text("Обращение № 124 принято: Лугское")
    look("tried")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("link", name="Приняли")).to_be_visible()
    page.get_by_role("button", name="Убрать").click()
    expect(page.get_by_text("не используется")).to_be_visible()
    look("retired")
