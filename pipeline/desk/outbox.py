"""Answers on their way out: claimed and sent by workers, decided by people when they get stuck.

Every change keeps to the steps of ``pipeline.decisions.publishing``, and the incident follows it in
the same transaction. An attempt as such is no entry of the journal: the row counts them. The
incident's row is always locked before the answer's.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from connectors.publishing import Published, Reply
from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.source import Source
from models.vocabulary import Act, AnswerState, Occasion, Stage
from pipeline.decisions.answering import Reason, Refused, newer_final, unfit_link
from pipeline.decisions.permissions import Actor, may, sees
from pipeline.decisions.publishing import (
    Attempt,
    IllegalStepError,
    Settled,
    Step,
    after,
    open_to,
)
from pipeline.desk.answers import DELETED, OVERTAKEN, earlier, step
from pipeline.desk.steps import answered, changed, state, tell
from pipeline.desk.terms import enter
from pipeline.rules import Rules
from pipeline.store.answers import find_answer, of_incident
from pipeline.store.incidents import helpers_of

CLOSED = Refused(Reason.CLOSED, "Инцидент закрыт: ответ на него уже не отправляется.")

FORBIDDEN = Refused(Reason.FORBIDDEN, "Ваша роль не позволяет отвечать на этот инцидент.")
UNDECIDED = (
    AnswerState.APPROVAL,
    AnswerState.QUEUED,
    AnswerState.SENDING,
    AnswerState.REFUSED,
)
"""States in which it is not decided yet whether the author gets an answer."""


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
    session: Session, answer_id: int, published: Published, *, rules: Rules, now: datetime
) -> bool:
    """Store that the answer stands in the network; False if that is stored already.

    A fact, whoever learned of it: the version does not matter as long as the answer is sent.
    """
    found = lock(session, answer_id)
    if found is None or not open_to(found.answer.state, Step.PUBLISHED):
        return False
    answer = found.answer
    answer.external_id = published.external_id[:200]
    answer.url = published.url if len(published.url) <= 2000 else ""
    answer.error = ""
    answer.published_at = now
    was = state(found.incident)
    answered(session, found.incident, answer, now=now, rules=rules)
    moved = changed(was, state(found.incident))
    step(session, answer, Step.PUBLISHED, Act.ANSWER_PUBLISHED, now=now, moved=moved)
    return True


def settle(session: Session, claimed: Claimed, settled: Settled, *, now: datetime) -> bool:
    """Store what an attempt came to that did not publish; False if another one took over.

    An answer that cannot be sent goes back to the operator; any other waits.
    """
    found = lock(session, claimed.answer_id)
    if found is None or found.answer.version != claimed.version:
        return False
    answer = found.answer
    answer.due_at = settled.due_at
    answer.sent_at = settled.sent_at
    answer.attempts = settled.attempts
    answer.error = settled.error[:1000]
    if settled.state is AnswerState.REFUSED:
        step(session, answer, Step.REFUSED, Act.ANSWER_REFUSED, now=now)
        found.incident.version += 1
        tell(session, found.incident, Occasion.ANSWER_REFUSED, at=now)
        return True
    if settled.state is AnswerState.QUEUED:
        answer.state = after(answer.state, Step.PUT_BACK)
    answer.version += 1
    return True


def mark_by_hand(
    session: Session,
    answer_id: int,
    link: str,
    *,
    actor: Actor,
    version: int,
    rules: Rules,
    now: datetime,
) -> Refused | None:
    """Store that the actor has published an answer themselves, and where."""
    found = locked(session, answer_id, version, Step.BY_HAND, actor=actor, act=Act.ANSWER_BY_HAND)
    if isinstance(found, Refused):
        return found
    answer = found.answer
    post = session.get_one(Post, answer.post_id)
    refused = unfit_link(link, session.get_one(Source, post.source_id).network)
    if refused is not None:
        return refused
    answer.url = link
    answer.error = ""
    answer.published_at = now
    was = state(found.incident)
    answered(session, found.incident, answer, now=now, rules=rules)
    moved = changed(was, state(found.incident))
    by = actor.login
    step(session, answer, Step.BY_HAND, Act.ANSWER_BY_HAND, now=now, by=by, moved=moved)
    return None


def withdraw(
    session: Session, answer_id: int, *, actor: Actor, version: int, rules: Rules, now: datetime
) -> Refused | None:
    """Take an answer off: it is not sent any more, and the body goes on working."""
    found = locked(
        session, answer_id, version, Step.WITHDRAW, actor=actor, act=Act.ANSWER_WITHDRAWN
    )
    if isinstance(found, Refused):
        return found
    answer, incident = found.answer, found.incident
    was = state(incident)
    others = of_incident(session, stored_id(incident.id))
    idle = not any(one.state in UNDECIDED for one in others if one.id != answer.id)
    if idle and incident.stage in {Stage.PUBLISHING, Stage.APPROVAL}:
        enter(session, incident, Stage.WORK, now=now, rules=rules)
    moved, by = changed(was, state(incident)), actor.login
    step(session, answer, Step.WITHDRAW, Act.ANSWER_WITHDRAWN, now=now, by=by, moved=moved)
    return None


def repeat(
    session: Session, answer_id: int, *, actor: Actor, version: int, now: datetime
) -> Refused | None:
    """Send a refused answer again, with its old key; what may stand there is looked for first."""
    found = locked(session, answer_id, version, Step.REPEAT, actor=actor, act=Act.ANSWER_QUEUED)
    if isinstance(found, Refused):
        return found
    refused = _unrepeatable(session, found)
    if refused is not None:
        return refused
    answer = found.answer
    answer.due_at = now
    answer.attempts = 0
    answer.error = ""
    step(session, answer, Step.REPEAT, Act.ANSWER_QUEUED, now=now, by=actor.login)
    return None


@dataclass(frozen=True, slots=True)
class Locked:
    """An answer and its incident, both locked."""

    incident: Incident
    answer: Answer


def lock(session: Session, answer_id: int) -> Locked | None:
    """Lock an incident and then its answer, as everybody does; None if there is none."""
    known = find_answer(session, answer_id)
    if known is None:
        return None
    query = select(Incident).where(col(Incident.id) == known.incident_id).with_for_update()
    incident = session.exec(query.execution_options(populate_existing=True)).one()
    answer = find_answer(session, answer_id, lock=True)
    return None if answer is None else Locked(incident, answer)


def locked(
    session: Session, answer_id: int, version: int, wanted: Step, *, actor: Actor, act: Act
) -> Locked | Refused:
    """Return an answer that this person may change, or why they may not."""
    found = lock(session, answer_id)
    if found is None:
        return Refused(Reason.STALE, f"Ответа № {answer_id} нет.")
    helpers = helpers_of(session, found.answer.incident_id)
    if not sees(actor, found.incident.body, helpers) or not may(actor, act):
        return FORBIDDEN
    try:
        after(found.answer.state, wanted)
    except IllegalStepError as error:
        return Refused(Reason.STEP, str(error))
    return OVERTAKEN if found.answer.version != version else found


def _unrepeatable(session: Session, found: Locked) -> Refused | None:
    answer = found.answer
    if found.incident.stage is Stage.CLOSED:
        return CLOSED
    if session.get_one(Post, answer.post_id).deleted_at is not None:
        return DELETED
    given = [earlier(one) for one in of_incident(session, answer.incident_id)]
    return newer_final(stored_id(answer.id), answer.post_id, given)
