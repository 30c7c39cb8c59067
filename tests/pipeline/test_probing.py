"""What ``otklik sources check`` finds out: who may do what, what is missing, what is released."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes.feeds import Channel, feeds_app
from fakes.feeds import World as FeedWorld
from fakes.imap import ImapServer
from fakes.imap import World as MailWorld
from fakes.max import MaxFake
from fakes.max_world import TOKEN as MAX_TOKEN
from fakes.max_world import MaxWorld
from fakes.ok import ok_app
from fakes.ok_world import World as OkWorld
from fakes.server import FakeServer
from fakes.telegram import TelegramFake
from fakes.telegram_world import TelegramWorld
from fakes.vk import VkFake
from fakes.vk_limits import FakeToken, Kind
from networks import (
    BOT_SECRET,
    CLOCK,
    GROUP,
    MAIL_SECRET,
    OK_SECRET,
    OWNER,
    USER,
    VK_SECRET,
    Place,
    hurry,
    put_secrets,
    vk_world,
)
from recordings import Office
from sources_yaml import BOT, CHANNEL, FEED, FOLDER, MAILBOX, MAX, OK, SEARCH, WALL, entry

from connectors.ledger import Health, TokenState
from pipeline.connecting import tokens
from pipeline.probing import Line, Verdict, probe
from pipeline.sourcing import local_tools

GROUP_SECRET = "vk1.a.key-of-the-community"  # noqa: S105 - made up
MANY = 10**6


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def office(tmp_path: Path, empty_sqlite: Path) -> Office:
    return Office(tmp_path, empty_sqlite)


async def ask(
    office: Office, place: Place, *, number: int = 0, asked: set[object] | None = None
) -> list[Line]:
    """Probe one of the sources of a place."""
    put_secrets(office.settings.home, place.secrets)
    region = office.region(place.source)
    return await probe(
        region.sources[number], office.settings, region, office.database(), asked=asked
    )


def verdicts(lines: list[Line]) -> dict[str, Verdict]:
    return {line.what: line.verdict for line in lines}


def said(lines: list[Line], what: str) -> str:
    return next(line.said for line in lines if line.what == what)


def troubles(lines: list[Line]) -> set[str]:
    return {line.what for line in lines if line.verdict is Verdict.NO}


def park(office: Office, place: Place, state: TokenState, reason: str) -> None:
    """Park the first token of a place, as the network's refusal does."""
    put_secrets(office.settings.home, place.secrets)
    source = office.region(place.source).sources[0]
    with local_tools(office.settings.home) as tools:
        tools.ledger.park(tokens(source, tools)[0], state, reason)


def health(office: Office, place: Place) -> Health:
    source = office.region(place.source).sources[0]
    with local_tools(office.settings.home) as tools:
        return tools.ledger.health(tokens(source, tools)[0])


@asynccontextmanager
async def vk(
    source: dict[str, str], kind: Kind = Kind.SERVICE, secret: str = VK_SECRET, **fields: object
) -> AsyncIterator[tuple[Place, FakeToken]]:
    """Serve a community with a token of some kind and the community's own key."""
    world, _ = vk_world()
    del world.tokens[VK_SECRET]
    user = 500 if kind is Kind.USER else 0
    token = world.add_token(secret, kind, rate=MANY, groups={-OWNER}, user_id=user, **fields)
    world.add_token(GROUP_SECRET, Kind.GROUP, rate=MANY, groups={-OWNER})
    async with FakeServer(VkFake(world).app) as server:
        secrets = {"vk-service": secret, "vk": secret, "vk-group": GROUP_SECRET}
        yield Place(entry(source | {"api": server.url}), world, secrets), token


OWN = WALL | {
    "communities": f'{{"{OWNER}": null}}',
    "answer_token": "vk-group",
    "events": "longpoll",
    "events_token": "vk-group",
}
READER = WALL | {"communities": f'{{"{OWNER}": null}}'}
READING = {"wall.get", "wall.getById", "wall.getComments"}


async def test_a_service_key_reads_and_the_communitys_key_answers(office: Office) -> None:
    async with vk(OWN) as (place, _):
        lines = await ask(office, place)

    found = verdicts(lines)
    assert said(lines, "ключ vk-service") == "сервисный ключ"
    assert said(lines, "ключ vk-group") == "ключ сообщества"
    assert {found[method] for method in READING - {"wall.get"}} == {Verdict.YES}
    assert found["groups.getLongPollServer"] is found["wall.createComment"] is Verdict.YES
    # That the community's key reads nothing is as it should be.
    assert found["wall.get"] is Verdict.ASIDE
    assert troubles(lines) == set()
    assert place.world.log.count("wall.createComment") == 0


async def test_the_answering_key_is_asked_about_the_community_that_is_answered_in(
    office: Office,
) -> None:
    async with vk(READER | {"answer_token": "vk-group"}) as (place, _):
        place.world.tokens[GROUP_SECRET].permissions = {"manage": 262_144}
        lines = await ask(office, place)

    assert troubles(lines) == {"wall.createComment"}
    assert "нет права «стена»" in said(lines, "wall.createComment")


