"""A bot of Telegram: its updates, its errors, and its token, which nobody may see."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from fakes.server import FakeServer, Fault, Faults
from fakes.telegram import TelegramFake
from fakes.telegram_world import CITIZEN, TelegramWorld
from hypothesis import given
from hypothesis import strategies as st
from messengers import NOON, Desk, Shelf, Time, desk, read, read_through

from connectors.base import Action, ApiError, BadPayloadError, SourceError
from connectors.ledger import ParkedError
from connectors.recording import RecordingHttp
from connectors.telegram import webhook
from connectors.telegram.bot import Bot
from models.vocabulary import Network, PostKind

TOKEN = "7000000009:AAsecret-part_of-it"  # noqa: S105 - opens only the fake
GROUP = -1001234567890


@dataclass(slots=True)
class Bench:
    world: TelegramWorld
    time: Time
    server: FakeServer
    desk: Desk
    shelf: Shelf = field(default_factory=Shelf)

    def bot(self, token: str = TOKEN) -> Bot:
        caller = self.desk.keyed(token)
        return Bot(self.desk.http, caller, base=self.server.url, timeout=0)

    async def read(self) -> None:
        await read(self.bot(), self.shelf, self.time)


@asynccontextmanager
async def bench(faults: Faults | None = None) -> AsyncIterator[Bench]:
    time = Time()
    world = TelegramWorld(clock=time.clock)
    world.add_bot(TOKEN)
    async with (
        FakeServer(TelegramFake(world).app, faults=faults) as server,
        desk(time) as one,
    ):
        yield Bench(world, time, server, one)


async def test_what_a_citizen_writes_to_the_bot_is_an_appeal() -> None:
    async with bench() as there:
        there.world.say(TOKEN, "/start")
        there.world.say(TOKEN, "В Жуково нет света", author=77, chat=77)

        page = await there.bot().fetch({}, now=there.time.now())

        (post,) = page.posts
        assert post.external_id == "77_2"
        assert (post.network, post.kind) == (Network.TELEGRAM, PostKind.POST)
        assert (post.text, post.author_id, post.url) == ("В Жуково нет света", "77", "")
        assert post.published_at == NOON
        assert post.seen_at is None


async def test_messages_of_a_group_know_what_they_answer() -> None:
    async with bench() as there:
        place = {"chat": GROUP, "chat_type": "supergroup", "username": "nash_chat"}
        there.world.say(TOKEN, "Когда починят мост?", **place)  # type: ignore[arg-type]
        there.world.say(TOKEN, "Уже месяц ждём", reply_to=1, **place)  # type: ignore[arg-type]
        there.world.say(TOKEN, "И мы", reply_to=2, thread=1, **place)  # type: ignore[arg-type]
        there.world.say(
            TOKEN,
            "В теме форума",
            reply_to=40,
            thread=40,
            is_topic_message=True,
            **place,  # type: ignore[arg-type]
        )

        await there.read()
        page = await there.bot().fetch({}, now=there.time.now())

        assert [(one.kind, one.parent_id, one.root_id) for one in page.posts] == [
            (PostKind.POST, "", ""),
            (PostKind.COMMENT, f"{GROUP}_1", f"{GROUP}_1"),
            (PostKind.COMMENT, f"{GROUP}_2", f"{GROUP}_1"),
            (PostKind.POST, "", ""),
        ]
        assert page.posts[0].url == "https://t.me/nash_chat/1"


async def test_edits_and_posts_of_channels_come_too() -> None:
    async with bench() as there:
        message = there.world.say(TOKEN, "Новость", chat=GROUP, chat_type="channel")
        there.time.forward(minutes=1)
        there.world.rewrite(TOKEN, message, "Новость с поправкой")
        own = there.world.say(TOKEN, "Нет воды")
        there.time.forward(minutes=1)
        edited = int(there.time.at)
        there.world.rewrite(TOKEN, own, "Нет воды на Лесной")

        await there.read()

        assert there.shelf.living() == {
            f"{GROUP}_1": "Новость с поправкой",
            f"{CITIZEN}_2": "Нет воды на Лесной",
        }
        assert there.shelf.posts[f"{CITIZEN}_2"].edited_at == datetime.fromtimestamp(edited, UTC)


async def test_an_update_is_confirmed_only_after_it_was_stored() -> None:
    async with bench() as there:
        there.world.say(TOKEN, "первое")
        bot = there.bot()
        lost = await bot.fetch({}, now=there.time.now())
        again = await bot.fetch({}, now=there.time.now())

        assert again == lost, "the page was not stored, so it comes again"
        there.shelf.take(again)
        waiting = len(there.world.bots[TOKEN].updates)
        await there.read()

        assert waiting == 1
        assert there.world.bots[TOKEN].updates == []
        assert list(there.shelf.living().values()) == ["первое"]


async def test_a_long_queue_is_read_page_by_page() -> None:
    async with bench() as there:
        for number in range(250):
            there.world.say(TOKEN, f"обращение {number}")

        pages = await read(there.bot(), there.shelf, there.time)

        assert [len(page.posts) for page in pages] == [100, 100, 50]
        assert len(there.shelf.living()) == 250


async def test_after_a_week_of_silence_a_lower_number_is_not_missed() -> None:
    async with bench() as there:
        there.world.say(TOKEN, "до")
        await there.read()
        there.time.forward(days=8)
        there.world.bots[TOKEN].last_update = 5
        there.world.say(TOKEN, "после")

        await there.read()

        assert list(there.shelf.living().values()) == ["до", "после"]


async def test_what_cannot_be_read_is_kept_and_passed_over() -> None:
    async with bench() as there:
        there.world.push(TOKEN, "message", {"message_id": "семь", "chat": {"id": 1}})
        there.world.bots[TOKEN].updates.append({"message": {}})
        there.world.say(TOKEN, "а это читается")

        await there.read()

        assert list(there.shelf.living().values()) == ["а это читается"]
        assert [one.what.partition(": ")[2][:40] for one in there.shelf.rejected] == [
            "ответ не такой, как в документации: mess",
            "ответ не такой, как в документации: upda",
        ]
        assert '"message_id":"семь"' in there.shelf.rejected[0].payload


@pytest.mark.parametrize("cursor", [{"offset": "x"}, {"offset": -1, "at": 5}, {"at": None}])
async def test_a_damaged_cursor_means_a_first_reading(cursor: dict[str, object]) -> None:
    async with bench() as there:
        there.world.say(TOKEN, "слово")

        page = await there.bot().fetch(cursor, now=there.time.now())

        assert [post.text for post in page.posts] == ["слово"]


@pytest.mark.parametrize(
    ("token", "action", "words"),
    [
        ("7000000009:wrong", Action.TOKEN_DEAD, "получите новый у @BotFather"),
        ("nonsense", Action.TOKEN_DEAD, "проверьте ключ"),
    ],
)
async def test_a_wrong_token_is_parked(token: str, action: Action, words: str) -> None:
    async with bench() as there:
        with pytest.raises(ApiError, match=words) as caught:
            await there.bot(token).fetch({}, now=there.time.now())
        with pytest.raises(ParkedError):
            await there.bot(token).fetch({}, now=there.time.now())

        assert caught.value.action is action


async def test_a_webhook_excludes_reading() -> None:
    async with bench() as there:
        there.world.bots[TOKEN].webhook = "https://example.org/hook"

        with pytest.raises(ApiError, match="webhook") as caught:
            await there.bot().fetch({}, now=there.time.now())

        assert (caught.value.code, caught.value.action) == (409, Action.QUARANTINE)


async def test_a_refusal_for_pace_is_obeyed() -> None:
    async with bench() as there:
        there.world.say(TOKEN, "слово")
        there.world.refusals, there.world.retry_after = 1, 20

        await there.read()

        (before, _), (after, _) = there.world.log
        assert after - before >= 20
        assert there.shelf.living()


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("carried_out", [True, False])
async def test_no_error_shows_the_token(fault: Fault, *, carried_out: bool) -> None:
    async with bench(Faults(hang_seconds=0.02)) as there:
        there.server.faults.planned = [(fault, carried_out)] * 20  # aiohttp itself asks twice

        with pytest.raises(SourceError) as caught:
            await there.bot().fetch({}, now=there.time.now())

        said = repr(caught.value) + str(caught.value)
        assert "secret" not in said
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("token", ["7:AAsecret\n", "7:AAsecret/..", "7:AAsecret\x00", "7:сек рет"])
async def test_a_mistyped_token_is_not_shown_either(token: str) -> None:
    async with bench() as there:
        with pytest.raises(SourceError) as caught:
            await there.bot(token).fetch({}, now=there.time.now())

        assert token not in str(caught.value)
        assert "secret" not in str(caught.value)


async def test_a_recording_of_a_bot_holds_no_token() -> None:
    out = BytesIO()
    async with bench() as there:
        there.world.say(TOKEN, "В Жуково темно")
        http = RecordingHttp(there.desk.http, out)
        bot = Bot(http, there.desk.keyed(TOKEN), base=there.server.url, timeout=0)
        page = await bot.fetch({}, now=there.time.now())

    assert [post.text for post in page.posts] == ["В Жуково темно"]
    assert "getUpdates" in out.getvalue().decode()
    assert TOKEN not in out.getvalue().decode()


async def test_faults_on_every_third_answer_lose_nothing() -> None:
    async with bench(Faults(share=0.3, seed=5, hang_seconds=0.02)) as there:
        for number in range(900):
            there.world.say(TOKEN, f"обращение {number}")
            if number % 50 == 49:
                await read_through(there.bot(), there.shelf, there.time)

        await read_through(there.bot(), there.shelf, there.time)

        assert len(there.shelf.living()) == 900


def update(**fields: object) -> dict[str, Any]:
    message = {"message_id": 5, "date": 1_794_906_000, "chat": {"id": 9, "type": "private"}}
    return {"update_id": 41, "message": message | fields}


def test_a_pushed_update_is_read_like_a_fetched_one() -> None:
    payload = update(text="Нет воды", **{"from": {"id": 9, "is_bot": False}})

    (post,) = webhook.parse_update(payload)

    assert webhook.event_id(payload) == "41"
    assert (post.external_id, post.text, post.author_id) == ("9_5", "Нет воды", "9")


@pytest.mark.parametrize(
    "payload",
    [
        {"update_id": 41, "poll": {}},
        update(),
        update(text="/help"),
        update(text="я робот", **{"from": {"id": 8, "is_bot": True}}),
        update(new_chat_members=[{"id": 8}]),
    ],
    ids=["poll", "no text", "command", "robot", "service"],
)
def test_what_carries_no_citizens_text_gives_nothing(payload: object) -> None:
    assert webhook.parse_update(payload) == []


def test_a_caption_is_a_text_and_an_anonymous_administrator_a_person() -> None:
    group = {"id": GROUP, "type": "supergroup"}
    sender = {"id": 1087968824, "is_bot": True}
    payload = update(caption="Вот фото ямы", chat=group, sender_chat=group, **{"from": sender})

    (post,) = webhook.parse_update(payload)

    assert (post.text, post.author_id) == ("Вот фото ямы", str(GROUP))
    assert post.url == "https://t.me/c/1234567890/5"


def test_an_edit_without_its_moment_is_as_new_as_its_arrival() -> None:
    received = datetime(2026, 11, 18, tzinfo=UTC)
    payload = {"update_id": 1, "edited_message": update(text="Нет газа")["message"]}

    (post,) = webhook.parse_update(payload, received)

    assert post.edited_at == received


def test_the_secret_is_checked_whole() -> None:
    assert webhook.check_secret("s3cret", "s3cret")
    for header in ("", "s3cre", "s3crets", "с"):
        assert not webhook.check_secret(header, "s3cret")
    assert not webhook.check_secret("", ""), "no secret lets nobody in"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
KEYS = st.sampled_from(
    ["update_id", "message", "edited_message", "channel_post", "message_id", "chat", "id"]
) | st.sampled_from(
    ["type", "text", "from", "date", "edit_date", "reply_to_message", "message_thread_id"]
)
NEARLY = st.recursive(
    JSON_VALUES, lambda inner: st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)


@given(NEARLY)
def test_any_payload_is_read_or_refused_in_words(payload: object) -> None:
    for reader in (webhook.parse_update, webhook.event_id):
        try:
            reader(payload)
        except BadPayloadError as error:
            assert "Telegram" in str(error)  # noqa: PT017 - both ends are right


@given(st.dictionaries(KEYS, JSON_VALUES, max_size=8))
def test_fields_of_any_kind_are_read_or_refused(fields: dict[str, object]) -> None:
    payload = json.loads(json.dumps(update()))
    payload["message"] |= fields
    try:
        posts = webhook.parse_update(payload)
    except BadPayloadError:
        return
    assert all(post.external_id for post in posts)
