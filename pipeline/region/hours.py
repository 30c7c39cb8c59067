"""Reads a region's time zone and working week."""

import re
from collections.abc import Collection, Mapping
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import yaml

from pipeline.decisions.worktime import FIRST_YEAR, LAST_YEAR, WorkCalendar
from pipeline.region.reading import Reader, suggest
from pipeline.region.schema import Interval

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def time_zone(reader: Reader, node: yaml.Node | None) -> str:
    """Return the IANA name of a time zone that this machine knows."""
    name = reader.text(node)
    if name:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            reader.wrong(
                node,
                f"неизвестный часовой пояс «{name}»",
                suggest(name, sorted(zone for zone in available_timezones() if "/" in zone)),
            )
    return name


def working_hours(reader: Reader, node: yaml.Node | None) -> dict[int, tuple[Interval, ...]]:
    """Return the intervals of all seven weekdays, Monday being 0."""
    found = reader.mapping(node, WEEKDAYS)
    week = {number: _day(reader, found.get(day)) for number, day in enumerate(WEEKDAYS)}
    if node is not None and not any(week.values()):
        what = "в неделе нет ни одного рабочего часа"
        reader.wrong(node, what, 'Укажите хотя бы один: monday: ["09:00-18:00"]')
    return week


def check_days(
    reader: Reader,
    found: Mapping[str, yaml.Node],
    week: Mapping[int, tuple[Interval, ...]],
    off: Collection[date],
    on: Collection[date],
) -> None:
    """Refuse local days that contradict each other or leave a year without a working day.

    ``found`` are the values of region.yaml, ``week`` the working hours by weekday, ``off`` and
    ``on`` the extra days off and working days.
    """
    node = found.get("extra_days_off", found.get("extra_working_days"))
    days = {*off, *on}
    if far := sorted(day for day in days if not FIRST_YEAR <= day.year <= LAST_YEAR):
        what = f"день {far[0]} вне календаря"
        reader.wrong(node, what, f"Календарь ведётся с {FIRST_YEAR} по {LAST_YEAR} год")
    elif both := sorted({*off} & {*on}):
        what = f"день {both[0]} указан и как выходной, и как рабочий"
        reader.wrong(node, what, "Оставьте его в одном списке")
    elif any(week.values()):
        calendar = WorkCalendar.from_values(
            time_zone="UTC", working_hours=week, extra_days_off=off, extra_working_days=on
        )
        for year in sorted({day.year for day in off}):
            first = date(year, 1, 1)
            length = (date(year + 1, 1, 1) - first).days
            if not any(calendar.plan(first + timedelta(days=i)).spans for i in range(length)):
                what = f"в {year} году не остаётся ни одного рабочего дня"
                reader.wrong(node, what, "Уберите лишние дни: сроки было бы не по чему считать")


def _day(reader: Reader, node: yaml.Node | None) -> tuple[Interval, ...]:
    result: list[Interval] = []
    for item in reader.items(node):
        value = reader.text(item)
        match = _INTERVAL.fullmatch(value)
        if match is None:
            reader.wrong(item, f"«{value}» — не часы работы", 'Пишите так: "09:00-13:00"')
            continue
        start = time(int(match[1]), int(match[2]))
        end = time(int(match[3]), int(match[4]))
        if start >= end:
            reader.wrong(item, f"«{value}»: конец не позже начала", "Поменяйте часы местами")
        elif result and start < result[-1][1]:
            what = f"«{value}» начинается раньше, чем кончается предыдущий промежуток"
            reader.wrong(item, what, "Расставьте промежутки по порядку и без наложений")
        else:
            result.append((start, end))
    return tuple(result)
