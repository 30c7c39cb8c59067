"""Acts on a whole list: what it would be about, the act itself, how far it has come."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.console import BulkAct
from models.vocabulary import Role
from pipeline.bulk import Runner
from pipeline.console.access import SignedIn, SignedInForm, Visitor
from pipeline.console.bulk_view import incidents, kinds_of, preview, progress, seen_then
from pipeline.console.frame import Console, console_of
from pipeline.console.wanted import Wanted
from pipeline.database import reading, unit_of_work
from pipeline.decisions.lifecycle import LONGEST_REASON
from pipeline.decisions.snoozing import CODES, moment_of
from pipeline.desk import bulk_acts as desk
from pipeline.desk.bulk_acts import BulkKind, BulkWish
from pipeline.desk.undo import new_token
from pipeline.store.bulk_acts import find_bulk_act, recent

LONGEST_QUERY = 2000
RECENT = 5
FRESH = timedelta(hours=1)
"""An older preview is shown again before anything is done by it."""

OLD = "Список был открыт больше часа назад. Вот он сейчас: проверьте и нажмите ещё раз."
EMPTY = "Всё, что было в списке, уже изменилось. Вот он сейчас: проверьте и нажмите ещё раз."
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)

UNCHOSEN = "Выберите, что сделать."

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """The form of the preview; each act has fields of its own.

    ``token`` will be the act's, so that a button that is pressed twice is heard once.
    """

    query: Annotated[str, Form(max_length=LONGEST_QUERY)] = ""
    token: Annotated[str, Form(max_length=64)] = ""
    what: Annotated[BulkKind | Literal[""], Form()] = ""
    at: Annotated[datetime | None, Form()] = None
    head: Annotated[int, Form(ge=0, le=2**62)] = 0
    through: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0
    counted: Annotated[int, Form(ge=0, le=desk.MOST)] = 0
    irrelevant: Annotated[str, Form()] = ""
    body: Annotated[str, Form(max_length=100)] = ""
    note: Annotated[str, Form()] = ""
    reason: Annotated[str, Form()] = ""
    snooze: Annotated[str, Form(max_length=20)] = ""


@router.get("/bulk")
def show_preview(request: Request, visitor: SignedIn) -> Response:
    """Show what an act on a list would be about, and the acts to choose from."""
    if not kinds_of(visitor.actor):
        raise HTTPException(404)
    console = console_of(request)
    wanted = Wanted.of(request.query_params, console.region)
    return _preview(console, visitor, wanted, Filled())


@router.post("/bulk")
def start(
    request: Request, visitor: SignedInForm, filled: Annotated[Filled, Depends()]
) -> Response:
    """Begin an act on exactly what the preview counted, as far as it is still the same."""
    console, now = console_of(request), console_of(request).clock()
    if not kinds_of(visitor.actor):
        raise HTTPException(404)
    wanted = Wanted.of(dict(parse_qsl(filled.query, max_num_fields=50)), console.region)
    if not filled.what or filled.what not in kinds_of(visitor.actor):
        return _preview(console, visitor, wanted, filled, trouble=UNCHOSEN, status=422)
    said = _wish(filled, filled.what, console, now)
    if isinstance(said, str):
        return _preview(console, visitor, wanted, filled, trouble=said, status=422)
    if filled.at is None or filled.at.utcoffset() is None or now - filled.at > FRESH:
        return _preview(console, visitor, wanted, filled, trouble=OLD, status=409)
    token = filled.token if TOKEN.fullmatch(filled.token) else new_token()
    runner, begun = _runner(console), False
    with unit_of_work(console.engine) as session:
        if find_bulk_act(session, token) is not None:
            return RedirectResponse(f"/bulk/{token}", 303)
        ids = seen_then(
            session,
            wanted,
            actor=visitor.actor,
            console=console,
            at=filled.at,
            head=filled.head,
            through=filled.through,
        )
        if ids:
            begun = desk.start(
                session,
                said,
                ids,
                token=token,
                staff_id=visitor.staff_id,
                runner=runner.name,
                now=now,
            )
    if not ids:
        return _preview(console, visitor, wanted, filled, trouble=EMPTY, status=409)
    if begun:
        runner.begin(token)
    missing = max(0, filled.counted - len(ids))
    told = f"?missing={missing}" if missing else ""
    return RedirectResponse(f"/bulk/{token}{told}", 303)


@router.get("/bulk/{token}")
def show_progress(request: Request, visitor: SignedIn, token: str) -> Response:
    """Show how far an act has come; asked by a script, only the part that changes."""
    console = console_of(request)
    with reading(console.engine) as session:
        shown = progress(session, _visible(session, token, visitor), console, console.clock())
    part = request.headers.get("hx-request") == "true"
    missing = request.query_params.get("missing", "")
    known = missing.isascii() and missing.isdigit() and len(missing) < 6
    return console.page(
        "bulk_progress.html" if part else "bulk.html",
        visitor=visitor,
        progress=shown,
        missing=incidents(int(missing)) if known else "",
    )


@router.post("/bulk/{token}")
def change(
    request: Request,
    visitor: SignedInForm,
    token: str,
    what: Annotated[Literal["stop", "resume", "undo"], Form()] = "stop",
) -> Response:
    """Stop an act, go on with it, or take all of it back; what makes no sense changes nothing."""
    console, now = console_of(request), console_of(request).clock()
    runner, begun = _runner(console), False
    with unit_of_work(console.engine) as session:
        _visible(session, token, visitor)
        if what == "stop":
            desk.stop(session, token, now=now)
        elif what == "resume":
            begun = desk.resume(session, token, runner=runner.name, now=now)
        else:
            begun = desk.take_back(
                session, token, staff_id=visitor.staff_id, runner=runner.name, now=now
            )
    if begun:
        runner.begin(token)
    return RedirectResponse(f"/bulk/{token}", 303)


def _visible(session: Session, token: str, visitor: Visitor) -> BulkAct:
    """Return a bulk act of this person's own, or any for an administrator; raise 404."""
    found = find_bulk_act(session, token)
    allowed = visitor.actor.role is Role.ADMINISTRATOR
    if found is None or not (allowed or found.staff_id == visitor.staff_id):
        raise HTTPException(404)
    return found


