"""Bytes, HTML and dates of strangers, each by itself."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.feed_dates import read_moment
from connectors.feed_html import MAX_HTML, plain_text
from connectors.feed_parse import Place, parse_feed
from connectors.feed_text import charset, clean, decode
from models.vocabulary import Network

DATA = Path(__file__).parents[1] / "data/feeds"
ENCODINGS = json.loads((DATA / "encodings.json").read_text(encoding="utf-8"))
VLADIVOSTOK = ZoneInfo("Asia/Vladivostok")
PLACE = Place(
    "Лента gorod.example",
    "https://gorod.example/rss",
    ZoneInfo("Europe/Moscow"),
    Network.FEED,
)


@pytest.mark.parametrize("row", ENCODINGS["files"], ids=lambda row: row["file"])
def test_a_document_is_read_whatever_its_charset_and_what_is_said_of_it(
    row: dict[str, str], now: datetime
) -> None:
    body = (DATA / row["file"]).read_bytes()

    parsed = parse_feed(body, row["content_type"], place=PLACE, now=now)

    lost = "\N{REPLACEMENT CHARACTER}"
    assert [post.text.replace(lost, "") for post in parsed.posts] == [ENCODINGS["text"]], row["why"]
    assert parsed.posts[0].external_id == "obr-17"
    assert parsed.whole
    assert parsed.posts[0].text.count(lost) == (row["file"] == "utf8_one_bad_byte.xml")


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("Нет воды в доме", "cp1251", []),
        ("Нет воды в доме", "koi8-r", []),
        ("ВНИМАНИЕ! ОТКЛЮЧЕНИЕ ВОДЫ", "koi8-r", []),
        ("Яма", "koi8-r", ["koi8-r"]),  # too short to overrule what is said
        ("Яма", "cp1251", ["windows-1251"]),
        ("Яма", "koi8-r", ["utf-8", "koi8-r"]),  # cannot be what is said first
        ("Un café près de la forêt, déjà fermé", "cp1252", ["windows-1252"]),
        ("Ein Geschäft in Köln, größer als nötig", "iso-8859-1", ["iso-8859-1"]),
        ("Вода", "utf-8", ["windows-1251"]),
        ("", "utf-8", ["koi8-r"]),
        ("plain", "ascii", ["utf-16"]),
    ],
)
def test_the_charset_that_is_named_stands_unless_the_text_speaks_clearly(
    text: str, encoding: str, declared: list[str]
) -> None:
    assert decode(text.encode(encoding), declared) == text


@pytest.mark.parametrize("name", ["zip", "punycode", "idna", "unicode_escape", "utf-7", "", "a\0b"])
def test_a_charset_that_is_none_or_slow_is_not_used(name: str) -> None:
    assert charset(name) is None
    assert decode("Нет света".encode("cp1251"), [name]) == "Нет света"


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.text(max_size=12), max_size=3))
def test_any_bytes_decode(body: bytes, declared: list[str]) -> None:
    assert isinstance(decode(body, declared), str)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>Нет воды.</p><p>Третий  день\nподряд.</p>", "Нет воды.\nТретий день подряд."),
        ("Яма<br>на дороге<br/>у школы", "Яма\nна дороге\nу школы"),
        ("<b>Срочно</b>: <i>прорыв</i>", "Срочно: прорыв"),
        ("Дом &laquo;Заря&raquo;, кв.&nbsp;5 &amp; 7", "Дом «Заря», кв. 5 & 7"),
        ("<style>p{color:red}</style><script>alert(1)</script>Текст", "Текст"),
        ("<ul><li>свет</li><li>вода</li></ul>", "свет\nвода"),
        ("<table><tr><td>дом 5</td><td>тепло</td></tr></table>", "дом 5\nтепло"),
        ("Температура <5 градусов и >3", "Температура <5 градусов и >3"),
        ("<p>не закрыт <b>совсем", "не закрыт совсем"),
        ("<!-- скрыто -->видно", "видно"),
        ('<img src="data:image/png;base64,' + "A" * 5000 + '">после картинки', "после картинки"),
        ("", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(html: str, shown: str) -> None:
    assert plain_text(html) == shown


@pytest.mark.parametrize(
    "piece", ["<div>", "<ul><li>", "<", "&", "<a b ", "<!--", "<b><p>", "<svg>", "<select><option>"]
)
def test_html_made_to_be_slow_is_read_all_the_same(piece: str) -> None:
    html = "Нет света " + piece * (2 * MAX_HTML // len(piece))

    assert plain_text(html).startswith("Нет света")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_cleaned_and_read_as_html(text: str) -> None:
    plain_text(text).encode()
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "said",
    [
        "Tue, 17 Nov 2026 12:00:00 +1000",
        "Tue, 17 Nov 2026 02:00:00 GMT",
        "Tue, 17 Nov 2026 05:00:00 MSK",
        "Tue, 17 Nov 2026 12:00:00",
        "Tue, 17 Nov 2026 12:00:00 -0000",
        "Вт, 17 ноя 2026 12:00:00 +1000",
        "17 ноября 2026 г. в 12:00",
        "17.11.2026 12:00",
        "2026-11-17T02:00:00Z",
        "2026-11-17T12:00:00",
        "2026-11-17 12:00:00 +1000",
        "2026-11-17T12:00:00.000+10:00",
    ],
)
def test_a_moment_is_read_in_the_sources_zone_where_it_names_none(said: str, now: datetime) -> None:
    expected = datetime(2026, 11, 17, 2, 0, tzinfo=UTC)

    assert read_moment(said, zone=VLADIVOSTOK, now=now) == expected


@pytest.mark.parametrize("said", ["17.11.2026", "2026-11-17", "17 Nov 2026"])
def test_a_day_begins_at_its_own_midnight(said: str, now: datetime) -> None:
    assert read_moment(said, zone=VLADIVOSTOK, now=now) == datetime(2026, 11, 16, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        *("", "вчера", "31.02.2026", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00"),
        *("1970-01-01T00:00:00Z", "2026-11-20T00:00:00Z", "Tue, 17 Nov 2026 12:00:00 +9999"),
        *(None, 1794985200, "1" * 100_000, "1-" * 100_000),
    ],
    ids=lambda said: repr(said)[:30],
)
def test_what_is_no_moment_or_too_far_away_is_none(said: object, now: datetime) -> None:
    assert read_moment(said, zone=VLADIVOSTOK, now=now) is None


DATES: list[Callable[[datetime], str]] = [
    lambda at: at.isoformat(),
    lambda at: f"{at:%d.%m.%Y %H:%M:%S %z}",
    lambda at: f"{at:%d %b %Y %H:%M:%S %z}",
]


@settings(deadline=None)
@given(
    st.datetimes(datetime(1991, 1, 1), datetime(2026, 11, 16), timezones=st.just(VLADIVOSTOK)),  # noqa: DTZ001 - bounds are naive
    st.sampled_from(DATES),
)
def test_a_moment_survives_being_written(at: datetime, write: Callable[[datetime], str]) -> None:
    at = at.replace(microsecond=0)
    now = datetime(2026, 11, 17, tzinfo=UTC)

    assert read_moment(write(at), zone=ZoneInfo("UTC"), now=now) == at.astimezone(UTC)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_may_stand_for_a_moment(said: str) -> None:
    now = datetime(2026, 11, 17, tzinfo=UTC)

    found = read_moment(said, zone=VLADIVOSTOK, now=now)

    assert found is None or found.tzinfo is UTC
