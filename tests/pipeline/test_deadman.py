"""When nobody looks at the clocks of deadlines, somebody else says so."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.smtp import SmtpFake
from hypothesis import given
from hypothesis import strategies as st
from noticing import NoticeOffice
from pydantic import SecretStr
from sqlmodel import select

from models.channel_words import ChannelKind, DeliveryState
from models.notice import Notice
from models.timer import Heartbeat
from models.vocabulary import Occasion, Role
from pipeline.database import reading, unit_of_work
from pipeline.deadman import GOING, STOPPED, silent_since, tell_if_silent, warn_on_stderr
from pipeline.decisions.deadman import SILENT_AFTER, is_silent, outage
from pipeline.desk.heartbeat import TIMERS, beat, expect, last_beat
from pipeline.settings import Settings

MINUTE = timedelta(minutes=1)


@given(age=st.timedeltas(-timedelta(days=3), timedelta(days=3)))
def test_silence_is_an_old_beat_or_one_from_a_clock_that_was_set_back(age: timedelta) -> None:
    now = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
    assert is_silent(now - age, now) == (abs(age) > SILENT_AFTER)


def test_each_outage_has_a_key_of_its_own(now: datetime) -> None:
    assert outage("timers", now) != outage("timers", now + MINUTE)


def test_a_beat_is_the_last_one(engine: sa.Engine, now: datetime) -> None:
    for minutes in range(3):
        with unit_of_work(engine) as session:
            beat(session, TIMERS, now + minutes * MINUTE)
    with reading(engine) as session:
        assert last_beat(session, TIMERS) == now + 2 * MINUTE
        assert last_beat(session, "another") is None
        assert len(session.exec(select(Heartbeat)).all()) == 1


def test_clocks_that_never_went_count_from_the_first_question(
    engine: sa.Engine, now: datetime
) -> None:
    assert silent_since(engine, now) is None
    assert silent_since(engine, now + 5 * MINUTE) is None
    assert silent_since(engine, now + 6 * MINUTE) == now
    with unit_of_work(engine) as session:
        assert expect(session, TIMERS, now + 7 * MINUTE) == now


def a_settings(tmp_path: Path, mail: SmtpFake) -> Settings:
    return Settings(
        home=tmp_path, smtp_url=SecretStr(mail.url), public_url="https://otklik.example.ru"
    )


def silent_notices(engine: sa.Engine) -> list[Notice]:
    with reading(engine) as session:
        return list(session.exec(select(Notice)).all())


async def test_the_administrator_is_told_once_an_outage_by_whoever_finds_out(
    engine: sa.Engine, tmp_path: Path, now: datetime
) -> None:
    office = NoticeOffice(engine)
    office.channel(
        office.person("admin", Role.ADMINISTRATOR),
        kind=ChannelKind.EMAIL,
        address="admin@example.ru",
        secret="",
    )
    # What else waits is the notifier's own work.
    office.operator(kind=ChannelKind.EMAIL, address="operator@example.ru", secret="")
    office.say(Occasion.URGENT)
    with unit_of_work(engine) as session:
        beat(session, TIMERS, now)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    async with SmtpFake() as mail:
        settings = a_settings(tmp_path, mail)
        for minutes in (4, 6, 7, 8):
            office.clock.now = now + minutes * MINUTE
            told = await tell_if_silent(settings, engine, clock=office.clock, sleep=sleep)
            assert told == (minutes > 5)
        with unit_of_work(engine) as session:
            beat(session, TIMERS, now + 9 * MINUTE)
        office.clock.now = now + 10 * MINUTE
        assert not await tell_if_silent(settings, engine, clock=office.clock, sleep=sleep)
        office.clock.now = now + 20 * MINUTE
        assert await tell_if_silent(settings, engine, clock=office.clock, sleep=sleep)
    assert [letter["To"] for letter in mail.letters] == ["admin@example.ru"] * 2
    assert "17.11.2026 12:00 (МСК)" in mail.letters[0].get_content()
    assert len(silent_notices(engine)) == 3
    assert office.states() == [DeliveryState.SENT] * 2
    assert len(slept) == 4


async def test_a_machine_that_was_asleep_alarms_nobody(
    engine: sa.Engine, tmp_path: Path, now: datetime
) -> None:
    with unit_of_work(engine) as session:
        beat(session, TIMERS, now)
    office = NoticeOffice(engine)
    office.clock.now = now + timedelta(hours=8)

    async def meanwhile(_seconds: float) -> None:
        await asyncio.sleep(0)
        with unit_of_work(engine) as session:
            beat(session, TIMERS, office.clock.now)

    async with SmtpFake() as mail:
        settings = a_settings(tmp_path, mail)
        assert not await tell_if_silent(settings, engine, clock=office.clock, sleep=meanwhile)
    assert silent_notices(engine) == []


@pytest.mark.parametrize("beats", [{}, {7, 8, 9}])
async def test_the_window_of_otklik_run_says_when_they_stop_and_go(
    database_url: str, engine: sa.Engine, now: datetime, beats: set[int]
) -> None:
    with unit_of_work(engine) as session:
        beat(session, TIMERS, now)
    settings = Settings(database_url=SecretStr(database_url))
    minutes = 0
    written: list[str] = []

    async def sleep(_seconds: float) -> None:
        nonlocal minutes
        minutes += 1
        if minutes in beats:
            with unit_of_work(engine) as session:
                beat(session, TIMERS, now + minutes * MINUTE)
        if minutes > 10:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await warn_on_stderr(
            settings, clock=lambda: now + minutes * MINUTE, sleep=sleep, write=written.append
        )
    assert written == ([STOPPED] if not beats else [])
    assert STOPPED.startswith("Часы сроков стоят")


async def test_the_window_says_so_when_they_go_again(
    database_url: str, engine: sa.Engine, now: datetime
) -> None:
    with unit_of_work(engine) as session:
        beat(session, TIMERS, now)
    written: list[str] = []
    minutes = 0

    async def sleep(_seconds: float) -> None:
        nonlocal minutes
        minutes += 1
        if minutes >= 12:
            with unit_of_work(engine) as session:
                beat(session, TIMERS, now + minutes * MINUTE)
        if minutes > 15:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await warn_on_stderr(
            Settings(database_url=SecretStr(database_url)),
            clock=lambda: now + minutes * MINUTE,
            sleep=sleep,
            write=written.append,
        )
    assert written == [STOPPED, GOING]


async def test_a_database_that_is_away_is_not_taken_for_standing_clocks(
    tmp_path: Path, now: datetime
) -> None:
    written: list[str] = []
    looks = 0

    async def sleep(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks > 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await warn_on_stderr(
            Settings(home=tmp_path / "nothing"),
            clock=lambda: now,
            sleep=sleep,
            write=written.append,
        )
    assert written == []
