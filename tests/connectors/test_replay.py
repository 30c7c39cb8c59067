"""Replay: a recording played against a clock that the test holds, and the sample feed itself."""

import asyncio
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import BadPayloadError, Page, SourceError
from connectors.replay import PAGE, Replay
from models.values import FetchedPost
from models.vocabulary import Network, PostKind, Topic

ROOT = Path(__file__).parents[2]
FEED = ROOT / "pipeline/region/sample/smolensky/feed"
START = datetime(2027, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)
RECORDED_AT = 1_794_985_200
SAMPLES = {network: Replay(FEED / f"recording_{network}.jsonl") for network in ("vk", "ok")}


def fetch(replay: Replay, cursor: dict[str, object], *, now: datetime) -> Page:
    return asyncio.run(replay.fetch(cursor, now=now))


def played(replay: Replay, minutes: list[int]) -> list[FetchedPost]:
    """Everything that polling gives, at the start and then at each of ``minutes``."""
    cursor: dict[str, object] = {}
    posts: list[FetchedPost] = []
    for minute in [0, *minutes]:
        more = True
        while more:
            page = fetch(replay, cursor, now=START + timedelta(minutes=minute))
            posts += page.posts
            cursor, more = page.cursor, page.more
    return posts


def wall(minute: int, *ids: int) -> dict[str, Any]:
    """An answer of wall.get in which every post is ten seconds old."""
    date = RECORDED_AT + minute * 60 - 10
    items = [{"id": number, "text": f"запись {number}", "date": date} for number in ids]
    return {
        "minute": minute,
        "network": "vk",
        "method": "wall.get",
        "params": {"owner_id": -1},
        "response": {"response": {"count": len(items), "items": items}},
    }


def recording(path: Path, *exchanges: object) -> Replay:
    lines = [{"recorded_at": RECORDED_AT}, *exchanges]
    text = "\n".join(
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines
    )
    (path / "rec.jsonl").write_text(text, encoding="utf-8")
    return Replay(path / "rec.jsonl")


def test_the_first_fetch_starts_the_play_and_gives_what_is_due(tmp_path: Path) -> None:
    replay = recording(tmp_path, wall(-5, 1), wall(0, 2), wall(1, 3))

    page = fetch(replay, {}, now=START)

    assert [post.external_id for post in page.posts] == ["-1_1", "-1_2"]
    assert page.cursor == {"started": START.isoformat(), "position": 2}
    assert not page.more


def test_an_exchange_waits_for_its_minute(tmp_path: Path) -> None:
    replay = recording(tmp_path, wall(3, 1))
    cursor = fetch(replay, {}, now=START).cursor

    early = fetch(replay, cursor, now=START + timedelta(minutes=2, seconds=58))
    due = fetch(replay, cursor, now=START + timedelta(minutes=3))

    assert early.posts == ()
    assert early.cursor == cursor
    assert [post.external_id for post in due.posts] == ["-1_1"]


def test_dates_move_by_whole_seconds_to_the_start_of_play(tmp_path: Path) -> None:
    replay = recording(tmp_path, wall(-15, 1))

    (post,) = fetch(replay, {}, now=START).posts

    assert post.published_at == START.replace(microsecond=0) - timedelta(minutes=15, seconds=10)


def test_an_edit_by_an_event_is_dated_by_its_minute(tmp_path: Path) -> None:
    comment = {"id": 7, "post_id": 1, "owner_id": -1, "from_id": 5, "text": "исправил", "date": 1}
    event = {"type": "wall_reply_edit", "object": comment}
    exchange = {"minute": 2, "network": "vk", "method": "callback", "response": event}
    ignored = exchange | {"response": {"type": "group_join", "object": {}}}
    replay = recording(tmp_path, ignored, exchange)

    (post,) = played(replay, [2])

    assert (post.external_id, post.text) == ("-1_1_r7", "исправил")
    assert post.seen_at == START.replace(microsecond=0) + timedelta(minutes=2)


def test_much_at_once_comes_in_pages(tmp_path: Path) -> None:
    replay = recording(tmp_path, *(wall(-1, number) for number in range(2 * PAGE + 5)))
    cursor: dict[str, object] = {}
    sizes = []

    for _ in range(3):
        page = fetch(replay, cursor, now=START)
        cursor = page.cursor
        sizes.append((len(page.posts), page.more))

    assert sizes == [(PAGE, True), (PAGE, True), (5, False)]


