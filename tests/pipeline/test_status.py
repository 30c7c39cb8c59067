"""How a source is doing: what counts as trouble, and whom it concerns."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON, shipped_judge

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.ledger import HeldError, ParkedError
from models.source import Source
from models.vocabulary import Network
from pipeline.database import reading, unit_of_work
from pipeline.desk.sources import note_failure, note_reading, note_trouble
from pipeline.followed import origin
from pipeline.reading import Desk, fail
from pipeline.region import schema
from pipeline.settings import SettingsError
from pipeline.status import SourceStatus, no_tokens, pressing_statuses, statuses
from pipeline.status_words import brief, state, troubles
from pipeline.store.sources import all_sources

NOW = TUESDAY_NOON
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WALL = schema.Source("vk:-1", schema.SourceKind.VK_WALL, Network.VK, "ВКонтакте, Печерск")
CLOSED = ApiError(
    "сообщество закрыто", network=Network.VK, method="wall.get", code=15, action=Action.CLOSED
)


def region(*sources: schema.Source) -> schema.Region:
    return replace(shipped_judge().region, sources=sources or (WALL,))


def store(engine: sa.Engine, **fields: Any) -> None:
    """Store the wall as it is after a reading that went well five minutes ago."""
    usual: dict[str, Any] = {
        "key": WALL.key,
        "network": Network.VK,
        "created_at": NOW - 30 * DAY,
        "last_success_at": NOW - 5 * MINUTE,
        "next_at": NOW + 10 * MINUTE,
        "last_post_at": NOW - HOUR,
        "usual_gap": 3 * 3600,
    }
    with unit_of_work(engine) as session:
        session.add(Source(**{**usual, **fields}))


def look(engine: sa.Engine, **more: int) -> SourceStatus:
    """Return how the wall is doing after so much time."""
    with reading(engine) as session:
        return statuses(session, region(), no_tokens, NOW + timedelta(**more))[0]


def pressed(engine: sa.Engine, **more: int) -> list[str]:
    """Return what people hear of after so much time."""
    with reading(engine) as session:
        found = pressing_statuses(all_sources(session), region(), NOW + timedelta(**more))
    return [f"{status.title} {brief(status)}" for status in found]


def fail_with(engine: sa.Engine, error: Exception) -> None:
    fail(Desk(engine, shipped_judge(), lambda: NOW), origin(WALL), error)


def test_a_source_that_is_read_troubles_nobody(engine: sa.Engine) -> None:
    store(engine)

    found = look(engine)

    assert (state(found), found.well, list(troubles(found))) == ("читается", True, [])
    assert found.lag == 5 * MINUTE
    assert pressed(engine) == []


def test_silence_is_told_with_what_is_usual(engine: sa.Engine) -> None:
    store(engine, last_post_at=NOW - 2 * DAY, silent_since=NOW - DAY)

    assert state(look(engine)) == "молчит"
    assert pressed(engine) == ["ВКонтакте, Печерск молчит 2 дн. (обычно пишут раз в 3 ч)"]


def test_a_pushed_event_ends_a_silence_before_the_next_reading(engine: sa.Engine) -> None:
    store(engine, last_post_at=NOW - MINUTE, silent_since=NOW - DAY)

    assert look(engine).well
    assert pressed(engine) == []


def test_a_recording_that_is_over_is_not_silent(engine: sa.Engine) -> None:
    store(engine, last_post_at=NOW - 2 * DAY, silent_since=NOW - DAY)
    recording = region(replace(WALL, kind=schema.SourceKind.RECORDING))

    with reading(engine) as session:
        assert statuses(session, recording, no_tokens, NOW)[0].well
        assert pressing_statuses(all_sources(session), recording, NOW) == []


def test_silence_is_noticed_while_no_reading_succeeds(engine: sa.Engine) -> None:
    # Given a source that has not published for two days
    store(engine, last_post_at=NOW - 2 * DAY)
    assert look(engine).silent is None
    # When readings of it only fail
    fail_with(engine, UnreachableError("ВКонтакте не отвечает"))
    # Then both are known
    assert look(engine).silent == 2 * DAY
    assert pressed(engine) == [
        "ВКонтакте, Печерск не читается: ВКонтакте не отвечает",
    ]


@pytest.mark.parametrize(
    ("error", "at_once"),
    [
        (UnreachableError("ВКонтакте не отвечает"), False),
        (HeldError("суточный предел исчерпан", until=(NOW + 7 * HOUR).timestamp()), False),
        (SettingsError("Нет секрета"), False),
        (ValueError("ошибка в программе"), False),
        (ParkedError("ключ не действует"), True),
        (CLOSED, True),
    ],
)
def test_of_a_first_failure_people_hear_where_only_they_can_mend_it(
    engine: sa.Engine, error: Exception, at_once: bool
) -> None:
    store(engine)

    fail_with(engine, error)
    assert not look(engine).well, "the page of sources tells it in any case"
    assert bool(pressed(engine)) is at_once

    fail_with(engine, error)
    assert pressed(engine), "a second failure in a row is told whatever it is"

    with unit_of_work(engine) as session:
        note_reading(session, WALL.key, next_at=NOW + HOUR, now=NOW)
    assert pressed(engine) == []


def test_a_source_that_is_read_without_its_events_troubles_nobody_at_work(
    engine: sa.Engine,
) -> None:
    store(engine)

    with unit_of_work(engine) as session:
        note_trouble(session, WALL.key, "Long Poll выключен", NOW)

    assert (state(look(engine)), list(troubles(look(engine)))) == ("ошибка", ["Long Poll выключен"])
    assert pressed(engine) == []
    # When it is not read any more, that is told, and not that it has no events
    assert pressed(engine, hours=3) == ["ВКонтакте, Печерск не читается, пора было 2 ч назад"]


def test_a_source_that_nobody_reads_any_more_is_late(engine: sa.Engine) -> None:
    store(engine)

    # Its next reading was due in ten minutes; an hour later something is wrong.
    assert look(engine, minutes=70).well
    found = look(engine, hours=3)

    assert (state(found), found.well, found.late) == ("не читается", False, 2 * HOUR + 50 * MINUTE)
    assert found.lag == 3 * HOUR + 5 * MINUTE
    assert [line.partition(".")[0] for line in troubles(found)] == [
        "не читается: пора было 2 ч назад"
    ]
    assert pressed(engine, hours=3) == ["ВКонтакте, Печерск не читается, пора было 2 ч назад"]


def test_who_waits_for_long_on_purpose_is_not_late(engine: sa.Engine) -> None:
    store(engine, last_success_at=NOW - 20 * HOUR, next_at=NOW + 4 * HOUR)
    assert look(engine).well


def test_who_was_asked_for_out_of_turn_is_late_after_a_day_only(engine: sa.Engine) -> None:
    store(engine, last_success_at=NOW - 6 * HOUR, next_at=None)
    assert look(engine).well
    assert look(engine, hours=20).late == 2 * HOUR


def test_nothing_is_late_in_the_first_hour(engine: sa.Engine) -> None:
    # Given a program that was off for a night, and a source that was never read at all
    store(engine, last_success_at=NOW - 9 * HOUR, next_at=NOW - 8 * HOUR)
    unknown = replace(WALL, key="vk:-2", title="ВКонтакте, Катынь")

    def late(**more: int) -> list[str]:
        now = NOW + timedelta(**more)
        with reading(engine) as session:
            found = pressing_statuses(all_sources(session), region(WALL, unknown), now, since=NOW)
        return [status.key for status in found]

    assert late(minutes=59) == []
    assert late(minutes=61) == ["vk:-1", "vk:-2"]


def test_a_missing_secret_is_told_once(engine: sa.Engine) -> None:
    store(engine)
    missing = SettingsError("Нет секрета «vk-service».")
    fail_with(engine, missing)

    def tokens_of(_: schema.Source) -> list[object]:
        raise missing

    with reading(engine) as session:
        (found,) = statuses(session, region(), tokens_of, NOW)  # type: ignore[arg-type]

    assert (state(found), list(troubles(found))) == ("нет ключа", ["Нет секрета «vk-service»."])


def test_what_is_followed_no_longer_needs_nobody(engine: sa.Engine) -> None:
    # Given a table that was taken in once, marked with an error that stopped every source
    store(engine, key="table:1", title="Обращения.xlsx", next_at=None)
    with unit_of_work(engine) as session:
        note_failure(session, "table:1", "папка района сломана", NOW)
    # When it is looked at a month later
    with reading(engine) as session:
        _, table = statuses(session, region(), no_tokens, NOW + 30 * DAY)
    # Then nobody has to do anything about it
    assert (state(table), table.well, list(troubles(table))) == ("не опрашивается", True, [])


def test_those_that_are_not_read_come_before_the_silent_ones(engine: sa.Engine) -> None:
    silent, late, broken = (replace(WALL, key=f"vk:-{number}") for number in (1, 2, 3))
    store(engine, last_post_at=NOW - 2 * DAY, silent_since=NOW - DAY)
    store(engine, key=late.key, next_at=NOW - 2 * HOUR)
    store(engine, key=broken.key)
    for _ in range(2):
        fail(Desk(engine, shipped_judge(), lambda: NOW), origin(broken), SourceError("закрыто"))

    with reading(engine) as session:
        found = pressing_statuses(all_sources(session), region(silent, late, broken), NOW)

    assert [status.key for status in found] == [broken.key, late.key, silent.key]
