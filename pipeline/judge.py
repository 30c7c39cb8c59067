"""Everything that is decided about a text: what it says, who must answer, and by when.

The steps are pure; this module only strings them together, so that the flows and the ingest of
a table decide alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from classifiers.classifier import Classifier
from models.values import Assignment, Deadline, Verdict
from pipeline.decisions import deadlines, routing
from pipeline.decisions.worktime import WorkCalendar
from pipeline.reader import Item, Reader, Understood
from pipeline.region.schema import Region

EARLIEST = datetime(2006, 1, 1, tzinfo=UTC)
"""Before this no post can have been published: VKontakte and Odnoklassniki opened in 2006."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Who has to answer, by when, and since when the clock runs."""

    assignment: Assignment
    deadline: Deadline
    since: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided; ``duty`` is there exactly when the post is relevant."""

    understood: Understood
    duty: Duty | None

    @property
    def verdict(self) -> Verdict:
        """Return what triage said."""
        return self.understood.verdict


@dataclass(frozen=True, slots=True)
class Judge:
    """The tools of one region; one for each thread."""

    reader: Reader
    region: Region
    calendar: WorkCalendar

    @classmethod
    def of(cls, region: Region, classifier: Classifier) -> "Judge":
        """Make the tools ready."""
        return cls(Reader.of(region, classifier), region, calendar_of(region))

    def judge(self, items: Sequence[Item], *, now: datetime) -> list[Judged]:
        """Decide about each item, in order. ``now`` stands in where a source gives no date."""
        return [
            Judged(
                understood,
                self._duty(item, understood.verdict, now) if understood.verdict.relevant else None,
            )
            for item, understood in zip(items, self.reader.read(items), strict=True)
        ]

    def _duty(self, item: Item, verdict: Verdict, now: datetime) -> Duty:
        norm = self.region.norm_for(item.post.network, verdict.urgency)
        since = clock_start(item.written_at, now)
        deadline = deadlines.deadline(
            since, amount=norm.amount, unit=norm.unit, calendar=self.calendar
        )
        assignment = routing.route(verdict.topic, verdict.settlement, self.region)
        return Duty(assignment, deadline, since)


def clock_start(written_at: datetime | None, now: datetime) -> datetime:
    """Return when the clock of an answer starts: when the citizen wrote.

    A source that gives no date, one in the future or one from before there were social
    networks tells nothing: then it starts now, which is when we learned of the text.
    """
    if written_at is None or not EARLIEST <= written_at <= now:
        return now
    return written_at


def calendar_of(region: Region) -> WorkCalendar:
    """Return the region's working calendar."""
    return WorkCalendar.from_values(
        time_zone=region.time_zone,
        working_hours=region.working_hours,
        short_day_minutes=region.short_day_minutes,
        extra_days_off=region.extra_days_off,
        extra_working_days=region.extra_working_days,
    )
