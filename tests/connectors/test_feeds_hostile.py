"""Documents of feeds that are no feeds, or are made to do harm."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import BadPayloadError, SourceError
from connectors.feed_parse import Parsed, Place, parse_feed
from connectors.feed_xml import MAX_DEPTH
from models.values import FetchedPost
from models.vocabulary import Network

ADDRESS = "https://gorod.example/news/rss.xml"
PLACE = Place("Лента gorod.example", ADDRESS, ZoneInfo("Europe/Moscow"), Network.FEED)
NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
ATOM = "http://www.w3.org/2005/Atom"


def parsed(document: str, kind: str = "application/xml") -> Parsed:
    return parse_feed(document.encode(), kind, place=PLACE, now=NOW)


def rss(*items: str) -> str:
    entries = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>Новости</title>{entries}</channel></rss>'


def json_feed(*items: object) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})


def only(document: str) -> FetchedPost:
    found = parsed(document)
    assert found.rejected == ()
    assert len(found.posts) == 1
    return found.posts[0]


LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ха"><!ENTITY b "&a;&a;">]>' + rss("<title>&b;</title>")


@pytest.mark.parametrize(
    "document",
    [
        LAUGHS,
        f'<?xml version="1.0"?>\n<!-- <a> --><?x <b> ?>{LAUGHS}',
        LAUGHS.replace("<!DOCTYPE rss", '<!DOCTYPE rss SYSTEM "<!--"') + "<!-- -->",
        LAUGHS.replace('"ха"', 'SYSTEM "file:///etc/passwd"'),
        LAUGHS.replace("ENTITY a", "ENTITY % a"),
    ],
)
def test_a_document_that_declares_entities_is_refused_unread(document: str) -> None:
    with pytest.raises(BadPayloadError, match="сущности"):
        parsed(document)


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss.dtd">',
        '<!DOCTYPE rss SYSTEM "file:///etc/passwd">',
    ],
)
def test_a_doctype_alone_is_harmless_and_nothing_is_fetched(document: str) -> None:
    assert only(document + rss("<title>Яма</title>")).text == "Яма"


def test_a_text_may_speak_of_entities() -> None:
    assert only(rss("<title>Разметка &lt;!ENTITY x&gt;</title>")).text == "Разметка <!ENTITY x>"


def test_an_entity_that_nobody_declared_stays_a_word() -> None:
    assert only(rss("<guid>1</guid><title>Счёт &xxe; рублей</title>")).text == "Счёт &xxe; рублей"


@pytest.mark.parametrize(
    "document",
    [
        rss("<a>" * 10_000 + "</a>" * 10_000),
        rss("<a>" * 10_000),
        rss("<item/>" * 30_000),
        "[" * 10_000,
        '{"version": "https://jsonfeed.org/version/1.1", "items": ' + "[" * 10_000,
    ],
    ids=["nested", "never closed", "items", "json", "json items"],
)
def test_what_is_nested_or_repeated_beyond_measure_is_refused(document: str) -> None:
    assert MAX_DEPTH < 10_000
    with pytest.raises(BadPayloadError):
        parsed(document)


@pytest.mark.parametrize(
    "piece",
    [
        "<author>" + "a-a." * 100_000 + "</author>",
        "".join(f"<category>{n}</category>" for n in range(20_000)),
        "<title>&#99999999999999999999;&#xD800;&#x110000;&#0;</title>",
        "<title>" + "&#1" * 50_000,
        "<description>" + "&lt;div&gt;" * 50_000,
        "<<<" * 50_000,
        "<![CDATA[" * 20_000,
        "<!-- " * 20_000,
    ],
    ids=lambda piece: piece[:20],
)
def test_what_is_made_to_be_slow_or_to_break_the_library_is_read(piece: str) -> None:
    found = parsed(rss("<guid>1</guid><title>Нет воды</title>") + rss(f"<guid>2</guid>{piece}"))

    assert all(post.external_id in {"1", "2"} for post in found.posts)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "пустой ответ"),
        ("   ", "пустой ответ"),
        ("Ведутся работы", "не лента"),
        ("<svg/>", "не лента"),
        ('{"error": 1}', "не такой"),
        ('{"version": "2", "items": []}', "не лента JSON Feed"),
        ("{", "не читается"),
        ("<html><p>Ведутся работы", "на страницу сайта"),
    ],
)
def test_what_is_no_feed_is_said_to_be_none(document: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        parsed(document)

    assert "gorod.example" in str(caught.value)


def test_a_page_in_place_of_a_feed_names_the_feed_that_it_names() -> None:
    page = (
        "<!-- x --><!DOCTYPE html><html><head><link rel=stylesheet href=a.css>"
        '<link rel="alternate" type="application/rss+xml" href="javascript:x">'
        '<link rel="alternate" type="application/rss+xml" href="../rss/all.xml"></head></html>'
    )

    with pytest.raises(SourceError, match=re.escape("https://gorod.example/rss/all.xml")):
        parsed(page, "text/html")


PIECES = st.sampled_from(
    [
        *('<rss version="2.0">', "<channel>", "</channel>", "</rss>", "<item>", "</item>"),
        *("<title>", "</title>", "<guid>", "</guid>", "<link>", "</link>", "<link href='x'/>"),
        *("<pubDate>", "</pubDate>", "<description>", "<![CDATA[", "]]>", "<!--", "-->", "&#xD;"),
        *("&amp;", "&nbsp;", "<br>", "<?xml ?>", "<!DOCTYPE x>", "текст", "2026-11-17", "\0", "<"),
        *(f"<feed xmlns='{ATOM}'>", "<entry>", "</entry>", "<content type='html'>", "</content>"),
        *("<source>", "<image>", "<content type='application/x' mode='base64'>", "&#1114112;"),
        *("<georss:point>", "<media:content url='x'/>", "<enclosure url='x'/>", "xml:base='//['"),
        *("<item xml:base='http://['>", "<textInput>", "</textInput>", "<dc:date>", "<svg>"),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=10), max_size=40).map("".join))
def test_of_any_document_come_posts_or_a_plain_error(document: str) -> None:
    with suppress(SourceError):
        found = parsed(document)
        assert all(0 < len(post.external_id) <= 200 and post.text for post in found.posts)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)
JSON_KEYS = st.sampled_from(
    ["id", "url", "title", "content_html", "content_text", "date_published"]
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(JSON_KEYS, JSON_VALUES) | JSON_VALUES, max_size=5))
def test_of_any_items_come_posts_or_rejected_ones(items: list[object]) -> None:
    found = parsed(json_feed(*items))

    assert len(found.posts) + len(found.rejected) >= (len(items) > 0)
    assert all(len(rejected.payload) <= 10_000 for rejected in found.rejected)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_of_any_bytes_come_posts_or_a_plain_error(body: bytes) -> None:
    with suppress(SourceError):
        parse_feed(body, "application/xml", place=PLACE, now=NOW)
