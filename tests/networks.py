"""One small network of every kind with people in it, and a source that reads it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.feeds import Channel, Item, feeds_app
from fakes.feeds import World as FeedWorld
from fakes.imap import Folder, ImapServer
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
from fakes.vk_world import VkWorld
from sources_yaml import BOT, CHANNEL, FEED, MAILBOX, MAX, OK, SEARCH, WALL, entry

from connectors import ledger

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
CLOCK = NOON.timestamp
HOUR = 3600

OWNER = -990000201
GROUP = "79000000000301"
VK_SECRET = "vk1.a.reader-of-walls"  # noqa: S105 - made up, as all of these
OK_SECRET = "-s-token-of-groups"  # noqa: S105
BOT_SECRET = "7000000001:AAH-bot-of-the-office"  # noqa: S105
MAIL_SECRET = "mail-password-of-office"  # noqa: S105
USER = "priem@example.ru"

CONTACTS = "[id400500100|Мария П.], звоните 8 (910) 700-11-22 или m.p@mail.example"
PRIVATE = ("400500100", "Мария", "700-11-22", "m.p@mail.example")
"""What such words hold of people."""


@dataclass(slots=True)
class Place:
    """A network that runs: the source that reads it, as YAML, and its secrets by name.

    ``people`` must not be found in a recording, ``said`` must. ``world`` is the fake's own.
    """

    source: str
    world: Any
    secrets: dict[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    said: str = ""
    server: FakeServer | None = None


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Let the networks be asked as fast as they answer."""
    patch.setattr(ledger, "SLACK", 0.001)


def vk_world() -> tuple[VkWorld, FakeToken]:
    """Return a town with two posts, a tree of comments and a board, and a token for reading."""
    world = VkWorld(clock=CLOCK)
    world.add_wall(OWNER, "Смоленский район", "smolray")
    own = world.add_post(OWNER, "График вывоза мусора", date=world.now() - 5 * HOUR)
    photo = {"type": "photo", "photo": {"id": 5, "owner_id": 400500103, "sizes": []}}
    post = world.add_post(
        OWNER,
        f"Яма на Лесной. {CONTACTS}",
        from_id=400500101,
        date=world.now() - 4 * HOUR,
        attachments=[photo],
    )
    first = world.add_comment(OWNER, post.id, "И у нас", from_id=400500102)
    world.add_comment(
        OWNER,
        post.id,
        "[id400500102:bp-990000201_3|Мария], где это?",
        from_id=400500101,
        reply_to=first.id,
    )
    world.add_comment(OWNER, own.id, "Не вывозят", from_id=400500104)
    world.delete_comment(
        OWNER, own.id, world.add_comment(OWNER, own.id, "Ошибся", from_id=400500105).id
    )
    token = world.add_token(VK_SECRET, Kind.SERVICE, rate=10**6)
    return world, token


VK_PEOPLE = tuple(f"40050010{number}" for number in range(6))


@asynccontextmanager
async def vk_wall() -> AsyncIterator[Place]:
    world, _ = vk_world()
    async with FakeServer(VkFake(world).app) as server:
        source = entry(WALL, communities=f'{{"{OWNER}": pecherskoe}}', api=server.url)
        secrets = {"vk-service": VK_SECRET}
        yield Place(source, world, secrets, (*PRIVATE, *VK_PEOPLE), "Яма на Лесной", server)


@asynccontextmanager
async def vk_board() -> AsyncIterator[Place]:
    world, _ = vk_world()
    topic = world.add_topic(OWNER, "Дороги", f"Яма на Садовой. {CONTACTS}", from_id=400500101)
    world.add_board_comment(OWNER, topic.id, "Когда засыплют?", from_id=400500102)
    async with FakeServer(VkFake(world).app) as server:
        source = entry(
            WALL, kind="vk-board", communities=f'{{"{OWNER}": pecherskoe}}', api=server.url
        )
        secrets = {"vk-service": VK_SECRET}
        yield Place(source, world, secrets, (*PRIVATE, *VK_PEOPLE), "Когда засыплют?", server)


