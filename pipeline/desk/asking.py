"""Asking the author where it is: an interim answer, and the incident waits for theirs."""

from datetime import datetime

from sqlmodel import Session

from models.answer import Answer
from models.incident import Incident
from models.vocabulary import Act, AnswerKind, AnswerState, Certainty, Role
from pipeline.decisions import answering, snoozing
from pipeline.decisions.answering import DOUBLE_CLICK, Draft, Reason, tidy
from pipeline.decisions.lifecycle import Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import drafts
from pipeline.desk.answers import queue_answer
from pipeline.desk.cases import open_case
from pipeline.desk.snooze import snooze
from pipeline.rules import Rules
from pipeline.store.answers import of_incident

UNTIL = "tomorrow"
"""The choice of ``snoozing`` until which an author has time to answer before a person looks."""

PREPARED = answering.Refused(
    Reason.STEP,
    "У инцидента уже есть подготовленный ответ, и вопрос занял бы его место. Откройте карточку.",
)


def needs_head(actor: Actor, rules: Rules) -> bool:
    """Tell whether a head has to agree to what this person would answer."""
    return rules.region.process.approval and actor.role is Role.OPERATOR


def ask_place(
    session: Session,
    incident_id: int,
    text: str,
    *,
    actor: Actor,
    version: int,
    rules: Rules,
    now: datetime,
) -> Incident | Refused | answering.Refused:
    """Ask an incident's author for the address, and put the incident off; return it.

    Where a head has to agree to answers, the question goes to them as a draft. A button that was
    pressed twice asks once.
    """
    question = Draft(tidy(text), AnswerKind.INTERIM)
    given = of_incident(session, incident_id)
    asked = [one for one in given if (one.author, one.text) == (actor.login, question.text)]
    if any(now - one.created_at <= DOUBLE_CLICK for one in asked):
        return session.get_one(Incident, incident_id)
    said: Answer | Refused | answering.Refused
    if needs_head(actor, rules):
        if any(one.state is AnswerState.DRAFT for one in given):
            return PREPARED
        said = _submit(
            session, incident_id, question, actor=actor, version=version, rules=rules, now=now
        )
    else:
        said = queue_answer(
            session, incident_id, question, actor=actor, version=version, rules=rules, now=now
        )
    if not isinstance(said, Answer):
        return said
    incident = session.get_one(Incident, incident_id)
    if incident.certainty is Certainty.AUTO:
        # With the answer on its way it leaves the review, and nobody has judged it yet.
        incident.certainty = Certainty.REVIEW
    until = snoozing.moment_of(UNTIL, now, rules.calendar)
    return snooze(session, incident_id, until, actor=actor, version=None, rules=rules, now=now)


def _submit(
    session: Session,
    incident_id: int,
    question: Draft,
    *,
    actor: Actor,
    version: int,
    rules: Rules,
    now: datetime,
) -> Answer | Refused | answering.Refused:
    seen = Wish(Act.DRAFTED, version=version)
    case = open_case(session, incident_id, seen, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    said = drafts.save_draft(session, incident_id, question, actor=actor, rules=rules, now=now)
    if isinstance(said, answering.Refused):
        return said
    return drafts.submit(session, incident_id, actor=actor, rules=rules, now=now)
