"""Working time against a walk from minute to minute, over random calendars, zones and amounts."""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.decisions.worktable import offsets
from pipeline.decisions.worktime import WorkCalendar

Hours = Mapping[int, Collection[tuple[time, time]]]

OFFICE: Hours = {day: ((time(8), time(17)),) for day in range(5)}
LUNCH: Hours = {day: ((time(8), time(12)), (time(13), time(17))) for day in range(5)}
ALWAYS: Hours = dict.fromkeys(range(7), ((time(0), time(0)),))
ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
    "Europe/Berlin",
)

# Written from the published calendars, not from the library.
OFF = {
    *(date(2025, 1, d) for d in range(1, 9)),
    *(date(2026, 1, d) for d in range(1, 10)),
    *(date(2025, *d) for d in ((2, 23), (3, 8), (5, 1), (5, 2), (5, 8), (5, 9), (6, 12), (6, 13))),
    *(date(2025, *d) for d in ((11, 3), (11, 4), (12, 31))),
    *(date(2026, *d) for d in ((2, 23), (3, 8), (3, 9), (5, 1), (5, 9), (5, 11), (6, 12))),
    *(date(2026, *d) for d in ((11, 4), (12, 31))),
}
MOVED = {date(2025, 5, 2), date(2025, 5, 8), date(2025, 6, 13), date(2025, 11, 3)} | {
    date(2025, 12, 31),
    date(2026, 1, 9),
    date(2026, 3, 9),
    date(2026, 5, 11),
    date(2026, 12, 31),
}
# A clock change in Berlin, the working Saturday, long holidays, an ordinary week.
WEEKS = [date(2025, 3, 24), date(2025, 10, 20), date(2025, 10, 28), date(2025, 12, 26)]
WEEKS += [date(2026, 3, 25), date(2026, 5, 5), date(2026, 7, 6), date(2026, 10, 22)]


class Case(NamedTuple):
    zone: str
    hours: Hours
    short: int
    off: frozenset[date]
    working: frozenset[date]
    since: date

    def calendar(self) -> WorkCalendar:
        return WorkCalendar.from_values(
            time_zone=self.zone,
            working_hours=self.hours,
            short_day_minutes=self.short,
            extra_days_off=self.off,
            extra_working_days=self.working,
        )


def open_minutes(case: Case, day: date) -> set[int]:
    """Return the minutes since local midnight that a date works."""
    weekdays = [day.weekday()]
    if day == date(2025, 11, 1):
        weekdays.append(0)
    elif day in OFF and day not in case.working:
        return set()
    if day in case.off:
        return set()
    if day in case.working or day == date(2025, 11, 1):
        weekdays += [(day.weekday() - back) % 7 for back in range(1, 7)]
    spans = next((case.hours[w] for w in weekdays if case.hours.get(w)), ())
    minutes = sorted(
        minute
        for start, end in spans
        for minute in range(start.hour * 60 + start.minute, end.hour * 60 + end.minute or 24 * 60)
    )
    eve = day + timedelta(days=1) in OFF - MOVED or day == date(2025, 11, 1)
    return set(minutes[: max(0, len(minutes) - case.short)] if eve else minutes)


