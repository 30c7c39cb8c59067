"""Nobody hears of a slip: notices of an act wait until it can hardly be taken back any more."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import OPERATOR
from noticing import NoticeOffice, body_code, region
from sqlmodel import select
from undoing import Bench, acting

from models.channel_words import DeliveryState
from models.journal import JournalEntry
from models.notice import Notice
from models.vocabulary import Act, Occasion, Role, Stage
from pipeline.database import reading
from pipeline.desk.undo import HELD, OFFERED, TAKEN_BACK
from pipeline.rules import Rules


class Desk:
    """An operator who gives an incident to a body that has a channel."""

    def __init__(self, engine: sa.Engine) -> None:
        self.office = NoticeOffice(engine)
        self.bench = Bench(
            engine, self.office.person("operator"), Rules.of(region()), self.office.clock.now
        )
        self.channel = self.office.channel(
            self.office.person("executor", Role.EXECUTOR, body_code())
        )
        other = next(one.code for one in region().bodies if one.code != body_code())
        self.incident = self.office.incident(stage=Stage.REVIEW, body=other)

    def assign(self) -> str:
        token = self.bench.do(self.incident, Act.ASSIGNED, acting(Act.ASSIGNED, body=body_code()))
        assert token is not None
        return token

    def undo(self, token: str) -> None:
        self.bench.now = self.office.clock.now
        assert self.bench.undo(token, actor=OPERATOR).restored == [self.incident]

    def told(self) -> JournalEntry:
        """Return what the journal says of the act that was taken back."""
        with reading(self.office.engine) as session:
            return session.exec(select(JournalEntry).where(JournalEntry.act == Act.UNDONE)).one()

    def notices(self) -> list[Notice]:
        with reading(self.office.engine) as session:
            return list(session.exec(select(Notice)).all())


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    return Desk(engine)


async def test_a_body_is_told_once_the_offer_to_undo_is_over(desk: Desk) -> None:
    desk.assign()
    await desk.office.look()
    await desk.office.look(OFFERED)
    assert desk.office.world.texts(desk.channel) == []

    await desk.office.look(HELD - OFFERED)

    assert len(desk.office.world.texts(desk.channel)) == 1


async def test_what_was_taken_back_at_once_was_never_announced(desk: Desk) -> None:
    desk.undo(desk.assign())

    assert desk.notices() == []
    await desk.office.look(timedelta(minutes=2))
    assert desk.office.world.texts() == []
    assert desk.told().after["notices_taken_back"] == 1


async def test_what_already_waits_in_a_channel_is_dropped(desk: Desk) -> None:
    token = desk.assign()
    await desk.office.look(timedelta(seconds=5))
    desk.undo(token)
    await desk.office.look(timedelta(minutes=2))

    assert desk.office.world.texts() == []
    (delivery,) = desk.office.deliveries()
    assert (delivery.state, delivery.error) == (DeliveryState.DROPPED, TAKEN_BACK)


async def test_what_has_gone_out_stays_and_the_journal_says_so(desk: Desk) -> None:
    token = desk.assign()
    await desk.office.look(HELD)
    await desk.office.look(HELD)
    assert len(desk.office.world.texts(desk.channel)) == 1
    desk.undo(token)

    entry = desk.told()
    assert entry.after["notices_gone"] == 1
    assert entry.reason.endswith("; уведомления, которые уже ушли: 1")


async def test_other_notices_go_out_at_once(desk: Desk) -> None:
    """What happened before the act, or to another incident, has no reason to wait."""
    desk.office.say(Occasion.REOPENED, desk.office.incident(body=body_code()))
    desk.office.say(Occasion.ASSIGNED, desk.office.incident(body=body_code()))
    desk.office.clock.now += timedelta(seconds=1)
    desk.bench.now = desk.office.clock.now
    desk.assign()
    await desk.office.look()

    assert len(desk.office.deliveries()) == 3
    assert sorted(one.state for one in desk.office.deliveries()) == ["sent", "sent", "waiting"]
