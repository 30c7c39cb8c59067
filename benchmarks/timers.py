"""What a million open timers cost: a tick, a thousand that are due, four workers, a recomputation.

    python benchmarks/timers.py                 1 000 000 timers, 100 000 to fire, on both databases
    python benchmarks/timers.py 100000 10000    a tenth of it
    python benchmarks/timers.py --only sqlite

Baselines: a tick that reads every waiting timer and compares it with the clock itself; deadlines
recomputed incident by incident, each in a transaction of its own. PostgreSQL is started for the
occasion and not asked to wait for the disk; it is left out where it is not installed.
"""

import argparse
import contextlib
import itertools
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import sqlalchemy as sa
from postgres import PostgresServer, find_postgres
from sqlmodel import Session, SQLModel, col

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.notice import Notice
from models.timer import Timer
from models.vocabulary import Act, Network, Stage, TimerState, Topic, Urgency
from pipeline import recompute
from pipeline.database import migrate, open_database, reading, unit_of_work
from pipeline.decisions import clocks
from pipeline.decisions.permissions import OTKLIK
from pipeline.desk import journal, terms
from pipeline.desk.bulk import insert
from pipeline.desk.terms import opening_timers, stage_due
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.tick import tick

REGION = "smolensky"
NOW = datetime(2026, 11, 17, 13, 0, tzinfo=UTC)
"""A Tuesday, 16:00 in the region."""

EARLY = datetime(2026, 11, 17, 5, 30, tzinfo=UTC)
"""Written at 8:30: the warning of its eight hours is passed at NOW, the deadline is not."""

LATE = datetime(2026, 11, 17, 11, 30, tzinfo=UTC)
"""Written at 14:30 and later: nothing is passed."""

KINDS = 50
"""Different moments of writing, a minute apart."""

STAGES = (Stage.WORK, Stage.REVIEW, Stage.WORK, Stage.ASSIGNED, Stage.WORK)
"""Most of what is open is being worked on; the other stages have terms of their own."""

SAMPLE = 300
WORKERS = 4
DAY_OFF = date(2026, 11, 18)
"""What the changed calendar has more: every deadline that waits is moved by it."""


@dataclass(slots=True)
class Bars:
    """Prints figures, and whether they keep to the bar."""

    database: str
    missed: int = 0

    def say(self, what: str, figure: str) -> None:
        """Print one line."""
        print(f"{self.database:<11} {what:<58} {figure}", flush=True)

    def check(self, what: str, seconds: float, bar: float) -> None:
        """Print how long something took beside how long it may take."""
        kept = seconds <= bar
        self.missed += not kept
        self.say(what, f"{seconds * 1000:10.1f} ms, bar {bar * 1000:g}: {'yes' if kept else 'NO'}")

    def exact(self, what: str, found: int, wanted: int) -> None:
        """Print a number that has one right value."""
        self.missed += found != wanted
        self.say(what, f"{found:10d}, bar {wanted}: {'yes' if found == wanted else 'NO'}")


def rules_of(*days_off: date) -> Rules:
    """Return the rules of the shipped region, with more days off."""
    region = load_region(REGION)
    return Rules.of(replace(region, extra_days_off=region.extra_days_off | set(days_off)))


def fill(
    engine: sa.Engine, due: int, waiting: int, stages: Sequence[Stage] = (Stage.ASSIGNED,)
) -> None:
    """Add incidents with their timers: first those whose warning is due, then the others.

    A legal deadline has one, and so has every stage but work.
    """
    rules = rules_of()
    with unit_of_work(engine) as session:
        if due:
            _add_copies(session, EARLY, Stage.ASSIGNED, due, rules)
        for kind in range(KINDS):
            count = waiting // KINDS + (kind < waiting % KINDS)
            if count:
                since, stage = LATE + timedelta(minutes=kind), stages[kind % len(stages)]
                _add_copies(session, since, stage, count, rules)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