async def test_a_users_key_reads_boards(office: Office) -> None:
    async with vk(READER | {"kind": "vk-board"}, Kind.USER) as (place, _):
        lines = await ask(office, place)

    assert said(lines, "ключ vk-service") == "ключ пользователя"
    assert verdicts(lines)["board.getTopics"] is Verdict.YES
    assert troubles(lines) == set()


async def test_a_communitys_key_cannot_read(office: Office) -> None:
    async with vk(READER, Kind.GROUP) as (place, _):
        lines = await ask(office, place)

    assert troubles(lines) == {"wall.get"}
    assert "нужен ключ пользователя или сервисный ключ" in said(lines, "wall.get")


async def test_a_key_of_the_new_style_is_told_and_where_it_does_not_serve(office: Office) -> None:
    async with vk(SEARCH, Kind.USER, "vk2.a.new-key-of-a-person") as (place, _):
        lines = await ask(office, place)
        kept = health(office, place).may

    assert said(lines, "ключ vk") == "ключ пользователя нового образца"
    assert troubles(lines) == {"newsfeed.search"}
    assert "1051" in said(lines, "newsfeed.search")
    # What was found stays with the token, for whoever looks later.
    assert kept["users.get"] == "ok"
    assert kept["newsfeed.search"] == said(lines, "newsfeed.search")


async def test_a_dead_key_is_told_and_released_when_a_person_has_seen_to_it(
    office: Office,
) -> None:
    # Given a key that has expired
    async with vk(READER, dead=5) as (place, token):
        lines = await ask(office, place)
        # Then everything that it is needed for is told, and it is asked only once
        assert troubles(lines) == {"wall.get"}
        assert health(office, place).state is TokenState.DEAD
        assert len(place.world.log) == 1
        # When it is good again, and asked again
        token.dead = 0
        lines = await ask(office, place)
        # Then it is in use again
        assert troubles(lines) == set()
        assert health(office, place).state is TokenState.OK


async def test_a_closed_community_is_told(office: Office) -> None:
    async with vk(READER) as (place, _):
        place.world.wall(OWNER).refusal = 15
        lines = await ask(office, place)

    assert troubles(lines) == {"wall.get"}


async def test_a_key_that_communities_share_is_asked_once(office: Office) -> None:
    both = READER | {"communities": f'{{"{OWNER}": null, "{OWNER - 1}": null}}'}
    async with vk(both) as (place, _):
        place.world.add_wall(OWNER - 1, "Катынь", "katyn")
        asked: set[object] = set()
        await ask(office, place, asked=asked)
        calls = len(place.world.log)
        (line,) = await ask(office, place, number=1, asked=asked)
        assert len(place.world.log) == calls
        assert troubles(await ask(office, place, number=1)) == set()

    assert (line.what, line.said) == ("ключ vk-service", "проверен выше")


async def test_a_missing_secret_is_told_and_nobody_is_asked(office: Office) -> None:
    async with vk(OWN) as (place, _):
        del place.secrets["vk-group"]
        (line,) = await ask(office, place)

    assert line.verdict is Verdict.NO
    assert "Нет секрета «vk-group»" in line.said
    assert "OTKLIK_SECRET_VK_GROUP" in line.said
    assert len(place.world.log) == 0


@asynccontextmanager
async def ok(**changes: str) -> AsyncIterator[Place]:
    world = OkWorld(clock=CLOCK, sessions={OK_SECRET: None, "-s-second": None})
    world.add_group(GROUP, "Смоленский район")
    world.add_comment(world.add_topic(GROUP, "Яма"), "И у нас")
    async with FakeServer(ok_app(world)) as server:
        keys = {"app_key": world.application_key, "communities": f'{{"{GROUP}": null}}'}
        secrets = {"ok-token": OK_SECRET, "ok-app": world.app_secret, "ok-second": "-s-second"}
        yield Place(entry(OK | keys | changes, api=server.url), world, secrets)


async def test_odnoklassniki_tell_what_is_left(office: Office) -> None:
    async with ok() as place:
        place.world.quota["stream.get"] = 7
        lines = await ask(office, place)

    assert troubles(lines) == set()
    assert "stream.get — 6" in said(lines, "ключ ok-token")
    assert place.world.used()["discussions.addDiscussionComment"] == 0


async def test_a_second_token_for_answers_is_asked_as_well(office: Office) -> None:
    async with ok(answer_token="ok-second") as place:
        place.world.denied["discussions.addDiscussionComment"] = 10
        lines = await ask(office, place)

    assert [line.what for line in lines if line.what.startswith("ключ")] == [
        "ключ ok-token",
        "ключ ok-second",
    ]
    assert troubles(lines) == {"discussions.addDiscussionComment"}
    assert "публикуйте ответы вручную" in said(lines[::-1], "discussions.addDiscussionComment")


