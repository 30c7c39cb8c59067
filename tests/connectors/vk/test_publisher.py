"""Answers on VKontakte: once, below the citizen's words, summoning nobody."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.server import FakeServer, Fault, Faults
from fakes.vk import VkFake
from fakes.vk_calls import METHODS, Ask
from fakes.vk_data import Comment, Post
from fakes.vk_limits import Kind, VkError
from fakes.vk_world import VkWorld
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sleeping import Clock

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.calling import Caller
from connectors.http import HttpClient
from connectors.ledger import HeldError, Ledger, Token
from connectors.publishing import Published, Publisher, Reply
from connectors.vk.api import VkHttp
from connectors.vk.library import VkLibrary
from connectors.vk.publisher import (
    BARE,
    COMMENT_LIMIT,
    LINKED,
    NAMED,
    VkPublisher,
    harmless,
    letters,
)

GROUP = 990000201
WALL = -GROUP
CITIZEN = 101
TEXT = "Здравствуйте! Аварийная бригада выехала, воду дадут к 18:00."


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake write into topics, as the documented method does."""

    def create_comment(ask: Ask) -> int:
        topic = ask.wall().topics.get(ask.integer("topic_id"))
        if topic is None:
            raise VkError(100)
        if topic.closed:
            raise VkError(213)
        owner = ask.wall().owner_id
        author = owner if ask.flag("from_group") else ask.token.user_id
        place = (ask.token.secret, ask.need("guid"))
        if place not in ask.world.guids:
            made = ask.world.add_board_comment(owner, topic.id, ask.need("message"), from_id=author)
            ask.world.guids[place] = made.id
        return ask.world.guids[place]

    monkeypatch.setitem(METHODS, "board.createComment", (create_comment, frozenset({Kind.USER})))


@dataclass
class Desk:
    """A community with a post, its publisher, and what its network looks like."""

    world: VkWorld
    post: Post
    faults: Faults
    publisher: Publisher
    """Publishes with the community's key, reads with a service key."""
    administrator: Publisher
    """Does both with the key of a person who administers the community."""

    def say(self, text: str, *, to: Comment | None = None, by: int = CITIZEN) -> Comment:
        answered = to.id if to else None
        return self.world.add_comment(WALL, self.post.id, text, from_id=by, reply_to=answered)

    def answers(self) -> list[Comment]:
        return [one for one in self.post.comments.values() if one.from_id == WALL]


@asynccontextmanager
async def desk(path: Path) -> AsyncIterator[Desk]:
    clock = Clock()
    world = VkWorld(clock=clock)
    world.add_wall(WALL, "Район", "rayon")
    post = world.add_post(WALL, "Отключение воды")
    world.add_token("group-key", Kind.GROUP, groups={GROUP})
    world.add_token("service-key", Kind.SERVICE)
    world.add_token("user-key", Kind.USER, groups={GROUP}, user_id=7)
    faults = Faults(hang_seconds=1.0)
    ledger = Ledger(path / "ledger.sqlite", clock=clock, sleep=clock.sleep)

    def caller(secret: str) -> Caller:
        token = Token(secret, SecretStr(secret), rate=3.0)
        return Caller(token, ledger, sleep=clock.sleep, clock=clock)

    server = FakeServer(VkFake(world).app, faults=faults)
    async with server, HttpClient(private=True) as client:
        community = VkLibrary(caller("group-key"), base=server.url, read_seconds=0.5)
        person = VkLibrary(caller("user-key"), base=server.url, read_seconds=0.5)
        reader = VkHttp(client, caller("service-key"), base=server.url)
        try:
            yield Desk(
                world,
                post,
                faults,
                VkPublisher(community, group_id=GROUP, reader=reader),
                VkPublisher(person, group_id=GROUP),
            )
        finally:
            community.close()
            person.close()
            ledger.close()


def reply(
    post: Post, to: Comment | None, text: str = TEXT, *, key: str = "key1", parent: str = ""
) -> Reply:
    """An answer to a comment of a post, or to the post."""
    root = f"{WALL}_{post.id}"
    if to is None:
        return Reply(root, "", "", str(post.from_id), text, key)
    if to.reply_to and not parent:
        parent = f"{root}_r{to.reply_to}"
    return Reply(f"{root}_r{to.id}", root, parent, str(to.from_id), text, key)


# Publishing


