"""Whether the clocks of deadlines are still being looked at."""

from datetime import datetime, timedelta

SILENT_AFTER = timedelta(minutes=5)
"""A round is made every few seconds; so long without one means that nobody makes them."""

GRACE = timedelta(seconds=40)
"""Silence has to last for this much longer: a machine that was asleep wakes up with an old beat,
and whoever beats needs a moment to begin again."""


def is_silent(beat: datetime, now: datetime) -> bool:
    """Tell whether a worker that last made its round at ``beat`` has stopped.

    A beat from the future is as bad as an old one: a clock was set back, and until it has caught
    up nobody could tell.
    """
    return abs(now - beat) > SILENT_AFTER


def outage(name: str, beat: datetime) -> str:
    """Return the key of an outage, so that each is told of once: it began with the last beat."""
    return f"silent_clock:{name}:{beat.isoformat()}"
