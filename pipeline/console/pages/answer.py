"""The operator's answer to the citizen: written, sent, taken down, withdrawn."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.vocabulary import AnswerKind, Outcome
from pipeline.console.access import SignedInForm, Visitor
from pipeline.console.answering import Written
from pipeline.console.filling import values
from pipeline.console.frame import Console, console_of
from pipeline.console.pages.incident import LARGEST_ID, card, number_of
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft, Reason, Refused, tidy
from pipeline.decisions.templating import fill, left
from pipeline.desk import answers as desk
from pipeline.desk import drafts, outbox
from pipeline.store import templates
from pipeline.store.answers import find_answer
from pipeline.store.incidents import visible_incident

LATE = frozenset({Reason.STALE, Reason.CLOSED, Reason.STEP, Reason.DELETED})
"""What the card showed is not so any more; everything else is put right in the form."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """The form for a new answer; what it cannot hold is answered with 422.

    ``seen`` is the incident's version, ``draft_seen`` that of the draft in the form. Nothing that
    a person typed is bounded here: a refusal has to show it to them again.
    """

    button: Annotated[Literal["send", "hand", "draft", "submit", "template"], Form()]
    seen: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    text: Annotated[str, Form()] = ""
    kind: Annotated[Literal["", "interim", "final"], Form()] = ""
    post: Annotated[int | None, Form(ge=1, le=LARGEST_ID)] = None
    further: Annotated[Literal["", "yes"], Form()] = ""
    link: Annotated[str, Form()] = ""
    outcome: Annotated[Outcome | None, Form()] = None
    draft_seen: Annotated[int, Form(ge=1, le=LARGEST_ID)] = 1
    template: Annotated[int | None, Form(ge=1, le=LARGEST_ID)] = None
    seen_entry: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0

    @property
    def draft(self) -> Draft:
        """What the fields say."""
        return Draft(
            tidy(self.text),
            AnswerKind(self.kind) if self.kind else None,
            post_id=self.post,
            further=bool(self.further),
            outcome=self.outcome,
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """The form beside an earlier answer, whose version was ``seen``."""

    button: Annotated[Literal["repeat", "hand", "withdraw"], Form()]
    seen: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    link: Annotated[str, Form()] = ""
    seen_entry: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0


@router.post("/incident/{number}/answer")
def write_answer(
    request: Request, visitor: SignedInForm, number: str, filled: Annotated[Filled, Depends()]
) -> Response:
    """Put an answer on its way or take one down; a refusal is told on the card, text kept."""
    console = console_of(request)
    incident_id = number_of(number)
    if filled.button == "template":
        return card(
            request, visitor, incident_id, written=_begun(console, visitor, filled, incident_id)
        )
    with unit_of_work(console.engine) as session:
        if visible_incident(session, visitor.actor, incident_id) is None:
            raise HTTPException(404)
        said = _unfinished(filled) or _write(session, incident_id, filled, visitor, console)
    if isinstance(said, Refused):
        written = Written(said, filled.draft, filled.link)
        return _refused(request, visitor, incident_id, written, filled.seen_entry)
    return _shown(incident_id)


@router.post("/incident/{number}/answer/{answer}")
def decide_answer(
    request: Request,
    visitor: SignedInForm,
    number: str,
    answer: str,
    decided: Annotated[Decided, Depends()],
) -> Response:
    """Send an earlier answer again, take it down as published by hand, or withdraw it."""
    console = console_of(request)
    incident_id, answer_id = number_of(number), number_of(answer)
    with unit_of_work(console.engine) as session:
        known = find_answer(session, answer_id)
        if visible_incident(session, visitor.actor, incident_id) is None:
            raise HTTPException(404)
        if known is None or known.incident_id != incident_id:
            raise HTTPException(404)
        trouble = _decide(session, answer_id, decided, visitor, console)
    if trouble is not None:
        written = Written(trouble, link=decided.link, number=answer_id)
        return _refused(request, visitor, incident_id, written, decided.seen_entry)
    return _shown(incident_id)


def _begun(console: Console, visitor: Visitor, filled: Filled, incident_id: int) -> Written:
    """Return the form with a template below what was typed; nothing is stored."""
    with reading(console.engine) as session:
        incident = visible_incident(session, visitor.actor, incident_id)
        if incident is None:
            raise HTTPException(404)
        chosen = templates.find(session, filled.template) if filled.template else None
        if chosen is None or not chosen.active:
            return Written(None, filled.draft, filled.link, remark="Выберите шаблон из списка.")
        begun = fill(chosen.text, values(incident, console))
    text = "\n\n".join(part for part in (filled.draft.text, tidy(begun.text)) if part)
    empty = ", ".join(f"{{{name}}}" for name in (*begun.empty, *begun.unknown))
    return Written(
        None,
        replace(filled.draft, text=text),
        filled.link,
        remark=f"Шаблон «{chosen.title}» вставлен."
        + (f" Впишите сами: {empty}." if empty else " Прочитайте перед отправкой."),
    )


def _unfinished(filled: Filled) -> Refused | None:
    """Refuse to let out what has a template's variables in it yet; a draft may."""
    gaps = left(filled.draft.text) if filled.button != "draft" else ()
    if not gaps:
        return None
    names = ", ".join(f"{{{name}}}" for name in gaps)
    return Refused(
        Reason.EMPTY, f"В ответе не заполнено: {names}. Впишите, что нужно, или уберите."
    )


def _write(
    session: Session, incident_id: int, filled: Filled, visitor: Visitor, console: Console
) -> object:
    actor, now, rules = visitor.actor, console.clock(), console.rules
    if filled.button in {"draft", "submit"}:
        said = drafts.save_draft(
            session,
            incident_id,
            filled.draft,
            actor=actor,
            version=filled.draft_seen,
            rules=rules,
            now=now,
        )
        if filled.button == "draft" or isinstance(said, Refused):
            return said
        return drafts.submit(session, incident_id, actor=actor, rules=rules, now=now)
    if filled.button == "hand":
        link = filled.link.strip()
        return desk.record_by_hand(
            session, incident_id, filled.draft, link, actor=actor, rules=rules, now=now
        )
    return desk.queue_answer(
        session,
        incident_id,
        filled.draft,
        actor=actor,
        version=filled.seen,
        rules=rules,
        now=now,
    )


def _decide(
    session: Session, answer_id: int, decided: Decided, visitor: Visitor, console: Console
) -> Refused | None:
    actor, now, version = visitor.actor, console.clock(), decided.seen
    rules = console.rules
    if decided.button == "repeat":
        return outbox.repeat(session, answer_id, actor=actor, version=version, now=now)
    if decided.button == "withdraw":
        return outbox.withdraw(
            session, answer_id, actor=actor, version=version, rules=rules, now=now
        )
    link = decided.link.strip()
    return outbox.mark_by_hand(
        session, answer_id, link, actor=actor, version=version, rules=rules, now=now
    )


def _refused(
    request: Request, visitor: Visitor, incident_id: int, written: Written, seen_entry: int
) -> Response:
    reason = written.trouble.reason if written.trouble else None
    status = 409 if reason in LATE else 422
    if reason is Reason.FORBIDDEN:
        status = 403
    return card(
        request, visitor, incident_id, status=status, written=written, seen_entry=seen_entry
    )


def _shown(incident_id: int) -> Response:
    return RedirectResponse(f"/incident/{incident_id}#answer", 303)
