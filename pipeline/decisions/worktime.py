"""Working time: how much of it lies between two moments, and when a given amount is used up.

Every year becomes a sorted table of working spans with running totals, so that a question is
two binary searches instead of a walk from day to day, and nothing can loop for ever.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from pipeline.decisions.workcalendar import (
    HOLIDAYS,
    MINUTE,
    NOTHING_OFFICIAL,
    ONE_DAY,
    WEEKDAYS,
    ZERO,
    CalendarError,
    DayKind,
    DayPlan,
    Span,
    day_spans,
    find_zone,
    is_public_holiday,
    length,
    official_year,
    shorten,
)
from pipeline.decisions.worktable import YearTable, lay_out, offsets, year_start

__all__ = ["CalendarError", "WorkCalendar"]

FIRST_YEAR, LAST_YEAR = 2005, 2100
LONGEST = timedelta(days=366) * (LAST_YEAR - FIRST_YEAR + 1)
MAX_DAYS = LONGEST.days


@dataclass(frozen=True)
class WorkCalendar:
    """Working hours of one municipality. Build it with ``from_values``, which checks the values.

    ``weekly`` holds the spans of Monday … Sunday, sorted and apart from each other.
    """

    time_zone: str
    weekly: tuple[tuple[Span, ...], ...]
    short_day: timedelta
    extra_days_off: frozenset[date]
    extra_working_days: frozenset[date]
    production_calendar: bool
    _years: dict[int, YearTable] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def from_values(
        cls,
        *,
        time_zone: str,
        working_hours: Mapping[int, Iterable[tuple[time, time]]],
        short_day_minutes: int = 60,
        extra_days_off: Collection[date] = (),
        extra_working_days: Collection[date] = (),
        production_calendar: bool = True,
    ) -> "WorkCalendar":
        """Build a calendar from plain values.

        ``time_zone`` is an IANA name. ``working_hours`` maps a weekday, 0 (Monday) to 6, to its
        spans; 00:00 as an end is midnight at the end of the day. ``short_day_minutes`` is what
        the day before a public holiday loses at its end (60 by Labour Code art. 95). An extra
        day off rests whatever else is said of it; an extra working day works on a holiday too.
        ``production_calendar=False`` ignores the official calendar, as a round-the-clock desk
        does. Raises CalendarError.
        """
        find_zone(time_zone)
        for weekday in working_hours:
            if weekday not in range(7):
                raise CalendarError(
                    f"Рабочие часы: нет дня недели {weekday}. "
                    "Дни нумеруются от 0 (понедельник) до 6 (воскресенье)."
                )
        weekly = tuple(day_spans(name, working_hours.get(i, ())) for i, name in enumerate(WEEKDAYS))
        if not any(weekly):
            raise CalendarError(
                "Рабочие часы не заданы ни для одного дня недели: сроки считать не по чему. "
                "Укажите часы работы хотя бы для одного дня."
            )
        if not 0 <= short_day_minutes < 24 * 60:
            raise CalendarError(
                f"Сокращение предпраздничного дня на {short_day_minutes} мин невозможно. "
                "Укажите от 0 до 1439 минут, по статье 95 ТК РФ — 60."
            )
        if both := frozenset(extra_days_off) & frozenset(extra_working_days):
            raise CalendarError(
                f"День {min(both):%d.%m.%Y} указан и как выходной, и как рабочий. "
                "Оставьте его в одном списке."
            )
        return cls(
            time_zone=time_zone,
            weekly=weekly,
            short_day=MINUTE * short_day_minutes,
            extra_days_off=frozenset(extra_days_off),
            extra_working_days=frozenset(extra_working_days),
            production_calendar=production_calendar,
        )

    @cached_property
    def version(self) -> str:
        """A hash of all that can move a deadline; store it beside each deadline.

        It covers the hours, the extra days, the official days and the zone's clock changes of
        every year served, so an update of either library changes it only if a day changed.
        """
        years = range(FIRST_YEAR, LAST_YEAR + 1)
        official = [official_year(year) for year in years] if self.production_calendar else []
        parts = (
            self.time_zone,
            self.weekly,
            self.short_day,
            sorted(self.extra_days_off),
            sorted(self.extra_working_days),
            sorted(HOLIDAYS),
            [(sorted(year.days_off), sorted(year.exchanged.items())) for year in official],
            offsets(find_zone(self.time_zone), year_start(FIRST_YEAR), year_start(LAST_YEAR + 1)),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def is_working(self, moment: datetime) -> bool:
        """Tell whether ``moment`` is in working time: the opening is, the close is not."""
        moment = _utc(moment)
        year = self.year(moment.year)
        i = bisect_right(year.starts, moment) - 1
        return i >= 0 and moment < year.ends[i]

    def add(self, start: datetime, working: timedelta) -> datetime:
        """Return the moment (UTC) when ``working`` time since ``start`` is used up.

        Time used up exactly at a close ends at that close, not at the next opening. Zero gives
        ``start`` itself in working time, else the next opening. Raises CalendarError for a
        negative amount, a naive moment, or an end after 2100.
        """
        if not ZERO <= working <= LONGEST:
            raise CalendarError(
                f"Рабочее время {working / timedelta(hours=1):.10g} ч прибавить нельзя: нужно от "
                f"нуля до {LONGEST // timedelta(hours=1)} ч."
            )
        moment = _utc(start)
        number = moment.year
        year = self.year(number)
        target = year.worked(moment) + working
        # A positive amount belongs to the span that it ends, zero to the span that it begins.
        search = bisect_left if working else bisect_right
        while target > year.total or (target == year.total and not working):
            target -= year.total
            number += 1
            year = self.year(number)
        i = search(year.before, target) - 1
        return year.starts[i] + (target - year.before[i])

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from ``start`` to ``end``, negative when ``end`` is earlier."""
        start, end = _utc(start), _utc(end)
        if end < start:
            return -self.between(end, start)
        whole = sum((self.year(n).total for n in range(start.year, end.year)), start=ZERO)
        return whole + self.year(end.year).worked(end) - self.year(start.year).worked(start)

    def add_working_days(self, start: datetime, n: int) -> datetime:
        """Return the close (UTC) of the ``n``-th working day after the local date of ``start``.

        The day of ``start`` does not count (Civil Code art. 191), and a day's term ends when the
        office closes (art. 194). Raises CalendarError when ``n`` is below 1.
        """
        _check_days(n)
        day = self._local_date(start)
        number = day.year
        year = self.year(number)
        i = bisect_right(year.days, day) + n - 1
        while i >= len(year.days):
            i -= len(year.days)
            number += 1
            year = self.year(number)
        return year.closes[year.days[i]]

    def add_calendar_days(self, start: datetime, n: int) -> datetime:
        """Return the close (UTC) of the working day by which ``n`` calendar days are over.

        That is the last working day among the ``n`` dates after the local date of ``start``: a
        term that ends on a day off is met before it, so that the answer is in time under every
        reading of the rule. When none of those dates works, it is the first working day after
        them. Raises CalendarError when ``n`` is below 1.
        """
        _check_days(n)
        first = self._local_date(start)
        for ahead in range(n, 0, -1):
            day = first + ONE_DAY * ahead
            close = self.year(day.year).closes.get(day)
            if close is not None:
                return close
        return self.add_working_days(start, 1)

    def im_ticks(self, start: datetime, end: datetime) -> int:
        """Count working minutes as «Инцидент Менеджмент» does in its exports.

        Tick ``k`` ≥ 1 is ``start`` + ``k`` minutes; the answer is the number of ticks up to and
        including ``end`` that fall into working time. It differs from rounding ``between`` by
        up to a minute for each opening.
        """
        start, end = _utc(start), _utc(end)
        last = (end - start) // MINUTE
        ticks = 0
        for opens, closes in self._between_spans(start, end):
            # Minus minus: the whole minute at or after a moment, not before it.
            begin = max(1, -((start - opens) // MINUTE))
            stop = min(last, -((start - closes) // MINUTE) - 1)
            ticks += max(0, stop - begin + 1)
        return ticks

    def _between_spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        for number in range(start.year, end.year + 1):
            year = self.year(number)
            begin, stop = bisect_right(year.ends, start), bisect_right(year.starts, end)
            yield from zip(year.starts[begin:stop], year.ends[begin:stop], strict=True)

    def _local_date(self, moment: datetime) -> date:
        moment = _utc(moment)
        self.year(moment.year)  # refuses a year so far that its local date may not exist
        return moment.astimezone(find_zone(self.time_zone)).date()

    def year(self, number: int) -> YearTable:
        """Return the table of one UTC year, laid out when first asked for. Raises CalendarError."""
        year = self._years.get(number)
        if year is None:
            if not FIRST_YEAR <= number <= LAST_YEAR:
                raise CalendarError(
                    f"Рабочее время считается с {FIRST_YEAR} по {LAST_YEAR} год, "
                    f"а понадобился {number}. Проверьте дату и рабочие дни."
                )
            year = self._years[number] = lay_out(
                number, find_zone(self.time_zone), lambda day: self.plan(day).spans
            )
        return year

    def plan(self, day: date) -> DayPlan:
        """Return the spans that a local date works, after every rule, and the rule itself."""
        official = official_year(day.year) if self.production_calendar else NOTHING_OFFICIAL
        exchanged_for = official.exchanged.get(day)
        if day in self.extra_days_off:
            return DayPlan((), DayKind.LOCAL_DAY_OFF)
        if day in self.extra_working_days:
            kind, spans = DayKind.LOCAL_WORKING_DAY, self._hours_on_day_off(day, exchanged_for)
        elif exchanged_for is not None:
            kind, spans = DayKind.EXCHANGED, self._hours_on_day_off(day, exchanged_for)
        elif day in official.days_off:
            return DayPlan((), DayKind.HOLIDAY, instead_of=official.moved.get(day))
        else:
            spans = self.weekly[day.weekday()]
            kind = DayKind.ORDINARY if spans else DayKind.WEEKEND
        if self.production_calendar and (
            is_public_holiday(day + ONE_DAY)
            or (exchanged_for is not None and is_public_holiday(exchanged_for + ONE_DAY))
        ):
            kept = shorten(spans, self.short_day)
            return DayPlan(kept, kind, exchanged_for, length(spans) - length(kept))
        return DayPlan(spans, kind, exchanged_for)

    def _hours_on_day_off(self, day: date, exchanged_for: date | None) -> tuple[Span, ...]:
        """Return the hours of a working Saturday.

        They are those of the day it was exchanged for (Health Ministry order 588н of 13.08.2009,
        par. 1). A weekday with hours of its own keeps them; an extra working day takes the hours
        of the nearest weekday before it.
        """
        weekdays = [day.weekday() - back for back in range(7)]
        if exchanged_for is not None:
            weekdays.insert(1, exchanged_for.weekday())
        return next(self.weekly[weekday] for weekday in weekdays if self.weekly[weekday])


def _check_days(n: int) -> None:
    if not 1 <= n <= MAX_DAYS:
        raise CalendarError(f"Срок в днях: {n} — не число от 1 до {MAX_DAYS}. Исправьте норматив.")


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise CalendarError(f"У момента {moment} нет часового пояса: срок по нему не посчитать.")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise CalendarError(f"Дата {moment} вне календаря. Проверьте дату.") from error
