"""Storing recomputed deadlines: every open incident in one transaction, set by set.

What has changed goes to the database in a few statements of thousands of rows; row by row it
would take minutes, in which nobody could work. The incidents are locked in the order of their
ids, so a worker that ticks meanwhile waits or passes them by, and finds its timer moved on to
another cycle after that.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from models.vocabulary import Act, Clock
from pipeline.decisions.recompute import NEVER, Anew, Known, recompute
from pipeline.decisions.worktime_vector import Int64s, microseconds
from pipeline.desk.recompute_rows import (
    CALENDARS,
    CANCELLED,
    INCIDENTS,
    NEW_TIMERS,
    TIMERS,
    Facts,
    Row,
    execute,
    spoken,
    widen_cache,
    write_entries,
    written,
)
from pipeline.rules import Rules
from pipeline.store.recompute import open_clocks

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Changed:
    """One lot of open incidents before and after, and what of them is another now."""

    known: Known
    anew: Anew
    due_at: Bools
    norm: Bools
    stage_due_at: Bools
    calendar: Bools

    @property
    def any(self) -> Bools:
        """Those whose deadline, norm or stage's deadline is another."""
        return self.due_at | self.norm | self.stage_due_at


def compare(known: Known, rules: Rules, now: datetime) -> Changed:
    """Return what the present norms and calendar change. Raises CalendarError."""
    anew = recompute(known, rules.region, rules.calendar, now)
    old = np.array([version != rules.calendar.version for version in known.calendars])
    return Changed(
        known,
        anew,
        due_at=anew.due_at != known.due_at,
        norm=np.array([is_ != was for is_, was in zip(anew.norms, known.norms, strict=True)]),
        stage_due_at=anew.stage_due_at != known.stage_due_at,
        calendar=old & anew.legal,
    )


def apply(
    session: Session,
    rules: Rules,
    *,
    by: str,
    now: datetime,
    seen: Callable[[Changed], None],
) -> None:
    """Recompute all open incidents; ``seen`` is shown each lot. Raises CalendarError.

    Call it last in its transaction: the journal's head is locked when it returns.
    """
    widen_cache(session)
    changes: list[Changed] = []
    for known in open_clocks(session, lock=True):
        changed = compare(known, rules, now)
        _store(session, changed, rules)
        _set_timers(session, changed, now)
        changes.append(changed)
        seen(changed)
    reason = f"Пересчёт сроков, рабочий календарь {rules.calendar.version}"
    facts = (fact for changed in changes if changed.any.any() for fact in _facts(changed))
    write_entries(session, Act.RECOMPUTED, facts, at=now, actor=by, reason=reason)


def _store(session: Session, changed: Changed, rules: Rules) -> None:
    known, anew = changed.known, changed.anew
    places = np.flatnonzero(changed.any)
    rows: list[Row] = [
        {
            "id": number,
            "due_at": due_at,
            "norm": anew.norms[place],
            "stage_due_at": stage_due_at,
            "legal": legal,
        }
        for place, number, due_at, stage_due_at, legal in zip(
            places.tolist(),
            known.ids[places].tolist(),
            written(anew.due_at[places]),
            written(anew.stage_due_at[places]),
            anew.legal[places].tolist(),
            strict=True,
        )
    ]
    version = rules.calendar.version
    execute(session, INCIDENTS, rows, calendar=version)
    same = known.ids[changed.calendar & ~changed.any].tolist()
    execute(session, CALENDARS, [{"id": number} for number in same], calendar=version)


def _set_timers(session: Session, changed: Changed, now: datetime) -> None:
    """Set what has moved to a new cycle, and cancel what has nothing more to say."""
    known, anew = changed.known, changed.anew
    moved = anew.reminded & ((anew.remind_at != known.remind_at) | (anew.level != known.level))
    some = anew.remind_at != NEVER
    later = moved & some
    # A stage that was said to take too long, and does so by its new norm too, is not told again.
    told = known.stage_told & (anew.stage_due_at <= microseconds(now))
    lasts = anew.stage_due_at != NEVER
    staged = changed.stage_due_at & lasts & ~told
    rows = [
        *_timers(known.ids[later], Clock.ANSWER, anew.level[later], anew.remind_at[later]),
        *_timers(
            known.ids[staged],
            Clock.STAGE,
            np.zeros(staged.sum(), dtype=np.int64),
            anew.stage_due_at[staged],
        ),
    ]
    if execute(session, TIMERS, rows) < len(rows):
        execute(session, NEW_TIMERS, rows)
    silent = {
        Clock.ANSWER: known.ids[moved & ~some],
        Clock.STAGE: known.ids[changed.stage_due_at & ~lasts],
    }
    over: list[Row] = [
        {"id": number, "clock": clock.value}
        for clock, ids in silent.items()
        for number in ids.tolist()
    ]
    execute(session, CANCELLED, over)


def _timers(ids: Int64s, clock: Clock, level: Int64s, due_at: Int64s) -> list[Row]:
    return [
        {"id": number, "clock": clock.value, "level": given, "due_at": at}
        for number, given, at in zip(ids.tolist(), level.tolist(), written(due_at), strict=True)
    ]


def _facts(changed: Changed) -> Iterator[Facts]:
    """Give what the journal says of each incident that has changed."""
    known, anew = changed.known, changed.anew
    places = np.flatnonzero(changed.any)
    rows = zip(
        known.ids[places].tolist(),
        _said(known.due_at, known.norms, known.stage_due_at, places),
        _said(anew.due_at, anew.norms, anew.stage_due_at, places),
        strict=True,
    )
    for number, was, became in rows:
        differ = [i for i in range(len(was)) if was[i] != became[i]]
        yield Facts(number, _object(was, differ), _object(became, differ))


def _said(
    due_at: Int64s, norms: Sequence[str], stage_due_at: Int64s, places: NDArray[np.intp]
) -> Iterator[tuple[str, ...]]:
    """Give each incident's facts as members of a JSON object, in the order of their names."""
    words = {norm: json.dumps(norm, ensure_ascii=False) for norm in set(norms)}
    return (
        (f'"due_at":{due}', f'"norm":{words[norms[place]]}', f'"stage_due_at":{stage}')
        for place, due, stage in zip(
            places.tolist(), spoken(due_at[places]), spoken(stage_due_at[places]), strict=True
        )
    )


def _object(members: Sequence[str], chosen: Sequence[int]) -> str:
    return f"{{{','.join([members[i] for i in chosen])}}}"
