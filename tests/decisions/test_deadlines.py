"""Deadlines of an office that works Monday to Friday, 08:00–12:00 and 13:00–17:00, in Moscow."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values import Deadline
from pipeline.decisions.deadlines import Unit, deadline, humanise, left, norm
from pipeline.decisions.worktime import CalendarError, WorkCalendar

MOSCOW = ZoneInfo("Europe/Moscow")
OFFICE = WorkCalendar.from_values(
    time_zone="Europe/Moscow",
    working_hours={day: ((time(8), time(12)), (time(13), time(17))) for day in range(5)},
)


def moscow(text: str) -> datetime:
    """Read «2026-06-01 09:00» as Moscow time."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def due(at: str, said: str) -> Deadline:
    return Deadline(due_at=moscow(at), norm=said)


@pytest.mark.parametrize(
    ("created", "amount", "unit", "expected"),
    [
        # A post of Friday evening: the clock starts on Monday.
        (
            "2026-06-05 21:40",
            8,
            "working_hours",
            due("2026-06-08 17:00", "8 рабочих часов"),
        ),
        # An urgent one of Friday afternoon.
        (
            "2026-06-05 15:00",
            3,
            "working_hours",
            due("2026-06-08 09:00", "3 рабочих часа"),
        ),
        # Over the New Year: 12–16, 19 and 20 January.
        (
            "2025-12-30 10:00",
            7,
            "working_days",
            due("2026-01-20 17:00", "7 рабочих дней"),
        ),
        # The 12th day is Saturday 13 June, the 12th rests, the 11th is short.
        (
            "2026-06-01 17:00",
            12,
            "calendar_days",
            due("2026-06-11 16:00", "12 календарных дней"),
        ),
    ],
)
def test_a_deadline(created: str, amount: int, unit: Unit, expected: Deadline) -> None:
    found = deadline(moscow(created), amount=amount, unit=unit, calendar=OFFICE)

    assert found == expected
    assert found.due_at.tzinfo is UTC


def test_hours_of_the_calendar_run_through_the_night_and_the_weekend() -> None:
    # The state system closes an incident whose author says nothing after 97 hours.
    found = deadline(moscow("2026-06-05 16:30"), amount=97, unit="calendar_hours", calendar=OFFICE)

    assert found == due("2026-06-09 17:30", "97 часов")


@settings(deadline=None)
@given(
    created=st.datetimes(
        datetime(2015, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds naive
        datetime(2035, 1, 1),  # noqa: DTZ001 - as above
        timezones=st.just(UTC),
    ),
    amount=st.integers(1, 60),
    unit=st.sampled_from(["working_hours", "working_days", "calendar_days"]),
)
def test_nothing_is_due_at_night(created: datetime, amount: int, unit: Unit) -> None:
    due_at = deadline(created, amount=amount, unit=unit, calendar=OFFICE).due_at

    assert created <= due_at
    # The close itself is the end of the last working moment.
    assert OFFICE.is_working(due_at) or OFFICE.is_working(due_at - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("amount", "unit", "message"),
    [
        (0, "working_hours", "«0 рабочих часов» невозможен"),
        (-8, "working_hours", "Укажите не меньше 1"),
        (0, "calendar_hours", "«0 часов» невозможен"),
        (10**30, "working_hours", "прибавить нельзя"),
    ],
)
def test_a_senseless_norm_is_refused(amount: int, unit: Unit, message: str) -> None:
    with pytest.raises(CalendarError, match=message):
        deadline(moscow("2026-06-01 09:00"), amount=amount, unit=unit, calendar=OFFICE)


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        (1, "working_hours", "1 рабочий час"),
        (4, "working_hours", "4 рабочих часа"),
        (9, "working_hours", "9 рабочих часов"),
        (11, "working_hours", "11 рабочих часов"),
        (12, "working_hours", "12 рабочих часов"),
        (14, "working_days", "14 рабочих дней"),
        (21, "working_hours", "21 рабочий час"),
        (24, "working_hours", "24 рабочих часа"),
        (97, "working_hours", "97 рабочих часов"),
        (111, "working_hours", "111 рабочих часов"),
        (1, "working_days", "1 рабочий день"),
        (3, "working_days", "3 рабочих дня"),
        (30, "calendar_days", "30 календарных дней"),
        (31, "calendar_days", "31 календарный день"),
        (62, "calendar_days", "62 календарных дня"),
        (97, "calendar_hours", "97 часов"),
        (101, "calendar_hours", "101 час"),
    ],
)
def test_a_norm_in_words(amount: int, unit: Unit, said: str) -> None:
    assert norm(amount, unit) == said


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-06-05 15:00", "3 ч 00 мин"),  # two today, one on Monday
        ("2026-06-05 15:49:30", "2 ч 10 мин"),
        ("2026-06-06 11:00", "1 ч 00 мин"),  # the weekend does not count
        ("2026-06-08 08:59:01", "меньше минуты"),
        ("2026-06-08 09:00", "время вышло"),
        ("2026-06-08 09:00:59", "просрочено меньше чем на минуту"),
        ("2026-06-08 09:07", "просрочено на 7 мин"),
        ("2026-06-08 10:05:59", "просрочено на 1 ч 05 мин"),
        ("2026-06-09 08:30", "просрочено на 7 ч 30 мин"),
    ],
)
def test_what_is_left_until_monday_nine_o_clock(now: str, said: str) -> None:
    due_at = moscow("2026-06-08 09:00")

    assert humanise(left(moscow(now), due_at, OFFICE)) == said


def test_the_night_after_the_close_adds_nothing_to_the_delay() -> None:
    due_at = moscow("2026-06-05 17:00")

    assert left(moscow("2026-06-07 23:00"), due_at, OFFICE) == timedelta(0)
    assert left(moscow("2026-06-08 08:01"), due_at, OFFICE) == -timedelta(minutes=1)
