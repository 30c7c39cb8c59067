"""The chats of a MAX bot: refusals, outages, limits, and a token that nobody may see."""

import pytest
from fakes.max_world import TOKEN
from fakes.server import Fault, Faults
from max_bench import CHANNEL, GROUP, bench, key
from messengers import read_through

from connectors.base import Action, ApiError, SourceError
from connectors.ledger import ParkedError
from connectors.max.chats import Chats
from connectors.max.probe import probe


async def test_a_closed_chat_does_not_stop_the_others() -> None:
    async with bench() as there:
        there.world.say(GROUP, "слово", author=501)
        there.world.chats[CHANNEL].admitted = False

        await there.read(chats=(CHANNEL, 99, GROUP))

        assert list(there.shelf.living().values()) == ["слово"]
        assert [one.payload for one in there.shelf.rejected] == [f"чат {CHANNEL}", "чат 99"]
        assert "сделайте бота администратором" in there.shelf.rejected[0].what


async def test_an_event_that_cannot_be_read_is_kept_and_passed_over() -> None:
    async with bench() as there:
        await there.read()
        there.world.updates.append({"update_type": "message_created", "timestamp": 1})
        there.world.updates.append({"update_type": "message_removed", "message_id": ".."})
        there.world.say(GROUP, "слышно", author=501)

        await there.read()

        assert there.shelf.living() == there.standing()
        assert ["message_created" in one.what for one in there.shelf.rejected] == [True, False]
        assert '"message_id":".."' in there.shelf.rejected[1].payload


async def test_a_wrong_token_is_parked() -> None:
    async with bench() as there:
        chats = Chats(there.api("wrong"), timeout=0)

        with pytest.raises(ApiError, match="получите новый") as caught:
            await chats.fetch({}, now=there.time.now())
        with pytest.raises(ParkedError):
            await chats.fetch({}, now=there.time.now())

        assert caught.value.action is Action.TOKEN_DEAD
        assert "wrong" not in str(caught.value)


async def test_a_webhook_that_was_forgotten_is_named() -> None:
    async with bench() as there:
        there.world.subscriptions.append({"url": "https://example.org", "secret": ""})

        with pytest.raises(ApiError, match="уходят на webhook") as caught:
            await there.chats().fetch({}, now=there.time.now())

        assert caught.value.action is Action.QUARANTINE


async def test_an_outage_is_waited_for() -> None:
    async with bench() as there:
        there.world.say(GROUP, "слово", author=501)
        there.world.unavailable = 3

        await there.read()

        assert [call.status for call in there.world.log[:4]] == [503, 503, 503, 200]
        assert there.shelf.living() == there.standing()


async def test_the_limit_of_requests_is_kept() -> None:
    async with bench() as there:
        for number in range(80):
            post = there.world.say(CHANNEL, f"пост {number}", author=None, quietly=True)
            there.world.comment(post, "да", author=501, quietly=True)
            there.time.forward(seconds=1)

        await there.read()

        assert len(there.world.log) > 80
        assert {call.status for call in there.world.log} == {200}
        assert there.shelf.living() == there.standing()


async def test_a_refusal_for_pace_is_obeyed() -> None:
    async with bench() as there:
        there.world.say(GROUP, "слово", author=501)
        there.world.rate = 0
        times: list[float] = []

        def allow() -> None:
            there.world.rate = 30

        there.world.later(there.time.at + 62, allow)
        await there.read()
        times += [call.at for call in there.world.log]

        assert [call.status for call in there.world.log[:3]] == [429, 429, 200]
        assert times[1] - times[0] >= 1
        assert there.shelf.living() == there.standing()


