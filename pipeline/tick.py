"""The clock's hand: fire everything that is due, in short transactions."""

import time
from datetime import datetime

import sqlalchemy as sa

from pipeline.database import unit_of_work
from pipeline.desk.heartbeat import TIMERS, beat
from pipeline.desk.timers import BATCH, fire_due
from pipeline.rules import Rules

BREATH = 0.03
"""Seconds between two full batches. Who waits for SQLite's writer looks only ten times a second:
without a gap one worker after an outage would keep everybody else out until they gave up."""


def look(engine: sa.Engine, rules: Rules, now: datetime) -> int:
    """Do a worker's round: fire what is due and note that somebody did; return how many fired."""
    fired = tick(engine, rules, now)
    # After the round, not before it: a worker that fails at every timer must not seem alive.
    with unit_of_work(engine) as session:
        beat(session, TIMERS, now)
    return fired


def tick(engine: sa.Engine, rules: Rules, now: datetime) -> int:
    """Fire all timers that are due at ``now``; return how many. Safe at any time, any number."""
    fired = 0
    while True:
        with unit_of_work(engine) as session:
            batch = fire_due(session, rules, now)
        if batch == 0:
            return fired
        fired += batch
        if batch >= BATCH:
            time.sleep(BREATH)
