"""Days of the municipality's own clocks, shares to the digit, answer times, trends."""

import statistics
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.summary import (
    ONE_DAY,
    Compared,
    Days,
    Span,
    answer_times,
    change,
    compared,
    last_days,
    mean,
    same_time,
    share,
    start_of,
    trailing_means,
    trend,
)
from pipeline.decisions.worktime import WorkCalendar
from pipeline.decisions.worktime_vector import microseconds

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["Europe/Moscow", "Asia/Vladivostok", "Europe/Berlin", "America/Santiago", "Asia/Kolkata"]
).map(ZoneInfo)
DATES = st.dates(date(2010, 1, 1), date(2040, 12, 31))
MOMENTS = st.integers(0, 30 * 365 * 86_400).map(
    lambda seconds: datetime(2010, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)
)
COUNTS = st.integers(0, 10**6)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_day_is_one_of_the_local_clocks() -> None:
    day = date(2026, 11, 22)
    assert Days(day, day).span(MOSCOW) == Span(at("2026-11-21 21:00"), at("2026-11-22 21:00"))


def test_days_on_which_clocks_change_are_shorter_and_longer() -> None:
    spring, autumn = (
        Days(day, day).span(BERLIN) for day in (date(2026, 3, 29), date(2026, 10, 25))
    )
    assert spring.until - spring.since == timedelta(hours=23)
    assert autumn.until - autumn.since == timedelta(hours=25)


def test_a_day_begins_when_the_clocks_skip_midnight() -> None:
    # In Santiago 00:00 became 01:00 on 6 September 2026, at 04:00 UTC.
    assert start_of(date(2026, 9, 6), ZoneInfo("America/Santiago")) == at("2026-09-06 04:00")


@given(DATES, st.integers(1, 60), ZONES)
def test_days_follow_each_other_without_gap_and_overlap(
    last: date, number: int, zone: ZoneInfo
) -> None:
    days = last_days(last, number)
    assert len(days) == len(days.before) == number
    assert list(days)[-1] == last
    assert days.before.span(zone).until == days.span(zone).since
    edges = [start_of(day, zone) for day in (*days, last + ONE_DAY)]
    assert edges == sorted(set(edges))


@given(MOMENTS, ZONES)
def test_every_moment_is_in_the_day_that_its_clocks_show(now: datetime, zone: ZoneInfo) -> None:
    day = now.astimezone(zone).date()
    span = Days(day, day).span(zone)
    assert span.since <= now < span.until


@given(MOMENTS, st.integers(0, 40), ZONES)
def test_the_same_time_lies_in_its_day(now: datetime, back: int, zone: ZoneInfo) -> None:
    day = now.astimezone(zone).date() - ONE_DAY * back
    moment = same_time(now, day, zone)
    assert start_of(day, zone) <= moment <= start_of(day + ONE_DAY, zone)


def test_the_same_time_is_what_the_clocks_show() -> None:
    # 12:00 in Berlin, in winter and in summer
    moment = same_time(at("2026-03-29 10:00"), date(2026, 3, 28), BERLIN)
    assert moment == at("2026-03-28 11:00")


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="is before"):
        Days(date(2026, 11, 22), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("part", "whole", "per_cent"),
    [
        (653, 1145, 57.0),
        (214, 334, 64.1),
        (65, 334, 19.5),
        (135, 285, 47.4),
        (50, 94, 53.2),
        (1, 8, 12.5),
        (1, 2000, 0.1),
        (1, 2001, 0.0),
        (0, 7, 0.0),
        (7, 7, 100.0),
        (-1, 2000, -0.1),
    ],
)
def test_shares_are_right_to_the_digit(part: int, whole: int, per_cent: float) -> None:
    assert share(part, whole) == per_cent


@given(COUNTS, st.integers(1, 10**6))
def test_a_share_is_off_by_half_a_digit_at_most(part: int, whole: int) -> None:
    found = share(part, whole)
    assert found is not None
    assert abs(found - 100 * part / whole) <= 0.05 + 1e-9


def test_nothing_has_no_share_no_change_and_no_mean() -> None:
    assert share(0, 0) is None
    assert change(5, 0) is None
    assert mean([]) is None


def test_a_change_is_of_what_there_was() -> None:
    assert change(25, 20) == 25.0
    assert change(15, 20) == -25.0


