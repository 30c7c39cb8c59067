"""A million questions against a reference that looks at the wall clock of every minute.

The reference shares nothing with the product: the published calendars are written out here, a
town's minutes become one long row of yes and no, and everything is counted in that row.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decisions.worktime import WorkCalendar
from pipeline.decisions.worktime_vector import Int64s, adds, betweens

MINUTE, DAY = 60_000_000, 24 * 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def russian_zones() -> list[str]:
    """Return every zone that the tz database lists for Russia."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    return [row.split("\t")[2] for row in table.splitlines() if row.startswith("RU\t")]


ZONES = [*russian_zones(), "Europe/Berlin"]

# --- The published calendars of 2024 to 2026, copied by hand ---------------------------------

HOLIDAYS = {date(year, 1, day) for year in (2024, 2025, 2026, 2027) for day in range(1, 9)} | {
    date(year, *day)
    for year in (2024, 2025, 2026)
    for day in ((2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4))
}
MOVED_DAYS_OFF = {
    *(date(2024, *day) for day in ((4, 29), (4, 30), (5, 10), (12, 30), (12, 31))),
    *(date(2025, *day) for day in ((5, 2), (5, 8), (6, 13), (11, 3), (12, 31))),
    *(date(2026, *day) for day in ((1, 9), (3, 9), (5, 11), (12, 31))),
}
WORKING_SATURDAYS = {
    date(2024, 4, 27): date(2024, 4, 29),
    date(2024, 11, 2): date(2024, 4, 30),
    date(2024, 12, 28): date(2024, 12, 30),
    date(2025, 11, 1): date(2025, 11, 3),
}
SHORT_WEEKDAYS = {
    *(date(2024, *day) for day in ((2, 22), (3, 7), (5, 8), (6, 11), (11, 2))),
    *(date(2025, *day) for day in ((3, 7), (4, 30), (6, 11), (11, 1))),
    *(date(2026, *day) for day in ((4, 30), (5, 8), (6, 11), (11, 3))),
}


def is_short(day: date) -> bool:
    """Tell the published short days; those of weekends matter to who works on weekends."""
    tomorrow = day + timedelta(days=1)
    return day in SHORT_WEEKDAYS or tomorrow in HOLIDAYS


# --- The reference ---------------------------------------------------------------------------

Spans = tuple[tuple[int, int], ...]


