"""Heartbeats: a worker notes that it has made its round, for whoever watches over it."""

from datetime import datetime

from sqlmodel import Session

from models.timer import Heartbeat
from pipeline.desk.bulk import insert_into

TIMERS = "timers"
"""Whoever looks at the clocks of deadlines."""


def beat(session: Session, name: str, now: datetime) -> None:
    """Note that the worker ``name`` has made its round."""
    session.execute(
        insert_into(session, Heartbeat)
        .values(name=name, at=now)
        .on_conflict_do_update(index_elements=["name"], set_={"at": now})
    )


def last_beat(session: Session, name: str) -> datetime | None:
    """Return when the worker last made its round, None if it never did."""
    found = session.get(Heartbeat, name)
    return found.at if found is not None else None


def expect(session: Session, name: str, now: datetime) -> datetime:
    """Return when the worker last made its round; one that never did is expected from now on."""
    session.execute(
        insert_into(session, Heartbeat)
        .values(name=name, at=now)
        .on_conflict_do_nothing(index_elements=["name"])
    )
    return last_beat(session, name) or now
