"""The review queue, one incident at a time: looked at, agreed with or put right, and the next.

A page takes a lease on what it shows, also where it is only fetched ahead of time (``ahead``): two
people never get the same item. A lease is the one thing that a GET changes here; it ends by itself.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlmodel import Session

from models.vocabulary import Topic, Urgency
from pipeline.console import reviewing
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.frame import Console, console_of
from pipeline.console.offering import offer_of
from pipeline.console.pages.incident import LARGEST_ID, number_of
from pipeline.console.review_acts import Deed, Trouble, do
from pipeline.console.reviewing import Wished, item_of
from pipeline.database import reading, unit_of_work
from pipeline.decisions.correcting import Correction, further
from pipeline.decisions.permissions import Right, has
from pipeline.desk import leases
from pipeline.desk.undo import new_token
from pipeline.store import review
from pipeline.store.incidents import find_incident
from pipeline.store.leases import lookers
from pipeline.store.undo import offered

MOST_SKIPPED = 50
"""Incidents that somebody may have passed over before the first of them comes again."""

LATEST = 253_402_300_000.0
"""Seconds since 1970 in the year 9999."""

NUMBERS = re.compile(r"[1-9][0-9]{0,9}(?:,[1-9][0-9]{0,9}){0,99}")

router = APIRouter()
Reviewer = Annotated[Visitor, Depends(with_right(Right.JUDGE))]


def reviewer_form(visitor: SignedInForm) -> Visitor:
    """Let only forms of people pass who may judge; for all others there is no such page."""
    if not has(visitor.actor, Right.JUDGE):
        raise HTTPException(404)
    return visitor


ReviewerForm = Annotated[Visitor, Depends(reviewer_form)]


@dataclass(frozen=True, slots=True)
class Way:
    """Where somebody is in the queue: what they passed over, and what else they hold already."""

    skip: str = ""
    ahead: str = ""

    @property
    def skipped(self) -> tuple[int, ...]:
        """Incidents passed over, the newest last."""
        return numbers_of(self.skip)[-MOST_SKIPPED:]

    @property
    def without(self) -> frozenset[int]:
        """Incidents that are not to be given."""
        return frozenset(self.skipped) | frozenset(numbers_of(self.ahead))

    def url(self, **more: str) -> str:
        """Return the address of the next item."""
        asked = {"skip": ",".join(map(str, self.skipped)), "ahead": self.ahead, **more}
        query = urlencode({key: value for key, value in asked.items() if value}, safe=",")
        return f"/review?{query}" if query else "/review"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form of one item, whichever of its buttons was pressed.

    ``act`` may carry what it is about after a colon: the kind of what is no incident, the choice
    of a snooze, the incident to merge into. What was typed is not bounded here: a refusal has to
    show it again. ``offered`` is what the page offered to take back, which the next one goes on
    to offer where this act itself cannot be taken back.
    """

    act: Annotated[str, Form(pattern=r"^[a-z_]{1,20}(:[a-z_0-9]{1,20})?$")]
    at_version: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    topic: Annotated[Topic, Form()]
    token: Annotated[str, Form(pattern=r"^[\w-]{16,64}$")]
    other_topic: Annotated[Topic | Literal[""], Form()] = ""
    urgent: Annotated[Literal["", "yes"], Form()] = ""
    settlement: Annotated[str, Form(max_length=100)] = ""
    also: Annotated[frozenset[Topic], Form()] = frozenset()
    question: Annotated[str, Form()] = ""
    seen: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0
    skip: Annotated[str, Form(max_length=1100)] = ""
    ahead: Annotated[str, Form(max_length=1100)] = ""
    offered: Annotated[str, Form(max_length=64)] = ""

    @property
    def said(self) -> Correction:
        """What the fields say of the incident."""
        topic = self.other_topic or self.topic
        return Correction(
            relevant=not self.act.startswith("irrelevant"),
            topic=topic,
            urgency=Urgency.URGENT if self.urgent else Urgency.NORMAL,
            settlement=self.settlement or None,
            also=further(topic, self.also),
        )


def numbers_of(written: str) -> tuple[int, ...]:
    """Return numbers that stand in an address with commas; none where it makes no sense."""
    if not NUMBERS.fullmatch(written):
        return ()
    return tuple(number for number in map(int, written.split(",")) if number <= LARGEST_ID)


@router.get("/review")
def show_next(
    request: Request, visitor: Reviewer, skip: str = "", ahead: str = "", undone: str = ""
) -> Response:
    """Show what somebody looks at next, and keep it for them.

    What they have just taken back comes before everything else.
    """
    console, way = console_of(request), Way(skip, ahead)
    now, staff_id = console.clock(), visitor.staff_id
    with unit_of_work(console.engine) as session:
        number = _taken_back(session, undone, visitor)
        if number is None or not leases.renew(session, staff_id, [number], now=now):
            number = leases.take_next(session, staff_id, now=now, without=way.without)
    return _page(request, visitor, number, way)


