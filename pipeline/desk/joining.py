"""Adding messages to the incidents that they belong to, in the transaction that stores them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from models.incident import Incident
from models.vocabulary import Act, Stage, Term
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.joining import Admission, admission
from pipeline.decisions.stories import Match
from pipeline.desk import journal
from pipeline.desk.merging import recount
from pipeline.desk.revising import raise_urgency
from pipeline.desk.steps import reopen
from pipeline.desk.terms import set_deadline
from pipeline.judge import Duty
from pipeline.rules import Rules


@dataclass(frozen=True, slots=True)
class Joining:
    """A stored message that goes into an incident, because it is like one that is there."""

    post_id: int
    incident_id: int
    match: Match
    like_post: int
    duty: Duty
    urgent: bool


def admit(incident: Incident, *, written_at: datetime, rules: Rules) -> Admission:
    """Return how a message and an incident, which is locked, come together."""
    ended_at = incident.closed_at if incident.stage is Stage.CLOSED else incident.final_at
    return admission(
        incident.stage,
        incident.closing_reason,
        ended_at=None if incident.stage in LEGAL else ended_at,
        written_at=written_at,
        on_closed=rules.region.process.on_closed,
    )


def join(
    session: Session,
    joinings: Sequence[Joining],
    incidents: Mapping[int, Incident],
    *,
    now: datetime,
    rules: Rules,
) -> None:
    """Let incidents follow the messages that were added to them.

    An incident becomes as urgent, and due as soon, as the most pressing of its messages; one that
    was answered or closed is opened again where the region wants that.
    """
    session.flush()
    for one in joinings:
        incident = incidents.get(one.incident_id) or session.get_one(Incident, one.incident_id)
        if incident.stage not in LEGAL:
            again = admit(incident, written_at=one.duty.since, rules=rules)
            if again is Admission.REOPEN:
                reopen(
                    session,
                    incident,
                    now=now,
                    rules=rules,
                    reason="new_message",
                    since=one.duty.since,
                )
        journal.write(
            session,
            Act.POST_JOINED,
            at=now,
            incident_id=one.incident_id,
            post_id=one.post_id,
            reason=one.match.russian,
            after={"score": one.match.score, "like_post": one.like_post},
        )
        if one.urgent:
            raise_urgency(session, one.incident_id, one.duty, now=now, rules=rules)
        _hurry(session, incident, one.duty, now=now, rules=rules)
    for incident_id in dict.fromkeys(one.incident_id for one in joinings):
        incident = session.get_one(Incident, incident_id)
        recount(session, incident)
        incident.version += 1
        incident.snoozed_until = None  # perhaps what was waited for


def _hurry(
    session: Session, incident: Incident, duty: Duty, *, now: datetime, rules: Rules
) -> None:
    """Bring a deadline forward for whoever wrote earlier, or more urgently, than the first."""
    first = incident.term is Term.ANSWER and incident.round == 1
    runs = incident.stage in LEGAL and incident.paused_at is None
    if first and runs and duty.deadline.due_at < incident.due_at:
        incident.clock_from = duty.since
        set_deadline(session, incident, duty.deadline, now=now, rules=rules)
