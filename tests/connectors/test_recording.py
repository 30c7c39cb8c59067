"""Recording and playing: masked, without secrets, bit for bit."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from fakes.server import FakeServer
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import SourceError
from connectors.http import HttpClient, Request
from connectors.masking import Mask
from connectors.recording import PlayedHttp, RecordingHttp

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
WALL = {
    "response": {
        "count": 1,
        "items": [
            {
                "id": 7,
                "owner_id": -55,
                "from_id": 400500,
                "text": "[id400500|Мария П.], звоните 8 (910) 700-11-22 или m.p@mail.ru: яма",
            }
        ],
        "profiles": [{"id": 400500, "first_name": "Мария", "last_name": "П.", "sex": 1}],
    }
}
PAGE = '<a class="user_author_name" href="x"><span>Мария П.</span></a><div>Нет света</div>'


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async def wall(_: web.Request) -> web.Response:
        return web.json_response(WALL)

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html", headers={"Set-Cookie": "a=b"})

    async def old(_: web.Request) -> web.Response:
        return web.Response(body="<rss>яма у дома</rss>".encode("cp1251"))

    app = web.Application()
    app.router.add_post("/method/wall.get", wall)
    app.router.add_get("/page", page)
    app.router.add_get("/old", old)
    async with FakeServer(app) as running:
        yield running


def wall(url: str) -> Request:
    return Request(
        "POST",
        f"{url}/method/wall.get",
        form={"owner_id": "-55", "access_token": "vk1.very-secret"},
        secrets=frozenset({"access_token"}),
    )


async def test_a_recording_holds_neither_secrets_nor_people(
    server: FakeServer, tmp_path: Path
) -> None:
    out = io.BytesIO()
    async with HttpClient(private=True) as http:
        recorder = RecordingHttp(http, out)
        recorder.begin({"kind": "vk-wall"})
        recorder.reading(NOW)
        seen = [
            await recorder.send(wall(server.url)),
            await recorder.send(Request("GET", f"{server.url}/page")),
            await recorder.send(Request("GET", f"{server.url}/old")),
        ]

    text = out.getvalue().decode()
    said = ("very-secret", "Мария", "400500", "(910)", "m.p@mail.ru", "Set-Cookie", "a=b")
    for private in said:
        assert private not in text
    assert "яма" in text
    assert "Нет света" in text
    assert "яма у дома".encode("cp1251") in seen[2].body
    # The same person is the same stand-in everywhere.
    body = orjson.loads(seen[0].body)["response"]
    author = body["items"][0]["from_id"]
    assert author == body["profiles"][0]["id"]
    assert f"[id{author}|автор]" in body["items"][0]["text"]
    # And a play of it answers the same, to the byte.
    path = tmp_path / "recording.jsonl"
    path.write_bytes(out.getvalue())
    played = PlayedHttp(path)
    assert played.moments == [NOW]
    assert played.source == {"kind": "vk-wall"}
    replies = [
        await played.send(wall(server.url)),
        await played.send(Request("GET", f"{server.url}/page")),
        await played.send(Request("GET", f"{server.url}/old")),
    ]
    assert [one.body for one in replies] == [one.body for one in seen]
    with pytest.raises(SourceError, match="нет ответа на такой запрос"):
        await played.send(wall(server.url))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "не запись источника"),
        (b"{}\n", "не запись источника"),
        (b"{", "строка 1: это не JSON"),
        (b'{"otklik":1,"source":{}}\n[]\n', "строка 2"),
        (b'{"otklik":1,"source":{}}\n{"fetch":"yesterday"}\n', "строка 2"),
        (b'{"otklik":1,"source":{}}\n{"ask":{},"status":200}\n', "строка 2"),
    ],
)
def test_a_file_that_is_no_recording_is_told_with_its_line(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content)

    with pytest.raises(SourceError, match=told):
        PlayedHttp(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="не читается"):
        PlayedHttp(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("from_id", -55, True),
        ("from_id", 0, True),
        ("author_ref", "group:70000000000001", True),
        ("author_ref", "user:123456", False),
        ("author_id", "573451234567", False),
        ("id", 123, True),
        ("text", "Дом 12, кв. 5", True),
        ("first_name", "Мария", False),
        ("from_id", None, True),
    ],
)
def test_accounts_are_masked_and_communities_are_not(key: str, value: object, kept: bool) -> None:
    masked = Mask().value({key: value})

    assert (masked == {key: value}) is kept


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_masking_takes_any_answer_and_repeats_itself(value: object) -> None:
    mask = Mask()

    assert mask.value(value) == mask.value(value)
