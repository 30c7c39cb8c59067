"""When an answer is due, how much working time is left, and how to say it in Russian."""

from datetime import datetime, timedelta
from typing import Literal

from models.values import Deadline
from pipeline.decisions.worktime import CalendarError, WorkCalendar

Unit = Literal["working_hours", "working_days", "calendar_days", "calendar_hours"]

# Russian counts in three forms: 1 час, 2 часа, 5 часов.
NORMS: dict[Unit, tuple[str, str, str]] = {
    "working_hours": ("рабочий час", "рабочих часа", "рабочих часов"),
    "working_days": ("рабочий день", "рабочих дня", "рабочих дней"),
    "calendar_days": ("календарный день", "календарных дня", "календарных дней"),
    "calendar_hours": ("час", "часа", "часов"),
}

LONGEST = 10**6
"""Hours; more is more than the calendar allows as well."""


def deadline(created_at: datetime, *, amount: int, unit: Unit, calendar: WorkCalendar) -> Deadline:
    """Return when what came at ``created_at`` is due.

    Working hours run from the next opening, calendar hours at once; days of either kind begin
    tomorrow and end at the close of a working day (see ``WorkCalendar``). Raises CalendarError for
    an amount below 1.
    """
    if amount < 1:
        raise CalendarError(f"Норматив «{norm(amount, unit)}» невозможен. Укажите не меньше 1.")
    if unit == "working_hours":
        due_at = calendar.add(created_at, timedelta(hours=min(amount, LONGEST)))
    elif unit == "working_days":
        due_at = calendar.add_working_days(created_at, amount)
    elif unit == "calendar_days":
        due_at = calendar.add_calendar_days(created_at, amount)
    else:
        due_at = created_at + timedelta(hours=min(amount, LONGEST))
    return Deadline(due_at=due_at, norm=norm(amount, unit))


def norm(amount: int, unit: Unit) -> str:
    """Say a norm for people: «8 рабочих часов»."""
    one, few, many = NORMS[unit]
    if amount % 10 == 1 and amount % 100 != 11:
        return f"{amount} {one}"
    if amount % 10 in (2, 3, 4) and amount % 100 not in (12, 13, 14):
        return f"{amount} {few}"
    return f"{amount} {many}"


def left(now: datetime, due_at: datetime, calendar: WorkCalendar) -> timedelta:
    """Return the working time left until ``due_at``, negative when overdue.

    Zero means that the time is up and that no working minute has passed since.
    """
    return calendar.between(now, due_at)


def humanise(working: timedelta) -> str:
    """Say what ``left`` returned: «2 ч 10 мин», «просрочено на 1 ч 05 мин».

    Full minutes only, so that nobody is promised more time than there is.
    """
    if not working:
        return "время вышло"
    hours, minutes = divmod(abs(working) // timedelta(minutes=1), 60)
    if working < timedelta(0):
        if not hours and not minutes:
            return "просрочено меньше чем на минуту"
        return f"просрочено на {_clock(hours, minutes)}"
    if not hours and not minutes:
        return "меньше минуты"
    return _clock(hours, minutes)


def _clock(hours: int, minutes: int) -> str:
    return f"{hours} ч {minutes:02d} мин" if hours else f"{minutes} мин"
