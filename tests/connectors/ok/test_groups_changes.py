"""What people do to their words while a group is read: edits, deletions, late arrivals."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.ok_world import Comment, Thing
from ok_bench import GROUP, HOUR, Bench, ok_bench, standing


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ok_bench(tmp_path) as opened:
        yield opened


def talk(bench: Bench, *words: str) -> tuple[Thing, list[Comment]]:
    """Publish a topic with a comment for each of ``words``."""
    topic = bench.world.add_topic(GROUP, "Тема")
    return topic, [bench.world.add_comment(topic, word) for word in words]


async def later(bench: Bench, *, hours: float = 2) -> None:
    """Read the group again after some hours."""
    bench.time.now += hours * HOUR
    await bench.read()


async def test_an_edited_topic_and_comment_are_new_texts_under_the_same_id(bench: Bench) -> None:
    topic, (comment,) = talk(bench, "Нет воды")
    await bench.read()
    topic.text, comment.text = "Тема, исправлено", "Нет воды и света"

    await later(bench)

    root = f"{GROUP}_{topic.id}"
    assert bench.shelf.texts == [
        (root, "Тема"),
        (f"{root}_{comment.id}", "Нет воды"),
        (root, "Тема, исправлено"),
        (f"{root}_{comment.id}", "Нет воды и света"),
    ]


async def test_a_comment_missing_twice_is_a_tombstone(bench: Bench) -> None:
    topic, (kept, gone) = talk(bench, "останется", "исчезнет")
    await bench.read()
    gone.deleted = True

    await later(bench, hours=0.1)
    assert bench.shelf.deleted() == set()
    await later(bench, hours=0.1)

    assert bench.shelf.deleted() == {f"{GROUP}_{topic.id}_{gone.id}"}
    assert bench.shelf.alive() == standing(bench.world)
    assert bench.shelf.known[f"{GROUP}_{topic.id}_{gone.id}"].text == "исчезнет"
    assert f"{GROUP}_{topic.id}_{kept.id}" in bench.shelf.alive()


async def test_the_last_comment_may_be_deleted_as_well(bench: Bench) -> None:
    topic, (only,) = talk(bench, "единственное слово")
    await bench.read()
    only.deleted = True

    for _ in range(2):
        await later(bench)

    assert bench.shelf.deleted() == {f"{GROUP}_{topic.id}_{only.id}"}


async def test_a_comment_that_is_back_at_the_second_look_stays(bench: Bench) -> None:
    _, (comment,) = talk(bench, "мигающее слово")
    await bench.read()
    comment.deleted = True
    await later(bench)
    comment.deleted = False

    for _ in range(4):
        await later(bench)

    assert bench.shelf.deleted() == set()


async def test_a_comment_restored_after_its_tombstone_is_alive_again(bench: Bench) -> None:
    _, (comment,) = talk(bench, "вернётся")
    await bench.read()
    comment.deleted = True
    for _ in range(2):
        await later(bench)
    assert len(bench.shelf.deleted()) == 1
    comment.deleted = False

    await later(bench)

    assert bench.shelf.alive() == standing(bench.world)


@pytest.mark.parametrize("strict", [False, True])
async def test_a_topic_missing_twice_is_a_tombstone_with_its_comments(
    bench: Bench, strict: bool
) -> None:
    bench.world.strict_ids = strict
    kept, _ = talk(bench, "слово")
    topic, (comment,) = talk(bench, "слово под удалённой")
    await bench.read()
    topic.deleted = True

    await later(bench)
    assert bench.shelf.deleted() == set()
    await later(bench)

    root = f"{GROUP}_{topic.id}"
    assert bench.shelf.deleted() == {root, f"{root}_{comment.id}"}
    assert f"{GROUP}_{kept.id}" in bench.shelf.alive()


@pytest.mark.parametrize("strict", [False, True])
async def test_the_only_topic_of_a_group_may_be_deleted(bench: Bench, strict: bool) -> None:
    bench.world.strict_ids = strict
    topic, _ = talk(bench)
    await bench.read()
    topic.deleted = True

    for _ in range(2):
        await later(bench)

    assert bench.shelf.deleted() == {f"{GROUP}_{topic.id}"}


async def test_many_topics_may_be_deleted_at_once(bench: Bench) -> None:
    bench.world.strict_ids = True
    topics = [talk(bench)[0] for _ in range(9)]
    await bench.read()
    for topic in topics[2:7]:
        topic.deleted = True

    for _ in range(2):
        await later(bench)

    assert bench.shelf.deleted() == {f"{GROUP}_{topic.id}" for topic in topics[2:7]}


@pytest.mark.parametrize("body", ["", "null"])
@pytest.mark.parametrize("method", ["stream.get", "mediatopic.getByIds", "discussions.getComments"])
async def test_an_empty_answer_deletes_nothing(bench: Bench, method: str, body: str) -> None:
    topic, (comment, _) = talk(bench, "слово", "второе")
    await bench.read()

    for _ in range(4):
        # A changed count makes the discussion due; a hidden list makes topics be asked for.
        bench.world.add_comment(topic, "ещё")
        bench.world.hollow = {"stream.get": [""], method: [body] * 3}
        await later(bench)

    assert bench.shelf.deleted() == set()
    assert f"{GROUP}_{topic.id}_{comment.id}" in bench.shelf.alive()
    bench.world.hollow = {}
    await later(bench)
    assert bench.shelf.alive() == standing(bench.world)


async def test_after_an_empty_answer_a_discussion_is_read_again_soon(bench: Bench) -> None:
    talk(bench, "слово", "второе")
    bench.world.hollow = {"discussions.getComments": [""]}
    await bench.read()
    assert len(bench.shelf.alive()) == 1

    await later(bench, hours=0.1)

    assert bench.shelf.alive() == standing(bench.world)


@pytest.mark.parametrize("anchor", ["", "c1"])
async def test_a_discussion_cut_off_by_the_network_deletes_nothing(
    bench: Bench, anchor: str
) -> None:
    _, (first, _) = talk(bench, "слово", "второе")
    await bench.read()
    shown = {"id": first.id, "text": first.text}
    cut = json.dumps({"comments": [shown], "has_more": True, "anchor": anchor})

    for _ in range(4):
        bench.world.hollow = {"discussions.getComments": [cut, cut]}
        await later(bench)

    assert bench.shelf.deleted() == set()


async def test_a_comment_that_cannot_be_read_is_not_taken_for_deleted(bench: Bench) -> None:
    topic, (comment,) = talk(bench, "слово")
    await bench.read()
    strange = {"id": comment.id, "text": ["не", "текст"]}

    for _ in range(4):
        bench.world.hollow = {"discussions.getComments": [json.dumps({"comments": [strange]})]}
        await later(bench)

    assert bench.shelf.deleted() == set()
    assert f"{GROUP}_{topic.id}_{comment.id}" in bench.shelf.alive()
    assert "text" in bench.shelf.rejected[0].what


async def test_a_topic_that_grew_old_is_not_taken_for_deleted(bench: Bench) -> None:
    topic, _ = talk(bench, "слово")
    await bench.read()

    for _ in range(30):
        await later(bench, hours=6)

    assert bench.shelf.deleted() == set()
    assert f"{GROUP}_{topic.id}" in bench.shelf.alive()


async def test_an_old_topic_that_somebody_wakes_is_read_again(bench: Bench) -> None:
    topic, _ = talk(bench, "слово")
    await bench.read()
    for _ in range(10):
        await later(bench, hours=24)
    woken = bench.world.add_comment(topic, "а воз и ныне там")

    await later(bench, hours=1)

    assert bench.shelf.alive()[f"{GROUP}_{topic.id}_{woken.id}"] == "а воз и ныне там"


@pytest.mark.parametrize("offsets", [False, True])
async def test_what_comes_between_two_pages_is_neither_lost_nor_doubled(
    bench: Bench, offsets: bool
) -> None:
    bench.world.largest_page = 3
    bench.world.offsets = offsets
    topics = [talk(bench, *(f"слово {n}" for n in range(7)))[0] for _ in range(7)]

    def talk_more() -> None:
        bench.world.add_topic(GROUP, "Пришла между страницами")
        bench.world.add_comment(topics[3], "между страницами")

    bench.world.after = {"stream.get": [talk_more], "discussions.getComments": [talk_more]}
    await bench.read()
    await later(bench, hours=0.1)

    assert bench.shelf.alive() == standing(bench.world)
    assert len(bench.shelf.texts) == len(bench.shelf.known)


@pytest.mark.parametrize("offsets", [False, True])
async def test_what_goes_between_two_pages_takes_nothing_else_with_it(
    bench: Bench, offsets: bool
) -> None:
    bench.world.largest_page = 3
    bench.world.offsets = offsets
    _, comments = talk(bench, *(f"слово {n}" for n in range(9)))
    await bench.read()

    def delete_first() -> None:
        comments[0].deleted = True

    bench.world.after = {"discussions.getComments": [delete_first]}
    for _ in range(4):
        await later(bench)

    assert bench.shelf.alive() == standing(bench.world)


async def test_another_process_in_the_middle_of_a_discussion_deletes_nothing(bench: Bench) -> None:
    bench.world.largest_page = 20
    _, comments = talk(bench, *(f"слово {n}" for n in range(900)))
    await bench.read()
    comments[5].deleted = True

    for _ in range(3):
        bench.time.now += 2 * HOUR
        more = True
        while more:
            # Every page is read by a process of its own, which met nothing of the page before.
            page = await bench.group().fetch(bench.cursor, now=bench.time.moment())
            bench.shelf.take(page)
            bench.cursor, more = page.cursor, page.more

    assert bench.shelf.deleted() == set()
    for _ in range(3):
        await later(bench, hours=6)
    assert bench.shelf.alive() == standing(bench.world)
