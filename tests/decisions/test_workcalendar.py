"""The official Russian calendar against published facts, and the hours that it leaves of a day."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pipeline.decisions.workcalendar import is_public_holiday, official_year, shorten
from pipeline.decisions.worktime import WorkCalendar

Hours = Mapping[int, tuple[tuple[time, time], ...]]

MOSCOW = ZoneInfo("Europe/Moscow")
LUNCH: Hours = {day: ((time(8), time(12)), (time(13), time(17))) for day in range(5)}


def office(hours: Hours = LUNCH) -> WorkCalendar:
    return WorkCalendar.from_values(time_zone="Europe/Moscow", working_hours=hours)


def moscow(text: str) -> datetime:
    """Read «2025-10-31 16:00» as Moscow time."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def day_of(calendar: WorkCalendar, day: date) -> timedelta:
    """Return the working time of one Moscow date."""
    midnight = datetime.combine(day, time(), MOSCOW)
    return calendar.between(midnight, midnight + timedelta(days=1))


@pytest.mark.parametrize(
    ("year", "days", "hours"),
    [
        (2015, 247, 1971),
        (2016, 247, 1974),
        (2017, 247, 1973),
        (2018, 247, 1970),
        (2019, 247, 1970),
        (2022, 247, 1973),
        (2023, 247, 1973),
        (2024, 248, 1979),
        (2025, 247, 1972),
        (2026, 247, 1972),
    ],
)
def test_the_year_has_the_published_norm_of_a_40_hour_week(
    year: int, days: int, hours: int
) -> None:
    calendar, first = office(), date(year, 1, 1)
    length = date(year + 1, 1, 1) - first
    worked = [day_of(calendar, first + timedelta(days=i)) for i in range(length.days)]

    assert sum(1 for day in worked if day) == days
    assert sum(worked, start=timedelta(0)) == timedelta(hours=hours)


def test_the_quarters_of_2026_have_the_published_norm() -> None:
    edges = [moscow(f"{d} 00:00") for d in ("2026-01-01", "2026-04-01", "2026-07-01")]
    edges += [moscow(f"{d} 00:00") for d in ("2026-10-01", "2027-01-01")]

    quarters = [office().between(a, b) for a, b in pairwise(edges)]

    assert quarters == [timedelta(hours=h) for h in (440, 493, 528, 511)]


@pytest.mark.parametrize(
    ("day", "hours", "why"),
    [
        ("2025-01-09", 8, "the first working day of the year"),
        ("2025-03-07", 7, "a Friday before Saturday 8 March"),
        ("2025-02-21", 8, "a Friday before Sunday 23 February is two days away"),
        ("2025-04-30", 7, "before 1 May"),
        ("2025-05-02", 0, "moved from 4 January"),
        ("2025-05-07", 8, "before a moved day off, not before a holiday"),
        ("2025-05-08", 0, "moved from 23 February"),
        ("2025-06-11", 7, "before 12 June"),
        ("2025-06-13", 0, "moved from 8 March"),
        ("2025-11-01", 7, "works for Monday 3 November, the eve of a holiday"),
        ("2025-11-03", 0, "moved from 1 November"),
        ("2025-12-30", 8, "before a moved day off"),
        ("2025-12-31", 0, "moved from 5 January"),
        ("2026-01-09", 0, "moved from 3 January"),
        ("2026-03-06", 8, "8 March is a Sunday, the Friday before stays whole"),
        ("2026-03-09", 0, "for Sunday 8 March"),
        ("2026-05-08", 7, "a Friday before Saturday 9 May"),
        ("2026-05-11", 0, "for Saturday 9 May"),
        ("2026-11-03", 7, "before 4 November"),
        ("2026-12-31", 0, "moved from 4 January"),
        ("2024-11-02", 7, "works for 30 April, the eve of a holiday"),
        ("2024-12-28", 8, "works for 30 December, an ordinary Monday"),
        ("2014-03-10", 0, "for Saturday 8 March; the library misses it"),
    ],
)
def test_an_official_day(day: str, hours: int, why: str) -> None:
    assert day_of(office(), date.fromisoformat(day)) == timedelta(hours=hours), why


def test_no_saturday_works_in_2026_and_one_does_in_2025() -> None:
    assert official_year(2026).exchanged == {}
    assert official_year(2025).exchanged == {date(2025, 11, 1): date(2025, 11, 3)}


def test_a_year_without_a_decree_moves_single_holidays_by_law() -> None:
    # 2033: 12 June is a Sunday, 1 May too; no decree can be known yet.
    assert {date(2033, 6, 13), date(2033, 5, 2)} <= official_year(2033).days_off


def test_before_2013_the_sixth_and_eighth_of_january_were_not_holidays() -> None:
    assert not is_public_holiday(date(2012, 1, 6))
    assert is_public_holiday(date(2012, 1, 7))
    assert is_public_holiday(date(2013, 1, 8))


def test_a_working_saturday_takes_the_hours_of_the_day_it_was_exchanged_for() -> None:
    hours: Hours = {0: ((time(10), time(15)),), 4: ((time(8), time(12)),)}

    assert day_of(office(hours), date(2025, 11, 1)) == timedelta(hours=5 - 1)


def test_a_saturday_with_hours_of_its_own_keeps_them() -> None:
    hours: Hours = {0: ((time(10), time(15)),), 5: ((time(9), time(12)),)}

    assert day_of(office(hours), date(2025, 11, 1)) == timedelta(hours=3 - 1)


def test_local_days_go_before_the_official_ones() -> None:
    calendar = WorkCalendar.from_values(
        time_zone="Europe/Moscow",
        working_hours=LUNCH,
        extra_days_off={date(2025, 11, 1), date(2025, 7, 15)},
        extra_working_days={date(2025, 11, 4), date(2025, 6, 14)},
    )

    assert not day_of(calendar, date(2025, 11, 1))  # a working Saturday, taken off
    assert not day_of(calendar, date(2025, 7, 15))
    assert day_of(calendar, date(2025, 7, 14)) == timedelta(hours=8)  # no eve of a local day off
    assert day_of(calendar, date(2025, 11, 4)) == timedelta(hours=8)
    assert day_of(calendar, date(2025, 6, 14)) == timedelta(hours=8)  # a Saturday, as its Friday


def test_the_short_day_loses_its_end_over_a_lunch_break() -> None:
    calendar = WorkCalendar.from_values(
        time_zone="Europe/Moscow",
        working_hours={day: ((time(8), time(12)), (time(13), time(13, 30))) for day in range(5)},
    )

    assert calendar.is_working(moscow("2025-03-07 11:29"))
    assert not calendar.is_working(moscow("2025-03-07 11:30"))
    assert not calendar.is_working(moscow("2025-03-07 13:10"))


def test_the_cut_goes_backwards_through_the_spans() -> None:
    hour = timedelta(hours=1)

    kept = shorten(
        [(8 * hour, 12 * hour), (13 * hour, 17 * hour), (18 * hour, 19 * hour)], 2 * hour
    )

    assert kept == ((8 * hour, 12 * hour), (13 * hour, 16 * hour))


def test_a_day_shorter_than_its_cut_does_not_work() -> None:
    calendar = office({day: ((time(9), time(10)),) for day in range(5)})

    assert not day_of(calendar, date(2025, 3, 7))
    assert calendar.add_working_days(moscow("2025-03-06 09:30"), 1) == moscow("2025-03-10 10:00")
