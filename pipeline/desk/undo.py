"""Taking an act back: an incident becomes again exactly what it was before it.

Around an act, in its transaction::

    before = snapshot(session, incident_id)
    said = cases.act(session, incident_id, ...)
    remember(session, before, act=..., staff_id=..., token=token, now=now)

Acts with one token are taken back together by ``undo``. The journal loses nothing by it: it gets
an entry more. Restored clocks keep their fence (``models.timer``): their cycle grows.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.channel_words import DeliveryState
from models.columns import stored_id
from models.console import Undo
from models.incident import Incident
from models.label import Label
from models.vocabulary import Act
from pipeline.decisions.lifecycle import Refused
from pipeline.decisions.permissions import Actor, answers_for, may, sees
from pipeline.desk import journal, merging
from pipeline.desk.undo_rows import (
    Snapshot,
    changed,
    columns_of,
    restore_helpers,
    restore_timers,
    take,
    values,
    wanted_timers,
)
from pipeline.rules import Rules
from pipeline.store import undo as store
from pipeline.store.incidents import lock_incidents
from pipeline.store.notices import deliveries_of

OFFERED = timedelta(seconds=20)
"""How long a page offers at least to take back what was just done."""

HELD = timedelta(seconds=30)
"""Notices of an act that can be taken back go out so much later: nobody hears of a slip."""

WITHIN = timedelta(minutes=10)
"""An older act is not taken back: people have begun to work with what it made."""

SWEPT_AFTER = timedelta(hours=24)
SWEPT_AT_ONCE = 50
"""Old rows that each new act clears away: so nobody has to, and no act takes long."""

UNDOABLE = frozenset(
    {
        Act.CONFIRMED,
        Act.CORRECTED,
        Act.ASSIGNED,
        Act.CO_EXECUTORS,
        Act.ACCEPTED,
        Act.RETURNED,
        Act.PASSED_UP,
        Act.CLOSED,
        Act.REOPENED,
        Act.SNOOZED,
        Act.MERGED,
    }
)
"""Acts that leave no trace outside the incident; an answer or a pause has its own way back."""

SOMEBODY_ELSE = "Отменить может только тот, кто это сделал."
TOO_LATE = "Прошло больше 10 минут: отменить уже нельзя. Исправьте инцидент на его карточке."
WENT_ON = (
    "С тех пор инцидент изменился, поэтому ничего не отменено. Посмотрите карточку: там видно, "
    "кто и что сделал."
)
NO_RIGHT = "Это действие вам больше не разрешено, поэтому и отменить его вы не можете."
TAKEN_BACK = "Действие отменено."
"""Why a notice that waited is not sent."""


@dataclass(slots=True)
class Undone:
    """What became of taking acts back: incidents by number, those refused with why not.

    ``known`` is False where nobody knows such a token.
    """

    restored: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    known: bool = True


@dataclass(frozen=True, slots=True)
class _Ask:
    """Somebody's wish to take acts back."""

    session: Session
    actor: Actor
    staff_id: int
    rules: Rules
    now: datetime
    within: timedelta


@dataclass(frozen=True, slots=True)
class _Act:
    """What one act has changed: one incident, or the two of a merge, the one that went first."""

    rows: tuple[Undo, ...]

    @property
    def numbers(self) -> frozenset[int]:
        """The incidents' numbers."""
        return frozenset(row.incident_id for row in self.rows)

    @property
    def undone(self) -> bool:
        """Whether it was taken back before."""
        return all(row.undone_at is not None for row in self.rows)


def new_token() -> str:
    """Return a name for what is taken back together; nobody can guess it."""
    return secrets.token_urlsafe(24)


def snapshot(session: Session, incident_id: int, *, into: int | None = None) -> Snapshot | None:
    """Return what an incident is before an act, and lock it; None where there is no such one.

    Before a merge name the other incident too: both are locked in order, and both given back.
    """
    ids = [incident_id] if into is None or into == incident_id else [incident_id, into]
    rows = lock_incidents(session, ids)
    if incident_id not in rows:
        return None
    other = rows.get(into) if into is not None and into != incident_id else None
    return take(session, rows[incident_id], into=None if other is None else take(session, other))


