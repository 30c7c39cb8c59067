"""Reading one source: events, pages, and what is noted about it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from builders import ORIGIN, TUESDAY_NOON, post, shipped_judge
from sqlmodel import select

from connectors.base import Action, ApiError, BadPayloadError, Connector, Page, Rejected
from connectors.ledger import ParkedError
from models.inbox import Event, Unreadable
from models.post import Post
from models.source import Source
from models.values import FetchedPost
from models.vocabulary import Network
from pipeline.database import reading, unit_of_work
from pipeline.desk.events import keep_event
from pipeline.reading import Desk, read_source
from pipeline.tally import Tally

MINUTE = timedelta(minutes=1)
LAMP, ROAD, GAS = (
    post(1),
    post(2, "На Лесной яма во всю дорогу, почините"),
    post(3, "В подъезде на Лесной сильно пахнет газом, помогите!!!"),
)


class Pages:
    """A connector over pages of its own; an exception among them is raised in its turn."""

    def __init__(self, *pages: tuple[FetchedPost, ...] | Exception) -> None:
        self.pages = pages

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        assert now == TUESDAY_NOON
        at = int(str(cursor.get("page", 0)))
        page = self.pages[at] if at < len(self.pages) else ()
        if isinstance(page, Exception):
            raise page
        rejected = (Rejected("текста нет", '{"id": 9}'),) if at == 0 else ()
        return Page(page, {"page": at + 1}, at + 1 < len(self.pages), rejected)


def connecting(connector: Connector) -> Callable[[Source], Awaitable[Connector]]:
    async def connect(_: Source) -> Connector:
        return connector

    return connect


def desk(engine: sa.Engine) -> Desk:
    return Desk(engine, shipped_judge(), lambda: TUESDAY_NOON)


async def read(engine: sa.Engine, *pages: tuple[FetchedPost, ...] | Exception) -> Tally:
    return await read_source(
        ORIGIN, desk(engine), connect=connecting(Pages(*pages)), every=lambda: 15 * MINUTE
    )


def state(engine: sa.Engine) -> Source:
    with reading(engine) as session:
        return session.exec(select(Source)).one()


def texts(engine: sa.Engine) -> list[str]:
    with reading(engine) as session:
        return [one.text for one in session.exec(select(Post).order_by(sa.text("id")))]


async def test_all_pages_are_read_and_the_next_reading_is_set(engine: sa.Engine) -> None:
    tally = await read(engine, (LAMP,), (ROAD, GAS))

    assert texts(engine) == [LAMP.text, ROAD.text, GAS.text]
    source = state(engine)
    assert (tally.taken, tally.rejected) == (3, 1)
    assert source.cursor == {"page": 2}
    assert source.next_at == TUESDAY_NOON + 15 * MINUTE
    assert (source.last_error, source.failures) == ("", 0)
    with reading(engine) as session:
        assert [one.what for one in session.exec(select(Unreadable))] == ["текста нет"]


async def test_a_failure_keeps_what_was_stored_and_says_when_to_try_again(
    engine: sa.Engine,
) -> None:
    # Given a source whose second page fails
    error = BadPayloadError("ВКонтакте, метод wall.get: ответ не такой")
    # When it is read twice
    for _ in range(2):
        with pytest.raises(BadPayloadError):
            await read(engine, (LAMP,), error)
    # Then the first page stays, and each failure doubles the pause
    assert texts(engine) == [LAMP.text]
    source = state(engine)
    assert source.failures == 2
    assert source.last_error == str(error)
    assert source.next_at == TUESDAY_NOON + 2 * MINUTE
    # And a success wipes the trouble out and goes on from the page that failed
    await read(engine, (LAMP,), (ROAD,))
    assert texts(engine) == [LAMP.text, ROAD.text]
    assert (state(engine).failures, state(engine).last_error) == (0, "")


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (ParkedError("Ключ vk: не действует"), 10 * MINUTE),
        (
            ApiError(
                "закрыто", network=Network.VK, method="wall.get", code=15, action=Action.CLOSED
            ),
            timedelta(days=1),
        ),
    ],
)
async def test_what_waits_for_people_is_left_alone_for_longer(
    engine: sa.Engine, error: Exception, pause: timedelta
) -> None:
    with pytest.raises(type(error)):
        await read(engine, error)

    assert state(engine).next_at == TUESDAY_NOON + pause


async def test_a_fault_of_our_own_is_told_without_its_words(engine: sa.Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        await read(engine, ZeroDivisionError("текст гражданина"))

    assert "внутренняя ошибка" in state(engine).last_error
    assert "гражданина" not in state(engine).last_error


def pushed(engine: sa.Engine, number: int, text: str) -> None:
    with unit_of_work(engine) as session:
        keep_event(session, ORIGIN.key, f"event-{number}", {"text": text}, TUESDAY_NOON)


def parse(event: Event) -> list[FetchedPost]:
    text = event.payload["text"]
    if not isinstance(text, str):
        raise BadPayloadError("событие не такое")
    return [replace(LAMP, text=text, external_id=f"-7_{event.event_id}")]


async def no_connector(_: Source) -> Connector:
    raise AssertionError("without a poll nobody is asked")


async def test_events_are_read_once_whatever_comes_again(engine: sa.Engine) -> None:
    # Given two events, of which one is pushed twice
    pushed(engine, 1, "Не горит фонарь на Лесной")
    pushed(engine, 2, "Яма на Лесной")
    pushed(engine, 1, "Не горит фонарь на Лесной")
    # When the source is read for its events alone, twice
    for _ in range(2):
        await read_source(
            ORIGIN,
            desk(engine),
            connect=no_connector,
            every=lambda: MINUTE,
            parse=parse,
            poll=False,
        )
    # Then each is there once
    assert texts(engine) == ["Не горит фонарь на Лесной", "Яма на Лесной"]
    with reading(engine) as session:
        events = session.exec(select(Event)).all()
        assert [(event.taken_at, event.payload) for event in events] == [(TUESDAY_NOON, {})] * 2


async def test_an_event_that_nobody_can_read_keeps_no_other_waiting(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        keep_event(session, ORIGIN.key, "bad", {"text": 5}, TUESDAY_NOON)
    pushed(engine, 2, "Яма на Лесной")

    await read_source(
        ORIGIN, desk(engine), connect=no_connector, every=lambda: MINUTE, parse=parse, poll=False
    )

    assert texts(engine) == ["Яма на Лесной"]
    with reading(engine) as session:
        assert [one.what for one in session.exec(select(Unreadable))] == ["событие не такое"]


async def test_lost_events_make_the_pages_be_read(engine: sa.Engine) -> None:
    async def lost(_: Source) -> bool:
        return True

    await read_source(
        ORIGIN,
        desk(engine),
        connect=connecting(Pages((LAMP,))),
        every=lambda: MINUTE,
        parse=parse,
        drain=lost,
        poll=False,
    )

    assert texts(engine) == [LAMP.text]


async def test_a_source_that_falls_silent_is_noticed(engine: sa.Engine) -> None:
    # Given a source that published every hour until two days ago
    old = [
        replace(post(10 + hour), published_at=TUESDAY_NOON - timedelta(hours=48 + hour))
        for hour in range(5)
    ]
    # When it is read now
    await read(engine, tuple(old))
    # Then it has been silent for longer than it usually is
    source = state(engine)
    assert source.usual_gap == 3600
    assert source.silent_since == TUESDAY_NOON - timedelta(hours=48 - 14)
    # Until it speaks again
    await read(engine, (), (LAMP,))
    assert state(engine).silent_since is None