def _runner(console: Console) -> Runner:
    return Runner(console.engine, console.rules, console.clock)


def _wish(filled: Filled, kind: BulkKind, console: Console, now: datetime) -> BulkWish | str:
    """Return what the form asks for, or what is wrong with it."""
    fields = {
        BulkKind.NOT_RELEVANT: filled.irrelevant,
        BulkKind.ASSIGN: filled.note,
        BulkKind.CLOSE: filled.reason,
    }
    reason, body, until = fields.get(kind, "").strip(), None, None
    trouble = ""
    if len(reason) > LONGEST_REASON:
        trouble = f"Причина длиннее {LONGEST_REASON} знаков. Сократите её."
    elif kind in {BulkKind.NOT_RELEVANT, BulkKind.CLOSE} and not reason:
        trouble = "Напишите причину: она останется в журнале каждого инцидента."
    elif kind is BulkKind.ASSIGN:
        body = filled.body
        known = {one.code for one in console.region.bodies}
        trouble = "" if body in known else "Выберите исполнителя."
    elif kind is BulkKind.SNOOZE and filled.snooze not in CODES:
        trouble = "Выберите, до какого времени отложить."
    elif kind is BulkKind.SNOOZE:
        until = moment_of(filled.snooze, now, console.calendar)
    return trouble or BulkWish(kind, reason, body, until, filled.query)


def _preview(
    console: Console,
    visitor: Visitor,
    wanted: Wanted,
    filled: Filled,
    *,
    trouble: str = "",
    status: int = 200,
) -> Response:
    now = console.clock()
    with reading(console.engine) as session:
        shown = preview(session, wanted, actor=visitor.actor, console=console, now=now)
        acts = recent(session, visitor.staff_id, RECENT)
        before = [progress(session, act, console, now) for act in acts]
    return console.page(
        "bulk_preview.html",
        visitor=visitor,
        status=status,
        preview=shown,
        wanted=wanted.first_page,
        filled=filled,
        trouble=trouble,
        before=before,
        token=new_token(),
        most=desk.MOST,
    )