@pytest.mark.parametrize("cursor", [{}, {"started": START.isoformat(), "position": 40}])
def test_the_same_cursor_and_moment_give_the_same_page(cursor: dict[str, object]) -> None:
    later = START + timedelta(minutes=4)

    pages = [fetch(Replay(FEED / "recording_vk.jsonl"), cursor, now=later) for _ in range(2)]

    assert pages[0] == pages[1]
    assert pages[0].posts


@settings(max_examples=15, deadline=None)
@given(minutes=st.lists(st.integers(0, 24), max_size=12), network=st.sampled_from(["vk", "ok"]))
def test_whenever_one_polls_everything_comes_exactly_once_and_in_order(
    minutes: list[int], network: str
) -> None:
    expected = played(SAMPLES[network], [25])

    assert played(SAMPLES[network], [*sorted(minutes), 25, 90]) == expected


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"minute": 1, "netw', "строка 3: это не JSON"),
        ({"network": "vk", "method": "wall.get"}, "строка 3: ответ не такой"),
        ({"minute": -60, "network": "vk", "method": "x", "response": 0}, "не по порядку"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: object, says: str) -> None:
    replay = recording(tmp_path, wall(-5, 1), line)

    with pytest.raises(BadPayloadError) as caught:
        fetch(replay, {}, now=START)

    assert "rec.jsonl, строка 3" in str(caught.value)
    assert says in str(caught.value)


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    (tmp_path / "rec.jsonl").write_bytes(b"")

    with pytest.raises(BadPayloadError, match=r"rec\.jsonl, строка 1: это не JSON"):
        fetch(Replay(tmp_path / "rec.jsonl"), {}, now=START)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"нет\.jsonl не читается.*Проверьте путь"):
        fetch(Replay(tmp_path / "нет.jsonl"), {}, now=START)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"method": "wall.search"}, BadPayloadError, "vk wall.search воспроизводить не умеем"),
        ({"params": {}}, BadPayloadError, "owner_id — поля нет"),
        ({"response": {"response": 1}}, BadPayloadError, "метод wall.get: ответ не такой"),
        ({"response": {"error": {"error_code": 15}}}, SourceError, "ошибка 15: доступ закрыт"),
    ],
)
def test_an_answer_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], error: type[SourceError], says: str
) -> None:
    replay = recording(tmp_path, wall(-1, 1) | change)

    with pytest.raises(SourceError) as caught:
        fetch(replay, {}, now=START)

    assert type(caught.value) is error
    assert "rec.jsonl, строка 2: " in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "cursor",
    [
        {"position": 1},
        {"started": "вчера", "position": 1},
        {"started": "2027-03-01T09:30:15", "position": 1},
        {"started": START.isoformat(), "position": -1},
        {"started": START.isoformat(), "position": "1"},
    ],
)
def test_a_damaged_cursor_is_refused(tmp_path: Path, cursor: dict[str, object]) -> None:
    replay = recording(tmp_path, wall(-1, 1))

    with pytest.raises(SourceError, match="Закладка воспроизведения повреждена"):
        fetch(replay, cursor, now=START)


# The sample feed: what was asked of it, counted. tests/data/*/sample_labels.json says what each
# text is: kind, topic, whether it is urgent, the village that it names, and what it repeats.


@pytest.fixture(scope="module")
def feed() -> list[FetchedPost]:
    return [post for replay in SAMPLES.values() for post in played(replay, [25])]


@pytest.fixture(scope="module")
def labels() -> dict[str, dict[str, Any]]:
    files = [ROOT / f"tests/data/{network}/sample_labels.json" for network in SAMPLES]
    return {
        external_id: label
        for file in files
        for external_id, label in json.loads(file.read_text(encoding="utf-8")).items()
    }


@pytest.fixture(scope="module")
def exchanges() -> list[dict[str, Any]]:
    files = [FEED / f"recording_{network}.jsonl" for network in SAMPLES]
    return [
        json.loads(line)
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()[1:]
    ]


