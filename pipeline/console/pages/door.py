"""The door: signing in by password or by a one-time link, and signing out."""

import time
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from pipeline.console.access import (
    SignedInForm,
    StrangerForm,
    StrangerToken,
    find_visitor,
    give_session,
    safe_next,
    take_session,
)
from pipeline.console.frame import Console, console_of
from pipeline.database import reading, unit_of_work
from pipeline.desk import access as desk
from pipeline.store import staff as store

FAILURE_SECONDS = 0.3
"""How long every refusal takes at least: more than the work, so that its length tells nothing."""

REFUSED = (
    "Логин или пароль не подошли. Проверьте раскладку и Caps Lock. После пяти ошибок подряд "
    "вход закрывается на 15 минут и дольше; администратор может выдать ссылку для входа."
)

router = APIRouter()

Field = Annotated[str, Form(max_length=1000)]


@router.get("/sign-in")
def show_sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address says so
    """Show the form, or go on if there is nothing to ask."""
    if find_visitor(request) is not None:
        return RedirectResponse(safe_next(next), 303)
    return _sign_in_page(request, wanted=safe_next(next))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    _form: StrangerForm,
    login: Field = "",
    password: Field = "",
    next: Field = "/",  # noqa: A002 - the form says so
) -> Response:
    """Let in whoever knows a password."""
    console = console_of(request)
    started = time.monotonic()
    token = await anyio.to_thread.run_sync(
        _try_password, console, login, password, limiter=console.hashing
    )
    if token is None:
        await anyio.sleep(max(0.0, started + FAILURE_SECONDS - time.monotonic()))
        return _sign_in_page(request, wanted=safe_next(next), login=login, status=401)
    response = RedirectResponse(safe_next(next), 303)
    give_session(response, console, token)
    return response


@router.get("/enter/{token}")
def show_entry(request: Request, token: str) -> Response:
    """Show the button that uses a link up; a messenger's preview of the link must not."""
    console = console_of(request)
    with reading(console.engine) as session:
        link = store.find_entry_link(session, desk.hash_token(token), console.clock())
    if link is None:
        return _link_refused(console)
    stranger = StrangerToken.of(request)
    response = console.page("enter.html", form_token=stranger.form_token)
    stranger.give(response, console)
    return response


@router.post("/enter/{token}")
def enter(request: Request, _form: StrangerForm, token: str) -> Response:
    """Use a link up and sign its owner in."""
    console = console_of(request)
    with unit_of_work(console.engine) as session:
        session_token = desk.use_entry_link(session, token, console.clock())
    if session_token is None:
        return _link_refused(console)
    response = RedirectResponse("/", 303)
    give_session(response, console, session_token)
    return response


@router.post("/sign-out")
def sign_out(request: Request, visitor: SignedInForm) -> Response:
    """End the session."""
    console = console_of(request)
    with unit_of_work(console.engine) as session:
        desk.sign_out(session, visitor.token)
    response = RedirectResponse("/sign-in", 303)
    take_session(response, console)
    return response


def _try_password(console: Console, login: str, password: str) -> str | None:
    with reading(console.engine) as session:
        staff = store.find_staff(session, login)
    checked = desk.check_password(staff, login, password)
    with unit_of_work(console.engine) as session:
        return desk.sign_in(session, checked, console.clock())


def _sign_in_page(request: Request, *, wanted: str, login: str = "", status: int = 200) -> Response:
    console = console_of(request)
    stranger = StrangerToken.of(request)
    response = console.page(
        "sign_in.html",
        status=status,
        form_token=stranger.form_token,
        wanted=wanted,
        login=login[:100],
        trouble="" if status == 200 else REFUSED,
    )
    stranger.give(response, console)
    return response


def _link_refused(console: Console) -> Response:
    return console.page(
        "error.html",
        status=404,
        title="Ссылка не подходит",
        advice="Она уже использована или её срок прошёл. Попросите администратора выдать новую.",
        number=404,
    )
