"""The publishing flow: what waits in the outbox goes out within seconds."""

import asyncio
from datetime import UTC, datetime, timedelta

from prefect import flow, get_run_logger

from pipeline.publish import publish_due
from pipeline.publishers import open_publishers
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.settings import load_settings
from pipeline.workplace import open_store

EVERY = timedelta(seconds=5)
"""Between two looks at the outbox within one run: a run costs 1.7 CPU-seconds to start."""

LASTS = timedelta(seconds=50)
"""How long one run goes on, so that it ends before the next minute's begins."""


@flow(name="publish", log_prints=False)
async def publish(lasts: float = LASTS.total_seconds()) -> int:
    """Send what is due every few seconds for ``lasts`` seconds; return how many were published.

    The run fails when a publisher failed by a fault of the program, after all others were served.
    """
    settings = load_settings()
    until = _now() + timedelta(seconds=lasts)
    published, broken = 0, set[str]()
    rules = Rules.of(load_region(settings.region), settings.public_url)
    with open_store(settings) as engine:
        async with open_publishers(settings, engine) as publisher_for:
            while True:
                tally = await publish_due(engine, publisher_for, rules=rules, clock=_now)
                if tally.tried:
                    get_run_logger().info("%s", tally.line())
                published += tally.published + tally.found
                broken |= tally.broken
                if _now() + EVERY > until:
                    break
                await asyncio.sleep(EVERY.total_seconds())
    if broken:
        raise RuntimeError(f"publishers failed: {', '.join(sorted(broken))}")
    return published


def _now() -> datetime:
    return datetime.now(UTC)
