"""Serving the flows on their schedules: ``python -m flows.serve [NAME ...]``."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import aserve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from flows.ingest import ingest
from flows.notify import notify
from flows.publish import publish
from flows.retention import retention
from flows.retrain import retrain
from flows.timers import timers
from flows.watchdog import leave_with_parent
from pipeline.region.load import load_region
from pipeline.settings import load_settings

MINUTE = timedelta(minutes=1)
SETTLE = timedelta(seconds=8)
"""Until the first runs: the server needs a moment to put new schedules into effect."""

NIGHTLY = {"retrain": "0 3 * * *", "retention": "0 4 * * *"}

FLOWS: dict[str, Flow[..., Any]] = {
    "timers": timers,
    "publish": publish,
    "notify": notify,
    "ingest": ingest,
    "retrain": retrain,
    "retention": retention,
}
"""Every flow. A run that is late while its like still works is cancelled: the next one looks at
the clock anyway."""


def schedule(name: str) -> Schedule:
    """Return when a flow runs: each minute from the start on, or at night by the region's clock."""
    if name not in NIGHTLY:
        return Interval(MINUTE, anchor_date=datetime.now(UTC) + SETTLE)
    return Cron(NIGHTLY[name], timezone=load_region(load_settings().region).time_zone)


async def deployment(name: str) -> RunnerDeployment:
    """Return one flow's deployment."""
    return await FLOWS[name].ato_deployment(
        name,
        schedule=schedule(name),
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


async def serve(names: list[str]) -> None:
    """Serve these flows until told to stop."""
    await aserve(
        *[await deployment(name) for name in names], print_starting_message=False, limit=len(names)
    )


def main() -> None:
    """Serve the flows named on the command line, or all of them."""
    leave_with_parent()
    asyncio.run(serve(sys.argv[1:] or list(FLOWS)))


if __name__ == "__main__":
    main()
