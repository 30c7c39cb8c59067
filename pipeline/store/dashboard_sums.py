"""What the dashboard shows, put together from its counts: the last days, and a period."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from models.source import Source
from models.vocabulary import Outcome, Topic
from pipeline.decisions.summary import (
    ONE_DAY,
    USUAL_DAYS,
    AnswerTimes,
    Compared,
    Days,
    Span,
    Trend,
    answer_times,
    compared,
    last_days,
    same_time,
    start_of,
    trailing_means,
    trend,
)
from pipeline.decisions.worktime import WorkCalendar
from pipeline.store import dashboard
from pipeline.store.dashboard import AnsweredGroup, CreatedGroup

CHART_DAYS, MEAN_DAYS = 30, 7

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One local day: what came in, what was answered and closed.

    ``mean`` is that of what came in on this day and the six before it; None for today, which is
    not over.
    """

    day: date
    created: int
    mean: float | None
    answered: int
    closed: int


@dataclass(frozen=True, slots=True)
class Recent:
    """The last 30 days, today beside them, and topics of which there is more than usual.

    ``trends`` are triples of a topic, the window in days (1 or 7) and how far it stands out.
    """

    created: Compared
    answered: Compared
    closed: Compared
    days: tuple[DayRow, ...]
    trends: tuple[tuple[Topic, int, Trend], ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """A period: what came in during it and as long before, and what was answered during it."""

    created: tuple[CreatedGroup, ...]
    before: tuple[CreatedGroup, ...]
    sources: tuple[tuple[Source, int], ...]
    answered: tuple[AnsweredGroup, ...]
    times: AnswerTimes | None

    @property
    def number(self) -> int:
        """How many came in."""
        return sum(group.number for group in self.created)

    @property
    def number_before(self) -> int:
        """How many had come in as long before."""
        return sum(group.number for group in self.before)

    @property
    def answers(self) -> int:
        """How many got their first answer."""
        return sum(group.number for group in self.answered)

    def in_time(self, *, known: bool | None) -> int:
        """Count first answers that were in time (True), late (False), or of no known term."""
        return sum(group.number for group in self.answered if group.in_time is known)

    def outcome(self, outcome: Outcome | None) -> int:
        """Count what was answered with this outcome, None for what has none."""
        return sum(group.number for group in self.answered if group.outcome is outcome)

    def rated(self, rating: int | None) -> int:
        """Count what was answered and has this rating, None for what has none."""
        return sum(group.number for group in self.answered if group.rating == rating)


def by(groups: Iterable[CreatedGroup], key: Callable[[CreatedGroup], K]) -> Counter[K]:
    """Add up what came in by a key of it."""
    found: Counter[K] = Counter()
    for group in groups:
        found[key(group)] += group.number
    return found


def recent(session: Session, now: datetime, zone: ZoneInfo, settlement: str | None) -> Recent:
    """Count the last 30 days, today so far included, and what is trending in them."""
    today = now.astimezone(zone).date()
    days = last_days(today, CHART_DAYS + MEAN_DAYS - 1)
    cuts: list[Span] = []
    for day in days:
        middle = same_time(now, day, zone)
        cuts += [
            Span(start_of(day, zone), middle),
            Span(middle, start_of(day + ONE_DAY, zone)),
        ]
    created, answered, closed = (
        dashboard.counts(session, moment, cuts, settlement)
        for moment in (dashboard.CREATED, dashboard.PUBLISHED, dashboard.CLOSED)
    )
    whole_days = [_whole(one)[-CHART_DAYS:] for one in (created, answered, closed)]
    means = [*trailing_means(_whole(created), MEAN_DAYS)[-CHART_DAYS:-1], None]
    rows = zip(last_days(today, CHART_DAYS), whole_days[0], means, *whole_days[1:], strict=True)
    return Recent(
        created=compared(created[::2], created[1::2]),
        answered=compared(answered[::2], answered[1::2]),
        closed=compared(closed[::2], closed[1::2]),
        days=tuple(DayRow(*row) for row in rows),
        trends=tuple(_trends(session, now, settlement)),
    )


def sums(
    session: Session,
    days: Days,
    now: datetime,
    calendar: WorkCalendar,
    settlement: str | None,
) -> Sums:
    """Add up a period of local days.

    A period that has not ended is set beside one that is just as short: it ended on the same day
    of its own at the same time.
    """
    zone = ZoneInfo(calendar.time_zone)
    span, before = days.span(zone), days.before.span(zone)
    if span.since <= now < span.until:
        length = now.astimezone(zone).date() - days.first
        before = Span(before.since, same_time(now, days.before.first + length, zone))
    return Sums(
        created=tuple(dashboard.created_groups(session, span, settlement)),
        before=tuple(dashboard.created_groups(session, before, settlement)),
        sources=tuple(dashboard.source_counts(session, span, settlement)),
        answered=tuple(dashboard.answered_groups(session, span, settlement)),
        times=answer_times(calendar, *dashboard.answer_moments(session, span, settlement)),
    )


def _whole(counts: list[int]) -> list[int]:
    return [one + other for one, other in zip(counts[::2], counts[1::2], strict=True)]


def _trends(
    session: Session, now: datetime, settlement: str | None
) -> list[tuple[Topic, int, Trend]]:
    spans = []
    for days in (1, MEAN_DAYS):
        since = now - timedelta(days=days)
        spans += [Span(since, now), Span(since - timedelta(days=USUAL_DAYS), since)]
    found = []
    for windows in dashboard.topic_windows(session, spans, settlement):
        day, day_before, week, week_before = windows.numbers
        for days, number, before in ((1, day, day_before), (MEAN_DAYS, week, week_before)):
            one = trend(number, before, days=days)
            if one is not None:
                found.append((windows.topic, days, one))
    return sorted(found, key=lambda one: (-one[2].score, one[0], one[1]))
