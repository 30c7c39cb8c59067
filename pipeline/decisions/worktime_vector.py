"""Working time of many moments at once, for a recomputation of all open incidents.

Moments and amounts are int64 microseconds, moments since 1970 in UTC; arguments of one call are
broadcast against each other as numpy does. Answers and errors are those of ``WorkCalendar``,
element by element: what the tables cannot answer is asked of the calendar itself, which raises.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.decisions.workcalendar import CalendarError, find_zone
from pipeline.decisions.worktable import offsets, year_start
from pipeline.decisions.worktime import FIRST_YEAR, LAST_YEAR, LONGEST, MAX_DAYS, WorkCalendar

Int64s = NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
LONGEST_MICROSECONDS = LONGEST // MICROSECOND


def microseconds(moment: datetime) -> int:
    """Return a moment as the functions here take it. Exact, unlike ``timestamp()``."""
    return (moment - EPOCH) // MICROSECOND


BEGIN, END = microseconds(year_start(FIRST_YEAR)), microseconds(year_start(LAST_YEAR + 1))
FIRST_DAY, LAST_DAY = (
    (day - EPOCH.date()).days for day in (date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
)


@dataclass(frozen=True, slots=True)
class _Flat:
    """All years of a calendar in a row.

    Span 0 is empty and lies at the beginning, so that every moment has a span that begins before
    it; ``closes`` has one entry more than ``days``, so that an index past the end can be looked
    up. ``shifts[i]`` is the zone's offset from ``changes[i]`` on.
    """

    starts: Int64s
    ends: Int64s
    before: Int64s
    total: int
    days: Int64s
    closes: Int64s
    changes: Int64s
    shifts: Int64s

    def worked(self, moments: Int64s) -> Int64s:
        """Return the working time from the first year's beginning to each moment."""
        i = np.searchsorted(self.starts, moments, side="right") - 1
        reached: Int64s = np.minimum(moments, self.ends[i])
        return self.before[i] + reached - self.starts[i]

    def local_days(self, moments: Int64s) -> Int64s:
        """Return each moment's local date as days since 1970."""
        i = np.searchsorted(self.changes, moments, side="right") - 1
        days: Int64s = np.floor_divide(moments + self.shifts[i], DAY)
        return days