async def test_faults_on_every_third_answer_change_nothing() -> None:
    faults = Faults(share=0.3, seed=11, hang_seconds=0.02)
    async with bench(faults) as there:
        await read_through(there.chats(), there.shelf, there.time)
        for number in range(25):
            there.time.forward(minutes=30)
            post = there.world.say(CHANNEL, f"пост {number}", author=None)
            said = there.world.comment(post, f"мнение {number}", author=501)
            if number % 5 == 0:
                there.world.edit(said, f"исправлено {number}")
            if number % 7 == 0:
                there.world.remove(said)
            if number % 6 == 0:
                await read_through(there.chats(), there.shelf, there.time)
        for _ in range(2):
            await read_through(there.chats(), there.shelf, there.time)

        assert there.shelf.living() == there.standing()
        assert sum(faults.counted.values()) > 40


@pytest.mark.parametrize("fault", list(Fault))
async def test_no_error_shows_the_token(fault: Fault) -> None:
    async with bench(Faults(hang_seconds=0.02)) as there:
        there.server.faults.planned = [(fault, True)] * 20  # aiohttp itself asks twice

        with pytest.raises(SourceError) as caught:
            await there.chats().fetch({}, now=there.time.now())

        assert TOKEN not in repr(caught.value)
        assert caught.value.__cause__ is None


async def test_the_token_is_named_as_a_secret() -> None:
    async with bench() as there:
        await there.read()

        (asked, *_) = there.desk.http.asked
        assert asked.headers == {"Authorization": TOKEN}
        assert asked.secrets == {"Authorization"}
        assert TOKEN not in asked.url


async def test_a_probe_tells_what_the_token_may_do() -> None:
    async with bench() as there:
        well = await probe(there.api())
        there.world.lists_chats = True
        listing = await probe(there.api())
        badly = await probe(there.api("wrong"))

        assert well == {"GET /me": "ok", "GET /subscriptions": "ok"}
        assert listing == well | {"GET /chats": "ok"}
        assert "получите новый" in badly["GET /me"]
        assert "ok" not in badly.values()


async def test_what_cannot_be_read_of_a_page_is_kept_and_nothing_is_taken_for_deleted() -> None:
    async with bench() as there:
        post = there.world.say(CHANNEL, "Новость", author=None)
        said = there.world.comment(post, "Вопрос", author=501)
        talk = there.world.say(GROUP, "Фонарь", author=501)
        await there.read()
        said.mid = talk.mid = "../чужое"

        for _ in range(3):
            await there.read(open_posts=frozenset({key(post)}))

        assert len(there.shelf.living()) == 3
        assert {one.what.partition(":")[0] for one in there.shelf.rejected} == {
            "MAX, метод /messages",
            "MAX, метод /messages/{messageId}/comments",
        }


async def test_comments_that_are_closed_to_the_bot_are_told_to_a_person() -> None:
    async with bench() as there:
        post = there.world.say(CHANNEL, "Новость", author=None)
        there.world.comment(post, "Вопрос", author=501, quietly=True)
        page = await there.chats().fetch(
            {"stage": "comments", "queue": [CHANNEL], "threads": [post.mid]}, now=there.time.now()
        )
        there.world.chats[GROUP].messages[post.mid] = post
        there.world.chats[CHANNEL].messages.clear()
        post.chat = GROUP
        refused = await there.chats().fetch(
            {"stage": "comments", "queue": [GROUP], "threads": [post.mid]}, now=there.time.now()
        )
        gone = await there.chats().fetch(
            {"stage": "comments", "queue": [GROUP], "threads": ["mid.gone"]}, now=there.time.now()
        )

        assert [one.text for one in page.posts] == ["Вопрос"]
        assert [one.payload for one in refused.rejected] == [f"чат {GROUP}"]
        assert (gone.posts, gone.rejected) == ((), ())


async def test_a_reading_that_was_cut_off_goes_on_although_its_chat_is_gone() -> None:
    async with bench() as there:
        talk = there.world.say(GROUP, "Фонарь", author=501)
        there.world.chats[GROUP].admitted = False
        cursor: dict[str, object] = {
            "stage": "open",
            "queue": [GROUP],
            "witness": talk.mid,
            "asked": [talk.mid],
        }

        page = await there.chats().fetch(cursor, now=there.time.now())

        assert (page.posts, page.more) == ((), False), (
            "without its witness an answer proves nothing"
        )
