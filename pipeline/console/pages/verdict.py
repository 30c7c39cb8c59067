"""The operator's word on an incident: «всё верно», or what is wrong with it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.vocabulary import Act, Topic, Urgency
from pipeline.console.access import SignedInForm, Visitor
from pipeline.console.frame import Console, console_of
from pipeline.console.judging import Said
from pipeline.console.pages.incident import LARGEST_ID, card, number_of
from pipeline.database import unit_of_work
from pipeline.decisions.correcting import Correction, Refusal, further
from pipeline.desk import correcting as desk
from pipeline.desk import undo
from pipeline.store import cards, incidents

MIXED = (
    "Вы изменили поля, но нажали «Всё верно». Если теперь в полях верно, нажмите «Исправить»; "
    "если менять ничего не хотели, откройте карточку заново."
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was sent; what it cannot hold is answered with 422."""

    button: Annotated[Literal["right", "wrong"], Form()]
    version: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    relevant: Annotated[Literal["yes", "no"], Form()]
    topic: Annotated[Topic, Form()]
    urgency: Annotated[Urgency, Form()]
    settlement: Annotated[str, Form(max_length=100)] = ""
    also: Annotated[frozenset[Topic], Form()] = frozenset()
    seen_entry: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0

    @property
    def said(self) -> Correction:
        """What the fields say."""
        return Correction(
            relevant=self.relevant == "yes",
            topic=self.topic,
            urgency=self.urgency,
            settlement=self.settlement or None,
            also=further(self.topic, self.also),
        )


@router.post("/incident/{number}/verdict")
def judge_incident(
    request: Request, visitor: SignedInForm, number: str, filled: Annotated[Filled, Depends()]
) -> Response:
    """Store what was said and show the card again; a refusal is told on the card itself."""
    console = console_of(request)
    incident_id = number_of(number)
    with unit_of_work(console.engine) as session:
        before = undo.snapshot(session, incident_id)
        trouble = _hear(session, incident_id, filled, visitor, console)
        token = undo.new_token()
        if trouble is None:
            act = Act.CONFIRMED if filled.button == "right" else Act.CORRECTED
            undo.remember(
                session,
                before,
                act=act,
                staff_id=visitor.staff_id,
                token=token,
                now=console.clock(),
            )
    if trouble is None:
        return RedirectResponse(f"/incident/{incident_id}?undo={token}", 303)
    # Whoever saw an older state has both before them: the form as they filled it in, and what
    # stands now.
    late = trouble in {Refusal.STALE, Refusal.CLOSED}
    status = 403 if trouble is Refusal.FORBIDDEN else 422
    words = trouble.russian if isinstance(trouble, Refusal) else trouble
    return card(
        request,
        visitor,
        incident_id,
        status=409 if late else status,
        said=Said(filled.said, words, agreed=late and filled.button == "right"),
        seen_entry=filled.seen_entry,
    )


def _hear(
    session: Session, incident_id: int, filled: Filled, visitor: Visitor, console: Console
) -> Refusal | str | None:
    """Do what the button says; return why not, or None. Raise 404 where nothing can be judged."""
    incident = incidents.visible_incident(session, visitor.actor, incident_id)
    first = next(iter(cards.first_posts(session, incident_id, 1)), None)
    if incident is None or first is None:
        raise HTTPException(404)
    actor, rules, now = visitor.actor, console.rules, console.clock()
    if filled.button == "right":
        unseen = incident.version != filled.version
        if unseen or filled.said == desk.present(session, incident, first):
            return desk.confirm(
                session, incident_id, actor=actor, version=filled.version, rules=rules, now=now
            )
        return MIXED
    return desk.correct(
        session,
        incident_id,
        filled.said,
        actor=actor,
        version=filled.version,
        rules=rules,
        now=now,
    )
