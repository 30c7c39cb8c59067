"""When a source's silence is worth a notice: longer than it is usually silent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

WEIGHT = 0.1
"""Of each new gap in the running mean: the last ten or twenty posts count."""

TIMES = 6.0
"""Gaps of a steady source are spread about exponentially, so that one in 400 is six times the
mean. Nights, which make no source steady, are allowed for by SHORTEST."""

SHORTEST = timedelta(hours=14)
"""An evening, a night and a morning."""


def usual_gap(
    known: timedelta | None, last: datetime | None, published: Iterable[datetime]
) -> timedelta | None:
    """Return the running mean of the gaps between posts, None before there are two.

    ``known`` is the mean until ``last``, the newest post so far; ``published`` are the moments
    of new posts in any order; those before ``last`` say nothing of a gap.
    """
    mean = known
    for moment in sorted(published):
        if last is not None and moment > last:
            gap = moment - last
            mean = gap if mean is None else mean + (gap - mean) * WEIGHT
        if last is None or moment > last:
            last = moment
    return mean


def silent_since(last: datetime | None, usual: timedelta | None, now: datetime) -> datetime | None:
    """Return since when a source is silent for unusually long, None when it is not.

    That is the moment at which its silence exceeded what it usually is. A source that never
    published twice has no usual silence.
    """
    if last is None or usual is None:
        return None
    expected = last + max(SHORTEST, usual * TIMES)
    return expected if now > expected else None
