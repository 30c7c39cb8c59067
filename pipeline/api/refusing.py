"""What the desk refuses, told to a program."""

from typing import NoReturn

from sqlmodel import Session

from models.incident import Incident
from pipeline.api.cards import card
from pipeline.api.keys import Caller, nothing_here
from pipeline.api.problems import ProblemError
from pipeline.api.schemas import IncidentCard
from pipeline.database import reading
from pipeline.decisions import answering, lifecycle
from pipeline.decisions.answering import Reason
from pipeline.decisions.correcting import Refusal
from pipeline.decisions.lifecycle import No
from pipeline.store.incidents import visible_incident

Refused = lifecycle.Refused | answering.Refused | Refusal

CONFLICTS = frozenset(
    {
        No.STALE,
        No.STAGE,
        Reason.STALE,
        Reason.STAGE,
        Reason.STEP,
        Reason.CLOSED,
        Reason.DELETED,
        Refusal.STALE,
        Refusal.CLOSED,
    }
)
FORBIDDEN = frozenset({No.FORBIDDEN, Reason.FORBIDDEN, Refusal.FORBIDDEN})


def refuse(session: Session, incident: Incident, refused: Refused, who: Caller) -> NoReturn:
    """Raise what a refusal of the desk comes to; a conflict tells how the incident stands."""
    kind: No | Reason | Refusal
    if isinstance(refused, Refusal):
        kind, message = refused, refused.russian
    elif isinstance(refused, lifecycle.Refused):
        kind, message = refused.no, refused.message
    else:
        kind, message = refused.reason, refused.message
    if kind in CONFLICTS:
        session.refresh(incident)
        present = card(session, incident, who.actor, who.console).model_dump(mode="json")
        raise ProblemError(409, kind.value, message, present=present)
    # The incident itself may be seen, or nobody would have come so far: another one is not there.
    raise ProblemError(403 if kind in FORBIDDEN else 422, kind.value, message)


def afterwards(who: Caller, number: int) -> IncidentCard:
    """Return an incident after an act, as it was committed; whoever did it may see what it did."""
    with reading(who.console.engine) as session:
        incident = session.get_one(Incident, number)
        return card(session, incident, who.actor, who.console)


def seen(session: Session, who: Caller, number: int) -> Incident:
    """Return an incident that the key's owner may look at. Raises ProblemError 404."""
    incident = visible_incident(session, who.actor, number)
    if incident is None:
        raise nothing_here()
    return incident
