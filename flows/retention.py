"""The retention flow: once a night, authors whose period is over are forgotten."""

import asyncio
from datetime import UTC, datetime

from prefect import flow, get_run_logger

from pipeline.region.load import load_region
from pipeline.retention import run_at_night
from pipeline.rules import Rules
from pipeline.settings import load_settings
from pipeline.workplace import open_store


@flow(name="retention")
async def retention() -> int:
    """Do what the region's period asks for; return of how many incidents authors were forgotten."""
    settings = load_settings()
    rules = Rules.of(load_region(settings.region))
    with open_store(settings) as engine:
        done = await asyncio.to_thread(run_at_night, engine, rules, lambda: datetime.now(UTC))
        get_run_logger().info(
            "authors forgotten: %d incidents, %d posts; rows deleted: %d",
            done.incidents,
            done.posts,
            sum(done.swept.values()),
        )
        return done.incidents
