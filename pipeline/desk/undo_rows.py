"""What an act changes of an incident, as rows from which it can be given back.

Only what the act itself has changed is kept and given back: what happened to the rest meanwhile
(a reminder that fired, a message that joined) stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session

from models.columns import stored_id
from models.console import Undo
from models.incident import CoExecutor, Incident
from models.timer import Timer
from models.vocabulary import Act, Clock, TimerState
from pipeline.store import undo as store

JUDGED = frozenset({Act.CONFIRMED, Act.CORRECTED})
"""Acts that make a label."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An incident before an act; ``into`` is the one that it is about to be merged into."""

    incident_id: int
    columns: Mapping[str, Any]
    timers: Mapping[Clock, Mapping[str, Any]]
    helpers: tuple[str, ...]
    pauses: tuple[int, ...]
    label: int | None
    into: "Snapshot | None" = None


def take(session: Session, row: Incident, into: Snapshot | None = None) -> Snapshot:
    """Return what an incident, which is locked, is now."""
    number = stored_id(row.id)
    return Snapshot(
        incident_id=number,
        columns=columns_of(row),
        timers={one.clock: _timer(one) for one in store.timers_of(session, number)},
        helpers=_helpers(session, number),
        pauses=tuple(store.running_pauses(session, number)),
        label=store.newest_label_id(session, number),
        into=into,
    )


def changed(
    session: Session, before: Snapshot, *, act: Act, staff_id: int, token: str, now: datetime
) -> Undo | None:
    """Return what somebody's act has changed since ``before``, None where it has changed nothing.

    The other parameters are those of ``desk.undo.remember``.
    """
    after = take(session, session.get_one(Incident, before.incident_id))
    columns = {
        name: [_text(name, before.columns[name]), _text(name, value)]
        for name, value in after.columns.items()
        if value != before.columns[name] and name != "version"
    }
    timers = [
        {"clock": clock.value, "before": before.timers.get(clock)}
        for clock, timer in after.timers.items()
        if timer != before.timers.get(clock)
    ]
    # A merge brings posts along with what was said of them: that is not this act's.
    label = after.label if act in JUDGED and after.label != before.label else None
    kept: dict[str, Any] = {"version": before.columns["version"], "columns": columns}
    if after.helpers != before.helpers:
        kept["helpers"] = list(before.helpers)
    if after.pauses != before.pauses:
        kept["pauses"] = sorted(set(before.pauses) - set(after.pauses))
    if not columns and not timers and label is None and len(kept) == 2:
        return None
    return Undo(
        token=token,
        staff_id=staff_id,
        incident_id=before.incident_id,
        act=act,
        at=now,
        version=after.columns["version"],
        before=kept,
        timers=timers,
        label_id=label,
    )


def wanted_timers(session: Session, row: Undo) -> dict[Clock, Mapping[str, Any] | None]:
    """Return what each clock shall say again: what the act left alone stays as it is now."""
    now = {one.clock: _timer(one) for one in store.timers_of(session, row.incident_id)}
    return {**now, **{Clock(one["clock"]): one["before"] for one in row.timers}}


def restore_timers(
    session: Session, incident_id: int, wanted: Mapping[Clock, Mapping[str, Any] | None]
) -> None:
    """Set clocks; one that was none before is cancelled, so that its cycle is not used twice."""
    session.flush()
    for timer in store.timers_of(session, incident_id):
        fields = wanted.get(timer.clock)
        if fields is None:
            if timer.state is TimerState.PENDING:
                timer.state, timer.cycle = TimerState.CANCELLED, timer.cycle + 1
        elif fields != _timer(timer):
            timer.level, timer.state = fields["level"], TimerState(fields["state"])
            timer.due_at = datetime.fromisoformat(fields["due_at"])
            fired = fields["fired_at"]
            timer.fired_at = None if fired is None else datetime.fromisoformat(fired)
            timer.cycle += 1


def restore_helpers(session: Session, row: Undo) -> None:
    """Give an incident the bodies back that helped with it."""
    if "helpers" not in row.before:
        return
    wanted = set(row.before["helpers"])
    for one in store.helpers(session, row.incident_id):
        if one.body not in wanted:
            session.delete(one)
        wanted.discard(one.body)
    session.add_all(CoExecutor(incident_id=row.incident_id, body=body) for body in wanted)


def _helpers(session: Session, incident_id: int) -> tuple[str, ...]:
    return tuple(sorted(one.body for one in store.helpers(session, incident_id)))


def _timer(timer: Timer) -> dict[str, Any]:
    """Return a clock as JSON, without the fence."""
    return {
        "level": timer.level,
        "state": timer.state.value,
        "due_at": timer.due_at.astimezone(UTC).isoformat(),
        "fired_at": timer.fired_at.astimezone(UTC).isoformat() if timer.fired_at else None,
    }


def columns_of(row: Incident) -> dict[str, Any]:
    """Return an incident's columns but for its number."""
    return {name: getattr(row, name) for name in Incident.model_fields if name != "id"}


def values(row: Undo, which: int) -> dict[str, Any]:
    """Return the columns that an act has changed: 0 as before it, 1 as after it."""
    pairs = row.before["columns"]
    return {name: _adapter(name).validate_python(pair[which]) for name, pair in pairs.items()}


def _text(name: str, value: Any) -> Any:
    return _adapter(name).dump_python(value, mode="json")


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(Incident.__annotations__[name])
