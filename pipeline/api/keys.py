"""Who asks: the key in the request, its owner, its scopes. No cookie is ever looked at."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from models.columns import stored_id
from pipeline.api.pace import Pace
from pipeline.api.problems import NOT_FOUND, ProblemError
from pipeline.console.frame import Console, console_of
from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import Actor, Right, has
from pipeline.desk.access import hash_token
from pipeline.desk.api_keys import PREFIX, Scope, needs_renewing, note_use
from pipeline.store.api_keys import find_key
from pipeline.store.staff import actor_of

PLAUSIBLE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{20,200}}")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="otklik"'}

bearer = HTTPBearer(
    scheme_name="key",
    bearerFormat="otk_…",
    description=(
        "A key that an administrator made on /admin/api. It acts in the name of a member of staff, "
        "within its scopes. Cookies open nothing here."
    ),
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program; ``actor`` is the person in whose name it acts."""

    actor: Actor
    staff_id: int
    console: Console


def identify(console: Console, pace: Pace, token: str, scopes: frozenset[Scope]) -> Caller:
    """Return who has this key. Raises ProblemError: 401, 403 or 429."""
    now = console.clock()
    found = None
    if PLAUSIBLE.fullmatch(token):
        with reading(console.engine) as session:
            found = find_key(session, hash_token(token), now)
    if found is None:
        raise ProblemError(
            401,
            "unauthorized",
            "Ключ не указан, отозван, просрочен, или его владелец отключён. Передайте действующий "
            "ключ в заголовке Authorization: Bearer otk_…",
            headers=CHALLENGE,
        )
    key_id = stored_id(found.key.id)
    seconds = pace.wait(key_id, now)
    if seconds:
        raise ProblemError(
            429,
            "too_many_requests",
            f"Слишком много запросов подряд. Повторите через {seconds} с.",
            headers={"Retry-After": str(seconds)},
        )
    if needs_renewing(found.key, now):
        with unit_of_work(console.engine) as session:
            note_use(session, key_id, now)
    missing = scopes - set(found.key.scopes)
    if missing:
        names = ", ".join(sorted(missing))
        raise ProblemError(
            403,
            "missing_scope",
            f"Этому ключу не разрешено: {names}. Попросите администратора сделать другой ключ.",
        )
    return Caller(actor_of(found.staff), found.key.staff_id, console)


def caller(
    request: Request,
    wanted: SecurityScopes,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """Return who asks, if the key has the scopes that the operation names."""
    return identify(
        console_of(request),
        request.app.state.pace,
        given.credentials if given is not None else "",
        frozenset(map(Scope, wanted.scopes)),
    )


def with_right(right: Right, scope: Scope) -> Callable[[Caller], Caller]:
    """Return what lets only keys pass that have a scope, of people who have a right."""

    def check(who: Annotated[Caller, Security(caller, scopes=[scope.value])]) -> Caller:
        require(who, right)
        return who

    return check


def require(who: Caller, right: Right) -> None:
    """Refuse whose owner's role lacks the right. Raises ProblemError."""
    if not has(who.actor, right):
        raise ProblemError(
            403,
            "forbidden",
            "Роль владельца ключа этого не позволяет. Обратитесь к администратору.",
        )


def nothing_here() -> ProblemError:
    """Return the answer for what is not there, or not for this key's owner."""
    return ProblemError(404, "not_found", NOT_FOUND)


Reader = Annotated[Caller, Security(caller, scopes=[Scope.INCIDENTS_READ.value])]
Doer = Annotated[Caller, Security(caller, scopes=[Scope.INCIDENTS_ACT.value])]
Writer = Annotated[Caller, Security(caller, scopes=[Scope.ANSWERS_WRITE.value])]
Lister = Annotated[Caller, Depends(with_right(Right.READ_QUEUE, Scope.INCIDENTS_READ))]
Enterer = Annotated[Caller, Depends(with_right(Right.ENTER_CASES, Scope.INCIDENTS_ACT))]
Counter = Annotated[Caller, Depends(with_right(Right.READ_REPORTS, Scope.REPORTS_READ))]
Hooker = Annotated[Caller, Depends(with_right(Right.MANAGE_API, Scope.WEBHOOKS_MANAGE))]