def _add_copies(session: Session, since: datetime, stage: Stage, count: int, rules: Rules) -> None:
    """Add an incident and copies of it, which the database makes itself."""
    incident = _incident(since, stage, rules)
    session.add(incident)
    session.flush()
    first = stored_id(incident.id)
    row = {key: value for key, value in incident.model_dump().items() if key != "id"}
    insert(session, Timer, opening_timers(first, row, rules))
    table = Incident.__table__  # type: ignore[attr-defined]
    columns = [column for column in table.columns if column.name != "id"]
    more = sa.select(sa.literal(1).label("i")).cte("more", recursive=True)
    more = more.union_all(sa.select(more.c.i + 1).where(more.c.i < count - 1))
    copies = sa.select(*columns).join(more, sa.true()).where(table.c.id == first, more.c.i < count)
    session.execute(sa.insert(table).from_select(columns, copies))
    session.execute(
        sa.text(
            "INSERT INTO timer (incident_id, clock, cycle, level, due_at, state) "
            "SELECT incident.id, clock, cycle, level, timer.due_at, state FROM timer, incident "
            "WHERE timer.incident_id = :first AND incident.id > :first"
        ),
        {"first": first},
    )


def _incident(since: datetime, stage: Stage, rules: Rules) -> Incident:
    norm = rules.region.norm_for(Network.VK, Urgency.NORMAL)
    deadline = clocks.due(norm, since, rules.calendar)
    incident = Incident(
        topic=Topic.ROADS,
        urgency=Urgency.NORMAL,
        stage=stage,
        body=rules.region.default_body,
        created_at=since,
        opened_at=since,
        clock_from=since,
        stage_at=LATE,
        due_at=deadline.due_at,
        norm=deadline.norm,
        calendar=rules.calendar.version,
    )
    incident.stage_due_at = stage_due(incident, stage, at=LATE, rules=rules)
    return incident


