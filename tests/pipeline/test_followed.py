"""Sources of every kind, followed as the flow does: the networks of the demo on one clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from html import escape
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa
from fakes.max_demo import CHANNEL as MAX_CHANNEL
from fakes.max_world import BOT_ID
from fakes.server import Fault
from fakes.vk_demo import GROUP_TOKENS, SERVICE_TOKEN, WALLS
from following import (
    BOT,
    CHANNEL,
    DISTRICT,
    EVERYTHING,
    KATYN,
    MAX,
    OK,
    PECHERSK,
    SITE,
    Town,
    town,
)
from sqlmodel import col, select

from connectors.base import ApiError
from connectors.http import Request
from connectors.ledger import HeldError, ParkedError
from connectors.vk import api as vk_api
from models.inbox import Event
from models.incident import Incident
from models.post import Post, PostVersion
from pipeline.database import reading, unit_of_work
from pipeline.desk.events import keep_event
from pipeline.followed import Followed
from pipeline.watch import Outcome, watch

HERE, PECHERSK_WALL, KATYN_WALL = (owner for owner, _, _ in WALLS)
CITIZEN = 1_990_000_311
LAMP = "На улице Лесной в Печерске не горит фонарь у дома 5, почините пожалуйста"
ROAD = "В Катыни на Советской яма во всю дорогу, машины бьются каждый день"

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database."""


