"""Taking back what was just done: one button, one address."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from pipeline.console.access import SignedInForm, safe_next
from pipeline.console.frame import console_of
from pipeline.console.offering import UNDONE, with_token
from pipeline.database import unit_of_work
from pipeline.desk.undo import undo
from pipeline.store.bulk_acts import find_bulk_act
from pipeline.store.undo import offered

router = APIRouter()

LATE = 409


@dataclass(frozen=True, slots=True)
class Kept:
    """An incident that stays as it is, and why."""

    number: int
    why: str


@router.post("/undo/{token}")
def take_back(
    request: Request, visitor: SignedInForm, token: str, back: Annotated[str, Form()] = "/"
) -> Response:
    """Take an act back and return to the page that offered it, or say what stays and why."""
    console = console_of(request)
    with unit_of_work(console.engine) as session:
        if find_bulk_act(session, token) is not None:
            return RedirectResponse(f"/bulk/{token}", 303)
        first = next(iter(offered(session, token, 1)), None)
        if first is None or first.staff_id != visitor.staff_id:
            raise HTTPException(404)
        said = undo(
            session,
            token,
            actor=visitor.actor,
            staff_id=visitor.staff_id,
            rules=console.rules,
            now=console.clock(),
        )
    back = safe_next(back)
    if not said.refused:
        return RedirectResponse(with_token(back, UNDONE, token), 303)
    return console.page(
        "undo.html",
        visitor=visitor,
        status=LATE,
        restored=said.restored,
        kept=[Kept(number, why) for number, why in said.refused],
        back=back,
    )