class Walk:
    """Every working minute of two weeks, found by looking at the wall clock each minute."""

    def __init__(self, case: Case) -> None:
        zone = ZoneInfo(case.zone)
        self.start = datetime.combine(case.since, time(), UTC)
        days = {
            day: open_minutes(case, day)
            for day in (case.since + timedelta(days=i) for i in range(-1, 16))
        }
        self.minutes = []
        for i in range(14 * 24 * 60):
            minute = self.start + timedelta(minutes=i)
            wall = minute.astimezone(zone)
            if wall.hour * 60 + wall.minute in days[wall.date()]:
                self.minutes.append(minute)

    def worked(self, moment: datetime) -> int:
        minute = moment.replace(second=0)
        i = bisect_left(self.minutes, minute)
        inside = i < len(self.minutes) and self.minutes[i] == minute
        return i * 60 + (moment.second if inside else 0)

    def add(self, start: datetime, seconds: int) -> datetime | None:
        """Return None when the two weeks are not enough."""
        target = self.worked(start) + seconds
        i = (target - 1) // 60
        if i >= len(self.minutes):
            return None
        return self.minutes[i] + timedelta(seconds=target - i * 60)


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[time, time]]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    clock = [time(edge % 1440 // 60, edge % 60) for edge in edges]
    return list(zip(clock[::2], clock[1::2], strict=False))


SEVERAL_DAYS = st.frozensets(
    st.dates(date(2025, 10, 20), date(2025, 11, 10)) | st.dates(date(2026, 5, 1), date(2026, 5, 20))
)
CASES = st.builds(
    lambda zone, hours, short, off, working, since: Case(
        zone, hours, short, off - working, working, since
    ),
    st.sampled_from(ZONES),
    st.one_of(
        st.just(LUNCH),
        st.just(ALWAYS),
        st.dictionaries(st.integers(0, 6), spans(), min_size=1),
    ).filter(lambda hours: any(hours.values())),
    st.integers(0, 600),
    SEVERAL_DAYS,
    SEVERAL_DAYS,
    st.sampled_from(WEEKS) | st.dates(date(2025, 1, 3), date(2026, 12, 1)),
)
NIGHTS = Case("Europe/Berlin", ALWAYS, 0, frozenset(), frozenset(), WEEKS[0])
SPLIT_NIGHT = NIGHTS._replace(hours={6: [(time(1), time(2, 30)), (time(2, 40), time(4))]})
NEW_YEAR = NIGHTS._replace(
    zone="Asia/Kamchatka",
    working=frozenset({date(2025, 12, 31), date(2026, 1, 1)}),
    since=date(2025, 12, 26),
)
SECONDS = st.integers(0, 14 * 24 * 3600 - 1)


def agree(case: Case, pairs: list[tuple[int, int]]) -> None:
    """Check ``add`` and ``between`` on (start, end or amount) pairs, in seconds."""
    walk, calendar = Walk(case), case.calendar()
    for first, second in pairs:
        start = walk.start + timedelta(seconds=first)
        end = walk.start + timedelta(seconds=second)
        assert calendar.between(start, end) == timedelta(
            seconds=walk.worked(end) - walk.worked(start)
        )
        due = walk.add(start, second // 4 + 1)
        if due is not None:
            assert calendar.add(start, timedelta(seconds=second // 4 + 1)) == due


@settings(deadline=None, max_examples=60)
@given(CASES, st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=50))
@example(NIGHTS, [(0, 14 * 24 * 3600 - 1), (6 * 24 * 3600, 7 * 24 * 3600)])
@example(NEW_YEAR, [(0, 14 * 24 * 3600 - 1), (5 * 24 * 3600 + 72000, 40000)])
@example(NEW_YEAR._replace(zone="America/New_York"), [(0, 14 * 24 * 3600 - 1)])
@example(SPLIT_NIGHT, [(0, 40000), (5 * 24 * 3600, 20000)])
@example(SPLIT_NIGHT._replace(since=WEEKS[1]), [(0, 40000), (5 * 24 * 3600, 20000)])
def test_the_tables_agree_with_a_walk_from_minute_to_minute(
    case: Case, pairs: list[tuple[int, int]]
) -> None:
    agree(case, pairs)


@pytest.mark.long
@settings(deadline=None, max_examples=500)
@given(CASES, st.integers(0, 2**32))
def test_a_million_pairs_agree_with_a_walk_from_minute_to_minute(case: Case, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - test data, not a secret
    last = 14 * 24 * 3600 - 1
    agree(case, [(random.randint(0, last), random.randint(0, last)) for _ in range(2000)])


@settings(deadline=None, max_examples=150)
@given(CASES, SECONDS, SECONDS)
def test_ticks_agree_with_counting_them(case: Case, first: int, second: int) -> None:
    calendar = case.calendar()
    start = datetime.combine(case.since, time(), UTC) + timedelta(seconds=first)
    end = start + timedelta(seconds=second % 100_000)

    ticks = range(1, (end - start) // timedelta(minutes=1) + 1)

    assert calendar.im_ticks(start, end) == sum(
        calendar.is_working(start + timedelta(minutes=k)) for k in ticks
    )


@pytest.mark.parametrize("zone", ZONES)
def test_clock_changes_are_found_to_the_second(zone: str) -> None:
    place = ZoneInfo(zone)
    since, until = datetime(2005, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)

    stretches = offsets(place, since, until)

    assert stretches[0][0] == since
    assert stretches[-1][1] == until
    for (_, end, before), (start, _, after) in pairwise(stretches):
        assert start == end
        assert before == (end - timedelta(seconds=1)).astimezone(place).utcoffset()
        assert after == end.astimezone(place).utcoffset() != before


MOMENTS = st.datetimes(
    datetime(2010, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds naive
    datetime(2040, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
AMOUNTS = st.timedeltas(timedelta(microseconds=1), timedelta(hours=500))


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from([LUNCH, OFFICE]), MOMENTS, AMOUNTS, AMOUNTS)
def test_adding_and_measuring_are_one(
    zone: str, hours: Hours, start: datetime, first: timedelta, second: timedelta
) -> None:
    calendar = WorkCalendar.from_values(time_zone=zone, working_hours=hours)
    due = calendar.add(start, first)
    later = calendar.add(start, first + second)

    assert calendar.between(start, due) == first
    assert calendar.add(due, second) == later
    assert due < later
    assert calendar.between(start, due) + calendar.between(due, later) == first + second
    assert calendar.is_working(due - timedelta(microseconds=1))
    assert calendar.add(start - second, first) <= due
    assert due.tzinfo is UTC
