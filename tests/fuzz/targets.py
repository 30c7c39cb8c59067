"""The parsers of outside bytes, each as a function of bytes that must not break.

What may come out is what the parser documents: posts that can be stored, or a SourceError. The
seeds are what a fuzzer begins with. Parsers of JSON are given what the bytes say as JSON; where
they are none, a seed that is changed in several places, as the bytes say.
"""

import io
import json
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fakes.telegram_pages import discussion_page, preview_page
from fakes.telegram_world import TelegramWorld
from openpyxl import Workbook

from connectors.base import SourceError
from connectors.feed_parse import Place, parse_feed
from connectors.mail_client import Letter
from connectors.mail_parse import Box, read_letter
from connectors.max import parse as max_parse
from connectors.max import webhook as max_webhook
from connectors.ok import parse as ok
from connectors.table_cells import (
    CellError,
    account,
    beside,
    body,
    link,
    moment,
    network,
    period,
    text,
)
from connectors.tables import Accepted, read_table
from connectors.telegram import webhook as telegram_webhook
from connectors.telegram.preview import parse_discussion, parse_preview
from connectors.vk import events, parse
from connectors.vk.api import unwrap
from models.values import FetchedPost
from models.vocabulary import Network
from pipeline.decisions.folding import storable, tellable

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
OWNER, GROUP, CHANNEL = -990000201, "79000000000101", "smolray"
FORMATS = ("iso", "russian", "%d.%m.%Y %H:%M:%S", "%d.%m.%y")

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, 1e300,
    "", "0", "5", "-5", "текст", "\x00", "[id1|Имя]", "vk1.a.SECRET", "x" * 300, [], {}, [[]],
    [{}], {"": ""},
)  # fmt: skip
"""What a place in an answer is replaced by, beside other places of it."""

LARGEST = 2_000
"""Places of an answer; what is copied into itself again and again would soon have millions."""


@dataclass(frozen=True)
class Target:
    """A parser with the bytes to begin with."""

    run: Callable[[bytes], None]
    seeds: Sequence[bytes]


def check(posts: Iterable[FetchedPost]) -> None:
    """Posts can be stored: their texts are whole, their moments aware of their zone."""
    for post in posts:
        if tellable(post):
            storable(post).text.encode("utf-8")
        for at in (post.published_at, post.edited_at, post.seen_at):
            assert at is None or at.tzinfo is not None


class Changes:
    """Reads decisions from bytes, and some more that are drawn by lot from them."""

    def __init__(self, data: bytes) -> None:
        more = random.Random(data)  # noqa: S311 - the same bytes, the same changes
        self.data, self.at = data + more.randbytes(8 * more.randint(0, 6)), 0

    def number(self, below: int) -> int:
        """Return a number from 0 on."""
        taken = self.data[self.at : self.at + 2]
        self.at += 2
        return int.from_bytes(taken, "big") % max(1, below)

    def left(self) -> int:
        """Return how many bytes are left."""
        return max(0, len(self.data) - self.at)


def changed(seeds: Sequence[Any], data: bytes) -> Any:
    """Return a copy of one of the seeds with places removed, repeated, moved and replaced."""
    changes = Changes(data)
    root = json.loads(json.dumps(seeds[changes.number(len(seeds))]))
    while changes.left() >= 4:
        spots = list(_spots(root))
        if not 0 < len(spots) < LARGEST:
            break
        node, key = spots[changes.number(len(spots))]
        way = changes.number(4)
        if way == 0:
            del node[key]
        elif way == 1 and isinstance(node, list):
            node.extend([node[key]] * 3)
        elif way == 2:
            other, other_key = spots[changes.number(len(spots))]
            # Through JSON, so that nothing comes to hold itself.
            node[key] = json.loads(json.dumps(other[other_key]))
        else:
            node[key] = json.loads(json.dumps(VALUES[changes.number(len(VALUES))]))
    return root


def _spots(node: Any) -> Iterable[tuple[Any, Any]]:
    """Return all places in a value: what they are in, and under which key."""
    keys: Iterable[Any] = ()
    if isinstance(node, dict):
        keys = list(node)
    elif isinstance(node, list):
        keys = range(len(node))
    for key in keys:
        yield node, key
        yield from _spots(node[key])


def of_json(read: Callable[[Any], Iterable[FetchedPost]], seeds: Sequence[Any]) -> Target:
    """Return a target for a parser of decoded JSON."""

    def run(data: bytes) -> None:
        try:
            payload = orjson.loads(data)
        except orjson.JSONDecodeError:
            payload = changed(seeds, data)
        with suppress(SourceError):
            check(read(payload))

    whole = [orjson.dumps(seed) for seed in seeds]
    return Target(run, [*whole, *(bytes([0, n, *range(8)]) for n in range(len(seeds)))])


