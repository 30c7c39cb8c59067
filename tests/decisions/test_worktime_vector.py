"""Many moments at once are answered, and refused, exactly as one by one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.decisions.worktime import CalendarError, WorkCalendar
from pipeline.decisions.worktime_vector import (
    BEGIN,
    END,
    LONGEST_MICROSECONDS,
    Int64s,
    adds,
    adds_calendar_days,
    adds_working_days,
    betweens,
    microseconds,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000
DAY = 24 * HOUR
OFFICE = {day: ((time(8), time(12)), (time(13), time(17))) for day in range(5)}


def calendar(zone: str = "Europe/Moscow", **changed: object) -> WorkCalendar:
    values: dict[str, object] = {"working_hours": OFFICE, "short_day_minutes": 60}
    return WorkCalendar.from_values(time_zone=zone, **(values | changed))  # type: ignore[arg-type]


NEVER = {date(2005, 1, 1) + timedelta(days=i) for i in range(96 * 366)}
CALENDARS = {
    "an office": calendar(),
    "local days": calendar(
        "Asia/Kamchatka",
        extra_days_off={date(2026, 7, 15), date(2026, 12, 30)},
        extra_working_days={date(2026, 1, 1), date(2026, 6, 14)},
    ),
    "round the clock": calendar(
        "Europe/Berlin",
        working_hours=dict.fromkeys(range(7), ((time(), time()),)),
        production_calendar=False,
    ),
    "nights, west of Greenwich": calendar(
        "America/New_York", working_hours={6: [(time(23), time())], 3: [(time(1), time(2, 30))]}
    ),
    "never": calendar(extra_days_off=NEVER),
}


def moment(number: int) -> datetime:
    return EPOCH + timedelta(microseconds=number)


def one_by_one(
    ask: Callable[[datetime, int], datetime | timedelta], columns: list[tuple[int, int]]
) -> list[int] | str:
    """Return the answers of the calendar itself in microseconds, or its first refusal."""
    answers = []
    for first, second in columns:
        try:
            answer = ask(moment(first), second)
        except CalendarError as error:
            return str(error)
        answers.append(
            microseconds(answer) if isinstance(answer, datetime) else answer // MICROSECOND
        )
    return answers


def at_once(
    ask: Callable[[Int64s, Int64s], Int64s], columns: list[tuple[int, int]]
) -> list[int] | str:
    """Return the answers for all of them, or the refusal."""
    first, second = np.array(columns, dtype=np.int64).reshape(-1, 2).T
    try:
        answers = ask(first, second)
    except CalendarError as error:
        return str(error)
    assert answers.dtype == np.int64
    return [int(answer) for answer in answers]


SERVED = st.integers(BEGIN, END - 1)
RECENT = st.integers(
    microseconds(datetime(2025, 1, 1, tzinfo=UTC)), microseconds(datetime(2028, 1, 1, tzinfo=UTC))
)
A_CLOSE = microseconds(datetime(2026, 11, 20, 14, tzinfo=UTC))
# The full hours are where spans begin and end.
WHOLE = RECENT.map(lambda number: number // HOUR * HOUR)
ANY = st.integers(BEGIN - 400 * DAY, END + 400 * DAY)
MOMENTS = RECENT | WHOLE | WHOLE.map(lambda number: number - 1) | SERVED
WITH_ODD = MOMENTS | st.sampled_from([BEGIN - 1, BEGIN, END - 1, END]) | ANY
AMOUNTS = (
    st.integers(0, 200 * HOUR)
    | st.integers(0, 2)
    | st.integers(0, 200).map(lambda hours: hours * HOUR)
    | st.integers(0, LONGEST_MICROSECONDS)
)
ODD_AMOUNTS = AMOUNTS | st.sampled_from([-1, LONGEST_MICROSECONDS + 1])
COUNTS = st.integers(1, 40) | st.integers(-1, 36_000)


def rows(
    first: st.SearchStrategy[int], second: st.SearchStrategy[int]
) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.tuples(first, second), max_size=12)


@settings(deadline=None)  # the first question lays out all years
@given(st.sampled_from(sorted(CALENDARS)), rows(MOMENTS, AMOUNTS) | rows(WITH_ODD, ODD_AMOUNTS))
@example("an office", [(BEGIN, 0), (BEGIN, 1)])
@example("an office", [(A_CLOSE - 1, 1), (A_CLOSE - 1, 2), (A_CLOSE, 0)])
@example("never", [(BEGIN, 0)])
@example("round the clock", [(END - 1, 1)])
@example("round the clock", [(END - 1, 0)])
@example("round the clock", [(END - 1, 2)])
def test_adding(name: str, columns: list[tuple[int, int]]) -> None:
    one = CALENDARS[name]

    assert at_once(lambda a, b: adds(one, a, b), columns) == one_by_one(
        lambda start, amount: one.add(start, timedelta(microseconds=amount)), columns
    )


@settings(deadline=None)
@given(st.sampled_from(sorted(CALENDARS)), rows(MOMENTS, MOMENTS) | rows(WITH_ODD, WITH_ODD))
@example("an office", [(BEGIN, END - 1), (END - 1, BEGIN)])
@example("never", [(BEGIN, END - 1)])
def test_measuring(name: str, columns: list[tuple[int, int]]) -> None:
    one = CALENDARS[name]

    assert at_once(lambda a, b: betweens(one, a, b), columns) == one_by_one(
        lambda start, end: one.between(start, moment(end)), columns
    )


@settings(deadline=None)
@given(st.sampled_from(sorted(CALENDARS)), rows(MOMENTS, COUNTS) | rows(WITH_ODD, COUNTS))
@example("nights, west of Greenwich", [(BEGIN, 1)])  # the local date lies in 2004
@example("local days", [(END - 1, 1)])  # the local date lies in 2101
@example("never", [(BEGIN, 1)])
def test_working_days(name: str, columns: list[tuple[int, int]]) -> None:
    one = CALENDARS[name]

    assert at_once(lambda a, b: adds_working_days(one, a, b), columns) == one_by_one(
        one.add_working_days, columns
    )


@settings(deadline=None)
@given(st.sampled_from(sorted(CALENDARS)), rows(MOMENTS, COUNTS) | rows(WITH_ODD, COUNTS))
@example("nights, west of Greenwich", [(BEGIN, 1)])
@example("nights, west of Greenwich", [(BEGIN, 30)])  # the only odd one with an answer
@example("local days", [(END - 1, 1)])
@example("an office", [(END - 5 * DAY, 5)])
@example("never", [(BEGIN, 1)])
def test_calendar_days(name: str, columns: list[tuple[int, int]]) -> None:
    one = CALENDARS[name]

    assert at_once(lambda a, b: adds_calendar_days(one, a, b), columns) == one_by_one(
        one.add_calendar_days, columns
    )


def test_one_norm_serves_all_starts() -> None:
    friday = microseconds(datetime(2025, 12, 26, 13, tzinfo=UTC))
    desk = calendar(
        working_hours={day: ((time(8), time(17)),) for day in range(5)}, production_calendar=False
    )

    due = adds(desk, np.array([friday, friday + HOUR]), 24 * HOUR)

    # Friday 16:00 and 24 working hours: Wednesday 13:00.
    assert [moment(int(number)).isoformat() for number in due] == [
        "2025-12-31T10:00:00+00:00",
        "2025-12-31T11:00:00+00:00",
    ]


def test_a_table_keeps_its_shape() -> None:
    starts = np.array([[BEGIN, BEGIN + DAY], [BEGIN + 2 * DAY, BEGIN + 30 * DAY]])

    assert adds(calendar(), starts, np.array([HOUR, 2 * HOUR])).shape == (2, 2)
    with pytest.raises(CalendarError, match="понадобился 2004"):
        adds(calendar(), starts - np.array([0, 2 * DAY]), HOUR)


def test_what_no_date_can_be_is_refused() -> None:
    never = np.array([np.iinfo(np.int64).min])

    with pytest.raises(CalendarError, match="вне календаря"):
        adds(calendar(), never, HOUR)
    with pytest.raises(CalendarError, match="вне календаря"):
        betweens(calendar(), never, never)


def test_fractions_are_refused_rather_than_cut() -> None:
    with pytest.raises(TypeError, match="float64"):
        adds(calendar(), np.array([1.5]), HOUR)
