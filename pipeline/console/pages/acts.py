"""What people do with an incident beside judging and answering it: one form, one address."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.vocabulary import Act, ClosingReason
from pipeline.console.access import SignedInForm, Visitor
from pipeline.console.acting import DECISIONS, Sent
from pipeline.console.frame import Console, console_of
from pipeline.console.pages.incident import LARGEST_ID, card, number_of
from pipeline.database import unit_of_work
from pipeline.decisions import answering
from pipeline.decisions.answering import DOUBLE_CLICK, Reason
from pipeline.decisions.lifecycle import No, Refused, Wish
from pipeline.desk import cases, drafts
from pipeline.store.answers import find_answer
from pipeline.store.incidents import journal_of, visible_incident

Offered = Literal[
    "accepted",
    "returned",
    "passed_up",
    "assigned",
    "resumed",
    "closed",
    "reopened",
    "approved",
    "rejected",
]

LATE = 409
STATUS: dict[No | Reason, int] = {
    No.NOT_FOUND: 404,
    No.FORBIDDEN: 403,
    No.STAGE: LATE,
    No.STALE: LATE,
    Reason.FORBIDDEN: 403,
    Reason.STAGE: LATE,
    Reason.STALE: LATE,
    Reason.STEP: LATE,
    Reason.DELETED: LATE,
}
"""How a refusal is told to the browser; every other is put right in the form: 422."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """The form; ``at_version`` is the incident's, ``answer_seen`` that of the ``answer``.

    What was typed is not bounded here: a refusal has to show it again.
    """

    act: Annotated[Offered, Form()]
    at_version: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    reason: Annotated[str, Form()] = ""
    body: Annotated[str, Form()] = ""
    closing: Annotated[ClosingReason | None, Form()] = None
    answer: Annotated[int | None, Form(ge=1, le=LARGEST_ID)] = None
    answer_seen: Annotated[int, Form(ge=1, le=LARGEST_ID)] = 1

    @property
    def wish(self) -> Wish:
        """What the fields say."""
        return Wish(
            Act(self.act),
            self.reason.strip(),
            self.at_version,
            body=self.body or None,
            closing=self.closing,
        )


@router.post("/incident/{number}/act")
def act_on_incident(
    request: Request, visitor: SignedInForm, number: str, filled: Annotated[Filled, Depends()]
) -> Response:
    """Do one act and show the card again; a refusal is told on the card, what was typed kept."""
    console = console_of(request)
    incident_id, wish = number_of(number), filled.wish
    with unit_of_work(console.engine) as session:
        if visible_incident(session, visitor.actor, incident_id) is None:
            raise HTTPException(404)
        refused = _do(session, incident_id, wish, filled=filled, visitor=visitor, console=console)
    if refused is None:
        return RedirectResponse(f"/incident/{incident_id}", 303)
    kind = refused.no if isinstance(refused, Refused) else refused.reason
    sent = Sent(wish.act, refused.message, wish.reason, filled.body, filled.closing or "")
    return card(console, visitor, incident_id, status=STATUS.get(kind, 422), sent=sent)


def _do(
    session: Session,
    incident_id: int,
    wish: Wish,
    *,
    filled: Filled,
    visitor: Visitor,
    console: Console,
) -> Refused | answering.Refused | None:
    """Do the act, or say why not; a button that was pressed twice is heard once."""
    actor, rules, now = visitor.actor, console.rules, console.clock()
    said: object
    if wish.act in DECISIONS:
        said = _decide(session, incident_id, wish, filled=filled, visitor=visitor, console=console)
    else:
        said = cases.act(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if not isinstance(said, Refused | answering.Refused):
        return None
    pressed_twice = any(
        (entry.act, entry.actor, entry.reason) == (wish.act, actor.login, wish.reason)
        and now - entry.at <= DOUBLE_CLICK
        for entry in journal_of(session, incident_id)
    )
    kind = said.no if isinstance(said, Refused) else said.reason
    return None if pressed_twice and STATUS.get(kind) == LATE else said


def _decide(
    session: Session,
    incident_id: int,
    wish: Wish,
    *,
    filled: Filled,
    visitor: Visitor,
    console: Console,
) -> object:
    """Agree to the answer that was shown, or give it back."""
    number, version = filled.answer or 0, filled.answer_seen
    known = find_answer(session, number)
    if known is None or known.incident_id != incident_id:
        raise HTTPException(404)
    actor, rules, now = visitor.actor, console.rules, console.clock()
    # Whatever else has changed since the card was shown, the head looks at first.
    case = cases.open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    if wish.act is Act.APPROVED:
        return drafts.approve(session, number, actor=actor, version=version, rules=rules, now=now)
    return drafts.reject(
        session, number, wish.reason, actor=actor, version=version, rules=rules, now=now
    )