def recorded(folder: str) -> list[Any]:
    """Return the example answers of a network, without their expected outcomes."""
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((DATA / folder).glob("*.json"))
        if "expected" not in path.name and "labels" not in path.name
    ]


def files(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(DATA.glob(pattern))]


TOPICS = {"response": {"count": 1, "items": [{"id": 3, "title": "Дороги", "created": 1,
    "created_by": 5, "updated": 9, "comments": 2, "is_fixed": 1}]}}  # fmt: skip
BOARD_EVENT = {"type": "board_post_new", "event_id": "a1", "group_id": 990000201, "secret": "s",
    "object": {"id": 4, "from_id": 101, "date": 1794985100, "text": "Где?",
    "topic_owner_id": OWNER, "topic_id": 3}}  # fmt: skip
MESSAGE = {"sender": {"user_id": 7, "is_bot": False}, "timestamp": 1794906000000,
    "recipient": {"chat_id": -5, "chat_type": "chat", "post_id": "mid.1"}, "url": "https://max.ru/c/1",
    "link": {"type": "reply", "message": {"mid": "mid.2", "text": "Где?"}},
    "body": {"mid": "mid.3", "seq": 116000000000000001, "text": "Нет воды"}}  # fmt: skip
MAX_EVENTS = [
    *({"update_type": kind, "timestamp": 1794906000000, "message": MESSAGE}
      for kind in ("message_created", "message_edited", "comment_created", "comment_edited")),
    *({"update_type": kind, "timestamp": 1794906000000, "message_id": "mid.3", "chat_id": -5,
       "post_id": "mid.1", "user_id": 7} for kind in ("message_removed", "comment_removed")),
]  # fmt: skip
UPDATE = {"update_id": 41, "message": {"message_id": 9, "date": 1794906000, "edit_date": 1794906001,
    "chat": {"id": -1001234567890, "type": "supergroup", "username": "smolray"},
    "from": {"id": 9, "is_bot": False}, "sender_chat": {"id": -100}, "text": "Нет воды",
    "caption": "Фото", "reply_to_message": {"message_id": 8}, "message_thread_id": 3,
    "is_topic_message": True}}  # fmt: skip
UPDATES = [{"update_id": 42, kind: UPDATE["message"]}
    for kind in ("message", "edited_message", "channel_post", "edited_channel_post")]  # fmt: skip


def vk(payload: Any) -> Iterable[FetchedPost]:
    """Read a payload as each of VKontakte's answers."""
    readers: list[Callable[[], Iterable[FetchedPost]]] = [
        lambda: parse.parse_wall(payload, owner_id=OWNER),
        lambda: parse.parse_comments(payload, owner_id=OWNER, post_id=57),
        lambda: _posts(parse.read_posts(value(), method="newsfeed.search").items),
        lambda: [
            post
            for tree in parse.read_thread(value(), owner_id=OWNER, post_id=57, comment_id=60).items
            for post in tree.posts
        ],
        lambda: _posts(parse.read_topics(value(), owner_id=OWNER).items),
        lambda: _posts(parse.read_topic_comments(value(), owner_id=OWNER, topic_id=3).items),
    ]

    def value() -> object:
        return unwrap("wall.get", payload)

    return each(readers)


def vk_events(payload: Any) -> Iterable[FetchedPost]:
    """Check and read an event."""
    events.check_secret(payload, "s")
    events.is_confirmation(payload, 990000201)
    return each(
        [lambda: _nothing(events.event_id(payload)), lambda: events.parse_event(payload, NOW)]
    )


def odnoklassniki(payload: Any) -> Iterable[FetchedPost]:
    """Read a payload as each of Odnoklassniki's answers."""
    return each(
        [
            lambda: _posts(ok.read_topics(payload, group_id=GROUP).items),
            lambda: _posts(ok.read_discussions(payload, group_id=GROUP).items),
            lambda: _posts(ok.read_comments(payload, group_id=GROUP, key="156").items),
            lambda: _posts(ok.read_comments(payload, group_id=GROUP, key="p156").items),
            lambda: _nothing(ok.read_groups(payload)),
        ]
    )


def telegram_updates(payload: Any) -> Iterable[FetchedPost]:
    """Read an update of a bot."""
    return each(
        [
            lambda: _nothing(telegram_webhook.event_id(payload)),
            lambda: telegram_webhook.parse_update(payload, NOW),
        ]
    )


def max_updates(payload: Any) -> Iterable[FetchedPost]:
    """Read an event of MAX."""
    return each(
        [
            lambda: _nothing(max_webhook.event_id(payload)),
            lambda: _nothing(max_parse.chat_of(payload)),
            lambda: max_webhook.parse_update(payload, NOW),
        ]
    )


