"""Working time by example: vectors of real systems, edges, and what is refused."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.decisions.worktime import CalendarError, WorkCalendar

Hours = Mapping[int, Collection[tuple[time, time]]]

MOSCOW = ZoneInfo("Europe/Moscow")
WHOLE_DAY = ((time(0), time(0)),)
OFFICE: Hours = {day: ((time(8), time(17)),) for day in range(5)}
LUNCH: Hours = {day: ((time(8), time(12)), (time(13), time(17))) for day in range(5)}


def office(hours: Hours = LUNCH, zone: str = "Europe/Moscow") -> WorkCalendar:
    return WorkCalendar.from_values(time_zone=zone, working_hours=hours)


def moscow(text: str) -> datetime:
    """Read «2025-10-31 16:00» as Moscow time."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


# --- Adding and measuring ------------------------------------------------------------------


def test_a_regional_system_counts_24_hours_from_friday_to_wednesday() -> None:
    calendar = WorkCalendar.from_values(
        time_zone="Europe/Moscow", working_hours=OFFICE, production_calendar=False
    )
    friday = moscow("2025-12-26 16:00")

    assert calendar.add(friday, timedelta(hours=24)) == moscow("2025-12-31 13:00")
    assert calendar.is_working(moscow("2025-12-26 08:00"))
    assert not calendar.is_working(moscow("2025-12-26 17:00"))


def test_eight_hours_over_the_working_saturday() -> None:
    # Friday 31 October 2025: one hour left, seven on the short Saturday, then Wednesday.
    start = moscow("2025-10-31 16:00")

    assert office().add(start, timedelta(hours=8)) == moscow("2025-11-01 16:00")
    assert office().add(start, timedelta(hours=8, seconds=1)) == moscow("2025-11-05 08:00:01")


def test_time_used_up_at_the_close_ends_at_the_close() -> None:
    start = moscow("2026-06-01 08:00")

    assert office().add(start, timedelta(hours=4)) == moscow("2026-06-01 12:00")
    assert office().add(start, timedelta(hours=8)) == moscow("2026-06-01 17:00")


@pytest.mark.parametrize(
    ("start", "opening"),
    [
        ("2026-06-01 09:15", "2026-06-01 09:15"),
        ("2026-06-01 12:00", "2026-06-01 13:00"),
        ("2026-06-05 17:00", "2026-06-08 08:00"),
        ("2025-12-30 17:00", "2026-01-12 08:00"),
        ("2026-01-01 00:30", "2026-01-12 08:00"),
    ],
)
def test_zero_gives_the_moment_itself_or_the_next_opening(start: str, opening: str) -> None:
    assert office().add(moscow(start), timedelta(0)) == moscow(opening)


def test_measuring_backwards_is_negative() -> None:
    friday, monday = moscow("2026-06-05 16:00"), moscow("2026-06-08 09:30")

    assert office().between(friday, monday) == timedelta(hours=2, minutes=30)
    assert office().between(monday, friday) == -timedelta(hours=2, minutes=30)


def test_years_add_up() -> None:
    start, end = moscow("2022-01-01 00:00"), moscow("2027-01-01 00:00")

    total = office().between(start, end)

    assert total == timedelta(hours=1973 + 1973 + 1979 + 1972 + 1972)
    assert office().add(start, total) == moscow("2026-12-30 17:00")


def test_working_days_begin_tomorrow_and_end_at_the_close() -> None:
    assert office().add_working_days(moscow("2026-06-05 09:00"), 1) == moscow("2026-06-08 17:00")
    assert office().add_working_days(moscow("2026-06-06 09:00"), 1) == moscow("2026-06-08 17:00")
    assert office().add_working_days(moscow("2025-12-29 09:00"), 7) == moscow("2026-01-19 17:00")


def test_the_local_date_counts_not_that_of_greenwich() -> None:
    kamchatka = office(zone="Asia/Kamchatka")
    sunday_evening_in_greenwich = datetime(2026, 6, 7, 21, tzinfo=UTC)  # Monday 9 o'clock there

    due = kamchatka.add_working_days(sunday_evening_in_greenwich, 1)

    assert due == datetime(2026, 6, 9, 17, tzinfo=ZoneInfo("Asia/Kamchatka"))


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-06-01 10:00", 12, "2026-06-11 16:00"),  # 13 June is a Saturday; 11 June is short
        ("2026-06-01 10:00", 3, "2026-06-04 17:00"),
        ("2026-06-05 16:59", 1, "2026-06-08 17:00"),  # a weekend offers nothing before
        ("2025-12-30 10:00", 10, "2026-01-12 17:00"),
        ("2025-12-20 10:00", 14, "2025-12-30 17:00"),  # over the edge of a year, backwards
    ],
)
def test_calendar_days_end_at_the_last_close_among_them(start: str, n: int, due: str) -> None:
    assert office().add_calendar_days(moscow(start), n) == moscow(due)


