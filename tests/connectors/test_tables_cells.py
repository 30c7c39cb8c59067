"""What a single cell says: durations and moments in all the forms that exports use."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import table_cells as cells
from connectors.table_fields import DATE_FORMATS

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")


def period(value: object) -> str:
    return cells.period(value, formats=DATE_FORMATS, zone=MOSCOW)


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        (time(0, 7), "00:07:00"),
        (timedelta(days=6, hours=13, minutes=4), "157:04:00"),
        (timedelta(minutes=-5), "-00:05:00"),
        (7 / 1440, "00:07:00"),
        (0.004861111, "00:07:00"),
        ("0,00486111", "00:07:00"),
        ("0.5", "12:00:00"),
        (2, "48:00:00"),
        (datetime(1900, 1, 1, 12), "36:00:00"),  # noqa: DTZ001 - as Excel shows a day and a half
        ("7:05", "07:05:00"),
        ("'157:04:09.5", "157:04:09"),
        ("-0:05:00", "-00:05:00"),
        (datetime(2026, 3, 9, 14, 30), "2026-03-09T11:30:00+00:00"),  # noqa: DTZ001 - naive takes the zone
        ("09.03.2026 14:30", "2026-03-09T11:30:00+00:00"),
        (46090.0, "2026-03-08T21:00:00+00:00"),
        ("Уложились", "Уложились"),
        ("'", ""),
        (True, "true"),
        ("0001-01-01", "0001-01-01"),
    ],
)
def test_times_that_are_only_kept(cell: object, kept: str) -> None:
    assert period(cell) == kept


def test_a_time_in_a_column_of_text() -> None:
    assert cells.text(time(8, 30)) == "08:30:00"


@given(st.integers(-999 * 3600, 999 * 3600))
def test_a_day_fraction_gives_back_its_seconds(seconds: int) -> None:
    hours, minutes, rest = period(seconds / 86400).lstrip("-").split(":")
    assert int(hours) * 3600 + int(minutes) * 60 + int(rest) == abs(seconds)
    assert period(timedelta(seconds=seconds)) == period(seconds / 86400)


@given(
    st.datetimes(datetime(2005, 1, 2), datetime(2026, 3, 10)),  # noqa: DTZ001 - made aware below
    st.sampled_from(["Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"]),
)
def test_a_date_written_in_russian_is_read_in_its_zone(wall: datetime, zone: str) -> None:
    wall = wall.replace(second=0, microsecond=0)
    read = cells.moment(
        wall.strftime("%d.%m.%Y %H:%M"),
        formats=DATE_FORMATS,
        zone=ZoneInfo(zone),
        now=NOW,
    )
    assert read == wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert read is not None
    assert read.tzinfo is UTC


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.datetimes(), st.booleans()))
def test_any_cell_gives_a_moment_within_bounds_or_a_reason(value: object) -> None:
    try:
        read = cells.moment(value, formats=DATE_FORMATS, zone=MOSCOW, now=NOW)
    except cells.CellError as error:
        assert str(error)  # noqa: PT017 - most cells hold a reason, some hold a date
    else:
        assert read is None or cells.EARLIEST <= read <= NOW + timedelta(days=1)


@given(st.one_of(st.text(max_size=30), st.floats(-1e15, 1e15), st.integers(), st.datetimes()))
def test_any_cell_that_is_only_kept_gives_text_or_a_reason(value: object) -> None:
    try:
        assert isinstance(period(value), str)
    except cells.CellError as error:
        assert str(error)  # noqa: PT017 - as above
