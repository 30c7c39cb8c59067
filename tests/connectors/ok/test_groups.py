"""A group of the fake network, read by the real connector over loopback."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from ok_bench import GROUP, HOUR, Bench, ok_bench, standing

from connectors.base import Action, ApiError, SourceError
from connectors.ok.groups import Group
from models.vocabulary import PostKind


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ok_bench(tmp_path) as opened:
        yield opened


async def test_topics_come_with_their_discussions(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Завтра в Каспле не будет воды.\n\nДо обеда.")
    first = bench.world.add_comment(topic, "А у нас её и сегодня нет", author_id="990000000007")
    answer = bench.world.add_comment(
        topic, "Передали в водоканал", reply_to=first.id, by_group=True
    )

    posts = await bench.read()

    root = f"{GROUP}_{topic.id}"
    by_id = {post.external_id: post for post in posts}
    assert set(by_id) == {root, f"{root}_{first.id}", f"{root}_{answer.id}"}
    assert by_id[root].text == "Завтра в Каспле не будет воды.\n\nДо обеда."
    assert by_id[root].kind is PostKind.POST
    assert by_id[root].url == f"https://ok.ru/group/{GROUP}/topic/{topic.id}"
    assert by_id[f"{root}_{first.id}"].author_id == "990000000007"
    assert by_id[f"{root}_{answer.id}"].parent_id == f"{root}_{first.id}"
    assert by_id[f"{root}_{answer.id}"].root_id == root
    assert {post.seen_at for post in posts} == {posts[0].seen_at}


async def test_photos_come_with_their_discussions(bench: Bench) -> None:
    photo = bench.world.add_topic(GROUP, "Площадь после ремонта", photo=True)
    comment = bench.world.add_comment(photo, "Плитка уже шатается")

    posts = {post.external_id: post for post in await bench.read()}

    assert posts[f"{GROUP}_p{photo.id}"].text == "Площадь после ремонта"
    assert posts[f"{GROUP}_p{photo.id}_{comment.id}"].root_id == f"{GROUP}_p{photo.id}"


async def test_moscow_words_and_milliseconds_are_the_same_moment(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    at = bench.time.now - 90
    old = bench.world.add_comment(topic, "раньше", at=at, old_style=True)
    new = bench.world.add_comment(topic, "теперь", at=at)

    posts = {post.external_id: post for post in await bench.read()}

    moments = {posts[f"{GROUP}_{topic.id}_{one.id}"].published_at for one in (old, new)}
    assert [moment.timestamp() for moment in moments if moment] == [at]


async def test_lists_of_several_pages_are_read_to_the_end(bench: Bench) -> None:
    bench.world.largest_page = 7
    for number in range(30):
        topic = bench.world.add_topic(GROUP, f"Тема {number}", at=bench.time.now - number * 60)
        for word in range(16 if number == 3 else 1):
            bench.world.add_comment(topic, f"Слово {word}")

    await bench.read()

    assert bench.shelf.alive() == standing(bench.world)


async def test_a_list_that_repeats_itself_has_ended(bench: Bench) -> None:
    bench.world.repeats = True
    bench.world.largest_page = 7
    for number in range(20):
        bench.world.add_topic(GROUP, f"Тема {number}")

    await bench.read()

    assert bench.shelf.alive() == standing(bench.world)
    assert bench.world.used()["stream.get"] == 4


async def test_a_page_is_handed_over_before_it_grows_too_large(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема, о которой спорят все")
    for number in range(950):
        bench.world.add_comment(topic, f"Слово {number}")
    group = bench.group()
    sizes, cursor, more = [], bench.cursor, True

    while more:
        page = await group.fetch(cursor, now=bench.time.moment())
        bench.shelf.take(page)
        cursor, more = page.cursor, page.more
        sizes.append(len(page.posts))

    assert sum(sizes) == 951
    assert max(sizes) < 400
    assert bench.shelf.alive() == standing(bench.world)


async def test_the_first_reading_goes_back_as_far_as_it_is_told(bench: Bench) -> None:
    old = bench.world.add_topic(GROUP, "Позапозавчера", at=bench.time.now - 60 * HOUR)
    bench.world.add_comment(old, "старое слово", at=bench.time.now - 59 * HOUR)
    fresh = bench.world.add_comment(old, "новое слово", at=bench.time.now - HOUR)
    new = bench.world.add_topic(GROUP, "Сегодня", at=bench.time.now - HOUR)

    posts = await bench.read()

    # Below an old topic that is still alive, what is new is news.
    assert {post.external_id for post in posts} == {
        f"{GROUP}_{new.id}",
        f"{GROUP}_{old.id}_{fresh.id}",
    }


async def test_a_shorter_history_is_an_option(bench: Bench) -> None:
    bench.world.add_topic(GROUP, "Вчера", at=bench.time.now - 20 * HOUR)
    group = Group(bench.api(), group_id=GROUP, history=timedelta(hours=2))

    page = await group.fetch({}, now=bench.time.moment())

    assert page.posts == ()


async def test_pinned_topics_do_not_hide_new_ones(bench: Bench) -> None:
    bench.world.largest_page = 2
    for number in range(3):
        at = bench.time.now - (500 + number) * HOUR
        bench.world.add_topic(GROUP, f"Правила {number}", at=at, pinned=True)
    new = bench.world.add_topic(GROUP, "Упал столб")

    posts = await bench.read(bench.group(photos=False))

    assert f"{GROUP}_{new.id}" in {post.external_id for post in posts}


async def test_after_a_long_silence_nothing_is_lost(bench: Bench) -> None:
    bench.world.add_topic(GROUP, "До отпуска")
    await bench.read()
    start = bench.time.now
    bench.time.now += 6 * 24 * HOUR
    for day in range(1, 6):
        topic = bench.world.add_topic(GROUP, f"День {day}", at=start + day * 24 * HOUR)
        bench.world.add_comment(topic, "и так целый день", at=start + day * 24 * HOUR + 5)

    await bench.read()

    assert bench.shelf.alive() == standing(bench.world)


async def test_a_quiet_group_costs_four_calls(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.add_comment(topic, "слово")
    await bench.read()
    bench.world.calls.clear()
    bench.time.now += 60

    await bench.read()

    # Lists say nowhere that they end: each is asked once more.
    assert bench.world.used() == {"stream.get": 2, "discussions.getList": 2}


async def test_a_discussion_is_read_again_when_its_count_changes(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема", at=bench.time.now - 30 * HOUR)
    still = bench.world.add_topic(GROUP, "Другая", at=bench.time.now - 30 * HOUR)
    for one in (topic, still):
        bench.world.add_comment(one, "слово", at=bench.time.now - 29 * HOUR)
    await bench.read()
    bench.world.calls.clear()
    bench.time.now += 60
    bench.world.add_comment(topic, "ещё слово")

    await bench.read()

    asked = [c.params["discussionId"] for c in bench.world.calls if "getComments" in c.method]
    assert asked == [topic.id]
    assert bench.shelf.alive() == standing(bench.world)


@pytest.mark.parametrize(("age", "after", "again"), [(1, 1, 1), (30, 1, 0), (30, 7, 1), (72, 9, 0)])
async def test_edits_are_looked_for_hourly_in_fresh_discussions_and_rarely_in_old(
    bench: Bench, age: float, after: float, again: int
) -> None:
    bench.world.counts = False
    topic = bench.world.add_topic(GROUP, "Тема", at=bench.time.now - age * HOUR)
    bench.world.add_comment(topic, "слово", at=bench.time.now - age * HOUR)
    await bench.read()
    bench.world.calls.clear()
    bench.time.now += after * HOUR

    await bench.read()

    assert bench.world.used()["discussions.getComments"] == again


async def test_topics_of_open_incidents_are_followed_for_a_week(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема", at=bench.time.now - HOUR)
    comment = bench.world.add_comment(topic, "Нет света на Школьной")
    await bench.read()
    opened = bench.group(open_posts=frozenset({f"{GROUP}_{topic.id}_{comment.id}"}), photos=False)
    bench.time.now += 5 * 24 * HOUR
    comment.text = "Нет света на Школьной, и столб упал"

    await bench.read(opened)

    assert bench.shelf.alive()[f"{GROUP}_{topic.id}_{comment.id}"].endswith("и столб упал")
    bench.time.now += 3 * 24 * HOUR
    await bench.read(opened)
    bench.world.calls.clear()
    bench.time.now += 24 * HOUR
    await bench.read(opened)
    assert "discussions.getComments" not in bench.world.used()


async def test_a_closed_group_says_so(bench: Bench) -> None:
    bench.world.groups[GROUP].closed = 455

    with pytest.raises(ApiError, match="доступ закрыт") as caught:
        await bench.read()

    assert caught.value.action is Action.CLOSED


async def test_one_closed_discussion_does_not_stop_the_others(bench: Bench) -> None:
    closed = bench.world.add_topic(GROUP, "Закрытая")
    bench.world.add_comment(closed, "слово")
    bench.world.denied["discussions.getComments"] = 456
    topic = bench.world.add_topic(GROUP, "Открытая", at=bench.time.now - 60)
    word = bench.world.add_comment(topic, "слово")
    bench.world.after["discussions.getComments"] = [bench.world.denied.clear]

    posts = await bench.read()

    assert f"{GROUP}_{topic.id}_{word.id}" in {post.external_id for post in posts}
    assert [f"topic/{closed.id}" in one.what for one in bench.shelf.rejected] == [True]


async def test_without_the_list_of_discussions_topics_are_read_all_the_same(bench: Bench) -> None:
    bench.world.denied["discussions.getList"] = 10
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.add_comment(topic, "слово")

    await bench.read()
    bench.time.now += HOUR
    await bench.read()

    assert bench.shelf.alive() == standing(bench.world)
    assert bench.world.used()["discussions.getList"] == 1
    assert len(bench.shelf.rejected) == 1
    assert "новая попытка через сутки" in bench.shelf.rejected[0].what


async def test_without_asking_by_number_nothing_is_taken_for_deleted(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    await bench.read()
    topic.deleted = True
    bench.world.denied["mediatopic.getByIds"] = 10

    for _ in range(3):
        bench.time.now += HOUR
        await bench.read()

    assert bench.shelf.deleted() == set()
    assert bench.world.used()["mediatopic.getByIds"] == 1
    assert "mediatopic.getByIds" in bench.shelf.rejected[0].what


@pytest.mark.parametrize("method", ["discussions.getList", "mediatopic.getByIds"])
async def test_a_flood_is_a_failure_wherever_it_comes(bench: Bench, method: str) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    await bench.read()
    topic.deleted = True
    bench.world.denied[method] = 8
    bench.time.now += 60

    with pytest.raises(SourceError, match="слишком много запросов"):
        await bench.read()


async def test_a_topic_that_goes_while_it_is_read_waits_for_the_next_reading(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.add_comment(topic, "слово")

    def delete() -> None:
        topic.deleted = True

    bench.world.after["discussions.getList"] = [lambda: None, delete]

    await bench.read()

    assert list(bench.shelf.alive()) == [f"{GROUP}_{topic.id}"]
    assert not bench.shelf.rejected


async def test_what_was_read_before_a_failure_is_delivered(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.add_comment(topic, "слово")
    bench.world.denied["discussions.getComments"] = 8
    group = bench.group()

    page = await group.fetch({}, now=bench.time.moment())

    assert [post.external_id for post in page.posts] == [f"{GROUP}_{topic.id}"]
    assert page.more
    with pytest.raises(SourceError):
        await group.fetch(page.cursor, now=bench.time.moment())


async def test_the_cursor_is_small_plain_and_holds_no_secret(bench: Bench) -> None:
    for number in range(400):
        topic = bench.world.add_topic(GROUP, f"Тема {number}", at=bench.time.now - number)
        bench.world.add_comment(topic, "слово")

    await bench.read()

    text = json.dumps(bench.cursor)
    assert json.loads(text) == bench.cursor
    assert len(text) < 20_000
    assert "token" not in text
    assert bench.world.app_secret not in text


@pytest.mark.parametrize(
    "damage",
    [
        {"floor": "вчера"},
        {"step": "прыжок"},
        {"threads": {"1": [1, 2]}},
        {"threads": 5},
        {"since": 10**20},
    ],
)
async def test_a_damaged_cursor_says_what_to_do(bench: Bench, damage: dict[str, object]) -> None:
    await bench.read()

    with pytest.raises(SourceError, match="Очистите закладку"):
        await bench.group().fetch({**bench.cursor, **damage}, now=bench.time.moment())
