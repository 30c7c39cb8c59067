"""Feeds as sites send them, turned into posts: RSS, Atom and JSON Feed. Everything is pure.

An item's key is its guid, or its link, or a digest of its text; whatever is longer than a key
may be is replaced by its digest. Names of authors are not read at all.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson
from selectolax.lexbor import LexborHTMLParser

from connectors.base import BadPayloadError, Rejected, SourceError
from connectors.feed_dates import read_moment
from connectors.feed_html import MAX_HTML, looks_like_html, plain_text
from connectors.feed_text import clean, decode
from connectors.feed_xml import read_xml
from connectors.payload import Shape, read
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

MAX_ITEMS = 500
"""Posts of one reading, the newest by their dates; older ones are left: a feed that holds more
is an archive, and no complaint in it is new."""

MAX_ID = 200
MAX_URL = 2000
MAX_TITLE = 2_000
MAX_PAYLOAD = 10_000
OLDEST = datetime.min.replace(tzinfo=UTC)

HTML_START = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<(?:!doctype\s+html|html)\b", re.DOTALL | re.IGNORECASE
)
XML_CHARSET = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a feed stands: whose name messages carry, its address, its zone, its network."""

    where: str
    url: str
    zone: tzinfo
    network: Network


@dataclass(frozen=True, slots=True)
class Parsed:
    """The posts of a feed, newest first, and what could not be read.

    ``whole`` is False where the document was broken: what follows it may never have come.
    """

    posts: tuple[FetchedPost, ...]
    rejected: tuple[Rejected, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Item:
    """An item in the terms that all formats share; moments as written."""

    guid: str
    link: str
    title: str
    bodies: tuple[str, ...]
    published: object
    updated: object


class _JsonFeed(Shape):
    version: str
    items: list[object]


class _JsonItem(Shape):
    # The standard asks readers to take numbers for strings here.
    id: str | int | float | None = None
    url: str | None = None
    external_url: str | None = None
    title: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    summary: str | None = None
    date_published: str | None = None
    date_modified: str | None = None


def parse_feed(body: bytes, content_type: str, *, place: Place, now: datetime) -> Parsed:
    """Turn the body of an answer into posts.

    Raises SourceError for a page in place of a feed (naming the feed that the page names), and
    BadPayloadError for anything else that is no feed.
    """
    declared = [found[1] for found in HTTP_CHARSET.finditer(content_type)][:1]
    declared += [found[1].decode() for found in XML_CHARSET.finditer(body[:1000])][:1]
    # Pages put together from several files may hold several marks.
    text = decode(body, declared).lstrip("\ufeff\0 \t\r\n")
    if not text:
        raise BadPayloadError(f"{place.where}: пришёл пустой ответ. Опрос повторится сам.")
    if HTML_START.match(text[:20_000]):
        raise SourceError(_a_page(text, place))
    if text[:1] in {"{", "["}:
        return _finish(_json_items(text, place), place=place, now=now, whole=True)
    document = read_xml(text, where=place.where)
    items = (_xml_item(entry) for entry in document.entries)
    return _finish(items, place=place, now=now, whole=document.whole)


def _a_page(text: str, place: Place) -> str:
    said = f"{place.where}: адрес ведёт на страницу сайта, а не на ленту RSS."
    tree = LexborHTMLParser(text[:MAX_HTML])
    for link in tree.css("link[rel][href]")[:200]:
        values = link.attributes
        if "alternate" in (values.get("rel") or "").lower().split() and (
            (values.get("type") or "").lower().strip() in FEED_TYPES
        ):
            found = _web_address(place.url, values.get("href") or "")
            if found:
                return f"{said} Лента этого сайта: {found[:500]} — укажите её в настройках."
    return f"{said} Найдите на сайте ссылку «RSS» и укажите её в настройках."


def _json_items(text: str, place: Place) -> Iterable[_Item | Rejected]:
    # The library refuses what is nested more than a thousand deep.
    try:
        value = orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        raise BadPayloadError(
            f"{place.where}: это не лента: ответ начинается как JSON, но не читается."
        ) from None
    feed = read(_JsonFeed, value, where=place.where)
    if "jsonfeed.org/version/1" not in feed.version:
        raise BadPayloadError(
            f"{place.where}: это JSON, но не лента JSON Feed 1. Проверьте адрес источника."
        )
    for number, raw in enumerate(feed.items, start=1):
        try:
            item = read(_JsonItem, raw, where=f"{place.where}, запись {number}")
        except BadPayloadError as error:
            yield Rejected(str(error), _shown(raw))
            continue
        yield _Item(
            guid="" if item.id is None else str(item.id),
            link=item.url or item.external_url or "",
            title=_title(item.title),
            bodies=(
                plain_text(item.content_html or ""),
                clean((item.content_text or "")[:MAX_HTML]),
                clean((item.summary or "")[:MAX_HTML]),
            ),
            published=item.date_published,
            updated=item.date_modified,
        )


def _xml_item(entry: Mapping[str, Any]) -> _Item:
    details = [*_dicts(entry.get("content")), *_dicts([entry.get("summary_detail")])]
    kinds = {detail.get("value"): detail.get("type") for detail in details}
    # Russian news sites repeat the whole text in an element of Yandex's own.
    for key in ("summary", "yandex_full-text"):
        kinds.setdefault(entry.get(key), "text/html")
    return _Item(
        guid=_string(entry.get("id")),
        link=_string(entry.get("link")),
        title=_title(_string(entry.get("title"))),
        bodies=tuple(_plain(value, kind) for value, kind in kinds.items()),
        published=entry.get("published"),
        updated=entry.get("updated"),
    )


def _finish(
    items: Iterable[_Item | Rejected], *, place: Place, now: datetime, whole: bool
) -> Parsed:
    posts: dict[str, FetchedPost] = {}
    rejected: list[Rejected] = []
    for item in items:
        post = _post(item, place, now) if isinstance(item, _Item) else item
        if isinstance(post, Rejected):
            rejected.append(post)
            continue
        known = posts.setdefault(post.external_id, post)
        older, newer = sorted((known, post), key=_age)
        posts[post.external_id] = newer
        if older.url != newer.url:
            rejected.append(Rejected(_twins(place, newer), _shown(older)))
    newest = sorted(posts.values(), key=_age, reverse=True)
    return Parsed(tuple(newest[:MAX_ITEMS]), tuple(rejected[:MAX_ITEMS]), whole)


def _twins(place: Place, post: FetchedPost) -> str:
    return (
        f"{place.where}: у двух записей с разными ссылками один номер «{post.external_id[:100]}»; "
        "принята новейшая из них."
    )


def _age(post: FetchedPost) -> tuple[datetime, str]:
    """Order versions and posts in one way, however the document shuffles them."""
    return post.edited_at or post.published_at or OLDEST, post.text


def _post(item: _Item, place: Place, now: datetime) -> FetchedPost | Rejected:
    body = max(item.bodies, key=len, default="")
    title = item.title
    # Many sites make the title of the first words.
    if body.casefold().startswith(title.rstrip(" .…").casefold()):
        title = ""
    text = "\n".join(part for part in (title, body) if part)
    link = _web_address(place.url, item.link)
    if not text:
        return Rejected(f"{place.where}: запись без заголовка и текста.", _shown(item))
    published = read_moment(item.published, zone=place.zone, now=now)
    updated = read_moment(item.updated, zone=place.zone, now=now)
    first = published or updated
    return FetchedPost(
        network=place.network,
        external_id=_key(item.guid.strip() or item.link.strip(), text),
        kind=PostKind.POST,
        text=text,
        published_at=first,
        url=link,
        edited_at=updated if first and updated and updated > first else None,
    )


def _key(said: str, text: str) -> str:
    if said and len(said) <= MAX_ID and said.isprintable():
        return said
    return f"sha256:{hashlib.sha256((said or text).encode('utf-8', 'replace')).hexdigest()}"


def _web_address(base: str, link: str) -> str:
    """Return a link as an address that a browser may open, "" for any other."""
    try:
        whole = urljoin(base, clean(link))
        parts = urlsplit(whole)
    except ValueError:
        return ""
    fits = parts.scheme in {"http", "https"} and parts.netloc and len(whole) <= MAX_URL
    return whole if fits and link.strip() else ""


def _title(said: str | None) -> str:
    return " ".join(_plain((said or "")[:MAX_TITLE], "").split())


def _plain(said: object, kind: object) -> str:
    """Return a text without markup. What calls itself plain often is not, so it is looked at."""
    text = _string(said)[:MAX_HTML]
    marked = kind in {"text/html", "application/xhtml+xml"} or looks_like_html(text)
    return plain_text(text) if marked else clean(text)


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _shown(value: object) -> str:
    try:
        return repr(value)[:MAX_PAYLOAD]
    except RecursionError:
        return "(слишком глубоко вложено)"