def took(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ticks(engine: sa.Engine, bars: Bars, timers: int) -> None:
    """Tick over many timers, with none due and with a thousand."""
    rules, due = rules_of(), 1_000
    fill(engine, due, timers // 2 - due)
    bars.say("open timers", f"{_count(engine, Timer):10d}")
    before = EARLY + timedelta(minutes=1)
    tick(engine, rules, before)  # what a process does first only once: imports, connections
    looks = [took(lambda: tick(engine, rules, before)) for _ in range(20)]
    scan = took(lambda: _scan(engine, before))
    bars.check("tick with nothing due, median of 20", statistics.median(looks), 0.010)
    bars.say("every waiting timer read and compared", f"{scan * 1000:10.1f} ms")
    bars.say("ratio", f"{scan / statistics.median(looks):10.0f}")
    bars.check("tick with 1 000 due", took(lambda: tick(engine, rules, NOW)), 1.0)
    bars.exact("fired", _count(engine, JournalEntry), due)


def _scan(engine: sa.Engine, now: datetime) -> int:
    with reading(engine) as session:
        query = sa.select(col(Timer.id), col(Timer.due_at), col(Timer.state))
        return sum(
            due_at <= now and state is TimerState.PENDING
            for _, due_at, state in session.execute(query.execution_options(yield_per=10_000))
        )


def four(engine: sa.Engine, bars: Bars, due: int) -> None:
    """Let four processes tick at once over timers that are all due."""
    fill(engine, due, 0)
    context = multiprocessing.get_context("spawn")
    with context.Pool(WORKERS) as pool:
        pool.map(_ready, range(WORKERS))
        started = time.perf_counter()
        url = engine.url.render_as_string(hide_password=False)
        fired = pool.map(_work, [url] * WORKERS, chunksize=1)
        seconds = time.perf_counter() - started
    bars.say(
        f"{WORKERS} processes, {due} due: seconds, timers a second",
        f"{seconds:10.1f} s, {due / seconds:.0f}/s",
    )
    bars.say("fired by each", "  " + ", ".join(str(one) for one in fired))
    bars.exact("fired in all", sum(fired), due)
    with reading(engine) as session:
        warned = sa.select(sa.func.count(), sa.func.count(col(JournalEntry.incident_id).distinct()))
        entries, incidents = session.execute(
            warned.where(col(JournalEntry.act) == Act.WARNED)
        ).one()
        notices = session.execute(sa.select(sa.func.count(col(Notice.id)))).scalar_one()
    bars.exact("warnings in the journal", entries, due)
    bars.exact("incidents warned of", incidents, due)
    bars.exact("notices", notices, due)


def _ready(_: int) -> None:
    rules_of()


def _work(url: str) -> int:
    engine = open_database(url)
    try:
        return tick(engine, rules_of(), NOW)
    finally:
        engine.dispose()


def recomputed(engine: sa.Engine, bars: Bars, incidents: int) -> None:
    """Recompute open incidents after a day off was added; every deadline moves."""
    fill(engine, 0, incidents, STAGES)
    rules = rules_of(DAY_OFF)
    slow = took(lambda: _one_by_one(engine, rules)) / SAMPLE
    bars.say(
        "before/after preview", f"{took(lambda: recompute.preview(engine, rules, NOW)):10.2f} s"
    )
    found: list[recompute.Preview] = []
    seconds = took(lambda: found.append(recompute.apply(engine, rules, OTKLIK, NOW)))
    bars.exact("deadlines that moved", found[0].later, incidents - SAMPLE)
    bars.check(f"recomputing {incidents} open incidents", seconds, 5.0 * incidents / 100_000)
    bars.say("one by one, extrapolated from a sample", f"{slow * incidents:10.1f} s")
    bars.say("ratio", f"{slow * incidents / seconds:10.1f}")


def _one_by_one(engine: sa.Engine, rules: Rules) -> None:
    for number in range(1, SAMPLE + 1):
        with unit_of_work(engine) as session:
            incident = session.get_one(Incident, number, with_for_update=True)
            norm = rules.region.norm_for(incident.network, incident.urgency, incident.term)
            before = {"due_at": incident.due_at.isoformat()}
            deadline = clocks.due(norm, incident.clock_from, rules.calendar)
            terms.set_deadline(session, incident, deadline, now=NOW, rules=rules)
            terms.enter(session, incident, incident.stage, now=incident.stage_at, rules=rules)
            after = {"due_at": incident.due_at.isoformat()}
            journal.write(
                session, Act.RECOMPUTED, at=NOW, incident_id=number, before=before, after=after
            )


def _count(engine: sa.Engine, table: type[SQLModel]) -> int:
    with reading(engine) as session:
        number: int = session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        return number


@contextmanager
def databases(only: str | None, folder: Path) -> Iterator[dict[str, Callable[[], str]]]:
    """Give, by name, functions that return the address of an empty, migrated database."""
    numbers = itertools.count()
    found: dict[str, Callable[[], str]] = {}

    def sqlite() -> str:
        url = f"sqlite:///{folder / f'{next(numbers)}.db'}"
        engine = open_database(url)
        migrate(engine)
        engine.dispose()
        return url

    with contextlib.ExitStack() as stack:
        if only in (None, "sqlite"):
            found["SQLite"] = sqlite
        binaries = find_postgres()
        if only in (None, "postgresql") and binaries is not None:
            place = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="otklik-postgres-"))
            )
            server = stack.enter_context(PostgresServer.running(binaries, place))
            found["PostgreSQL"] = server.empty_database
        yield found


def main() -> int:
    """Measure everything on every database; return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("timers", type=int, nargs="?", default=1_000_000)
    parser.add_argument("due", type=int, nargs="?", default=100_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--part", choices=("ticks", "four", "recompute"))
    args = parser.parse_args()
    parts: dict[str, Callable[[sa.Engine, Bars], None]] = {
        "ticks": lambda engine, bars: ticks(engine, bars, args.timers),
        "four": lambda engine, bars: four(engine, bars, args.due),
        "recompute": lambda engine, bars: recomputed(engine, bars, args.due),
    }
    missed = 0
    with (
        tempfile.TemporaryDirectory(prefix="otklik-timers-") as name,
        databases(args.only, Path(name)) as found,
    ):
        for database, empty in found.items():
            for part, measure in parts.items():
                if args.part in (None, part):
                    engine = open_database(empty())
                    bars = Bars(database)
                    measure(engine, bars)
                    engine.dispose()
                    missed += bars.missed
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
