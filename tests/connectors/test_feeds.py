"""The feed connector against real servers on loopback: what is asked, kept, refused, repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes.feeds import Channel, Format, Item, World, feeds_app
from fakes.feeds_demo import ADDRESS, demo_world
from fakes.server import FakeServer, Fault, Faults
from pydantic import SecretStr

from connectors.base import Action, ApiError, BadPayloadError, Page, SourceError, UnreachableError
from connectors.calling import ATTEMPTS, Caller
from connectors.feeds import Feed
from connectors.http import HttpClient
from connectors.ledger import HeldError, Ledger, Token
from models.values import FetchedPost, KnownPost
from models.vocabulary import Network
from pipeline.decisions.folding import fold

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
TEXTS = ["Нет воды на Мира, 5", "Яма у школы", "Не горят фонари", "Мусор не вывозят", "Снег"]


@dataclass(slots=True)
class Site:
    """A world of feeds, the server's faults, and how to make a connector over one of its paths."""

    world: World
    faults: Faults
    url: str
    make: Callable[[str], Feed]

    async def fetch(self, path: str = "/rss", cursor: dict[str, object] | None = None) -> Page:
        return await self.make(path).fetch(cursor or {}, now=NOON)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    ledger = Ledger(tmp_path / "ledger.db", clock=NOON.timestamp, sleep=at_once)
    yield ledger
    ledger.close()


@pytest.fixture
async def site(ledger: Ledger) -> AsyncIterator[Site]:
    async with running(ledger, World(clock=NOON.timestamp)) as site:
        yield site


@asynccontextmanager
async def running(ledger: Ledger, world: World) -> AsyncIterator[Site]:
    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    async with FakeServer(feeds_app(world)) as server, HttpClient(private=True) as http:
        token = Token("лента", SecretStr("не секрет"), rate=1000.0)
        caller = Caller(token, ledger, sleep=at_once, clock=lambda: 0.0)
        yield Site(
            world,
            server.faults,
            server.url,
            lambda path: Feed(http, caller, url=f"{server.url}{path}", zone=MOSCOW),
        )