@asynccontextmanager
async def vk_search() -> AsyncIterator[Place]:
    world, _ = vk_world()
    world.add_wall(400500103, "Страница жителя", "zhitel")
    world.add_post(400500103, "Яма и на Садовой", date=world.now() - HOUR)
    world.search_replies = True
    async with FakeServer(VkFake(world).app) as server:
        source = entry(SEARCH, queries="[яма, где]", api=server.url)
        people = (*PRIVATE, *VK_PEOPLE)
        yield Place(source, world, {"vk": VK_SECRET}, people, "Яма и на Садовой", server)


@asynccontextmanager
async def ok_group() -> AsyncIterator[Place]:
    world = OkWorld(clock=CLOCK, sessions={OK_SECRET: None})
    world.add_group(GROUP, "Смоленский район")
    topic = world.add_topic(GROUP, f"Яма. {CONTACTS}", author_id="573400500101", at=CLOCK() - HOUR)
    first = world.add_comment(topic, "И у нас", author_id="573400500102")
    world.add_comment(topic, "Где?", author_id="573400500103", reply_to=first.id, old_style=True)
    world.add_comment(topic, "Передали дорожникам", by_group=True)
    photo = world.add_topic(GROUP, "Фото двора", photo=True, author_id="573400500104")
    world.add_comment(photo, "Темно", author_id="573400500105")
    # The session is over, so that a new one is given in the middle of the reading.
    world.expire()
    async with FakeServer(ok_app(world)) as server:
        source = entry(
            OK,
            communities=f'{{"{GROUP}": katynskoe}}',
            app_key=world.application_key,
            refresh_token="ok-refresh",
            app_id=f'"{world.client_id}"',
            api=server.url,
        )
        secrets = {"ok-token": OK_SECRET, "ok-app": world.app_secret, "ok-refresh": "refresh-me"}
        people = (*PRIVATE, *(f"57340050010{number}" for number in range(1, 6)), "-s-renewed")
        yield Place(source, world, secrets, people, "Передали дорожникам", server)


@asynccontextmanager
async def telegram_channel() -> AsyncIterator[Place]:
    world = TelegramWorld(clock=CLOCK)
    world.add_channel("smolray", "Смоленский район")
    post = world.post("smolray", "Яма на Лесной", forwarded_from="Сосед Василий")
    first = world.comment("smolray", post, f"И у нас. {CONTACTS.partition(', ')[2]}")
    world.comment("smolray", post, "Где?", reply_to=first)
    for one in world.channels["smolray"].posts[post].comments.values():
        one.author = "Соседка Мария"
    world.post("smolray", "График вывоза мусора")
    async with FakeServer(TelegramFake(world).app) as server:
        source = entry(CHANNEL, communities="{smolray: null}", api=server.url)
        people = (*PRIVATE, "Василий", "t.me/zhitel")
        yield Place(source, world, {}, people, "График вывоза мусора", server)


@asynccontextmanager
async def telegram_bot() -> AsyncIterator[Place]:
    world = TelegramWorld(clock=CLOCK)
    world.add_bot(BOT_SECRET)
    world.say(BOT_SECRET, "Нет воды", chat=5100000101, author=5100000101)
    first = world.say(
        BOT_SECRET,
        "Яма на Лесной",
        chat=-1001234567890,
        chat_type="supergroup",
        username="smol_sosedi",
        author=5100000102,
        author_signature="Сосед Василий",
        forward_from={"id": 5100000104, "is_bot": False, "first_name": "Мария", "username": "mar"},
    )
    world.say(
        BOT_SECRET,
        "Где?",
        chat=-1001234567890,
        chat_type="supergroup",
        author=5100000103,
        reply_to=int(first["message_id"]),
    )
    async with FakeServer(TelegramFake(world).app) as server:
        people = ("51000001", "Житель", "Василий", "Мария", '"mar"')
        source = entry(BOT, api=server.url)
        yield Place(source, world, {"tg-bot": BOT_SECRET}, people, "Яма на Лесной", server)