async def test_a_dead_session_of_odnoklassniki_is_told(office: Office) -> None:
    async with ok() as place:
        place.world.expire()
        lines = await ask(office, place)
        state = health(office, place).state

    assert {"group.getInfo", "stream.get"} <= troubles(lines)
    assert state is TokenState.DEAD


@asynccontextmanager
async def maks(source: dict[str, str] = MAX) -> AsyncIterator[Place]:
    world = MaxWorld(clock=CLOCK, rate=None, tokens={MAX_TOKEN, "max-second-token"})
    async with FakeServer(MaxFake(world).app) as server:
        secrets = {"max-bot": MAX_TOKEN, "max-second": "max-second-token"}
        yield Place(entry(source, api=server.url), world, secrets)


async def test_the_tokens_of_max_are_asked_who_they_are(office: Office) -> None:
    async with maks(MAX | {"answer_token": "max-second"}) as place:
        lines = await ask(office, place)
        place.world.tokens.remove("max-second-token")
        without = await ask(office, place)

    assert verdicts(lines)["GET /me"] is Verdict.YES
    assert troubles(lines) == set()
    assert troubles(without) >= {"GET /me", "GET /subscriptions"}
    assert [line.verdict for line in without if line.what == "GET /me"] == [
        Verdict.YES,
        Verdict.NO,
    ]


@asynccontextmanager
async def telegram(source: dict[str, str]) -> AsyncIterator[Place]:
    world = TelegramWorld(clock=CLOCK)
    world.add_channel("smolray", "Смоленский район")
    world.post("smolray", "Яма на Лесной")
    world.add_bot(BOT_SECRET)
    world.say(BOT_SECRET, "Нет воды")
    async with FakeServer(TelegramFake(world).app) as server:
        yield Place(entry(source, api=server.url), world, {"tg-bot": BOT_SECRET})


@pytest.mark.parametrize(
    ("channel", "trouble"), [("smolray", ""), ("nobody_here", "нет страницы предпросмотра")]
)
async def test_a_channel_is_read_once(office: Office, channel: str, trouble: str) -> None:
    async with telegram(CHANNEL | {"communities": f"{{{channel}: null}}"}) as place:
        (line,) = await ask(office, place)

    assert line.verdict is (Verdict.NO if trouble else Verdict.YES)
    assert (trouble or "сообщений на первой странице: 1") in line.said


async def test_a_bot_is_read_and_released_and_loses_nothing(office: Office) -> None:
    # Given a bot whose key was parked
    async with telegram(BOT) as place:
        park(office, place, TokenState.DEAD, "ключ бота не действует")
        # When a person asks
        (line,) = await ask(office, place)
        # Then it is in use again, and what was written to it still waits
        assert (line.verdict, line.said) == (Verdict.YES, "сообщений на первой странице: 1")
        assert health(office, place).state is TokenState.OK
        assert len(place.world.bots[BOT_SECRET].updates) == 1
        # And a bot that is gone is told
        place.world.bots.clear()
        (line,) = await ask(office, place)
    assert line.verdict is Verdict.NO
    assert "@BotFather" in line.said
    assert BOT_SECRET not in line.said


@pytest.mark.parametrize(
    ("status", "verdict", "told"),
    [
        (200, Verdict.YES, "сообщений на первой странице: 0"),
        (404, Verdict.NO, "такой ленты нет"),
        (403, Verdict.NO, "не пускает"),
    ],
)
async def test_a_feed_is_read_once(
    office: Office, status: int, verdict: Verdict, told: str
) -> None:
    world = FeedWorld(clock=CLOCK, channels={"/news.rss": Channel(status=status)})
    async with FakeServer(feeds_app(world)) as server:
        source = entry(FEED, url=f"{server.url}/news.rss", allow_private="true")
        (line,) = await ask(office, Place(source, world))

    assert line.verdict is verdict
    assert told in line.said


@pytest.mark.parametrize("password", [MAIL_SECRET, "another-password"])
async def test_a_mail_box_is_signed_in_to(office: Office, password: str) -> None:
    world = MailWorld(clock=CLOCK, accounts={USER: MAIL_SECRET})
    async with ImapServer(world) as server:
        source = entry(MAILBOX, server=f"127.0.0.1:{server.port}", plain="true")
        (line,) = await ask(office, Place(source, world, {"mail-password": password}))

    assert line.verdict is (Verdict.YES if password == MAIL_SECRET else Verdict.NO)
    assert password not in line.said


async def test_a_folder_is_looked_into(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    place = Place(entry(FOLDER, folder=str(folder)), None)

    (absent,) = await ask(office, place)
    folder.mkdir()
    (empty,) = await ask(office, place)

    assert (absent.verdict, empty.verdict) == (Verdict.NO, Verdict.YES)
    assert str(folder) in absent.said


async def test_certificates_that_cannot_be_read_are_told(office: Office, tmp_path: Path) -> None:
    async with maks(MAX | {"ca_file": str(tmp_path / "no.pem")}) as place:
        (line,) = await ask(office, place)

    assert line.verdict is Verdict.NO
    assert "no.pem не читается" in line.said
