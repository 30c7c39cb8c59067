"""What a recomputation of deadlines reads: open incidents in columns, in the order of their ids."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlmodel import Session, col

from models.incident import OPEN, Incident, Pause
from models.timer import Timer
from models.vocabulary import Clock, Network, Stage, Term, TimerState, Urgency
from pipeline.decisions.clocks import LEGAL, Stretch
from pipeline.decisions.recompute import NEVER, Kind, Known
from pipeline.decisions.worktime_vector import Int64s

BATCH = 20_000
"""Incidents that are held at a time."""

Column = sa.ColumnElement[Any]


def open_clocks(session: Session, *, lock: bool = False) -> Iterator[Known]:
    """Give the clocks of all open incidents, the smallest id first.

    With ``lock`` the incidents are locked, in that order, until the transaction ends; what
    belongs to them is read after that, so that nobody can have changed it in between.
    """
    query = _query(session.get_bind().dialect.name)
    last = 0
    while True:
        rows = session.execute(
            query.with_for_update(of=Incident) if lock else query, {"after": last}
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield _known(session, rows)


def outdated(session: Session, calendar: str, norm: Callable[[Kind], str]) -> int:
    """Count incidents whose legal deadline was not made by this calendar and norm.

    ``norm`` says, in words, which one holds now.
    """
    chosen = (
        _text(Incident.stage),
        _text(Incident.network),
        _text(Incident.urgency),
        _text(Incident.term),
    )
    query = (
        sa.select(*chosen, col(Incident.calendar), col(Incident.norm), sa.func.count())
        # The same stages twice: in these words SQLite finds the index of open incidents.
        .where(sa.text(OPEN), col(Incident.stage).in_(LEGAL))
        .group_by(*chosen, col(Incident.calendar), col(Incident.norm))
    )
    found: list[int] = [
        count
        for stage, network, urgency, term, by, words, count in session.execute(query)
        if (by, words) != (calendar, norm(_kind(stage, network, urgency, term)))
    ]
    return sum(found)


def _query(dialect: str) -> sa.Select[Any]:
    """Read moments as whole microseconds and words as text: objects would cost more than all."""
    return (
        sa.select(
            col(Incident.id),
            _text(Incident.stage),
            _text(Incident.network),
            _text(Incident.urgency),
            _text(Incident.term),
            _microseconds(Incident.clock_from, dialect),
            _microseconds(Incident.due_at, dialect),
            col(Incident.norm),
            col(Incident.calendar),
            col(Incident.paused_at).is_not(None),
            _microseconds(Incident.stage_at, dialect),
            sa.func.coalesce(_microseconds(Incident.stage_due_at, dialect), NEVER),
            col(Incident.round),
        )
        .where(col(Incident.id) > sa.bindparam("after"), col(Incident.stage) != Stage.CLOSED)
        .order_by(col(Incident.id))
        .limit(BATCH)
    )


def _known(session: Session, rows: Sequence[sa.Row[Any]]) -> Known:
    columns = list(zip(*rows, strict=True))
    ids = _whole(columns[0])
    level, remind_at = _reminders(session, ids)
    return Known(
        ids=ids,
        kinds=[_kind(*words) for words in zip(*columns[1:5], strict=True)],
        clock_from=_whole(columns[5]),
        due_at=_whole(columns[6]),
        norms=columns[7],
        calendars=columns[8],
        paused=np.array(columns[9], dtype=np.bool_),
        stage_at=_whole(columns[10]),
        stage_due_at=_whole(columns[11]),
        level=level,
        remind_at=remind_at,
        stage_told=_told(session, ids),
        pauses=_pauses(session, columns[0], columns[4], columns[12]),
    )


def _reminders(session: Session, ids: Int64s) -> tuple[Int64s, Int64s]:
    """Return how many reminders of each incident's deadline were given, and when the next is."""
    due_at = _microseconds(Timer.due_at, session.get_bind().dialect.name)
    waits = col(Timer.state) == TimerState.PENDING
    query = sa.select(
        col(Timer.incident_id), col(Timer.level), sa.case((waits, due_at), else_=NEVER)
    ).where(
        col(Timer.incident_id).between(int(ids[0]), int(ids[-1])),
        col(Timer.clock) == Clock.ANSWER,
    )
    level, remind_at = np.zeros_like(ids), np.full_like(ids, NEVER)
    rows = session.execute(query).all()
    if rows:
        numbers, given, next_at = (_whole(values) for values in zip(*rows, strict=True))
        places, known = _places(ids, numbers)
        level[places], remind_at[places] = given[known], next_at[known]
    return level, remind_at


def _told(session: Session, ids: Int64s) -> NDArray[np.bool_]:
    """Tell of which incidents it was said that their stage takes too long."""
    query = sa.select(col(Timer.incident_id)).where(
        col(Timer.incident_id).between(int(ids[0]), int(ids[-1])),
        col(Timer.clock) == Clock.STAGE,
        col(Timer.state) == TimerState.FIRED,
    )
    told = np.zeros(len(ids), dtype=np.bool_)
    told[_places(ids, _whole(session.execute(query).scalars().all()))[0]] = True
    return told


def _places(ids: Int64s, numbers: Int64s) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return where these incidents are among ``ids``, and which of them are: not the closed."""
    places = np.searchsorted(ids, numbers)
    known = ids[np.minimum(places, len(ids) - 1)] == numbers
    return places[known], known


def _pauses(
    session: Session, ids: Sequence[int], terms: Sequence[str], rounds: Sequence[int]
) -> dict[int, list[Stretch]]:
    query = (
        sa.select(col(Pause.incident_id), col(Pause.cycle), col(Pause.since), col(Pause.ended_at))
        .where(col(Pause.incident_id).between(ids[0], ids[-1]), col(Pause.ended_at).is_not(None))
        .order_by(col(Pause.id))
    )
    found: dict[int, list[Stretch]] = defaultdict(list)
    number: int
    since: datetime
    until: datetime
    rows = session.execute(query).all()
    place = {number: i for i, number in enumerate(ids)} if rows else {}
    for number, cycle, since, until in rows:
        i = place.get(number)
        # The name of the running term, as desk.terms.cycle_of spells it.
        if i is not None and cycle == f"{rounds[i]}:{terms[i]}":
            found[i].append(Stretch(since, until))
    return dict(found)


@cache
def _kind(stage: str, network: str, urgency: str, term: str) -> Kind:
    return Kind(Stage(stage), Network(network), Urgency(urgency), Term(term))


def _whole(values: Sequence[int]) -> Int64s:
    return np.array(values, dtype=np.int64)


def _text(column: Any) -> Column:
    return sa.type_coerce(col(column), sa.String)


def _microseconds(moment: Any, dialect: str) -> Column:
    """Return a moment as microseconds since 1970. Exact: nothing passes through a float."""
    if dialect == "postgresql":
        return sa.cast(sa.extract("epoch", col(moment)) * 1_000_000, sa.BigInteger)
    stored = _text(moment)
    seconds = sa.cast(sa.func.strftime("%s", stored), sa.BigInteger)
    return seconds * 1_000_000 + sa.cast(sa.func.substr(stored, 21, 6), sa.BigInteger)