def test_two_spans_may_touch() -> None:
    touching = office({0: ((time(12), time(17)), (time(8), time(12)))})

    assert touching.add(moscow("2026-06-01 11:00"), timedelta(hours=2)) == moscow(
        "2026-06-01 13:00"
    )
    assert touching.is_working(moscow("2026-06-01 12:00"))


@pytest.mark.parametrize("zone", ["Asia/Kamchatka", "Europe/Moscow", "America/New_York"])
@pytest.mark.parametrize("opens", [0, 10, 22])
def test_the_first_of_january_begins_elsewhere_than_in_greenwich(zone: str, opens: int) -> None:
    calendar = WorkCalendar.from_values(
        time_zone=zone,
        working_hours=dict.fromkeys(range(7), ((time(opens), time(opens + 1)),)),
        production_calendar=False,
    )
    place = ZoneInfo(zone)
    old_year = datetime(2025, 12, 31, opens, 30, tzinfo=place)
    new_year = datetime(2026, 1, 1, opens, 30, tzinfo=place)

    assert calendar.between(old_year, new_year) == timedelta(hours=1)
    assert calendar.add(old_year, timedelta(hours=1)) == new_year
    assert calendar.add_working_days(old_year, 1) == new_year + timedelta(minutes=30)


def test_an_hour_shown_twice_works_twice_and_a_skipped_one_not_at_all() -> None:
    desk = WorkCalendar.from_values(
        time_zone="Europe/Berlin",
        working_hours={6: ((time(1), time(5)),)},
        production_calendar=False,
    )
    berlin = ZoneInfo("Europe/Berlin")
    back = datetime(2026, 10, 25, 1, 30, tzinfo=berlin)  # at 03:00 it is 02:00 again
    forward = datetime(2026, 3, 29, 1, 30, tzinfo=berlin)  # after 02:00 comes 03:00

    assert desk.add(back, timedelta(hours=2)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert desk.between(back, back.replace(hour=5, minute=0)) == timedelta(hours=4, minutes=30)
    assert desk.add(forward, timedelta(hours=2)) == forward.replace(hour=4)
    assert desk.im_ticks(back, back.replace(hour=5, minute=0)) == 269


# --- The tick count of «Инцидент Менеджмент» -----------------------------------------------


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Asia/Yekaterinburg"])
@pytest.mark.parametrize(
    ("created", "answered", "ticks"),
    [
        ("20:06:02", "08:36:39", 7),
        ("20:13:47", "08:32:55", 3),
        ("20:13:14", "08:42:16", 13),
        ("21:10:22", "08:48:11", 18),
        ("21:06:24", "11:06:34", 157),
        ("20:13:28", "11:43:54", 194),
    ],
)
def test_ticks_of_a_real_export(zone: str, created: str, answered: str, ticks: int) -> None:
    calendar = office({day: ((time(8, 30), time(17, 30)),) for day in range(5)}, zone)
    start = datetime.fromisoformat(f"2025-12-24 {created}").replace(tzinfo=ZoneInfo(zone))
    end = datetime.fromisoformat(f"2025-12-25 {answered}").replace(tzinfo=ZoneInfo(zone))

    assert calendar.im_ticks(start, end) == ticks


@pytest.mark.parametrize(
    ("start", "end", "ticks"),
    [
        ("2026-06-01 09:00:00", "2026-06-01 09:00:59", 0),
        ("2026-06-01 09:00:00", "2026-06-01 09:01:00", 1),
        ("2026-06-01 07:59:00", "2026-06-01 08:00:00", 1),  # the opening is inside
        ("2026-06-01 16:58:00", "2026-06-01 19:00:00", 1),  # the close is not
        ("2026-06-01 11:58:30", "2026-06-01 13:01:30", 3),
        ("2026-06-01 09:00:00", "2026-06-01 08:00:00", 0),
        ("2025-12-30 16:00:30", "2026-01-12 08:01:30", 59 + 2),
    ],
)
def test_ticks_at_the_edges(start: str, end: str, ticks: int) -> None:
    assert office().im_ticks(moscow(start), moscow(end)) == ticks


# --- What cannot be a calendar -------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"working_hours": {}}, "не заданы ни для одного дня"),
        ({"working_hours": {0: ()}}, "не заданы ни для одного дня"),
        ({"working_hours": {7: WHOLE_DAY}}, "нет дня недели 7"),
        ({"working_hours": {2: ((time(17), time(8)),)}}, "среда: начало 17:00 не раньше"),
        (
            {"working_hours": {0: ((time(9), time(13)), (time(12), time(17)))}},
            "понедельник: промежутки пересекаются с 12:00 до 13:00",
        ),
        ({"time_zone": "Europe/Moskva"}, "«Europe/Moskva» не найден"),
        ({"time_zone": "../../etc/passwd"}, "не найден"),
        ({"time_zone": "Europe"}, "не найден"),
        ({"short_day_minutes": -1}, "от 0 до 1439"),
        ({"short_day_minutes": 1440}, "от 0 до 1439"),
        (
            {"extra_days_off": {date(2026, 6, 1)}, "extra_working_days": {date(2026, 6, 1)}},
            "01.06.2026 указан и как выходной, и как рабочий",
        ),
    ],
)
def test_a_senseless_calendar_is_refused(changed: dict[str, object], message: str) -> None:
    values: dict[str, object] = {"time_zone": "Europe/Moscow", "working_hours": LUNCH} | changed

    with pytest.raises(CalendarError, match=message):
        WorkCalendar.from_values(**values)  # type: ignore[arg-type]


