"""The staff, for administrators: who may come in, as what, and the end of it.

Passwords are never set here: a person gets a one-time link, which is shown once, and chooses one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from models.columns import stored_id
from models.staff import Staff
from models.vocabulary import Role
from pipeline.console.access import SignedInForm, StaffManager, Visitor
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import distance
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing
from pipeline.store import staff as store

LINK_LASTS = timedelta(days=1)

STALE = (
    "Пока страница была открыта, сотрудника изменил кто-то ещё. Ниже то, что есть сейчас: "
    "проверьте и повторите."
)
ONESELF = (
    "Свою роль и доступ сменить нельзя: попросите другого администратора. Пароль и второй фактор "
    "меняют в своём кабинете."
)
NO_ROLE = "Выберите роль."

DONE = {
    "role": "Роль сохранена и действует сразу.",
    "dismiss": "Доступ закрыт, все входы завершены.",
    "back": "Доступ открыт снова.",
    "sessions": "Все входы завершены, неиспользованные ссылки погашены.",
    "factor": "Второй фактор сброшен: код больше не спрашивается.",
}

router = APIRouter()

Field = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Row:
    """A person as the pages show them; ``seen`` is what a form has to send back."""

    id: int
    login: str
    role: str
    role_name: str
    body: str
    body_name: str
    active: bool
    password: bool
    factor: bool
    locked: bool
    last: str
    ago: str
    seen: str
    oneself: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed into the form of a new person, and what is wrong with it."""

    login: str = ""
    role: str = Role.OPERATOR.value
    body: str = ""
    trouble: str = ""


@router.get("/admin/staff")
def show_staff(request: Request, visitor: StaffManager) -> Response:
    """Show everybody who was ever added."""
    return _list_page(console_of(request), visitor, Given())


@router.post("/admin/staff")
def add(
    request: Request,
    _form: SignedInForm,
    visitor: StaffManager,
    login: Field = "",
    role: Field = "",
    body: Field = "",
) -> Response:
    """Add a person, and show their link this once."""
    console = console_of(request)
    given = Given(login[:200], role, body)
    chosen = _role(role)
    if chosen is None:
        return _list_page(console, visitor, replace(given, trouble=NO_ROLE))
    try:
        staffing.require_body(chosen, body or None, console.region)
        with unit_of_work(console.engine) as session:
            person = staffing.add_staff(
                session,
                login,
                chosen,
                console.clock(),
                body=body or None,
                by=visitor.staff.login,
            )
            token = access.make_entry_link(session, person, console.clock(), LINK_LASTS)
    except staffing.AccessError as error:
        return _list_page(console, visitor, replace(given, trouble=str(error)))
    return _link_page(request, visitor, person, token)


@router.get("/admin/staff/{number}")
def show_person(request: Request, visitor: StaffManager, number: str, done: str = "") -> Response:
    """Show one person, and what can be changed; ``done`` is the button that led here."""
    return _person_page(console_of(request), visitor, number, done=DONE.get(done, ""))


@router.post("/admin/staff/{number}")
def change(
    request: Request,
    _form: SignedInForm,
    visitor: StaffManager,
    number: str,
    *,
    button: Field = "",
    role: Field = "",
    body: Field = "",
    seen: Field = "",
) -> Response:
    """Change a person: one button is one change."""
    console = console_of(request)
    person = _find(console, number)
    if person.login == visitor.staff.login:
        return _person_page(console, visitor, number, trouble=ONESELF, status=422)
    if seen and seen != _seen(person):
        return _person_page(console, visitor, number, trouble=STALE, status=409)
    try:
        if button == "role":
            return _change_role(console, visitor, person, role, body)
        if button == "link":
            with unit_of_work(console.engine) as session:
                token = access.give_link(
                    session, person.login, console.clock(), LINK_LASTS, by=visitor.staff.login
                )
            return _link_page(request, visitor, person, token)
        act = {
            "dismiss": staffing.dismiss,
            "back": staffing.take_back,
            "sessions": staffing.sign_out_everywhere,
            "factor": staffing.reset_second_factor,
        }.get(button)
        if act is None:
            raise HTTPException(422)
        with unit_of_work(console.engine) as session:
            act(session, person.login, console.clock(), by=visitor.staff.login)
    except staffing.AccessError as error:
        return _person_page(console, visitor, number, trouble=str(error), status=422)
    return RedirectResponse(f"/admin/staff/{number}?done={button}", 303)


