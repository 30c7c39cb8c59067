"""Health tells the truth, and to strangers nothing more than yes or no."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, add_incident, make_calendar, make_region
from console.client import Browser, browsing

from models.columns import stored_id
from models.source import Source
from models.timer import Timer
from models.vocabulary import Clock as Running
from models.vocabulary import TimerState
from pipeline.console.app import create_app
from pipeline.database import open_database, unit_of_work
from pipeline.desk.sources import note_failure


@pytest.mark.usefixtures("source")
def test_all_is_well(browser: Browser, stranger: Browser) -> None:
    assert (stranger.get("/health").status_code, stranger.get("/health").json()) == (
        200,
        {"ok": True},
    )
    answer = browser.get("/health").json()
    assert answer["ok"] is True
    assert answer["schema"]["revision"] == answer["schema"]["expected"]
    assert answer["sources_seconds_since_success"] == {"vk:luga": 120}
    assert answer["timers"] == {
        "seconds_since_fired": None,
        "oldest_due_seconds": None,
        "late": False,
        "seconds_since_beat": None,
    }


@pytest.mark.usefixtures("source")
def test_a_source_that_fell_silent_is_named(
    browser: Browser, stranger: Browser, clock: Clock
) -> None:
    clock.forward(timedelta(minutes=59))

    assert stranger.get("/health").json() == {"ok": False}
    assert stranger.get("/health").status_code == 503
    assert browser.get("/health").json()["silent_sources"] == ["vk:luga"]


def test_a_source_that_is_read_rarely_has_an_hour_from_its_time(
    browser: Browser, source: Source, console_engine: sa.Engine, clock: Clock
) -> None:
    with unit_of_work(console_engine) as session:
        session.get_one(Source, source.id).next_at = NOW + timedelta(hours=6)

    clock.forward(timedelta(hours=7))
    assert browser.get("/health").json()["ok"] is True
    clock.forward(timedelta(minutes=1))
    assert browser.get("/health").json()["silent_sources"] == ["vk:luga"]


@pytest.mark.usefixtures("source")
def test_a_source_that_only_fails_is_not_read_whatever_it_waits_for(
    browser: Browser, console_engine: sa.Engine, clock: Clock
) -> None:
    with unit_of_work(console_engine) as session:
        note_failure(session, "vk:luga", "закрыто", NOW, next_at=NOW + timedelta(days=1))

    clock.forward(timedelta(minutes=59))

    assert browser.get("/health").json()["silent_sources"] == ["vk:luga"]


def test_a_source_never_read_has_an_hour_from_the_start(browser: Browser, clock: Clock) -> None:
    assert browser.get("/health").json()["ok"] is True
    clock.forward(timedelta(hours=1, seconds=1))
    assert browser.get("/health").json()["ok"] is False
    assert browser.get("/health").json()["sources_seconds_since_success"] == {"vk:luga": None}


@pytest.mark.parametrize(("minutes", "ok"), [(5, True), (6, False)])
def test_a_timer_that_nobody_fires_is_noticed(
    browser: Browser, source: Source, console_engine: sa.Engine, minutes: int, ok: bool
) -> None:
    with unit_of_work(console_engine) as session:
        incident_id = stored_id(add_incident(session, source).id)
        due_at = NOW - timedelta(minutes=minutes)
        session.add(Timer(incident_id=incident_id, clock=Running.ANSWER, due_at=due_at))
        session.add(
            Timer(
                incident_id=incident_id,
                clock=Running.STAGE,
                due_at=NOW - timedelta(hours=1),
                state=TimerState.FIRED,
                fired_at=NOW - timedelta(minutes=59),
            )
        )

    answer = browser.get("/health").json()

    assert answer["ok"] is ok
    assert answer["timers"] == {
        "seconds_since_fired": 59 * 60,
        "oldest_due_seconds": minutes * 60,
        "late": not ok,
        "seconds_since_beat": None,
    }


def test_an_old_schema_is_not_well(console_engine: sa.Engine, stranger: Browser) -> None:
    with unit_of_work(console_engine) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))

    assert stranger.get("/health").status_code == 503


def test_a_database_out_of_reach_is_not_well() -> None:
    region = make_region()
    engine = open_database("postgresql://nobody@127.0.0.1:1/nothing")
    app = create_app(engine=engine, region=region, calendar=make_calendar(region), clock=Clock())
    with browsing(app) as browser:
        answer = browser.get("/health")
    engine.dispose()

    assert (answer.status_code, answer.json()) == (503, {"ok": False})
