"""Until when an incident can be put off: choices in working time, so that none ends at night."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pipeline.decisions.workcalendar import ONE_DAY, ZERO, find_zone
from pipeline.decisions.worktime import WorkCalendar

MORNING = time(6)
"""When a morning begins where somebody works round the clock."""

HOURS = {"hour": 1, "four": 4}
MORNINGS = ("tomorrow", "monday")
CODES = (*HOURS, *MORNINGS)
"""What a form sends; a choice that is not offered today still has its meaning."""

DAYS = (
    "в понедельник",
    "во вторник",
    "в среду",
    "в четверг",
    "в пятницу",
    "в субботу",
    "в воскресенье",
)
MONDAY = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """One moment to put an incident off to; ``late`` when its deadline is past by then."""

    code: str
    title: str
    until: datetime
    late: bool = False


def choices(
    now: datetime, calendar: WorkCalendar, due_at: datetime | None = None
) -> tuple[Choice, ...]:
    """Return the choices of this moment, the nearest first; none of them comes twice.

    ``due_at`` is the incident's deadline. Raises CalendarError at the end of the calendar.
    """
    found: dict[datetime, Choice] = {}
    for code in CODES:
        until = moment_of(code, now, calendar)
        title = _title(code, until, now, calendar)
        late = due_at is not None and now < due_at < until
        found.setdefault(until, Choice(code, title, until, late))
    return tuple(found[until] for until in sorted(found))


def moment_of(code: str, now: datetime, calendar: WorkCalendar) -> datetime:
    """Return the moment (UTC) that a choice means now. Raises KeyError for an unknown code."""
    if code not in MORNINGS:
        return calendar.add(now, timedelta(hours=HOURS[code]))
    local = now.astimezone(find_zone(calendar.time_zone))
    ahead = 1 if code == "tomorrow" else (MONDAY - local.weekday()) % 7 or 7
    morning = datetime.combine(local.date() + ONE_DAY * ahead, MORNING, local.tzinfo)
    # Nothing added to a moment outside working time is the next opening.
    return calendar.add(morning, ZERO)


def _title(code: str, until: datetime, now: datetime, calendar: WorkCalendar) -> str:
    if code == "hour":
        return "через 1 рабочий час"
    if code == "four":
        return "через 4 рабочих часа"
    zone = find_zone(calendar.time_zone)
    day, today = until.astimezone(zone).date(), now.astimezone(zone).date()
    if day == today + ONE_DAY:
        return "завтра с утра"
    # Where the morning after is a day off, its opening is another day's.
    title = f"{DAYS[day.weekday()]} с утра"
    return title if day - today <= timedelta(days=7) else f"{day:%d.%m} с утра"
