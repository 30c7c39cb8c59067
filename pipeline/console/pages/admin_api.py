"""Keys of programs, for administrators: made, shown once, revoked."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from models.columns import stored_id
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import distance
from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import Right
from pipeline.desk.api_keys import ApiKeyError, NewKey, Scope, make_key, revoke_key
from pipeline.store.api_keys import OwnedKey, all_keys
from pipeline.store.staff import all_staff

LASTS = (("90", "90 дней"), ("365", "год"), ("30", "30 дней"), ("", "без срока"))
"""For how many days a key opens; the first one is offered."""

router = APIRouter()

ApiManager = Annotated[Visitor, Depends(with_right(Right.MANAGE_API))]
Field = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Row:
    """A key as the page shows it; ``gone`` says why it opens nothing any more, else ""."""

    id: int
    title: str
    owner: str
    role: str
    scopes: list[str]
    made: str
    by: str
    until: str
    used: str
    gone: str


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed into the form of a new key, and what is wrong with it."""

    title: str = ""
    owner: str = ""
    scopes: tuple[str, ...] = ()
    days: str = LASTS[0][0]
    trouble: str = ""


@router.get("/admin/api")
def show_keys(request: Request, visitor: ApiManager) -> Response:
    """Show every key that was ever made, without the keys themselves."""
    return _page(console_of(request), visitor)


@router.post("/admin/api")
def make(
    request: Request,
    _form: SignedInForm,
    visitor: ApiManager,
    *,
    title: Field = "",
    owner: Field = "",
    scopes: Annotated[list[str], Form(max_length=50)] = [],  # noqa: B006 - read, never changed
    days: Field = "",
) -> Response:
    """Make a key, and show it this once."""
    console = console_of(request)
    now = console.clock()
    # What the page does not offer is not offered by anybody: the shortest holds.
    lasts = days if days in dict(LASTS) else LASTS[0][0]
    try:
        with unit_of_work(console.engine) as session:
            made = make_key(
                session,
                title=title,
                owner=owner,
                scopes=scopes,
                expires_at=now + timedelta(days=int(lasts)) if lasts else None,
                by=visitor.staff.login,
                now=now,
            )
    except ApiKeyError as error:
        given = Given(title[:200], owner[:200], tuple(scopes), lasts, str(error))
        return _page(console, visitor, given, status=422)
    return _page(console, visitor, made=made)


@router.post("/admin/api/{number}/revoke")
def revoke(request: Request, _form: SignedInForm, visitor: ApiManager, number: str) -> Response:
    """Revoke a key; one that is revoked already stays so."""
    console = console_of(request)
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise HTTPException(404)
    try:
        with unit_of_work(console.engine) as session:
            revoke_key(session, int(number), by=visitor.staff.login, now=console.clock())
    except ApiKeyError:
        raise HTTPException(404) from None
    return RedirectResponse("/admin/api", 303)


def _page(
    console: Console,
    visitor: Visitor,
    given: Given | None = None,
    *,
    made: NewKey | None = None,
    status: int = 200,
) -> Response:
    with reading(console.engine) as session:
        rows = [_row(owned, console) for owned in all_keys(session)]
        people = [one for one in all_staff(session) if one.active]
    return console.page(
        "admin_api.html",
        status=status,
        visitor=visitor,
        keys=[row for row in rows if not row.gone],
        gone=[row for row in rows if row.gone],
        people=[(one.login, f"{one.login} ({one.role.russian})") for one in people],
        scopes=[(scope.value, scope.russian) for scope in Scope],
        lasts=LASTS,
        given=given or Given(owner=visitor.staff.login),
        token=made.token if made is not None else "",
        fresh=made.key.title if made is not None else "",
    )


def _row(owned: OwnedKey, console: Console) -> Row:
    key, staff, now = owned.key, owned.staff, console.clock()
    gone = ""
    if key.revoked_at is not None:
        gone = f"отозван {console.local(key.revoked_at)}"
    elif key.expires_at is not None and key.expires_at <= now:
        gone = f"срок вышел {console.local(key.expires_at)}"
    elif not staff.active:
        gone = "владельцу закрыт доступ"
    return Row(
        id=stored_id(key.id),
        title=key.title,
        owner=staff.login,
        role=staff.role.russian,
        scopes=[Scope(scope).russian for scope in key.scopes if scope in frozenset(Scope)],
        made=console.local(key.created_at),
        by=key.created_by,
        until=console.local(key.expires_at) if key.expires_at is not None else "",
        used=distance(key.last_used_at, now) if key.last_used_at is not None else "",
        gone=gone,
    )
