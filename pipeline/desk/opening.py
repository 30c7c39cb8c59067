"""Opening incidents: the row, its timers and the first line of its journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from models.timer import Timer
from models.values import Deadline, FetchedPost
from models.vocabulary import Act, Stage, TimerKind
from pipeline.judge import Duty, Judged


@dataclass(frozen=True, slots=True)
class Opening:
    """A stored post that needs an incident, and what was decided about it."""

    post: Post
    fetched: FetchedPost
    judged: Judged
    duty: Duty


def open_incidents(
    session: Session, openings: Sequence[Opening], *, now: datetime, calendar: str
) -> None:
    """Store an incident for each post with its timers and journal.

    The posts' own rows get their ``incident_id``; ``calendar`` is the version of the working
    calendar that made the deadlines.
    """
    incidents = [_incident(opening, now, calendar) for opening in openings]
    session.add_all(incidents)
    session.flush()
    for opening, incident in zip(openings, incidents, strict=True):
        opening.post.incident_id = incident.id
    session.add_all(opening.post for opening in openings)
    session.flush()
    for opening, incident in zip(openings, incidents, strict=True):
        session.add_all(timers(incident, opening.duty.deadline, now))
        session.add(_entry(incident, opening, now))


def timers(incident: Incident, deadline: Deadline, now: datetime, *, cycle: int = 1) -> list[Timer]:
    """Return warning and deadline; a warning that its deadline has overtaken is left out."""
    if incident.stage is Stage.CLOSED:
        return []
    moments = {TimerKind.DEADLINE: incident.due_at}
    if now < incident.due_at and deadline.warn_at < incident.due_at:
        moments[TimerKind.WARNING] = deadline.warn_at
    incident_id = stored_id(incident.id)
    return [
        Timer(incident_id=incident_id, kind=kind, cycle=cycle, due_at=due_at)
        for kind, due_at in moments.items()
    ]


def facts(incident: Incident) -> dict[str, Any]:
    """Return what the journal keeps of an incident's state."""
    return {
        "topic": incident.topic.value,
        "urgency": incident.urgency.value,
        "settlement": incident.settlement,
        "body": incident.body,
        "due_at": incident.due_at.isoformat(),
        "norm": incident.norm,
    }


def _incident(opening: Opening, now: datetime, calendar: str) -> Incident:
    verdict, duty, stated = opening.judged.verdict, opening.duty, opening.fetched.stated
    return Incident(
        topic=verdict.topic,
        urgency=verdict.urgency,
        stage=Stage.REVIEW if stated.closed_at is None else Stage.CLOSED,
        outcome=stated.outcome,
        settlement=verdict.settlement,
        village=verdict.village,
        street=verdict.street,
        house=verdict.house,
        place_from=opening.judged.understood.place_from,
        body=duty.assignment.body,
        route_rule=duty.assignment.rule,
        created_at=opening.fetched.published_at or now,
        opened_at=now,
        due_at=duty.deadline.due_at,
        norm=duty.deadline.norm,
        calendar=calendar,
        closed_at=stated.closed_at,
    )


def _entry(incident: Incident, opening: Opening, now: datetime) -> JournalEntry:
    rules = (*opening.judged.verdict.rules, f"route:{incident.route_rule}")
    return JournalEntry(
        incident_id=stored_id(incident.id),
        post_id=opening.post.id,
        at=now,
        act=Act.OPENED,
        reason=", ".join(rules),
        after=facts(incident),
    )
