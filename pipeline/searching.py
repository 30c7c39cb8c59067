"""Indexing what an older version stored, a little at a time and beside the work of the day."""

import time

import sqlalchemy as sa

from pipeline.database import unit_of_work
from pipeline.desk.search import index_older

BATCH = 500
"""Messages of one transaction: it takes a tenth of a second, in which nobody else writes."""

BREATH = 0.1
"""Seconds between two of them, for all who wait for SQLite's writer."""


def catch_up(engine: sa.Engine, limit: int) -> int:
    """Index up to ``limit`` messages that are not searched yet; return how many they were.

    Safe at any time and any number at once; it goes on where it was stopped.
    """
    done = 0
    while done < limit:
        with unit_of_work(engine) as session:
            batch = index_older(session, min(BATCH, limit - done))
        done += batch
        if batch < BATCH:
            break
        time.sleep(BREATH)
    return done
