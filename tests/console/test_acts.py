"""The card's panel: where an incident stands, and what this person may do about it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import NOW, Clock, add_incident, make_rules
from console.client import Browser, Page, browsing
from fastapi import FastAPI

from models.answer import Answer
from models.columns import stored_id
from models.incident import CoExecutor, Incident
from models.vocabulary import Act, AnswerKind, AnswerState, ClosingReason, Outcome, Role, Stage
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.desk import access, drafts, staffing
from pipeline.store.answers import of_incident
from pipeline.store.incidents import journal_of
from pipeline.store.staff import actor_of, find_staff

TEXT = "Здравствуйте! Яма засыпана."
ActAs = Callable[[str], Browser]


@pytest.fixture
def as_(app: FastAPI, console_engine: sa.Engine) -> Iterator[ActAs]:
    """Give a browser to whoever is named: a role, or an executor's body."""
    with browsing(app) as browser:

        def lend(who: str) -> Browser:
            role = Role(who) if who in frozenset(Role) else Role.EXECUTOR
            body = who if role.value != who else ("roads" if role is Role.EXECUTOR else None)
            with unit_of_work(console_engine) as session:
                staff = find_staff(session, who)
                staff = staff or staffing.add_staff(session, who, role, NOW, body=body)
                browser.http.cookies.clear()
                browser.http.cookies.set("otklik", access.open_session(session, staff, NOW))
            return browser

        yield lend


def opened(engine: sa.Engine, **fields: Any) -> int:
    with unit_of_work(engine) as session:
        source = source_of(session, "vk:luga")
        return stored_id(add_incident(session, source, **fields).id)


def stands(engine: sa.Engine, number: int) -> Incident:
    with reading(engine) as session:
        return session.get_one(Incident, number)


def answers(engine: sa.Engine, number: int) -> list[Answer]:
    with reading(engine) as session:
        return of_incident(session, number)


def acts(engine: sa.Engine, number: int) -> list[Act]:
    with reading(engine) as session:
        return [entry.act for entry in journal_of(session, number)]


def offered(page: Page) -> set[str]:
    """Return the acts that have a button in the panel."""
    return {str(button["value"]) for button in page.all("button", name="act")}


def press(browser: Browser, number: int, act: str, **fields: str) -> Any:
    """Press a button of the card as it is now."""
    page = browser.page(f"/incident/{number}")
    form = {"form_token": page.form_token, "act": act}
    form["at_version"] = str(page.all("input", name="at_version")[0]["value"])
    return browser.post(f"/incident/{number}/act", form | fields)


def before_the_head(engine: sa.Engine) -> tuple[int, int]:
    """Put an executor's draft before the head; return the incident's number and the answer's."""
    number = opened(engine, stage=Stage.WORK)
    with unit_of_work(engine) as session:
        staff = find_staff(session, "executor")
        staff = staff or staffing.add_staff(session, "executor", Role.EXECUTOR, NOW, body="roads")
        actor, rules = actor_of(staff), make_rules()
        draft = Draft(TEXT, AnswerKind.FINAL)
        drafts.save_draft(session, number, draft, actor=actor, rules=rules, now=NOW)
        answer = drafts.submit(session, number, actor=actor, rules=rules, now=NOW)
        assert isinstance(answer, Answer)
        return number, stored_id(answer.id)


OPERATORS = {"assigned", "closed", "co_executors", "urgency_raised"}

BY_STAGE: dict[tuple[str, Stage], set[str]] = {
    ("operator", Stage.REVIEW): OPERATORS,
    ("operator", Stage.ASSIGNED): OPERATORS | {"accepted", "returned", "passed_up"},
    ("operator", Stage.WORK): OPERATORS | {"returned", "passed_up"},
    ("operator", Stage.RETURNED): OPERATORS | {"passed_up"},
    ("operator", Stage.SATISFACTION): {"closed", "reopened", "urgency_raised"},
    ("operator", Stage.CLOSED): {"reopened"},
    ("luga", Stage.REVIEW): set(),
    ("luga", Stage.ASSIGNED): {"accepted", "returned", "passed_up"},
    ("luga", Stage.WORK): {"returned", "passed_up"},
    ("luga", Stage.CLOSED): set(),
    ("approver", Stage.ASSIGNED): {"assigned"},
    ("approver", Stage.WORK): {"assigned"},
    ("approver", Stage.CLOSED): {"reopened"},
}


