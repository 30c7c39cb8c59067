"""The outbox of notices: who is told, when, and what becomes of what fails."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from noticing import NoticeOffice, body_code, region

from models.channel_words import ChannelKind, DeliveryState, Frequency
from models.delivery import Channel
from models.staff import Staff
from models.vocabulary import Occasion, Role, Stage, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.decisions.delivering import MOST_ATTEMPTS
from pipeline.desk.channels import switch_off
from pipeline.desk.deliveries import retry
from pipeline.desk.notices import Announcement, announce_all
from pipeline.rules import calendar_of
from pipeline.store.notices import unheard

NIGHT = datetime(2026, 11, 17, 20, 0, tzinfo=UTC)
"""23:00 in Moscow."""

SATURDAY = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def office(engine: sa.Engine) -> NoticeOffice:
    return NoticeOffice(engine)


async def test_an_operator_is_told_of_an_urgent_incident_once(office: NoticeOffice) -> None:
    channel = office.operator()
    incident = office.incident(urgency=Urgency.URGENT)
    assert office.say(Occasion.URGENT, incident)
    assert not office.say(Occasion.URGENT, incident)
    await office.look()
    await office.look(timedelta(hours=1))
    (text,) = office.world.texts(channel)
    assert f"№ {incident}" in text
    assert f"https://otklik.example.ru/incident/{incident}" in text
    assert "17.11.2026 15:00 (МСК)" in text
    # The lunch hour is none of it.
    assert re.search(r"осталось \d ч(?: \d\d мин)? рабочего времени", text)
    assert office.states() == [DeliveryState.SENT]


async def test_many_announced_at_once_are_each_kept_once(office: NoticeOffice) -> None:
    incident = office.incident()
    rows = [
        Announcement(f"k{number % 700}", Occasion.RETURNED, office.clock.now, incident)
        for number in range(1400)
    ]
    with unit_of_work(office.engine) as session:
        assert announce_all(session, rows) == 700
        assert announce_all(session, rows) == 0


async def test_what_is_rolled_back_is_never_told(office: NoticeOffice) -> None:
    office.operator()
    one = Announcement("lost", Occasion.URGENT, office.clock.now)
    with unit_of_work(office.engine) as session:
        announce_all(session, [one])
        session.rollback()
    assert (await office.look()).addressed == 0


async def test_executors_hear_of_their_own_body_alone(office: NoticeOffice) -> None:
    ours = office.channel(office.person("ours", Role.EXECUTOR, body_code()))
    office.channel(office.person("theirs", Role.EXECUTOR, "another"))
    office.operator()
    office.say(Occasion.ASSIGNED, office.incident(), body=body_code())
    await office.look()
    assert [channel for channel, _ in office.world.arrived] == [ours]


async def test_helpers_and_roles_of_the_notice_are_told_as_well(office: NoticeOffice) -> None:
    helper = office.channel(body="another")
    observer = office.channel(office.person("observer", Role.OBSERVER))
    facts = {"helpers": ["another"]}
    office.say(
        Occasion.ASSIGNED,
        office.incident(),
        body=body_code(),
        roles=(Role.OBSERVER,),
        facts=facts,
    )
    await office.look()
    assert sorted(channel for channel, _ in office.world.arrived) == [helper, observer]
    assert "Вы соисполнитель: №" in office.world.texts(helper)[0]


async def test_a_body_without_a_channel_is_told_by_its_mailbox(office: NoticeOffice) -> None:
    office.mail = True
    office.notifier = office.worker()
    office.say(Occasion.ASSIGNED, office.incident(), body=body_code())
    office.say(Occasion.WARNING, office.incident(), body=body_code())
    await office.look()
    (channel,) = office.channels()
    assert (channel.body, channel.kind, channel.address) == (body_code(), ChannelKind.EMAIL, "")
    assert len(office.world.arrived) == 2


async def test_a_body_whose_mailbox_was_switched_off_is_left_alone(office: NoticeOffice) -> None:
    office.mail = True
    office.notifier = office.worker()
    channel = office.channel(body=body_code(), kind=ChannelKind.EMAIL, address="", secret="")
    with unit_of_work(office.engine) as session:
        switch_off(session, channel, now=office.clock.now)
    office.say(Occasion.ASSIGNED, office.incident(), body=body_code())
    assert (await office.look()).unheard == 1
    with reading(office.engine) as session:
        assert len(unheard(session, office.clock.now - timedelta(days=1), 10)) == 1


async def test_reminders_wait_for_working_hours_and_the_urgent_need_not(
    office: NoticeOffice,
) -> None:
    office.clock.now = SATURDAY
    patient, restless = office.operator(), office.operator(urgent_at_once=True)
    past = office.clock.now - timedelta(hours=1)
    office.say(Occasion.OVERDUE, office.incident(due_at=past, urgency=Urgency.URGENT))
    await office.look()
    assert [channel for channel, _ in office.world.arrived] == [restless]
    monday = calendar_of(region()).add(SATURDAY, timedelta())
    assert monday.weekday() == 0
    await office.look(monday - SATURDAY - timedelta(minutes=1))
    assert len(office.world.arrived) == 1
    await office.look(timedelta(minutes=1))
    assert [channel for channel, _ in office.world.arrived] == [restless, patient]


async def test_hours_of_silence_hold_what_is_no_reminder_too(office: NoticeOffice) -> None:
    office.clock.now = NIGHT
    office.operator(quiet_from="21:00", quiet_to="08:00")
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    await office.look()
    assert office.world.arrived == []
    await office.look(timedelta(hours=9))
    assert len(office.world.arrived) == 1


async def test_a_worker_that_comes_late_keeps_the_silence_as_well(office: NoticeOffice) -> None:
    office.operator(quiet_from="21:00", quiet_to="08:00")
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    office.world.failures[1] = ["later"]
    await office.look()
    office.clock.now = NIGHT
    await office.look()
    assert office.world.arrived == []
    assert office.delivery().due_at == NIGHT + timedelta(hours=9)


async def test_a_digest_holds_everything_that_came_up_to_its_hour(office: NoticeOffice) -> None:
    channel = office.operator(frequency=Frequency.DAILY, digest_at="17:00")
    numbers = [office.incident(stage=Stage.RETURNED) for _ in range(3)]
    for number in numbers:
        office.say(Occasion.RETURNED, number)
        await office.look(timedelta(hours=1))
    assert office.world.arrived == []
    await office.look(timedelta(hours=2))  # 17:00 in Moscow
    (text,) = office.world.texts(channel)
    assert "Уведомлений: 3" in text
    assert all(f"№ {number}," in text for number in numbers)
    assert set(office.states()) == {DeliveryState.SENT}


async def test_a_flood_goes_out_as_one_message(office: NoticeOffice) -> None:
    office.operator()
    for _ in range(60):
        office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    tally = await office.look()
    assert (tally.sent, len(office.world.arrived)) == (60, 1)
    assert "Ещё 40 — в консоли." in office.world.texts()[0]


async def test_a_long_digest_keeps_to_the_limit_of_its_channel(office: NoticeOffice) -> None:
    office.world.limit = 600
    office.operator()
    for _ in range(30):
        office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    await office.look()
    (text,) = office.world.texts()
    assert len(text) <= 600
    assert "в консоли" in text


async def test_what_is_no_longer_true_is_not_told(office: NoticeOffice) -> None:
    office.clock.now = SATURDAY
    office.operator()
    incident = office.incident(due_at=SATURDAY - timedelta(hours=1))
    office.say(Occasion.OVERDUE, incident)
    await office.look()
    office.change(incident, stage=Stage.CLOSED)
    await office.look(timedelta(days=3))
    assert office.world.arrived == []
    assert (office.delivery().state, office.delivery().error) == (
        DeliveryState.DROPPED,
        "Инцидент закрыт.",
    )


async def test_people_who_left_are_told_nothing_more(office: NoticeOffice) -> None:
    person = office.person("leaving")
    office.channel(person)
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    office.world.failures[1] = ["later"]
    await office.look()
    with unit_of_work(office.engine) as session:
        session.get_one(Staff, person).active = False
    await office.look(timedelta(hours=1))
    assert office.states() == [DeliveryState.DROPPED]


async def test_failures_are_repeated_ever_more_seldom_and_then_parked(
    office: NoticeOffice,
) -> None:
    office.operator()
    office.world.failures[1] = ["later"] * 100
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    await office.look_until_quiet()
    assert len(office.world.tried) == MOST_ATTEMPTS
    assert office.delivery().state is DeliveryState.PARKED
    assert "Сервер просит подождать" in office.delivery().error


async def test_a_poisonous_notice_is_parked_and_its_neighbours_go_out(
    office: NoticeOffice,
) -> None:
    poisoned, healthy = office.operator(), office.operator()
    office.world.failures[poisoned] = ["refused"]
    for _ in range(3):
        office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    tally = await office.look()
    assert (tally.sent, tally.parked) == (5, 1)
    assert len(office.world.texts(poisoned)) == 2
    assert len(office.world.texts(healthy)) == 3
    with unit_of_work(office.engine) as session:
        assert retry(session, None, now=office.clock.now) == 1
    await office.look()
    assert len(office.world.texts(poisoned)) == 3


async def test_a_notice_that_cannot_be_told_stops_no_other(office: NoticeOffice) -> None:
    office.operator()
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    broken = office.incident(stage=Stage.RETURNED)
    office.say(Occasion.RETURNED, broken)
    # A moment so far that no calendar reaches it.
    office.change(broken, due_at=datetime(2400, 1, 1, tzinfo=UTC))
    tally = await office.look()
    assert (tally.sent, tally.parked) == (1, 1)


async def test_a_channel_that_hangs_delays_no_other(office: NoticeOffice) -> None:
    hanging, healthy = office.operator(), office.operator()
    office.world.failures[hanging] = ["hang"]
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    first = asyncio.create_task(office.look())
    await office.world.next_arrival()
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    # The first look may still be storing what it sent to the healthy one.
    sent = 0
    async with asyncio.timeout(20):
        while len(office.world.arrived) < 2:
            sent += (await office.look()).sent
            await asyncio.sleep(0.01)
    assert [channel for channel, _ in office.world.arrived] == [healthy, healthy]
    assert sent <= 1
    office.world.hanging.set()
    assert (await first).sent + sent == 4


async def test_an_attempt_that_takes_too_long_is_of_unknown_end(office: NoticeOffice) -> None:
    office.longest = 0.05
    office.notifier = office.worker()
    office.operator()
    office.world.failures[1] = ["hang"]
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    await office.look()
    assert office.delivery().state is DeliveryState.PARKED
    assert "неизвестно, дошло ли" in office.delivery().error


async def test_a_lost_confirmation_sends_again_only_what_is_worse_lost(
    office: NoticeOffice,
) -> None:
    office.operator()
    past = office.clock.now - timedelta(hours=1)
    office.world.failures[1] = ["lost_after"] * 5
    office.say(Occasion.OVERDUE, office.incident(due_at=past))
    await office.look_until_quiet()
    assert len(office.world.arrived) == 2
    assert len(set(office.world.keys())) == 1
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    await office.look_until_quiet()
    assert len(office.world.arrived) == 3
    assert set(office.states()) == {DeliveryState.PARKED}


async def test_two_workers_never_send_the_same(office: NoticeOffice) -> None:
    for _ in range(4):
        office.operator()
    for _ in range(4):
        office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    workers = [office.worker() for _ in range(3)]
    await asyncio.gather(*(worker.look() for worker in workers))
    await office.look()
    assert len(office.world.arrived) == 16
    assert len(set(office.world.keys())) == 16


async def test_a_channel_with_broken_words_is_used_at_once(office: NoticeOffice) -> None:
    channel = office.operator()
    with unit_of_work(office.engine) as session:
        session.get_one(Channel, channel).quiet_from = "утром"
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    assert (await office.look()).sent == 1


async def test_a_bug_of_a_sender_is_told_of_and_stops_no_other_channel(
    office: NoticeOffice,
) -> None:
    broken, healthy = office.operator(), office.operator()
    office.world.failures[broken] = ["bug"]
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    tally = await office.look()
    assert tally.broken == {"telegram"}
    assert len(office.world.texts(healthy)) == 1


def test_the_shipped_region_has_a_body_with_a_mailbox() -> None:
    assert any(body.contacts.email for body in region().bodies)
