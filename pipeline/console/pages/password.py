"""One's own password."""

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from models.staff import Staff
from pipeline.console.access import SignedIn, SignedInForm, Visitor, give_session
from pipeline.console.frame import Console, console_of
from pipeline.console.proving import asks_password, proves
from pipeline.database import unit_of_work
from pipeline.desk import access as desk
from pipeline.desk.staffing import AccessError

DIFFERENT = "Пароли в двух полях разные. Введите новый пароль ещё раз."
WRONG = (
    "Нынешний пароль не подошёл. Если вы его забыли, попросите администратора выдать ссылку "
    "для входа: сразу после неё нынешний пароль не спрашивается."
)

router = APIRouter()

Field = Annotated[str, Form(max_length=1000)]


@router.get("/password")
def show_password(request: Request, visitor: SignedIn) -> Response:
    """Show the form."""
    return _form_page(console_of(request), visitor)


@router.post("/password")
async def change_password(
    request: Request,
    visitor: SignedInForm,
    current: Field = "",
    password: Field = "",
    again: Field = "",
) -> Response:
    """Set a new password; all other browsers of this person are signed out."""
    console = console_of(request)
    if password != again:
        return _form_page(console, visitor, trouble=DIFFERENT)
    try:
        token = await anyio.to_thread.run_sync(
            _change, console, visitor, current, password, limiter=console.hashing
        )
    except AccessError as error:
        return _form_page(console, visitor, trouble=str(error))
    if token is None:
        return _form_page(console, visitor, trouble=WRONG)
    response = RedirectResponse("/", 303)
    give_session(response, console, token)
    return response


def _change(console: Console, visitor: Visitor, current: str, password: str) -> str | None:
    hashed = desk.hash_password(visitor.staff.login, password)
    if not proves(console, visitor, current):
        return None
    with unit_of_work(console.engine) as session:
        person = session.get_one(Staff, visitor.staff_id)
        desk.set_password(session, person, hashed)
        return desk.open_session(session, person, console.clock())


def _form_page(console: Console, visitor: Visitor, *, trouble: str = "") -> Response:
    return console.page(
        "password.html",
        visitor=visitor,
        status=422 if trouble else 200,
        asks_current=asks_password(console, visitor),
        trouble=trouble,
        shortest=desk.SHORTEST_PASSWORD,
    )