@pytest.fixture
async def place(engine: sa.Engine, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(engine, tmp_path) as made:
        yield made


async def read(followed: Followed, *keys: str) -> int:
    """Read sources one by one, those that are due unless some are named; return the new posts."""
    return sum([(await followed.read(key)).taken for key in keys or followed.due()])


async def look(followed: Followed) -> Outcome[object]:
    """Look once at what is due, as a run of the flow does."""
    return await watch(followed.due, followed.read, seconds=0, step=0.01)


def opened_by(place: Town, text: str) -> list[Incident]:
    with reading(place.engine) as session:
        query = select(Incident).join(Post).where(col(Post.text) == text)
        return list(session.exec(query))


def replaced(place: Town) -> list[str]:
    with reading(place.engine) as session:
        return sorted(one.text for one in session.exec(select(PostVersion)))


async def test_every_network_is_read_and_nothing_is_doubled(place: Town) -> None:
    # Given sources that were never read
    followed = place.follow()
    assert followed.due() == list(EVERYTHING)
    # When all are read
    assert (await look(followed)).broken == []
    # Then what stands in the networks is here, and each says when it is read next
    assert place.stored() == place.standing()
    assert all(place.stored().values())
    assert followed.due() == []
    for key in EVERYTHING:
        state = place.state(key)
        assert state.last_error == ""
        assert state.next_at is not None
        assert timedelta(0) < state.next_at - place.time.now() <= timedelta(minutes=1)
    # And another process that reads all of it again adds nothing
    place.time.forward(minutes=2)
    again = place.follow()
    assert again.due() == list(EVERYTHING)
    assert await read(again) == 0
    assert place.stored() == place.standing()
    assert replaced(place) == []


async def test_what_happens_in_the_networks_arrives(place: Town) -> None:
    # Given sources that were read, and things that can be changed there
    followed = place.follow()
    await read(followed)
    world = place.demo
    old = next(post for post in world.vk.wall(HERE).feed() if post.comments and not post.pinned)
    thing = next(one for one in world.ok.groups[OK[0].partition(":")[2]].things if one.comments)
    channel = CHANNEL.partition(":")[2]
    story = next(one for one in world.telegram.channels[channel].posts.values() if one.comments)
    news = next(one for one in world.max.chats[MAX_CHANNEL].messages.values() if one.comments)
    (feed,) = world.feed.channels.values()
    # When people write, edit and delete everywhere
    gone = next(iter(old.comments))
    changed = [old.text, thing.text, story.text, news.text, feed.items[0].html]
    world.vk.add_comment(HERE, world.vk.add_post(HERE, ROAD, from_id=CITIZEN).id, LAMP, from_id=9)
    world.vk.edit_post(HERE, old.id, f"{old.text} Дополнено.")
    world.vk.delete_comment(HERE, old.id, gone)
    world.ok.add_topic(OK[0].partition(":")[2], ROAD, author_id="990000777")
    thing.text += " Дополнено."
    thing.comments[0].deleted = True
    world.ok.add_comment(thing, LAMP)
    world.telegram.post(channel, ROAD)
    world.telegram.edit(channel, story.number, f"{story.text} Дополнено.")
    world.telegram.delete(channel, story.number, comment=next(iter(story.comments)))
    bot = next(iter(world.telegram.bots))
    world.telegram.say(bot, LAMP)
    world.max.edit(news, f"{news.text} Дополнено.")
    world.max.comment(news, LAMP, author=501)
    world.max.remove(next(iter(news.comments.values())))
    feed.items[0].html = "<p>Поправлено: воды нет третьи сутки.</p>"
    # Then after two readings, which a deletion needs, all of it is here, and the old texts too
    place.standing()
    for _ in range(2):
        place.time.forward(minutes=2)
        await read(followed)
    assert place.stored() == place.standing()
    assert all(any(text in one for one in replaced(place)) for text in changed[:4])
    # And what is restored comes back
    world.vk.restore_comment(HERE, old.id, gone)
    thing.comments[0].deleted = False
    place.time.forward(minutes=2)
    await read(followed)
    assert place.stored() == place.standing()


@only_sqlite
async def test_every_post_leads_to_its_page_on_the_site_that_is_named(place: Town) -> None:
    # Given sources whose pages stand on this machine
    await read(place.follow())
    with reading(place.engine) as session:
        posts = session.exec(select(Post).where(col(Post.url).startswith("http:"))).all()
    assert {one.url.rpartition(":")[2].partition("/")[0] for one in posts} == {
        url.rpartition(":")[2] for name, url in place.demo.url.items() if name != "feed"
    }
    # When their links are opened
    async with aiohttp.ClientSession() as session:
        for post in posts:
            async with session.get(post.url) as page:
                # Then the page is there, and in VKontakte and Odnoklassniki the text on it
                assert page.status == 200, post.url
                if post.url.startswith((place.demo.url["vk"], place.demo.url["ok"])):
                    assert escape(post.text) in await page.text()


@only_sqlite
async def test_a_source_that_is_down_fails_alone(place: Town) -> None:
    # Given a network that breaks every connection
    followed = place.follow()
    faults = place.demo.faults["ok"]
    faults.kinds, faults.share = (Fault.RESET,), 1.0
    # When everything is read
    outcome = await look(followed)
    # Then its two groups failed, say so in Russian, and rest; all the others were read
    assert sorted(outcome.broken) == sorted(OK)
    others = [key for key in EVERYTHING if key not in OK]
    assert place.stored(others) == place.standing(others)
    for key in OK:
        state = place.state(key)
        assert "соединение" in state.last_error
        assert state.failures == 1
        assert state.next_at is not None
        assert place.time.now() < state.next_at
    # And what rests is not read before its time, nor keeps others from being read
    asked = len(place.demo.ok.calls)
    place.let_read(SITE)
    assert followed.due() == [SITE]
    await look(followed)
    assert len(place.demo.ok.calls) == asked
    # And once the network is back, they are read
    faults.share = 0.0
    place.time.forward(minutes=2)
    assert (await look(followed)).broken == []
    assert place.stored() == place.standing()
    assert {place.state(key).last_error for key in OK} == {""}


async def test_what_long_poll_tells_is_here_before_the_wall_is_due(place: Town) -> None:
    # Given a community with Long Poll that was read
    followed = place.follow()
    await read(followed)
    calls = place.demo.vk.log.count("wall.get")
    # When half a minute later something happened
    world = place.demo.vk
    post = world.add_post(PECHERSK_WALL, LAMP, from_id=CITIZEN)
    first = world.add_comment(PECHERSK_WALL, post.id, "И у нас", from_id=9)
    second = world.add_comment(PECHERSK_WALL, post.id, "Спасибо", from_id=10)
    world.edit_comment(PECHERSK_WALL, post.id, first.id, "И у нас на Минской темно")
    world.delete_comment(PECHERSK_WALL, post.id, second.id)
    place.time.forward(seconds=31)
    assert {PECHERSK, KATYN} <= set(followed.due()) <= {PECHERSK, KATYN, BOT, MAX}
    await read(followed, PECHERSK)
    # Then it is here, and the wall was not asked for
    assert place.stored([PECHERSK]) == place.standing([PECHERSK])
    assert place.demo.vk.log.count("wall.get") == calls
    assert len(opened_by(place, LAMP)) == 1
    # And the reading of the wall doubles nothing
    for _ in range(2):
        place.time.forward(minutes=2)
        assert await read(followed, PECHERSK) == 0
    assert place.stored([PECHERSK]) == place.standing([PECHERSK])
    assert place.demo.vk.log.count("wall.get") > calls


@only_sqlite
async def test_where_events_were_lost_the_wall_is_read(place: Town) -> None:
    # Given a Long Poll server that started anew after something had happened
    followed = place.follow()
    await read(followed)
    wall = place.demo.vk.wall(PECHERSK_WALL)
    place.demo.vk.add_post(PECHERSK_WALL, LAMP, from_id=CITIZEN)
    wall.long_poll.lost.add(wall.long_poll.key)
    wall.long_poll.expire_key()
    # When its events are asked for before the wall is due
    place.time.forward(seconds=31)
    due = place.state(PECHERSK).next_at
    assert due is not None
    assert due > place.time.now()
    await read(followed, PECHERSK)
    # Then the wall was read at once
    assert place.stored([PECHERSK]) == place.standing([PECHERSK])
    assert len(opened_by(place, LAMP)) == 1


@only_sqlite
async def test_without_events_the_wall_is_read_and_people_hear_of_it(place: Town) -> None:
    # Given a community whose key for events was revoked
    followed = place.follow()
    await read(followed)
    place.demo.vk.tokens[GROUP_TOKENS[1]].dead = 5
    place.demo.vk.add_post(PECHERSK_WALL, LAMP, from_id=CITIZEN)
    # When it is asked for events before the wall is due
    place.time.forward(seconds=31)
    due = place.state(PECHERSK).next_at
    with pytest.raises(ApiError):
        await followed.read(PECHERSK)
    # Then the trouble is told and does not put the wall off
    assert "getLongPollServer" in place.state(PECHERSK).last_error
    assert place.state(PECHERSK).next_at == due
    # And when the wall is due it is read
    place.time.forward(minutes=1)
    with pytest.raises(ParkedError):
        await followed.read(PECHERSK)
    assert place.stored([PECHERSK]) == place.standing([PECHERSK])
    assert "demo-vk-202" in place.state(PECHERSK).last_error
    assert place.state(PECHERSK).failures == 0


def push(place: Town, key: str, owner: int) -> None:
    """Keep all events of a community, as the console does with what is pushed to it."""
    with unit_of_work(place.engine) as session:
        for event in place.demo.vk.wall(owner).events:
            keep_event(session, key, event["event_id"], event, place.time.now())


async def test_pushed_events_are_taken_once_and_reading_doubles_none(place: Town) -> None:
    # Given a community that pushes its events to the console
    place.sources = place.sources.replace(
        "events: longpoll\n    events_token: demo-vk-203",
        "events: callback\n    secret: demo-hook\n    confirmation: a1b2c3d4",
    )
    followed = place.follow()
    await read(followed)
    world = place.demo.vk
    world.wall(KATYN_WALL).events.clear()
    # When something happens and is pushed, one event twice
    post = world.add_post(KATYN_WALL, ROAD, from_id=CITIZEN)
    comment = world.add_comment(KATYN_WALL, post.id, "Видел", from_id=9)
    world.edit_comment(KATYN_WALL, post.id, comment.id, "Вчера видел там же аварию")
    push(place, KATYN, KATYN_WALL)
    push(place, KATYN, KATYN_WALL)
    calls = len(world.log)
    # Then the source is due for its events alone, and nobody is asked for them
    assert KATYN in followed.due()
    assert await read(followed, KATYN) == 2
    assert len(world.log) == calls
    assert KATYN not in followed.due()
    assert place.stored([KATYN]) == place.standing([KATYN])
    # And neither a repeat nor the reading of the wall adds anything
    push(place, KATYN, KATYN_WALL)
    assert KATYN not in followed.due()
    for _ in range(2):
        place.time.forward(minutes=2)
        assert await read(followed, KATYN) == 0
    assert place.stored([KATYN]) == place.standing([KATYN])
    assert len(opened_by(place, ROAD)) == 1
    with reading(place.engine) as session:
        assert all(event.taken_at for event in session.exec(select(Event)))


@only_sqlite
async def test_an_event_hides_no_trouble_with_the_wall(place: Town) -> None:
    # Given a wall that could not be read, of a community that pushes its events
    place.sources = place.sources.replace(
        "events: longpoll\n    events_token: demo-vk-203",
        "events: callback\n    secret: demo-hook\n    confirmation: a1b2c3d4",
    )
    followed = place.follow()
    place.demo.vk.wall(KATYN_WALL).refusal = 15
    with pytest.raises(ApiError):
        await followed.read(KATYN)
    told = place.state(KATYN).last_error
    # When an event comes
    place.demo.vk.add_post(KATYN_WALL, ROAD, from_id=CITIZEN)
    push(place, KATYN, KATYN_WALL)
    assert await read(followed, KATYN) >= 1
    # Then people still hear of the wall, which still waits for its time
    assert told
    assert place.state(KATYN).last_error == told
    assert KATYN not in followed.due()


def _network(place: Town, post: Post) -> str:
    return next(name for name, url in place.demo.url.items() if post.url.startswith(url))


@only_sqlite
async def test_answers_of_the_administration_open_no_incident(place: Town) -> None:
    # Given answers below people's words, in each network that is answered in
    followed = place.follow()
    await read(followed)
    said = "В Печерске на Лесной прорвало трубу, нет воды, аварийная бригада выехала, срочно!"
    vk, ok, messenger = place.demo.vk, place.demo.ok, place.demo.max
    post = vk.add_post(HERE, ROAD, from_id=CITIZEN)
    vk.add_comment(HERE, post.id, said, from_id=HERE)
    group = OK[0].partition(":")[2]
    ok.add_comment(ok.groups[group].things[0], said, by_group=True)
    news = next(iter(messenger.chats[MAX_CHANNEL].messages.values()))
    messenger.comment(news, said, author=BOT_ID)
    # When they are read, and the same words of a citizen as well
    place.time.forward(minutes=11)
    await read(followed)
    with reading(place.engine) as session:
        stored = session.exec(select(Post).where(col(Post.text) == said)).all()
    # Then none of the answers is an incident
    assert {_network(place, one) for one in stored} == {"vk", "ok"}
    assert opened_by(place, said) == []
    # And the same words of a citizen are one
    vk.add_comment(HERE, post.id, said, from_id=CITIZEN)
    place.time.forward(minutes=2)
    await read(followed)
    assert len(opened_by(place, said)) == 1


@only_sqlite
async def test_a_wall_whose_quota_is_spent_waits_until_it_begins_anew(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a token whose quota lasts for the first readings
    monkeypatch.setitem(vk_api.QUOTAS, "wall.get", 3)
    followed = place.follow()
    await read(followed)
    calls = place.demo.vk.log.count("wall.get")
    assert calls == 3
    # When the walls are due again
    place.time.forward(minutes=2)
    with pytest.raises(HeldError):
        await followed.read(DISTRICT)
    # Then nobody asks, and the wall says until when it waits: midnight in Moscow
    assert place.demo.vk.log.count("wall.get") == calls
    state = place.state(DISTRICT)
    assert "предел" in state.last_error
    assert state.next_at is not None
    assert state.next_at.isoformat() == "2026-11-17T21:00:00+00:00"
    assert DISTRICT not in followed.due()
    # And the other networks do not care
    assert await read(followed, *OK, CHANNEL, MAX, SITE) == 0
    # And the next day it is read
    place.time.forward(hours=12)
    assert DISTRICT in followed.due()
    await followed.read(DISTRICT)
    assert place.state(DISTRICT).last_error == ""


@only_sqlite
async def test_a_dead_token_stops_its_own_sources_alone(place: Town) -> None:
    # Given a revoked key that reads all walls
    followed = place.follow()
    token = place.demo.vk.tokens[SERVICE_TOKEN]
    token.dead = 5
    # When everything is due
    outcome = await look(followed)
    # Then every wall says what to do, the others were read
    walls = [DISTRICT, PECHERSK, KATYN]
    assert sorted(outcome.broken) == sorted(walls)
    asked = place.demo.vk.log.count(secret=SERVICE_TOKEN)
    assert asked <= len(walls)
    others = [key for key in EVERYTHING if key not in walls]
    assert place.stored(others) == place.standing(others)
    assert all("ключ" in place.state(key).last_error.lower() for key in walls)
    # And from then on nobody asks with it
    place.time.forward(minutes=30)
    assert sorted((await look(followed)).broken) == sorted(walls)
    assert place.demo.vk.log.count(secret=SERVICE_TOKEN) == asked
    assert "Ключ demo-vk" in place.state(DISTRICT).last_error
    # And once a person has seen to it, all of them are read
    token.dead = 0
    tools = followed.connecting.tools
    tools.ledger.release(tools.token("demo-vk", rate=1.0))
    place.let_read(*walls)
    assert (await look(followed)).broken == []
    assert place.stored(walls) == place.standing(walls)


async def test_a_slower_process_reads_again_what_another_has_stored(place: Town) -> None:
    # Given a process that is handed the wall only once another one has read it and more was said
    quick = place.follow()
    held: list[str] = []

    async def until_the_other_is_done(request: Request) -> None:
        if request.url.endswith("wall.get") and not held:
            held.append(request.url)
            await quick.read(DISTRICT)
            place.demo.vk.add_post(HERE, ROAD, from_id=CITIZEN)

    slow = place.follow(until_the_other_is_done)
    # When it goes on
    tally = await slow.read(DISTRICT)
    # Then it stores nothing of what it had in hand, and reads again what is new
    assert held
    assert tally.taken == 1
    assert place.stored([DISTRICT]) == place.standing([DISTRICT])
    assert place.demo.vk.log.count("wall.get") == 3


async def test_two_processes_store_nothing_twice(place: Town) -> None:
    # Given two processes that follow the same sources
    one, other = place.follow(), place.follow()
    # When both read everything at the same time, again and again while the world goes on
    for number in range(2):
        await asyncio.gather(look(one), look(other))
        place.demo.vk.add_post(HERE, f"{ROAD}, номер {number}", from_id=CITIZEN)
        place.demo.max.say(MAX_CHANNEL, f"{LAMP}, номер {number}", author=None)
        place.time.forward(minutes=2)
    await asyncio.gather(look(one), look(other))
    # Then each text is here once
    assert place.stored() == place.standing()
    assert {place.state(key).last_error for key in EVERYTHING} == {""}