class Town(NamedTuple):
    """Settings of a town; spans are minutes since midnight."""

    zone: str
    week: tuple[Spans, ...]
    short: int = 60
    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    official: bool = True

    def calendar(self) -> WorkCalendar:
        def clock(minute: int) -> time:
            return time(minute // 60 % 24, minute % 60)

        return WorkCalendar.from_values(
            time_zone=self.zone,
            working_hours={
                i: [(clock(a), clock(b)) for a, b in spans] for i, spans in enumerate(self.week)
            },
            short_day_minutes=self.short,
            extra_days_off=self.off,
            extra_working_days=self.on,
            production_calendar=self.official,
        )

    def day(self, day: date) -> list[bool]:
        """Return yes or no for each of a local date's 1440 minutes."""
        minutes = [False] * DAY
        if day in self.off:
            return minutes
        stands_for = WORKING_SATURDAYS.get(day) if self.official else None
        spans = self.week[day.weekday()]
        if stands_for is not None and not spans:
            spans = self.week[stands_for.weekday()]
        if stands_for is not None or day in self.on:
            before = day
            while not spans:
                before -= timedelta(days=1)
                spans = self.week[before.weekday()]
        elif self.official and day in HOLIDAYS | MOVED_DAYS_OFF:
            return minutes
        for start, end in spans:
            minutes[start:end] = [True] * (end - start)
        if self.official and is_short(day):
            cut = self.short
            for minute in reversed(range(DAY)):
                if minutes[minute] and cut > 0:
                    minutes[minute] = False
                    cut -= 1
        return minutes


class Walls(NamedTuple):
    """What the wall clock of a zone shows in each minute since ``first``."""

    first: datetime
    dates: list[date]
    date_of: Int64s
    minute_of: Int64s


@lru_cache(maxsize=8)
def walls(zone: str, since: date, until: date) -> Walls:
    """Look at the clock each quarter of an hour: no zone here changed it at another moment."""
    first = datetime.combine(since, time(), UTC)
    place = ZoneInfo(zone)
    quarters = (until - since).days * 96
    shown = [(first + timedelta(minutes=15 * i)).astimezone(place) for i in range(quarters)]
    dates = sorted({wall.date() for wall in shown})
    numbers = {day: i for i, day in enumerate(dates)}
    date_of = np.repeat([numbers[wall.date()] for wall in shown], 15)
    minute_of = np.repeat([wall.hour * 60 + wall.minute for wall in shown], 15)
    return Walls(first, dates, date_of, minute_of + np.tile(np.arange(15), quarters))


class Row:
    """A town's minutes in a row; moments are microseconds since the row's beginning."""

    def __init__(self, town: Town, wall: Walls) -> None:
        table = np.array([town.day(day) for day in wall.dates])
        self.open = table[wall.date_of, wall.minute_of]
        self.opened = np.concatenate(([0], np.cumsum(self.open)))
        self.positions = np.flatnonzero(self.open)

    def worked(self, moments: Int64s) -> Int64s:
        minutes = moments // MINUTE
        inside: Int64s = np.where(self.open[minutes], moments - minutes * MINUTE, 0)
        worked: Int64s = self.opened[minutes] * MINUTE + inside
        return worked

    def add(self, starts: Int64s, amounts: Int64s) -> Int64s:
        used = self.worked(starts) + amounts
        i = (used - (amounts > 0)) // MINUTE
        ends: Int64s = self.positions[i] * MINUTE + used - i * MINUTE
        return ends

    def ticks(self, starts: Int64s, ends: Int64s) -> Int64s:
        first, last = starts // MINUTE, np.maximum(0, (ends - starts) // MINUTE)
        counted: Int64s = self.opened[first + last + 1] - self.opened[first + 1]
        return counted


# --- Asking ----------------------------------------------------------------------------------

OFFICIAL = (date(2024, 1, 5), date(2026, 12, 28))
OFFICIAL_SHORT = (date(2025, 10, 6), date(2026, 2, 2))
# Clocks of Russian zones changed in 2010, 2011, 2014 and, in thirteen of them, in 2016.
CLOCKS = (date(2010, 2, 1), date(2017, 2, 1))
CLOCKS_SHORT = (date(2016, 3, 7), date(2016, 8, 8))


def rounded(random: np.random.Generator, moments: Int64s) -> Int64s:
    """Leave a third as they are and put the others on full seconds, minutes, and half hours."""
    steps = random.choice([1, 1, 1_000_000, MINUTE, 30 * MINUTE, 30 * MINUTE], moments.size)
    moved: Int64s = moments - moments % steps
    return moved


def differences(
    town: Town, window: tuple[date, date], count: int, seed: int, *, at_once: bool = False
) -> list[str]:
    """Ask ``count`` questions of each kind; return what the product answered differently.

    ``at_once`` asks the vectorised form as well, which first lays out a century of each town.
    """
    wall = walls(town.zone, *window)
    row, random = Row(town, wall), np.random.default_rng(seed)
    last_opening = int(row.positions[-1]) * MINUTE
    starts = rounded(random, random.integers(0, last_opening, count))
    reach = rounded(random, random.integers(0, 60 * 60 * MINUTE, count))
    amounts = np.minimum(reach, row.positions.size * MINUTE - 1 - row.worked(starts))
    far = random.integers(-2 * DAY * MINUTE, 40 * DAY * MINUTE, count)
    ends = rounded(random, np.clip(starts + far, 0, last_opening))

    begin = (wall.first - EPOCH) // MICROSECOND
    due, worked = row.add(starts, amounts), row.worked(ends) - row.worked(starts)
    calendar = town.calendar()
    if at_once:
        assert np.array_equal(adds(calendar, begin + starts, amounts), begin + due)
        assert np.array_equal(betweens(calendar, begin + starts, begin + ends), worked)

    found = []
    columns = (starts, amounts, ends, due, worked, row.ticks(starts, ends))
    for start, amount, end, *expected in zip(*(c.tolist() for c in columns), strict=True):
        since = wall.first + timedelta(microseconds=start)
        until = wall.first + timedelta(microseconds=end)
        answers = [
            (calendar.add(since, timedelta(microseconds=amount)) - wall.first) // MICROSECOND,
            calendar.between(since, until) // MICROSECOND,
            calendar.im_ticks(since, until),
        ]
        if answers != expected:
            found.append(f"{town} {since} +{amount} / {until}: {answers}, expected {expected}")
    return found


def towns(zone: str, seed: int) -> list[tuple[Town, bool]]:
    """Return an office with lunch, a town of odd hours, and round the clock; True: official."""
    random = np.random.default_rng(seed)

    def days(count: int, window: tuple[date, date]) -> frozenset[date]:
        span = (window[1] - window[0]).days
        return frozenset(
            window[0] + timedelta(days=int(i)) for i in random.integers(0, span, count)
        )

    lunch: Spans = ((8 * 60 + 30, 13 * 60), (14 * 60, 17 * 60 + 30))
    saturday: Spans = ((9 * 60, 12 * 60),) if random.integers(2) else ()
    on = days(6, OFFICIAL) | days(2, OFFICIAL_SHORT)
    office = Town(
        zone,
        (*[lunch] * 5, saturday, ()),
        off=(days(6, OFFICIAL) | days(2, OFFICIAL_SHORT)) - on,
        on=on,
    )
    edges = [sorted({int(i) for i in random.integers(0, DAY + 1, 4)}) for _ in range(7)]
    odd = tuple(tuple(zip(edge[::2], edge[1::2], strict=False)) for edge in edges)
    off = days(40, CLOCKS)
    return [
        (office, True),
        (Town(zone, odd, short=int(random.choice([0, 30, 60, 600])), on=on), True),
        (Town(zone, (((0, DAY),),) * 7, off=off, official=False), False),
        (Town(zone, odd, off=off, official=False), False),
    ]


def test_the_tz_database_knows_all_eleven_offsets_of_russia() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)

    assert {now.astimezone(ZoneInfo(zone)).utcoffset() for zone in russian_zones()} == {
        timedelta(hours=hours) for hours in range(2, 13)
    }