@lru_cache(maxsize=8)
def _flat(calendar: WorkCalendar) -> _Flat:
    """Lay out all years: a fifth of a second, once for a calendar."""
    years = [calendar.year(number) for number in range(FIRST_YEAR, LAST_YEAR + 1)]
    starts = [BEGIN, *(microseconds(start) for year in years for start in year.starts)]
    ends = [BEGIN, *(microseconds(end) for year in years for end in year.ends)]
    closed = [item for year in years for item in year.closes.items()]
    stretches = offsets(
        find_zone(calendar.time_zone), year_start(FIRST_YEAR), year_start(LAST_YEAR + 1)
    )
    worked = np.cumsum(np.array(ends) - np.array(starts))
    return _Flat(
        starts=np.array(starts),
        ends=np.array(ends),
        before=np.concatenate(([0], worked[:-1])),
        total=int(worked[-1]),
        days=np.array([(day - EPOCH.date()).days for day, _ in closed], dtype=np.int64),
        closes=np.array([*(microseconds(close) for _, close in closed), END]),
        changes=np.array([microseconds(since) for since, _, _ in stretches]),
        shifts=np.array([shift // MICROSECOND for _, _, shift in stretches]),
    )


def adds(calendar: WorkCalendar, starts: ArrayLike, working: ArrayLike) -> Int64s:
    """Return the moments when ``working`` time since ``starts`` is used up, as ``add`` does.

    Raises CalendarError for the first element that ``add`` refuses, TypeError when something
    other than whole numbers is given.
    """
    flat = _flat(calendar)
    moments, amounts = _columns(starts, working)
    odd = _outside(moments) | (amounts < 0) | (amounts > LONGEST_MICROSECONDS)
    safe = np.where(odd, BEGIN, moments)
    used = flat.worked(safe) + np.where(odd, 0, amounts)
    # A positive amount belongs to the span that it ends, zero to the span that it begins.
    inside = used - (amounts > 0)
    i = np.searchsorted(flat.before, inside, side="right") - 1
    return _ask(
        flat.starts[i] + (used - flat.before[i]),
        odd | (inside >= flat.total),
        lambda k: calendar.add(
            _moment(moments.flat[k]), timedelta(microseconds=int(amounts.flat[k]))
        ),
    )


def betweens(calendar: WorkCalendar, starts: ArrayLike, ends: ArrayLike) -> Int64s:
    """Return the working time from ``starts`` to ``ends`` in microseconds, as ``between`` does.

    Raises CalendarError for the first moment outside the years served, TypeError when something
    other than whole numbers is given.
    """
    flat = _flat(calendar)
    first, last = _columns(starts, ends)
    odd = _outside(first) | _outside(last)
    if odd.any():
        k = int(np.argmax(odd))
        calendar.between(_moment(first.flat[k]), _moment(last.flat[k]))
    return flat.worked(last) - flat.worked(first)


def adds_working_days(calendar: WorkCalendar, starts: ArrayLike, n: ArrayLike) -> Int64s:
    """Return the closes of the ``n``-th working days after, as ``add_working_days`` does.

    Raises CalendarError for the first element that it refuses, TypeError when something other
    than whole numbers is given.
    """
    flat = _flat(calendar)
    moments, counts = _columns(starts, n)
    odd = _outside(moments) | (counts < 1) | (counts > MAX_DAYS)
    today = flat.local_days(np.where(odd, BEGIN, moments))
    i = np.searchsorted(flat.days, today, side="right") + np.where(odd, 1, counts) - 1
    return _ask(
        flat.closes[np.minimum(i, flat.days.size)],
        odd | (i >= flat.days.size) | (today < FIRST_DAY),
        lambda k: calendar.add_working_days(_moment(moments.flat[k]), int(counts.flat[k])),
    )


def adds_calendar_days(calendar: WorkCalendar, starts: ArrayLike, n: ArrayLike) -> Int64s:
    """Return the closes by which ``n`` calendar days are over, as ``add_calendar_days`` does.

    Raises CalendarError for the first element that it refuses, TypeError when something other
    than whole numbers is given.
    """
    flat = _flat(calendar)
    moments, counts = _columns(starts, n)
    odd = _outside(moments) | (counts < 1) | (counts > MAX_DAYS)
    today = flat.local_days(np.where(odd, BEGIN, moments))
    last = today + np.where(odd, 1, counts)
    # How many working days there are up to the last date; the last of them, or the one after
    # when none lies after today.
    until_last = np.searchsorted(flat.days, last, side="right")
    until_today = np.searchsorted(flat.days, today, side="right")
    i = np.where(until_last > until_today, until_last - 1, until_today)
    return _ask(
        flat.closes[i],
        odd | (i >= flat.days.size) | (last > LAST_DAY) | (today < FIRST_DAY),
        lambda k: calendar.add_calendar_days(_moment(moments.flat[k]), int(counts.flat[k])),
    )


def _columns(first: ArrayLike, second: ArrayLike) -> tuple[Int64s, Int64s]:
    """Return both as int64 arrays of one shape; fractions are refused, never cut off."""
    one, two = np.broadcast_arrays(
        *(np.atleast_1d(values).astype(np.int64, casting="safe") for values in (first, second))
    )
    return one, two


def _outside(moments: Int64s) -> NDArray[np.bool_]:
    return (moments < BEGIN) | (moments >= END)


def _ask(answers: Int64s, odd: NDArray[np.bool_], ask: Callable[[int], datetime]) -> Int64s:
    """Ask one by one for the odd ones: those outside the tables are refused in words."""
    for k in np.flatnonzero(odd):
        answers.flat[k] = microseconds(ask(int(k)))
    return answers


def _moment(number: np.int64) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=int(number))
    except OverflowError as error:
        raise CalendarError(
            f"Момент {number} мкс от 1970 года вне календаря. Проверьте дату."
        ) from error
