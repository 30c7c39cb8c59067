"""The clock's hand: fire everything that is due, in short transactions."""

from datetime import datetime

import sqlalchemy as sa

from pipeline.database import unit_of_work
from pipeline.desk.timers import fire_due


def tick(engine: sa.Engine, now: datetime) -> int:
    """Fire all timers that are due at ``now``; return how many. Safe at any time, any number."""
    fired = 0
    while True:
        with unit_of_work(engine) as session:
            batch = fire_due(session, now)
        if batch == 0:
            return fired
        fired += batch
