"""The clocks of many open incidents at once, after a norm or the calendar became another one.

The answers are those of ``pipeline.decisions.clocks``, incident by incident. Whatever shares a
norm is computed in one go; only incidents that were paused are looked at one by one. Moments are
int64 microseconds since 1970 in UTC, ``NEVER`` where there is none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.vocabulary import Network, Stage, Term, Urgency
from pipeline.decisions import clocks
from pipeline.decisions.clocks import LEGAL, Stretch, stage_norm
from pipeline.decisions.deadlines import LONGEST
from pipeline.decisions.deadlines import norm as norm_in_words
from pipeline.decisions.worktime import CalendarError, WorkCalendar
from pipeline.decisions.worktime_vector import (
    EPOCH,
    Int64s,
    adds,
    adds_calendar_days,
    adds_working_days,
    betweens,
    microseconds,
)
from pipeline.region.schema import Norm, Region, Reminder

NEVER = int(np.iinfo(np.int64).min)
HOUR = timedelta(hours=1) // timedelta(microseconds=1)
MINUTE = HOUR // 60
SECOND = 10**6


class Kind(NamedTuple):
    """What chooses an incident's norms."""

    stage: Stage
    network: Network
    urgency: Urgency
    term: Term


@dataclass(frozen=True, slots=True)
class Known:
    """Open incidents as they are stored, in columns of one length.

    ``level`` is the number of reminders of the legal deadline that were given, ``remind_at`` when
    the next one is, ``NEVER`` where none waits. ``stage_told`` are those whose stage was said to
    take too long. ``pauses``, of the running term, are keyed by the place in the columns; one
    that lasts is left out, since it counts when it ends.
    """

    ids: Int64s
    kinds: Sequence[Kind]
    clock_from: Int64s
    due_at: Int64s
    norms: Sequence[str]
    calendars: Sequence[str]
    paused: NDArray[np.bool_]
    stage_at: Int64s
    stage_due_at: Int64s
    level: Int64s
    remind_at: Int64s
    stage_told: NDArray[np.bool_]
    pauses: Mapping[int, Sequence[Stretch]]


@dataclass(frozen=True, slots=True)
class Anew:
    """What the columns of ``Known`` become.

    ``legal`` are those whose legal deadline stands for something still owed, ``reminded`` those
    of them whose clock runs, so that ``level`` and ``remind_at`` mean something.
    """

    due_at: Int64s
    norms: Sequence[str]
    stage_due_at: Int64s
    legal: NDArray[np.bool_]
    reminded: NDArray[np.bool_]
    level: Int64s
    remind_at: Int64s


def recompute(known: Known, region: Region, calendar: WorkCalendar, now: datetime) -> Anew:
    """Return what the clocks of open incidents are by the present norms and calendar.

    An answered incident keeps its legal deadline, which is history; a pause that lasts does not
    count yet. Reminders that were given and are passed by the new deadline too are not given
    again. Raises CalendarError where a deadline is further away than the calendar goes.
    """
    count = len(known.ids)
    legal = np.zeros(count, dtype=np.bool_)
    due_at = known.due_at.copy()
    stage_due_at = np.full(count, NEVER)
    plan = np.full((count, len(region.reminders)), NEVER)
    norms = list(known.norms)
    for kind, places in _groups(known.kinds):
        limit = stage_norm(region, kind.stage, kind.network, kind.urgency)
        if limit is not None:
            stage_due_at[places] = ends(limit, known.stage_at[places], calendar)
        if kind.stage not in LEGAL:
            continue
        legal[places] = True
        norm = region.norm_for(kind.network, kind.urgency, kind.term)
        words = norm_in_words(norm.amount, norm.unit)
        since = known.clock_from[places]
        due_at[places] = ends(norm, since, calendar)
        plan[places] = plans(since, due_at[places], region.reminders, calendar)
        for place in places.tolist():
            norms[place] = words
            if place in known.pauses:
                due_at[place], plan[place] = _paused(known, place, norm, region, calendar)
    reminded = legal & ~known.paused
    level, remind_at = _next(plan, known.level, microseconds(now))
    return Anew(due_at, norms, stage_due_at, legal, reminded, level, remind_at)


def ends(norm: Norm, since: Int64s, calendar: WorkCalendar) -> Int64s:
    """Return when terms of one norm end, as ``deadlines.deadline`` does. Raises CalendarError."""
    if norm.amount < 1:
        words = norm_in_words(norm.amount, norm.unit)
        raise CalendarError(f"Норматив «{words}» невозможен. Укажите не меньше 1.")
    if norm.unit == "working_hours":
        return adds(calendar, since, min(norm.amount, LONGEST) * HOUR)
    if norm.unit == "working_days":
        return adds_working_days(calendar, since, norm.amount)
    if norm.unit == "calendar_days":
        return adds_calendar_days(calendar, since, norm.amount)
    return since + min(norm.amount, LONGEST) * HOUR


def plans(
    since: Int64s, due_at: Int64s, reminders: Sequence[Reminder], calendar: WorkCalendar
) -> Int64s:
    """Return when each reminder of unpaused terms comes, a column each, as ``clocks.moments``."""
    working = np.maximum(betweens(calendar, since, due_at), 0)
    found = np.empty((len(since), len(reminders)), dtype=np.int64)
    for i, reminder in enumerate(reminders):
        if reminder.share < 1:
            # In floating point, as there, so that both cut off at the same second.
            part = (working / SECOND * reminder.share).astype(np.int64) * SECOND
            found[:, i] = np.minimum(adds(calendar, since, part), due_at)
        elif reminder.after:
            found[:, i] = adds(calendar, due_at, reminder.after * MINUTE)
        else:
            found[:, i] = due_at
    return np.maximum.accumulate(found, axis=1)


def moment(number: int) -> datetime:
    """Return a moment of the columns, in UTC."""
    return EPOCH + timedelta(microseconds=number)


def _groups(kinds: Sequence[Kind]) -> Iterable[tuple[Kind, NDArray[np.intp]]]:
    places: dict[Kind, list[int]] = defaultdict(list)
    for place, kind in enumerate(kinds):
        places[kind].append(place)
    return ((kind, np.array(found, dtype=np.intp)) for kind, found in places.items())


def _paused(
    known: Known, place: int, norm: Norm, region: Region, calendar: WorkCalendar
) -> tuple[int, list[int]]:
    """Return the deadline of one incident that was paused, and its reminders."""
    since, pauses = moment(int(known.clock_from[place])), known.pauses[place]
    due_at = clocks.due(norm, since, calendar, pauses).due_at
    plan = clocks.moments(since, due_at, region.reminders, calendar, pauses)
    return microseconds(due_at), [microseconds(one) for one in plan]


def _next(plan: Int64s, given: Int64s, now: int) -> tuple[Int64s, Int64s]:
    """Return each incident's next reminder and when it is, ``NEVER`` where none is left."""
    passed = (plan <= now).sum(axis=1)
    level = np.minimum(given, passed).astype(np.int64)
    # A column of its own for those that have had them all.
    closed = np.column_stack((plan, np.full(len(plan), NEVER)))
    return level, closed[np.arange(len(plan)), level]
