"""What a working calendar is made of: the official Russian days, and checked hours of a day.

The government's decrees (days moved for one year) come from the ``holidays`` library; what the
Labour Code says for every year is written here, because the library leaves some of it out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays

ZERO, MINUTE, ONE_DAY = timedelta(0), timedelta(minutes=1), timedelta(days=1)
WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
SATURDAY = 5
# Labour Code art. 112, as (month, day). All of 1–8 January since 2013, 6 and 8 not before.
NEW_YEAR = frozenset((1, day) for day in range(1, 9))
SINGLE_HOLIDAYS = frozenset({(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)})
HOLIDAYS = NEW_YEAR | SINGLE_HOLIDAYS
HOLIDAYS_BEFORE_2013 = HOLIDAYS - {(1, 6), (1, 8)}
# The library names a moved day «Выходной (перенесено с 01.11.2025)»; nothing else tells its source.
MOVED_FROM = re.compile(r"перенесено с (\d{2})\.(\d{2})\.(\d{4})")

# [start, end) as time since local midnight; the end may be 24 hours.
Span = tuple[timedelta, timedelta]


class CalendarError(ValueError):
    """A working calendar cannot be built or asked; the message is Russian, for the operator."""


@dataclass(frozen=True, slots=True)
class OfficialYear:
    """One year for a five-day week.

    ``days_off`` are public holidays and days off moved onto working days. ``exchanged`` maps a
    weekend date that works to the day off it was exchanged for, ``moved`` each moved day off to
    the date it was moved from. ``names`` are the Russian names of the days off.
    """

    days_off: frozenset[date]
    exchanged: Mapping[date, date]
    moved: Mapping[date, date]
    names: Mapping[date, str]


NOTHING_OFFICIAL = OfficialYear(frozenset(), {}, {}, {})


class DayKind(Enum):
    """Which rule decided over a date."""

    ORDINARY = auto()
    WEEKEND = auto()
    HOLIDAY = auto()
    EXCHANGED = auto()
    LOCAL_DAY_OFF = auto()
    LOCAL_WORKING_DAY = auto()


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What one local date works, and why.

    ``instead_of`` is the date a day off was moved from, or the one that a working Saturday was
    exchanged for; ``cut`` is what the eve of a holiday lost.
    """

    spans: tuple[Span, ...]
    kind: DayKind
    instead_of: date | None = None
    cut: timedelta = ZERO


def is_public_holiday(day: date) -> bool:
    """Tell a non-working public holiday (Labour Code art. 112); a moved day off is not one."""
    return (day.month, day.day) in (HOLIDAYS if day.year >= 2013 else HOLIDAYS_BEFORE_2013)


def _next_weekday(day: date) -> date:
    """Return the first date after ``day`` that is neither a weekend nor a public holiday."""
    day += ONE_DAY
    while day.weekday() >= SATURDAY or is_public_holiday(day):
        day += ONE_DAY
    return day


@lru_cache(maxsize=128)
def official_year(year: int) -> OfficialYear:
    """Return the official calendar of ``year``.

    A single holiday that falls on a weekend moves to the next working day (art. 112) unless a
    decree moved it elsewhere. So a year whose decree the library does not know yet, and 2014,
    where it misses 10 March, are still right by law.
    """
    found = holidays.country_holidays("RU", years=year, language="ru")
    moved = {
        date(int(match[3]), int(match[2]), int(match[1])): day
        for day, name in found.items()
        if (match := MOVED_FROM.search(name))
    }
    by_law = {
        _next_weekday(holiday): holiday
        for month, number in SINGLE_HOLIDAYS
        if (holiday := date(year, month, number)).weekday() >= SATURDAY and holiday not in moved
    }
    return OfficialYear(
        days_off=frozenset(found) | by_law.keys(),
        exchanged={day: moved[day] for day in found.weekend_workdays if day in moved},
        moved=by_law | {day: source for source, day in moved.items()},
        names=dict(found),
    )


def find_zone(name: str) -> ZoneInfo:
    """Return the zone with an IANA name. Raises CalendarError."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        # A hostile name ends as any of these: a path outside, a folder, an unknown zone.
        raise CalendarError(
            f"Часовой пояс «{name[:60]}» не найден. "
            "Укажите имя из базы IANA, например Europe/Moscow."
        ) from error


def day_spans(weekday: str, hours: Iterable[tuple[time, time]]) -> tuple[Span, ...]:
    """Check one weekday's hours and sort them. Raises CalendarError."""
    spans = sorted(
        (_since_midnight(start), _since_midnight(end) or ONE_DAY) for start, end in hours
    )
    for start, end in spans:
        if start >= end:
            raise CalendarError(
                f"Рабочие часы, {weekday}: начало {clock(start)} не раньше конца {clock(end)}. "
                "Поменяйте их местами или разделите ночную смену по полуночи."
            )
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise CalendarError(
                f"Рабочие часы, {weekday}: промежутки пересекаются с {clock(start)} "
                f"до {clock(end)}. Оставьте один из них."
            )
    return tuple(spans)


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)


def clock(since_midnight: timedelta) -> str:
    """Write a time of day, 24:00 being the day's end: «08:30»."""
    minutes = since_midnight // MINUTE
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def length(spans: Iterable[Span]) -> timedelta:
    """Return the working time of a day's spans."""
    return sum((end - start for start, end in spans), start=ZERO)


def shorten(spans: Sequence[Span], cut: timedelta) -> tuple[Span, ...]:
    """Take ``cut`` off the end of a day."""
    kept: list[Span] = []
    for start, end in reversed(spans):
        taken = min(cut, end - start)
        cut -= taken
        if taken < end - start:
            kept.append((start, end - taken))
    return tuple(reversed(kept))
