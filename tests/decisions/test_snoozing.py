"""Choices to put an incident off end in working time, whatever day it is."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.snoozing import CODES, choices, moment_of
from pipeline.decisions.worktime import WorkCalendar

DAY = ((time(8), time(12)), (time(13), time(17)))
MOSCOW = WorkCalendar.from_values(
    time_zone="Europe/Moscow",
    working_hours={weekday: DAY if weekday < 5 else () for weekday in range(7)},
)
ROUND_THE_CLOCK = WorkCalendar.from_values(
    time_zone="Asia/Yakutsk",
    working_hours={weekday: ((time(0), time(0)),) for weekday in range(7)},
    production_calendar=False,
)


def offered(local: str, calendar: WorkCalendar = MOSCOW) -> list[tuple[str, str]]:
    """Return titles and local moments of the choices at a local moment of Moscow, UTC+3."""
    now = datetime.fromisoformat(f"{local}:00+03:00")
    return [
        (one.title, f"{one.until + timedelta(hours=3):%d.%m %H:%M}")
        for one in choices(now, calendar)
    ]


def test_wednesday_noon() -> None:
    assert offered("2026-11-18 11:30") == [
        ("через 1 рабочий час", "18.11 13:30"),
        ("через 4 рабочих часа", "18.11 16:30"),
        ("завтра с утра", "19.11 08:00"),
        ("в понедельник с утра", "23.11 08:00"),
    ]


def test_friday_evening_has_no_tomorrow() -> None:
    assert offered("2026-11-20 18:00") == [
        ("в понедельник с утра", "23.11 08:00"),
        ("через 1 рабочий час", "23.11 09:00"),
        ("через 4 рабочих часа", "23.11 12:00"),
    ]


def test_sunday_has_one_morning() -> None:
    assert offered("2026-11-22 10:00")[0] == ("завтра с утра", "23.11 08:00")
    assert len(offered("2026-11-22 10:00")) == 3


def test_monday_means_the_next_one() -> None:
    assert offered("2026-11-23 09:00")[-1] == ("в понедельник с утра", "30.11 08:00")


def test_a_monday_off_is_called_by_its_right_name() -> None:
    """The eighth of March 2027 is a Monday and a holiday."""
    assert offered("2027-03-03 09:00")[-1] == ("во вторник с утра", "09.03 08:00")


def test_a_morning_after_long_holidays_is_told_by_its_date() -> None:
    titles = dict(offered("2026-12-31 18:00"))
    assert titles["11.01 с утра"] == "11.01 08:00"


def test_who_works_round_the_clock_has_a_morning_too() -> None:
    now = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    assert moment_of("tomorrow", now, ROUND_THE_CLOCK) == datetime(2026, 11, 18, 21, 0, tzinfo=UTC)


def test_what_ends_after_the_deadline_is_marked() -> None:
    now = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    late = {one.code: one.late for one in choices(now, MOSCOW, now + timedelta(hours=3))}
    assert late == {"hour": False, "four": True, "tomorrow": True, "monday": True}
    assert not any(one.late for one in choices(now, MOSCOW, now - timedelta(hours=1)))


def test_an_unknown_choice_is_an_error() -> None:
    with pytest.raises(KeyError):
        moment_of("never", datetime(2026, 11, 18, 9, 0, tzinfo=UTC), MOSCOW)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    calendar=st.sampled_from([MOSCOW, ROUND_THE_CLOCK]),
)
def test_every_choice_is_ahead_and_in_working_time(now: datetime, calendar: WorkCalendar) -> None:
    found = choices(now, calendar)
    moments = [one.until for one in found]
    assert 1 <= len(found) <= len(CODES)
    assert moments == sorted(set(moments))
    # Time that is used up exactly at a close ends there.
    moment = timedelta(microseconds=1)
    assert all(
        one > now and (calendar.is_working(one) or calendar.is_working(one - moment))
        for one in moments
    )
