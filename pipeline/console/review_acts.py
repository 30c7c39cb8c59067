"""What a button of the review page does; each act goes through the desk and can be taken back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fastapi import HTTPException
from sqlmodel import Session

from models.vocabulary import Act
from pipeline.console.access import Visitor
from pipeline.console.frame import Console
from pipeline.console.refusals import LATE, STATUS
from pipeline.console.reviewing import IRRELEVANT
from pipeline.decisions import answering, correcting, snoozing
from pipeline.decisions.correcting import Correction, Refusal
from pipeline.decisions.lifecycle import Refused
from pipeline.desk import correcting as judging
from pipeline.desk import undo
from pipeline.desk.asking import ask_place
from pipeline.desk.merging import merge
from pipeline.desk.snooze import snooze
from pipeline.store.cards import first_posts
from pipeline.store.incidents import visible_incident
from pipeline.store.undo import remembered

OF_REVIEW: Mapping[StrEnum, int] = {
    **STATUS,
    Refusal.STALE: LATE,
    Refusal.CLOSED: LATE,
    Refusal.FORBIDDEN: 403,
}
"""The same with what may be wrong with a judgement."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A button of the page: ``act``, what it is about (``what``), and what stood in the form."""

    incident_id: int
    act: str
    what: str
    said: Correction
    version: int
    question: str
    token: str
    visitor: Visitor
    console: Console

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.console.clock()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an act was not done, in Russian, and the HTTP status that says so."""

    message: str
    status: int


Said = tuple[Act | None, object]
"""The act that was done, None for one that cannot be taken back, and what the desk answered."""


def do(session: Session, deed: Deed) -> Trouble | None:
    """Do what a button says, or say why not; raise 404 for what is not there.

    A button that is pressed twice sends its token twice, and is heard once.
    """
    what = DOES.get(deed.act)
    if what is None or visible_incident(session, deed.visitor.actor, deed.incident_id) is None:
        raise HTTPException(404)
    into = number_in(deed.what) if deed.act == "merge" else None
    before = undo.snapshot(session, deed.incident_id, into=into)
    if _heard(session, deed):
        return None
    act, said = what(session, deed)
    trouble = _trouble(said)
    if trouble is None and act is not None:
        undo.remember(
            session, before, act=act, staff_id=deed.visitor.staff_id, token=deed.token, now=deed.now
        )
    return trouble


def number_in(written: str) -> int:
    """Return the number of the incident that a button names; raise 404 where it names none."""
    if not written.isdecimal() or len(written) > 9:
        raise HTTPException(404)
    return int(written)


def _heard(session: Session, deed: Deed) -> bool:
    return any(
        row.staff_id == deed.visitor.staff_id and row.undone_at is None
        for row in remembered(session, deed.token, deed.incident_id)
    )


def _agree(session: Session, deed: Deed) -> Said:
    """Confirm what stands, or make it what the form says."""
    first = first_posts(session, deed.incident_id, 1)
    incident = visible_incident(session, deed.visitor.actor, deed.incident_id)
    if not first or incident is None:
        raise HTTPException(404)
    same = deed.said == judging.present(session, incident, first[0])
    return (Act.CONFIRMED if same else Act.CORRECTED), _correct(session, deed)


def _refuse(session: Session, deed: Deed) -> Said:
    """Say that it is no incident, and of which kind it is."""
    if deed.what not in IRRELEVANT:
        raise HTTPException(404)
    return Act.CORRECTED, _correct(session, deed, f"Не обращение: {IRRELEVANT[deed.what]}")


def _correct(session: Session, deed: Deed, why: str = "not_relevant") -> object:
    return judging.correct(
        session,
        deed.incident_id,
        deed.said,
        actor=deed.visitor.actor,
        version=deed.version,
        rules=deed.console.rules,
        now=deed.now,
        why=why,
    )


def _merge(session: Session, deed: Deed) -> Said:
    return Act.MERGED, merge(
        session,
        deed.incident_id,
        number_in(deed.what),
        actor=deed.visitor.actor,
        version=deed.version,
        rules=deed.console.rules,
        now=deed.now,
    )


def _snooze(session: Session, deed: Deed) -> Said:
    if deed.what not in snoozing.CODES:
        raise HTTPException(404)
    until = snoozing.moment_of(deed.what, deed.now, deed.console.calendar)
    return Act.SNOOZED, snooze(
        session,
        deed.incident_id,
        until,
        actor=deed.visitor.actor,
        version=deed.version,
        rules=deed.console.rules,
        now=deed.now,
    )


def _ask(session: Session, deed: Deed) -> Said:
    # An answer that is on its way is withdrawn on the card; nothing else takes it back.
    return None, ask_place(
        session,
        deed.incident_id,
        deed.question,
        actor=deed.visitor.actor,
        version=deed.version,
        rules=deed.console.rules,
        now=deed.now,
    )


def _skip(_session: Session, _deed: Deed) -> Said:
    return None, None


DOES: Mapping[str, Callable[[Session, Deed], Said]] = {
    "agree": _agree,
    "irrelevant": _refuse,
    "merge": _merge,
    "snooze": _snooze,
    "ask_place": _ask,
    "skip": _skip,
}


def _trouble(said: object) -> Trouble | None:
    if isinstance(said, correcting.Refusal):
        return Trouble(said.russian, OF_REVIEW.get(said, 422))
    if isinstance(said, Refused):
        return Trouble(said.message, OF_REVIEW.get(said.no, 422))
    if isinstance(said, answering.Refused):
        return Trouble(said.message, OF_REVIEW.get(said.reason, 422))
    return None
