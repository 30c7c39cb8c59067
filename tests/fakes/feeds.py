"""Sites with feeds: RSS 2.0, Atom 1.0, JSON Feed 1.1, and everything that real sites get wrong.

A site is a ``World`` of paths; what stands at a path is a ``Channel``, which may be changed while
the server runs: add items, edit or remove them, change the charset, the status, the validators.
An item appears when its moment has come by the world's clock, so a channel grows by itself.
"""

import gzip
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from xml.sax.saxutils import escape

from aiohttp import web

MOSCOW = timezone(timedelta(hours=3))


class Format(StrEnum):
    """How a channel is written."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"


CONTENT_TYPES = {
    Format.RSS: "application/rss+xml",
    Format.ATOM: "application/atom+xml",
    Format.JSON: "application/feed+json",
}


@dataclass(slots=True)
class Item:
    """An entry; moments are Unix time. ``html`` is the body, escaped where the format asks."""

    guid: str
    title: str
    html: str
    published: float
    updated: float | None = None
    link: str = ""


@dataclass(slots=True)
class Channel:
    """What stands at a path.

    ``charset`` is what the bytes are in, ``declared`` what the XML declaration says of them and
    ``header`` what the Content-Type says; empty: nothing is said. ``raw`` is sent in place of
    the items, and ``edit`` changes the document before it is encoded. ``redirect`` sends to
    another address, ``status`` answers with that code and no items. With ``zip`` the answer is
    compressed; ``zeros`` megabytes of zeros then follow the document.
    """

    title: str = "Новости"
    form: Format = Format.RSS
    items: list[Item] = field(default_factory=list)
    charset: str = "utf-8"
    declared: str = "utf-8"
    header: str = ""
    etags: bool = True
    dates: bool = True
    zone: timezone | None = MOSCOW
    raw: bytes | None = None
    content_type: str | None = None
    edit: Callable[[str], str] = str
    redirect: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    zip: bool = False
    zeros: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came: its path with parameters, its headers, and how it was answered."""

    path: str
    headers: Mapping[str, str]
    status: int


@dataclass(slots=True)
class World:
    """All channels by path (with the slash), and every request so far. ``clock``: Unix time."""

    clock: Callable[[], float] = time.time
    channels: dict[str, Channel] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def visible(self, channel: Channel) -> list[Item]:
        """Return the items whose moment has come, newest first."""
        now = self.clock()
        return sorted(
            (item for item in channel.items if item.published <= now),
            key=lambda item: item.published,
            reverse=True,
        )


WORLD = web.AppKey("world", World)


def feeds_app(world: World) -> web.Application:
    """Return the application that serves ``world``; unknown paths answer 404."""
    app = web.Application()
    app[WORLD] = world
    app.router.add_get("/{path:.*}", _serve)
    return app


async def _serve(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    response = _answer(world, request)
    world.seen.append(Seen(request.path_qs, dict(request.headers), response.status))
    return response


def _answer(world: World, request: web.Request) -> web.Response:
    channel = world.channels.get(request.path)
    if channel is None:
        return web.Response(status=404, text="Not Found")
    if channel.redirect:
        return web.Response(status=301, headers={"Location": channel.redirect})
    if channel.status != 200:
        return web.Response(status=channel.status, headers=channel.headers)
    items = world.visible(channel)
    body = channel.raw
    if body is None:
        body = channel.edit(_written(channel, items, str(request.url))).encode(channel.charset)
    validators = _validators(channel, items, body)
    if _unchanged(request, validators):
        return web.Response(status=304, headers=validators)
    headers = {**validators, **channel.headers, "Content-Type": _content_type(channel)}
    if channel.zip:
        body = gzip.compress(body + b"\0" * (channel.zeros * 1_000_000))
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers=headers)


def _content_type(channel: Channel) -> str:
    kind = CONTENT_TYPES[channel.form] if channel.content_type is None else channel.content_type
    return f"{kind}; charset={channel.header}" if channel.header else kind


def _validators(channel: Channel, items: list[Item], body: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    if channel.etags:
        # Weak and with quotes inside, as some servers really write it: to be kept verbatim.
        found["ETag"] = f'W/"{hashlib.sha256(body).hexdigest()[:12]}--gzip"'
    if channel.dates and items:
        latest = max(item.updated or item.published for item in items)
        found["Last-Modified"] = format_datetime(datetime.fromtimestamp(latest, UTC), usegmt=True)
    return found


def _unchanged(request: web.Request, validators: Mapping[str, str]) -> bool:
    """Judge as RFC 9110 asks: If-None-Match alone decides where it is given."""
    asked = request.headers.get("If-None-Match")
    if asked is not None:
        return asked == validators.get("ETag")
    since, latest = request.headers.get("If-Modified-Since"), validators.get("Last-Modified")
    if since is None or latest is None:
        return False
    return parsedate_to_datetime(latest) <= parsedate_to_datetime(since)


def _written(channel: Channel, items: list[Item], address: str) -> str:
    if channel.form is Format.JSON:
        return _json(channel, items, address)
    declaration = (
        f'<?xml version="1.0" encoding="{channel.declared}"?>\n' if channel.declared else ""
    )
    write = _atom if channel.form is Format.ATOM else _rss
    return declaration + write(channel, items, address)


def _rss(channel: Channel, items: list[Item], address: str) -> str:
    entries = "".join(
        "<item>"
        + (f"<title>{escape(item.title)}</title>" if item.title else "")
        + (f"<link>{escape(item.link)}</link>" if item.link else "")
        + (f'<guid isPermaLink="false">{escape(item.guid)}</guid>' if item.guid else "")
        + f"<description>{escape(item.html)}</description>"
        + f"<pubDate>{_mail_date(item.published, channel.zone)}</pubDate>"
        + "</item>\n"
        for item in items
    )
    return (
        f'<rss version="2.0"><channel><title>{escape(channel.title)}</title>'
        f"<link>{escape(address)}</link><description/>\n{entries}</channel></rss>\n"
    )


def _atom(channel: Channel, items: list[Item], address: str) -> str:
    entries = "".join(
        f"<entry><id>{escape(item.guid)}</id><title>{escape(item.title)}</title>"
        + (f'<link href="{escape(item.link)}"/>' if item.link else "")
        + f"<published>{_iso(item.published, channel.zone)}</published>"
        + f"<updated>{_iso(item.updated or item.published, channel.zone)}</updated>"
        + f'<content type="html">{escape(item.html)}</content></entry>\n'
        for item in items
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{escape(channel.title)}</title>'
        f"<id>{escape(address)}</id>\n{entries}</feed>\n"
    )


def _json(channel: Channel, items: list[Item], address: str) -> str:
    entries = []
    for item in items:
        entry = {
            "id": item.guid,
            "title": item.title,
            "content_html": item.html,
            "date_published": _iso(item.published, channel.zone),
        }
        if item.link:
            entry["url"] = item.link
        if item.updated is not None:
            entry["date_modified"] = _iso(item.updated, channel.zone)
        entries.append(entry)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "feed_url": address,
        "items": entries,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


def _mail_date(moment: float, zone: timezone | None) -> str:
    local = datetime.fromtimestamp(moment, zone or MOSCOW)
    return f"{local:%a, %d %b %Y %H:%M:%S}{f' {local:%z}' if zone else ''}"


def _iso(moment: float, zone: timezone | None) -> str:
    local = datetime.fromtimestamp(moment, zone or MOSCOW)
    return (local if zone else local.replace(tzinfo=None)).isoformat(timespec="seconds")