def items(*texts: str, hours: int = 1) -> list[Item]:
    """Items an hour apart, the last one an hour ago."""
    count = len(texts)
    return [
        Item(
            guid=f"n-{number}",
            title=text,
            html=f"<p>{text}, дом {number}.</p><p>Просим помочь.</p>",
            published=NOON.timestamp() - 3600 * hours * (count - number),
            link=f"https://gorod.example/n/{number}",
        )
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r"])
async def test_a_feed_becomes_posts(site: Site, form: Format, charset: str) -> None:
    site.world.channels["/rss"] = Channel(form=form, items=items(*TEXTS), charset=charset)

    page = await site.fetch()

    assert page.posts[0] == FetchedPost(
        network=Network.FEED,
        external_id="n-4",
        kind=page.posts[0].kind,
        text="Снег, дом 4.\nПросим помочь.",
        published_at=NOON - timedelta(hours=1),
        url="https://gorod.example/n/4",
    )
    assert [post.external_id for post in page.posts] == ["n-4", "n-3", "n-2", "n-1", "n-0"]
    assert (page.more, page.rejected) == (False, ())


async def test_dates_without_a_zone_are_in_the_sources(site: Site) -> None:
    site.world.channels["/rss"] = Channel(items=items("Снег"), zone=None)

    page = await site.fetch()

    assert page.posts[0].published_at == NOON - timedelta(hours=1)


async def test_an_unchanged_feed_is_not_sent_again(site: Site) -> None:
    site.world.channels["/rss"] = Channel(items=items(*TEXTS))

    first = await site.fetch()
    second = await site.fetch(cursor=first.cursor)

    assert [seen.status for seen in site.world.seen] == [200, 304]
    assert site.world.seen[1].headers["If-None-Match"] == first.cursor["etag"]
    assert str(first.cursor["etag"]).startswith('W/"')
    assert site.world.seen[1].headers["If-Modified-Since"] == "Tue, 17 Nov 2026 08:00:00 GMT"
    assert second == Page((), first.cursor)


async def test_a_changed_feed_is_read_again_and_the_cursor_follows(site: Site) -> None:
    channel = site.world.channels["/rss"] = Channel(items=items(*TEXTS), dates=False)
    first = await site.fetch()

    channel.items[0].title = channel.items[0].html = "Воды нет четвёртый день"
    second = await site.fetch(cursor=first.cursor)

    assert second.posts[-1].text == "Воды нет четвёртый день"
    assert first.cursor.keys() == second.cursor.keys() == {"etag"}
    assert first.cursor != second.cursor


async def test_an_edit_carries_its_moment(site: Site) -> None:
    channel = site.world.channels["/rss"] = Channel(form=Format.ATOM, items=items("Снег"))
    channel.items[0].updated = NOON.timestamp() - 60

    page = await site.fetch()

    assert page.posts[0].edited_at == NOON - timedelta(minutes=1)


async def test_a_broken_document_leaves_no_validators_behind(site: Site) -> None:
    channel = site.world.channels["/rss"] = Channel(items=items(*TEXTS))
    first = await site.fetch()

    channel.edit = lambda text: text[: len(text) * 2 // 3]
    broken = await site.fetch(cursor=first.cursor)
    channel.edit = str
    mended = await site.fetch(cursor=broken.cursor)

    assert broken.cursor == {}
    assert mended.posts == first.posts
    assert 0 < len(broken.posts) < len(first.posts)
    assert all(post in first.posts for post in broken.posts)
    assert mended.cursor == first.cursor


async def test_a_page_in_place_of_the_feed_leaves_the_cursor_alone(site: Site) -> None:
    channel = site.world.channels["/rss"] = Channel(items=items(*TEXTS))
    first = await site.fetch()

    channel.raw = (
        b'<!doctype html><link rel="alternate" type="application/rss+xml" href="/all.xml">'
    )
    with pytest.raises(SourceError, match=f"{site.url}/all.xml"):
        await site.fetch(cursor=first.cursor)
    channel.raw = None

    assert (await site.fetch(cursor=first.cursor)).posts == ()


async def test_a_cursor_of_nonsense_asks_for_everything(site: Site) -> None:
    site.world.channels["/rss"] = Channel(items=items(*TEXTS))

    page = await site.fetch(cursor={"etag": 5, "modified": None, "else": "x"})

    assert len(page.posts) == 5
    assert "If-None-Match" not in site.world.seen[0].headers


async def test_validators_of_unreasonable_length_are_not_kept(site: Site) -> None:
    site.world.channels["/rss"] = Channel(
        items=items(*TEXTS), etags=False, dates=False, headers={"ETag": f'"{"x" * 5000}"'}
    )

    assert (await site.fetch()).cursor == {}


async def test_a_redirect_is_followed_and_keeps_the_validators(site: Site) -> None:
    site.world.channels["/rss"] = Channel(redirect="/new/feed?x=1")
    site.world.channels["/new/feed"] = Channel(items=items(*TEXTS))

    first = await site.fetch()
    second = await site.fetch(cursor=first.cursor)

    assert len(first.posts) == 5
    assert second.posts == ()
    assert [seen.path for seen in site.world.seen] == ["/rss", "/new/feed?x=1"] * 2


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (401, Action.CLOSED),
        (403, Action.CLOSED),
        (451, Action.CLOSED),
        (404, Action.GONE),
        (410, Action.GONE),
        (400, Action.QUARANTINE),
        (406, Action.QUARANTINE),
        (418, Action.QUARANTINE),
    ],
)
async def test_a_refusal_says_what_to_do_and_is_asked_once(
    site: Site, status: int, action: Action
) -> None:
    site.world.channels["/rss"] = Channel(status=status)

    with pytest.raises(ApiError, match=r"127\.0\.0\.1") as caught:
        await site.fetch("/rss?key=secret")

    assert (caught.value.action, caught.value.code) == (action, status)
    assert "secret" not in str(caught.value)
    assert len(site.world.seen) == 1


@pytest.mark.parametrize("status", [500, 503, 408, 520])
async def test_a_server_in_trouble_is_asked_a_few_times(site: Site, status: int) -> None:
    site.world.channels["/rss"] = Channel(status=status)

    with pytest.raises(UnreachableError, match=str(status)):
        await site.fetch()

    assert len(site.world.seen) == ATTEMPTS


async def test_a_server_that_is_asked_too_often_is_asked_later(site: Site) -> None:
    channel = site.world.channels["/rss"] = Channel(status=429, headers={"Retry-After": "2"})

    with pytest.raises(ApiError) as caught:
        await site.fetch()
    channel.status = 200
    page = await site.fetch()

    assert (caught.value.action, caught.value.retry_after) == (Action.PACE, 2.0)
    assert len(site.world.seen) == ATTEMPTS + 1
    assert page.posts == ()


