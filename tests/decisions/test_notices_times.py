"""When a notice may go out."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.channel_words import Frequency
from pipeline.decisions.notice_times import Habits, TimesError, allowed_from, first_due, parse_time
from pipeline.decisions.worktime import WorkCalendar

MOSCOW = ZoneInfo("Europe/Moscow")
HOURS = ((time(9), time(13)), (time(14), time(18)))


def calendar(zone: str = "Europe/Moscow") -> WorkCalendar:
    return WorkCalendar.from_values(time_zone=zone, working_hours=dict.fromkeys(range(5), HOURS))


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of November 2026 in Moscow; the 17th is a Tuesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW).astimezone(UTC)


def due(now: datetime, habits: Habits, *, reminder: bool = False, urgent: bool = False) -> datetime:
    return first_due(now, habits, calendar(), reminder=reminder, urgent=urgent)


def test_what_is_no_reminder_goes_out_at_once_day_and_night() -> None:
    assert due(local(17, 23), Habits()) == local(17, 23)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (local(17, 12), local(17, 12)),
        (local(17, 13, 30), local(17, 14)),
        (local(17, 18), local(18, 9)),
        (local(20, 19), local(23, 9)),
        (local(3, 17, 30), local(5, 9)),  # the eve is an hour shorter, the 4th is a holiday
    ],
)
def test_reminders_wait_for_the_next_working_moment(now: datetime, expected: datetime) -> None:
    assert due(now, Habits(), reminder=True) == expected


def test_urgent_ones_wait_for_nothing_where_that_is_wanted() -> None:
    at_once = Habits(Frequency.DAILY, time(9), (time(21), time(8)), urgent_at_once=True)
    night = local(17, 23)
    assert due(night, at_once, reminder=True, urgent=True) == night
    assert due(night, at_once, reminder=True) > night
    assert due(night, Habits(quiet=(time(21), time(8))), urgent=True) == local(18, 8)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (local(17, 20, 59), local(17, 20, 59)),
        (local(17, 21), local(18, 8)),
        (local(18, 7, 59), local(18, 8)),
        (local(18, 8), local(18, 8)),
    ],
)
def test_silence_across_midnight_ends_in_the_morning(now: datetime, expected: datetime) -> None:
    assert due(now, Habits(quiet=(time(21), time(8)))) == expected


def test_silence_within_a_day() -> None:
    habits = Habits(quiet=(time(12), time(15)))
    assert due(local(17, 11, 59), habits) == local(17, 11, 59)
    assert due(local(17, 12), habits) == local(17, 15)


def test_a_reminder_waits_for_working_hours_that_are_not_silent() -> None:
    assert due(local(17, 20), Habits(quiet=(time(8), time(10))), reminder=True) == local(18, 10)


def test_digests_come_at_the_full_hour_or_at_the_hour_that_was_named() -> None:
    hourly, daily = Habits(Frequency.HOURLY), Habits(Frequency.DAILY, time(8, 30))
    assert due(local(17, 12, 1), hourly) == local(17, 13)
    assert due(local(17, 12), hourly) == local(17, 12)
    assert due(local(17, 8, 30), daily) == local(17, 8, 30)
    assert due(local(17, 8, 31), daily) == local(18, 8, 30)


def test_an_hourly_digest_of_reminders_keeps_to_working_hours() -> None:
    assert due(local(20, 17, 30), Habits(Frequency.HOURLY), reminder=True) == local(23, 9)


def test_who_names_the_hour_of_the_daily_digest_means_it() -> None:
    evening = Habits(Frequency.DAILY, time(20))
    assert due(local(17, 10), evening, reminder=True) == local(17, 20)
    assert allowed_from(local(17, 20), evening, calendar(), reminder=True, urgent=False) == local(
        17, 20
    )


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone comes beside
    begins=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    zone=st.sampled_from(
        ["Europe/Moscow", "Asia/Kamchatka", "Europe/Kaliningrad", "Europe/Berlin"]
    ),
    frequency=st.sampled_from(list(Frequency)),
    reminder=st.booleans(),
)
def test_nothing_goes_out_early_nor_in_silence(  # noqa: PLR0917 - hypothesis gives them by name
    moment: datetime, begins: time, ends: time, zone: str, frequency: Frequency, reminder: bool
) -> None:
    quiet = (begins, ends) if begins != ends else None
    habits = Habits(frequency, time(9), quiet)
    found = first_due(moment, habits, calendar(zone), reminder=reminder, urgent=False)
    assert moment <= found <= moment + timedelta(days=30)
    shown = found.astimezone(ZoneInfo(zone)).time()
    if quiet is not None and not (reminder and frequency is not Frequency.DAILY):
        silent = begins <= shown < ends if begins < ends else not ends <= shown < begins
        assert not silent


@pytest.mark.parametrize("wrong", ["24:00", "9:00", "09:60", "утром", "", "09:00\n", "٠٩:٠٠"])
def test_what_is_no_time_of_the_day(wrong: str) -> None:
    with pytest.raises(TimesError, match="не время"):
        parse_time(wrong)


def test_silence_around_the_clock_is_refused() -> None:
    with pytest.raises(TimesError, match="все сутки"):
        Habits.of(Frequency.AT_ONCE, quiet_from="09:00", quiet_to="09:00")
