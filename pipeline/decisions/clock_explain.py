"""Why an answer is due when it is: one line a day, and what is left, in words for people."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pipeline.decisions.deadlines import humanise
from pipeline.decisions.workcalendar import (
    MINUTE,
    ONE_DAY,
    WEEKDAYS,
    ZERO,
    CalendarError,
    DayKind,
    Span,
    clock,
    find_zone,
    is_public_holiday,
    official_year,
)
from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import Norm

MICROSECOND = timedelta(microseconds=1)
MOST_RANGES = 4
"""Groups of days off that ``remaining`` names; of more it tells the number of days."""

NOT_COUNTED = "день обращения не считается"
AFTER_HOURS = "рабочий день уже кончился"


@dataclass(frozen=True, slots=True)
class Line:
    """One local date on the way to a deadline.

    ``hours`` are its working spans since local midnight, ``why`` the Russian reason where the
    date is not an ordinary one. ``counted`` is what the date adds and ``left`` what remains
    after it: working time, or, with ``in_days``, whole days of a norm (``timedelta(days=1)``).
    """

    day: date
    hours: tuple[Span, ...]
    why: str
    counted: timedelta
    left: timedelta
    in_days: bool = False


def explain(calendar: WorkCalendar, start: datetime, working: timedelta) -> list[Line]:
    """Explain ``calendar.add(start, working)``: a line for each date from start to end.

    Raises CalendarError as ``add`` does.
    """
    due = calendar.add(start, working)
    # What is used up at midnight ends the day before, not the day that begins.
    last = _local(calendar, due - MICROSECOND if working else due).date()
    return _walk(calendar, start, last, lambda until: calendar.between(start, min(until, due)))


def explain_between(
    calendar: WorkCalendar, start: datetime, end: datetime, *, ticks: bool = False
) -> list[Line]:
    """Explain ``calendar.between(start, end)``, or ``im_ticks``, each tick being a minute.

    Raises CalendarError as they do, and for an end before its start.
    """
    calendar.between(start, end)  # refuses what cannot be compared
    # Two moments of one zone are compared by the wall clock, which may show an hour twice.
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end < start:
        raise CalendarError("Конец раньше начала: поменяйте моменты местами.")

    def worked(until: datetime) -> timedelta:
        return calendar.between(start, min(until, end))

    def ticked(until: datetime) -> timedelta:
        # A tick at midnight belongs to the day that begins.
        return MINUTE * calendar.im_ticks(start, min(until - MICROSECOND, end))

    return _walk(calendar, start, _local(calendar, end).date(), ticked if ticks else worked)


def explain_working_days(calendar: WorkCalendar, start: datetime, n: int) -> list[Line]:
    """Explain ``calendar.add_working_days(start, n)``. Raises CalendarError as it does."""
    last = _local(calendar, calendar.add_working_days(start, n) - MICROSECOND).date()
    lines: list[Line] = []
    left = n
    for day in _days(_local(calendar, start).date(), last):
        counts = bool(lines) and day in calendar.year(day.year).closes
        left -= counts
        extra = "" if lines else NOT_COUNTED
        lines.append(_day_line(calendar, day, extra, int(counts), left))
    return lines


def explain_calendar_days(calendar: WorkCalendar, start: datetime, n: int) -> list[Line]:
    """Explain ``calendar.add_calendar_days(start, n)``. Raises CalendarError as it does."""
    due = _local(calendar, calendar.add_calendar_days(start, n) - MICROSECOND).date()
    today = _local(calendar, start).date()
    lines: list[Line] = []
    for day in _days(today, max(due, today + ONE_DAY * n)):
        gone = (day - today).days
        extra = ""
        if not lines:
            extra = NOT_COUNTED
        elif day == due and gone < n:
            extra = "срок: дальше до конца нормы только выходные"
        elif day == due and gone > n:
            extra = "срок: первый рабочий день после нормы"
        lines.append(_day_line(calendar, day, extra, int(0 < gone <= n), max(0, n - gone)))
    return lines


def remaining(calendar: WorkCalendar, now: datetime, due_at: datetime) -> str:
    """Say what is left: «до 24.11 11:00: 2 ч 10 мин рабочего времени; 22–23.11 выходные».

    The year is told when it is not that of ``now``. Raises CalendarError for moments that the
    calendar does not serve.
    """
    left = calendar.between(now, due_at)
    here, due = _local(calendar, now), _local(calendar, due_at)
    shown = f"{due:%d.%m %H:%M}" if due.year == here.year else f"{due:%d.%m.%Y %H:%M}"
    if due_at.astimezone(UTC) <= now.astimezone(UTC):
        return f"срок был {shown}: {humanise(left)}" + (" рабочего времени" if left else "")
    if not left:
        return f"до {shown}: рабочего времени не осталось"
    said = f"до {shown}: {humanise(left)} рабочего времени"
    ranges = list(_rests(calendar, here.date(), due.date()))
    if not ranges:
        return said
    days = sum((last - first).days + 1 for first, last in ranges)
    if len(ranges) > MOST_RANGES:
        return f"{said}; выходных дней: {days}"
    word = "выходной" if days == 1 else "выходные"
    return f"{said}; {', '.join(_range(first, last) for first, last in ranges)} {word}"


def reason(calendar: WorkCalendar, day: date) -> str:
    """Say why a local date works as it does; nothing of an ordinary one."""
    plan = calendar.plan(day)
    said = []
    if plan.kind is DayKind.WEEKEND:
        said.append("выходной")
    elif plan.kind is DayKind.HOLIDAY and plan.instead_of is not None:
        said.append(f"выходной, перенесён с {plan.instead_of:%d.%m.%Y}")
    elif plan.kind is DayKind.HOLIDAY:
        name = official_year(day.year).names[day]
        said.append(f"{'праздник' if is_public_holiday(day) else 'нерабочий день'}: {name}")
    elif plan.kind is DayKind.LOCAL_DAY_OFF:
        said.append("местный выходной")
    elif plan.kind is DayKind.LOCAL_WORKING_DAY:
        said.append("местный рабочий день")
    elif plan.kind is DayKind.EXCHANGED:
        word = "рабочее" if day.weekday() == len(WEEKDAYS) - 1 else "рабочая"
        said.append(f"{word} {WEEKDAYS[day.weekday()]} за {plan.instead_of:%d.%m.%Y}")
    if plan.cut:
        said.append(f"сокращён на {spell(plan.cut)}")
    if _midnight(calendar, day + ONE_DAY) - _midnight(calendar, day) != ONE_DAY:
        said.append("перевод часов")
    return "; ".join(said)


def spell(working: timedelta) -> str:
    """Say an amount to the second: «2 ч 10 мин», «5 мин 30 с», «0 мин», «−1 ч»."""
    minutes, seconds = divmod(abs(working) // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    said = [f"{hours} ч"] * bool(hours)
    said += [f"{minutes} мин"] * bool(minutes or not (hours or seconds))
    said += [f"{seconds} с"] * bool(seconds)
    return ("−" if working < ZERO else "") + " ".join(said)


def say_amount(amount: timedelta, *, days: bool) -> str:
    """Say what a line counted or left: working time, or a number of days."""
    return f"{amount.days} дн." if days else spell(amount)


def say_hours(spans: Iterable[Span]) -> str:
    """Say a day's hours: «08:30–13:00, 14:00–17:30», or a dash."""
    return ", ".join(f"{clock(start)}–{clock(end)}" for start, end in spans) or "—"


