"""The ingesting flow: one task a reading, so that a broken source delays no other."""

from datetime import UTC, datetime, timedelta

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from models.errors import OtklikError
from pipeline.connecting import Connecting
from pipeline.deadman import watched_store
from pipeline.followed import Followed
from pipeline.ingest import note_all
from pipeline.reading import Desk
from pipeline.settings import load_settings
from pipeline.sourcing import open_tools
from pipeline.tally import Tally
from pipeline.watch import watch
from pipeline.workplace import open_judge

LASTS = timedelta(seconds=50)
"""How long one run goes on looking for what is due, so that it ends before the next minute's."""


@flow(name="ingest")
async def ingest(lasts: float = LASTS.total_seconds()) -> int:
    """Read the region's sources as they fall due, for ``lasts`` seconds; return incidents opened.

    The run fails when a reading failed, after all the others.
    """
    settings = load_settings()
    async with watched_store(settings, clock=_now) as engine:
        try:
            judge = open_judge(settings)
        except OtklikError as error:
            # A broken region or model stops every source, so each has to say so.
            note_all(engine, str(error), _now())
            raise
        async with open_tools(settings.home) as tools:
            followed = Followed(Connecting(tools, judge.region, engine), Desk(engine, judge, _now))

            # The tools stay outside the task's parameters: Prefect would walk through all of them.
            @task(name="ingest-source", task_run_name="ingest {key}", cache_policy=NO_CACHE)
            async def ingest_one(key: str) -> Tally:
                tally = await followed.read(key)
                get_run_logger().info("%s: %s", key, tally.line())
                return tally

            outcome = await watch(followed.due, ingest_one, seconds=lasts)
        if outcome.broken:
            raise RuntimeError(f"sources failed: {', '.join(outcome.broken)}")
        return sum(tally.opened for tally in outcome.results)


def _now() -> datetime:
    return datetime.now(UTC)
