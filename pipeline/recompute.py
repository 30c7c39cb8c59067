"""Deadlines after a norm or the working calendar became another one: shown first, then stored."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from pipeline.database import reading, unit_of_work
from pipeline.decisions.deadlines import norm as norm_in_words
from pipeline.decisions.permissions import Actor
from pipeline.decisions.recompute import Kind, moment
from pipeline.decisions.worktime_vector import microseconds
from pipeline.desk import recompute as desk
from pipeline.desk.recompute import Changed, compare
from pipeline.rules import Rules
from pipeline.store import recompute as store

EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Example:
    """One incident whose deadline is another one."""

    incident: int
    before: datetime
    after: datetime
    norm_before: str
    norm_after: str


@dataclass(slots=True)
class Preview:
    """What a recomputation at ``now`` changes; counts of open incidents.

    ``earlier`` and ``later`` are legal deadlines, ``overdue`` become overdue by it and
    ``relieved`` are so no more. ``stages`` have another term of their stage; ``older`` were
    computed by another calendar. ``norms`` are keyed by the norm before and after, of those whose
    deadline or norm is another one.
    """

    now: datetime
    limit: int = EXAMPLES
    incidents: int = 0
    changed: int = 0
    earlier: int = 0
    later: int = 0
    overdue: int = 0
    relieved: int = 0
    stages: int = 0
    older: int = 0
    norms: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        """Incidents of which nothing changes but, at most, the calendar's name."""
        return self.incidents - self.changed

    def add(self, changed: Changed) -> None:
        """Count one lot of incidents."""
        known, anew, now = changed.known, changed.anew, microseconds(self.now)
        was, became = known.due_at, anew.due_at
        self.incidents += len(known.ids)
        self.changed += int(changed.any.sum())
        self.earlier += int((became < was).sum())
        self.later += int((became > was).sum())
        self.overdue += int(((was > now) & (became <= now)).sum())
        self.relieved += int(((was <= now) & (became > now)).sum())
        self.stages += int(changed.stage_due_at.sum())
        self.older += int(changed.calendar.sum())
        places = np.flatnonzero(changed.due_at | changed.norm).tolist()
        self.norms.update((known.norms[place], anew.norms[place]) for place in places)
        self.examples += [
            Example(
                int(known.ids[place]),
                moment(int(was[place])),
                moment(int(became[place])),
                known.norms[place],
                anew.norms[place],
            )
            for place in places[: self.limit - len(self.examples)]
        ]


def preview(engine: sa.Engine, rules: Rules, now: datetime) -> Preview:
    """Return what ``apply`` would change now; nothing is written. Raises CalendarError."""
    found = Preview(now)
    with reading(engine) as session:
        for known in store.open_clocks(session):
            found.add(compare(known, rules, now))
    return found


def apply(engine: sa.Engine, rules: Rules, actor: Actor, now: datetime) -> Preview:
    """Recompute all open incidents in one transaction; return what has changed.

    Raises CalendarError, and nothing is stored then.
    """
    found = Preview(now)
    with _uncollected(), unit_of_work(engine) as session:
        desk.apply(session, rules, by=actor.login, now=now, seen=found.add)
    return found


@contextmanager
def _uncollected() -> Iterator[None]:
    """Hold the garbage collector off: walking rows that all live cost a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def outdated(engine: sa.Engine, rules: Rules) -> int:
    """Count open incidents whose legal deadline an older calendar or norm has made.

    A norm of one stage leaves no trace that this could see; ``preview`` sees it.
    """

    def norm(kind: Kind) -> str:
        found = rules.region.norm_for(kind.network, kind.urgency, kind.term)
        return norm_in_words(found.amount, found.unit)

    with reading(engine) as session:
        return store.outdated(session, rules.calendar.version, norm)