def _walk(
    calendar: WorkCalendar, start: datetime, last: date, used: Callable[[datetime], timedelta]
) -> list[Line]:
    """Make the lines up to ``last``; ``used`` tells what is used up from start to a moment."""
    days = list(_days(_local(calendar, start).date(), last))
    reached = [used(_midnight(calendar, day + ONE_DAY)) for day in days]
    lines: list[Line] = []
    before = ZERO
    for day, so_far in zip(days, reached, strict=True):
        close = calendar.year(day.year).closes.get(day)
        extra = AFTER_HOURS if not lines and close is not None and close <= start else ""
        why = _why(calendar, day, extra)
        lines.append(
            Line(day, calendar.plan(day).spans, why, so_far - before, reached[-1] - so_far)
        )
        before = so_far
    return lines


def _day_line(calendar: WorkCalendar, day: date, extra: str, counted: int, left: int) -> Line:
    why = _why(calendar, day, extra)
    return Line(day, calendar.plan(day).spans, why, ONE_DAY * counted, ONE_DAY * left, in_days=True)


def _why(calendar: WorkCalendar, day: date, extra: str) -> str:
    return "; ".join(filter(None, (reason(calendar, day), extra)))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + ONE_DAY * i for i in range((last - first).days + 1))


def _rests(calendar: WorkCalendar, first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the first and the last date of each group of days off."""
    since = None
    for day in _days(first, last + ONE_DAY):
        if day <= last and not calendar.plan(day).spans:
            since = since or day
        elif since is not None:
            yield since, day - ONE_DAY
            since = None


def _range(first: date, last: date) -> str:
    if first == last:
        return f"{first:%d.%m}"
    if first.month == last.month:
        return f"{first:%d}–{last:%d.%m}"
    return f"{first:%d.%m}–{last:%d.%m}"


def _local(calendar: WorkCalendar, moment: datetime) -> datetime:
    return moment.astimezone(find_zone(calendar.time_zone))


def _midnight(calendar: WorkCalendar, day: date) -> datetime:
    """Return when (UTC) a local date begins."""
    return datetime.combine(day, time(), find_zone(calendar.time_zone)).astimezone(UTC)


def explain_norm(norm: Norm, since: datetime, calendar: WorkCalendar) -> list[Line]:
    """Return the days of a norm that begins at ``since``; hours by the wall clock need none.

    Raises CalendarError for moments that the calendar does not serve.
    """
    if norm.unit == "working_hours":
        return explain(calendar, since, timedelta(hours=norm.amount))
    if norm.unit == "working_days":
        return explain_working_days(calendar, since, norm.amount)
    if norm.unit == "calendar_days":
        return explain_calendar_days(calendar, since, norm.amount)
    return []