async def test_a_long_pause_is_not_waited_for_in_place(site: Site) -> None:
    site.world.channels["/rss"] = Channel(status=429, headers={"Retry-After": "3600"})

    with pytest.raises(ApiError):
        await site.fetch()
    with pytest.raises(HeldError) as held:
        await site.fetch()

    assert len(site.world.seen) == 1
    assert held.value.until == NOON.timestamp() + 3600


async def test_an_answer_304_to_a_question_that_allows_none_is_no_feed(site: Site) -> None:
    site.world.channels["/rss"] = Channel(status=304)

    with pytest.raises(BadPayloadError, match="304"):
        await site.fetch()


async def test_a_bomb_is_not_unpacked(site: Site) -> None:
    site.world.channels["/rss"] = Channel(items=items(*TEXTS), zip=True, zeros=200)

    with pytest.raises(BadPayloadError, match="больше 5 МБ"):
        await site.fetch()


async def test_a_compressed_feed_is_read(site: Site) -> None:
    site.world.channels["/rss"] = Channel(items=items(*TEXTS), zip=True)

    assert len((await site.fetch()).posts) == 5


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SERVER_ERROR, Fault.TRUNCATED])
async def test_one_fault_is_got_over(site: Site, fault: Fault) -> None:
    site.world.channels["/rss"] = Channel(items=items(*TEXTS))
    site.faults.planned = [(fault, True), (fault, False)]

    assert len((await site.fetch()).posts) == 5
    assert site.faults.counted == {fault: 2}


def store(pages: list[Page]) -> dict[str, KnownPost]:
    """What a store ends with after these pages, one after the other."""
    known: dict[str, KnownPost] = {}
    for page in pages:
        for change in fold(page.posts, known).changes:
            post, before = change.post, change.known
            known[post.external_id] = KnownPost(
                id=before.id if before else len(known) + 1,
                external_id=post.external_id,
                text=post.text,
                revision=(before.revision if before else 0) + len(change.texts),
                edited_at=post.edited_at,
                deleted=post.deleted,
                incident_id=None,
            )
    return known


@pytest.mark.parametrize("seed", range(5))
async def test_through_faults_and_cuts_the_store_ends_as_without_them(
    ledger: Ledger, seed: int
) -> None:
    async def read(*, spoil: bool) -> dict[str, KnownPost]:
        world = World(clock=NOON.timestamp)
        channel = world.channels["/rss"] = Channel(items=items(*TEXTS[:2], hours=2))
        pages: list[Page] = []
        cursor: dict[str, object] = {}
        async with running(ledger, world) as site:
            for number, text in enumerate(TEXTS[2:]):
                channel.items.append(Item(f"later-{number}", text, text, NOON.timestamp() - number))
                channel.items[0].title = channel.items[0].html = f"Нет воды, день {number}"
                site.faults.share, site.faults.seed = 0.5 * spoil, seed
                site.faults.kinds = (Fault.RESET, Fault.SERVER_ERROR, Fault.TRUNCATED, Fault.HTML)
                channel.edit = (lambda text: text[: -40 * (seed + 1)]) if spoil else str
                for _ in range(2):
                    try:
                        page = await site.fetch(cursor=cursor)
                    except SourceError:
                        continue
                    pages.append(page)
                    cursor = page.cursor
                site.faults.share = 0.0
                channel.edit = str
                page = await site.fetch(cursor=cursor)
                pages.append(page)
                cursor = page.cursor
        return store(pages)

    async def by_id(reading: Awaitable[dict[str, KnownPost]]) -> dict[str, tuple[str, int]]:
        return {key: (post.text, post.revision) for key, post in (await reading).items()}

    assert await by_id(read(spoil=True)) == await by_id(read(spoil=False))


async def test_the_demo_grows_by_the_clock(ledger: Ledger) -> None:
    moment = NOON.timestamp()
    world = demo_world(clock=lambda: moment)
    async with running(ledger, world) as site:
        first = await site.fetch(ADDRESS)
        moment += 3 * 3600
        later = await site.fetch(ADDRESS, first.cursor)

    assert 0 < len(first.posts) < len(later.posts) == 10
    assert all(post in later.posts for post in first.posts)
    assert all(post.published_at and post.url and len(post.text) > 40 for post in later.posts)