def remember(
    session: Session,
    snapshot: Snapshot | None,
    *,
    act: Act,
    staff_id: int,
    token: str,
    now: datetime,
) -> None:
    """Let an act that was just done be taken back by its token; nothing where nothing changed.

    Call it in the act's own transaction, after it, and not for an act that was refused. Raises
    ValueError for an act that is not ``UNDOABLE``.
    """
    if act not in UNDOABLE:
        raise ValueError(f"{act} cannot be taken back")
    if snapshot is None:
        return
    session.flush()
    # The other one first: undoing goes backwards, and an un-merge needs both as they are.
    for one in (snapshot.into, snapshot):
        row = one and changed(session, one, act=act, staff_id=staff_id, token=token, now=now)
        if row is not None:
            session.add(row)
    session.flush()
    sweep(session, now)


def undo(
    session: Session,
    token: str,
    *,
    actor: Actor,
    staff_id: int,
    rules: Rules,
    now: datetime,
    only: int | None = None,
    within: timedelta = WITHIN,
) -> Undone:
    """Take back every act of a token, as far as nobody went on from there.

    ``only`` takes back that one incident's. What was taken back before counts as restored: a
    button that is pressed twice is heard once.
    """
    rows = store.remembered(session, token, only, lock=True)
    if not rows:
        return Undone(known=False)
    ask = _Ask(session, actor, staff_id, rules, now, within)
    incidents = lock_incidents(session, sorted({row.incident_id for row in rows}))
    acts = _acts(rows)
    troubles = _troubles(ask, acts, incidents)
    for act in acts:
        if not act.undone and act.numbers.isdisjoint(troubles):
            trouble = _take_back(ask, act, incidents)
            if trouble is not None:
                troubles |= dict.fromkeys(act.numbers, trouble)
    numbers = list(dict.fromkeys(row.incident_id for row in reversed(rows)))
    return Undone(
        restored=[number for number in numbers if number not in troubles],
        refused=[(number, troubles[number]) for number in numbers if number in troubles],
    )


def sweep(session: Session, now: datetime) -> int:
    """Forget some acts that are a day old; return how many."""
    old = sa.select(col(Undo.id)).where(col(Undo.at) < now - SWEPT_AFTER)
    old = old.order_by(col(Undo.at)).limit(SWEPT_AT_ONCE)
    gone = sa.delete(Undo).where(col(Undo.id).in_(old)).returning(col(Undo.id))
    return len(session.execute(gone).all())


def _acts(rows: Sequence[Undo]) -> list[_Act]:
    """Return the acts of a token, given the newest row first; a merge has changed two incidents."""
    acts: list[_Act] = []
    for row in rows:
        last = acts[-1].rows[0] if acts else None
        if last is not None and last.before["columns"].get("merged_into", [0, 0])[1] == (
            row.incident_id if row.act is Act.MERGED else None
        ):
            acts[-1] = _Act((last, row))
        else:
            acts.append(_Act((row,)))
    return acts


def _troubles(ask: _Ask, acts: Sequence[_Act], incidents: Mapping[int, Incident]) -> dict[int, str]:
    """Return which incidents stay as they are, and why."""
    # What each would be once its newer acts are taken back: an older act is compared with that.
    would_be = {number: columns_of(row) for number, row in incidents.items()}
    troubles: dict[int, str] = {}
    for act in acts:
        if act.undone:
            continue
        found = [troubles.get(number) for number in act.numbers]
        found += [_trouble(ask, row, would_be[row.incident_id]) for row in act.rows]
        trouble = next(filter(None, found), None)
        if trouble is not None:
            troubles |= dict.fromkeys(act.numbers, trouble)
        for row in act.rows:
            would_be[row.incident_id] |= values(row, 0) | {"version": row.before["version"]}
    return troubles


def _trouble(ask: _Ask, row: Undo, stands: Mapping[str, Any]) -> str | None:
    body = row.before["columns"].get("body", [stands["body"]])[0]
    if row.staff_id != ask.staff_id:
        return SOMEBODY_ELSE
    if ask.now - row.at > ask.within:
        return TOO_LATE
    if not (may(ask.actor, row.act) and sees(ask.actor, body) and answers_for(ask.actor, body)):
        return NO_RIGHT
    same = all(stands[name] == value for name, value in values(row, 1).items())
    if not same or stands["version"] != row.version or not _said_last(ask.session, row):
        return WENT_ON
    return None


