"""One UTC year of a working calendar, laid out as a sorted table that binary searches can ask."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.decisions.workcalendar import ONE_DAY, ZERO, Span

Stretch = tuple[datetime, datetime, timedelta]
"""From when until when (UTC) a zone has which offset from UTC."""


@dataclass(frozen=True, slots=True)
class YearTable:
    """Working spans [start, end) of one UTC year, and its working days by local date.

    ``before[i]`` is the working time of the year before span ``i``; ``closes`` tells, in order,
    when each local working day ends. All moments are in UTC.
    """

    starts: list[datetime]
    ends: list[datetime]
    before: list[timedelta]
    total: timedelta
    days: list[date]
    closes: dict[date, datetime]

    def worked(self, moment: datetime) -> timedelta:
        """Return the working time from the year's beginning to ``moment`` of that year."""
        i = bisect_right(self.starts, moment) - 1
        if i < 0:
            return ZERO
        return self.before[i] + (min(moment, self.ends[i]) - self.starts[i])


def year_start(year: int) -> datetime:
    """Return the first moment (UTC) of a UTC year."""
    return datetime(year, 1, 1, tzinfo=UTC)


def lay_out(number: int, zone: ZoneInfo, hours: Callable[[date], Iterable[Span]]) -> YearTable:
    """Lay out one UTC year; local dates over its edges are clipped to it.

    ``hours`` tells the local spans of a date. The dates walked are those of the year and one
    on either side, whatever ``hours`` says.
    """
    start, end = year_start(number), year_start(number + 1)
    stretches = offsets(zone, start - 2 * ONE_DAY, end + 2 * ONE_DAY)
    closes: dict[date, datetime] = {}
    spans: list[tuple[datetime, datetime]] = []
    day = start.date() - ONE_DAY
    while day <= end.date():
        pieces = list(instants(day, hours(day), stretches))
        if pieces and day.year == number:
            closes[day] = max(closing for _, closing in pieces)
        spans += [(max(a, start), min(b, end)) for a, b in pieces if a < end and b > start]
        day += ONE_DAY
    spans.sort()
    before, total = [], ZERO
    for opening, closing in spans:
        before.append(total)
        total += closing - opening
    return YearTable(
        starts=[opening for opening, _ in spans],
        ends=[closing for _, closing in spans],
        before=before,
        total=total,
        days=list(closes),
        closes=closes,
    )


def offsets(zone: ZoneInfo, start: datetime, end: datetime) -> list[Stretch]:
    """Cut [start, end), whole UTC days, into stretches of one offset from UTC."""

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(zone).utcoffset() or ZERO

    stretches = []
    begin, current = start, offset(start)
    for day in range((end - start).days):
        midnight = start + ONE_DAY * day
        if offset(midnight + ONE_DAY) == current:
            continue
        low, high = 0, 24 * 60 * 60
        while low < high:
            middle = (low + high) // 2
            if offset(midnight + timedelta(seconds=middle)) == current:
                low = middle + 1
            else:
                high = middle
        change = midnight + timedelta(seconds=low)
        stretches.append((begin, change, current))
        begin, current = change, offset(midnight + ONE_DAY)
    return [*stretches, (begin, end, current)]


def instants(
    day: date, spans: Iterable[Span], stretches: Iterable[Stretch]
) -> Iterator[tuple[datetime, datetime]]:
    """Turn local spans into spans of UTC.

    A moment works when the local wall clock shows working time: an hour that the clock skips is
    not worked, an hour that it shows twice is worked twice.
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    for start, end in spans:
        for since, until, offset in stretches:
            opening = max(midnight + start - offset, since)
            closing = min(midnight + end - offset, until)
            if opening < closing:
                yield opening, closing
