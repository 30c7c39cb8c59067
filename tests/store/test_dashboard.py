"""Counts of the dashboard: what came in and was answered, day by day, on either database."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from console.builders import NOW, add_incident, add_post, add_source, make_calendar, make_region
from sqlmodel import Session

from models.columns import stored_id
from models.source import Source
from models.vocabulary import ClosingReason, Network, Outcome, Stage, Topic
from pipeline.database import reading, unit_of_work
from pipeline.decisions.summary import Compared, Days, Span, last_days
from pipeline.store import dashboard
from pipeline.store.dashboard import AnsweredGroup, CreatedGroup, OpenGroup, TopicWindows
from pipeline.store.dashboard_sums import recent, sums

MOSCOW = ZoneInfo("Europe/Moscow")
TODAY = date(2026, 11, 18)
CALENDAR = make_calendar(make_region())
HOUR = timedelta(hours=1)


def came(session: Session, source: Source, created_at: datetime, **fields: Any) -> int:
    incident = add_incident(session, source, created_at=created_at, **fields)
    return stored_id(incident.id)


def answered(created_at: datetime, after: timedelta, **fields: Any) -> Mapping[str, Any]:
    """Return the fields of what was answered so long after it came."""
    return {
        "created_at": created_at,
        "published_at": created_at + after,
        "published_due_at": created_at + 8 * HOUR,
        "closed_at": created_at + after,
        "stage": Stage.CLOSED,
        "closing_reason": ClosingReason.SATISFIED,
        **fields,
    }


def test_what_is_open_is_counted_by_stage_and_settlement(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        add_incident(session, source, due_at=NOW - HOUR)
        add_incident(session, source, due_at=NOW)
        add_incident(session, source, settlement=None, stage=Stage.WORK)
        add_incident(session, source, stage=Stage.CLOSED, due_at=NOW - HOUR)
        add_incident(session, source, stage=Stage.SATISFACTION, due_at=NOW - HOUR)
    with reading(engine) as session:
        found = dashboard.open_groups(session, NOW, None)
        of_luga = dashboard.open_groups(session, NOW, "luga")
    # Then what is due this very moment is not overdue yet, and what nothing is owed to never is
    luga = OpenGroup(Stage.REVIEW, "luga", 2, 1)
    assert sorted(found, key=lambda group: group.number) == [
        OpenGroup(Stage.WORK, None, 1, 0),
        luga,
    ]
    assert of_luga == [luga]


def test_what_came_in_is_counted_from_the_first_moment_to_before_the_last(
    engine: sa.Engine,
) -> None:
    span = Span(NOW - HOUR, NOW)
    with unit_of_work(engine) as session:
        source = add_source(session)
        first = came(session, source, NOW - HOUR, repeats=2)
        came(session, source, NOW - timedelta(microseconds=1), repeat_of=first)
        came(session, source, NOW)
        came(session, source, NOW - HOUR - timedelta(microseconds=1))
        came(session, source, NOW - HOUR, topic=Topic.GAS, settlement=None, network=Network.OK)
    with reading(engine) as session:
        found = dashboard.created_groups(session, span, None)
        of_bor = dashboard.created_groups(session, span, "bor")
    assert sorted(found, key=lambda group: group.number) == [
        CreatedGroup(Topic.GAS, None, Network.OK, 1, 0, 0, 0),
        CreatedGroup(Topic.ROADS, "luga", Network.VK, 2, 1, 2, 1),
    ]
    assert of_bor == []


def test_answers_are_in_time_until_their_very_moment(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        for after in (8 * HOUR, 8 * HOUR + timedelta(microseconds=1)):
            given = answered(NOW - 9 * HOUR, after, outcome=Outcome.EXPLAINED, rating=4)
            add_incident(session, source, **given)
        interim = answered(NOW - 9 * HOUR, HOUR, published_due_at=None, stage=Stage.WORK)
        add_incident(session, source, **interim)
        add_incident(session, source, stage=Stage.CLOSED, outcome=Outcome.SOLVED)
    with reading(engine) as session:
        found = dashboard.answered_groups(session, Span(NOW - 9 * HOUR, NOW), None)
    assert sorted(found, key=lambda group: (group.in_time is None, group.in_time)) == [
        AnsweredGroup(Outcome.EXPLAINED, 4, in_time=False, number=1),
        AnsweredGroup(Outcome.EXPLAINED, 4, in_time=True, number=1),
        AnsweredGroup(None, None, in_time=None, number=1),
    ]


def test_moments_are_exact_to_the_microsecond(engine: sa.Engine) -> None:
    created = datetime(2026, 11, 17, 6, 0, 0, 999_999, tzinfo=UTC)
    with unit_of_work(engine) as session:
        add_incident(session, add_source(session), **answered(created, HOUR))
    with reading(engine) as session:
        written, told = dashboard.answer_moments(session, Span(created, NOW), None)
        nothing, _ = dashboard.answer_moments(session, Span(NOW, NOW + HOUR), None)
    assert written.tolist() == [1_794_895_200_999_999]
    assert (told - written).tolist() == [3_600_000_000]
    assert nothing.size == 0


def test_an_incident_counts_once_for_each_of_its_sources(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        other = Source(key="ok:luga", network=Network.OK, created_at=NOW)
        session.add(other)
        session.flush()
        incident = came(session, source, NOW - HOUR)
        came(session, source, NOW - HOUR)
        for number in (1, 2):
            add_post(session, other, f"9_{number}", incident_id=incident)
    with reading(engine) as session:
        found = dashboard.source_counts(session, Span(NOW - HOUR, NOW), None)
    assert {source.key: number for source, number in found} == {"vk:luga": 2, "ok:luga": 1}


def test_windows_may_overlap(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        for hours in (1, 2, 5):
            came(session, source, NOW - hours * HOUR)
        came(session, source, NOW - 2 * HOUR, topic=Topic.GAS)
    spans = [Span(NOW - 3 * HOUR, NOW), Span(NOW - 6 * HOUR, NOW - 2 * HOUR)]
    with reading(engine) as session:
        found = dashboard.topic_windows(session, spans, None)
    assert sorted(found, key=lambda one: one.topic) == [
        TopicWindows(Topic.GAS, (1, 0)),
        TopicWindows(Topic.ROADS, (2, 1)),
    ]


def test_the_last_days_are_those_of_the_towns_clocks(engine: sa.Engine) -> None:
    # Given what came a second before and after midnight in Moscow, and later than now yesterday
    midnight = datetime(2026, 11, 17, 21, tzinfo=UTC)
    with unit_of_work(engine) as session:
        source = add_source(session)
        for moment in (
            midnight - timedelta(seconds=1),
            midnight,
            NOW - timedelta(days=1, hours=1),
            NOW - timedelta(days=29),
            NOW - timedelta(days=40),
        ):
            came(session, source, moment)
        add_incident(session, source, **answered(midnight - 3 * HOUR, 4 * HOUR))
    with reading(engine) as session:
        found = recent(session, NOW, MOSCOW, None)
        nothing = recent(session, NOW, MOSCOW, "bor")
    # Then today has one, yesterday one until this time and three in all
    assert found.created == Compared(1, (1, 3), (1 / 7, 3 / 7), (1 / 30, 4 / 30))
    assert (found.answered.today, found.answered.yesterday) == (1, (0, 0))
    assert (found.closed.today, found.closed.yesterday) == (1, (0, 0))
    days = {row.day: row for row in found.days}
    assert [row.day for row in found.days] == list(last_days(TODAY, 30))
    assert (days[date(2026, 11, 17)].created, days[date(2026, 10, 20)].created) == (3, 1)
    assert days[date(2026, 11, 17)].mean == pytest.approx(3 / 7)
    assert days[TODAY].mean is None
    assert (days[TODAY].answered, days[TODAY].closed) == (1, 1)
    assert nothing.created == Compared(0, (0, 0), (0.0, 0.0), (0.0, 0.0))


def test_a_burst_is_told_with_its_window(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        for minutes in range(6):
            came(session, source, NOW - timedelta(minutes=minutes + 1), topic=Topic.HEATING)
        for days in range(2, 30):
            came(session, source, NOW - timedelta(days=days))
    with reading(engine) as session:
        found = recent(session, NOW, MOSCOW, None).trends
    assert [(topic, days, one.number) for topic, days, one in found] == [
        (Topic.HEATING, 1, 6),
        (Topic.HEATING, 7, 6),
    ]


def test_a_running_period_stands_beside_one_as_short(engine: sa.Engine) -> None:
    # Given three of last Wednesday: before this time of the day, after it, and the day before
    week_ago = NOW - timedelta(days=7)
    with unit_of_work(engine) as session:
        source = add_source(session)
        for moment in (week_ago - HOUR, week_ago + HOUR, week_ago - timedelta(days=1)):
            came(session, source, moment)
        came(session, source, NOW - HOUR)
        add_incident(session, source, **answered(NOW - 2 * HOUR, HOUR, outcome=Outcome.SOLVED))
    with reading(engine) as session:
        week = sums(session, last_days(TODAY, 7), NOW, CALENDAR, None)
        past = sums(session, Days(date(2026, 11, 11), date(2026, 11, 11)), NOW, CALENDAR, None)
        none = sums(session, last_days(TODAY, 7), NOW, CALENDAR, "bor")
    # Then what came after this time a week ago is in no comparison
    assert (week.number, week.number_before) == (2, 2)
    assert (past.number, past.number_before) == (2, 1)
    assert (week.answers, week.outcome(Outcome.SOLVED), week.in_time(known=True)) == (1, 1, 1)
    assert week.times is not None
    assert week.times.mean == HOUR
    assert (none.number, none.answers, none.times) == (0, 0, None)
