"""A worker may die between any two steps: no notice is lost, none is doubled beyond the rule."""

import asyncio
import os
import random
import re
import signal
import sys
import textwrap
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON
from fakes.publisher import KilledError
from fakes.smtp import SmtpFake
from hypothesis import given, settings
from hypothesis import strategies as st
from noticing import Clock, NoticeOffice

from models.channel_words import ChannelKind, DeliveryState
from models.vocabulary import Occasion, Role, Stage
from pipeline.database import migrate, open_database

ROOT = Path(__file__).parents[2]
PLAIN, WORSE_LOST = Occasion.RETURNED, Occasion.ESCALATION


async def live_on(office: NoticeOffice) -> None:
    """Look until nothing waits, a new process after each death."""
    for _ in range(20):
        try:
            await office.look_until_quiet()
        except KilledError:
            office.notifier = office.worker()
        else:
            return
    raise AssertionError("dies for ever")


def said(office: NoticeOffice, occasion: Occasion) -> int:
    past = office.clock.now - timedelta(hours=1)
    stage = Stage.RETURNED if occasion is PLAIN else Stage.WORK
    number = office.incident(stage=stage, due_at=past)
    office.say(occasion, number)
    return number


@pytest.mark.parametrize("occasion", [PLAIN, WORSE_LOST])
@pytest.mark.parametrize("look", range(9))
async def test_a_death_at_any_look_at_the_clock(
    engine: sa.Engine, look: int, occasion: Occasion
) -> None:
    # Each step of the worker begins with a look at the clock, so each step is died before once.
    office = NoticeOffice(engine)
    role = {PLAIN: Role.OPERATOR, WORSE_LOST: Role.APPROVER}[occasion]
    office.channel(office.person("somebody", role))
    office.clock.now = TUESDAY_NOON
    said(office, occasion)
    office.clock = Clock(office.clock.now, dies_at=look)
    office.notifier = office.worker()
    await live_on(office)
    most = 2 if occasion is WORSE_LOST else 1
    parked = office.states() == [DeliveryState.PARKED]
    assert len(office.world.arrived) <= most
    assert len(set(office.world.keys())) <= 1
    # What may not have arrived is for a person to see; nothing just vanishes.
    assert office.world.arrived or parked


@pytest.mark.parametrize("mode", ["killed_before", "killed_after"])
async def test_a_death_while_it_is_on_its_way(engine: sa.Engine, mode: str) -> None:
    office = NoticeOffice(engine)
    for occasion, role in ((PLAIN, Role.OPERATOR), (WORSE_LOST, Role.APPROVER)):
        office.channel(office.person(role, role))
        said(office, occasion)
    office.world.failures = {1: [mode], 2: [mode]}
    await live_on(office)
    arrived = Counter(channel for channel, _ in office.world.arrived)
    after = int(mode == "killed_after")
    assert (arrived[1], arrived[2]) == (after, 1 + after)
    assert office.states() == [DeliveryState.PARKED, DeliveryState.SENT]
    assert "неизвестно, дошло ли" in office.deliveries()[0].error


MODES = ["ok", "later", "lost_before", "lost_after", "killed_before", "killed_after", "bug"]


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_whatever_happens_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("notices") / "otklik.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    office = NoticeOffice(engine)
    office.operator()
    office.operator(kind=ChannelKind.WEBHOOK, address="https://example.ru/hook")
    for _ in range(3):
        said(office, PLAIN)
    fates = st.lists(st.sampled_from(MODES), max_size=6)
    office.world.failures = {1: data.draw(fates), 2: data.draw(fates)}
    asyncio.run(live_on(office))
    engine.dispose()
    once, knowing = (
        Counter(message.key for channel, message in office.world.arrived if channel == number)
        for number in (1, 2)
    )
    assert all(count == 1 for count in once.values())
    # A webhook's receiver knows a message again by its key, so it is never given up as unsure.
    assert len(knowing) == 3
    over = {DeliveryState.SENT, DeliveryState.PARKED}
    assert len(office.deliveries()) == 6
    assert set(office.states()) <= over


WORKER = """
    import asyncio, sys
    from datetime import UTC, datetime, timedelta
    from pathlib import Path
    from pipeline.database import open_database
    from pipeline.notify import open_notifier
    from pipeline.settings import load_settings

    async def main() -> None:
        # An hour of the product's time passes in a second of this machine's.
        began = datetime.now(UTC)
        noon = datetime.fromisoformat(sys.argv[1])
        clock = lambda: noon + (datetime.now(UTC) - began) * int(sys.argv[2])
        settings = load_settings()
        engine = open_database(settings.url())
        async with open_notifier(settings, engine, clock=clock) as notifier:
            while True:
                await notifier.look()
                await asyncio.sleep(0.02)

    asyncio.run(main())
"""


@pytest.mark.long
async def test_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - a test's own dice
    path = tmp_path / "otklik.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    office = NoticeOffice(engine)
    office.channel(
        office.person("operator"), kind=ChannelKind.EMAIL, address="o@example.ru", secret=""
    )
    worker = tmp_path / "worker.py"
    worker.write_text(textwrap.dedent(WORKER))
    async with SmtpFake() as mail:
        env = {
            **os.environ,
            "OTKLIK_HOME": str(tmp_path),
            "OTKLIK_DATABASE_URL": f"sqlite:///{path}",
            "OTKLIK_SMTP_URL": mail.url,
            "PYTHONPATH": str(ROOT),
        }
        for _ in range(200):
            # One a process, so that kills meet them one by one and not as a digest.
            said(office, PLAIN)
            moment = office.clock.now.isoformat()
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(worker), moment, "1", env=env
            )
            begun = len(mail.letters)
            for _ in range(200):
                await asyncio.sleep(0.02)
                if len(mail.letters) > begun or chance.random() < 0.005:
                    break
            await asyncio.sleep(chance.random() * 0.01)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            office.clock.now += timedelta(minutes=2)
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(worker), office.clock.now.isoformat(), "3600", env=env
        )
        for _ in range(600):
            await asyncio.sleep(0.1)
            if len(office.deliveries()) == 200 and office.next_due() is None:
                break
        process.kill()
        await process.wait()
    engine.dispose()
    # Many that waited at once come as one letter, so it is notices that are counted.
    told = Counter(
        int(number)
        for letter in mail.letters
        for number in re.findall(r"№ (\d+),", letter.get_content())
    )
    assert all(count == 1 for count in told.values())
    states = {one.notice_id: one.state for one in office.deliveries()}
    assert len(states) == 200
    assert set(states.values()) <= {DeliveryState.SENT, DeliveryState.PARKED}
    # Whatever is known to have gone out is there, and all the rest waits for a person.
    sent = {number for number, state in states.items() if state is DeliveryState.SENT}
    assert len(sent) > 100
    assert sent <= told.keys()
