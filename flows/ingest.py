"""The ingesting flow: one task a source, so that a broken one delays no other."""

from datetime import UTC, datetime

import sqlalchemy as sa
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from pipeline.ingest import ingest_source
from pipeline.judge import Judge
from pipeline.region.schema import Source
from pipeline.settings import load_settings
from pipeline.tally import Tally
from pipeline.workplace import open_judge, open_store


@task(name="ingest-source", cache_policy=NO_CACHE, task_run_name="ingest {source.key}")
async def ingest_one(source: Source, engine: sa.Engine, judge: Judge) -> Tally:
    """Read one source to its end."""
    tally = await ingest_source(source, engine=engine, judge=judge, clock=_now)
    get_run_logger().info("%s: %s", source.key, tally.line())
    return tally


@flow(name="ingest")
async def ingest() -> int:
    """Read every source of the region; return how many incidents were opened.

    The run fails when a source failed, after all the others were read.
    """
    settings = load_settings()
    engine = open_store(settings)
    judge = open_judge(settings)
    opened, broken = 0, []
    for source in judge.region.active_sources():
        state = await ingest_one(source, engine, judge, return_state=True)
        if state.is_completed():
            opened += (await state.result()).opened
        else:
            broken.append(source.key)
    engine.dispose()
    if broken:
        raise RuntimeError(f"sources failed: {', '.join(broken)}")
    return opened


def _now() -> datetime:
    return datetime.now(UTC)
