"""The notifying flow: what people have to be told goes out within seconds."""

from datetime import UTC, datetime, timedelta

from prefect import flow, get_run_logger

from pipeline.notify import notify_due, open_notifier
from pipeline.settings import load_settings
from pipeline.workplace import open_store

EVERY = timedelta(seconds=5)
"""Between two looks at the outbox within one run: a run costs 1.7 CPU-seconds to start."""

LASTS = timedelta(seconds=45)
"""How long one run goes on: with its last attempts it ends before the next minute's begins."""


@flow(name="notify", log_prints=False)
async def notify(lasts: float = LASTS.total_seconds()) -> int:
    """Tell people what is due every few seconds for ``lasts`` seconds; return how many notices.

    The run fails when a sender failed by a fault of the program, after all others were served.
    """
    settings = load_settings()
    with open_store(settings) as engine:
        async with open_notifier(settings, engine, clock=_now) as notifier:
            until = _now() + timedelta(seconds=lasts)
            tally = await notify_due(notifier, until=until, every=EVERY)
    if tally.anything:
        get_run_logger().info("%s", tally.line())
    if tally.broken:
        raise RuntimeError(f"senders failed: {', '.join(sorted(tally.broken))}")
    return tally.sent


def _now() -> datetime:
    return datetime.now(UTC)
