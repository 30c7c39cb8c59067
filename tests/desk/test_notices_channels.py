"""Channels of people and bodies."""

import pytest
import sqlalchemy as sa
from noticing import NoticeOffice, body_code

from models.channel_words import ChannelKind, DeliveryState
from models.vocabulary import Occasion
from pipeline.database import unit_of_work
from pipeline.decisions.channels import Wanted
from pipeline.desk.channels import ChannelError, Owner, put_channel, switch_off

MAIL = Wanted(ChannelKind.EMAIL, "katyn@example.ru")
BOT = Wanted(ChannelKind.TELEGRAM, "42", "bot")


@pytest.fixture
def office(engine: sa.Engine) -> NoticeOffice:
    return NoticeOffice(engine, mail=True)


def put(office: NoticeOffice, wanted: Wanted, owner: Owner | None = None) -> int:
    with unit_of_work(office.engine) as session:
        return put_channel(session, owner or Owner(body=body_code()), wanted, now=office.clock.now)


def test_the_same_address_is_one_channel(office: NoticeOffice) -> None:
    person = Owner(staff_id=office.person("ivanova"))
    assert put(office, BOT, person) == put(office, BOT, person)
    assert put(office, BOT, person) != put(office, BOT)
    assert len(office.channels()) == 2


def test_an_owner_is_a_person_or_a_body(office: NoticeOffice) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        put(office, BOT, Owner())
    with pytest.raises(sa.exc.IntegrityError):
        put(office, BOT, Owner(staff_id=office.person("ivanova"), body="katynskoe"))


def test_what_makes_no_sense_is_not_stored(office: NoticeOffice) -> None:
    with pytest.raises(ChannelError, match="не адрес почты"):
        put(office, Wanted(ChannelKind.EMAIL, "nobody"))
    assert office.channels() == []


async def test_a_bodys_own_mail_takes_the_place_of_the_regions(office: NoticeOffice) -> None:
    office.say(Occasion.ASSIGNED, office.incident(), body=body_code())
    office.world.failures[1] = ["later"]
    await office.look()
    assert put(office, MAIL) == 1
    (channel,) = office.channels()
    assert (channel.address, channel.active) == ("katyn@example.ru", True)
    await office.look_until_quiet()
    assert office.states() == [DeliveryState.SENT]


async def test_a_bodys_other_channel_switches_the_regions_mailbox_off(
    office: NoticeOffice,
) -> None:
    office.say(Occasion.ASSIGNED, office.incident(), body=body_code())
    await office.look()
    assert put(office, BOT) == 2
    assert [one.active for one in office.channels()] == [False, True]
    office.say(Occasion.WARNING, office.incident(), body=body_code())
    await office.look()
    assert [channel for channel, _ in office.world.arrived] == [1, 2]


async def test_what_waits_for_a_channel_that_is_switched_off_is_not_sent(
    office: NoticeOffice,
) -> None:
    channel = office.operator()
    office.world.failures[channel] = ["later"]
    office.say(Occasion.URGENT, office.incident())
    await office.look()
    with unit_of_work(office.engine) as session:
        assert switch_off(session, channel, now=office.clock.now) == 1
    await office.look_until_quiet()
    assert (office.states(), office.world.arrived) == ([DeliveryState.DROPPED], [])
    with unit_of_work(office.engine) as session, pytest.raises(ChannelError, match="нет"):
        switch_off(session, channel, now=office.clock.now)
