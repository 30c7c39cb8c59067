"""Answers in the group's name: once, below the right words, found again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.ok_world import Comment, Thing
from fakes.server import Fault, Faults
from ok_bench import GROUP, Bench, ok_bench

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.ok.publisher import OkPublisher
from connectors.publishing import Published, Reply

TEXT = "Здравствуйте! Заявка передана в водоканал, бригада выехала."


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ok_bench(tmp_path) as opened:
        yield opened


def publisher(bench: Bench, *, confirmed: bool = True) -> OkPublisher:
    return OkPublisher(bench.api(), group_id=GROUP, confirmed=confirmed)


def reply(thing: Thing, comment: Comment | None = None, text: str = TEXT) -> Reply:
    root = f"{GROUP}_{'p' if thing.photo else ''}{thing.id}"
    return Reply(
        external_id=f"{root}_{comment.id}" if comment else root,
        root_id=root if comment else "",
        parent_id="",
        author_id=comment.author_id if comment else "",
        text=text,
        key="k1",
    )


@pytest.mark.parametrize("photo", [False, True])
async def test_a_comment_is_answered_below_itself_in_the_groups_name(
    bench: Bench, photo: bool
) -> None:
    thing = bench.world.add_topic(GROUP, "Тема", photo=photo)
    asked = bench.world.add_comment(thing, "Когда дадут воду?")

    published = await publisher(bench).publish(reply(thing, asked))

    answer = thing.alive()[-1]
    assert (answer.text, answer.reply_to, answer.by_group) == (TEXT, asked.id, True)
    root = f"{GROUP}_{'p' if photo else ''}{thing.id}"
    place = f"photos/{thing.id}" if photo else f"topic/{thing.id}"
    assert published == Published(f"{root}_{answer.id}", f"https://ok.ru/group/{GROUP}/{place}")


async def test_a_topic_is_answered_at_the_top_level(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Нет воды", author_id="990000000005")

    published = await publisher(bench).publish(reply(topic))

    assert topic.alive()[-1].reply_to == ""
    assert await publisher(bench).find(reply(topic)) == published


async def test_unless_an_administrator_confirmed_it_nothing_is_sent(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")

    with pytest.raises(ApiError, match="вручную") as caught:
        await publisher(bench, confirmed=False).publish(reply(topic))

    assert caught.value.action is Action.REFUSED
    assert f"https://ok.ru/group/{GROUP}/topic/{topic.id}" in str(caught.value)
    assert not bench.world.calls
    assert await publisher(bench, confirmed=False).find(reply(topic)) is None


async def test_an_answer_published_by_hand_is_found(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    asked = bench.world.add_comment(topic, "Когда дадут воду?")
    spaced = TEXT.replace(" ", "\u00a0 ", 1) + "\n"
    answer = bench.world.add_comment(topic, spaced, reply_to=asked.id, by_group=True)

    found = await publisher(bench).find(reply(topic, asked))

    assert found is not None
    assert found.external_id == f"{GROUP}_{topic.id}_{answer.id}"


async def test_the_same_words_to_somebody_else_are_another_answer(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    mine = bench.world.add_comment(topic, "Когда дадут воду?", author_id="990000000001")
    other = bench.world.add_comment(topic, "И когда газ?", author_id="990000000002")
    bench.world.add_comment(topic, TEXT, reply_to=other.id, by_group=True)
    bench.world.add_comment(topic, TEXT, by_group=True)
    bench.world.add_comment(topic, TEXT, reply_to=mine.id, author_id="990000000003")

    assert await publisher(bench).find(reply(topic, mine)) is None


async def test_an_answer_is_found_among_hundreds(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    asked = bench.world.add_comment(topic, "Когда дадут воду?")
    await publisher(bench).publish(reply(topic, asked))
    for number in range(450):
        bench.world.add_comment(topic, f"слово {number}")

    assert await publisher(bench).find(reply(topic, asked)) is not None


async def test_an_empty_answer_is_not_taken_for_no_answer_of_ours(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.hollow["discussions.getComments"] = [""]

    with pytest.raises(SourceError, match=f"topic/{topic.id}"):
        await publisher(bench).find(reply(topic))


async def test_a_discussion_that_cannot_be_read_to_its_end_is_no_proof(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.hollow["discussions.getComments"] = ['{"comments": [], "has_more": true}']

    with pytest.raises(SourceError, match="не удалось узнать"):
        await publisher(bench).find(reply(topic))


@pytest.mark.parametrize("body", ["77", '{"id": "77"}', '{"comment_id": 77}'])
async def test_the_number_of_an_answer_comes_in_any_clothes(bench: Bench, body: str) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.hollow["discussions.addDiscussionComment"] = [body]

    published = await publisher(bench).publish(reply(topic))

    assert published.external_id == f"{GROUP}_{topic.id}_77"


@pytest.mark.parametrize(("code", "says"), [(454, "цензор"), (50, "модератор"), (700, "удалить")])
async def test_a_refusal_publishes_nothing_and_says_why(bench: Bench, code: int, says: str) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    asked = bench.world.add_comment(topic, "Когда?")
    bench.world.censored = {"Заявка"} if code == 454 else set()
    bench.world.admins = set() if code == 50 else {GROUP}
    asked.deleted = code == 700

    with pytest.raises(ApiError, match=says) as caught:
        await publisher(bench).publish(reply(topic, asked))

    assert caught.value.code == code
    assert not any(comment.by_group for comment in topic.comments)


@pytest.mark.parametrize("body", ["", "null", "{}", "[]", '""'])
async def test_an_answer_without_a_number_is_unknown_and_not_refused(
    bench: Bench, body: str
) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.hollow["discussions.addDiscussionComment"] = [body]

    with pytest.raises(UnreachableError, match="неизвестно"):
        await publisher(bench).publish(reply(topic))

    assert await publisher(bench).find(reply(topic)) is not None


async def test_a_fault_of_theirs_is_unknown_and_not_refused(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.denied["discussions.addDiscussionComment"] = 9999

    with pytest.raises(UnreachableError):
        await publisher(bench).publish(reply(topic))


@pytest.mark.parametrize("foreign", ["1_2_3", f"{GROUP}_x", f"{GROUP}_", "слово"])
async def test_a_post_of_somewhere_else_is_refused(bench: Bench, foreign: str) -> None:
    stray = Reply(foreign, "", "", "", TEXT, "k1")

    with pytest.raises(ApiError, match="не из группы") as caught:
        await publisher(bench).publish(stray)

    assert caught.value.action is Action.REFUSED


@pytest.mark.parametrize("seed", range(4))
async def test_looking_before_repeating_publishes_every_answer_once(
    tmp_path: Path, seed: int
) -> None:
    faults = Faults(share=0.3, seed=seed, hang_seconds=0.01, kinds=list(Fault))
    async with ok_bench(tmp_path, faults=faults) as bench:
        topic = bench.world.add_topic(GROUP, "Тема")
        asked = [bench.world.add_comment(topic, f"Вопрос {number}") for number in range(60)]
        sender = publisher(bench)

        for comment in asked:
            await _send(bench, sender, reply(topic, comment))

        answers = [comment.reply_to for comment in topic.alive() if comment.by_group]
        assert sorted(answers) == sorted(comment.id for comment in asked)
        assert sum(faults.counted.values()) > 10


async def _send(bench: Bench, sender: OkPublisher, answer: Reply) -> Published:
    """Publish as the outbox does: after every failure look first."""
    while True:
        try:
            return await sender.publish(answer)
        except UnreachableError:
            found = await _look(bench, sender, answer)
            if found is not None:
                return found


async def _look(bench: Bench, sender: OkPublisher, answer: Reply) -> Published | None:
    while True:
        try:
            return await sender.find(answer)
        except SourceError:
            await bench.time.sleep(60)
