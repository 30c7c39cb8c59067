"""Why an answer is due then: each day with its reason, and nothing counted but what is."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.clock_explain import (
    explain,
    explain_between,
    explain_calendar_days,
    explain_working_days,
    reason,
    remaining,
    say_amount,
    say_hours,
    spell,
)
from pipeline.decisions.worktime import CalendarError, WorkCalendar

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = {day: ((time(8, 30), time(13)), (time(14), time(17, 30))) for day in range(5)}


def office(zone: str = "Europe/Moscow", **changed: object) -> WorkCalendar:
    values: dict[str, object] = {"working_hours": OFFICE}
    return WorkCalendar.from_values(time_zone=zone, **(values | changed))  # type: ignore[arg-type]


def always(zone: str) -> WorkCalendar:
    return office(
        zone, working_hours=dict.fromkeys(range(7), ((time(), time()),)), production_calendar=False
    )


def moscow(text: str) -> datetime:
    """Read «20.11.2026 16:00» as Moscow time."""
    return datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=MOSCOW)


# --- Working time ----------------------------------------------------------------------------


def test_eight_hours_from_a_friday_over_the_weekend() -> None:
    lines = explain(office(), moscow("20.11.2026 16:00"), 8 * HOUR)

    assert [
        (f"{line.day:%d.%m}", line.why, spell(line.counted), spell(line.left)) for line in lines
    ] == [
        ("20.11", "", "1 ч 30 мин", "6 ч 30 мин"),
        ("21.11", "выходной", "0 мин", "6 ч 30 мин"),
        ("22.11", "выходной", "0 мин", "6 ч 30 мин"),
        ("23.11", "", "6 ч 30 мин", "0 мин"),
    ]
    assert say_hours(lines[0].hours) == "08:30–13:00, 14:00–17:30"
    assert say_hours(lines[1].hours) == "—"


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("31.10.2025", ""),
        ("01.11.2025", "рабочая суббота за 03.11.2025; сокращён на 1 ч"),
        ("02.11.2025", "выходной"),
        ("03.11.2025", "выходной, перенесён с 01.11.2025"),
        ("04.11.2025", "праздник: День народного единства"),
        ("09.01.2026", "выходной, перенесён с 03.01.2026"),
        ("09.03.2026", "выходной, перенесён с 08.03.2026"),
        ("11.06.2026", "сокращён на 1 ч"),
        ("28.12.2024", "рабочая суббота за 30.12.2024"),
        ("26.02.2006", "рабочее воскресенье за 24.02.2006"),
        ("08.01.2008", "нерабочий день: Новогодние каникулы (выходной)"),
        ("10.03.2014", "выходной, перенесён с 08.03.2014"),
    ],
)
def test_the_reason_of_a_day(day: str, why: str) -> None:
    assert reason(office(), moscow(f"{day} 00:00").date()) == why


def test_local_days_and_changed_clocks_have_their_reasons_too() -> None:
    local = office(
        extra_days_off={date(2026, 7, 15)}, extra_working_days={date(2026, 11, 4)}, zone="Asia/Omsk"
    )

    assert reason(local, date(2026, 7, 15)) == "местный выходной"
    assert reason(local, date(2026, 11, 4)) == "местный рабочий день"
    assert reason(always("Europe/Berlin"), date(2026, 10, 25)) == "перевод часов"
    assert reason(always("Europe/Berlin"), date(2026, 11, 4)) == ""


def test_a_message_of_the_evening_begins_next_morning() -> None:
    first, second = explain(office(), moscow("18.11.2026 19:00"), HOUR)

    assert (first.why, first.counted) == ("рабочий день уже кончился", timedelta(0))
    assert (second.day, second.counted) == (date(2026, 11, 19), HOUR)


def test_what_ends_at_midnight_ends_the_day_before() -> None:
    lines = explain(always("Europe/Moscow"), moscow("20.11.2026 16:00"), 8 * HOUR)

    assert [(line.day, line.counted) for line in lines] == [(date(2026, 11, 20), 8 * HOUR)]


def test_nothing_to_count_leads_to_the_next_opening() -> None:
    lines = explain(office(), moscow("21.11.2026 12:00"), timedelta(0))

    assert [line.day.day for line in lines] == [21, 22, 23]
    assert not any(line.counted for line in lines)


MOMENTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds naive
    datetime(2026, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
CALENDARS = st.sampled_from(
    [office(), office("Asia/Kamchatka"), always("Europe/Berlin"), always("Asia/Kolkata")]
)


@given(CALENDARS, MOMENTS, st.timedeltas(timedelta(0), timedelta(hours=100)))
def test_the_days_add_up_to_the_norm(
    calendar: WorkCalendar, start: datetime, working: timedelta
) -> None:
    lines = explain(calendar, start, working)

    assert sum((line.counted for line in lines), timedelta(0)) == working
    assert lines[-1].left == timedelta(0)
    assert lines[0].left == working - lines[0].counted
    assert all(b.day - a.day == DAY for a, b in pairwise(lines))
    assert all(line.hours for line in lines if line.counted)


@given(CALENDARS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)), st.booleans())
def test_the_days_add_up_to_what_lies_between(
    calendar: WorkCalendar, start: datetime, apart: timedelta, ticks: bool
) -> None:
    end = start + apart

    lines = explain_between(calendar, start, end, ticks=ticks)

    total = sum((line.counted for line in lines), timedelta(0))
    if ticks:
        assert total == timedelta(minutes=calendar.im_ticks(start, end))
    else:
        assert total == calendar.between(start, end)
    assert all(line.counted >= timedelta(0) for line in lines)


def test_an_end_before_its_start_is_refused() -> None:
    with pytest.raises(CalendarError, match="Конец раньше начала"):
        explain_between(office(), moscow("20.11.2026 16:00"), moscow("20.11.2026 15:00"))


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = moscow("20.11.2026 16:00").replace(tzinfo=None)

    with pytest.raises(CalendarError, match="нет часового пояса"):
        explain_between(office(), naive, naive)
    with pytest.raises(CalendarError, match="нет часового пояса"):
        remaining(office(), naive, moscow("20.11.2026 16:00"))


# --- Norms in days ---------------------------------------------------------------------------


def test_three_working_days() -> None:
    lines = explain_working_days(office(), moscow("19.11.2026 10:00"), 3)

    assert [
        (line.day.day, say_amount(line.counted, days=line.in_days), line.why) for line in lines
    ] == [
        (19, "0 дн.", "день обращения не считается"),
        (20, "1 дн.", ""),
        (21, "0 дн.", "выходной"),
        (22, "0 дн.", "выходной"),
        (23, "1 дн.", ""),
        (24, "1 дн.", ""),
    ]
    assert [line.left.days for line in lines] == [3, 2, 2, 2, 1, 0]


def test_calendar_days_that_end_on_a_day_off_are_met_before_it() -> None:
    lines = explain_calendar_days(office(), moscow("04.06.2026 19:00"), 9)

    assert [(line.day.day, line.counted.days) for line in lines] == [
        (4, 0),
        *((day, 1) for day in range(5, 14)),
    ]
    assert lines[-3].why == "сокращён на 1 ч; срок: дальше до конца нормы только выходные"
    assert lines[-2].why == "праздник: День России"


def test_calendar_days_without_a_working_day_lead_to_the_next_one() -> None:
    lines = explain_calendar_days(office(), moscow("20.11.2026 10:00"), 2)

    assert [(line.day.day, line.counted.days, line.left.days) for line in lines] == [
        (20, 0, 2),
        (21, 1, 1),
        (22, 1, 0),
        (23, 0, 0),
    ]
    assert lines[-1].why == "срок: первый рабочий день после нормы"


@given(CALENDARS, MOMENTS, st.integers(1, 40))
def test_days_add_up(calendar: WorkCalendar, start: datetime, n: int) -> None:
    working = explain_working_days(calendar, start, n)
    dates = explain_calendar_days(calendar, start, n)

    assert sum(line.counted.days for line in working) == n
    assert sum(line.counted.days for line in dates) == n
    assert working[-1].counted == DAY
    assert working[-1].left == dates[-1].left == timedelta(0)


# --- What is left ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "due_at", "said"),
    [
        (
            "20.11.2026 16:50",
            "23.11.2026 10:00",
            "до 23.11 10:00: 2 ч 10 мин рабочего времени; 21–22.11 выходные",
        ),
        ("23.11.2026 10:00", "23.11.2026 11:00", "до 23.11 11:00: 1 ч 00 мин рабочего времени"),
        (
            "03.11.2026 16:00",
            "05.11.2026 09:00",
            "до 05.11 09:00: 1 ч 00 мин рабочего времени; 04.11 выходной",
        ),
        (
            "29.12.2026 17:00",
            "11.01.2027 09:00",
            "до 11.01.2027 09:00: 9 ч 00 мин рабочего времени; 31.12–10.01 выходные",
        ),
        (
            "12.11.2026 17:00",
            "23.11.2026 09:00",
            "до 23.11 09:00: 49 ч 00 мин рабочего времени; 14–15.11, 21–22.11 выходные",
        ),
        (
            "02.11.2026 08:30",
            "02.12.2026 17:30",
            "до 02.12 17:30: 175 ч 00 мин рабочего времени; выходных дней: 9",
        ),
        ("23.11.2026 18:00", "23.11.2026 20:00", "до 23.11 20:00: рабочего времени не осталось"),
        (
            "23.11.2026 12:05",
            "23.11.2026 11:00",
            "срок был 23.11 11:00: просрочено на 1 ч 05 мин рабочего времени",
        ),
        ("23.11.2026 19:00", "23.11.2026 17:30", "срок был 23.11 17:30: время вышло"),
    ],
)
def test_what_is_left(now: str, due_at: str, said: str) -> None:
    assert remaining(office(), moscow(now), moscow(due_at)) == said


def test_an_hour_shown_twice_is_not_taken_for_the_past() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 25, 2, 40, tzinfo=berlin)
    due_at = datetime(2026, 10, 25, 2, 10, tzinfo=berlin, fold=1)  # half an hour later

    assert remaining(always("Europe/Berlin"), now, due_at) == (
        "до 25.10 02:10: 30 мин рабочего времени"
    )
    (line,) = explain_between(always("Europe/Berlin"), now, due_at)
    assert line.counted == HOUR / 2


@pytest.mark.parametrize(
    ("working", "said"),
    [
        (timedelta(0), "0 мин"),
        (2 * HOUR, "2 ч"),
        (timedelta(hours=2, minutes=10), "2 ч 10 мин"),
        (timedelta(minutes=5, seconds=30), "5 мин 30 с"),
        (timedelta(seconds=7), "7 с"),
        (-HOUR, "−1 ч"),
    ],
)
def test_an_amount_in_words(working: timedelta, said: str) -> None:
    assert spell(working) == said
