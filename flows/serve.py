"""Serving the flows on their schedules: ``python -m flows.serve [NAME ...]``."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from prefect import aserve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import EntrypointType, RunnerDeployment
from prefect.schedules import Interval

from flows.ingest import ingest
from flows.retrain import retrain
from flows.timers import timers
from flows.watchdog import leave_with_parent

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

SCHEDULES = {"timers": (timers, MINUTE), "ingest": (ingest, MINUTE), "retrain": (retrain, DAY)}
"""Every flow with how often it runs. A run that is late while its like still works is
cancelled: the next one looks at the clock anyway."""


async def deployment(name: str) -> RunnerDeployment:
    """Return one flow's deployment; its first run is due at once."""
    flow, every = SCHEDULES[name]
    return await flow.ato_deployment(
        name,
        schedule=Interval(every, anchor_date=datetime.now(UTC)),
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
    asyncio.run(serve(sys.argv[1:] or list(SCHEDULES)))


if __name__ == "__main__":
    main()
