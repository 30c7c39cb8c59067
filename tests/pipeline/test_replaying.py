"""Recordings: every kind of source is recorded without people and played back as it was read."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from fakes.server import Fault
from networks import (
    BOT_SECRET,
    NOON,
    OWNER,
    RECORDED,
    hurry,
    mailbox,
    max_bot,
    telegram_bot,
    telegram_channel,
    vk_wall,
)
from recordings import Office
from sources_yaml import FOLDER, entry

from connectors.base import ApiError, SourceError
from pipeline.region.schema import SourceKind
from pipeline.replaying import RECORDABLE, record


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def office(tmp_path: Path, empty_sqlite: Path) -> Office:
    return Office(tmp_path, empty_sqlite)


def test_every_kind_but_files_can_be_recorded() -> None:
    assert {kind.value for kind in RECORDABLE} == set(RECORDED)
    assert set(SourceKind) - RECORDABLE == {SourceKind.FOLDER, SourceKind.RECORDING}


@pytest.mark.parametrize("kind", RECORDED)
async def test_a_recording_holds_no_secret_and_no_people_and_plays_what_was_read(
    office: Office, kind: str
) -> None:
    # Given a network with people in it, recorded, and read directly into a database
    async with RECORDED[kind]() as place:
        path = await office.record(place)
        direct = await office.read(place)
    # Then the recording holds what was said, and nobody's name, number or key
    text = path.read_text(encoding="utf-8")
    assert place.said in text
    for private in (*place.secrets.values(), *place.people):
        assert private not in text
    # And it plays into an empty database what was read, the same each time, when nobody is there
    first, posts = await office.play(path)
    second, again = await office.play(path)
    assert posts == again == direct
    assert len(posts) > 1
    assert first.digest == second.digest
    assert first.broken == second.broken == ""
    assert first.tally.taken == len(posts)


async def test_stand_ins_differ_between_recordings(office: Office) -> None:
    async with vk_wall() as place:
        first = (await office.record(place)).read_bytes()
        second = (await office.record(place)).read_bytes()

    assert len(first.splitlines()) == len(second.splitlines())
    assert first != second


async def test_faults_on_the_way_leave_no_trace_in_what_is_played(office: Office) -> None:
    # Given a network that fails between two answers
    async with vk_wall() as place:
        assert place.server is not None
        place.server.faults.planned = [(Fault.SERVER_ERROR, True), (Fault.TRUNCATED, False)]
        path = await office.record(place)
        direct = await office.read(place)
    # Then the recording plays what was read in the end
    played, posts = await office.play(path)
    assert (posts, played.broken) == (direct, "")


async def test_a_broken_off_recording_plays_up_to_there(office: Office) -> None:
    # Given a recording of many pages
    async with telegram_channel() as place:
        for number in range(5):
            post = place.world.post("smolray", f"Новость {number}")
            place.world.comment("smolray", post, f"Ответ {number}")
        whole = (await office.record(place)).read_bytes()
    _, everything = await office.play(office.keep(whole))
    lines = whole.splitlines(keepends=True)
    sizes = []
    for number in range(1, len(lines)):
        # When it is cut off after a line, or in the middle of one
        for cut in (b"".join(lines[:number]), b"".join(lines[:number]) + lines[number][:5]):
            played, posts = await office.play(office.keep(cut))
            # Then what there is of it is played, and it is told that there was more
            assert "оборвана" in played.broken
            assert {text: one.when for text, one in posts.items()}.items() <= {
                text: one.when for text, one in everything.items()
            }.items()
            sizes.append(len(posts))
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (0, len(everything))


async def test_a_reading_that_ends_with_an_error_plays_to_the_same_error(office: Office) -> None:
    # Given a community that is closed
    async with vk_wall() as place:
        place.world.wall(OWNER).refusal = 15
        out = io.BytesIO()
        with pytest.raises(ApiError) as caught:
            await office.record(place, out=out)
    # When what was recorded until then is played
    played, posts = await office.play(office.keep(out.getvalue()))
    # Then it ends as the reading did
    assert played.broken == str(caught.value)
    assert posts == {}


async def test_recording_a_bot_takes_nothing_away_from_its_source(office: Office) -> None:
    # Given a bot with more updates than an answer holds
    async with telegram_bot() as place:
        for number in range(150):
            place.world.say(BOT_SECRET, f"Обращение {number}")
        # When it is recorded
        path = await office.record(place)
        # Then Telegram still has all of them for the source itself
        assert len(place.world.bots[BOT_SECRET].updates) == 153
    played, posts = await office.play(path)
    assert (len(posts), played.broken) == (100, "")


async def test_a_bot_whose_events_are_pushed_is_recorded_without_them(office: Office) -> None:
    # Given a bot with a webhook, which may not ask for its events
    async with max_bot() as place:
        place.world.subscriptions.append({"url": "https://otklik.example.ru/hooks/max"})
        place.source += "\n  events: webhook\n  secret: max-hook"
        path = await office.record(place)
        direct = await office.read(place)
    # Then its chats are recorded and played
    played, posts = await office.play(path)
    assert (posts, played.broken) == (direct, "")
    assert len(posts) == 3


@pytest.mark.parametrize("kind", ["folder", "recording"])
async def test_what_is_files_already_is_not_recorded(office: Office, kind: str) -> None:
    region = office.region(entry(FOLDER))
    source = replace(region.sources[0], kind=SourceKind(kind))
    out = io.BytesIO()

    with pytest.raises(SourceError, match="записать нельзя: он и так лежит в файлах"):
        await record(
            source,
            settings=office.settings,
            region=region,
            engine=office.database(),
            out=out,
            clock=lambda: NOON,
        )

    assert out.getvalue() == b""


async def test_a_recording_says_nothing_of_the_machine_that_made_it(office: Office) -> None:
    async with mailbox() as place:
        path = await office.record(place)
    described = orjson.loads(path.read_bytes().splitlines()[0])["source"]["live"]

    for name in ("server", "user", "proxy", "ca_file", "confirmation"):
        assert described[name] == ""


@pytest.fixture
async def recorded(office: Office) -> list[dict[str, Any]]:
    """A whole recording of a wall, line by line."""
    async with vk_wall() as place:
        path = await office.record(place)
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def written_down(office: Office, lines: list[dict[str, Any]]) -> Path:
    return office.keep(b"".join(orjson.dumps(line) + b"\n" for line in lines))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "folder", "live": {"folder": "/etc"}},
        {"kind": "recording", "file": "/etc/passwd"},
        {"kind": "teletype"},
        {"communities": {}},
        {"communities": {"-1": None, "-2": None}},
        {"communities": {"club": None}},
        {"kind": "max-bot", "communities": {"chat": None}},
        {"live": {"zone": "Europe/Smolensk"}},
        {"live": {"zone": "/etc/passwd"}},
        {"live": []},
        {"network": 5},
    ],
)
async def test_a_strangers_recording_of_what_cannot_be_recorded_is_refused(
    office: Office, recorded: list[dict[str, Any]], changes: dict[str, Any]
) -> None:
    recorded[0]["source"] |= changes

    with pytest.raises(SourceError, match="строка 1: источник описан не так"):
        await office.play(written_down(office, recorded))


async def test_settlements_of_another_region_are_left_out(
    office: Office, recorded: list[dict[str, Any]]
) -> None:
    recorded[0]["source"] |= {"settlement": "atlantis", "communities": {str(OWNER): "atlantis"}}

    played, posts = await office.play(written_down(office, recorded))

    assert (len(posts), played.broken) == (5, "")
    assert "atlantis" not in played.tally.settlements


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "200"),
        ("headers", {"etag": 5}),
        ("body", 5),
        ("body", {"base64": "?"}),
        ("body", {}),
        ("fetch", "2026-11-17T09:00:00"),
        ("fetch", 5),
    ],
)
async def test_a_spoilt_line_is_named(
    office: Office, recorded: list[dict[str, Any]], key: str, value: object
) -> None:
    number = next(n for n, line in enumerate(recorded) if key in line)
    recorded[number][key] = value

    with pytest.raises(SourceError, match=f"строка {number + 1}: её не разобрать"):
        await office.play(written_down(office, recorded))


async def test_spoilt_letters_are_told(office: Office) -> None:
    async with mailbox() as place:
        path = await office.record(place)
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    lines[2]["batch"]["letters"][0]["received_at"] = "вчера"

    played, posts = await office.play(written_down(office, lines))

    assert "письма в ней записаны не так" in played.broken
    assert posts == {}
