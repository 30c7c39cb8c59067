"""Opening incidents: the row, its timers and the first line of its journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.incident import Incident
from models.journal import MACHINE, JournalEntry
from models.timer import Timer
from models.values import Deadline, FetchedPost
from models.vocabulary import Act, Stage, TimerKind, TimerState
from pipeline.decisions.folding import clean
from pipeline.desk.bulk import Row, insert, insert_with_ids
from pipeline.judge import Duty, Judged


@dataclass(frozen=True, slots=True)
class Opening:
    """A post that needs an incident, and what was decided about it."""

    fetched: FetchedPost
    judged: Judged
    duty: Duty


def open_incidents(
    session: Session, openings: Sequence[Opening], *, now: datetime, calendar: str
) -> list[int]:
    """Store an incident with its timers for each opening; return their ids in order.

    ``calendar`` is the version of the working calendar that made the deadlines. The journal is
    opened by ``journal_openings``, when the posts have their ids too.
    """
    incidents = [_incident(opening, now, calendar) for opening in openings]
    ids = insert_with_ids(session, Incident, incidents)
    clocks = [
        row
        for id_, opening, incident in zip(ids, openings, incidents, strict=True)
        if incident["stage"] is not Stage.CLOSED
        for row in timers(id_, incident["due_at"], opening.duty.deadline, now)
    ]
    insert(session, Timer, clocks)
    return ids


def journal_openings(
    session: Session,
    openings: Sequence[Opening],
    incident_ids: Sequence[int],
    post_ids: Sequence[int],
    now: datetime,
) -> None:
    """Write the first journal entry of each incident, with the rules that opened it."""
    entries = [
        {
            "incident_id": incident_id,
            "post_id": post_id,
            "at": now,
            "actor": MACHINE,
            "act": Act.OPENED,
            "reason": ", ".join(
                (*opening.judged.verdict.rules, f"route:{opening.duty.assignment.rule}")
            )[:1000],
            "before": {},
            "after": facts(_decided(opening)),
        }
        for opening, incident_id, post_id in zip(openings, incident_ids, post_ids, strict=True)
    ]
    insert(session, JournalEntry, entries)


def timers(
    incident_id: int, due_at: datetime, deadline: Deadline, now: datetime, *, cycle: int = 1
) -> list[Row]:
    """Return warning and deadline; a warning that its deadline has overtaken is left out."""
    moments = {TimerKind.DEADLINE: due_at}
    if now < due_at and deadline.warn_at < due_at:
        moments[TimerKind.WARNING] = deadline.warn_at
    return [
        {
            "incident_id": incident_id,
            "kind": kind,
            "cycle": cycle,
            "due_at": moment,
            "state": TimerState.PENDING,
            "fired_at": None,
        }
        for kind, moment in moments.items()
    ]


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


def _incident(opening: Opening, now: datetime, calendar: str) -> dict[str, Any]:
    verdict, stated = opening.judged.verdict, opening.fetched.stated
    return _decided(opening) | {
        "stage": Stage.REVIEW if stated.closed_at is None else Stage.CLOSED,
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
        "calendar": calendar,
        "closed_at": stated.closed_at,
        "version": 1,
    }
