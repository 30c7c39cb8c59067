"""Answers to citizens for programs: written, put before the head, let out, taken off."""

from typing import Any

from fastapi import APIRouter
from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from pipeline.api import wishes
from pipeline.api.keys import Caller, Writer, nothing_here
from pipeline.api.problems import refusals
from pipeline.api.refusing import afterwards, refuse, seen
from pipeline.api.schemas import AnswerDone
from pipeline.api.shapes import AnswerNumber, Number
from pipeline.database import unit_of_work
from pipeline.decisions.answering import Draft, Refused, tidy
from pipeline.desk import answers as desk
from pipeline.desk import drafts, outbox
from pipeline.store.answers import find_answer

router = APIRouter(tags=["answers"])


@router.post(
    "/incidents/{number}/answers",
    operation_id="writeAnswer",
    summary="Write an answer to the citizen",
    status_code=201,
    responses=refusals(404, 409),
)
def write_answer(who: Writer, number: Number, wanted: wishes.NewAnswer) -> AnswerDone:
    """Store a draft, put one before the head, send an answer, or take one down.

    The same rules hold as in the console: personal data, length, a second final answer. The same
    words sent twice within a minute are one answer.
    """
    with unit_of_work(who.console.engine) as session:
        incident = seen(session, who, number)
        said = _stale(session, incident, wanted) or _write(session, incident, wanted, who)
        if isinstance(said, Refused):
            refuse(session, incident, said, who)
        written = stored_id(said.id)
    return _done(who, number, written)


@router.post(
    "/incidents/{number}/answers/{answer}",
    operation_id="decideAnswer",
    summary="Submit, approve, reject, withdraw, repeat an answer, or mark it published by hand",
    responses=refusals(404, 409),
)
def decide_answer(
    who: Writer, number: Number, answer: AnswerNumber, wish: wishes.AnswerWish
) -> AnswerDone:
    """Take a step with an answer; `version` is the answer's as it was read."""
    with unit_of_work(who.console.engine) as session:
        incident = seen(session, who, number)
        known = find_answer(session, answer)
        if known is None or known.incident_id != number:
            raise nothing_here()
        refused = _decide(session, known, wish, who)
        if isinstance(refused, Refused):
            refuse(session, incident, refused, who)
    return _done(who, number, answer)


def _stale(session: Session, incident: Incident, wanted: wishes.NewAnswer) -> Refused | None:
    """Refuse what was written for another state of the incident.

    Sending looks at the version itself, after it has looked for a button that was pressed twice.
    """
    if wanted.how == "send":
        return None
    session.refresh(incident, with_for_update=True)
    return desk.STALE if incident.version != wanted.version else None


def _write(
    session: Session, incident: Incident, wanted: wishes.NewAnswer, who: Caller
) -> Answer | Refused:
    number, office = stored_id(incident.id), _office(who)
    draft = Draft(
        tidy(wanted.text),
        wanted.kind,
        post_id=wanted.post,
        further=wanted.further,
        outcome=wanted.outcome,
    )
    if wanted.how == "send":
        return desk.queue_answer(session, number, draft, version=wanted.version, **office)
    if wanted.how == "by_hand":
        return desk.record_by_hand(session, number, draft, wanted.link.strip(), **office)
    said = drafts.save_draft(session, number, draft, version=wanted.draft_version, **office)
    if wanted.how == "draft" or isinstance(said, Refused):
        return said
    return drafts.submit(session, number, **office)


def _decide(session: Session, known: Answer, wish: Any, who: Caller) -> Answer | Refused | None:
    number, version, office = stored_id(known.id), wish.version, _office(who)
    match wish:
        case wishes.Submit():
            return drafts.submit(session, known.incident_id, version=version, **office)
        case wishes.Approve():
            return drafts.approve(session, number, version=version, **office)
        case wishes.Reject():
            return drafts.reject(session, number, wish.reason.strip(), version=version, **office)
        case wishes.Withdraw():
            return outbox.withdraw(session, number, version=version, **office)
        case wishes.Repeat():
            now = who.console.clock()
            return outbox.repeat(session, number, actor=who.actor, version=version, now=now)
        case _:
            link = wish.link.strip()
            return outbox.mark_by_hand(session, number, link, version=version, **office)


def _office(who: Caller) -> dict[str, Any]:
    return {"actor": who.actor, "rules": who.console.rules, "now": who.console.clock()}


def _done(who: Caller, number: int, answer: int) -> AnswerDone:
    incident = afterwards(who, number)
    written = next(one for one in incident.answers if one.id == answer)
    return AnswerDone(answer=written, incident=incident)