async def test_an_answer_stands_below_the_comment_in_the_community_s_name(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        comment = it.say("Нет воды")
        published = await it.publisher.publish(reply(it.post, comment))

        (answer,) = it.answers()
        assert (answer.text, answer.root, answer.reply_to) == (TEXT, comment.id, comment.id)
        assert published == Published(
            f"{WALL}_{it.post.id}_r{answer.id}",
            f"https://vk.com/wall{WALL}_{it.post.id}?reply={answer.id}&thread={comment.id}",
        )
        assert await it.publisher.find(reply(it.post, comment)) == published


async def test_an_answer_to_a_post_stands_below_the_post(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, None)
        published = await it.publisher.publish(asked)

        (answer,) = it.answers()
        assert (answer.root, answer.reply_to) == (None, None)
        assert published.url == f"https://vk.com/wall{WALL}_{it.post.id}?reply={answer.id}"
        assert await it.publisher.find(asked) == published


async def test_an_administrator_s_key_answers_in_the_community_s_name(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"))
        published = await it.administrator.publish(asked)

        assert len(it.answers()) == 1
        assert await it.administrator.find(asked) == published


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("done", [True, False])
async def test_after_a_lost_answer_it_is_looked_for_and_published_once(
    tmp_path: Path, fault: Fault, done: bool
) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"))
        it.faults.planned = [(fault, done)]
        with pytest.raises(UnreachableError):
            await it.publisher.publish(asked)

        # As whoever sends answers does: look first, and only then repeat.
        found = await it.publisher.find(asked)
        assert (found is not None) is done
        if found is None:
            found = await it.publisher.publish(asked)

        (answer,) = it.answers()
        assert found.external_id.endswith(f"_r{answer.id}")


@pytest.mark.parametrize("done", [True, False])
async def test_a_fault_of_the_network_in_the_middle_leaves_it_open(
    tmp_path: Path, done: bool
) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"))
        it.world.api_faults.planned = [(10, done)]
        with pytest.raises(UnreachableError):
            await it.publisher.publish(asked)

        assert (await it.publisher.find(asked) is not None) is done


async def test_the_key_keeps_a_repeat_from_doubling(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"))

        assert await it.publisher.publish(asked) == await it.publisher.publish(asked)
        assert len(it.answers()) == 1


async def test_an_answer_that_is_not_as_documented_leaves_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, kinds = METHODS["wall.createComment"]
    monkeypatch.setitem(METHODS, "wall.createComment", (lambda ask: [publish(ask)], kinds))
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"))
        with pytest.raises(UnreachableError, match="не такой, как в документации"):
            await it.publisher.publish(asked)

        assert await it.publisher.find(asked) is not None


@pytest.mark.parametrize(
    ("code", "action"),
    [
        *((code, Action.REFUSED) for code in (7, 15, 18, 30, 100, 104, 203, 212, 213, 222, 223)),
        (9, Action.FLOOD),
        (5, Action.TOKEN_DEAD),
        (14, Action.CAPTCHA),
        (27, Action.WRONG_TOKEN),
        (29, Action.QUOTA),
    ],
)
async def test_a_refusal_says_what_next(tmp_path: Path, code: int, action: Action) -> None:
    async with desk(tmp_path) as it:
        it.post.write_refusal = code
        with pytest.raises(ApiError) as caught:
            await it.publisher.publish(reply(it.post, it.say("Нет воды")))

        assert (caught.value.action, caught.value.code) == (action, code)
        assert str(code) in str(caught.value)
        assert it.answers() == []


async def test_a_comment_deleted_meanwhile_is_not_answered(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        comment = it.say("Нет воды")
        it.world.delete_comment(WALL, it.post.id, comment.id)
        with pytest.raises(ApiError, match="возможно, сообщение уже удалено") as caught:
            await it.publisher.publish(reply(it.post, comment))

    assert caught.value.action is Action.REFUSED


async def test_floods_wait(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"))
        it.world.flood_limit = 0
        with pytest.raises(ApiError):
            await it.publisher.publish(asked)
        with pytest.raises(HeldError):
            await it.publisher.publish(asked)

        assert it.world.log.count("wall.createComment") == 1


@pytest.mark.parametrize("text", ["", " \n ", "ж" * (COMMENT_LIMIT + 1)])
async def test_what_will_not_be_taken_is_not_sent(tmp_path: Path, text: str) -> None:
    async with desk(tmp_path) as it:
        with pytest.raises(ApiError, match="Исправьте текст") as caught:
            await it.publisher.publish(reply(it.post, it.say("Нет воды"), text))

        assert caught.value.action is Action.REFUSED
        assert it.world.log.count("wall.createComment") == 0
        assert it.publisher.limit == COMMENT_LIMIT


@pytest.mark.parametrize(
    "external_id", [f"{WALL}_photo3_r9", f"{WALL}_market3_r9", "5", "", "a_b", f"{WALL}_5_r9_r9"]
)
async def test_elsewhere_a_person_answers(tmp_path: Path, external_id: str) -> None:
    asked = Reply(external_id, "", "", "101", TEXT, "key1")
    async with desk(tmp_path) as it:
        with pytest.raises(ApiError, match="отметьте, что ответили вручную") as caught:
            await it.publisher.publish(asked)
        with pytest.raises(SourceError):
            await it.publisher.find(asked)

    assert caught.value.action is Action.REFUSED


# Boards


@pytest.mark.usefixtures("board")
async def test_an_answer_in_a_topic(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        topic = it.world.add_topic(WALL, "Дороги", "Пишите сюда", from_id=WALL)
        comment = it.world.add_board_comment(WALL, topic.id, "Яма", from_id=CITIZEN)
        root = f"{WALL}_t{topic.id}"
        asked = Reply(f"{root}_r{comment.id}", root, "", str(CITIZEN), TEXT, "key1")

        assert await it.administrator.find(asked) is None
        it.faults.planned = [(Fault.RESET, True)]
        with pytest.raises(UnreachableError):
            await it.administrator.publish(asked)

        answer = topic.comments[-1]
        assert (answer.from_id, answer.text) == (WALL, TEXT)
        found = Published(
            f"{root}_r{answer.id}", f"https://vk.com/topic{WALL}_{topic.id}?post={answer.id}"
        )
        assert await it.administrator.find(asked) == found
        # The key makes of it the same comment.
        assert await it.administrator.publish(asked) == found

        topic.closed = True
        with pytest.raises(ApiError) as caught:
            await it.administrator.publish(asked)
        assert caught.value.action is Action.REFUSED


async def test_in_a_topic_the_same_words_of_before_are_another_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        topic = it.world.add_topic(WALL, "Дороги", "Пишите сюда", from_id=CITIZEN)
        it.world.add_board_comment(WALL, topic.id, TEXT, from_id=WALL)
        comment = it.world.add_board_comment(WALL, topic.id, "Яма", from_id=CITIZEN)
        root = f"{WALL}_t{topic.id}"

        asked = Reply(f"{root}_r{comment.id}", root, "", str(CITIZEN), TEXT, "key1")
        assert await it.administrator.find(asked) is None
        # The topic's own text is answered as well.
        assert await it.administrator.find(Reply(root, "", "", "101", TEXT, "key1")) is not None


# Looking for our answer


async def test_a_long_answer_is_found_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"), "Разобрались. " * 300)

        assert await it.publisher.publish(asked) == await it.publisher.find(asked)


async def test_an_answer_to_another_comment_is_not_this_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        first = it.say("Нет воды")
        second = it.say("И у нас", to=first, by=102)
        await it.publisher.publish(reply(it.post, second))

        assert await it.publisher.find(reply(it.post, first)) is None
        assert await it.publisher.find(reply(it.post, None)) is None
        assert await it.publisher.find(reply(it.post, second)) is not None


async def test_the_same_words_of_somebody_else_are_not_ours(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        comment = it.say("Нет воды")
        it.say(TEXT, to=comment, by=102)
        ours = it.say(TEXT, to=comment, by=WALL)
        it.world.delete_comment(WALL, it.post.id, ours.id)

        assert await it.publisher.find(reply(it.post, comment)) is None


async def test_what_the_network_makes_of_a_text_is_recognised(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        comment = it.say("Нет воды")
        text = 'Ответ:  "ремонт" -- до 5-го;\nтел. 8 (000) 000-00-00 & <срочно> ☎'
        made = "Ответ: «ремонт» — до 5-го;<br>тел. 8 (000) 000-00-00 &amp; &lt;срочно&gt;"
        it.say(made, to=comment, by=WALL)

        assert await it.publisher.find(reply(it.post, comment, text)) is not None
        assert await it.publisher.find(reply(it.post, comment, text + " Ждите.")) is None


@pytest.mark.parametrize("others", [0, 30, 150])
async def test_in_a_thread_whose_root_is_not_recorded_it_is_found_too(
    tmp_path: Path, others: int
) -> None:
    async with desk(tmp_path) as it:
        root = it.say("Нет воды")
        parent = it.say("И у нас", to=root, by=102)
        for number in range(others):
            it.say(f"Да, {number}", to=root, by=103)
        comment = it.say("И на Лесной", to=parent, by=104)
        asked = reply(it.post, comment)
        assert asked.parent_id.endswith(f"_r{parent.id}")
        for number in range(5):
            it.say(f"Другая ветка {number}", by=105)

        assert await it.publisher.find(asked) is None
        published = await it.publisher.publish(asked)
        assert await it.publisher.find(asked) == published


async def test_too_many_threads_are_for_a_person_to_look_through(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.world.tokens["service-key"].rate = 1000
        for _ in range(25):
            root = it.say("Нет воды")
            for number in range(11):
                it.say(f"Да, {number}", to=root)
        parent = it.say("И у нас", to=root)
        comment = it.say("И на Лесной", to=parent)

        with pytest.raises(SourceError, match="проверьте сами"):
            await it.publisher.find(reply(it.post, comment))


async def test_short_pages_hide_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.world.page_cap = {"wall.getComments": 2}
        comment = it.say("Нет воды")
        published = await it.publisher.publish(reply(it.post, comment))
        for number in range(30):
            it.say(f"Спасибо {number}", to=comment)

        assert await it.publisher.find(reply(it.post, comment)) == published


async def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        comment = it.say("Нет воды")
        published = await it.publisher.publish(reply(it.post, comment))
        later = it.world.now() + 60
        it.post.comments[-5] = Comment(-5, 1, later, "?", comment.id, comment.id)

        assert await it.publisher.find(reply(it.post, comment)) == published


async def test_when_it_cannot_be_looked_for_nobody_says_that_it_is_not_there(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        comment = it.say("Нет воды")
        it.post.read_refusal = 212
        with pytest.raises(ApiError):
            await it.publisher.find(reply(it.post, comment))
        it.post.read_refusal = 0
        it.faults.share, it.faults.kinds = 1.0, [Fault.HTML]
        with pytest.raises(UnreachableError):
            await it.publisher.find(reply(it.post, comment))


# Texts

MENTIONS = {
    "[id1|Иван], здравствуйте": "Иван, здравствуйте",
    "[club5|Управа] и [durov|П. Д.]": "Управа и П. Д.",
    "[id1:bp-5_7|Иван], да": "Иван, да",
    "[[id1|id2]|Иван]": "Иван",
    "[id1|[id2|Иван]]": "Иван",
    "[id1|a|b]": "a|b",
    "@id1 (Иван), @club5(Управа)": "Иван, Управа",
    "*id1 (Иван)": "Иван",
    "@durov и *durov": "＠durov и ∗durov",
    "Спасибо,@id1": "Спасибо,＠id1",
    "Спасибо.@id1": "Спасибо.＠id1",
    "привет@durov": "привет＠durov",
    "@all": "＠all",
    "[id1|@durov]": "＠durov",
    # Nobody is summoned by these.
    "pochta@rayon.example, e.mail+1@a-b.example": "pochta@rayon.example, e.mail+1@a-b.example",
    "https://example.org/@rayon*a": "https://example.org/@rayon*a",
    "[https://example.org/a|здесь]": "[https://example.org/a|здесь]",
    "*важно* 5 * 6, 2*2, @ и [1|2] [] |": "*важно* 5 * 6, 2*2, @ и [1|2] [] |",
    "#вода & <b>": "#вода & <b>",
}


@pytest.mark.parametrize(("text", "shown"), MENTIONS.items())
def test_an_answer_summons_nobody(text: str, shown: str) -> None:
    assert harmless(text) == shown


async def test_it_goes_out_without_mentions_and_is_found(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        asked = reply(it.post, it.say("Нет воды"), "[id1|Иван], пишите @rayon: a@b.example")
        published = await it.publisher.publish(asked)

        (answer,) = it.answers()
        assert answer.text == "Иван, пишите ＠rayon: a@b.example"
        assert await it.publisher.find(asked) == published


@given(
    text=st.lists(
        st.sampled_from(
            [
                "[",
                "]",
                "|",
                "@",
                "*",
                "id1",
                "club5",
                "durov",
                "(",
                ")",
                " ",
                "\n",
                "Иван",
                ":",
                ".",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_no_mention_survives_in_any_text(text: str) -> None:
    shown = harmless(text)

    assert not LINKED.search(shown)
    assert not NAMED.search(shown)
    assert not any(found["sign"] for found in BARE.finditer(shown))
    assert harmless(shown) == shown
    # Only markup goes: every Russian word stays.
    assert len(re.findall("Иван", shown)) <= text.count("Иван")


def test_texts_are_compared_by_their_letters() -> None:
    assert letters("Ёлка — 5 шт.") == letters("ЁЛКА - 5шт") != letters("Елка 5 шт")
    assert letters("☎ ☎") == letters("☎☎") != letters("☎")
    assert letters("") == ""
