"""Answers to citizens: put on their way, sent, taken down as published, withdrawn.

Every change checks the version that its author saw, keeps to the steps of
``pipeline.decisions.publishing`` and, where people have to know of it, writes the journal in the
same transaction. An attempt as such is no entry: the row counts them.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from connectors.publishing import Published, Reply
from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.journal import MACHINE, JournalEntry
from models.post import Post
from models.source import Source
from models.vocabulary import Act, AnswerState, Stage
from pipeline.decisions.answering import (
    Draft,
    Earlier,
    Reason,
    Refused,
    Target,
    choose,
    newer_final,
    refusal,
    refusal_by_hand,
    said_already,
    unfit_link,
)
from pipeline.decisions.personal import Official, official
from pipeline.decisions.publishing import (
    Attempt,
    IllegalStepError,
    Settled,
    Step,
    after,
    open_to,
)
from pipeline.region.schema import Region
from pipeline.store.answers import find_answer, of_incident
from pipeline.store.posts import posts_of

STALE = Refused(
    Reason.STALE,
    "Пока вы писали, инцидент или его текст изменился, поэтому ответ не записан. Прочитайте то, "
    "что есть сейчас, и отправьте ещё раз: ваш текст сохранён в поле.",
)
OVERTAKEN = Refused(
    Reason.STALE,
    "Пока вы смотрели карточку, с этим ответом что-то произошло. Ниже — то, что есть сейчас.",
)
CLOSED = Refused(Reason.CLOSED, "Инцидент закрыт: ответ на него уже не отправляется.")
DELETED = Refused(Reason.DELETED, "Автор удалил сообщение: ответить под ним нельзя.")


@dataclass(frozen=True, slots=True)
class Claimed:
    """An answer that one worker may send now, and all that sending needs.

    ``version`` is the row's since then; ``deleted`` says that its post is gone.
    """

    answer_id: int
    version: int
    attempt: Attempt
    reply: Reply
    deleted: bool


def queue_answer(
    session: Session,
    incident_id: int,
    draft: Draft,
    *,
    by: str,
    version: int | None,
    region: Region,
    now: datetime,
) -> Answer | Refused:
    """Put an answer on its way; ``by`` is a staff login, ``draft.text`` is tidy.

    ``version`` is the incident's that ``by`` has seen, None for who has seen none. A button that
    was pressed twice gets the same answer twice.
    """
    case = _case(session, incident_id, draft)
    if isinstance(case, Refused):
        return case
    said = said_already(draft, case.target.id, case.given, by=by, now=now)
    if said is not None:
        return session.get_one(Answer, said)
    stage, known = case.incident.stage, _official(region)
    refused = refusal(draft, case.target, case.given, stage=stage, known=known)
    if refused is None and version is not None and version != case.incident.version:
        refused = STALE
    return refused or _add(session, incident_id, draft, case.target, by=by, now=now)


def record_by_hand(
    session: Session,
    incident_id: int,
    draft: Draft,
    link: str,
    *,
    by: str,
    region: Region,
    now: datetime,
) -> Answer | Refused:
    """Take down an answer that ``by`` has published themselves; ``link`` leads to it."""
    case = _case(session, incident_id, draft)
    if isinstance(case, Refused):
        return case
    said = said_already(draft, case.target.id, case.given, by=by, now=now)
    if said is not None:
        return session.get_one(Answer, said)
    refused = refusal_by_hand(draft, case.target, link, case.given, known=_official(region))
    return refused or _add(session, incident_id, draft, case.target, by=by, now=now, link=link)


def claim(session: Session, answer_id: int, version: int, *, now: datetime) -> Claimed | None:
    """Take an answer that is due for sending; None if another worker or a person was faster.

    Commit before anything is sent: whoever comes after a crash has to see that it may have been.
    """
    answer = find_answer(session, answer_id, lock=True)
    if answer is None or answer.version != version or not open_to(answer.state, Step.CLAIM):
        return None
    post = session.get_one(Post, answer.post_id)
    attempt = Attempt(answer.attempts + 1, now, answer.sent_at)
    answer.state = after(answer.state, Step.CLAIM)
    answer.attempts = attempt.number
    answer.sent_at = now
    answer.due_at = attempt.again_at
    answer.version += 1
    reply = Reply(
        external_id=post.external_id,
        root_id=post.root_id,
        parent_id=post.parent_id,
        author_id=post.author_id,
        text=answer.text,
        key=answer.key,
    )
    return Claimed(answer_id, answer.version, attempt, reply, post.deleted_at is not None)


def mark_published(
    session: Session, answer_id: int, published: Published, *, now: datetime
) -> bool:
    """Store that the answer stands in the network; False if that is stored already.

    A fact, whoever learned of it: the version does not matter as long as the answer is sent.
    """
    answer = find_answer(session, answer_id, lock=True)
    if answer is None or not open_to(answer.state, Step.PUBLISHED):
        return False
    answer.external_id = published.external_id[:200]
    answer.url = published.url if len(published.url) <= 2000 else ""
    answer.error = ""
    answer.published_at = now
    _step(session, answer, Step.PUBLISHED, Act.ANSWER_PUBLISHED, by=MACHINE, now=now)
    return True


def settle(session: Session, claimed: Claimed, settled: Settled, *, now: datetime) -> bool:
    """Store what an attempt came to that did not publish; False if another one took over.

    An answer that cannot be sent goes back to the operator; any other waits.
    """
    answer = find_answer(session, claimed.answer_id, lock=True)
    if answer is None or answer.version != claimed.version:
        return False
    answer.due_at = settled.due_at
    answer.sent_at = settled.sent_at
    answer.attempts = settled.attempts
    answer.error = settled.error[:1000]
    if settled.state is AnswerState.REFUSED:
        _step(session, answer, Step.REFUSED, Act.ANSWER_REFUSED, by=MACHINE, now=now)
        return True
    if settled.state is AnswerState.QUEUED:
        answer.state = after(answer.state, Step.PUT_BACK)
    answer.version += 1
    return True


def mark_by_hand(
    session: Session, answer_id: int, link: str, *, by: str, version: int, now: datetime
) -> Refused | None:
    """Store that ``by`` has published an answer themselves, and where."""
    answer = _locked(session, answer_id, version, Step.BY_HAND)
    if isinstance(answer, Refused):
        return answer
    post = session.get_one(Post, answer.post_id)
    refused = unfit_link(link, session.get_one(Source, post.source_id).network)
    if refused is not None:
        return refused
    answer.url = link
    answer.error = ""
    answer.published_at = now
    _step(session, answer, Step.BY_HAND, Act.ANSWER_BY_HAND, by=by, now=now)
    return None


def withdraw(
    session: Session, answer_id: int, *, by: str, version: int, now: datetime
) -> Refused | None:
    """Take an answer off: it is not sent any more."""
    answer = _locked(session, answer_id, version, Step.WITHDRAW)
    if isinstance(answer, Refused):
        return answer
    _step(session, answer, Step.WITHDRAW, Act.ANSWER_WITHDRAWN, by=by, now=now)
    return None


def repeat(
    session: Session, answer_id: int, *, by: str, version: int, now: datetime
) -> Refused | None:
    """Send a refused answer again, with its old key; what may stand there is looked for first."""
    answer = _locked(session, answer_id, version, Step.REPEAT)
    if isinstance(answer, Refused):
        return answer
    refused = _unrepeatable(session, answer)
    if refused is not None:
        return refused
    answer.due_at = now
    answer.attempts = 0
    answer.error = ""
    _step(session, answer, Step.REPEAT, Act.ANSWER_QUEUED, by=by, now=now)
    return None


def targets(session: Session, incident_id: int) -> list[Target]:
    """Return the posts of an incident that may be answered, the first one first."""
    found = posts_of(session, incident_id)
    return [
        Target(
            id=stored_id(post.id),
            network=session.get_one(Source, post.source_id).network,
            text=post.text,
            author_id=post.author_id,
            relevant=post.relevant,
            deleted=post.deleted_at is not None,
            at=post.published_at or post.first_seen_at,
        )
        for post in found
    ]


def earlier(answer: Answer) -> Earlier:
    """Return what later answers have to know of this one."""
    return Earlier(
        id=stored_id(answer.id),
        post_id=answer.post_id,
        kind=answer.kind,
        state=answer.state,
        doubtful=answer.sent_at is not None,
        text=answer.text,
        author=answer.author,
        created_at=answer.created_at,
    )


@dataclass(frozen=True, slots=True)
class _Case:
    incident: Incident
    target: Target
    given: list[Earlier]


def _case(session: Session, incident_id: int, draft: Draft) -> _Case | Refused:
    # Locked before anything else is read: two people must not both give the final answer.
    incident = session.get_one(Incident, incident_id, with_for_update=True)
    target = choose(targets(session, incident_id), draft.post_id)
    if isinstance(target, Refused):
        return target
    return _Case(incident, target, [earlier(one) for one in of_incident(session, incident_id)])


def _official(region: Region) -> Official:
    return official(body.contacts for body in region.bodies)


def _add(
    session: Session,
    incident_id: int,
    draft: Draft,
    target: Target,
    *,
    by: str,
    now: datetime,
    link: str | None = None,
) -> Answer:
    if draft.kind is None:
        raise AssertionError("an answer without a kind is refused before")
    by_hand = link is not None
    answer = Answer(
        incident_id=incident_id,
        post_id=target.id,
        kind=draft.kind,
        state=AnswerState.BY_HAND if by_hand else AnswerState.QUEUED,
        text=draft.text,
        key=uuid.uuid4().hex,
        author=by,
        created_at=now,
        due_at=now,
        url=link or "",
        published_at=now if by_hand else None,
    )
    session.add(answer)
    session.flush()
    act = Act.ANSWER_BY_HAND if by_hand else Act.ANSWER_QUEUED
    _note(session, answer, act, None, by=by, now=now)
    return answer


def _locked(session: Session, answer_id: int, version: int, step: Step) -> Answer | Refused:
    """Return an answer that a person may change, or why they may not."""
    answer = find_answer(session, answer_id, lock=True)
    if answer is None:
        return Refused(Reason.STALE, f"Ответа № {answer_id} нет.")
    try:
        after(answer.state, step)
    except IllegalStepError as error:
        return Refused(Reason.STEP, str(error))
    if answer.version != version:
        return OVERTAKEN
    return answer


def _unrepeatable(session: Session, answer: Answer) -> Refused | None:
    incident = session.get_one(Incident, answer.incident_id)
    post = session.get_one(Post, answer.post_id)
    if incident.stage is Stage.CLOSED:
        return CLOSED
    if post.deleted_at is not None:
        return DELETED
    given = [earlier(one) for one in of_incident(session, answer.incident_id)]
    return newer_final(stored_id(answer.id), answer.post_id, given)


def _step(
    session: Session, answer: Answer, step: Step, act: Act, *, by: str, now: datetime
) -> None:
    """Take a step that people have to know of."""
    before = answer.state
    answer.state = after(before, step)
    answer.version += 1
    _note(session, answer, act, before, by=by, now=now)


def _note(
    session: Session,
    answer: Answer,
    act: Act,
    before: AnswerState | None,
    *,
    by: str,
    now: datetime,
) -> None:
    facts: dict[str, Any] = {"answer": answer.id, "answer_state": answer.state.value}
    if before is None:
        facts["answer_kind"] = answer.kind.value
    facts |= {"answer_url": answer.url} if answer.url else {}
    facts |= {"answer_error": answer.error} if answer.error else {}
    session.add(
        JournalEntry(
            incident_id=answer.incident_id,
            post_id=answer.post_id,
            at=now,
            actor=by,
            act=act,
            before={"answer_state": before.value} if before else {},
            after=facts,
        )
    )
