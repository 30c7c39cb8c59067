"""What people do with an incident beside judging and answering it: one form, one address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.vocabulary import Act, ClosingReason
from pipeline.console.access import SignedInForm, Visitor
from pipeline.console.acting import Sent
from pipeline.console.doing import Deed, Said, Wanted, do, led_to, moment_of
from pipeline.console.frame import console_of
from pipeline.console.pages.incident import LARGEST_ID, card, number_of
from pipeline.console.refusals import LATE, STATUS
from pipeline.database import unit_of_work
from pipeline.decisions import answering
from pipeline.decisions.answering import DOUBLE_CLICK, Reason
from pipeline.decisions.lifecycle import No, Refused, Wish
from pipeline.desk import undo
from pipeline.store.cards import newest_entries
from pipeline.store.incidents import visible_incident

Offered = Literal[
    "accepted",
    "returned",
    "passed_up",
    "assigned",
    "co_executors",
    "paused",
    "resumed",
    "urgency_raised",
    "closed",
    "reopened",
    "approved",
    "rejected",
    "rated",
    "unmerged",
    "post_split",
]

RECENT = 20
"""Entries of the journal in which a button that was pressed twice is looked for."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """The form; ``at_version`` is the incident's, ``answer_seen`` that of the ``answer``.

    ``until`` is a moment by the municipality's clocks, ``seen_entry`` the newest entry of the
    journal that the card showed. What was typed is not bounded here: a refusal has to show it
    again.
    """

    act: Annotated[Offered, Form()]
    at_version: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    reason: Annotated[str, Form()] = ""
    body: Annotated[str, Form()] = ""
    closing: Annotated[ClosingReason | None, Form()] = None
    answer: Annotated[int | None, Form(ge=1, le=LARGEST_ID)] = None
    answer_seen: Annotated[int, Form(ge=1, le=LARGEST_ID)] = 1
    until: Annotated[str, Form(max_length=40)] = ""
    helpers: Annotated[tuple[str, ...], Form()] = ()
    rating: Annotated[Literal["", "1", "2", "3", "4", "5"], Form()] = ""
    word: Annotated[str, Form()] = ""
    post: Annotated[int | None, Form(ge=1, le=LARGEST_ID)] = None
    seen_entry: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0

    def wanted(self, time_zone: str) -> Wanted:
        """Return what the fields say."""
        wish = Wish(
            Act(self.act),
            self.reason.strip(),
            self.at_version,
            body=self.body or None,
            until=moment_of(self.until, time_zone),
            closing=self.closing,
        )
        return Wanted(
            wish,
            answer=self.answer or 0,
            answer_seen=self.answer_seen,
            helpers=self.helpers,
            rating=int(self.rating) if self.rating else None,
            word=self.word,
            post=self.post or 0,
        )

    def sent(self, trouble: str) -> Sent:
        """Return the fields to be shown again."""
        return Sent(
            Act(self.act),
            trouble,
            reason=self.reason.strip(),
            body=self.body,
            closing=self.closing or "",
            until=self.until,
            helpers=self.helpers,
            rating=self.rating,
            word=self.word,
            post=self.post,
        )


@router.post("/incident/{number}/act")
def act_on_incident(
    request: Request, visitor: SignedInForm, number: str, filled: Annotated[Filled, Depends()]
) -> Response:
    """Do one act and show the card again; a refusal is told on the card, what was typed kept."""
    console = console_of(request)
    incident_id, wanted = number_of(number), filled.wanted(console.calendar.time_zone)
    with unit_of_work(console.engine) as session:
        if visible_incident(session, visitor.actor, incident_id) is None:
            raise HTTPException(404)
        deed = Deed(session, incident_id, wanted, visitor.actor, console, console.clock())
        said, token = _done(deed, visitor)
        refused = said if isinstance(said, Refused | answering.Refused) else None
        if refused is not None and _pressed_twice(session, deed, refused):
            refused = None
        shown = led_to(said, deed)
        # Whoever gives an incident away may not see it any more.
        page = (
            "/" if visible_incident(session, visitor.actor, shown) is None else f"/incident/{shown}"
        )
    if refused is None:
        return RedirectResponse(f"{page}?undo={token}" if token else page, 303)
    return card(
        request,
        visitor,
        incident_id,
        status=status_of(refused),
        sent=filled.sent(refused.message),
        seen_entry=filled.seen_entry,
    )


def _done(deed: Deed, visitor: Visitor) -> tuple[Said, str]:
    """Do an act; return what the desk said, and the token to take it back with, or ""."""
    act = Act.CORRECTED if deed.wish.act is Act.URGENCY_RAISED else deed.wish.act
    if act not in undo.UNDOABLE:
        return do(deed), ""
    token, before = undo.new_token(), undo.snapshot(deed.session, deed.incident_id)
    said = do(deed)
    if isinstance(said, Refused | answering.Refused):
        return said, ""
    undo.remember(
        deed.session, before, act=act, staff_id=visitor.staff_id, token=token, now=deed.now
    )
    return said, token


def status_of(refused: Refused | answering.Refused) -> int:
    """Return the HTTP status of a refusal."""
    return STATUS.get(_kind(refused), 422)


def _kind(refused: Refused | answering.Refused) -> No | Reason:
    return refused.no if isinstance(refused, Refused) else refused.reason


def _pressed_twice(session: Session, deed: Deed, refused: Refused | answering.Refused) -> bool:
    """Tell whether what is refused as too late was done by this very button a moment ago."""
    if STATUS.get(_kind(refused)) != LATE:
        return False
    done: tuple[object, ...] = (deed.wish.act, deed.actor.login, deed.wish.reason)
    since: datetime = deed.now - DOUBLE_CLICK
    return any(
        (entry.act, entry.actor, entry.reason) == done and entry.at >= since
        for entry in newest_entries(session, deed.incident_id, RECENT)
    )
