"""The ticking flow. The rows in the database are the truth; this only looks at the clock."""

import asyncio
from datetime import UTC, datetime, timedelta

from prefect import flow, get_run_logger

from pipeline.settings import load_settings
from pipeline.tick import tick
from pipeline.workplace import open_store

EVERY = timedelta(seconds=5)
"""Between two looks at the clock within one run: a run costs 1.7 CPU-seconds to start."""

LASTS = timedelta(seconds=50)
"""How long one run goes on, so that it ends before the next minute's begins."""


@flow(name="timers", log_prints=False)
async def timers(lasts: float = LASTS.total_seconds()) -> int:
    """Fire due timers every few seconds for ``lasts`` seconds; return how many were fired."""
    with open_store(load_settings()) as engine:
        until = datetime.now(UTC) + timedelta(seconds=lasts)
        fired = 0
        while True:
            batch = await asyncio.to_thread(tick, engine, datetime.now(UTC))
            if batch:
                get_run_logger().info("fired %d timers", batch)
            fired += batch
            if datetime.now(UTC) + EVERY > until:
                return fired
            await asyncio.sleep(EVERY.total_seconds())
