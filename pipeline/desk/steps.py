"""What happens to an incident: steps that the machine or an author takes, and what people share.

Nothing here asks for permission: people's acts are checked in ``pipeline.desk.cases`` first.
Every function takes an incident whose row is locked.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import (
    MACHINE,
    Act,
    AnswerKind,
    Clock,
    ClosingReason,
    Occasion,
    Stage,
    Term,
)
from pipeline.decisions import clocks
from pipeline.decisions.permissions import Actor
from pipeline.desk import journal
from pipeline.desk.notices import announce
from pipeline.desk.terms import (
    cancel,
    cycle_of,
    enter,
    schedule,
    set_deadline,
    start_term,
    stretches,
)
from pipeline.rules import Rules
from pipeline.store.incidents import pauses_of


def state(incident: Incident) -> dict[str, Any]:
    """Return what the journal keeps of where an incident stands."""
    return {
        "stage": incident.stage.value,
        "body": incident.body,
        "round": incident.round,
        "due_at": incident.due_at.isoformat(),
        "paused": incident.paused_at is not None,
    }


def changed(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs between two states, before and after."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}


def note(
    session: Session,
    incident: Incident,
    act: Act,
    before: Mapping[str, Any],
    *,
    at: datetime,
    by: Actor | None = None,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write an act into the journal with what it changed; ``before`` is ``state`` before it."""
    was, became = changed(before, {**state(incident), **(facts or {})})
    journal.write(
        session,
        act,
        at=at,
        incident_id=stored_id(incident.id),
        actor=MACHINE if by is None else by.login,
        reason=reason,
        before={key: value for key, value in was.items() if value is not None},
        after=became,
    )


def tell(
    session: Session, incident: Incident, occasion: Occasion, *, at: datetime, **facts: Any
) -> None:
    """Announce what happened to an incident; its version makes the occasion unique."""
    suffix = ":helpers" if "helpers" in facts else ""
    announce(
        session,
        key=f"incident:{incident.id}:{incident.version}:{occasion.value}{suffix}",
        occasion=occasion,
        at=at,
        incident_id=incident.id,
        body=incident.body,
        facts=facts,
    )


def take_over(incident: Incident, now: datetime) -> None:
    """Note that a body has the incident from now on; the first time stays for ever."""
    incident.assigned_at = now
    incident.first_assigned_at = incident.first_assigned_at or now


def answered(
    session: Session, incident: Incident, answer: Answer, *, now: datetime, rules: Rules
) -> None:
    """Let an incident follow its published answer.

    An interim one starts the longer term of the final answer; a final one asks the author.
    """
    incident.published_due_at = incident.published_due_at or incident.due_at
    incident.published_at = incident.published_at or now
    if incident.stage is Stage.CLOSED:
        return
    if answer.kind is AnswerKind.INTERIM:
        if incident.stage is Stage.SATISFACTION:
            return
        enter(session, incident, Stage.WORK, now=now, rules=rules)
        if incident.term is Term.ANSWER:
            start_term(session, incident, Term.FINAL, since=now, now=now, rules=rules)
        return
    incident.final_at, incident.final_due_at = now, incident.due_at
    incident.outcome = answer.outcome or incident.outcome
    enter(session, incident, Stage.SATISFACTION, now=now, rules=rules)


def close(
    session: Session,
    incident: Incident,
    why: ClosingReason,
    *,
    now: datetime,
    rules: Rules,
    by: Actor | None = None,
    reason: str = "",
) -> None:
    """Close an incident: nothing is owed any more."""
    before = state(incident)
    enter(session, incident, Stage.CLOSED, now=now, rules=rules)
    incident.closed_at, incident.closing_reason = now, why
    note(
        session,
        incident,
        Act.CLOSED,
        before,
        at=now,
        by=by,
        reason=reason,
        facts={"closing_reason": why.value},
    )


def close_silent(session: Session, incident: Incident, *, now: datetime, rules: Rules) -> None:
    """Close an incident whose author said nothing to the final answer."""
    close(session, incident, ClosingReason.NO_REPLY, now=now, rules=rules)


def reopen(
    session: Session,
    incident: Incident,
    *,
    now: datetime,
    rules: Rules,
    by: Actor | None = None,
    reason: str,
    since: datetime | None = None,
) -> None:
    """Open an answered or closed incident again.

    Where the author had a final answer, the next round begins with a term of its own, from
    ``since`` (when the author spoke; by default now). Where none was given, the incident was
    closed too early, and its deadline stays what it was.
    """
    before = state(incident)
    answered_before = incident.final_at is not None
    stage = Stage.REVIEW if incident.first_assigned_at is None else Stage.ASSIGNED
    incident.outcome, incident.final_at, incident.final_due_at = None, None, None
    enter(session, incident, stage, now=now, rules=rules)
    if answered_before:
        incident.round += 1
        start_term(session, incident, Term.ANSWER, since=since or now, now=now, rules=rules)
    note(session, incident, Act.REOPENED, before, at=now, by=by, reason=reason)
    tell(session, incident, Occasion.REOPENED, at=now)


def resume(
    session: Session, incident: Incident, *, by: Actor | None, now: datetime, rules: Rules
) -> None:
    """Let a stopped legal clock run on; what working time it stood is added to the deadline."""
    if incident.paused_at is None:
        return
    before = state(incident)
    pauses = pauses_of(session, stored_id(incident.id), cycle_of(incident))
    for pause in pauses:
        if pause.ended_at is None:
            pause.ended_at = now
            pause.ended_by = MACHINE if by is None else by.login
    incident.paused_at = None
    incident.version += 1
    cancel(session, [stored_id(incident.id)], Clock.PAUSE)
    norm = rules.region.norm_for(incident.network, incident.urgency, incident.term)
    deadline = clocks.due(norm, incident.clock_from, rules.calendar, stretches(pauses, now))
    set_deadline(session, incident, deadline, now=now, rules=rules)
    schedule(session, incident, now=now, rules=rules)
    note(session, incident, Act.RESUMED, before, at=now, by=by)
