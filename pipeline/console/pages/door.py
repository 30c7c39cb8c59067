"""The door: signing in by password or by a one-time link, the second factor, and signing out."""

import logging
import time
from typing import Annotated
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from pipeline.console.access import (
    SignedInForm,
    StrangerForm,
    StrangerToken,
    ask_code,
    code_asked,
    find_visitor,
    forget_code,
    give_session,
    safe_next,
    take_session,
)
from pipeline.console.frame import Console, console_of
from pipeline.console.throttle import of_this_machine
from pipeline.database import reading, unit_of_work
from pipeline.desk import access as desk
from pipeline.desk import second_factor
from pipeline.desk.staffing import AccessError
from pipeline.settings import SettingsError
from pipeline.store import staff as store

log = logging.getLogger(__name__)

FAILURE_SECONDS = 0.3
"""How long every refusal takes at least: more than the work, so that its length tells nothing."""

REFUSED = (
    "Логин или пароль не подошли. Проверьте раскладку и Caps Lock. После пяти ошибок подряд "
    "вход закрывается на 15 минут и дольше; администратор может выдать ссылку для входа."
)

TOO_OFTEN = (
    "С вашего адреса в сети слишком много неудачных попыток входа. Подождите минуту и повторите; "
    "одноразовая ссылка от администратора впустит и сейчас."
)
RETRY_AFTER = "60"

WRONG_CODE = (
    "Код не подошёл. Каждый действует один раз: дождитесь следующего или введите запасной. После "
    "пяти ошибок подряд вход закрывается на 15 минут и дольше."
)
NO_KEY = "Второй фактор сейчас не проверить: ключ консоли не читается. Скажите администратору."

router = APIRouter()

Field = Annotated[str, Form(max_length=1000)]


@router.get("/sign-in")
def show_sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address says so
    """Show the form, or go on if there is nothing to ask."""
    if find_visitor(request) is not None:
        return RedirectResponse(safe_next(next), 303)
    return _sign_in_page(request, safe_next(next))


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
    wanted = safe_next(next)
    if not _lets(request):
        return _sign_in_page(request, wanted, login=login, trouble=TOO_OFTEN, status=429)
    started = time.monotonic()
    outcome = await anyio.to_thread.run_sync(
        _try_password, console, login, password, limiter=console.hashing
    )
    if outcome is None:
        await anyio.sleep(max(0.0, started + FAILURE_SECONDS - time.monotonic()))
        return _sign_in_page(request, wanted, login=login, trouble=REFUSED, status=401)
    _forgive(request)
    return _let_in(console, outcome, wanted)


@router.get("/sign-in/code")
def show_code(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address says so
    """Show the form for the second factor to whoever has passed the first door."""
    wanted = safe_next(next)
    try:
        asked = code_asked(request)
    except SettingsError as error:
        return _no_key(console_of(request), error)
    if find_visitor(request) is not None:
        return RedirectResponse(wanted, 303)
    if asked is None:
        return RedirectResponse("/sign-in", 303)
    return _code_page(request, wanted)


@router.post("/sign-in/code")
def sign_in_with_code(
    request: Request,
    _form: StrangerForm,
    code: Field = "",
    next: Field = "/",  # noqa: A002 - the form says so
) -> Response:
    """Let in whoever has passed the first door and knows a code."""
    console = console_of(request)
    wanted = safe_next(next)
    if not _lets(request):
        return _code_page(request, wanted, trouble=TOO_OFTEN, status=429)
    try:
        asked = code_asked(request)
        if asked is None:
            return RedirectResponse("/sign-in", 303)
        with unit_of_work(console.engine) as session:
            token = second_factor.sign_in(session, asked, code, console.fernet(), console.clock())
    except SettingsError as error:
        return _no_key(console, error)
    except AccessError as error:
        return _code_page(request, wanted, trouble=str(error), status=401)
    if token is None:
        return _code_page(request, wanted, trouble=WRONG_CODE, status=401)
    _forgive(request)
    response = RedirectResponse(wanted, 303)
    forget_code(response, console)
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
        outcome = desk.use_entry_link(session, token, console.clock())
    if outcome is None:
        return _link_refused(console)
    return _let_in(console, outcome, "/")


@router.post("/sign-out")
def sign_out(request: Request, visitor: SignedInForm) -> Response:
    """End the session."""
    console = console_of(request)
    with unit_of_work(console.engine) as session:
        desk.sign_out(session, visitor.token)
    response = RedirectResponse("/sign-in", 303)
    take_session(response, console)
    return response


def _try_password(console: Console, login: str, password: str) -> str | desk.CodeAsked | None:
    with reading(console.engine) as session:
        staff = store.find_staff(session, login)
    checked = desk.check_password(staff, login, password)
    with unit_of_work(console.engine) as session:
        return desk.sign_in(session, checked, console.clock())


def _let_in(console: Console, outcome: str | desk.CodeAsked, wanted: str) -> Response:
    """Send a browser on: into the console, or to the second door."""
    if isinstance(outcome, str):
        response = RedirectResponse(wanted, 303)
        give_session(response, console, outcome)
        return response
    further = "" if wanted == "/" else f"?next={quote(wanted, safe='/')}"
    response = RedirectResponse(f"/sign-in/code{further}", 303)
    try:
        ask_code(response, console, outcome)
    except SettingsError as error:
        return _no_key(console, error)
    return response


def _lets(request: Request) -> bool:
    """Count an attempt of this address, and tell whether it may be made."""
    address = _address(request)
    console = console_of(request)
    return of_this_machine(address) or console.door.lets(address, console.clock())


def _forgive(request: Request) -> None:
    """Take back an attempt that was counted: it was right."""
    console_of(request).door.give_back(_address(request))


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _sign_in_page(
    request: Request, wanted: str, *, login: str = "", trouble: str = "", status: int = 200
) -> Response:
    return _stranger_page(
        request, "sign_in.html", wanted, login=login[:100], trouble=trouble, status=status
    )


def _code_page(request: Request, wanted: str, *, trouble: str = "", status: int = 200) -> Response:
    return _stranger_page(request, "sign_in_code.html", wanted, trouble=trouble, status=status)


def _stranger_page(
    request: Request, template: str, wanted: str, *, status: int, **words: str
) -> Response:
    console = console_of(request)
    stranger = StrangerToken.of(request)
    response = console.page(
        template, status=status, form_token=stranger.form_token, wanted=wanted, **words
    )
    if status == 429:
        response.headers["Retry-After"] = RETRY_AFTER
    stranger.give(response, console)
    return response


def _no_key(console: Console, error: SettingsError) -> Response:
    log.error("Второй фактор: %s", error)
    return console.page(
        "error.html", status=503, title="Второй фактор не проверить", advice=NO_KEY, number=503
    )


def _link_refused(console: Console) -> Response:
    return console.page(
        "error.html",
        status=404,
        title="Ссылка не подходит",
        advice="Она уже использована или её срок прошёл. Попросите администратора выдать новую.",
        number=404,
    )