@pytest.mark.parametrize("zone", ZONES)
def test_some_thousands_agree_with_the_wall_clock(zone: str) -> None:
    seed = ZONES.index(zone)
    for town, official in towns(zone, seed):
        window = OFFICIAL_SHORT if official else CLOCKS_SHORT
        assert differences(town, window, 50, seed) == []


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES)
def test_a_million_agree_with_the_wall_clock(zone: str) -> None:
    # 27 zones of four towns with 10 000 questions of each kind
    for town, official in towns(zone, 1000 + ZONES.index(zone)):
        window = OFFICIAL if official else CLOCKS
        assert differences(town, window, 10_000, ZONES.index(zone), at_once=True) == []


@st.composite
def any_town(draw: st.DrawFn) -> Town:
    edges = st.lists(st.integers(0, DAY), unique=True, max_size=6).map(sorted)
    spans = edges.map(lambda edge: tuple(zip(edge[::2], edge[1::2], strict=False)))
    days = st.frozensets(st.dates(*OFFICIAL_SHORT), max_size=12)
    off = draw(days)
    return Town(
        zone=draw(st.sampled_from(ZONES)),
        week=draw(st.tuples(*[spans] * 7).filter(any)),
        short=draw(st.sampled_from([0, 1, 60, 480, 1439])),
        off=off,
        on=draw(days) - off,
        official=draw(st.booleans()),
    )


@settings(deadline=None, max_examples=25)
@given(any_town(), st.integers(0, 2**32))
def test_any_town_agrees_with_the_wall_clock(town: Town, seed: int) -> None:
    assert differences(town, OFFICIAL_SHORT, 20, seed) == []


@pytest.mark.long
@settings(deadline=None, max_examples=1000)
@given(any_town(), st.integers(0, 2**32))
def test_many_towns_agree_with_the_wall_clock(town: Town, seed: int) -> None:
    assert differences(town, OFFICIAL_SHORT, 300, seed) == []
