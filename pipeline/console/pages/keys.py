"""One's own keys: chosen on a page, kept on the server, the same at every machine."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from models.staff import Staff
from pipeline.console.access import SignedIn, SignedInForm, Visitor
from pipeline.console.frame import console_of
from pipeline.console.keys import ALLOWED, KEYS, Key, bound, chosen, scopes, trouble
from pipeline.database import unit_of_work

router = APIRouter()


@router.get("/keys")
def show_keys(request: Request, visitor: SignedIn, kept: str = "") -> Response:
    """Show the keys of whoever asks."""
    return _page(request, visitor, bound(visitor.staff.keys), kept=bool(kept))


async def _codes(request: Request) -> dict[str, str]:
    """Return the code that the form gives each action."""
    form = await request.form()
    return {key.name: str(form.get(key.name, key.code))[:20] for key in KEYS}


@router.post("/keys")
def choose_keys(
    request: Request,
    visitor: SignedInForm,
    codes: Annotated[dict[str, str], Depends(_codes)],
    button: Annotated[str, Form(max_length=10)] = "save",
) -> Response:
    """Keep the chosen keys, or give everybody's back; a refusal shows what was chosen again."""
    wrong = "" if button == "reset" else trouble(codes)
    if wrong:
        keys = tuple(Key(key.name, codes[key.name], key.title, key.scope) for key in KEYS)
        return _page(request, visitor, keys, trouble=wrong)
    with unit_of_work(console_of(request).engine) as session:
        staff = session.get_one(Staff, visitor.staff_id, with_for_update=True)
        staff.keys = {} if button == "reset" else chosen(codes)
    return RedirectResponse("/keys?kept=1", 303)


def _page(
    request: Request,
    visitor: Visitor,
    keys: tuple[Key, ...],
    *,
    trouble: str = "",
    kept: bool = False,
) -> Response:
    return console_of(request).page(
        "keys.html",
        status=422 if trouble else 200,
        visitor=visitor,
        scopes=scopes(keys),
        usual={key.name: key.code for key in KEYS},
        allowed=ALLOWED,
        trouble=trouble,
        kept=kept,
    )