def _change_role(
    console: Console, visitor: Visitor, person: Staff, role: str, body: str
) -> Response:
    chosen = _role(role)
    if chosen is None:
        raise staffing.AccessError(NO_ROLE)
    # A form cannot hide the body when the role has none.
    wanted = body or None if chosen is Role.EXECUTOR else None
    staffing.require_body(chosen, wanted, console.region)
    with unit_of_work(console.engine) as session:
        staffing.set_role(
            session, person.login, chosen, console.clock(), body=wanted, by=visitor.staff.login
        )
    return RedirectResponse(f"/admin/staff/{person.id}?done=role", 303)


def _find(console: Console, number: str) -> Staff:
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise HTTPException(404)
    with reading(console.engine) as session:
        person = store.staff_by_id(session, int(number))
    if person is None:
        raise HTTPException(404)
    return person


def _role(role: str) -> Role | None:
    return Role(role) if role in set(Role) else None


def _seen(person: Staff) -> str:
    return f"{person.role.value} {person.body or ''} {person.active}"


def _row(console: Console, visitor: Visitor, person: Staff, last: datetime | None) -> Row:
    now = console.clock()
    return Row(
        id=stored_id(person.id),
        login=person.login,
        role=person.role.value,
        role_name=person.role.russian,
        body=person.body or "",
        body_name=_body_name(console, person.body),
        active=person.active,
        password=bool(person.password_hash),
        factor=bool(person.totp_secret),
        locked=person.locked_until is not None and now < person.locked_until,
        last=console.local(last) if last else "",
        ago=distance(last, now) if last else "",
        seen=_seen(person),
        oneself=person.login == visitor.staff.login,
    )


def _body_name(console: Console, body: str | None) -> str:
    names = {one.code: one.name for one in console.region.bodies}
    return names.get(body, body) if body else ""


def _list_page(console: Console, visitor: Visitor, given: Given) -> Response:
    with reading(console.engine) as session:
        people = store.all_staff(session)
        last = store.last_sign_ins(session)
    rows = [_row(console, visitor, one, last.get(stored_id(one.id))) for one in people]
    return console.page(
        "admin_staff.html",
        visitor=visitor,
        status=422 if given.trouble else 200,
        people=[row for row in rows if row.active],
        gone=[row for row in rows if not row.active],
        given=given,
        roles=list(Role),
        bodies=console.region.bodies,
    )


def _person_page(
    console: Console,
    visitor: Visitor,
    number: str,
    *,
    trouble: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    person = _find(console, number)
    with reading(console.engine) as session:
        last = store.last_sign_ins(session).get(stored_id(person.id))
        open_now = len(store.open_sign_ins(session, stored_id(person.id), console.clock()))
    return console.page(
        "admin_person.html",
        visitor=visitor,
        status=status,
        person=_row(console, visitor, person, last),
        open_now=open_now,
        trouble=trouble,
        done=done,
        roles=list(Role),
        bodies=console.region.bodies,
    )


def _origin(request: Request) -> str:
    # The wall has let this name in.
    return f"{request.url.scheme}://{request.url.netloc}"


def _link_page(request: Request, visitor: Visitor, person: Staff, token: str) -> Response:
    console = console_of(request)
    return console.page(
        "admin_link.html",
        visitor=visitor,
        number=stored_id(person.id),
        login=person.login,
        factor=bool(person.totp_secret),
        address=f"{console.public_url or _origin(request)}/enter/{token}",
        until=console.local(console.clock() + LINK_LASTS),
    )