def texts_of(feed: list[FetchedPost]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for post in feed:
        if not post.deleted and post.text not in texts[post.external_id]:
            texts[post.external_id].append(post.text)
    return texts


def test_the_feed_holds_enough_and_every_text_is_its_own(
    feed: list[FetchedPost], labels: dict[str, dict[str, Any]]
) -> None:
    texts = texts_of(feed)
    every = Counter(chain.from_iterable(texts.values()))

    assert set(texts) == set(labels)
    assert len(texts) >= 340
    assert [text for text, times in every.items() if times > 1] == []


def test_the_feed_has_edits_deletions_and_repeated_answers(feed: list[FetchedPost]) -> None:
    times = Counter(post.external_id for post in feed)

    assert sum(len(texts) > 1 for texts in texts_of(feed).values()) >= 6
    assert len({post.external_id for post in feed if post.deleted}) >= 2
    assert all(post.text == "" for post in feed if post.deleted)
    assert any(post.edited_at for post in feed if post.kind is PostKind.POST)
    assert sum(count > 1 for count in times.values()) >= 100


def test_the_feed_has_every_kind_and_topic(labels: dict[str, dict[str, Any]]) -> None:
    kinds = Counter(label["kind"] for label in labels.values())
    complaints = [label for label in labels.values() if label["kind"] == "complaint"]
    topics = Counter(Topic(label["topic"]) for label in complaints)
    asked = [Topic.ROADS, Topic.GAS, Topic.GARBAGE, Topic.WATER, Topic.LIGHTING]

    assert all(topics[topic] >= 22 for topic in asked)
    assert topics.total() - sum(topics[topic] for topic in asked) >= 60
    assert set(topics) == set(Topic)
    assert sum("urgent" in label for label in complaints) >= 18
    assert sum("repeats" in label for label in complaints) >= 20
    assert 0.6 <= sum("place" in label for label in complaints) / len(complaints) <= 0.72
    assert kinds["thanks"] >= 15
    assert kinds["news"] >= 25
    assert kinds["outage"] >= 5
    assert kinds["ad"] >= 15
    assert kinds["chat"] >= 50
    assert kinds["insult"] >= 3
    assert kinds["hostile"] >= 5


def test_a_repeat_is_of_something_said_before_it(
    feed: list[FetchedPost], labels: dict[str, dict[str, Any]]
) -> None:
    published = {post.external_id: post.published_at for post in feed if post.published_at}
    topics = {external_id: label.get("topic") for external_id, label in labels.items()}

    pairs = [
        (external_id, label["repeats"])
        for external_id, label in labels.items()
        if "repeats" in label
    ]

    assert all(published[first] < published[again] for again, first in pairs)
    assert all(topics[first] == topics[again] for again, first in pairs)
    assert any(first.startswith("-") and not again.startswith("-") for again, first in pairs)


def test_every_text_was_published_before_it_was_fetched_and_not_long_before() -> None:
    for replay in SAMPLES.values():
        seen: set[str] = set()
        cursor: dict[str, object] = fetch(replay, {}, now=START).cursor | {"position": 0}
        for minute in range(26):
            now, more = START + timedelta(minutes=minute), True
            while more:
                page = fetch(replay, cursor, now=now)
                cursor, more = page.cursor, page.more
                moments = [post.published_at for post in page.posts if post.published_at]
                fresh = [post for post in page.posts if post.external_id not in seen]
                assert all(moment <= now for moment in moments)
                assert minute == 0 or all(
                    post.published_at and now - post.published_at < timedelta(minutes=5)
                    for post in fresh
                )
                seen |= {post.external_id for post in page.posts}


def test_the_feed_spans_two_days_and_drips_on_after_the_start(
    exchanges: list[dict[str, Any]],
) -> None:
    minutes = [exchange["minute"] for exchange in exchanges]
    live = [post for replay in SAMPLES.values() for post in played(replay, [25])[-30:]]

    assert min(minutes) >= -2880
    assert min(minutes) < -2800
    assert max(minutes) == 25
    assert 0.7 <= sum(minute <= 0 for minute in minutes) / len(minutes) <= 0.85
    assert {post.network for post in live} == {Network.VK, Network.OK}


def test_five_communities_speak_and_nobody_is_named(exchanges: list[dict[str, Any]]) -> None:
    communities = {
        str(exchange["params"].get("owner_id") or exchange["params"].get("gid"))
        for exchange in exchanges
        if exchange["params"]
    }

    assert communities == {
        "-990000101",
        "-990000102",
        "-990000103",
        "79000000000101",
        "79000000000102",
    }
    assert not any(
        key in json.dumps(exchange["response"])
        for exchange in exchanges
        for key in ('"profiles"', '"first_name"', '"last_name"', '"author_name"')
    )


def test_the_feed_holds_hostile_texts(feed: list[FetchedPost]) -> None:
    texts = [post.text for post in feed]

    assert any("<script>" in text for text in texts)
    assert any("\N{RIGHT-TO-LEFT OVERRIDE}" in text for text in texts)
    assert any("\N{ZERO WIDTH SPACE}" in text for text in texts)
    assert any(max(map(len, text.split()), default=0) > 100 for text in texts)
    assert any("\N{COMBINING LONG SOLIDUS OVERLAY}" in text for text in texts)
