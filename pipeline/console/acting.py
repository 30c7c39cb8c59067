"""Where an incident stands, and the forms for what this person may do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident, Merge
from models.vocabulary import Act, AnswerState, ClosingReason, Stage, Urgency
from pipeline.console.frame import Console
from pipeline.console.wording import body_name
from pipeline.decisions.lifecycle import Standing, Wish, open_acts, refusal
from pipeline.decisions.permissions import Actor
from pipeline.decisions.satisfaction import RATINGS

UNANSWERED = (ClosingReason.NOT_RELEVANT, ClosingReason.NO_ANSWER_DUE)
"""Why an incident may be closed over an author who got no final answer."""

ANSWERED = (ClosingReason.SATISFIED, ClosingReason.POINTLESS)

DECISIONS = frozenset({Act.APPROVED, Act.REJECTED})
"""What is done with an answer that is before the head."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was not accepted: which act, what stood in it, and why not."""

    act: Act
    trouble: str
    reason: str = ""
    body: str = ""
    closing: str = ""
    until: str = ""
    helpers: tuple[str, ...] = ()
    rating: str = ""
    word: str = ""
    post: int | None = None


@dataclass(frozen=True, slots=True)
class Acting:
    """The panel as the card shows it.

    ``acts`` are the acts that have a form here, by value. ``bodies`` and ``reasons`` are codes
    with names to choose from, ``answer`` and ``answer_seen`` the number and version of the answer
    that is before the head. ``sent`` is a form to show again.

    ``helpers`` are names, ``helping`` the codes of those and ``may_help`` who can be chosen;
    ``soonest`` is the moment now, as a field for a moment takes it. ``merged`` are the incidents
    that were put into this one, ``merged_into`` where this one went.
    """

    stage: str
    since: str
    due: str
    overdue: bool
    paused: str
    round: int
    helpers: list[str]
    acts: frozenset[str]
    bodies: list[tuple[str, str]]
    reasons: list[tuple[str, str]]
    answer: int | None
    answer_seen: int | None
    sent: Sent | None
    helping: tuple[str, ...]
    may_help: list[tuple[str, str]]
    ratings: list[tuple[str, str]]
    soonest: str
    merged: list[int]
    merged_into: int | None


def acting(
    incident: Incident,
    standing: Standing,
    answers: Sequence[Answer],
    *,
    merges: Sequence[Merge] = (),
    actor: Actor,
    console: Console,
    sent: Sent | None,
) -> Acting:
    """Return the panel of an incident for one person.

    ``answers`` are the incident's, ``merges`` those that put others into it.
    """
    waits = next((one for one in answers if one.state is AnswerState.APPROVAL), None)
    due_at = incident.stage_due_at if incident.stage is not Stage.SATISFACTION else None
    helping = sent.helpers if sent and sent.act is Act.CO_EXECUTORS else standing.helpers
    return Acting(
        stage=incident.stage.russian,
        since=console.local(incident.stage_at),
        due=_moment(due_at, console),
        overdue=due_at is not None and due_at <= console.clock(),
        paused=_moment(incident.paused_at, console),
        round=incident.round,
        helpers=[body_name(code, console.region) for code in standing.helpers],
        acts=frozenset(
            act.value for act in _acts(incident, standing, waits, actor=actor, console=console)
        ),
        bodies=_bodies(incident, standing, console),
        reasons=[
            (why.value, why.russian) for why in (ANSWERED if standing.final else ()) + UNANSWERED
        ],
        answer=stored_id(waits.id) if waits is not None else None,
        answer_seen=waits.version if waits is not None else None,
        sent=sent,
        helping=helping,
        may_help=[
            (body.code, body.name)
            for body in console.region.bodies
            if body.code != standing.body and body.handles(incident.network)
        ],
        ratings=[(str(rating), f"{rating}: {said}") for rating, said in RATINGS.items()],
        soonest=f"{console.clock().astimezone(ZoneInfo(console.calendar.time_zone)):%Y-%m-%dT%H:%M}",
        merged=[merge.incident_id for merge in merges],
        merged_into=incident.merged_into,
    )


def _acts(
    incident: Incident,
    standing: Standing,
    waits: Answer | None,
    *,
    actor: Actor,
    console: Console,
) -> set[Act]:
    """Return what has a button: what the life cycle allows, and makes sense here."""
    acts = set(open_acts(standing, actor))
    approved = Wish(Act.APPROVED)
    if waits is None or refusal(standing, approved, actor, console.clock()) is not None:
        acts -= DECISIONS
    if standing.body == console.region.default_body:
        acts.discard(Act.PASSED_UP)
    if incident.merged_into is None:
        acts.discard(Act.UNMERGED)
    else:
        acts -= {Act.REOPENED, Act.RATED}
    if not standing.final:
        acts.discard(Act.RATED)
    if Act.CORRECTED in acts and incident.urgency is not Urgency.URGENT:
        acts.add(Act.URGENCY_RAISED)
    return acts


def _moment(at: datetime | None, console: Console) -> str:
    return "" if at is None else console.local(at)


def _bodies(incident: Incident, standing: Standing, console: Console) -> list[tuple[str, str]]:
    """Return the bodies that may get the incident; who gave it back may have it again."""
    again = standing.stage in {Stage.REVIEW, Stage.RETURNED}
    return [
        (body.code, body.name)
        for body in console.region.bodies
        if body.handles(incident.network) and (again or body.code != standing.body)
    ]