@pytest.mark.parametrize(("who", "stage"), BY_STAGE)
def test_only_buttons_that_make_sense_are_shown(
    console_engine: sa.Engine, as_: ActAs, who: str, stage: Stage
) -> None:
    number = opened(console_engine, body="luga", stage=stage)
    assert offered(as_(who).page(f"/incident/{number}")) == BY_STAGE[who, stage]


def test_a_helper_looks_on(console_engine: sa.Engine, as_: ActAs) -> None:
    number = opened(console_engine, stage=Stage.ASSIGNED)
    with unit_of_work(console_engine) as session:
        session.add(CoExecutor(incident_id=number, body="luga"))

    page = as_("luga").page(f"/incident/{number}")
    assert offered(page) == set()
    assert "Соисполнители: Администрация Лугского поселения" in page.text
    assert page.all("textarea") == []


def test_the_panel_tells_stage_term_round_and_note(console_engine: sa.Engine, as_: ActAs) -> None:
    number = opened(
        console_engine,
        stage=Stage.ASSIGNED,
        stage_due_at=NOW - timedelta(hours=1),
        round=2,
        paused_at=NOW,
        route_note="Поселение не работает с этим источником: передано району",
    )
    said = as_("operator").page(f"/incident/{number}").text
    assert "Назначен круг 2" in said
    assert "надо было до 18.11.2026 11:00" in said
    assert "срок стоит с 18.11.2026 12:00" in said
    assert "Поселение не работает с этим источником: передано району" in said