def _taken_back(session: Session, token: str, visitor: Visitor) -> int | None:
    """Return the incident of an act that this person has taken back, None where there is none."""
    rows = offered(session, token, MOST_SKIPPED) if token else []
    mine = [row.incident_id for row in rows if row.staff_id == visitor.staff_id and row.undone_at]
    return mine[-1] if mine else None  # of a merge: the one that was judged


@router.post("/review/lease")
def keep_or_leave(
    request: Request,
    visitor: ReviewerForm,
    numbers: Annotated[str, Form(max_length=1100)] = "",
    leave: Annotated[str, Form(max_length=3)] = "",
    kept: Annotated[float, Form(ge=0, le=LATEST)] = LATEST,
) -> Response:
    """Keep the leases of a page that is still open, or end those of one that is left.

    ``kept`` is until when that page knows them to be kept, in seconds since 1970. Answers with that
    moment, and with the incidents of the page by number: their version, and who else has them, if
    anybody.
    """
    console, asked = console_of(request), numbers_of(numbers)
    now = console.clock()
    with unit_of_work(console.engine) as session:
        found = [one for one in (find_incident(session, number) for number in asked) if one]
        known = {one.id: one.version for one in found if one.id is not None}
        if leave:
            until = datetime.fromtimestamp(kept, UTC)
            leases.release(session, visitor.staff_id, known, until=until)
            return JSONResponse({})
        mine = leases.renew(session, visitor.staff_id, known, now=now)
        others = lookers(session, known.keys() - mine, now=now)
    return JSONResponse(
        {"kept": leases.kept_until(now)}
        | {
            str(number): {"version": version, "looker": others.get(number, "")}
            for number, version in known.items()
        }
    )


@router.get("/review/{number}")
def show_one(
    request: Request, visitor: Reviewer, number: str, skip: str = "", ahead: str = ""
) -> Response:
    """Show one incident that was asked for by its number, and keep it unless somebody has it."""
    console, incident_id = console_of(request), number_of(number)
    with unit_of_work(console.engine) as session:
        if find_incident(session, incident_id) is None:
            raise HTTPException(404)
        leases.renew(session, visitor.staff_id, [incident_id], now=console.clock())
    return _page(request, visitor, incident_id, Way(skip, ahead))


@router.post("/review/{number}")
def act_on_item(
    request: Request, visitor: ReviewerForm, number: str, filled: Annotated[Filled, Depends()]
) -> Response:
    """Do what the pressed button says and go on; a refusal is told on the item's own page."""
    console, incident_id = console_of(request), number_of(number)
    act, _, what = filled.act.partition(":")
    deed = Deed(
        incident_id=incident_id,
        act=act,
        what=what,
        said=filled.said,
        version=filled.at_version,
        question=filled.question,
        token=filled.token,
        visitor=visitor,
        console=console,
    )
    passed = (filled.skip, str(incident_id) if act == "skip" else "")
    way = Way(",".join(filter(None, passed)), filled.ahead)
    with unit_of_work(console.engine) as session:
        trouble = do(session, deed)
        if trouble is None:
            leases.release(session, visitor.staff_id, [incident_id])
    if trouble is None:
        undo = filled.offered if act in {"skip", "ask_place"} else filled.token
        return RedirectResponse(way.url(undo=undo), 303)
    wished = _wished(filled, trouble)
    return _page(request, visitor, incident_id, way, wished=wished, status=trouble.status)


def _wished(filled: Filled, trouble: Trouble) -> Wished:
    return Wished(
        act=filled.act,
        trouble=trouble.message,
        said=filled.said,
        question=filled.question,
        seen=filled.seen,
        late=trouble.status == 409,
    )


def _page(
    request: Request,
    visitor: Visitor,
    number: int | None,
    way: Way,
    *,
    wished: Wished | None = None,
    status: int = 200,
) -> Response:
    console: Console = console_of(request)
    with reading(console.engine) as session:
        item = None
        if number is not None:
            item = item_of(session, number, actor=visitor.actor, console=console, wished=wished)
        waiting = review.count_waiting(session, now=console.clock())
    if number is not None and item is None:
        raise HTTPException(404)
    return console.page(
        "review.html",
        status=status,
        visitor=visitor,
        offer=offer_of(request, visitor),
        item=item,
        kept=leases.kept_until(console.clock()),
        waiting=reviewing.waiting(waiting) if waiting else "",
        token=new_token(),
        offered=request.query_params.get("undo", "")[:64],
        skip=",".join(map(str, way.skipped)),
        kinds=reviewing.IRRELEVANT,
    )
