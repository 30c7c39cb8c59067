"""One's own account: browsers that are signed in, and the second factor."""

from typing import Annotated

import anyio.to_thread
import segno
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from models.columns import stored_id
from models.staff import Staff
from pipeline.console.access import SignedIn, SignedInForm, Visitor
from pipeline.console.frame import Console, console_of
from pipeline.console.proving import FRESH, asks_password, is_fresh, proves
from pipeline.console.sealing import seal, unseal
from pipeline.console.wording import count, distance
from pipeline.database import reading, unit_of_work
from pipeline.desk import access as desk
from pipeline.desk import second_factor
from pipeline.desk.staffing import AccessError, end_sessions
from pipeline.settings import SettingsError
from pipeline.store import staff as store

WRONG_PASSWORD = "Пароль не подошёл. Проверьте раскладку и Caps Lock."  # noqa: S105 - words
WRONG_CODE = "Код не подошёл. Каждый действует один раз: дождитесь следующего."
STALE = "Форма открыта слишком давно. Добавьте в приложение новый QR-код: он ниже."
NOT_PROVEN = "Чтобы включить второй фактор, сначала задайте пароль или войдите заново по ссылке."
NO_KEY = "Ключ консоли не читается, поэтому второй фактор недоступен. Скажите администратору."

router = APIRouter()

Field = Annotated[str, Form(max_length=1000)]


@router.get("/account")
def show_account(request: Request, visitor: SignedIn) -> Response:
    """Show one's sessions and the state of one's second factor."""
    return _account_page(console_of(request), visitor)


@router.post("/account/sessions")
def end_session(request: Request, visitor: SignedInForm, session: Field = "") -> Response:
    """End one of one's sessions by its number, or with «others» all but this one."""
    console = console_of(request)
    with unit_of_work(console.engine) as work:
        person = work.get_one(Staff, visitor.staff_id)
        if session == "others":
            end_sessions(work, person, but=visitor.visit.sign_in.token_hash)
        elif session.isascii() and session.isdigit() and len(session) < 10:
            desk.end_session(work, person, int(session))
    return RedirectResponse("/account#sessions", 303)


@router.get("/account/factor")
def show_factor(request: Request, visitor: SignedIn) -> Response:
    """Show the QR code to set a second factor up with, or what to do about the one there is."""
    return _factor_page(console_of(request), visitor)


@router.post("/account/factor")
async def set_up(
    request: Request,
    visitor: SignedInForm,
    sealed: Field = "",
    code: Field = "",
    current: Field = "",
) -> Response:
    """Ask for codes from now on; the recovery codes are shown this once."""
    console = console_of(request)
    return await anyio.to_thread.run_sync(
        _set_up, console, visitor, sealed, code, current, limiter=console.hashing
    )


@router.post("/account/factor/change")
async def change(
    request: Request,
    visitor: SignedInForm,
    code: Field = "",
    current: Field = "",
    button: Field = "",
) -> Response:
    """Switch the second factor off, or give new recovery codes; a code is asked for both."""
    console = console_of(request)
    return await anyio.to_thread.run_sync(
        _change, console, visitor, code, current, button, limiter=console.hashing
    )


def _set_up(console: Console, visitor: Visitor, sealed: str, code: str, current: str) -> Response:
    if not visitor.staff.password_hash and not is_fresh(console, visitor):
        return _factor_page(console, visitor, trouble=NOT_PROVEN)
    try:
        fernet = console.fernet()
    except SettingsError:
        return _factor_page(console, visitor, trouble=NO_KEY)
    now = console.clock()
    facts = unseal(fernet, "factor", sealed, now, FRESH)
    if facts is None or facts["staff"] != visitor.staff_id:
        return _factor_page(console, visitor, trouble=STALE)
    # What was photographed already stays the same until the code fits.
    secret = facts["secret"]
    if not proves(console, visitor, current):
        return _factor_page(console, visitor, secret=secret, trouble=WRONG_PASSWORD)
    try:
        with unit_of_work(console.engine) as session:
            codes = second_factor.set_up(
                session, visitor.staff_id, secret, code=code, fernet=fernet, now=now
            )
            # They were opened without a code.
            person = session.get_one(Staff, visitor.staff_id)
            end_sessions(session, person, but=visitor.visit.sign_in.token_hash)
    except AccessError as error:
        return _factor_page(console, visitor, secret=secret, trouble=str(error))
    return console.page("account_codes.html", visitor=visitor, codes=codes)


def _change(console: Console, visitor: Visitor, code: str, current: str, button: str) -> Response:
    if not visitor.staff.totp_secret or button not in {"off", "codes"}:
        return RedirectResponse("/account", 303)
    if not proves(console, visitor, current):
        return _factor_page(console, visitor, trouble=WRONG_PASSWORD)
    try:
        codes = _changed(console, visitor.staff_id, code, button)
    except AccessError as error:
        return _factor_page(console, visitor, trouble=str(error))
    except SettingsError:
        return _factor_page(console, visitor, trouble=NO_KEY)
    if codes:
        return console.page("account_codes.html", visitor=visitor, codes=codes)
    return RedirectResponse("/account", 303)


def _changed(console: Console, staff_id: int, code: str, button: str) -> list[str]:
    """Use a code up and carry out a change; return new recovery codes, if they were asked for."""
    now = console.clock()
    # Apart from the change: a wrong code has to stay counted.
    with unit_of_work(console.engine) as session:
        right = second_factor.confirm(session, staff_id, code, console.fernet(), now)
    if not right:
        raise AccessError(WRONG_CODE)
    with unit_of_work(console.engine) as session:
        if button == "codes":
            return second_factor.renew_codes(session, staff_id, now)
        second_factor.switch_off(session, staff_id, now)
        return []


def _account_page(console: Console, visitor: Visitor) -> Response:
    now = console.clock()
    with reading(console.engine) as session:
        sign_ins = store.open_sign_ins(session, visitor.staff_id, now)
    left = len(visitor.staff.recovery)
    return console.page(
        "account.html",
        visitor=visitor,
        sessions=[
            {
                "id": stored_id(one.id),
                "since": console.local(one.created_at),
                "until": console.local(one.expires_at),
                "distance": distance(one.created_at, now),
                "this": one.id == visitor.visit.sign_in.id,
            }
            for one in sign_ins
        ],
        codes_left=count(left, "запасной код", "запасных кода", "запасных кодов"),
        few=left < 3,
    )


def _factor_page(
    console: Console, visitor: Visitor, *, secret: str = "", trouble: str = ""
) -> Response:
    with reading(console.engine) as session:
        person = session.get_one(Staff, visitor.staff_id)
    asks = asks_password(console, visitor)
    status = 422 if trouble else 200
    if person.totp_secret:
        return console.page(
            "account_factor_on.html", visitor=visitor, status=status, trouble=trouble, asks=asks
        )
    secret = secret or second_factor.new_secret()
    try:
        facts = {"staff": visitor.staff_id, "secret": secret}
        sealed = seal(console.fernet(), "factor", facts, console.clock())
    except SettingsError:
        sealed, status, trouble = "", 503, NO_KEY
    return console.page(
        "account_factor.html",
        visitor=visitor,
        status=status,
        trouble=trouble,
        asks=asks,
        sealed=sealed,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        # Drawn by a library from letters and digits; its colours are attributes, not styles.
        picture=segno.make(second_factor.address(person, secret)).svg_inline(scale=4, omitsize=True)
        if sealed
        else "",
    )
