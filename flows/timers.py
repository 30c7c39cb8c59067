"""The ticking flow. The rows in the database are the truth; this only looks at the clock."""

import asyncio
from datetime import UTC, datetime, timedelta

from prefect import flow, get_run_logger

from pipeline.recompute import outdated
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.searching import catch_up
from pipeline.settings import load_settings
from pipeline.tick import look
from pipeline.workplace import open_store

EVERY = timedelta(seconds=5)
"""Between two looks at the clock within one run: a run costs 1.7 CPU-seconds to start."""

LASTS = timedelta(seconds=50)
"""How long one run goes on, so that it ends before the next minute's begins."""

CAUGHT_UP = 2_000
"""Messages of an older version that are made searchable between two looks: a second's work."""


@flow(name="timers", log_prints=False)
async def timers(lasts: float = LASTS.total_seconds()) -> int:
    """Fire due timers every few seconds for ``lasts`` seconds; return how many were fired."""
    settings = load_settings()
    rules = Rules.of(load_region(settings.region), settings.public_url)
    with open_store(settings) as engine:
        until = datetime.now(UTC) + timedelta(seconds=lasts)
        fired = 0
        count = await asyncio.to_thread(outdated, engine, rules)
        if count:
            get_run_logger().warning(
                "%d open incidents have a deadline by an older calendar or norm; "
                "see `otklik deadlines preview`",
                count,
            )
        behind = True
        while True:
            batch = await asyncio.to_thread(look, engine, rules, datetime.now(UTC))
            if batch:
                get_run_logger().info("fired %d timers", batch)
            fired += batch
            # After an upgrade: the texts of years, between two looks at the clock.
            behind = behind and await asyncio.to_thread(catch_up, engine, CAUGHT_UP) == CAUGHT_UP
            if datetime.now(UTC) + EVERY > until:
                return fired
            await asyncio.sleep(EVERY.total_seconds())
