"""Answers to citizens: put on their way, or taken down as published by hand.

Every change checks the version that its author saw, keeps to the steps of
``pipeline.decisions.publishing`` and to the life cycle of the incident, and writes the journal in
the same transaction. An attempt as such is no entry: the row counts them. The incident's row is
always locked before the answer's.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.source import Source
from models.vocabulary import MACHINE, Act, AnswerKind, AnswerState, Role
from pipeline.decisions import lifecycle
from pipeline.decisions.answering import (
    LIMITS,
    LONGEST_TEXT,
    Draft,
    Earlier,
    Reason,
    Refused,
    Target,
    choose,
    refusal,
    refusal_by_hand,
    said_already,
)
from pipeline.decisions.lifecycle import No, Wish
from pipeline.decisions.permissions import Actor
from pipeline.decisions.personal import Official, official
from pipeline.decisions.publishing import (
    Step,
    after,
)
from pipeline.decisions.satisfaction import without_link
from pipeline.desk import journal, surveys
from pipeline.desk.cases import Case, open_case
from pipeline.desk.steps import answered, changed, state
from pipeline.desk.terms import enter
from pipeline.region.schema import Region
from pipeline.rules import Rules
from pipeline.store.answers import of_incident
from pipeline.store.posts import posts_of

Moved = tuple[dict[str, Any], dict[str, Any]]
"""What an act changed of an incident: before, after."""

STALE = Refused(
    Reason.STALE,
    "Пока вы писали, инцидент или его текст изменился, поэтому ответ не записан. Прочитайте то, "
    "что есть сейчас, и отправьте ещё раз: ваш текст сохранён в поле.",
)
OVERTAKEN = Refused(
    Reason.STALE,
    "Пока вы смотрели карточку, с этим ответом что-то произошло. Ниже — то, что есть сейчас.",
)
APPROVAL = Refused(
    Reason.APPROVAL,
    "В этом районе ответ сначала согласует руководитель. Отправьте его на согласование.",
)
DELETED = Refused(Reason.DELETED, "Автор удалил сообщение: ответить под ним нельзя.")


def queue_answer(
    session: Session,
    incident_id: int,
    draft: Draft,
    *,
    actor: Actor,
    version: int | None,
    rules: Rules,
    now: datetime,
) -> Answer | Refused:
    """Put an answer on its way; ``draft.text`` is tidy.

    ``version`` is the incident's that the actor has seen, None for who has seen none. A button
    that was pressed twice gets the same answer twice.
    """
    wish = Wish(Act.ANSWER_QUEUED)
    opened = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(opened, lifecycle.Refused) and opened.no in {No.NOT_FOUND, No.FORBIDDEN}:
        return said_by_life_cycle(opened)
    found = aim(session, incident_id, draft)
    if isinstance(found, Refused):
        return found
    said = said_already(draft, found.target.id, found.given, by=actor.login, now=now)
    if said is not None:
        return session.get_one(Answer, said)
    refused = _unqueueable(found, draft, opened, version, rules)
    if refused is not None:
        return refused
    if isinstance(opened, lifecycle.Refused):
        raise AssertionError("what the life cycle refuses is not sent")  # noqa: TRY004 - a bug
    return _add(opened, draft, found.target, Act.ANSWER_QUEUED)


def _unqueueable(
    found: "Aim",
    draft: Draft,
    opened: Case | lifecycle.Refused,
    version: int | None,
    rules: Rules,
) -> Refused | None:
    """Return why an answer cannot be sent: its words, the stage, what was seen, the head."""
    stage, known = found.incident.stage, official_contacts(rules.region)
    limit = LIMITS.get(found.target.network, LONGEST_TEXT)
    refused = refusal(draft, found.target, found.given, stage=stage, known=known)
    refused = refused or surveys.room(draft.text, draft.kind, limit, rules)
    if refused is not None:
        return refused
    if isinstance(opened, lifecycle.Refused):
        return said_by_life_cycle(opened)
    if version is not None and version != found.incident.version:
        return STALE
    needs_head = rules.region.process.approval and opened.actor.role is Role.OPERATOR
    return APPROVAL if needs_head else None


def record_by_hand(
    session: Session,
    incident_id: int,
    draft: Draft,
    link: str,
    *,
    actor: Actor,
    rules: Rules,
    now: datetime,
) -> Answer | Refused:
    """Take down an answer that the actor has published themselves; ``link`` leads to it."""
    wish = Wish(Act.ANSWER_BY_HAND)
    opened = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(opened, lifecycle.Refused):
        return said_by_life_cycle(opened)
    found = aim(session, incident_id, draft)
    if isinstance(found, Refused):
        return found
    said = said_already(draft, found.target.id, found.given, by=actor.login, now=now)
    if said is not None:
        return session.get_one(Answer, said)
    known = official_contacts(rules.region)
    refused = refusal_by_hand(draft, found.target, link, found.given, known=known)
    return refused or _add(opened, draft, found.target, Act.ANSWER_BY_HAND, link=link)


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
        text=without_link(answer.text),
        author=answer.author,
        created_at=answer.created_at,
    )


@dataclass(frozen=True, slots=True)
class Aim:
    """An incident, locked, the post to answer, and the answers that were given."""

    incident: Incident
    target: Target
    given: list[Earlier]


def aim(session: Session, incident_id: int, draft: Draft) -> Aim | Refused:
    """Return what an answer is about; two people must not both give the final one."""
    incident = session.get_one(Incident, incident_id, with_for_update=True)
    target = choose(targets(session, incident_id), draft.post_id)
    if isinstance(target, Refused):
        return target
    return Aim(incident, target, [earlier(one) for one in of_incident(session, incident_id)])


def official_contacts(region: Region) -> Official:
    """Return the contacts that an answer may name."""
    return official(body.contacts for body in region.bodies)


def said_by_life_cycle(refused: lifecycle.Refused) -> Refused:
    """Return a refusal of the life cycle as one of an answer."""
    return Refused(REASONS.get(refused.no, Reason.STEP), refused.message)


REASONS = {
    No.NOT_FOUND: Reason.FORBIDDEN,
    No.FORBIDDEN: Reason.FORBIDDEN,
    No.STALE: Reason.STALE,
    No.STAGE: Reason.STAGE,
}


def new_answer(incident_id: int, draft: Draft, target: Target, *, by: str, now: datetime) -> Answer:
    """Return an answer as a draft holds it, with a new idempotency key."""
    if draft.kind is None:
        raise AssertionError("an answer without a kind is refused before")
    return Answer(
        incident_id=incident_id,
        post_id=target.id,
        kind=draft.kind,
        outcome=draft.outcome if draft.kind is AnswerKind.FINAL else None,
        text=draft.text,
        key=uuid.uuid4().hex,
        author=by,
        created_at=now,
        due_at=now,
    )


def _add(case: Case, draft: Draft, target: Target, act: Act, *, link: str | None = None) -> Answer:
    session, incident, now = case.session, case.incident, case.now
    by = case.actor.login
    answer = new_answer(stored_id(incident.id), draft, target, by=by, now=now)
    if link is not None:
        answer.state, answer.url, answer.published_at = AnswerState.BY_HAND, link, now
    session.add(answer)
    session.flush()
    surveys.offer(session, answer, incident, rules=case.rules, now=now)
    was = state(incident)
    stage = lifecycle.after(case.standing, act)
    if link is not None:
        _withdraw_waiting(session, answer, by=by, now=now)
        answered(session, incident, answer, now=now, rules=case.rules)
    elif stage is not incident.stage:
        enter(session, incident, stage, now=now, rules=case.rules)
    moved = changed(was, state(incident))
    note_answer(session, answer, act, None, by=by, now=now, moved=moved)
    return answer


def _withdraw_waiting(session: Session, given: Answer, *, by: str, now: datetime) -> None:
    """Take off what is before the head: the author has another answer already."""
    for one in of_incident(session, given.incident_id):
        if one.state is AnswerState.APPROVAL:
            step(session, one, Step.WITHDRAW, Act.ANSWER_WITHDRAWN, now=now, by=by)


def step(
    session: Session,
    answer: Answer,
    taken: Step,
    act: Act,
    *,
    now: datetime,
    by: str = MACHINE,
    reason: str = "",
    moved: Moved = ({}, {}),
) -> None:
    """Take a step that people have to know of; ``moved`` is what it changed of the incident."""
    before = answer.state
    answer.state = after(before, taken)
    answer.version += 1
    note_answer(session, answer, act, before, by=by, now=now, reason=reason, moved=moved)


def note_answer(
    session: Session,
    answer: Answer,
    act: Act,
    before: AnswerState | None,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    moved: Moved = ({}, {}),
) -> None:
    """Write into the journal what happened to an answer, and so to its incident."""
    facts: dict[str, Any] = {"answer": answer.id, "answer_state": answer.state.value}
    if before is None:
        facts["answer_kind"] = answer.kind.value
    if answer.outcome is not None:
        facts["outcome"] = answer.outcome.value
    facts |= {"answer_url": answer.url} if answer.url else {}
    facts |= {"answer_error": answer.error} if answer.error else {}
    journal.write(
        session,
        act,
        at=now,
        incident_id=answer.incident_id,
        post_id=answer.post_id,
        actor=by,
        reason=reason,
        before=({"answer_state": before.value} if before else {}) | moved[0],
        after=facts | moved[1],
    )
