"""/health and the clocks of deadlines."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock
from console.client import Browser

from pipeline.database import unit_of_work
from pipeline.desk.heartbeat import TIMERS, beat


@pytest.mark.usefixtures("source")
def test_clocks_that_stand_are_no_health(
    browser: Browser, stranger: Browser, console_engine: sa.Engine, clock: Clock
) -> None:
    with unit_of_work(console_engine) as session:
        beat(session, TIMERS, NOW)
    clock.forward(timedelta(minutes=5))
    answer = browser.get("/health").json()
    assert (answer["ok"], answer["timers"]["seconds_since_beat"]) == (True, 300)
    clock.forward(timedelta(seconds=1))
    assert stranger.get("/health").status_code == 503
