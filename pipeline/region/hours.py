"""Reads a region's time zone and working week."""

import re
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import yaml

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
