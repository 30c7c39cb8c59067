"""Answers in MAX: where they go, how they are found again, what is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from fakes.max import MaxFake
from fakes.max_world import BOT_ID, TOKEN, FakeMessage, MaxWorld
from fakes.server import FakeServer, Fault, Faults
from messengers import Desk, Time, desk

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.max.api import MaxApi
from connectors.max.publisher import MaxPublisher
from connectors.publishing import Publisher, Reply

CHANNEL, GROUP, DIALOG = -71, -72, 73
TEXT = "Здравствуйте! Воду дадут к 18:00."


@dataclass(slots=True)
class Bench:
    world: MaxWorld
    time: Time
    server: FakeServer
    desk: Desk
    post: FakeMessage = field(init=False)
    said: FakeMessage = field(init=False)
    talk: FakeMessage = field(init=False)

    def __post_init__(self) -> None:
        self.world.add_chat(CHANNEL, "channel", "Район")
        self.world.add_chat(GROUP, "chat", "Соседи")
        self.world.add_chat(DIALOG, "dialog", "Диалог")
        self.post = self.world.say(CHANNEL, "Отключение воды", author=None)
        self.said = self.world.comment(self.post, "Когда дадут?", author=501)
        self.talk = self.world.say(GROUP, "Нет воды", author=502)

    def publisher(self, token: str = TOKEN) -> MaxPublisher:
        return MaxPublisher(MaxApi(self.desk.http, self.desk.keyed(token), base=self.server.url))

    def standing(self) -> list[FakeMessage]:
        """Return what the bot has said, wherever."""
        found = []
        for chat in self.world.chats.values():
            for message in chat.messages.values():
                found += [message, *message.comments.values()]
        return [one for one in found if one.author == BOT_ID]


def reply_to(message: FakeMessage, text: str = TEXT) -> Reply:
    own, root = f"{message.chat}_{message.mid}", ""
    if message.post is not None:
        root = f"{message.chat}_{message.post.mid}"
        own = f"{root}_{message.mid}"
    return Reply(own, root, "", str(message.author or ""), text, "k" * 12)


@asynccontextmanager
async def bench(faults: Faults | None = None) -> AsyncIterator[Bench]:
    time = Time()
    world = MaxWorld(clock=time.clock)
    async with FakeServer(MaxFake(world).app, faults=faults) as server, desk(time) as one:
        yield Bench(world, time, server, one)


async def test_a_comment_is_answered_below_its_post() -> None:
    async with bench() as there:
        published = await there.publisher().publish(reply_to(there.said))

        (answer,) = there.standing()
        assert (answer.text, answer.answers, answer.post) == (TEXT, there.said, there.post)
        assert published.external_id == f"{CHANNEL}_{there.post.mid}_{answer.mid}"
        assert published.url == ""


async def test_a_message_of_a_group_is_answered_in_the_group() -> None:
    async with bench() as there:
        published = await there.publisher().publish(reply_to(there.talk))

        (answer,) = there.standing()
        assert (answer.chat, answer.answers) == (GROUP, there.talk)
        assert published.external_id == f"{GROUP}_{answer.mid}"


async def test_an_answer_of_an_answer_in_a_group_stays_there() -> None:
    async with bench() as there:
        second = there.world.say(GROUP, "И у нас", author=503, answers=there.talk)
        asked = replace(reply_to(second), root_id=f"{GROUP}_{there.talk.mid}")

        await there.publisher().publish(asked)

        (answer,) = there.standing()
        assert (answer.chat, answer.answers, answer.post) == (GROUP, second, None)


async def test_an_appeal_to_the_bot_is_answered_in_its_dialog() -> None:
    async with bench() as there:
        appeal = there.world.say(DIALOG, "Нет воды", author=505)

        await there.publisher().publish(reply_to(appeal))

        (answer,) = there.standing()
        assert (answer.chat, answer.answers) == (DIALOG, appeal)


async def test_a_channels_post_is_answered_below_it_and_never_beside_it() -> None:
    async with bench() as there:
        published = await there.publisher().publish(reply_to(there.post))

        (answer,) = there.standing()
        assert (answer.post, answer.answers) == (there.post, None)
        assert list(there.world.chats[CHANNEL].messages) == [there.post.mid]
        assert published.external_id == f"{CHANNEL}_{there.post.mid}_{answer.mid}"
        assert await there.publisher().find(reply_to(there.post)) == published


async def test_an_answer_is_found_by_its_words_and_by_what_it_answers() -> None:
    async with bench() as there:
        publisher = there.publisher()
        other = there.world.comment(there.post, "А у нас?", author=504)
        for message in (there.said, there.talk):
            assert await publisher.find(reply_to(message)) is None
            published = await publisher.publish(reply_to(message))
            assert await publisher.find(reply_to(message)) == published
            assert await publisher.find(reply_to(message, "Другое")) is None

        assert await publisher.find(reply_to(other)) is None, "another citizen, the same words"


async def test_a_citizen_who_repeats_our_words_is_not_us() -> None:
    async with bench() as there:
        there.world.comment(there.post, TEXT, author=504, answers=there.said)

        assert await there.publisher().find(reply_to(there.said)) is None


async def test_an_answer_in_the_channels_own_name_is_ours() -> None:
    async with bench() as there:
        there.world.comment(there.post, f" {TEXT}\n", author=None, answers=there.said)

        found = await there.publisher().find(reply_to(there.said))

        assert found is not None


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("fault", list(Fault))
async def test_a_lost_answer_is_sent_once_and_can_be_looked_for(
    fault: Fault, *, carried_out: bool
) -> None:
    async with bench(Faults(hang_seconds=0.02)) as there:
        publisher = there.publisher()
        there.server.faults.planned = [(fault, carried_out)]

        with pytest.raises(UnreachableError):
            await publisher.publish(reply_to(there.said))

        found = await publisher.find(reply_to(there.said))
        assert len(there.standing()) == carried_out
        assert (found is not None) == carried_out


async def test_a_refusal_for_pace_is_sent_again() -> None:
    async with bench() as there:
        publisher = there.publisher()
        for _ in range(4):
            await publisher.publish(reply_to(there.said))

        assert len(there.standing()) == 4
        assert 429 in [call.status for call in there.world.log]


async def test_comments_that_are_switched_off_are_the_operators_to_know() -> None:
    async with bench() as there:
        there.world.chats[CHANNEL].comments_on = False

        with pytest.raises(ApiError, match="комментарии под этой записью выключены") as caught:
            await there.publisher().publish(reply_to(there.said))

        assert caught.value.action is Action.REFUSED


async def test_what_was_deleted_meanwhile_is_not_answered() -> None:
    async with bench() as there:
        there.world.remove(there.talk)

        with pytest.raises(ApiError, match="могли удалить") as caught:
            await there.publisher().publish(reply_to(there.talk))

        assert caught.value.action is Action.REFUSED
        assert there.standing() == []


@pytest.mark.parametrize("text", ["", " \n", "я" * 4001])
async def test_an_impossible_text_is_not_sent(text: str) -> None:
    async with bench() as there:
        with pytest.raises(ApiError, match="Исправьте текст") as caught:
            await there.publisher().publish(reply_to(there.said, text))

        assert caught.value.action is Action.REFUSED
        assert there.world.log == []


async def test_the_longest_text_is_taken() -> None:
    async with bench() as there:
        publisher: Publisher = there.publisher()
        text = "я" * publisher.limit

        await publisher.publish(reply_to(there.said, text))

        assert [one.text for one in there.standing()] == [text]


@pytest.mark.parametrize("external_id", ["", "71", "x_mid.1", "-71_", "-71_../me", "-71_a/b"])
async def test_ids_of_another_network_lead_nowhere(external_id: str) -> None:
    async with bench() as there:
        asked = replace(reply_to(there.said), external_id=external_id, root_id="")
        for act in (there.publisher().publish, there.publisher().find):
            with pytest.raises(ApiError, match="Ответьте вручную"):
                await act(asked)

        assert there.world.log == []


async def test_a_wrong_token_publishes_nothing_and_is_not_shown() -> None:
    async with bench() as there:
        with pytest.raises(SourceError, match="получите новый") as caught:
            await there.publisher("wrong-token").publish(reply_to(there.said))

        assert "wrong-token" not in str(caught.value)
        assert there.standing() == []
