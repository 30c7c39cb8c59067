"""The head's desk: one answer after the other, agreed to or given back."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from casework import LUGA, WITH_APPROVAL
from console.builders import NOW, Clock, add_version
from console.client import Browser, Page
from console.test_acts import ActAs, answers, as_, opened
from console.test_hostile import SOME
from fastapi import FastAPI
from httpx import Response

from models.answer import Answer
from models.columns import stored_id
from models.vocabulary import AnswerKind, AnswerState, Outcome, Stage
from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.desk import drafts
from pipeline.region.schema import Process
from pipeline.store.posts import posts_of

__all__ = ["as_"]

TEXT = "Здравствуйте! Яма засыпана 17 ноября."


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock) -> FastAPI:
    """Return the console of a municipality whose head agrees to every answer."""
    region, calendar = WITH_APPROVAL.region, WITH_APPROVAL.calendar
    return create_app(engine=console_engine, region=region, calendar=calendar, clock=clock)


def submitted(engine: sa.Engine, text: str = TEXT, asked: str = "Во дворе яма") -> tuple[int, int]:
    """Put an answer of «luga» before the head; return the incident's number and the answer's."""
    number = opened(engine, stage=Stage.WORK, body="luga", text=asked)
    with unit_of_work(engine) as session:
        draft = Draft(text, AnswerKind.FINAL, outcome=Outcome.SOLVED)
        drafts.save_draft(session, number, draft, actor=LUGA, rules=WITH_APPROVAL, now=NOW)
        answer = drafts.submit(session, number, actor=LUGA, rules=WITH_APPROVAL, now=NOW)
        assert isinstance(answer, Answer), answer
        return number, stored_id(answer.id)


def decide(browser: Browser, answer: int, button: str, **fields: str) -> Response:
    """Press a button beside an answer as its page is now."""
    page = browser.page(f"/approvals?answer={answer}")
    form = {
        "form_token": page.form_token,
        "answer_seen": str(page.all("input", name="answer_seen")[0]["value"]),
        "at_version": str(page.all("input", name="at_version")[0]["value"]),
        "button": button,
    }
    return browser.post(f"/approvals/{answer}", form | fields)


def test_an_empty_desk_says_so(as_: ActAs) -> None:
    page = as_("approver").page("/approvals")
    assert "Ничего не ждёт согласования" in page.text
    assert "согласование выключено" not in page.text


def test_an_answer_stands_beside_what_it_answers(console_engine: sa.Engine, as_: ActAs) -> None:
    number, answer = submitted(console_engine)
    with unit_of_work(console_engine) as session:
        add_version(session, posts_of(session, number)[0], "Во дворе лужа")

    page = as_("approver").page("/approvals")

    for words in (
        "ждут: 1",
        "Отвечаем на это · ВКонтакте",
        "Во дворе яма",
        "Во дворе лужаяма",
        f"Ответ № {answer} на инцидент № {number}",
        "окончательный · Решено · luga · 18.11.2026 12:00 · 37 знаков",
        TEXT,
        "осталось 2 ч 00 мин",
        "Согласование. До 18.11 15:00: 2 ч 00 мин рабочего времени",
        "Тема Дороги и тротуары",
        "Место Лугское сельское поселение",
        "Орган Администрация Лугского поселения",
    ):
        assert words in page.text, words
    assert page.all("button", value="approve")[0]["data-key"] == "approve"
    assert page.all("input", name="reason")[0]["data-key"] == "reject"


def test_the_head_agrees_and_the_next_one_is_there_at_once(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    first = submitted(console_engine, asked="Первая яма")[1]
    second = submitted(console_engine, "Здравствуйте! И вторая засыпана.", "Вторая яма")[1]
    browser = as_("approver")

    done = decide(browser, first, "approve")

    assert done.status_code == 303
    page = browser.page(done.headers["location"])
    assert "Согласовано, ответ уходит автору." in page.text
    assert "Вторая яма" in page.text
    assert f"/approvals/{second}" in [form["action"] for form in page.all("form")]
    (known,) = answers(console_engine, 1)
    assert (known.state, known.approved_by) == (AnswerState.QUEUED, "approver")


def test_the_list_leads_to_any_of_them(console_engine: sa.Engine, as_: ActAs) -> None:
    submitted(console_engine, asked="Первая яма")
    second = submitted(console_engine, "Здравствуйте! И вторая засыпана.", "Вторая яма")[1]

    page = as_("approver").page(f"/approvals?answer={second}")

    assert "ждут: 2" in page.text
    assert "Вторая яма" in page.text
    assert "Первая яма" not in page.text
    chosen = [link["href"] for link in page.all("a") if "aria-current" in link]
    assert chosen == ["/approvals", f"/approvals?answer={second}"]


def test_a_reason_is_asked_for_and_the_draft_goes_back_with_it(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    number, answer = submitted(console_engine)
    browser = as_("approver")

    refused = decide(browser, answer, "reject", reason="  ")
    assert refused.status_code == 422
    assert "Напишите причину" in Page(refused.text).text
    long = decide(browser, answer, "reject", reason="д" * 1001)
    assert long.status_code == 422
    assert Page(long.text).all("input", name="reason")[0]["value"] == "д" * 1001
    done = decide(browser, answer, "reject", reason="Назовите, кто засыпал")

    assert "Возвращено на доработку." in browser.page(done.headers["location"]).text
    (known,) = answers(console_engine, number)
    assert (known.state, known.remark) == (AnswerState.DRAFT, "Назовите, кто засыпал")
    # And when it comes again, what was said before stands beside it
    with unit_of_work(console_engine) as session:
        drafts.submit(session, number, actor=LUGA, rules=WITH_APPROVAL, now=NOW)
    page = browser.page("/approvals")
    assert "Прежние замечания Возвращали · approver · 18.11.2026 12:00" in page.text


def test_of_two_heads_the_second_learns_what_the_first_has_done(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    answer = submitted(console_engine)[1]
    other = submitted(console_engine, "Здравствуйте! И вторая засыпана.", "Вторая яма")[1]
    decide(as_("administrator"), answer, "approve")
    browser = as_("approver")
    page = browser.page("/approvals")
    form = {"form_token": page.form_token, "answer_seen": "2", "at_version": "2"}

    late = browser.post(f"/approvals/{answer}", form | {"button": "reject", "reason": "Кто?"})

    assert late.status_code == 409
    text = Page(late.text).text
    assert f"Ответ № {answer} уже не ждёт согласования: ждёт отправки" in text
    assert "согласовал administrator" in text
    assert "Ваша причина: Кто?" in text
    # The reason was not meant for the one that is shown instead
    field = Page(late.text).all("input", name="reason")[0]
    assert field["value"] == ""
    assert f"/approvals/{other}" in [one["action"] for one in Page(late.text).all("form")]


def test_a_draft_that_was_changed_meanwhile_is_read_again(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    answer = submitted(console_engine)[1]
    late = decide(as_("approver"), answer, "approve", answer_seen="1")
    assert late.status_code == 409
    assert TEXT in Page(late.text).text


@pytest.mark.parametrize("address", ["0", "x", "99999999999"])
def test_an_answer_that_is_not_there_is_not_found(as_: ActAs, address: str) -> None:
    browser = as_("approver")
    form = {"form_token": browser.page("/approvals").form_token, "button": "approve"}
    form |= {"answer_seen": "1", "at_version": "1"}
    assert browser.post(f"/approvals/{address}", form).status_code == 404
    assert browser.get(f"/approvals?answer={address}").status_code == 200


def test_hostile_words_make_no_element(console_engine: sa.Engine, as_: ActAs) -> None:
    number, answer = submitted(console_engine)
    browser = as_("approver")
    harmless = browser.page(f"/approvals?answer={answer}").skeleton
    for words in SOME:
        words = words.replace("\x00", "") or "а"  # noqa: PLW2901 - PostgreSQL stores no NUL
        with unit_of_work(console_engine) as session:
            posts_of(session, number)[0].text = words
            known = session.get_one(Answer, answer)
            known.text, known.author = words, words[:90] or "а"
        assert browser.page(f"/approvals?answer={answer}").skeleton == harmless, words


def test_where_no_head_agrees_the_desk_says_so(as_: ActAs, app: FastAPI) -> None:
    console = app.state.console
    region = replace(console.region, process=Process(approval=False))
    app.state.console = replace(console, region=region)

    assert "согласование выключено" in as_("approver").page("/approvals").text
