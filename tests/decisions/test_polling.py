"""When a source is read next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.ledger import HeldError, ParkedError
from models.vocabulary import Network
from pipeline.decisions.polling import DEADEST, HOTTEST, MARGIN, intervals, pause_after

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def api_error(action: Action) -> ApiError:
    return ApiError("отказ", network=Network.VK, method="wall.get", code=1, action=action)


def test_two_hundred_communities_with_eight_posts_a_day_fit_into_five_thousand_readings() -> None:
    every = intervals([DAY / 8] * 200, 5000)

    assert every[0] == timedelta(hours=1, minutes=0) * (4800 / 4750)
    assert sum(DAY / one for one in every) <= 5000 * MARGIN


@pytest.mark.parametrize(
    ("gap", "interval"),
    [
        (timedelta(minutes=5), HOTTEST),
        (timedelta(hours=3), HOUR),
        (timedelta(days=30), DEADEST),
        (None, HOUR),
    ],
)
def test_a_hot_community_is_read_more_often_than_a_dead_one(
    gap: timedelta | None, interval: timedelta
) -> None:
    assert intervals([gap], 5000) == [interval]


@given(
    st.lists(st.none() | st.timedeltas(timedelta(0), timedelta(days=400)), max_size=500),
    st.integers(1, 20_000),
)
def test_the_quota_holds_whatever_the_communities_do(
    gaps: list[timedelta | None], quota: int
) -> None:
    every = intervals(gaps, quota)

    assert len(every) == len(gaps)
    assert sum(DAY / one for one in every) <= quota * MARGIN + 1e-3
    assert all(one >= HOTTEST for one in every)


@pytest.mark.parametrize(
    ("error", "failures", "pause"),
    [
        (UnreachableError("нет связи"), 1, timedelta(minutes=1)),
        (UnreachableError("нет связи"), 2, timedelta(minutes=2)),
        (UnreachableError("нет связи"), 5, timedelta(minutes=16)),
        (UnreachableError("нет связи"), 7, HOUR),
        (SourceError("странно"), 10**6, HOUR),
        (None, 1, timedelta(minutes=1)),
        (ParkedError("ключ"), 50, timedelta(minutes=10)),
        (HeldError("предел", until=(NOW + timedelta(hours=5)).timestamp()), 1, timedelta(hours=5)),
        (HeldError("предел", until=(NOW - HOUR).timestamp()), 1, timedelta(minutes=1)),
        (HeldError("сеть молчит", until=0.0), 3, timedelta(minutes=4)),
        (api_error(Action.CLOSED), 1, DAY),
        (api_error(Action.GONE), 1, DAY),
        (api_error(Action.TOKEN_DEAD), 9, timedelta(minutes=10)),
        (api_error(Action.QUARANTINE), 1, timedelta(minutes=10)),
        (api_error(Action.RETRY), 3, timedelta(minutes=4)),
    ],
)
def test_a_pause_after_a_failure(
    error: SourceError | None, failures: int, pause: timedelta
) -> None:
    assert pause_after(error, failures, now=NOW) == pause
