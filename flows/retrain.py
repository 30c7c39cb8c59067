"""The retraining flow: once a night, and only what is surely better gets to serve."""

import asyncio
from datetime import UTC, datetime

from prefect import flow, get_run_logger

from pipeline.settings import load_settings
from pipeline.workplace import open_store, registry


@flow(name="retrain")
async def retrain() -> str | None:
    """Learn from stated topics; return the promoted version, or None."""
    # scikit-learn is imported here, not by every process that serves flows.
    from pipeline import learn  # noqa: PLC0415

    settings = load_settings()
    with open_store(settings) as engine:
        log = get_run_logger()
        learned = await asyncio.to_thread(
            learn.retrain,
            engine,
            registry(settings),
            now=datetime.now(UTC),
            progress=lambda step: log.info("%s", step),
        )
        log.info("%s", learned.why)
        return learned.promoted
