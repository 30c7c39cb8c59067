"""When to read a source next: hot ones often, dead ones rarely, all within a day's quota."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.base import Action, ApiError, SourceError
from connectors.ledger import HeldError, ParkedError

HOTTEST = timedelta(minutes=15)
DEADEST = timedelta(hours=6)
UNKNOWN_GAP = timedelta(hours=3)
"""Of a community that was never read: as if it published eight times a day."""

READINGS_A_POST = 3
"""A post then waits for a third of the usual gap at most, which keeps 200 communities with eight
posts a day each within the 5 000 readings that VKontakte allows."""

MARGIN = 0.95
"""Of a quota; the rest is for further pages, probes and people."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
PARKED_PAUSE = timedelta(minutes=10)
"""Asking whether a token was replaced costs nothing: the ledger answers, not the network."""

CLOSED_PAUSE = timedelta(days=1)
WAITING_FOR_PERSON = {
    Action.TOKEN_DEAD,
    Action.CAPTCHA,
    Action.NEEDS_PERSON,
    Action.WRONG_TOKEN,
    Action.QUARANTINE,
}


def intervals(gaps: Sequence[timedelta | None], calls_a_day: int) -> list[timedelta]:
    """Return how often to read each community that shares a token.

    ``gaps`` are their usual pauses between posts, None where nobody knows yet. Where the
    readings would need more than the quota ``calls_a_day``, all are stretched alike.
    """
    wanted = [
        min(max((UNKNOWN_GAP if gap is None else gap) / READINGS_A_POST, HOTTEST), DEADEST)
        for gap in gaps
    ]
    calls = sum(timedelta(days=1) / interval for interval in wanted)
    stretch = max(1.0, calls / (calls_a_day * MARGIN))
    return [interval * stretch for interval in wanted]


def pause_after(error: SourceError | None, failures: int, *, now: datetime) -> timedelta:
    """Return how long to leave a source alone after ``failures`` failed readings in a row.

    ``error`` is the last one, None for a fault of our own. What only a person can mend is asked
    for now and then; what is closed or gone, once a day; anything else after a pause that
    doubles from a minute to an hour.
    """
    if isinstance(error, ParkedError):
        return PARKED_PAUSE
    if isinstance(error, HeldError) and error.until:
        wait = datetime.fromtimestamp(error.until, UTC) - now
        return min(max(wait, FIRST_PAUSE), CLOSED_PAUSE)
    if isinstance(error, ApiError):
        if error.action in {Action.CLOSED, Action.GONE}:
            return CLOSED_PAUSE
        if error.action in WAITING_FOR_PERSON:
            return PARKED_PAUSE
    doubled = FIRST_PAUSE * (1 << min(max(failures - 1, 0), 10))
    return min(doubled, LONGEST_PAUSE)