def each(readers: Iterable[Callable[[], Iterable[FetchedPost]]]) -> list[FetchedPost]:
    """Return what all readers find; one that refuses is passed over."""
    found: list[FetchedPost] = []
    for reader in readers:
        with suppress(SourceError):
            found += reader()
    return found


def _posts(items: Iterable[Any]) -> list[FetchedPost]:
    return [item.post for item in items]


def _nothing(_: object) -> list[FetchedPost]:
    return []


def telegram_pages(data: bytes) -> None:
    html = data.decode("utf-8", "replace")
    with suppress(SourceError):
        check(parse_preview(html, channel=CHANNEL, seen_at=NOW).posts)
    with suppress(SourceError):
        check(parse_discussion(html, channel=CHANNEL, post=41, seen_at=NOW).comments)


def pages() -> list[bytes]:
    """Return pages as the fake of Telegram shows them."""
    world = TelegramWorld(clock=NOW.timestamp)
    channel = world.add_channel(CHANNEL, "Смоленский район")
    number = world.post(CHANNEL, "Нет воды в Печерске", forwarded_from="Сосед", pictures=2)
    world.comment(CHANNEL, number, "И у нас", reply_to=world.comment(CHANNEL, number, "Где?"))
    shown = preview_page(channel, None), discussion_page(channel, channel.posts[number], 50)
    return [page.encode() for page in shown]


def feed(data: bytes) -> None:
    place = Place("Лента", "https://example.org/rss", ZONE, Network.FEED)
    declared, _, document = data.partition(b"\n")
    with suppress(SourceError):
        check(parse_feed(document, declared[:200].decode("latin-1"), place=place, now=NOW).posts)


def mail(data: bytes) -> None:
    box = Box("Ящик", "INBOX", 1)
    found = read_letter(Letter(7, NOW, data), box=box, now=NOW)
    if isinstance(found, FetchedPost):
        check([found])


def cells(data: bytes) -> None:
    """Read a cell of every kind that a workbook or a JSON line may hold."""
    written = data.decode("utf-8", "replace")
    values: list[Any] = [written]
    with suppress(orjson.JSONDecodeError):
        values.append(orjson.loads(data))
    readers: list[Callable[[Any], object]] = [
        body,
        text,
        beside,
        lambda cell: moment(cell, formats=FORMATS, zone=ZONE, now=NOW),
        lambda cell: period(cell, formats=FORMATS, zone=ZONE),
    ]
    for cell in values:
        for read in readers:
            with suppress(CellError):
                read(cell)
    link(written)
    network(written)
    account(written)


def table(suffix: str) -> Callable[[bytes], None]:
    """Return a reader of a whole file of rows."""
    folder = tempfile.TemporaryDirectory(prefix="otklik-fuzz-")
    path = Path(folder.name) / f"rows{suffix}"

    def run(data: bytes) -> None:
        # The folder lives as long as this function does.
        assert folder
        path.write_bytes(data)
        with suppress(SourceError):
            rows = read_table(path, source_zone=ZONE, now=NOW)
            check(row.post for row in rows if isinstance(row, Accepted))

    return run


def workbook() -> bytes:
    """Return a small workbook of messages."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("id", "text", "published_at"), (1, "Яма на Лесной", NOW.replace(tzinfo=None))):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


LINES = (
    '{"id": 1, "text": "Яма", "published_at": "2026-11-17T09:00:00+03:00"}\n{"id": 2, "text": 5}\n'
)
ATOM = b'application/atom+xml\n<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>\
<title>Yama</title><updated>2026-11-17T09:00:00Z</updated></entry></feed>'
JSON_FEED = b'application/feed+json\n{"version": "https://jsonfeed.org/version/1.1", "items": \
[{"id": 1, "content_html": "<p>Yama</p>", "date_published": "2026-11-17"}]}'

PARSERS: dict[str, Target] = {
    "vk": of_json(vk, [*recorded("vk"), TOPICS]),
    "vk_events": of_json(vk_events, [*recorded("vk"), BOARD_EVENT]),
    "ok": of_json(odnoklassniki, recorded("ok")),
    "telegram_pages": Target(telegram_pages, pages()),
    "telegram_updates": of_json(telegram_updates, UPDATES),
    "max": of_json(max_updates, MAX_EVENTS),
    "feed": Target(feed, [*(b"text/xml\n" + one for one in files("feeds/*.xml")), ATOM, JSON_FEED]),
    "mail": Target(mail, files("mail/*.eml")),
    "cells": Target(cells, [b"17.11.2026 09:05", b"46343.5", b"1794906000", b"vk.com/id5", b"1,5"]),
    "csv": Target(table(".csv"), files("tables/*.csv")),
    "jsonl": Target(table(".jsonl"), [LINES.encode()]),
    "xlsx": Target(table(".xlsx"), [workbook()]),
}
