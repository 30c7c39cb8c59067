"""The outbox is sent: once, whatever the network does and whenever the process dies."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from answering import RULES, TEXT, entries, post_of, queue, stored
from console.builders import NOW, OPERATOR, operator
from fakes.publisher import FakePublisher, Mode
from outbox import Office
from sqlmodel import select

from connectors.publishing import Published, Reply
from models.post import Post
from models.vocabulary import Act, AnswerState
from pipeline.database import unit_of_work
from pipeline.decisions.publishing import GAVE_UP, LONGEST_ATTEMPT, MINUTE
from pipeline.desk import outbox
from pipeline.publish import publish_due


@pytest.fixture
def office(engine: sa.Engine) -> Office:
    return Office(engine)


def state(office: Office, answer_id: int) -> AnswerState:
    return stored(office.engine, answer_id).state


async def test_an_answer_goes_out_and_its_page_is_kept(office: Office) -> None:
    answer_id = queue(office.engine)

    tally = await office.look()

    assert (tally.published, tally.tried) == (1, 1)
    assert "published 1" in tally.line()
    assert office.network.below(post_of(office.engine, answer_id)) == [TEXT]
    answer = stored(office.engine, answer_id)
    assert (answer.state, answer.published_at) == (AnswerState.PUBLISHED, NOW)
    assert answer.url == "https://vk.com/wall?reply=1"
    assert office.network.calls == ["publish"], "nobody had sent it, so nobody looked for it"
    assert (await office.look()).tried == 0


async def test_the_key_and_the_thread_go_with_it(office: Office) -> None:
    answer_id = queue(office.engine)
    with unit_of_work(office.engine) as session:
        post = session.exec(select(Post)).one()
        post.root_id, post.parent_id, post.author_id = "-1_0", "-1_0_r1", "1001"
    await office.look()
    sent = office.network.standing[0].reply
    assert sent == Reply(
        external_id=post_of(office.engine, answer_id),
        root_id="-1_0",
        parent_id="-1_0_r1",
        author_id="1001",
        text=TEXT,
        key=stored(office.engine, answer_id).key,
    )


@pytest.mark.parametrize("mode", [Mode.LOST_AFTER, Mode.LATE])
async def test_what_was_lost_on_the_way_back_is_found_and_not_sent_twice(
    office: Office, mode: Mode
) -> None:
    answer_id = queue(office.engine)
    office.network.publishing = [mode]

    assert (await office.look()).unknown == 1
    answer = stored(office.engine, answer_id)
    assert (answer.state, answer.sent_at) == (AnswerState.SENDING, NOW)
    assert "ВКонтакте не отвечает" in answer.error
    assert (await office.look(MINUTE - timedelta(seconds=1))).tried == 0, "too early to look"
    assert (await office.look(timedelta(seconds=1))).found == 1

    assert state(office, answer_id) is AnswerState.PUBLISHED
    assert office.network.calls == ["publish", "find"]
    assert len(office.network.standing) == 1


async def test_what_never_arrived_is_looked_for_and_sent_again_with_its_key(
    office: Office,
) -> None:
    answer_id = queue(office.engine)
    office.network.publishing = [Mode.LOST_BEFORE, Mode.LOST_BEFORE]

    await office.look()
    await office.look(MINUTE)
    assert stored(office.engine, answer_id).attempts == 2
    assert (await office.look(2 * MINUTE)).published == 1

    assert office.network.calls == ["publish", "find", "publish", "find", "publish"]
    assert stored(office.engine, answer_id).error == ""
    assert len(office.network.standing) == 1


@pytest.mark.parametrize(("mode", "stands"), [(Mode.SLOW, 1), (Mode.STUCK, 0)])
async def test_an_attempt_that_never_ends_is_given_up_and_unknown(
    office: Office, mode: Mode, stands: int
) -> None:
    answer_id = queue(office.engine)
    office.network.publishing, office.longest = [mode], 0.01

    assert (await office.look()).unknown == 1
    assert "Сеть не ответила" in stored(office.engine, answer_id).error
    assert len(office.network.standing) == stands
    office.longest = 40.0
    await office.look_until_quiet(answer_id)

    assert state(office, answer_id) is AnswerState.PUBLISHED
    assert len(office.network.standing) == 1


async def test_after_six_attempts_and_a_last_look_a_person_has_to_see(office: Office) -> None:
    answer_id = queue(office.engine)
    office.network.publishing = [Mode.LOST_BEFORE] * 10

    await office.look_until_quiet(answer_id)

    answer = stored(office.engine, answer_id)
    assert answer.state is AnswerState.REFUSED
    assert answer.error.startswith(GAVE_UP)
    assert office.network.calls.count("publish") == 6
    assert office.network.calls[-1] == "find", "never given up without a look"
    assert office.clock.now - NOW > timedelta(hours=1)
    assert entries(office.engine)[-1].act is Act.ANSWER_REFUSED


async def test_a_network_that_cannot_be_looked_at_is_not_sent_to(office: Office) -> None:
    answer_id = queue(office.engine)
    office.network.publishing = [Mode.LOST_AFTER]
    office.network.finding = [Mode.LOST_BEFORE, Mode.BUG, Mode.DEAD_TOKEN, Mode.REFUSED]

    await office.look_until_quiet(answer_id)

    assert office.network.calls == ["publish", "find", "find", "find", "find"]
    assert stored(office.engine, answer_id).error.startswith(GAVE_UP)
    # And when a person asks for it again, it is found
    version = stored(office.engine, answer_id).version
    with unit_of_work(office.engine) as session:
        assert (
            outbox.repeat(session, answer_id, actor=operator("op"), version=version, now=NOW)
            is None
        )
    assert (await office.look()).found == 1
    assert len(office.network.standing) == 1


async def test_what_the_network_refuses_goes_back_to_the_operator_and_may_be_repeated(
    office: Office,
) -> None:
    answer_id = queue(office.engine)
    office.network.publishing = [Mode.REFUSED]

    assert (await office.look()).refused == 1
    refused = stored(office.engine, answer_id)
    assert (refused.state, refused.error) == (AnswerState.REFUSED, "ВКонтакте: отказ (refused).")
    assert (await office.look(timedelta(days=1))).tried == 0

    with unit_of_work(office.engine) as session:
        outbox.repeat(
            session, answer_id, actor=OPERATOR, version=refused.version, now=office.clock.now
        )
    assert (await office.look()).published == 1
    assert office.network.standing[0].reply.key == refused.key


@pytest.mark.parametrize(
    ("mode", "minutes"),
    [(Mode.DEAD_TOKEN, 10), (Mode.PARKED, 10), (Mode.PACE, 1), (Mode.HELD, 1)],
)
async def test_what_was_surely_not_sent_waits_in_the_queue_with_the_reason_shown(
    office: Office, mode: Mode, minutes: int
) -> None:
    answer_id = queue(office.engine)
    office.network.publishing = [mode]

    assert (await office.look()).waiting == 1

    answer = stored(office.engine, answer_id)
    assert (answer.state, answer.sent_at, answer.attempts) == (AnswerState.QUEUED, None, 0)
    assert answer.error
    assert answer.due_at == NOW + minutes * MINUTE
    assert (await office.look(minutes * MINUTE)).published == 1
    assert "find" not in office.network.calls


async def test_after_a_flood_the_answer_is_looked_for_before_more_is_said(office: Office) -> None:
    queue(office.engine)
    office.network.publishing = [Mode.FLOOD]
    assert (await office.look()).unknown == 1
    assert (await office.look(9 * MINUTE)).tried == 0
    assert (await office.look(MINUTE)).published == 1
    assert office.network.calls == ["publish", "find", "publish"]


async def test_a_bug_in_a_publisher_is_noted_and_stops_nothing_else(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = queue(office.engine), queue(office.engine, text="Свет включён.")
    office.network.publishing = [Mode.BUG]

    tally = await office.look()
    assert tally.broken == {"vk:luga"}
    assert "vk:luga" in caplog.text
    error = stored(office.engine, first).error
    assert "внутренняя ошибка программы" in error
    assert "comment_id" not in error
    assert (await office.look()).published == 1
    await office.look_until_quiet(first)

    assert state(office, first) is state(office, second) is AnswerState.PUBLISHED


async def test_without_a_publisher_the_answer_waits_and_says_so(office: Office) -> None:
    answer_id = queue(office.engine)
    tally = await publish_due(office.engine, lambda _: None, rules=RULES, clock=office.clock)
    answer = stored(office.engine, answer_id)
    assert (tally.waiting, answer.state) == (1, AnswerState.QUEUED)
    assert "не настроена" in answer.error
    assert (await office.look(10 * MINUTE)).published == 1


async def test_a_post_that_was_deleted_meanwhile_is_not_answered(office: Office) -> None:
    answer_id = queue(office.engine)
    with unit_of_work(office.engine) as session:
        session.exec(select(Post)).one().deleted_at = NOW
    assert (await office.look()).refused == 1
    assert "удалил" in stored(office.engine, answer_id).error
    assert office.network.calls == []


async def test_a_text_that_this_network_does_not_take_is_not_sent(office: Office) -> None:
    answer_id = queue(office.engine)
    office.network.limit = 10
    assert (await office.look()).refused == 1
    assert "из 10" in stored(office.engine, answer_id).error
    assert office.network.calls == []


async def test_a_worker_that_was_stopped_for_long_sends_nothing_any_more(office: Office) -> None:
    # Given an answer that has to be looked for, and a worker who is held up while looking
    answer_id = queue(office.engine)
    office.network.publishing = [Mode.LOST_BEFORE]
    await office.look()

    class HeldUp(FakePublisher):
        async def find(self, reply: Reply) -> Published | None:
            office.clock.now += LONGEST_ATTEMPT
            return await super().find(reply)

    held_up = HeldUp(office.clock.show)
    office.clock.now += MINUTE
    # When it goes on after its time
    tally = await publish_due(office.engine, lambda _: held_up, rules=RULES, clock=office.clock)
    # Then nothing was sent, and the answer still goes out once
    assert held_up.calls == ["find"]
    assert tally.unknown == 1
    await office.look_until_quiet(answer_id)
    assert len(office.network.standing) == 1


async def test_a_source_that_fails_rests_and_the_others_are_served(office: Office) -> None:
    mine = [queue(office.engine, text=f"Ответ {number}") for number in range(5)]
    other = queue(office.engine, key="ok:luga")
    broken, works = FakePublisher(office.clock.show), FakePublisher(office.clock.show)
    broken.publishing = [Mode.LOST_BEFORE] * 10
    publishers = {"vk:luga": broken, "ok:luga": works}

    tally = await publish_due(office.engine, publishers.get, rules=RULES, clock=office.clock)

    assert (tally.unknown, tally.published) == (1, 1)
    assert broken.calls == ["publish"], "four others were spared"
    assert state(office, other) is AnswerState.PUBLISHED
    assert [state(office, one) for one in mine] == [AnswerState.SENDING] + [AnswerState.QUEUED] * 4


async def test_no_source_waits_for_another_one(office: Office) -> None:
    # Given a source that answers only once the other one was served
    slow_id, quick_id = queue(office.engine, key="a:slow"), queue(office.engine, key="b:quick")
    served = asyncio.Event()

    class Slow(FakePublisher):
        async def publish(self, reply: Reply) -> Published:
            await served.wait()
            return await super().publish(reply)

    class Quick(FakePublisher):
        async def publish(self, reply: Reply) -> Published:
            published = await super().publish(reply)
            served.set()
            return published

    publishers = {"a:slow": Slow(office.clock.show), "b:quick": Quick(office.clock.show)}
    tally = await publish_due(
        office.engine, publishers.get, rules=RULES, clock=office.clock, longest=20.0
    )
    # Then both are published by the same look
    assert tally.published == 2
    assert state(office, slow_id) is state(office, quick_id) is AnswerState.PUBLISHED


async def test_a_source_with_many_answers_does_not_hold_up_the_next_look(office: Office) -> None:
    for number in range(4):
        queue(office.engine, text=f"Ответ {number}")

    class Sluggish(FakePublisher):
        async def publish(self, reply: Reply) -> Published:
            office.clock.now += timedelta(seconds=25)
            return await super().publish(reply)

    sluggish = Sluggish(office.clock.show)
    first = await publish_due(office.engine, lambda _: sluggish, rules=RULES, clock=office.clock)
    second = await publish_due(office.engine, lambda _: sluggish, rules=RULES, clock=office.clock)
    assert (first.published, second.published) == (2, 2)
