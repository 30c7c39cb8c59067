"""Documents of feeds into posts: keys, texts, dates, broken and hostile documents."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import SourceError
from connectors.feed_parse import MAX_ITEMS, Parsed, Place, parse_feed
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

ADDRESS = "https://gorod.example/news/rss.xml"
PLACE = Place("Лента gorod.example", ADDRESS, ZoneInfo("Europe/Moscow"), Network.FEED)
NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
ATOM = "http://www.w3.org/2005/Atom"


def parsed(document: str) -> Parsed:
    return parse_feed(document.encode(), "application/xml", place=PLACE, now=NOW)


def rss(*items: str, more: str = "") -> str:
    entries = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {more}><channel><title>Новости</title>{entries}</channel></rss>'


def atom(*entries: str) -> str:
    inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="{ATOM}"><title>Новости</title>{inner}</feed>'


def json_feed(*items: object) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})


def only(document: str) -> FetchedPost:
    found = parsed(document)
    assert found.rejected == ()
    assert len(found.posts) == 1
    return found.posts[0]


EXPECTED = FetchedPost(
    network=Network.FEED,
    external_id="n-1",
    kind=PostKind.POST,
    text="Яма на Лесной\nДороги почти нет.\nПросим отсыпать.",
    published_at=datetime(2026, 11, 17, 5, 0, tzinfo=UTC),
    url="https://gorod.example/news/1",
    edited_at=datetime(2026, 11, 17, 6, 30, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            rss(
                '<title>Яма на Лесной</title><link>/news/1</link><guid isPermaLink="false">n-1'
                "</guid><description>&lt;p&gt;Дороги почти нет.&lt;/p&gt;&lt;p&gt;Просим "
                "отсыпать.&lt;/p&gt;</description><pubDate>Tue, 17 Nov 2026 08:00:00 +0300"
                "</pubDate><a:updated>2026-11-17T09:30:00+03:00</a:updated>"
                "<author>someone@example.com (Имя)</author>",
                more=f'xmlns:a="{ATOM}"',
            ),
            id="rss",
        ),
        pytest.param(
            atom(
                '<id>n-1</id><title>Яма на Лесной</title><link href="/news/1"/>'
                "<author><name>Имя</name></author>"
                "<published>2026-11-17T05:00:00Z</published><updated>2026-11-17T06:30:00Z"
                '</updated><summary>Дороги почти нет.</summary><content type="xhtml"><div '
                'xmlns="http://www.w3.org/1999/xhtml"><p>Дороги почти нет.</p><p>Просим '
                "отсыпать.</p></div></content>"
            ),
            id="atom",
        ),
        pytest.param(
            json_feed(
                {
                    "id": "n-1",
                    "url": "https://gorod.example/news/1",
                    "title": "Яма на Лесной",
                    "content_html": "<p>Дороги почти нет.</p><p>Просим отсыпать.</p>",
                    "summary": "Дороги почти нет.",
                    "date_published": "2026-11-17T08:00:00+03:00",
                    "date_modified": "2026-11-17T09:30:00+03:00",
                    "authors": [{"name": "Имя"}],
                }
            ),
            id="json",
        ),
    ],
)
def test_the_three_formats_say_the_same(document: str) -> None:
    assert only(document) == EXPECTED


@pytest.mark.parametrize(
    ("item", "external_id"),
    [
        ("<guid>a 1</guid><link>/x</link><title>Т</title>", "a 1"),
        ("<link>https://gorod.example/x</link><title>Т</title>", "https://gorod.example/x"),
        ("<link> /x </link><title>Т</title>", "/x"),
        # The number alone, though the standard would have it an address.
        ("<guid>12345</guid><title>Т</title>", "12345"),
    ],
)
def test_an_item_is_known_by_its_guid_or_its_link(item: str, external_id: str) -> None:
    assert only(rss(item)).external_id == external_id


def test_an_item_without_either_is_known_by_its_text() -> None:
    first, again, other = (
        only(rss(f"<title>{title}</title>{rest}")).external_id
        for title, rest in [("Яма", ""), ("Яма", "<category>x</category>"), ("Снег", "")]
    )

    assert first == again != other
    assert first.startswith("sha256:")


def test_a_key_that_is_too_long_or_holds_line_breaks_is_replaced_by_its_digest() -> None:
    long = only(rss(f"<guid>{'x' * 201}</guid><title>Т</title>")).external_id
    broken = only(rss("<guid>a\nb</guid><title>Т</title>")).external_id

    assert len({long, broken}) == 2
    assert all(key.startswith("sha256:") and len(key) == 71 for key in (long, broken))


def test_a_title_that_the_text_repeats_is_not_said_twice() -> None:
    item = "<title>Нет воды на…</title><description>Нет воды на улице Мира.</description>"

    assert only(rss(item)).text == "Нет воды на улице Мира."


@pytest.mark.parametrize("element", ["content:encoded", "yandex:full-text"])
def test_the_longest_body_is_taken(element: str) -> None:
    whole = "Двор не чистят с ноября, скорая не проехала."
    item = (
        f"<title>Снег</title><{element}>&lt;p&gt;{whole}&lt;/p&gt;</{element}>"
        "<description>Двор не чистят.</description>"
    )
    more = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:yandex="http://news.yandex.ru"'
    )

    assert only(rss(item, more=more)).text == f"Снег\n{whole}"


@pytest.mark.parametrize("before", ["\ufeff\ufeff", "\n\n", "\ufeff\n \0"])
def test_marks_and_spaces_before_a_document_do_not_matter(before: str) -> None:
    document = f'{before}<?xml version="1.0"?>{rss("<title>Яма</title>")}'

    assert only(document).text == "Яма"
    assert parsed(document).whole


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "http://["])
def test_a_link_that_a_browser_should_not_open_is_left_out(link: str) -> None:
    assert only(rss(f"<guid>1</guid><title>Т</title><link>{link}</link>")).url == ""


def test_an_atom_entry_that_was_only_updated_is_dated_by_that() -> None:
    post = only(atom("<id>1</id><title>Т</title><updated>2026-11-17T06:30:00Z</updated>"))

    assert (post.published_at, post.edited_at) == (datetime(2026, 11, 17, 6, 30, tzinfo=UTC), None)


def test_a_date_of_another_century_leaves_the_item_undated() -> None:
    post = only(rss("<guid>1</guid><title>Т</title><pubDate>01.01.2126 10:00</pubDate>"))

    assert post.published_at is None


def test_an_item_without_words_is_shown_to_a_person() -> None:
    found = parsed(rss("<guid>1</guid>", "<guid>2</guid><title>Свет</title>"))

    assert [post.external_id for post in found.posts] == ["2"]
    assert [rejected.what for rejected in found.rejected] == [
        "Лента gorod.example: запись без заголовка и текста."
    ]


def test_a_wrong_item_of_a_json_feed_is_rejected_alone() -> None:
    found = parsed(json_feed({"id": 7, "title": "Свет"}, {"id": [1]}, "нет", {"title": 5}))

    assert [post.external_id for post in found.posts] == ["7"]
    assert ["запись 2" in found.rejected[0].what, len(found.rejected)] == [True, 3]


def test_of_two_items_with_one_number_the_newest_stays_and_the_other_is_shown() -> None:
    older = "<guid>1</guid><link>/a</link><title>А</title><pubDate>16.11.2026</pubDate>"
    newer = "<guid>1</guid><link>/b</link><title>Б</title><pubDate>17.11.2026</pubDate>"

    for items in ([older, newer], [newer, older]):
        found = parsed(rss(*items))
        assert [post.text for post in found.posts] == ["Б"]
        assert len(found.rejected) == 1


def test_only_the_newest_items_of_an_archive_are_read() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    items = [
        f"<guid>{n}</guid><title>Т{n}</title><pubDate>{start + timedelta(hours=n)}</pubDate>"
        for n in range(MAX_ITEMS + 20)
    ]

    found = parsed(rss(*items[1::2], *items[::2]))

    numbers = [int(post.external_id) for post in found.posts]
    assert numbers == list(range(MAX_ITEMS + 19, 19, -1))


def test_items_in_another_order_give_the_same_posts() -> None:
    items = [f"<guid>{n % 7}</guid><title>Т{n}</title>" for n in range(20)]
    first = parsed(rss(*items))

    for order in (items[::-1], items[10:] + items[:10], items[1::3] + items[::3] + items[2::3]):
        assert parsed(rss(*order)).posts == first.posts


def test_broken_markup_loses_nothing() -> None:
    found = parsed(
        rss(
            "<guid>1</guid><title>Нет воды&nbsp;& света</title>",
            "<guid>2</guid><description>Снег<br>не убран</description>",
        )
    )

    assert not found.whole
    assert {post.external_id: post.text for post in found.posts} == {
        "1": "Нет воды & света",
        "2": "Снег\nне убран",
    }


def test_the_last_item_of_a_document_that_was_cut_off_is_not_taken() -> None:
    document = rss(
        "<guid>1</guid><title>Нет воды</title>", "<guid>2</guid><title>Нет света</title>"
    )

    found = parsed(document[: document.index("света")])

    assert [post.external_id for post in found.posts] == ["1"]
    assert not found.whole


@settings(deadline=None)
@given(st.data())
def test_a_document_cut_off_anywhere_gives_only_posts_of_the_whole_one(data: st.DataObject) -> None:
    document = rss(*(f"<guid>id{n}</guid><title>Нет воды {n} день</title>" for n in range(5)))
    whole = {post.external_id: post.text for post in parsed(document).posts}
    end = data.draw(st.integers(0, len(document)))

    with suppress(SourceError):
        found = parsed(document[:end])
        assert {post.external_id: post.text for post in found.posts}.items() <= whole.items()


def test_an_empty_feed_is_one() -> None:
    assert parsed(rss()) == Parsed((), (), whole=True)
    assert parsed(atom()).posts == parsed(json_feed()).posts == ()
