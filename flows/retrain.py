"""The retraining flow: once a night, and only what is surely better gets to serve.

After it, how sure the serving model may be is fitted to this installation's labels.
"""

import asyncio
from datetime import UTC, datetime

from prefect import flow, get_run_logger

from pipeline.settings import load_settings
from pipeline.workplace import open_store, registry

WHO = "ночное обучение"
"""What the history of models calls this flow."""


@flow(name="retrain")
async def retrain() -> str | None:
    """Learn from what people said; return the promoted version, or None."""
    # scikit-learn is imported here, not by every process that serves flows.
    from pipeline.learn import recalibrate as calibrate  # noqa: PLC0415
    from pipeline.learn import retrain as learn  # noqa: PLC0415

    settings = load_settings()
    with open_store(settings) as engine:
        log, kept = get_run_logger(), registry(settings)
        learned = await asyncio.to_thread(
            learn.retrain,
            engine,
            kept,
            now=datetime.now(UTC),
            progress=lambda step: log.info("%s", step),
            who=WHO,
        )
        log.info("%s", learned.why)
        found = await asyncio.to_thread(calibrate.recalibrate, engine, kept, now=datetime.now(UTC))
        log.info("%s", found.why)
        return learned.version if learned.promoted else None