def test_a_calendar_that_never_works_again_ends_with_an_error() -> None:
    sunday = date(2005, 1, 2)
    every_sunday = {sunday + timedelta(weeks=i) for i in range(5010)}
    calendar = WorkCalendar.from_values(
        time_zone="Europe/Moscow",
        working_hours={6: WHOLE_DAY},
        extra_days_off=every_sunday,
        production_calendar=False,
    )
    now = moscow("2026-06-01 09:00")

    with pytest.raises(CalendarError, match="с 2005 по 2100 год"):
        calendar.add(now, timedelta(seconds=1))
    with pytest.raises(CalendarError, match="с 2005 по 2100 год"):
        calendar.add(now, timedelta(0))
    with pytest.raises(CalendarError, match="с 2005 по 2100 год"):
        calendar.add_working_days(now, 1)
    with pytest.raises(CalendarError, match="с 2005 по 2100 год"):
        calendar.add_calendar_days(now, 30)


def test_senseless_questions_are_refused() -> None:
    now = moscow("2026-06-01 09:00")

    with pytest.raises(CalendarError, match="от нуля до 843264 ч"):
        office().add(now, timedelta(seconds=-1))
    with pytest.raises(CalendarError, match="от нуля до 843264 ч"):
        office().add(now, timedelta.max)
    with pytest.raises(CalendarError, match="нет часового пояса"):
        office().add(now.replace(tzinfo=None), timedelta(hours=1))
    with pytest.raises(CalendarError, match="понадобился 1999"):
        office().between(moscow("1999-06-01 09:00"), now)
    with pytest.raises(CalendarError, match="вне календаря"):
        office().is_working(datetime(1, 1, 1, tzinfo=MOSCOW))
    with pytest.raises(CalendarError, match="понадобился 9999"):
        office(zone="Asia/Kamchatka").add_working_days(datetime.max.replace(tzinfo=UTC), 1)
    with pytest.raises(CalendarError, match="не число от 1"):
        office().add_working_days(now, 0)
    with pytest.raises(CalendarError, match="не число от 1"):
        office().add_calendar_days(now, 10**9)


def test_the_version_changes_with_anything_that_moves_a_deadline() -> None:
    values: dict[str, object] = {"time_zone": "Europe/Moscow", "working_hours": LUNCH}
    changes: list[dict[str, object]] = [
        {"time_zone": "Europe/Samara"},
        {"working_hours": OFFICE},
        {"short_day_minutes": 30},
        {"extra_days_off": {date(2026, 6, 1)}},
        {"extra_working_days": {date(2026, 6, 1)}},
        {"production_calendar": False},
    ]

    versions = {
        WorkCalendar.from_values(**(values | change)).version  # type: ignore[arg-type]
        for change in [{}, *changes]
    }

    assert len(versions) == len(changes) + 1
    assert office().version == office().version
