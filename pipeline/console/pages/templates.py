"""Templates of answers: a list, a form, a look at what one becomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from models.columns import stored_id
from models.console import AnswerTemplate
from models.vocabulary import Topic
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.filling import sample
from pipeline.console.frame import Console, console_of
from pipeline.console.pages.incident import LARGEST_ID, number_of
from pipeline.console.wording import TOPICS, excerpt
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import LONGEST_TEXT, tidy
from pipeline.decisions.permissions import Right, has
from pipeline.decisions.templating import VARIABLES, Filled, fill
from pipeline.desk import templates as desk
from pipeline.desk.templates import LONGEST_TITLE, Refused
from pipeline.store import templates as store

Keeper = Annotated[Visitor, Depends(with_right(Right.JUDGE))]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Sent:
    """The form: ``number`` is the template's, None for a new one; ``seen`` its last change."""

    button: Annotated[Literal["save", "preview", "retire", "restore"], Form()]
    number: Annotated[int | None, Form(ge=1, le=LARGEST_ID)] = None
    title: Annotated[str, Form()] = ""
    text: Annotated[str, Form()] = ""
    topic: Annotated[Topic | None, Form()] = None
    seen: Annotated[datetime | None, Form()] = None


@dataclass(frozen=True, slots=True)
class Row:
    """One template as the list shows it."""

    number: int
    title: str
    topic: str
    beginning: str
    changed: str
    active: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form as it is shown. ``filled`` is what the text becomes, ``stands`` what stands now."""

    number: int | None
    title: str
    text: str
    topic: str
    seen: str
    trouble: str = ""
    filled: Filled | None = None
    stands: AnswerTemplate | None = None


@router.get("/templates")
def show_templates(
    request: Request, visitor: Keeper, edit: Annotated[str, Query()] = ""
) -> Response:
    """List the templates beside an empty form, or that of the one to ``edit``."""
    console = console_of(request)
    if not edit:
        return _page(console, visitor, Sheet(None, "", "", "", ""))
    with reading(console.engine) as session:
        known = store.find(session, number_of(edit))
        if known is None:
            raise HTTPException(404)
        sheet = _sheet(known)
    return _page(console, visitor, sheet)


@router.post("/templates")
def keep_template(
    request: Request, visitor: SignedInForm, sent: Annotated[Sent, Depends()]
) -> Response:
    """Store, retire or try a template; a refusal is told above the form, what was typed kept."""
    console = console_of(request)
    if not has(visitor.actor, Right.JUDGE):
        raise HTTPException(404)
    if sent.button == "preview":
        filled = fill(tidy(sent.text), sample(sent.topic, console))
        return _page(console, visitor, _again(sent, filled=filled))
    with unit_of_work(console.engine) as session:
        if sent.button == "save":
            said = desk.save(
                session,
                sent.title,
                sent.text,
                sent.topic,
                template_id=sent.number,
                seen=sent.seen,
                actor=visitor.actor,
                now=console.clock(),
            )
        else:
            said = desk.set_active(
                session,
                sent.number or 0,
                active=sent.button == "restore",
                seen=sent.seen,
                actor=visitor.actor,
                now=console.clock(),
            )
        refused = said if isinstance(said, Refused) else None
    if refused is None:
        return RedirectResponse("/templates", 303)
    sheet = _again(sent, trouble=refused.message)
    if refused.late and sent.number:
        sheet = _late(console, sheet, sent)
    return _page(console, visitor, sheet, 409 if refused.late else 422)


def _late(console: Console, sheet: Sheet, sent: Sent) -> Sheet:
    """Return the form over what stands now: to save it again is then meant."""
    with reading(console.engine) as session:
        stands = store.find(session, sent.number or 0)
    if stands is None:
        return sheet
    if sent.button != "save":
        # Nothing was typed: what stands is all there is to see.
        return Sheet(
            stands.id, stands.title, stands.text, _code(stands), _seen(stands), sheet.trouble
        )
    return Sheet(
        sheet.number,
        sheet.title,
        sheet.text,
        sheet.topic,
        _seen(stands),
        sheet.trouble,
        stands=stands,
    )


def _again(sent: Sent, *, trouble: str = "", filled: Filled | None = None) -> Sheet:
    seen = sent.seen.isoformat() if sent.seen else ""
    topic = sent.topic.value if sent.topic else ""
    return Sheet(sent.number, sent.title, sent.text, topic, seen, trouble, filled)


def _sheet(known: AnswerTemplate) -> Sheet:
    return Sheet(known.id, known.title, known.text, _code(known), _seen(known))


def _code(known: AnswerTemplate) -> str:
    return known.topic.value if known.topic else ""


def _seen(known: AnswerTemplate) -> str:
    return known.changed_at.isoformat()


def _page(console: Console, visitor: Visitor, sheet: Sheet, status: int = 200) -> Response:
    with reading(console.engine) as session:
        rows = [
            Row(
                stored_id(known.id),
                known.title,
                known.topic.russian if known.topic else "",
                excerpt(known.text, 120),
                f"{console.local(known.changed_at)}, {known.changed_by}",
                known.active,
                _seen(known),
            )
            for known in store.listed(session)
        ]
    return console.page(
        "answer_templates.html",
        status=status,
        visitor=visitor,
        rows=rows,
        sheet=sheet,
        variables=VARIABLES,
        topics=[(topic.value, topic.russian) for topic in TOPICS],
        longest_title=LONGEST_TITLE,
        longest_text=LONGEST_TEXT,
    )
