"""Who is at the door: cookies, form tokens, and what a page asks of its visitor.

Errors::

    SignInNeededError      nobody is signed in; the browser is sent to /sign-in
    ForgedFormError        a form without the token that its page had
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Form, HTTPException, Request, Response

from models.columns import stored_id
from models.staff import Staff
from pipeline.console.frame import Console, console_of
from pipeline.console.sealing import seal, unseal
from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import Actor, Right, has
from pipeline.desk import access as desk
from pipeline.store.staff import Visit, actor_of

SAFE_NEXT = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,1000}")
"""A path of our own: no second slash, no backslash, nothing that a browser would strip."""


class SignInNeededError(Exception):
    """Nobody is signed in."""


class ForgedFormError(Exception):
    """The form was not sent from a page of ours, or the page is too old."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person; ``token`` is their cookie, ``form_token`` goes into their forms."""

    visit: Visit
    token: str
    form_token: str

    @property
    def staff(self) -> Staff:
        """The person."""
        return self.visit.staff

    @property
    def actor(self) -> Actor:
        """The person as somebody who acts."""
        return actor_of(self.visit.staff)

    def has(self, right: str) -> bool:
        """Tell whether the person's role has a right; templates name it by its value."""
        return has(self.actor, Right(right))

    @property
    def staff_id(self) -> int:
        """The person's id."""
        return stored_id(self.visit.staff.id)


def find_visitor(request: Request) -> Visitor | None:
    """Return who sent this request, or None. Renews a session that is in use."""
    console = console_of(request)
    token = request.cookies.get(_session_cookie(console), "")
    if not token:
        return None
    now = console.clock()
    with reading(console.engine) as session:
        visit = desk.staff_of(session, token, now)
    if visit is None:
        return None
    if desk.needs_extending(visit, now):
        with unit_of_work(console.engine) as session:
            desk.extend(session, token, now)
    return Visitor(visit, token, _form_token(token))


def signed_in(request: Request) -> Visitor:
    """Let only signed-in people pass. Raises SignInNeededError."""
    visitor = find_visitor(request)
    if visitor is None:
        raise SignInNeededError
    return visitor


SignedIn = Annotated[Visitor, Depends(signed_in)]


def with_right(right: Right) -> Callable[[Visitor], Visitor]:
    """Return what lets only people with a right pass; for all others there is no such page."""

    def check(visitor: SignedIn) -> Visitor:
        if not has(visitor.actor, right):
            raise HTTPException(404)
        return visitor

    return check


StaffManager = Annotated[Visitor, Depends(with_right(Right.MANAGE_STAFF))]
SourcesManager = Annotated[Visitor, Depends(with_right(Right.MANAGE_SOURCES))]
Enterer = Annotated[Visitor, Depends(with_right(Right.ENTER_CASES))]
SourcesReader = Annotated[Visitor, Depends(with_right(Right.SEE_SOURCES))]


def signed_in_form(visitor: SignedIn, form_token: Annotated[str, Form()] = "") -> Visitor:
    """Let only forms from a page of the same session pass. Raises ForgedFormError."""
    _check(form_token, visitor.form_token)
    return visitor


def stranger_form(request: Request, form_token: Annotated[str, Form()] = "") -> None:
    """Let only forms from a page that this browser was given pass. Raises ForgedFormError."""
    cookie = request.cookies.get(_form_cookie(console_of(request)), "")
    if not cookie:
        raise ForgedFormError
    _check(form_token, _form_token(cookie))


SignedInForm = Annotated[Visitor, Depends(signed_in_form)]
StrangerForm = Annotated[None, Depends(stranger_form)]


@dataclass(frozen=True, slots=True)
class StrangerToken:
    """The token for a form that is shown before anybody is signed in, and its cookie."""

    cookie: str
    is_new: bool

    @classmethod
    def of(cls, request: Request) -> "StrangerToken":
        """Return the browser's own token, or a new one."""
        known = request.cookies.get(_form_cookie(console_of(request)), "")
        return cls(known or secrets.token_urlsafe(32), not known)

    @property
    def form_token(self) -> str:
        """What goes into the form."""
        return _form_token(self.cookie)

    def give(self, response: Response, console: Console) -> None:
        """Set the cookie, unless the browser has it."""
        if self.is_new:
            response.set_cookie(
                _form_cookie(console),
                self.cookie,
                httponly=True,
                # Not Strict: a page that is opened from a messenger twice has to find it again.
                samesite="lax",
                secure=console.secure_cookies,
            )


def give_session(response: Response, console: Console, token: str) -> None:
    """Set the session cookie; the browser forgets it when it closes, we after 12 hours.

    Lax, not Strict: a link to a card in a messenger must find its reader signed in. No page
    changes anything on GET, and every form has a token.
    """
    response.set_cookie(
        _session_cookie(console),
        token,
        httponly=True,
        samesite="lax",
        secure=console.secure_cookies,
    )


def take_session(response: Response, console: Console) -> None:
    """Remove the session cookie."""
    response.delete_cookie(
        _session_cookie(console), httponly=True, samesite="lax", secure=console.secure_cookies
    )


CODE_LASTS = timedelta(minutes=10)
"""For so long a right password or link is remembered while its owner looks for their telephone."""


def ask_code(response: Response, console: Console, asked: desk.CodeAsked) -> None:
    """Let the browser remember that its owner has passed the first door. Raises SettingsError."""
    facts = {"staff": asked.staff_id, "mark": asked.mark}
    response.set_cookie(
        _code_cookie(console),
        seal(console.fernet(), "code", facts, console.clock()),
        max_age=int(CODE_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=console.secure_cookies,
    )


def code_asked(request: Request) -> desk.CodeAsked | None:
    """Return who has passed the first door in this browser. Raises SettingsError."""
    console = console_of(request)
    sealed = request.cookies.get(_code_cookie(console), "")
    if not sealed:
        return None
    facts = unseal(console.fernet(), "code", sealed, console.clock(), CODE_LASTS)
    return None if facts is None else desk.CodeAsked(facts["staff"], facts["mark"])


def forget_code(response: Response, console: Console) -> None:
    """Let the browser forget what ``ask_code`` gave it."""
    response.delete_cookie(
        _code_cookie(console), httponly=True, samesite="lax", secure=console.secure_cookies
    )


def safe_next(wanted: str) -> str:
    """Return where to go after signing in: a path of this console, else the queue."""
    return wanted if SAFE_NEXT.fullmatch(wanted) else "/"


def _session_cookie(console: Console) -> str:
    # With the prefix a browser takes the cookie from this very host only, over https only.
    return "__Host-otklik" if console.secure_cookies else "otklik"


def _form_cookie(console: Console) -> str:
    return f"{_session_cookie(console)}-form"


def _code_cookie(console: Console) -> str:
    return f"{_session_cookie(console)}-code"


def _form_token(cookie: str) -> str:
    return hmac.new(cookie.encode(errors="replace"), b"otklik form", hashlib.sha256).hexdigest()


def _check(given: str, expected: str) -> None:
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise ForgedFormError
