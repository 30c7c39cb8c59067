"""The period of retention: what it would do, and doing it, batch by batch."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import OTKLIK, Actor
from pipeline.decisions.personal import Official, official
from pipeline.decisions.retention import cutoff
from pipeline.desk import retention as desk
from pipeline.desk.retention import Batch, Period
from pipeline.region.schema import Region
from pipeline.rules import Rules
from pipeline.store import retention as store

log = logging.getLogger(__name__)

EXAMPLES = 10
FIRST_YEAR = 2005
BREATH = 0.03
"""Seconds between two transactions, in which others get at SQLite's one writer."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do now.

    ``period`` is None where the region keeps authors for ever. ``by_year`` counts incidents by
    the year of their closing; ``loose`` are posts without an incident and ``swept`` titles with
    rows to delete, both counted up to ``store.MANY`` and one. ``examples`` are incident numbers.
    """

    period: Period | None
    by_year: list[tuple[int, int]] = field(default_factory=list)
    loose: int = 0
    examples: list[int] = field(default_factory=list)
    swept: list[tuple[str, int]] = field(default_factory=list)

    @property
    def incidents(self) -> int:
        """How many incidents are due."""
        return sum(count for _, count in self.by_year)


@dataclass(slots=True)
class Done:
    """What a run has done so far; ``swept`` counts deleted rows by title."""

    incidents: int = 0
    posts: int = 0
    swept: dict[str, int] = field(default_factory=dict)


def period_of(region: Region, now: datetime) -> Period | None:
    """Return the region's period, None where authors are kept for ever."""
    months = region.retention.authors_months
    if months is None:
        return None
    return Period(months, cutoff(now, months, region.time_zone))


def forecast(engine: sa.Engine, region: Region, now: datetime) -> Forecast:
    """Return what ``run`` would do now; nothing is written."""
    period = period_of(region, now)
    with reading(engine) as session:
        swept = [
            (one.title, store.count_swept(session, one))
            for one in store.sweeps(region.retention, now)
        ]
        if period is None:
            return Forecast(None, swept=swept)
        return Forecast(
            period,
            store.due_by_year(session, period.before, _years(period.before, region.time_zone)),
            store.count_loose(session, period.before),
            store.due_incidents(session, period.before, after=0, limit=EXAMPLES),
            swept,
        )


def confirmed(engine: sa.Engine, region: Region) -> bool:
    """Tell whether a person has ever confirmed this period, or a shorter one.

    A slip in the region's file must not erase anything at night, unseen.
    """
    months = region.retention.authors_months
    with reading(engine) as session:
        newest = store.erasures(session, 1, by_people=True)
    return months is not None and bool(newest) and newest[0].after.get("months", months) <= months


def run(
    engine: sa.Engine,
    rules: Rules,
    actor: Actor,
    clock: Callable[[], datetime],
    *,
    due: int | None,
    done: Done | None = None,
    breath: float = BREATH,
) -> Done:
    """Forget authors and delete what has served; safe to stop at any time and to begin again.

    ``due`` is how many incidents a person has agreed to, None for the machine's own run.
    ``done`` is brought up to date after each transaction, for who looks on.
    """
    done = Done() if done is None else done
    now = clock()
    period = period_of(rules.region, now)
    if period is not None:
        known = official(body.contacts for body in rules.region.bodies)
        if due is not None:
            with unit_of_work(engine) as session:
                desk.begin(session, period, due, actor=actor, now=now)
        for erase in (desk.erase_incidents, desk.erase_loose):
            _erase(engine, erase, period, known, actor=actor, clock=clock, done=done, breath=breath)
    _sweep(engine, rules.region, now, done, breath)
    return done


def run_at_night(engine: sa.Engine, rules: Rules, clock: Callable[[], datetime]) -> Done:
    """Do what the region's period asks for, where a person has confirmed it; always sweep."""
    if rules.region.retention.authors_months is None or confirmed(engine, rules.region):
        return run(engine, rules, OTKLIK, clock, due=None)
    log.warning("the period of retention waits for a person: see `otklik retention show`")
    done = Done()
    _sweep(engine, rules.region, clock(), done, BREATH)
    return done


def _erase(
    engine: sa.Engine,
    erase: Callable[..., Batch],
    period: Period,
    known: Official,
    *,
    actor: Actor,
    clock: Callable[[], datetime],
    done: Done,
    breath: float,
) -> None:
    last: int | None = 0
    while last is not None:
        with unit_of_work(engine) as session:
            batch = erase(session, period, after=last, known=known, actor=actor, now=clock())
        done.incidents += batch.incidents
        done.posts += batch.posts
        last = batch.last
        time.sleep(breath)


def _sweep(engine: sa.Engine, region: Region, now: datetime, done: Done, breath: float) -> None:
    for what in store.sweeps(region.retention, now):
        deleted = desk.SWEPT
        while deleted == desk.SWEPT:
            with unit_of_work(engine) as session:
                deleted = desk.sweep(session, what)
            done.swept[what.title] = done.swept.get(what.title, 0) + deleted
            time.sleep(breath)


def _years(before: datetime, time_zone: str) -> list[tuple[int, datetime]]:
    """Return the years up to the one of ``before``, with the moment at which each ends."""
    zone = ZoneInfo(time_zone)
    last = before.astimezone(zone).year
    return [
        (year, datetime(year + 1, 1, 1, tzinfo=zone).astimezone(UTC))
        for year in range(FIRST_YEAR, last + 1)
    ]
