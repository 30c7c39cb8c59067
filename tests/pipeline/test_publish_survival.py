"""Nothing is published twice and nothing is forgotten, whoever dies and whoever else works."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import sqlalchemy as sa
from answering import RULES, TEXT, entries, post_of, queue, stored
from console.builders import OPERATOR
from fakes.publisher import FakePublisher, KilledError, Mode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outbox import Clock, Office

from connectors.publishing import Reply
from models.post import Post
from models.vocabulary import Act, AnswerState
from pipeline.database import reading, unit_of_work
from pipeline.decisions.publishing import GAVE_UP, MINUTE
from pipeline.desk import outbox
from pipeline.publish import PublishTally, publish_due


def test_workers_that_look_at_once_send_each_answer_once(engine: sa.Engine) -> None:
    answers = [
        queue(engine, key=f"vk:{number % 3}", text=f"Ответ {number}") for number in range(24)
    ]
    clock = Clock()
    network = FakePublisher(clock.show)

    def work(_: int) -> PublishTally:
        return asyncio.run(publish_due(engine, lambda _: network, rules=RULES, clock=clock.show))

    with ThreadPoolExecutor(4) as workers:
        tallies = list(workers.map(work, range(4)))

    assert sum(tally.published for tally in tallies) == 24
    assert sum(tally.tried for tally in tallies) == 24
    assert sorted(one.reply.text for one in network.standing) == sorted(
        stored(engine, answer_id).text for answer_id in answers
    )
    with reading(engine) as session:
        kept = {session.get_one(Post, stored(engine, one).post_id).external_id for one in answers}
    assert {one.reply.external_id for one in network.standing} == kept
    published = [entry for entry in entries(engine) if entry.act is Act.ANSWER_PUBLISHED]
    assert len(published) == 24


@contextmanager
def dying_commit(engine: sa.Engine, number: int | None) -> Iterator[None]:
    """Let the process die instead of its commit of this number."""
    commits = count()

    def die(_connection: sa.Connection) -> None:
        if next(commits) == number:
            raise KilledError

    sa.event.listen(engine, "commit", die)
    try:
        yield
    finally:
        sa.event.remove(engine, "commit", die)


@dataclass(frozen=True)
class Day:
    """One look at the outbox: how long after the last one, what the network does, who dies.

    ``repeats`` is whether the operator sends a refused answer again before it.
    """

    after: timedelta
    repeats: bool
    publish: Mode
    find: Mode
    clock_dies: int | None
    commit_dies: int | None


ANYTHING = st.sampled_from([mode for mode in Mode if mode not in {Mode.SLOW, Mode.STUCK}])
DAYS = st.lists(
    st.builds(
        Day,
        after=st.sampled_from(
            [timedelta(seconds=1), timedelta(seconds=35), MINUTE, 20 * MINUTE, timedelta(hours=2)]
        ),
        repeats=st.booleans(),
        publish=ANYTHING,
        find=ANYTHING,
        clock_dies=st.none() | st.integers(0, 7),
        commit_dies=st.none() | st.integers(0, 2),
    ),
    max_size=12,
)


async def survive(office: Office, answer_id: int, day: Day) -> None:
    """Look once, whatever happens."""
    if day.repeats:
        version, now = stored(office.engine, answer_id).version, office.clock.now
        with unit_of_work(office.engine) as session:
            outbox.repeat(session, answer_id, actor=OPERATOR, version=version, now=now)
    office.network.publishing, office.network.finding = [day.publish], [day.find]
    if day.clock_dies is not None:
        office.clock.die_at(day.clock_dies)
    with dying_commit(office.engine, day.commit_dies):
        try:
            await office.look(day.after)
        except KilledError:
            pass
        finally:
            office.clock.dies_at = None


@given(days=DAYS)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_dies_or_gets_lost_nothing_is_doubled_and_nothing_forgotten(
    engine: sa.Engine, days: list[Day]
) -> None:
    office = Office(engine)
    answer_id = queue(engine)

    def told() -> bool:
        below = office.network.below(post_of(engine, answer_id))
        assert len(below) <= 1, "the citizen reads it twice"
        answer = stored(engine, answer_id)
        # One that a person sends again after nobody knew its end is looked for first.
        if answer.state is AnswerState.QUEUED and answer.sent_at is None:
            assert not below, "what may still be withdrawn surely does not stand there"
        if answer.state is AnswerState.PUBLISHED:
            assert below == [TEXT]
        return bool(below)

    async def live() -> None:
        for day in days:
            await survive(office, answer_id, day)
            told()
        # When the network has come to its senses, every answer comes to an end
        office.network.publishing, office.network.finding = [], []
        await office.look_until_quiet(answer_id)

    asyncio.run(live())
    stands, answer = told(), stored(engine, answer_id)
    assert answer.state in {AnswerState.PUBLISHED, AnswerState.REFUSED}
    if answer.state is AnswerState.REFUSED:
        # Given back to a person, who is told to look where it may stand
        assert answer.error
        assert not stands or answer.error.startswith(GAVE_UP)
    last = [entry for entry in entries(engine) if entry.after["answer"] == answer_id][-1]
    assert last.after["answer_state"] == answer.state.value


async def test_the_fake_network_really_doubles_what_is_published_twice() -> None:
    # Else the property above would show nothing.
    network = FakePublisher(Clock().show)
    reply = Reply("-1_1", "", "", "", TEXT, "key")
    await network.publish(reply)
    await network.publish(reply)
    assert network.below("-1_1") == [TEXT, TEXT]
