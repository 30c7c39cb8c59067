"""Everything that is decided about a text: what it says, who must answer, and by when.

The steps are pure; this module only strings them together, so that the flows and the ingest of
a table decide alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from classifiers.classifier import Classifier
from models.values import Assignment, Deadline, Verdict
from pipeline.decisions import clocks, routing
from pipeline.reader import Item, Reader, Understood
from pipeline.region.schema import Region
from pipeline.rules import Rules

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
    rules: Rules

    @property
    def region(self) -> Region:
        """The region whose rules these are."""
        return self.rules.region

    @classmethod
    def of(cls, region: Region, classifier: Classifier) -> "Judge":
        """Make the tools ready."""
        return cls(Reader.of(region, classifier), Rules.of(region))

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
        network, region = item.post.network, self.rules.region
        since = clock_start(item.written_at, now)
        norm = region.norm_for(network, verdict.urgency)
        deadline = clocks.due(norm, since, self.rules.calendar)
        assignment = routing.route(
            verdict.topic, verdict.settlement, region, network=network, urgency=verdict.urgency
        )
        return Duty(assignment, deadline, since)


def clock_start(written_at: datetime | None, now: datetime) -> datetime:
    """Return when the clock of an answer starts: when the citizen wrote.

    A source that gives no date, one in the future or one from before there were social
    networks tells nothing: then it starts now, which is when we learned of the text.
    """
    if written_at is None or not EARLIEST <= written_at <= now:
        return now
    return written_at
