"""The arithmetic of the dashboard: days, means, shares, answer times, what is trending.

Every figure says of how many it is, and a figure that nothing stands behind is None and never
zero. A day is a day of the municipality's own clocks, however long it is; a period is whole days.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.decisions.worktime import WorkCalendar
from pipeline.decisions.worktime_vector import Int64s, betweens

ONE_DAY = timedelta(days=1)
SECOND = 1_000_000
"""Microseconds."""

USUAL_DAYS = 30
"""How many days tell what is usual."""

FEWEST, LEAST_SCORE, LEAST_RATIO = 5, 3.0, 1.5
"""What a trend needs: so many messages, so far from the usual, so many times the usual."""


@dataclass(frozen=True, slots=True)
class Span:
    """[since, until), both in UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """Local dates, both of them included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins: a bug of whoever made it."""
        if self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}")

    def __len__(self) -> int:
        """Count the days."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        """Return the days, the first one first."""
        return (self.first + ONE_DAY * number for number in range(len(self)))

    @property
    def before(self) -> "Days":
        """As many days right before."""
        return Days(self.first - ONE_DAY * len(self), self.first - ONE_DAY)

    def span(self, zone: ZoneInfo) -> Span:
        """Return from which moment until which these days last."""
        return Span(start_of(self.first, zone), start_of(self.last + ONE_DAY, zone))


def last_days(today: date, number: int) -> Days:
    """Return today and the days before it, ``number`` in all."""
    return Days(today - ONE_DAY * (number - 1), today)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment (UTC) at which a local date begins.

    Where clocks skip midnight, it is the moment at which they do.
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def same_time(now: datetime, day: date, zone: ZoneInfo) -> datetime:
    """Return when the clocks of another day show what they show at ``now``; within that day."""
    clocks = now.astimezone(zone).time()
    moment = datetime.combine(day, clocks, tzinfo=zone).astimezone(UTC)
    return min(max(moment, start_of(day, zone)), start_of(day + ONE_DAY, zone))


def share(part: int, whole: int) -> float | None:
    """Return ``part`` of ``whole`` in per cent, one digit behind the point, halves away from zero.

    100 × part ÷ whole: 653 of 1 145 is 57.0. None where the whole is nothing.
    """
    if whole <= 0:
        return None
    tenths = (2 * 1000 * abs(part) + whole) // (2 * whole)
    return math.copysign(tenths / 10, part) if part else 0.0


def change(now: int, before: int) -> float | None:
    """Return by how many per cent ``now`` differs from ``before``; None where that was nothing.

    100 × (now − before) ÷ before.
    """
    return share(now - before, before)


def mean(counts: Sequence[int]) -> float | None:
    """Return the mean: sum ÷ how many. None of nothing."""
    return sum(counts) / len(counts) if counts else None


def trailing_means(counts: Sequence[int], length: int) -> list[float | None]:
    """Return, for each day, the mean of it and the days before it, ``length`` in all.

    None for the first ones, which have too few days before them.
    """
    return [
        mean(counts[end - length : end]) if end >= length else None
        for end in range(1, len(counts) + 1)
    ]


@dataclass(frozen=True, slots=True)
class Compared:
    """A count so far today beside other days: until the same time of day, and whole days.

    ``yesterday``, ``week`` and ``month`` are pairs (by this time, the whole day); the latter two
    are means of the 7 and the 30 days before today, which is not among them.
    """

    today: int
    yesterday: tuple[int, int]
    week: tuple[float, float]
    month: tuple[float, float]


def compared(by_now: Sequence[int], rest: Sequence[int]) -> Compared:
    """Compare the last of 31 days, which is today, with those before it.

    ``by_now`` are counts until the present time of each day, ``rest`` those of what remains of it;
    today's rest is what bears a date to come, and counts as today's.
    """
    whole = [one + other for one, other in zip(by_now, rest, strict=True)]

    def means(length: int) -> tuple[float, float]:
        return sum(by_now[-length - 1 : -1]) / length, sum(whole[-length - 1 : -1]) / length

    return Compared(whole[-1], (by_now[-2], whole[-2]), means(7), means(USUAL_DAYS))


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """Working time from the citizen's word to the first answer: of how many, mean, median."""

    number: int
    mean: timedelta
    median: timedelta


def answer_times(calendar: WorkCalendar, written: Int64s, answered: Int64s) -> AnswerTimes | None:
    """Return how long first answers took in working time; None where there is none.

    The moments are microseconds since 1970 in UTC, one pair an incident. The median of an even
    number is the mean of the middle two. An answer dated before the word took no time. It is the
    time that passed, never the norm. Raises CalendarError outside the years of the calendar.
    """
    if not written.size:
        return None
    took = np.maximum(betweens(calendar, written, answered), 0)
    return AnswerTimes(
        int(took.size), _seconds(int(took.sum()) / took.size), _seconds(float(np.median(took)))
    )


def _seconds(microseconds: float) -> timedelta:
    return timedelta(seconds=round(microseconds / SECOND))


@dataclass(frozen=True, slots=True)
class Trend:
    """A window with far more than usual: what it has, what is usual for it, how far apart."""

    number: int
    usual: float
    score: float

    @property
    def ratio(self) -> float | None:
        """How many times the usual; None where there was nothing before."""
        return self.number / self.usual if self.usual else None


def trend(number: int, before: int, *, days: int) -> Trend | None:
    """Return a trend, or None where ``number`` in a window of ``days`` is nothing unusual.

    ``before`` is what there was in the 30 days before the window, so that the usual is
    u = before × days ÷ 30. Messages that have nothing to do with each other come by Poisson's
    law; then number − u has the variance u × (1 + days ÷ 30), the second part for the usual being
    counted itself. The score is (number − u) ÷ √(that variance, at least 1). A trend has 5
    messages or more, a score of 3 or more and at least one and a half times the usual.
    """
    part = days / USUAL_DAYS
    usual = before * part
    score = (number - usual) / math.sqrt(max(usual * (1 + part), 1.0))
    enough = number >= FEWEST and score >= LEAST_SCORE and number >= LEAST_RATIO * usual
    return Trend(number, usual, score) if enough else None
