"""Whether Otklik does its work, for people and for whatever watches over it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session, col, select

from models.source import Source
from models.timer import Timer
from pipeline.console.access import find_visitor
from pipeline.console.frame import Console, console_of
from pipeline.database import alembic_config, reading
from pipeline.decisions.deadman import is_silent
from pipeline.desk.heartbeat import TIMERS, last_beat
from pipeline.store.sources import all_sources
from pipeline.store.timers import oldest_due

SOURCE_SILENT = timedelta(hours=1)
"""So long after a successful reading was due a source counts as not being read."""

TIMER_LATE = timedelta(minutes=5)
"""Timers fire each minute; one that waits for so long means that nobody ticks."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Health:
    """What was found, and whether all of it is well."""

    ok: bool
    details: dict[str, Any]


@router.get("/health")
def show_health(request: Request) -> Response:
    """Answer 200 when all is well and 503 when not; the reasons only to signed-in people."""
    console = console_of(request)
    try:
        health = examine(console)
        signed_in = find_visitor(request) is not None
    except sa.exc.DBAPIError:
        health, signed_in = Health(ok=False, details={}), False
    answer = {"ok": health.ok, **(health.details if signed_in else {})}
    return JSONResponse(answer, 200 if health.ok else 503)


def examine(console: Console) -> Health:
    """Look at the database, the sources and the timers. Raises DBAPIError if it cannot."""
    now = console.clock()
    expected = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with reading(console.engine) as session:
        revision = MigrationContext.configure(session.connection()).get_current_revision()
        if revision != expected:
            schema = {"revision": revision, "expected": expected}
            return Health(ok=False, details={"database": True, "schema": schema})
        sources = _sources(session, console)
        due, fired = oldest_due(session, now), _last_fired(session)
        beat = last_beat(session, TIMERS)
    silent = sorted(
        key
        for key, source in sources.items()
        if now - (_expected(source) or console.started_at) > SOURCE_SILENT
    )
    late = due is not None and now - due > TIMER_LATE
    stopped = beat is not None and is_silent(beat, now)
    return Health(
        ok=not silent and not late and not stopped,
        details={
            "database": True,
            "schema": {"revision": revision, "expected": expected},
            "sources_seconds_since_success": {
                key: _seconds(source.last_success_at if source else None, now)
                for key, source in sources.items()
            },
            "silent_sources": silent,
            "timers": {
                "seconds_since_beat": _seconds(beat, now),
                "seconds_since_fired": _seconds(fired, now),
                "oldest_due_seconds": _seconds(due, now),
                "late": late,
            },
        },
    )


def _sources(session: Session, console: Console) -> dict[str, Source | None]:
    """Return every source that the region names; None for one never read."""
    known = {source.key: source for source in all_sources(session)}
    return {source.key: known.get(source.key) for source in console.region.active_sources()}


def _expected(source: Source | None) -> datetime | None:
    """Return the last success, or when the next one is due: some are read once a day."""
    if source is None or source.last_success_at is None:
        return None
    if source.failures or source.next_at is None:
        return source.last_success_at
    return max(source.last_success_at, source.next_at)


def _last_fired(session: Session) -> datetime | None:
    return session.exec(select(sa.func.max(col(Timer.fired_at)))).one()


def _seconds(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else int((now - moment).total_seconds())