def _said_last(session: Session, row: Undo) -> bool:
    """Tell whether nobody has judged the text after the act's own judgement.

    A second judgement that only agrees leaves the incident's version what it was.
    """
    if row.label_id is None:
        return True
    return store.newest_label_id(session, row.incident_id) == row.label_id


def _take_back(ask: _Ask, act: _Act, incidents: Mapping[int, Incident]) -> str | None:
    """Give incidents back what one act has changed; return why that cannot be, or None."""
    session = ask.session
    # What the clocks have said meanwhile is looked at before anything moves them.
    wanted = [wanted_timers(session, row) for row in act.rows]
    stood = [columns_of(incidents[row.incident_id]) for row in act.rows]
    if "merged_into" in act.rows[0].before["columns"]:
        number = act.rows[0].incident_id
        said = merging.unmerge(session, number, actor=ask.actor, rules=ask.rules, now=ask.now)
        if isinstance(said, Refused):
            return said.message
    for row, timers, columns in zip(act.rows, wanted, stood, strict=True):
        incident = incidents[row.incident_id]
        # All of them: an un-merge counts deadlines anew, which were better kept.
        for name, value in {**columns, **values(row, 0), "version": incident.version + 1}.items():
            setattr(incident, name, value)
        restore_timers(session, row.incident_id, timers)
        restore_helpers(session, row)
        for pause in store.pauses(session, row.before.get("pauses", [])):
            pause.ended_at, pause.ended_by = None, ""
        if row.label_id is not None:
            session.get_one(Label, row.label_id).withdrawn_at = ask.now
        row.undone_at = ask.now
        _note(ask, row, *_take_back_notices(ask, row))
    session.flush()
    return None


def _note(ask: _Ask, row: Undo, taken: int, gone: int) -> None:
    """Write into the journal what was taken back, and which notices can be taken back no more."""
    columns = row.before["columns"]
    told = {name: pair for name, pair in columns.items() if name in _TOLD}
    facts: dict[str, Any] = {"undone": row.act.value}
    facts |= {"notices_taken_back": taken} if taken else {}
    facts |= {"notices_gone": gone} if gone else {}
    facts |= {"helpers": row.before["helpers"]} if "helpers" in row.before else {}
    late = f"; уведомления, которые уже ушли: {gone}" if gone else ""
    journal.write(
        ask.session,
        Act.UNDONE,
        at=ask.now,
        incident_id=row.incident_id,
        actor=ask.actor.login,
        reason=f"отменено: «{row.act.russian}»{late}",
        before={name: pair[1] for name, pair in told.items()},
        after={name: pair[0] for name, pair in told.items()} | facts,
    )


_TOLD = frozenset(
    {
        "topic",
        "urgency",
        "settlement",
        "body",
        "due_at",
        "norm",
        "stage",
        "round",
        "outcome",
        "closing_reason",
        "snoozed_until",
        "merged_into",
    }
)
"""Columns that the journal tells of; streets and houses stay with the texts that name them."""


def _take_back_notices(ask: _Ask, row: Undo) -> tuple[int, int]:
    """Take back what nobody was told yet; return how many notices, and how many are out."""
    session, taken, gone = ask.session, 0, 0
    versions = range(row.before["version"] + 1, row.version + 1)
    for notice in store.notices_of(session, row.incident_id, versions):
        if notice.addressed_at is None:
            session.delete(notice)
            taken += 1
            continue
        told = False
        for delivery in deliveries_of(session, stored_id(notice.id)):
            if delivery.state is DeliveryState.WAITING and delivery.sent_at is None:
                delivery.state, delivery.error = DeliveryState.DROPPED, TAKEN_BACK
                delivery.done_at = ask.now
                delivery.version += 1
            elif delivery.state is not DeliveryState.DROPPED:
                told = True
        gone += told
        taken += not told
    return taken, gone
