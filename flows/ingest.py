"""The ingesting flow: one task a source, so that a broken one delays no other."""

from datetime import UTC, datetime

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from models.errors import OtklikError
from pipeline.ingest import ingest_source, note_all
from pipeline.settings import load_settings
from pipeline.tally import Tally
from pipeline.workplace import open_judge, open_store


@flow(name="ingest")
async def ingest() -> int:
    """Read every source of the region; return how many incidents were opened.

    The run fails when a source failed, after all the others were read.
    """
    settings = load_settings()
    with open_store(settings) as engine:
        try:
            judge = open_judge(settings)
        except OtklikError as error:
            # A broken region or model stops every source, so each has to say so.
            note_all(engine, str(error), _now())
            raise

        # The tools stay outside the task's parameters: Prefect would walk through all of them.
        @task(name="ingest-source", task_run_name="ingest {key}", cache_policy=NO_CACHE)
        async def ingest_one(key: str) -> Tally:
            source = next(source for source in judge.region.active_sources() if source.key == key)
            tally = await ingest_source(source, engine=engine, judge=judge, clock=_now)
            get_run_logger().info("%s: %s", key, tally.line())
            return tally

        opened, broken = 0, []
        for source in judge.region.active_sources():
            try:
                opened += (await ingest_one(source.key)).opened
            except Exception:  # noqa: BLE001 - logged by Prefect, noted with the source; others go on
                broken.append(source.key)
        if broken:
            raise RuntimeError(f"sources failed: {', '.join(broken)}")
        return opened


def _now() -> datetime:
    return datetime.now(UTC)
