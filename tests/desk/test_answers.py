"""Answers are written, sent, taken down and withdrawn; each step in the journal, each once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from answering import RULES, entries, open_incident, source_of, stored
from console.builders import NOW, OPERATOR, add_post, operator

from connectors.publishing import Published
from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import Act, AnswerKind, AnswerState, Network, Stage
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft, Reason, Refused
from pipeline.decisions.publishing import Aftermath, Fate
from pipeline.decisions.publishing import settle as settled_by
from pipeline.desk import answers as desk
from pipeline.desk import outbox
from pipeline.store import answers as store
from pipeline.store.posts import posts_of

DONE = Draft("Здравствуйте! Яма засыпана.", AnswerKind.FINAL)
SOON = Draft("Здравствуйте! Вопрос передан дорожникам.", AnswerKind.INTERIM)
LINK = "https://vk.com/wall-1_2?reply=3"
STANDS = Published("-1_1_r5", "https://vk.com/wall-1_1?reply=5")


@pytest.fixture
def number(engine: sa.Engine) -> int:
    return open_incident(engine)


def queue(engine: sa.Engine, number: int, draft: Draft = DONE, **more: Any) -> Answer | Refused:
    """Write an answer, as somebody who has seen the incident as it stands."""
    given = {"actor": OPERATOR, "version": None, "rules": RULES, "now": NOW, **more}
    with unit_of_work(engine) as session:
        return desk.queue_answer(session, number, draft, **given)


def queued(engine: sa.Engine, number: int, draft: Draft = DONE, **more: Any) -> int:
    answer = queue(engine, number, draft, **more)
    assert isinstance(answer, Answer), answer
    return stored_id(answer.id)


def refuse(engine: sa.Engine, answer_id: int, now: datetime = NOW) -> None:
    """Let a worker try and the network refuse."""
    claimed = claim(engine, answer_id, now)
    assert claimed is not None
    ended = Aftermath(Fate.REFUSED, "Комментарии закрыты.")
    with unit_of_work(engine) as session:
        settled = settled_by(claimed.attempt, ended, sent=True, now=now)
        assert outbox.settle(session, claimed, settled, now=now)


def claim(engine: sa.Engine, answer_id: int, now: datetime = NOW) -> outbox.Claimed | None:
    version = stored(engine, answer_id).version
    with unit_of_work(engine) as session:
        return outbox.claim(session, answer_id, version, now=now)


def test_an_answer_is_queued_with_its_author_its_key_and_a_line_in_the_journal(
    engine: sa.Engine, number: int
) -> None:
    answer = stored(engine, queued(engine, number))

    assert (answer.state, answer.kind, answer.text) == (
        AnswerState.QUEUED,
        AnswerKind.FINAL,
        DONE.text,
    )
    assert (answer.author, answer.created_at, answer.due_at) == ("operator", NOW, NOW)
    assert answer.key.isalnum()
    assert len(answer.key) <= 36
    (entry,) = entries(engine)
    assert (entry.act, entry.actor, entry.post_id) == (
        Act.ANSWER_QUEUED,
        "operator",
        answer.post_id,
    )
    assert entry.after["answer"] == answer.id
    assert entry.after["answer_kind"] == "final"
    with reading(engine) as session:
        assert store.by_key(session, answer.key) == answer
        assert store.by_key(session, "0") is None
        assert store.of_incident(session, number) == [answer]


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft("", AnswerKind.FINAL), Reason.EMPTY),
        (Draft("Тел. 89101234567", AnswerKind.FINAL), Reason.PERSONAL),
        (Draft("Готово", AnswerKind.FINAL, post_id=10**6), Reason.POST),
    ],
)
def test_what_may_not_go_out_is_not_stored(
    engine: sa.Engine, number: int, draft: Draft, reason: Reason
) -> None:
    refused = queue(engine, number, draft)
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    with reading(engine) as session:
        assert store.of_incident(session, number) == []
    assert entries(engine) == []


def test_contacts_of_the_regions_bodies_may_be_named(engine: sa.Engine, number: int) -> None:
    text = "Отдел дорог: +7 (000) 000-00-00, roads@zarechny.example.org"
    assert isinstance(queue(engine, number, Draft(text, AnswerKind.FINAL)), Answer)


def test_whoever_saw_an_older_text_has_to_look_again(engine: sa.Engine, number: int) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Incident, number).version = 2
    refused = queue(engine, number, version=1)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.STALE
    # The command line has shown nothing that could be stale
    assert isinstance(queue(engine, number, version=None), Answer)


def test_a_closed_incident_gets_no_answer(engine: sa.Engine, number: int) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Incident, number).stage = Stage.CLOSED
    refused = queue(engine, number)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.CLOSED


def test_the_newest_post_is_answered_unless_another_one_is_named(
    engine: sa.Engine, number: int
) -> None:
    with unit_of_work(engine) as session:
        first = posts_of(session, number)[0]
        newer = add_post(session, source_of(session, "vk:luga"), "-1_99", incident_id=number)
        newer.published_at = NOW
        first_id, newer_id = stored_id(first.id), stored_id(newer.id)
    assert stored(engine, queued(engine, number)).post_id == newer_id
    named = Draft("Ответ под первым сообщением", AnswerKind.FINAL, post_id=first_id)
    assert stored(engine, queued(engine, number, named)).post_id == first_id


def test_a_button_pressed_twice_queues_one_answer(engine: sa.Engine, number: int) -> None:
    assert queued(engine, number) == queued(engine, number, now=NOW + timedelta(seconds=2))
    assert len(entries(engine)) == 1


def test_two_people_do_not_both_give_the_final_answer(engine: sa.Engine, number: int) -> None:
    queued(engine, number, SOON)
    queued(engine, number)
    other = Draft("Яму засыпали ещё вчера.", AnswerKind.FINAL)
    refused = queue(engine, number, other, actor=operator("petrova"))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.SECOND
    more = Draft(other.text, AnswerKind.FINAL, further=True)
    assert isinstance(queue(engine, number, more, actor=operator("petrova")), Answer)


def test_one_worker_claims_an_answer(engine: sa.Engine, number: int) -> None:
    answer_id = queued(engine, number)
    with unit_of_work(engine) as session:
        claimed = outbox.claim(session, answer_id, 1, now=NOW)
    assert claimed is not None
    assert claimed.attempt.sent_before is None
    assert claimed.reply.external_id == f"-1_{number}"
    assert claimed.reply.text == DONE.text
    with unit_of_work(engine) as session:
        assert outbox.claim(session, answer_id, 1, now=NOW) is None, "the slower one"
    answer = stored(engine, answer_id)
    assert (answer.state, answer.sent_at, answer.attempts) == (AnswerState.SENDING, NOW, 1)
    assert answer.due_at > NOW + timedelta(minutes=1)
    with reading(engine) as session:
        assert store.due(session, NOW, 10) == []
        (again,) = store.due(session, answer.due_at, 10)
    with unit_of_work(engine) as session:
        taken = outbox.claim(session, answer_id, again.version, now=answer.due_at)
    assert taken is not None
    assert taken.attempt.sent_before == NOW
    # And the first one cannot store any more what came of its attempt
    lost = Aftermath(Fate.UNKNOWN, "Нет ответа.")
    with unit_of_work(engine) as session:
        settled = settled_by(claimed.attempt, lost, sent=True, now=NOW)
        assert not outbox.settle(session, claimed, settled, now=NOW)


def test_that_an_answer_stands_there_is_stored_once(engine: sa.Engine, number: int) -> None:
    answer_id = queued(engine, number)
    claim(engine, answer_id)
    for first in (True, False):
        with unit_of_work(engine) as session:
            stored_now = outbox.mark_published(session, answer_id, STANDS, rules=RULES, now=NOW)
        assert stored_now == first
    answer = stored(engine, answer_id)
    assert (answer.state, answer.external_id, answer.url, answer.published_at) == (
        AnswerState.PUBLISHED,
        STANDS.external_id,
        STANDS.url,
        NOW,
    )
    assert [(entry.act, entry.actor) for entry in entries(engine)] == [
        (Act.ANSWER_QUEUED, "operator"),
        (Act.ANSWER_PUBLISHED, "otklik"),
    ]
    assert entries(engine)[1].before["answer_state"] == "sending"
    assert entries(engine)[1].after["answer_url"] == STANDS.url


def test_a_refused_answer_says_why_and_waits_for_a_person(engine: sa.Engine, number: int) -> None:
    answer_id = queued(engine, number)
    refuse(engine, answer_id)
    answer = stored(engine, answer_id)
    assert (answer.state, answer.error) == (AnswerState.REFUSED, "Комментарии закрыты.")
    assert answer.sent_at is None, "it surely does not stand there"
    entry = entries(engine)[-1]
    assert (entry.act, entry.after["answer_error"]) == (
        Act.ANSWER_REFUSED,
        "Комментарии закрыты.",
    )
    with reading(engine) as session:
        assert store.due(session, NOW + timedelta(days=30), 10) == []


def act(
    engine: sa.Engine, what: str, answer_id: int, version: int, link: str = LINK
) -> Reason | None:
    with unit_of_work(engine) as session:
        common: dict[str, Any] = {"actor": operator("petrova"), "version": version, "now": NOW}
        if what == "by_hand":
            refused = outbox.mark_by_hand(session, answer_id, link, rules=RULES, **common)
        elif what == "withdraw":
            refused = outbox.withdraw(session, answer_id, rules=RULES, **common)
        else:
            refused = outbox.repeat(session, answer_id, **common)
    return refused.reason if refused else None


@pytest.mark.parametrize(
    ("what", "state", "entry"),
    [
        ("by_hand", AnswerState.BY_HAND, Act.ANSWER_BY_HAND),
        ("withdraw", AnswerState.WITHDRAWN, Act.ANSWER_WITHDRAWN),
        ("repeat", AnswerState.QUEUED, Act.ANSWER_QUEUED),
    ],
)
def test_a_person_decides_what_becomes_of_a_refused_answer(
    engine: sa.Engine, number: int, what: str, state: AnswerState, entry: Act
) -> None:
    answer_id = queued(engine, number)
    refuse(engine, answer_id)
    before = stored(engine, answer_id)

    assert act(engine, what, answer_id, before.version - 1) is Reason.STALE
    assert stored(engine, answer_id) == before, "nothing was changed"
    assert act(engine, what, answer_id, before.version) is None

    answer = stored(engine, answer_id)
    assert (answer.state, answer.key) == (state, before.key)
    assert (entries(engine)[-1].act, entries(engine)[-1].actor) == (entry, "petrova")
    assert act(engine, what, answer_id, answer.version) is Reason.STEP, "once"


@pytest.mark.parametrize("what", ["by_hand", "withdraw", "repeat"])
def test_nobody_changes_an_answer_that_is_being_sent(
    engine: sa.Engine, number: int, what: str
) -> None:
    answer_id = queued(engine, number)
    claim(engine, answer_id)
    version = stored(engine, answer_id).version
    assert act(engine, what, answer_id, version) is Reason.STEP
    assert act(engine, what, 10**6, version) is Reason.STALE


def test_a_wrong_link_leaves_the_answer_as_it_was(engine: sa.Engine, number: int) -> None:
    answer_id = queued(engine, number)
    assert act(engine, "by_hand", answer_id, 1, "где-то там") is Reason.LINK
    assert act(engine, "by_hand", answer_id, 1) is None
    assert stored(engine, answer_id).url == LINK


def test_what_was_replaced_closed_or_deleted_is_not_repeated(
    engine: sa.Engine, number: int
) -> None:
    answer_id = queued(engine, number)
    refuse(engine, answer_id)
    version = stored(engine, answer_id).version
    newer = queued(engine, number, Draft("Яма засыпана вчера.", AnswerKind.FINAL))
    assert act(engine, "repeat", answer_id, version) is Reason.SECOND
    assert act(engine, "withdraw", newer, 1) is None
    with unit_of_work(engine) as session:
        posts_of(session, number)[0].deleted_at = NOW
    assert act(engine, "repeat", answer_id, version) is Reason.DELETED
    with unit_of_work(engine) as session:
        posts_of(session, number)[0].deleted_at = None
        session.get_one(Incident, number).stage = Stage.CLOSED
    assert act(engine, "repeat", answer_id, version) is Reason.CLOSED
    assert act(engine, "withdraw", answer_id, version) is None


def test_an_answer_given_by_hand_is_taken_down_as_such(engine: sa.Engine) -> None:
    number = open_incident(engine, "hotline", Network.HOTLINE)
    refused = queue(engine, number)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BY_HAND_ONLY
    for _ in range(2):
        with unit_of_work(engine) as session:
            answer = desk.record_by_hand(
                session, number, DONE, "", actor=OPERATOR, rules=RULES, now=NOW
            )
        assert isinstance(answer, Answer)
    (entry,) = entries(engine)
    assert entry.act is Act.ANSWER_BY_HAND
    kept = stored(engine, entry.after["answer"])
    assert (kept.state, kept.published_at) == (AnswerState.BY_HAND, NOW)


def test_what_is_taken_down_is_looked_through_as_well(engine: sa.Engine, number: int) -> None:
    for draft, link, reason in (
        (Draft("Тел. 89101234567", AnswerKind.FINAL), LINK, Reason.PERSONAL),
        (DONE, "", Reason.LINK),
        (Draft("Готово", AnswerKind.FINAL, post_id=10**6), LINK, Reason.POST),
    ):
        with unit_of_work(engine) as session:
            refused = desk.record_by_hand(
                session, number, draft, link, actor=OPERATOR, rules=RULES, now=NOW
            )
        assert isinstance(refused, Refused)
        assert refused.reason is reason


def test_a_long_queue_of_one_source_hides_no_other(engine: sa.Engine) -> None:
    numbers = [open_incident(engine) for _ in range(5)]
    last = open_incident(engine, "ok:luga", Network.OK)
    for minute, number in enumerate([*numbers, last]):
        queued(engine, number, now=NOW + timedelta(minutes=minute))
    with reading(engine) as session:
        found = store.due(session, NOW + timedelta(hours=1), 2)
    assert [one.source_key for one in found] == ["vk:luga", "vk:luga", "ok:luga"]
