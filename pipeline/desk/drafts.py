"""Drafts of answers: written, put before the head, agreed to or given back.

An incident has at most one draft at a time. Its words are looked through when it is submitted,
as those of an answer that is sent at once are.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from models.answer import Answer
from models.columns import stored_id
from models.vocabulary import Act, AnswerKind, AnswerState, Occasion, Stage
from pipeline.decisions import lifecycle
from pipeline.decisions.answering import (
    LIMITS,
    LONGEST_TEXT,
    Draft,
    Reason,
    Refused,
    second,
    unfit,
)
from pipeline.decisions.lifecycle import Wish, after
from pipeline.decisions.permissions import Actor
from pipeline.decisions.publishing import Step
from pipeline.desk import surveys
from pipeline.desk.answers import (
    DELETED,
    OVERTAKEN,
    Aim,
    aim,
    new_answer,
    note_answer,
    official_contacts,
    said_by_life_cycle,
    step,
)
from pipeline.desk.cases import Case, open_case
from pipeline.desk.outbox import locked
from pipeline.desk.steps import changed, state, tell
from pipeline.desk.terms import enter
from pipeline.rules import Rules
from pipeline.store.answers import find_answer

NO_DRAFT = Refused(Reason.STEP, "У инцидента нет подготовленного ответа. Сначала напишите его.")


def save_draft(
    session: Session,
    incident_id: int,
    draft: Draft,
    *,
    actor: Actor,
    version: int | None = None,
    rules: Rules,
    now: datetime,
) -> Answer | Refused:
    """Store a draft in place of the present one, if there is any; ``draft.text`` is tidy.

    ``version`` is the draft's that the actor has seen, None for who has seen none.
    """
    wish = Wish(Act.DRAFTED)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, lifecycle.Refused):
        return said_by_life_cycle(case)
    found = _unstorable(draft) or aim(session, incident_id, draft)
    if isinstance(found, Refused):
        return found
    answer = _draft_of(session, incident_id)
    if answer is None:
        answer = new_answer(incident_id, draft, found.target, by=actor.login, now=now)
        answer.state = AnswerState.DRAFT
        session.add(answer)
        session.flush()
        note_answer(session, answer, Act.DRAFTED, None, by=actor.login, now=now)
        return answer
    if version is not None and version != answer.version:
        return OVERTAKEN
    answer.text, answer.post_id = draft.text, found.target.id
    answer.kind = draft.kind or answer.kind
    answer.outcome = draft.outcome if draft.kind is AnswerKind.FINAL else None
    answer.author = actor.login
    answer.version += 1
    note_answer(session, answer, Act.DRAFTED, AnswerState.DRAFT, by=actor.login, now=now)
    return answer


def _unstorable(draft: Draft) -> Refused | None:
    if draft.kind is None:
        return Refused(
            Reason.KIND, "Выберите вид ответа: промежуточный (будет ещё один) или окончательный."
        )
    if len(draft.text) > LONGEST_TEXT:
        return Refused(
            Reason.TOO_LONG,
            f"Ответ длиннее, чем можно: {len(draft.text)} знаков из {LONGEST_TEXT}. Сократите его.",
        )
    return None


def submit(
    session: Session,
    incident_id: int,
    *,
    actor: Actor,
    version: int | None = None,
    rules: Rules,
    now: datetime,
) -> Answer | Refused:
    """Put an incident's draft before the head; ``version`` is the draft's that was seen."""
    wish = Wish(Act.SUBMITTED)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, lifecycle.Refused):
        return said_by_life_cycle(case)
    answer = _draft_of(session, incident_id)
    if answer is None:
        return NO_DRAFT
    if version is not None and version != answer.version:
        return OVERTAKEN
    refused = _unfit(case, answer)
    if refused is not None:
        return refused
    answer.remark = ""
    _move(case, answer, Step.SUBMIT, wish)
    tell(session, case.incident, Occasion.TO_APPROVE, at=now)
    return answer


def approve(
    session: Session, answer_id: int, *, actor: Actor, version: int, rules: Rules, now: datetime
) -> Answer | Refused:
    """Let an answer out: it is published from here on without another word."""
    wish = Wish(Act.APPROVED)
    case = _decide(session, answer_id, wish, version, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    answer = session.get_one(Answer, answer_id)
    # The world may have moved on since it was submitted.
    refused = _unfit(case, answer)
    if refused is not None:
        return refused
    answer.approved_by, answer.due_at = actor.login, now
    surveys.offer(session, answer, case.incident, rules=rules, now=now)
    _move(case, answer, Step.APPROVE, wish)
    return answer


def reject(
    session: Session,
    answer_id: int,
    reason: str,
    *,
    actor: Actor,
    version: int,
    rules: Rules,
    now: datetime,
) -> Answer | Refused:
    """Give a draft back with a reason; the deadline runs on."""
    wish = Wish(Act.REJECTED, reason)
    case = _decide(session, answer_id, wish, version, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    answer = session.get_one(Answer, answer_id)
    answer.remark = reason.strip()
    _move(case, answer, Step.REJECT, wish)
    tell(session, case.incident, Occasion.REJECTED, at=now)
    return answer


def _decide(
    session: Session,
    answer_id: int,
    wish: Wish,
    version: int,
    *,
    actor: Actor,
    rules: Rules,
    now: datetime,
) -> Case | Refused:
    known = find_answer(session, answer_id)
    if known is None:
        return Refused(Reason.STALE, f"Ответа № {answer_id} нет.")
    case = open_case(session, known.incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, lifecycle.Refused):
        return said_by_life_cycle(case)
    taken = Step.APPROVE if wish.act is Act.APPROVED else Step.REJECT
    found = locked(session, answer_id, version, taken, actor=actor, act=wish.act)
    return found if isinstance(found, Refused) else case


def _unfit(case: Case, answer: Answer) -> Refused | None:
    draft = Draft(answer.text, answer.kind, post_id=answer.post_id, further=True)
    found = aim(case.session, stored_id(case.incident.id), draft)
    if isinstance(found, Refused):
        return found
    if found.target.deleted:
        return DELETED
    limit = LIMITS.get(found.target.network, LONGEST_TEXT)
    known = official_contacts(case.region)
    return (
        unfit(draft, found.target, limit, known)
        or surveys.room(draft.text, draft.kind, limit, case.rules)
        or _second(draft, found, answer)
    )


def _second(draft: Draft, found: Aim, answer: Answer) -> Refused | None:
    others = [one for one in found.given if one.id != answer.id]
    return second(draft, found.target.id, others)


def _draft_of(session: Session, incident_id: int) -> Answer | None:
    query = (
        select(Answer)
        .where(Answer.incident_id == incident_id, Answer.state == AnswerState.DRAFT)
        .order_by(col(Answer.id).desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(query).one_or_none()


def _move(case: Case, answer: Answer, taken: Step, wish: Wish) -> None:
    """Take a step with an answer and let the incident follow."""
    was = state(case.incident)
    stage: Stage = after(case.standing, wish.act)
    enter(case.session, case.incident, stage, now=case.now, rules=case.rules)
    step(
        case.session,
        answer,
        taken,
        wish.act,
        now=case.now,
        by=case.actor.login,
        reason=wish.reason,
        moved=changed(was, state(case.incident)),
    )
