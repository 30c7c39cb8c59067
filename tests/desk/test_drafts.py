"""An answer is prepared by the body, agreed to or given back by the head, and only then sent."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from casework import (
    ADMINISTRATOR,
    HEAD,
    LUGA,
    RULES,
    SCHOOL,
    WITH_APPROVAL,
    Case,
    case_in_work,
)
from console.builders import NOW, OPERATOR
from sqlmodel import col, select

from models.answer import Answer
from models.columns import stored_id
from models.vocabulary import Act, AnswerKind, AnswerState, Clock, Occasion, Outcome, Stage
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import LONGEST_TEXT, Draft, Reason, Refused
from pipeline.decisions.permissions import Actor
from pipeline.desk import answers, drafts, outbox
from pipeline.store.answers import due
from pipeline.store.posts import posts_of

TEXT = "Здравствуйте! Яма засыпана."
DONE = Draft(TEXT, AnswerKind.FINAL, outcome=Outcome.SOLVED)
SOON = Draft("Здравствуйте! Смету считают.", AnswerKind.INTERIM, outcome=Outcome.SOLVED)
PHONE = Draft("Мастер: 8 910 123-45-67", AnswerKind.FINAL)


@pytest.fixture
def case(engine: sa.Engine) -> Case:
    """Return a case that «luga» works on, where the head agrees to every answer."""
    return case_in_work(engine, WITH_APPROVAL)


def save(case: Case, draft: Draft = DONE, by: Actor = LUGA, **more: Any) -> Answer | Refused:
    with unit_of_work(case.engine) as session:
        return drafts.save_draft(
            session, case.number, draft, actor=by, rules=case.rules, now=case.now, **more
        )


def submit(case: Case, by: Actor = LUGA, **more: Any) -> Answer | Refused:
    with unit_of_work(case.engine) as session:
        return drafts.submit(session, case.number, actor=by, rules=case.rules, now=case.now, **more)


def decide(
    case: Case, reason: str | None = None, by: Actor = HEAD, version: int | None = None
) -> Answer | Refused:
    """Approve the newest answer, or give it back with a reason."""
    answer = the_answer(case)
    version = answer.version if version is None else version
    given = {"actor": by, "version": version, "rules": case.rules, "now": case.now}
    with unit_of_work(case.engine) as session:
        if reason is None:
            return drafts.approve(session, stored_id(answer.id), **given)  # type: ignore[arg-type]
        return drafts.reject(session, stored_id(answer.id), reason, **given)  # type: ignore[arg-type]


def the_answer(case: Case) -> Answer:
    with reading(case.engine) as session:
        found = session.exec(select(Answer).order_by(col(Answer.id).desc())).first()
        assert found is not None
        return found


def done(said: Answer | Refused) -> Answer:
    assert isinstance(said, Answer), said
    return said


def no(said: Answer | Refused | None) -> Reason:
    assert isinstance(said, Refused), said
    assert said.message.endswith(".")
    return said.reason


def test_a_draft_is_prepared_and_changed_and_sent_nowhere(case: Case) -> None:
    first = done(save(case))
    assert (first.state, first.author, first.outcome) == (
        AnswerState.DRAFT,
        "luga",
        Outcome.SOLVED,
    )
    case.now += timedelta(minutes=5)
    again = done(save(case, SOON, by=OPERATOR, version=1))
    assert (again.id, again.version, again.author) == (first.id, 2, "operator")
    assert (again.text, again.kind) == (SOON.text, AnswerKind.INTERIM)
    assert again.outcome is None, "an interim answer is no outcome"
    assert case.incident().stage is Stage.WORK
    assert case.acts()[-2:] == [Act.DRAFTED, Act.DRAFTED]
    with reading(case.engine) as session:
        assert due(session, NOW + timedelta(days=30), 10) == []


def test_from_draft_to_the_network(case: Case) -> None:
    # Given a draft
    save(case)
    due_at = case.incident().due_at
    # When it is put before the head, the head's own term begins
    case.now += timedelta(minutes=30)
    assert done(submit(case)).state is AnswerState.APPROVAL
    waiting = case.incident()
    assert waiting.stage is Stage.APPROVAL
    assert case.due(Clock.STAGE) == WITH_APPROVAL.calendar.add(case.now, timedelta(hours=2))
    assert case.occasions()[-1] is Occasion.TO_APPROVE
    # And when the head agrees, it goes out without another word
    case.now += timedelta(minutes=30)
    agreed = done(decide(case))
    assert (agreed.state, agreed.approved_by, agreed.due_at) == (
        AnswerState.QUEUED,
        "head",
        case.now,
    )
    assert case.incident().stage is Stage.PUBLISHING
    case.send(stored_id(agreed.id))
    after = case.incident()
    assert (after.stage, after.outcome, after.due_at) == (
        Stage.SATISFACTION,
        Outcome.SOLVED,
        due_at,
    )
    assert case.acts()[2:] == [Act.DRAFTED, Act.SUBMITTED, Act.APPROVED, Act.ANSWER_PUBLISHED]
    actors = [entry.actor for entry in case.journal()[2:]]
    assert actors == ["luga", "luga", "head", "otklik"]


def test_what_the_head_gives_back_says_why_and_keeps_the_deadline(case: Case) -> None:
    due_at, timer = case.incident().due_at, case.timer(Clock.ANSWER)
    save(case)
    submit(case)
    assert no(decide(case, reason="  ")) is Reason.STEP
    back = done(decide(case, reason="  Нет срока. "))
    assert (back.state, back.remark) == (AnswerState.DRAFT, "Нет срока.")
    assert case.incident().stage is Stage.WORK
    assert case.due(Clock.STAGE) is None, "work has no term but the legal one"
    assert (case.incident().due_at, case.timer(Clock.ANSWER)) == (due_at, timer)
    assert case.occasions()[-1] is Occasion.REJECTED
    assert case.journal()[-1].reason.strip() == "Нет срока."
    # The next try is of the same row, and its remark is gone once it is submitted
    save(case, Draft(f"{TEXT} Срок — пятница.", AnswerKind.FINAL))
    again = done(submit(case))
    assert (again.id, again.remark) == (back.id, "")
    assert done(decide(case)).state is AnswerState.QUEUED


def test_personal_data_are_refused_when_it_is_submitted_and_when_it_is_agreed(case: Case) -> None:
    # A draft may hold anything: it is only being written
    save(case, PHONE)
    assert no(submit(case)) is Reason.PERSONAL
    assert case.incident().stage is Stage.WORK
    assert the_answer(case).state is AnswerState.DRAFT
    save(case)
    submit(case)
    with unit_of_work(case.engine) as session:
        session.get_one(Answer, the_answer(case).id).text = PHONE.text
    assert no(decide(case)) is Reason.PERSONAL
    assert case.incident().stage is Stage.APPROVAL


def test_what_may_not_be_stored_is_refused_at_once(case: Case) -> None:
    before = case.everything()
    assert no(save(case, Draft(TEXT, None))) is Reason.KIND
    assert no(save(case, Draft("я" * (LONGEST_TEXT + 1), AnswerKind.FINAL))) is Reason.TOO_LONG
    assert no(save(case, Draft(TEXT, AnswerKind.FINAL, post_id=10**6))) is Reason.POST
    assert no(submit(case)) is Reason.STEP, "there is nothing to submit"
    assert case.everything() == before


def test_where_the_head_agrees_an_operator_neither_agrees_nor_sends(case: Case) -> None:
    save(case)
    submit(case)
    before = case.everything()
    for reason in (None, "Не так"):
        said = decide(case, reason, by=OPERATOR)
        assert isinstance(said, Refused)
        assert "руководитель" in said.message
        assert no(decide(case, reason, by=LUGA)) is Reason.FORBIDDEN
    assert case.everything() == before
    decide(case, "Не так")
    with unit_of_work(case.engine) as session:
        sent = answers.queue_answer(
            session,
            case.number,
            DONE,
            actor=OPERATOR,
            version=None,
            rules=case.rules,
            now=case.now,
        )
    assert no(sent if isinstance(sent, Refused) else None) is Reason.APPROVAL
    submit(case)
    assert done(decide(case, by=ADMINISTRATOR)).approved_by == "admin"


def test_without_approval_an_operator_agrees_to_what_the_body_prepared(engine: sa.Engine) -> None:
    case = case_in_work(engine, RULES)
    save(case)
    submit(case)
    assert done(decide(case, by=OPERATOR)).state is AnswerState.QUEUED


def test_whoever_saw_an_older_draft_looks_again(case: Case) -> None:
    save(case)
    save(case, Draft("Здравствуйте! Иначе.", AnswerKind.FINAL), by=OPERATOR)
    before = case.everything()
    assert no(save(case, version=1)) is Reason.STALE
    assert no(submit(case, version=1)) is Reason.STALE
    assert case.everything() == before
    assert done(submit(case, version=2)).state is AnswerState.APPROVAL
    assert no(decide(case, version=2)) is Reason.STALE
    assert no(decide(case, "Не так", version=2)) is Reason.STALE
    assert case.incident().stage is Stage.APPROVAL


def test_what_is_decided_is_not_decided_again(case: Case) -> None:
    save(case)
    submit(case)
    done(decide(case))
    before = case.everything()
    assert no(decide(case)) is Reason.STAGE
    assert no(decide(case, "Поздно")) is Reason.STAGE
    assert case.everything() == before
    with unit_of_work(case.engine) as session:
        unknown = drafts.approve(
            session, 10**6, actor=HEAD, version=1, rules=case.rules, now=case.now
        )
    assert no(unknown) is Reason.STALE


@pytest.mark.parametrize("approved", [False, True])
def test_what_is_withdrawn_goes_back_to_work(case: Case, approved: bool) -> None:
    save(case)
    answer = done(submit(case))
    if approved:
        answer = done(decide(case))
    with unit_of_work(case.engine) as session:
        refused = outbox.withdraw(
            session,
            stored_id(answer.id),
            actor=LUGA,
            version=answer.version,
            rules=case.rules,
            now=case.now,
        )
    assert refused is None
    assert case.incident().stage is Stage.WORK
    assert the_answer(case).state is AnswerState.WITHDRAWN
    assert case.acts()[-1] is Act.ANSWER_WITHDRAWN
    # The next draft is a new answer
    assert done(save(case)).id != answer.id
    assert done(submit(case)).state is AnswerState.APPROVAL


def test_a_post_that_its_author_deleted_meanwhile_is_not_answered(case: Case) -> None:
    save(case)
    with unit_of_work(case.engine) as session:
        posts_of(session, case.number)[0].deleted_at = NOW
    assert no(submit(case)) is Reason.DELETED


def test_a_body_that_does_not_have_it_prepares_nothing(case: Case) -> None:
    assert no(save(case, by=SCHOOL)) is Reason.FORBIDDEN
    assert no(submit(case, by=SCHOOL)) is Reason.FORBIDDEN
    case.done(Act.ASSIGNED, body="school")
    assert no(save(case, by=SCHOOL)) is Reason.STAGE, "it has to accept the incident first"
