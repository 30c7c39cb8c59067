"""The fake network itself: its pages for people, its demo, and the errors that it is strict in."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fakes.ok_demo import DISTRICT, EVERY, GROUPS, OLD_STORIES, STORIES, TOKEN, Timeline, fill, live
from fakes.ok_world import World
from ok_bench import GROUP, HOUR, Bench, Time, ok_bench, standing

from connectors.ok.groups import Group

FEED = Path(__file__).parents[3] / "pipeline/region/sample/smolensky/feed/recording_ok.jsonl"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ok_bench(tmp_path) as opened:
        yield opened


async def get(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()


async def ask(bench: Bench, method: str, **params: str) -> Any:
    """Call a method as a program of somebody else would, signed by hand."""
    world = bench.world
    form = {"method": method, "application_key": world.application_key, **params}
    words = "".join(f"{name}={form[name]}" for name in sorted(form))
    session_key = hashlib.md5(b"-s-token" + world.app_secret.encode(), usedforsecurity=False)
    sig = hashlib.md5((words + session_key.hexdigest()).encode(), usedforsecurity=False)
    form |= {"sig": sig.hexdigest(), "access_token": "-s-token"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{bench.server.url}/fb.do", data=form) as response,
    ):
        assert response.status == 200
        return await response.json()


async def test_a_person_sees_groups_topics_and_official_answers(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Яма <script>alert(1)</script>", pinned=True)
    asked = bench.world.add_comment(topic, "Когда & кто?")
    bench.world.add_comment(topic, "Завтра", reply_to=asked.id, by_group=True)
    bench.world.add_comment(topic, "убрано").deleted = True

    main = await get(f"{bench.server.url}/")
    page = await get(f"{bench.server.url}/group/{GROUP}")

    assert f'<a href="/group/{GROUP}">Смоленский район</a>' in main
    assert "Яма &lt;script&gt;" in page
    assert "<script>" not in page
    assert "Когда &amp; кто?" in page
    assert page.count("официальный ответ") == 1
    assert "убрано" not in page


async def test_an_unknown_page_is_not_found(bench: Bench) -> None:
    assert "нет" in await get(f"{bench.server.url}/group/1")


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("no.such", {}, 3),
        ("stream.get", {"gid": "1"}, 160),
        ("stream.get", {"gid": GROUP, "count": "1000"}, 100),
        ("stream.get", {"gid": GROUP, "anchor": "???"}, 100),
        ("stream.get", {"gid": GROUP, "fields": "comment.CREATED_MS"}, 100),
        ("discussions.getComments", {"discussionId": "1", "discussionType": "GROUP_TOPIC"}, 300),
        ("mediatopic.getByIds", {}, 100),
    ],
)
async def test_mistakes_are_refused_with_the_documented_codes(
    bench: Bench, method: str, params: dict[str, str], code: int
) -> None:
    answer = await ask(bench, method, **params)

    assert answer["error_code"] == code
    assert set(answer) == {"error_code", "error_msg", "error_data"}


async def test_a_photo_is_no_topic(bench: Bench) -> None:
    photo = bench.world.add_topic(GROUP, "Сквер", photo=True)

    answers = [
        await ask(
            bench, "discussions.getComments", discussionId=photo.id, discussionType=f"GROUP_{kind}"
        )
        for kind in ("TOPIC", "PHOTO")
    ]

    assert answers[0]["error_code"] == 300
    assert answers[1]["has_more"] is False


async def test_comments_go_both_ways(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    ids = [bench.world.add_comment(topic, str(n), at=bench.time.now + n).id for n in range(5)]
    read: dict[str, list[str]] = {}

    for direction in ("FORWARD", "BACKWARD"):
        anchor, more, read[direction] = "", True, []
        while more:
            answer = await ask(
                bench,
                "discussions.getComments",
                discussionId=topic.id,
                discussionType="GROUP_TOPIC",
                direction=direction,
                count="2",
                anchor=anchor,
            )
            anchor, more = answer["anchor"], answer["has_more"]
            read[direction] += [comment["id"] for comment in answer["comments"]]

    assert read == {"FORWARD": ids, "BACKWARD": ids[::-1]}


def test_the_demo_goes_on_by_its_clock_alone() -> None:
    time = Time()
    worlds = [World(clock=time.clock) for _ in range(2)]
    for world in worlds:
        fill(world)
    at_once, bit_by_bit = (Timeline(world) for world in worlds)

    for step in range(60):
        bit_by_bit.due(time.now + step * EVERY)
    happened = at_once.due(time.now + 59 * EVERY)

    assert happened == 59
    assert standing(worlds[0]) == standing(worlds[1])


def test_the_demo_tells_every_story_in_both_groups() -> None:
    time = Time()
    world = World(clock=time.clock)
    fill(world)
    timeline = Timeline(world)
    assert sum(len(group.things) for group in world.groups.values()) == OLD_STORIES

    for step in range(70):
        timeline.due(time.now + step * EVERY)

    told = {thing.text for group in world.groups.values() for thing in group.things}
    assert told == {story.text for story in STORIES}
    comments = [
        comment
        for group in world.groups.values()
        for thing in group.things
        for comment in thing.comments
    ]
    assert any(comment.deleted for comment in comments)
    assert any(comment.reply_to for comment in comments)
    assert any(comment.old_style for comment in comments)
    assert {group_id for group_id, _ in GROUPS} == set(world.groups)


def test_the_demos_texts_are_its_own() -> None:
    texts = [text for story in STORIES for text in (story.text, *story.comments)]
    recorded = FEED.read_text(encoding="utf-8")

    assert len(texts) == len(set(texts)) >= 30
    assert not [text for text in texts if text.removeprefix("> ") in recorded]


async def test_the_demo_lives_and_is_read(tmp_path: Path) -> None:
    time = Time()
    world = World(clock=time.clock)
    fill(world)
    slept = 0

    class EnoughError(Exception):
        pass

    async def sleep(seconds: float) -> None:
        nonlocal slept
        slept += 1
        await time.sleep(seconds)
        if slept > 600:
            raise EnoughError

    with pytest.raises(EnoughError):
        await live(world, sleep=sleep)
    async with ok_bench(tmp_path, world=world) as bench:
        bench.time.now = time.now
        for group_id, _ in GROUPS:
            group = Group(bench.api(token=TOKEN), group_id=group_id)
            bench.cursor = {}
            await bench.read(group)

        assert bench.shelf.alive() == standing(world)
        assert len(bench.shelf.alive()) > 30
        assert DISTRICT in "".join(bench.shelf.alive())
        assert bench.time.now - time.now < HOUR
