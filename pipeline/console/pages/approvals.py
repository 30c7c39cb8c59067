"""The head's desk: one answer after the other beside what it answers, agreed to or given back."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import Act, AnswerState, Urgency
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.clockface import Clockface, clockface
from pipeline.console.doing import Deed, Wanted, do
from pipeline.console.frame import Console, console_of
from pipeline.console.pages.acts import status_of
from pipeline.console.pages.incident import LARGEST_ID, NUMBER, number_of
from pipeline.console.texts import Text, text_of, texts
from pipeline.console.wording import Timing, body_name, count, excerpt, place, timing
from pipeline.database import reading, unit_of_work
from pipeline.decisions import answering
from pipeline.decisions.lifecycle import Refused, Wish
from pipeline.decisions.permissions import Right, has
from pipeline.store import answers, approvals, cards
from pipeline.store.incidents import pauses_of, visible_incident

Head = Annotated[Visitor, Depends(with_right(Right.APPROVE))]

POSTS = 3
"""Messages of the citizen that stand beside an answer; the card shows them all."""

EARLIER = 10

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """The form: the versions of the answer and of its incident that were read."""

    button: Annotated[Literal["approve", "reject"], Form()]
    answer_seen: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    at_version: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    reason: Annotated[str, Form()] = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An answer that waits, as the list shows it."""

    answer: int
    incident: int
    topic: str
    beginning: str
    timing: Timing
    urgent: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class Before:
    """Another answer of the incident, or words with which one was given back."""

    what: str
    at: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The one answer that is decided about now, with everything that a head asks.

    ``answered`` is the message that it answers, ``others`` the first of the incident's other ones;
    ``more`` tells that there are more yet.
    """

    answer: Answer
    written: str
    length: str
    kind: str
    outcome: str
    incident: Incident
    topic: str
    urgent: bool
    place: str
    body: str
    timing: Timing
    clocks: Clockface
    answered: Text | None
    others: list[Text]
    more: bool
    earlier: list[Before]
    remarks: list[Before]


@router.get("/approvals")
def show_approvals(
    request: Request, visitor: Head, answer: Annotated[str, Query()] = ""
) -> Response:
    """Show the answer with the nearest deadline, or the one that is asked for."""
    wanted = int(answer) if NUMBER.fullmatch(answer) and int(answer) <= LARGEST_ID else None
    return _page(request, visitor, wanted)


@router.post("/approvals/{waiting}")
def decide(
    request: Request, visitor: SignedInForm, waiting: str, filled: Annotated[Filled, Depends()]
) -> Response:
    """Agree to an answer or give it back, and show the next one."""
    if not has(visitor.actor, Right.APPROVE):
        raise HTTPException(404)
    console, number = console_of(request), number_of(waiting)
    act = Act.APPROVED if filled.button == "approve" else Act.REJECTED
    reason = filled.reason.strip() if act is Act.REJECTED else ""
    wanted = Wanted(
        Wish(act, reason, filled.at_version), answer=number, answer_seen=filled.answer_seen
    )
    with unit_of_work(console.engine) as session:
        known = answers.find_answer(session, number)
        if known is None or visible_incident(session, visitor.actor, known.incident_id) is None:
            raise HTTPException(404)
        deed = Deed(session, known.incident_id, wanted, visitor.actor, console, console.clock())
        said = do(deed)
    if isinstance(said, Refused | answering.Refused):
        return _page(
            request,
            visitor,
            number,
            status=status_of(said),
            trouble=said.message,
            reason=filled.reason,
        )
    return RedirectResponse(f"/approvals?done={filled.button}", 303)


def _page(
    request: Request,
    visitor: Visitor,
    wanted: int | None,
    *,
    status: int = 200,
    trouble: str = "",
    reason: str = "",
) -> Response:
    console = console_of(request)
    with reading(console.engine) as session:
        waits = approvals.waiting(session, approvals.LISTED + 1)
        chosen = next((one for one in waits if one[0].id == wanted), waits[0] if waits else None)
        gone = _gone(session, wanted) if wanted else ""
        desk = _desk(session, *chosen, console) if chosen else None
        lines = [
            _line(answer, incident, chosen, console)
            for answer, incident in waits[: approvals.LISTED]
        ]
    done = {"approve": "Согласовано, ответ уходит автору.", "reject": "Возвращено на доработку."}
    return console.page(
        "approvals.html",
        status=status,
        visitor=visitor,
        desk=desk,
        lines=lines,
        more=len(waits) > approvals.LISTED,
        on=console.region.process.approval,
        trouble=trouble,
        reason=reason,
        gone=gone,
        done=done.get(request.query_params.get("done", ""), ""),
    )


def _gone(session: Session, number: int) -> str:
    """Say where an answer stands that does not wait any more."""
    known = answers.find_answer(session, number)
    if known is None or known.state is AnswerState.APPROVAL:
        return ""
    by = f", согласовал {known.approved_by}" if known.approved_by else ""
    return f"Ответ № {number} уже не ждёт согласования: {known.state.russian}{by}."


def _line(
    answer: Answer, incident: Incident, chosen: tuple[Answer, Incident] | None, console: Console
) -> Line:
    return Line(
        stored_id(answer.id),
        stored_id(incident.id),
        incident.topic.russian,
        excerpt(answer.text, 80),
        timing(incident, console.clock(), console.calendar),
        incident.urgency is Urgency.URGENT,
        chosen is not None and chosen[0].id == answer.id,
    )


def _desk(session: Session, answer: Answer, incident: Incident, console: Console) -> Desk:
    number = stored_id(incident.id)
    given = answers.of_incident(session, number)
    named = cards.posts_to_answer(session, number, 0, [answer.post_id])
    shown = texts(session, incident, console, limit=POSTS)
    others = [text for text in shown.shown if text.id != answer.post_id]
    return Desk(
        answer=answer,
        written=console.local(answer.created_at),
        length=count(len(answer.text), "знак", "знака", "знаков"),
        kind=answer.kind.russian,
        outcome=answer.outcome.russian if answer.outcome else "",
        incident=incident,
        topic=incident.topic.russian,
        urgent=incident.urgency is Urgency.URGENT,
        place=", ".join(part for part in place(incident, console.region) if part),
        body=body_name(incident.body, console.region),
        timing=timing(incident, console.clock(), console.calendar),
        clocks=clockface(incident, pauses_of(session, number), console),
        answered=text_of(session, named[0], console) if named else None,
        others=others,
        more=shown.count > len(others) + len(named),
        earlier=[
            Before(
                f"{one.kind.russian}, {one.state.russian}",
                console.local(one.created_at),
                one.author,
                one.text,
            )
            for one in given[-EARLIER:]
            if one.id != answer.id
        ],
        remarks=[
            Before("Возвращали", console.local(entry.at), entry.actor, entry.reason)
            for entry in approvals.remarks(session, number)
        ],
    )