def test_a_body_accepts_gives_back_and_another_one_gets_it(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    number = opened(console_engine, body="luga", stage=Stage.ASSIGNED)

    assert press(as_("luga"), number, "accepted").status_code == 303
    assert stands(console_engine, number).stage is Stage.WORK
    assert press(as_("luga"), number, "returned", reason="Дорога района").status_code == 303
    assert press(as_("operator"), number, "assigned", body="roads").status_code == 303

    known = stands(console_engine, number)
    assert (known.stage, known.body) == (Stage.ASSIGNED, "roads")
    assert acts(console_engine, number)[1:] == [Act.ACCEPTED, Act.RETURNED, Act.ASSIGNED]
    page = as_("operator").page(f"/incident/{number}").text
    assert "Возвращён исполнителем" in page
    assert "Дорога района" in page
    # Whoever gave it away does not see it any more.
    assert as_("luga").get(f"/incident/{number}").status_code == 404


def test_passing_up_closing_and_opening_again(console_engine: sa.Engine, as_: ActAs) -> None:
    number = opened(console_engine, body="luga", stage=Stage.WORK)

    press(as_("luga"), number, "passed_up", reason="Нужны деньги района")
    assert stands(console_engine, number).body == "roads"
    press(as_("operator"), number, "closed", closing="no_answer_due", reason="Только брань")
    assert stands(console_engine, number).closing_reason is ClosingReason.NO_ANSWER_DUE
    press(as_("approver"), number, "reopened", reason="Есть и вопрос")
    assert stands(console_engine, number).stage is Stage.ASSIGNED


def test_what_is_missing_is_told_and_what_was_typed_is_kept(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    number = opened(console_engine, body="luga", stage=Stage.WORK)

    for act, fields, said in (
        ("returned", {}, "Напишите причину"),
        ("returned", {"reason": "д" * 1001}, "Причина длиннее 1000 знаков: 1001"),
        ("assigned", {}, "Выберите, кому назначить"),
        ("assigned", {"body": "mars", "reason": "Пусть сами"}, "Такого исполнителя"),
        ("closed", {}, "Выберите причину закрытия"),
        ("closed", {"closing": "satisfied", "reason": "Звонил"}, "так закрыть инцидент нельзя"),
    ):
        answer = press(as_("operator"), number, act, **fields)
        assert answer.status_code == 422, act
        page = Page(answer.text)
        assert said in page.text
        assert fields.get("reason", "") in page.text
        (alert,) = page.all("p", role="alert")
        assert alert
    assert acts(console_engine, number) == [Act.OPENED]


def test_whoever_saw_an_older_card_sees_the_new_one_first(
    console_engine: sa.Engine, as_: ActAs, clock: Clock
) -> None:
    number = opened(console_engine, body="luga", stage=Stage.ASSIGNED)
    press(as_("luga"), number, "accepted")
    clock.forward(timedelta(minutes=5))

    stale = press(as_("operator"), number, "assigned", body="roads", at_version="1")
    assert stale.status_code == 409
    page = Page(stale.text)
    assert "инцидент изменился" in page.text
    assert "В работе" in page.text
    late = press(as_("operator"), number, "accepted")
    assert late.status_code == 409
    assert "из неё нельзя" in Page(late.text).text
    assert acts(console_engine, number) == [Act.OPENED, Act.ACCEPTED]


def test_a_button_pressed_twice_is_heard_once(
    console_engine: sa.Engine, as_: ActAs, clock: Clock
) -> None:
    number = opened(console_engine, stage=Stage.ASSIGNED)
    for _ in range(2):
        assert press(as_("operator"), number, "accepted", at_version="1").status_code == 303
    assert acts(console_engine, number) == [Act.OPENED, Act.ACCEPTED]
    clock.forward(timedelta(minutes=2))
    assert press(as_("operator"), number, "accepted", at_version="1").status_code == 409


@pytest.mark.parametrize(
    ("who", "act", "status"),
    [
        ("executor", "closed", 403),
        ("executor", "assigned", 403),
        ("executor", "approved", 404),
        ("approver", "accepted", 403),
        ("luga", "accepted", 404),
        ("observer", "accepted", 404),
        ("operator", "merged", 422),
        ("operator", "", 422),
    ],
)
def test_what_has_no_button_is_refused(
    console_engine: sa.Engine, as_: ActAs, who: str, act: str, status: int
) -> None:
    number = opened(console_engine, stage=Stage.ASSIGNED)
    browser = as_(who)
    form = {"form_token": browser.page("/password").form_token, "act": act, "at_version": "1"}
    form |= {"closing": "no_answer_due", "reason": "Так", "body": "luga"}

    assert browser.post(f"/incident/{number}/act", form).status_code == status
    assert acts(console_engine, number) == [Act.OPENED]


def test_the_head_agrees_to_what_was_shown(console_engine: sa.Engine, as_: ActAs) -> None:
    number, answer = before_the_head(console_engine)
    page = as_("approver").page(f"/incident/{number}")
    assert offered(page) == {"approved", "rejected"}
    assert TEXT in page.text
    seen = str(page.all("input", name="answer_seen")[0]["value"])

    stale = press(as_("approver"), number, "approved", answer=str(answer), answer_seen="1")
    assert stale.status_code == 409
    done = press(as_("approver"), number, "approved", answer=str(answer), answer_seen=seen)
    assert done.status_code == 303
    (known,) = answers(console_engine, number)
    assert (known.state, known.approved_by) == (AnswerState.QUEUED, "approver")


def test_the_head_gives_a_draft_back_and_it_is_improved(
    console_engine: sa.Engine, as_: ActAs
) -> None:
    number, answer = before_the_head(console_engine)
    seen = {"answer": str(answer), "answer_seen": "2"}
    assert press(as_("approver"), number, "rejected", **seen).status_code == 422
    done = press(as_("approver"), number, "rejected", reason="Назовите день", **seen)
    assert done.status_code == 303

    # Given the draft in the executor's form, with the head's remark above it
    browser = as_("executor")
    page = browser.page(f"/incident/{number}")
    assert "Ответ возвращён на доработку: Назовите день" in page.text
    assert TEXT in page.text
    form = {
        "form_token": page.form_token,
        "seen": str(page.all("input", name="seen")[0]["value"]),
        "draft_seen": str(page.all("input", name="draft_seen")[0]["value"]),
        "kind": "final",
        "outcome": "solved",
        "text": f"{TEXT} Сделано 17 ноября.",
    }
    # When it is kept, and put before the head again
    assert browser.post(f"/incident/{number}/answer", form | {"button": "draft"}).status_code == 303
    stale = browser.post(f"/incident/{number}/answer", form | {"button": "submit"})
    assert stale.status_code == 409
    form["draft_seen"] = "4"
    done = browser.post(f"/incident/{number}/answer", form | {"button": "submit"})
    # Then it is the same answer with its new words
    assert done.status_code == 303
    (known,) = answers(console_engine, number)
    assert (known.state, known.outcome) == (AnswerState.APPROVAL, Outcome.SOLVED)
    assert known.text.endswith("Сделано 17 ноября.")


def test_an_answer_of_another_incident_is_not_found(console_engine: sa.Engine, as_: ActAs) -> None:
    _, answer = before_the_head(console_engine)
    other = opened(console_engine, stage=Stage.APPROVAL)
    browser = as_("approver")
    form = {"form_token": browser.page("/").form_token, "act": "approved", "at_version": "1"}
    for number in (answer, 99_999):
        gone = browser.post(f"/incident/{other}/act", form | {"answer": str(number)})
        assert gone.status_code == 404
    assert browser.post(f"/incident/{other}/act", form).status_code == 404