@asynccontextmanager
async def max_bot() -> AsyncIterator[Place]:
    world = MaxWorld(clock=CLOCK, rate=None)
    world.add_chat(-72, "channel", "Смоленский район")
    post = world.say(-72, "График опрессовки", author=None)
    first = world.comment(post, f"Яма. {CONTACTS.partition(', ')[2]}", author=990000901)
    world.comment(post, "Где?", author=990000902, answers=first)
    world.add_chat(73, "dialog", "Диалог")
    world.say(73, "Нет воды", author=990000903)
    async with FakeServer(MaxFake(world).app) as server:
        source = entry(MAX, communities='{"-72": null}', api=server.url)
        people = (*PRIVATE[1:], "Житель", "99000090")
        yield Place(source, world, {"max-bot": MAX_TOKEN}, people, "График опрессовки", server)


@asynccontextmanager
async def feed() -> AsyncIterator[Place]:
    items = [
        Item("1", "Яма на Лесной", f"<p>Звоните. {CONTACTS.partition(', ')[2]}</p>", CLOCK() - 99),
        Item("2", "Свет", "Дали свет", CLOCK() - 50),
    ]
    names = "<author>m.p@mail.example (Мария)</author><dc:creator>Мария П.</dc:creator></item>"
    channel = Channel(
        items=items,
        edit=lambda text: text.replace("</item>", names).replace(
            "<rss ", '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" '
        ),
    )
    world = FeedWorld(clock=CLOCK, channels={"/news.rss": channel})
    async with FakeServer(feeds_app(world)) as server:
        source = entry(FEED, url=f"{server.url}/news.rss", allow_private="true")
        yield Place(source, world, {}, PRIVATE[1:], "Дали свет", server)


@asynccontextmanager
async def mailbox() -> AsyncIterator[Place]:
    folder = Folder()
    for number, (subject, text, *headers) in enumerate(LETTERS):
        lines = (
            f"Message-ID: <letter-{number}@mail.example>",
            f"From: Мария П. <m.p{number % 2}@mail.example>",
            f"Subject: {subject}",
            *headers,
            "Content-Type: text/plain; charset=utf-8",
            "",
            text,
        )
        folder.add("\n".join(lines).encode(), CLOCK() - 600 + 60 * number)
    world = MailWorld(clock=CLOCK, accounts={USER: MAIL_SECRET}, folders={"INBOX": folder})
    async with ImapServer(world) as server:
        source = entry(MAILBOX, server=f"127.0.0.1:{server.port}", plain="true")
        people = (*PRIVATE[1:], "m.p0", "m.p1", "letter-0", USER)
        yield Place(source, world, {"mail-password": MAIL_SECRET}, people, "Яма на Лесной")


LETTERS = (
    ("Яма на Лесной", f"Засыпьте. {CONTACTS.partition(', ')[2]}"),
    ("Свет", "Во дворе темно"),
    (
        "Re: Яма на Лесной",
        "Так и не засыпали.\n\nПриёмная <priem@example.ru> 17.11.2026 10:00 пишет:\n> Передали.",
        "In-Reply-To: <letter-0@mail.example>",
        "References: <letter-0@mail.example>",
    ),
    ("Вне офиса", "Меня нет", "Auto-Submitted: auto-replied"),
)

RECORDED: dict[str, Callable[[], AbstractAsyncContextManager[Place]]] = {
    "vk-wall": vk_wall,
    "vk-board": vk_board,
    "vk-search": vk_search,
    "ok-group": ok_group,
    "telegram-channel": telegram_channel,
    "telegram-bot": telegram_bot,
    "max-bot": max_bot,
    "feed": feed,
    "mailbox": mailbox,
}
"""Every kind of source that a recording can be made of."""


def put_secrets(home: Path, secrets: dict[str, str]) -> None:
    """Put secrets where an installation looks for them."""
    folder = home / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, value in secrets.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(value, encoding="utf-8")
