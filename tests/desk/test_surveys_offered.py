"""A survey is offered with a final answer, by one link and where it can be opened."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from answering import open_incident, stored
from console.builders import NOW, OPERATOR
from surveying import (
    PUBLIC,
    RULES,
    TEXT,
    asked,
    publish,
    rules_of,
    survey_rows,
    token_in,
    vote,
    written,
)

from models.answer import Answer
from models.incident import Incident
from models.vocabulary import (
    AnswerKind,
    Network,
    Role,
    Stage,
)
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft, Reason, Refused
from pipeline.decisions.permissions import Actor
from pipeline.decisions.publishing import Aftermath, Fate
from pipeline.decisions.publishing import settle as settled_by
from pipeline.decisions.satisfaction import LIFETIME, Vote, token_hash, token_of
from pipeline.desk import answers, drafts, outbox
from pipeline.desk.surveys import links_to_pass_on
from pipeline.rules import Rules

HEAD = Actor("head", Role.APPROVER)
LINK = "https://t.me/luga/7"


@pytest.fixture
def number(engine: sa.Engine) -> int:
    return open_incident(engine)


def test_a_final_answer_carries_a_link_whose_token_is_no_column(
    engine: sa.Engine, number: int
) -> None:
    answer_id = written(engine, number)

    text, token = stored(engine, answer_id).text, token_in(engine, answer_id)
    assert text == f"{TEXT}\n\nОцените ответ: {PUBLIC}/o/{token}"
    (survey,) = survey_rows(engine)
    assert survey.token_hash == token_hash(token)
    assert token not in repr(survey)
    assert (survey.incident_id, survey.answer_id, survey.round) == (number, answer_id, 1)
    assert survey.expires_at - survey.created_at == timedelta(days=30)


@pytest.mark.parametrize(
    ("rules", "kind"),
    [
        (rules_of(survey=False), AnswerKind.FINAL),
        (rules_of(public_url=""), AnswerKind.FINAL),
        (RULES, AnswerKind.INTERIM),
    ],
    ids=["not wanted", "no address", "interim"],
)
def test_nobody_is_asked_where_it_makes_no_sense(
    engine: sa.Engine, number: int, rules: Rules, kind: AnswerKind
) -> None:
    answer_id = written(engine, number, rules=rules, kind=kind)

    assert stored(engine, answer_id).text == TEXT
    assert survey_rows(engine) == []


def test_a_button_pressed_twice_and_a_repeated_answer_make_no_second_link(
    engine: sa.Engine, number: int
) -> None:
    # Given a button that was pressed twice
    answer_id = written(engine, number)
    assert written(engine, number, now=NOW + timedelta(seconds=3)) == answer_id
    text = stored(engine, answer_id).text
    # When the network refuses the answer and the operator sends it again
    with unit_of_work(engine) as session:
        claimed = outbox.claim(session, answer_id, 1, now=NOW)
        assert claimed is not None
        ended = settled_by(claimed.attempt, Aftermath(Fate.REFUSED, "Закрыто."), sent=True, now=NOW)
        assert outbox.settle(session, claimed, ended, now=NOW)
    with unit_of_work(engine) as session:
        version = session.get_one(Answer, answer_id).version
        again = outbox.repeat(session, answer_id, actor=OPERATOR, version=version, now=NOW)
        assert again is None
    # Then it goes out with the link that it had
    assert stored(engine, answer_id).text == text
    assert len(survey_rows(engine)) == 1


def test_the_same_words_are_the_same_answer_whatever_their_links(
    engine: sa.Engine, number: int
) -> None:
    asked(engine, number)
    with unit_of_work(engine) as session:
        draft = Draft(TEXT, AnswerKind.FINAL, further=True)
        later = NOW + timedelta(hours=1)
        refused = answers.queue_answer(
            session, number, draft, actor=OPERATOR, version=None, rules=RULES, now=later
        )
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.SAME


def test_a_withdrawn_answers_text_is_sent_anew_with_its_own_link_only(
    engine: sa.Engine, number: int
) -> None:
    first = written(engine, number)
    old = stored(engine, first)
    with unit_of_work(engine) as session:
        assert (
            outbox.withdraw(session, first, actor=OPERATOR, version=1, rules=RULES, now=NOW) is None
        )
    second = written(engine, number, text=old.text, now=NOW + timedelta(hours=1))

    assert stored(engine, second).text.count("/o/") == 1
    assert token_in(engine, second) != token_in(engine, first)
    publish(engine, second)
    assert vote(engine, token_in(engine, first), 1).vote is Vote.UNKNOWN
    assert vote(engine, token_in(engine, second), 5).vote is Vote.COUNTED


def test_the_head_reads_the_bare_text_and_the_agreed_one_carries_the_link(
    engine: sa.Engine, number: int
) -> None:
    rules = rules_of(approval=True)
    with unit_of_work(engine) as session:
        session.get_one(Incident, number).stage = Stage.WORK
        common: dict[str, Any] = {"actor": OPERATOR, "rules": rules, "now": NOW}
        draft = Draft(TEXT, AnswerKind.FINAL)
        assert isinstance(drafts.save_draft(session, number, draft, **common), Answer)
        answer = drafts.submit(session, number, **common)
        assert isinstance(answer, Answer)
        assert answer.text == TEXT
        assert answer.id is not None
        agreed = drafts.approve(
            session, answer.id, actor=HEAD, version=answer.version, rules=rules, now=NOW
        )
        assert isinstance(agreed, Answer)
        answer_id = answer.id
    assert stored(engine, answer_id).text.startswith(f"{TEXT}\n\nОцените ответ: {PUBLIC}/o/")
    publish(engine, answer_id, rules=rules)
    assert vote(engine, token_in(engine, answer_id), 5).vote is Vote.COUNTED


def test_a_text_without_room_for_the_link_is_refused_while_it_can_be_shortened(
    engine: sa.Engine, number: int
) -> None:
    long = "Ж" * 3950
    with unit_of_work(engine) as session:
        common: dict[str, Any] = {"actor": OPERATOR, "rules": RULES, "now": NOW}
        draft = Draft(long, AnswerKind.FINAL)
        refused = answers.queue_answer(session, number, draft, version=None, **common)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_LONG
        assert "ссылка для оценки" in refused.message
        session.get_one(Incident, number).stage = Stage.WORK
        assert isinstance(drafts.save_draft(session, number, draft, **common), Answer)
        assert drafts.submit(session, number, **common) == refused
    assert survey_rows(engine) == []
    interim = stored(engine, written(engine, number, text=long, kind=AnswerKind.INTERIM))
    assert interim.text == long


def test_the_link_of_an_answer_given_by_hand_is_told_to_who_gave_it(engine: sa.Engine) -> None:
    number = open_incident(engine, "tg:luga", Network.TELEGRAM)
    with unit_of_work(engine) as session:
        draft = Draft(TEXT, AnswerKind.FINAL)
        answer = answers.record_by_hand(
            session, number, draft, LINK, actor=OPERATOR, rules=RULES, now=NOW
        )
        assert isinstance(answer, Answer)
        assert answer.text == TEXT, "it stands as it was written"
    with reading(engine) as session:
        links = links_to_pass_on(session, number, rules=RULES, now=NOW)
        assert links == {answer.id: f"{PUBLIC}/o/{token_of(answer.key)}"}
        assert links_to_pass_on(session, number, rules=RULES, now=NOW + LIFETIME) == {}
    assert vote(engine, token_of(answer.key), 5).vote is Vote.COUNTED
    with reading(engine) as session:
        assert links_to_pass_on(session, number, rules=RULES, now=NOW) == {}


def test_an_answer_that_had_its_link_in_the_text_needs_none_passed_on(
    engine: sa.Engine, number: int
) -> None:
    answer_id = written(engine, number)
    with unit_of_work(engine) as session:
        refused = outbox.mark_by_hand(
            session, answer_id, LINK, actor=OPERATOR, version=1, rules=RULES, now=NOW
        )
        assert refused is None
    with reading(engine) as session:
        assert links_to_pass_on(session, number, rules=RULES, now=NOW) == {}
    assert vote(engine, token_in(engine, answer_id), 4).vote is Vote.COUNTED