@given(st.lists(COUNTS, max_size=60), st.integers(1, 10))
def test_trailing_means_are_those_of_their_windows(counts: list[int], length: int) -> None:
    found = trailing_means(counts, length)
    assert len(found) == len(counts)
    for i, one in enumerate(found):
        window = counts[max(0, i - length + 1) : i + 1]
        assert one == (statistics.fmean(window) if len(window) == length else None)


def test_today_stands_beside_days_that_do_not_hold_it() -> None:
    by_now = [*[2] * 23, *[4] * 6, 11, 7]
    rest = [*[1] * 23, *[2] * 6, 9, 1]
    assert compared(by_now, rest) == Compared(
        today=8,
        yesterday=(11, 20),
        week=(35 / 7, (6 * 6 + 20) / 7),
        month=((23 * 2 + 24 + 11) / 30, (23 * 3 + 36 + 20) / 30),
    )


CALENDAR = WorkCalendar.from_values(
    time_zone="Europe/Moscow",
    working_hours={day: [(time(8), time(17))] for day in range(5)},
)


def times(*pairs: tuple[str, str]) -> tuple[timedelta, timedelta] | None:
    written = np.array([microseconds(at(pair[0])) for pair in pairs], dtype=np.int64)
    answered = np.array([microseconds(at(pair[1])) for pair in pairs], dtype=np.int64)
    found = answer_times(CALENDAR, written, answered)
    if found is None:
        return None
    assert found.number == len(pairs)
    return found.mean, found.median


def test_answers_take_working_time_alone() -> None:
    # Given two hours on a Tuesday, and from Friday 16:00 to Monday 11:00 in Moscow
    tuesday = ("2026-11-17 06:00", "2026-11-17 08:00")
    weekend = ("2026-11-13 13:00", "2026-11-16 08:00")
    # Then the night and the weekend are nobody's, and an even number has its middle between two
    assert times(tuesday) == (timedelta(hours=2), timedelta(hours=2))
    assert times(tuesday, weekend) == (timedelta(hours=3), timedelta(hours=3))
    assert times(tuesday, tuesday, weekend) == (
        timedelta(hours=8) / 3,
        timedelta(hours=2),
    )


def test_an_answer_before_the_word_took_no_time_and_none_is_no_zero() -> None:
    assert times(("2026-11-17 08:00", "2026-11-17 06:00")) == (timedelta(0), timedelta(0))
    assert times() is None


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=30))
def test_answer_times_are_those_of_the_calendar(pairs: list[tuple[int, int]]) -> None:
    begin = at("2026-11-02 00:00")
    moments = [
        (begin + timedelta(seconds=one), begin + timedelta(seconds=one + more))
        for one, more in pairs
    ]
    took = [CALENDAR.between(*pair).total_seconds() for pair in moments]
    written, answered = (
        np.array([microseconds(pair[i]) for pair in moments], dtype=np.int64) for i in (0, 1)
    )
    found = answer_times(CALENDAR, written, answered)
    assert found is not None
    assert abs(found.mean.total_seconds() - statistics.fmean(took)) <= 0.5
    assert abs(found.median.total_seconds() - statistics.median(took)) <= 0.5


@pytest.mark.parametrize(
    ("number", "before", "days", "trending"),
    [
        (10, 30, 1, True),  # one a day is usual
        (4, 0, 1, False),  # too few of anything
        (5, 0, 1, True),  # never seen before
        (5, 60, 1, False),  # two a day: five may happen
        (130, 3000, 1, False),  # many, but not half as many again
        (160, 3000, 1, True),
        (20, 30, 7, True),  # seven a week is usual
        (12, 30, 7, False),
        (0, 30, 1, False),
    ],
)
def test_a_trend_is_much_more_than_usual(
    number: int, before: int, days: int, trending: bool
) -> None:
    assert (trend(number, before, days=days) is not None) is trending


def test_a_trend_says_its_numbers() -> None:
    found = trend(10, 30, days=1)
    assert found is not None
    assert (found.number, found.usual, found.ratio) == (10, 1.0, 10.0)
    assert found.score == pytest.approx(9 / (1 + 1 / 30) ** 0.5)
    new = trend(5, 0, days=7)
    assert new is not None
    assert new.ratio is None


@given(st.integers(0, 500), st.integers(0, 5000), st.sampled_from([1, 7]))
def test_more_of_it_never_ends_a_trend(number: int, before: int, days: int) -> None:
    if trend(number, before, days=days) is not None:
        assert trend(number + 1, before, days=days) is not None
    if trend(number, before + 30, days=days) is not None:
        assert trend(number, before, days=days) is not None
