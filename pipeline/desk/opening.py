"""Opening incidents: the row, its timers and the first line of its journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.incident import CoExecutor, Incident
from models.timer import Timer
from models.values import FetchedPost
from models.vocabulary import Act, ClosingReason, Occasion, Stage, Term, Urgency
from pipeline.decisions import clocks
from pipeline.decisions.folding import clean
from pipeline.desk import journal
from pipeline.desk.bulk import Row, insert, insert_with_ids
from pipeline.desk.notices import Announcement, announce_all
from pipeline.desk.terms import opening_timers
from pipeline.judge import Duty, Judged
from pipeline.rules import Rules


@dataclass(frozen=True, slots=True)
class Opening:
    """A post that needs an incident, and what was decided about it.

    ``repeat_of`` is a closed incident about the same problem.
    """

    fetched: FetchedPost
    judged: Judged
    duty: Duty
    repeat_of: int | None = None


def open_incidents(
    session: Session, openings: Sequence[Opening], *, now: datetime, rules: Rules
) -> list[int]:
    """Store an incident with its timers for each opening; return their ids in order.

    The journal is opened by ``journal_openings``, when the posts have their ids too.
    """
    incidents = [_incident(opening, now, rules) for opening in openings]
    ids = insert_with_ids(session, Incident, incidents)
    still_open = [
        (id_, opening, incident)
        for id_, opening, incident in zip(ids, openings, incidents, strict=True)
        if incident["stage"] is not Stage.CLOSED
    ]
    timers = [row for id_, _, one in still_open for row in opening_timers(id_, one, rules)]
    insert(session, Timer, timers)
    helpers = [
        {"incident_id": id_, "body": body}
        for id_, opening, _ in still_open
        for body in opening.duty.assignment.helpers
    ]
    insert(session, CoExecutor, helpers)
    urgent = [
        Announcement(
            key=f"incident:{id_}:opened",
            occasion=Occasion.URGENT,
            at=now,
            incident_id=id_,
            body=incident["body"],
        )
        for id_, _, incident in still_open
        if incident["urgency"] is Urgency.URGENT
    ]
    announce_all(session, urgent)
    return ids


def journal_openings(
    session: Session,
    openings: Sequence[Opening],
    incident_ids: Sequence[int],
    post_ids: Sequence[int],
    now: datetime,
) -> None:
    """Write the first journal entry of each incident, with the rules that opened it."""
    for opening, incident_id, post_id in zip(openings, incident_ids, post_ids, strict=True):
        rules = (*opening.judged.verdict.rules, f"route:{opening.duty.assignment.rule}")
        model = opening.judged.understood.prediction.model
        journal.write(
            session,
            Act.OPENED,
            at=now,
            incident_id=incident_id,
            post_id=post_id,
            reason=", ".join(rules),
            after=facts(_decided(opening))
            | {"model": model}
            | ({"repeat_of": opening.repeat_of} if opening.repeat_of else {}),
        )


def facts(incident: Row) -> dict[str, Any]:
    """Return what the journal keeps of an incident's state."""
    return {
        "topic": incident["topic"].value,
        "urgency": incident["urgency"].value,
        "settlement": incident["settlement"],
        "body": incident["body"],
        "due_at": incident["due_at"].isoformat(),
        "norm": incident["norm"],
    }


def _at_most(limit: int, text: str | None) -> str | None:
    return clean(text[:limit]) if text else text


def _decided(opening: Opening) -> dict[str, Any]:
    verdict, duty = opening.judged.verdict, opening.duty
    return {
        "topic": verdict.topic,
        "urgency": verdict.urgency,
        "settlement": verdict.settlement,
        "body": duty.assignment.body,
        "due_at": duty.deadline.due_at,
        "norm": duty.deadline.norm,
    }


def _incident(opening: Opening, now: datetime, rules: Rules) -> dict[str, Any]:
    verdict, stated = opening.judged.verdict, opening.fetched.stated
    network, ended = opening.fetched.network, stated.closed_at is not None
    review = clocks.stage_norm(rules.region, Stage.REVIEW, network, verdict.urgency)
    due_at = None
    if review is not None and not ended:
        # By when somebody has to have looked counts from when there was something to see.
        due_at = clocks.due(review, now, rules.calendar).due_at
    return _decided(opening) | {
        "network": network,
        "stage": Stage.CLOSED if ended else Stage.REVIEW,
        "stage_at": stated.closed_at or now,
        "stage_due_at": due_at,
        "term": Term.ANSWER,
        "clock_from": opening.duty.since,
        "closing_reason": ClosingReason.BY_SOURCE if ended else None,
        "outcome": stated.outcome,
        "certainty": verdict.certainty,
        # What a citizen wrote may be of any length; a street's name is not.
        "village": _at_most(200, verdict.village),
        "street": _at_most(200, verdict.street),
        "house": _at_most(50, verdict.house),
        "place_from": opening.judged.understood.place_from,
        "route_rule": opening.duty.assignment.rule[:200],
        "created_at": opening.duty.since,
        "opened_at": now,
        "route_note": opening.duty.assignment.note[:500],
        "calendar": rules.calendar.version,
        "closed_at": stated.closed_at,
        "round": 1,
        "repeat_of": opening.repeat_of,
        "repeats": 0,
        "reach": 1,
        "version": 1,
    }
