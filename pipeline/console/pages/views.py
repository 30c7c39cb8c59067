"""Saved views: a queue filter with a name, one's own or shared with everybody."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.columns import stored_id
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.conditions import Condition, conditions
from pipeline.console.frame import Console, console_of
from pipeline.console.pages.incident import number_of
from pipeline.console.wanted import Wanted
from pipeline.console.wording import grouped
from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import Right, has
from pipeline.desk import views as desk
from pipeline.store.incidents import count_queue
from pipeline.store.sources import all_sources
from pipeline.store.views import OwnedView, find_view, views_of

SOME = 1_001
"""A saved view is counted up to this: there may be many of them on one page."""

SHOWN = 12
"""Views that stand above the queue; all of them have a page of their own."""

QueueReader = Annotated[Visitor, Depends(with_right(Right.READ_QUEUE))]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Chip:
    """A saved view as a link; ``owner`` is "" for one's own, ``number`` "" where not counted."""

    id: int
    title: str
    url: str
    owner: str
    number: str
    current: bool
    shared: bool
    may_change: bool
    conditions: list[Condition]


def chips(
    session: Session, visitor: Visitor, console: Console, at: Wanted, *, counted: bool = False
) -> list[Chip]:
    """Return the views that somebody may see, with how many incidents each one shows them."""
    sources = all_sources(session) if counted else []
    found = []
    for owned in views_of(session, visitor.staff_id):
        wanted = wanted_by(owned, console)
        number = ""
        if counted:
            filtered = wanted.filter(visitor.actor, console.region, console.clock())
            number = some(count_queue(session, filtered, most=SOME))
        found.append(
            Chip(
                id=stored_id(owned.view.id),
                title=owned.view.title,
                url=wanted.url,
                owner="" if owned.view.staff_id == visitor.staff_id else owned.owner,
                number=number,
                current=wanted == at.first_page,
                shared=owned.view.shared,
                may_change=desk.may_change(visitor.actor, owned),
                conditions=conditions(wanted, console.region, sources) if counted else [],
            )
        )
    return found


def wanted_by(owned: OwnedView, console: Console) -> Wanted:
    """Return what a saved view asks for today: what the region has forgotten is left out."""
    return Wanted.of(dict(parse_qsl(owned.view.query)), console.region).first_page


def some(number: int) -> str:
    """Return a number that was counted up to SOME."""
    return f"{grouped(SOME - 1)}+" if number >= SOME else grouped(number)


@router.get("/views")
def show_views(request: Request, visitor: QueueReader) -> Response:
    """Show all saved views, and how many incidents each of them shows now."""
    return _page(request, visitor)


@router.get("/views/counts")
def show_counts(request: Request, visitor: QueueReader) -> Response:
    """Give the links above the queue with their counts; the queue itself does not wait for them."""
    console = console_of(request)
    at = Wanted.of(request.query_params, console.region)
    with reading(console.engine) as session:
        found = chips(session, visitor, console, at, counted=True)
    return console.page(
        "queue_saved.html", visitor=visitor, saved=found[:SHOWN], more=len(found) > SHOWN
    )


@router.post("/views")
def save_view(
    request: Request,
    visitor: SignedInForm,
    title: Annotated[str, Form(max_length=1000)] = "",
    query: Annotated[str, Form(max_length=10_000)] = "",
    shared: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Save a view and show what it shows."""
    console = console_of(request)
    _need_queue(visitor)
    # What is stored is what the address means, and not what somebody typed into it.
    wanted = Wanted.of(dict(parse_qsl(query)), console.region).first_page
    try:
        with unit_of_work(console.engine) as session:
            desk.save(
                session,
                visitor.staff_id,
                title,
                wanted.query,
                shared=shared == "1",
                now=console.clock(),
            )
    except desk.ViewError as error:
        return _page(request, visitor, trouble=str(error), title=title, wanted=wanted, status=422)
    return RedirectResponse(wanted.url, 303)


@router.post("/views/{view}")
def change_view(
    request: Request,
    view: str,
    visitor: SignedInForm,
    button: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Share a view, keep it to oneself, or delete it."""
    console = console_of(request)
    _need_queue(visitor)
    with unit_of_work(console.engine) as session:
        owned = find_view(session, visitor.staff_id, number_of(view))
        if owned is None:
            raise HTTPException(404)
        if not desk.may_change(visitor.actor, owned):
            raise HTTPException(403)
        if button == "delete":
            desk.delete(session, owned)
        elif button in {"share", "keep"}:
            desk.share(session, owned, shared=button == "share")
    return RedirectResponse("/views", 303)


def _need_queue(visitor: Visitor) -> None:
    if not has(visitor.actor, Right.READ_QUEUE):
        raise HTTPException(404)


def _page(
    request: Request,
    visitor: Visitor,
    *,
    trouble: str = "",
    title: str = "",
    wanted: Wanted | None = None,
    status: int = 200,
) -> Response:
    console = console_of(request)
    with reading(console.engine) as session:
        found = chips(session, visitor, console, Wanted(), counted=True)
        sources = all_sources(session)
    return console.page(
        "views.html",
        status=status,
        visitor=visitor,
        own=[chip for chip in found if not chip.owner],
        shared=[chip for chip in found if chip.owner],
        most=desk.MOST,
        trouble=trouble,
        title=title,
        wanted=wanted,
        conditions=conditions(wanted, console.region, sources) if wanted else [],
    )
