"""The HTTP client against servers on loopback: what it sends, bounds, follows, refuses, tells."""

import gzip
import socket
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from fakes.server import FakeServer, Fault, Faults

from connectors.addresses import PublicResolver
from connectors.base import BadPayloadError, SourceError, UnreachableError
from connectors.http import MAX_HOPS, Answer, HttpClient, Request, host

SECRET = "vk2.a.secret"  # noqa: S105 - a made-up one
MEGABYTE = b"\0" * 1_000_000


@dataclass(slots=True)
class Target:
    """A server that does what its paths say, and remembers what it was asked."""

    seen: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    url: str = ""
    port: int = 0

    async def serve(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.seen.append((request.method, request.path_qs, dict(request.headers), body))
        if request.path == "/redirect":
            return web.Response(status=302, headers={"Location": request.query["to"]})
        if request.path == "/loop":
            return web.Response(status=301, headers={"Location": "/loop"})
        if request.path == "/308":
            return web.Response(status=308, headers={"Location": request.query["to"]})
        if request.path == "/bytes":
            return web.Response(body=b"x" * int(request.query["count"]))
        if request.path == "/zipped":
            return zipped(request.query["how"], MEGABYTE * int(request.query["megabytes"]))
        return web.json_response({"host": request.host})


def zipped(how: str, body: bytes) -> web.Response:
    coding = {"deflate": "deflate", "unknown": "rot13"}.get(how, "gzip")
    if how == "deflate":
        body = zlib.compress(body)
    elif how != "unknown":
        body = gzip.compress(body) * (2 if how == "gzip twice" else 1)
    if how == "broken":
        body = body[:20] + b"garbage" * 10
    return web.Response(body=body, headers={"Content-Encoding": coding})


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    target = Target()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", target.serve)
    async with FakeServer(app, faults=target.faults) as server:
        target.url = server.url
        target.port = int(server.url.rpartition(":")[2])
        yield target


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(private=True) as http:
        yield http


async def test_an_answer_is_returned_whole_whatever_its_status(
    http: HttpClient, target: Target
) -> None:
    request = Request("POST", f"{target.url}/x", params={"a": "б"}, form={"text": "яма & снег"})

    answer = await http.send(request)

    method, path, headers, body = target.seen[0]
    assert (method, path) == ("POST", "/x?a=%D0%B1")
    assert body == "text=%D1%8F%D0%BC%D0%B0+%26+%D1%81%D0%BD%D0%B5%D0%B3"
    assert headers["User-Agent"].startswith("Otklik")
    assert (answer.status, answer.url) == (200, f"{target.url}/x?a=%D0%B1")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json(where="проба") == {"host": f"127.0.0.1:{target.port}"}


async def test_a_json_body_is_sent_as_one(http: HttpClient, target: Target) -> None:
    await http.send(Request("POST", target.url, json={"text": "яма"}))

    assert target.seen[0][3] == '{"text": "\\u044f\\u043c\\u0430"}'


async def test_a_server_that_is_silent_is_not_waited_for(http: HttpClient, target: Target) -> None:
    target.faults.planned = [(Fault.HANG, True)]
    target.faults.hang_seconds = 30

    with pytest.raises(UnreachableError, match="не ответил вовремя"):
        await http.send(Request("GET", target.url, read_seconds=0.05))


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATED])
async def test_an_answer_that_breaks_off_is_none(
    http: HttpClient, target: Target, fault: Fault
) -> None:
    target.faults.planned = [(fault, True)] * 3

    with pytest.raises(UnreachableError, match="оборвалось"):
        await http.send(Request("POST", target.url))


async def test_nobody_listening_is_said_plainly(http: HttpClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port}: соединение не удалось"):
        await http.send(Request("GET", f"http://127.0.0.1:{port}/?token={SECRET}"))


@pytest.mark.parametrize(("count", "fits"), [(1000, True), (1001, False)])
async def test_a_body_longer_than_its_cap_is_refused(
    http: HttpClient, target: Target, count: int, fits: bool
) -> None:
    request = Request("GET", f"{target.url}/bytes", params={"count": str(count)}, max_body=1000)

    if fits:
        assert len((await http.send(request)).body) == count
    else:
        with pytest.raises(BadPayloadError):
            await http.send(request)


@pytest.mark.parametrize("how", ["gzip", "deflate", "gzip twice"])
async def test_a_packed_answer_is_unpacked(http: HttpClient, target: Target, how: str) -> None:
    request = Request("GET", f"{target.url}/zipped", params={"how": how, "megabytes": "1"})

    times = 2 if how == "gzip twice" else 1
    assert (await http.send(request)).body == MEGABYTE * times


@pytest.mark.parametrize("how", ["gzip", "deflate", "gzip twice"])
async def test_a_bomb_is_refused_when_the_cap_is_reached(
    http: HttpClient, target: Target, how: str
) -> None:
    request = Request(
        "GET",
        f"{target.url}/zipped",
        params={"how": how, "megabytes": "100"},
        max_body=3_000_000,
    )

    with pytest.raises(BadPayloadError, match="больше 3 МБ"):
        await http.send(request)


async def test_an_answer_that_does_not_unpack_is_none(http: HttpClient, target: Target) -> None:
    request = Request("GET", f"{target.url}/zipped", params={"how": "broken", "megabytes": "1"})

    with pytest.raises(UnreachableError):
        await http.send(request)


async def test_an_unknown_packing_is_left_as_it_is(http: HttpClient, target: Target) -> None:
    request = Request("GET", f"{target.url}/zipped", params={"how": "unknown", "megabytes": "1"})

    assert (await http.send(request)).body == MEGABYTE


async def test_a_redirect_is_an_answer_unless_it_may_be_followed(
    http: HttpClient, target: Target
) -> None:
    answer = await http.send(Request("GET", f"{target.url}/redirect", params={"to": "/x"}))

    assert (answer.status, answer.headers["location"], len(target.seen)) == (302, "/x", 1)


async def test_a_redirect_is_followed_without_the_parameters(
    http: HttpClient, target: Target
) -> None:
    request = Request("GET", f"{target.url}/redirect", params={"to": "x?y=1"}, follow=True)

    answer = await http.send(request)

    assert (answer.status, answer.url) == (200, f"{target.url}/x?y=1")
    assert [path for _, path, _, _ in target.seen] == ["/redirect?to=x?y%3D1", "/x?y=1"]


async def test_only_so_many_redirects_are_followed(http: HttpClient, target: Target) -> None:
    with pytest.raises(UnreachableError, match="слишком много перенаправлений"):
        await http.send(Request("GET", f"{target.url}/loop", follow=True))

    assert len(target.seen) == MAX_HOPS


async def test_what_is_sent_is_not_sent_anew_to_where_an_answer_leads(
    http: HttpClient, target: Target
) -> None:
    url = f"{target.url}/308?to=http://localhost:{target.port}/take"

    answer = await http.send(Request("POST", url, form={"access_token": SECRET}, follow=True))

    assert answer.status == 308
    assert len(target.seen) == 1


@pytest.mark.parametrize("other", [False, True])
async def test_secret_headers_stay_with_the_server_that_they_are_for(
    http: HttpClient, target: Target, other: bool
) -> None:
    where = f"http://{'localhost' if other else '127.0.0.1'}:{target.port}/take"
    request = Request(
        "GET",
        f"{target.url}/redirect",
        params={"to": where},
        headers={"Authorization": SECRET, "X-Key": SECRET, "If-None-Match": '"1"'},
        secrets=frozenset({"Authorization"}),
        follow=True,
    )

    await http.send(request)

    sent = target.seen[1][2]
    assert sent["If-None-Match"] == '"1"'
    assert (sent.get("Authorization"), sent.get("X-Key")) == (
        (None, None) if other else (SECRET, SECRET)
    )


@pytest.mark.parametrize(
    "to",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "data:text/xml,<rss/>",
        "http://[",
        "http://127.0.0.1:99999/",
        "http://good.example\\@127.0.0.1/",
    ],
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(
    http: HttpClient, target: Target, to: str
) -> None:
    with pytest.raises(SourceError, match=r"не читается|неверн"):
        await http.send(Request("GET", f"{target.url}/redirect", params={"to": to}, follow=True))

    assert len(target.seen) == 1


class FakeNames(PublicResolver):
    """The internet's names as a test has them: one public site, the rest as it is.

    The site stands on loopback in truth; every other name is resolved and checked as always.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host != "site.example":
            return await super().resolve(host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]


@pytest.mark.parametrize(
    "inside",
    [
        "http://127.0.0.1:{port}/admin",
        "http://localhost:{port}/admin",
        "http://LOCALHOST:{port}/admin",
        "http://127.0.0.\N{FULLWIDTH DIGIT ONE}:{port}/admin",
        "http://127.1:{port}/admin",
        "http://2130706433:{port}/admin",
        "http://0x7f000001:{port}/admin",
        "http://0:{port}/admin",
        "http://[::1]:{port}/admin",
        "http://[::ffff:127.0.0.1]:{port}/admin",
        "//127.0.0.1:{port}/admin",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://site.example@127.0.0.1:{port}/admin",
    ],
)
async def test_every_hop_of_a_redirect_is_checked(
    target: Target, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.setattr("connectors.http.PublicResolver", FakeNames)
    url = f"http://site.example:{target.port}"
    first = f"{url}/redirect"

    async with HttpClient() as http:
        outside = await http.send(Request("GET", first, params={"to": f"{url}/ok"}, follow=True))
        to = inside.format(port=target.port)
        with pytest.raises(SourceError, match="ведёт внутрь сети"):
            await http.send(Request("GET", first, params={"to": to}, follow=True))

    assert outside.status == 200
    assert len(target.seen) == 3


async def test_a_name_that_leads_inside_is_refused_again_and_again(target: Target) -> None:
    async with HttpClient() as http:
        for _ in range(3):
            with pytest.raises(SourceError, match="localhost ведёт внутрь сети"):
                await http.send(Request("GET", f"http://localhost:{target.port}/?k={SECRET}"))

    assert target.seen == []


async def test_a_proxy_may_stand_inside(target: Target) -> None:
    async with HttpClient(proxy=f"http://localhost:{target.port}") as http:
        answer = await http.send(Request("GET", "http://far.example/rss"))
        with pytest.raises(SourceError, match="ведёт внутрь сети"):
            await http.send(Request("GET", "http://127.0.0.1/rss"))

    assert answer.json(where="проба") == {"host": "far.example"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/method?access_token={secret}",
        "http://user:{secret}@127.0.0.1:1/",
        "http://{secret}.example:99999999/",
        "file:///{secret}",
        "http://a b/{secret}",
        "http://127.0.0.1:1/{secret}\r\nX: y",
        "http://[{secret}",
    ],
)
async def test_no_error_repeats_an_address(http: HttpClient, url: str) -> None:
    request = Request("GET", url.format(secret=SECRET), headers={"Authorization": SECRET})

    with pytest.raises(SourceError) as caught:
        await http.send(request)

    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in str(error)
        assert not error.__context__ or error.__suppress_context__
        error = error.__cause__


async def test_a_header_with_a_line_break_is_refused_without_showing_it(
    http: HttpClient, target: Target
) -> None:
    with pytest.raises(SourceError) as caught:
        await http.send(Request("GET", target.url, headers={"Authorization": f"{SECRET}\r\nX: y"}))

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.0),
        ("999999999999999999999", 86_400.0),
        ("Tue, 17 Nov 2026 09:00:00 GMT", None),
        ("-5", None),
        ("²", None),
        ("٣", None),
        ("", None),
    ],
)
def test_how_long_a_server_asks_to_wait(said: str, seconds: float | None) -> None:
    assert Answer(503, {"retry-after": said}, b"", "").retry_after() == seconds


def test_a_page_in_place_of_json_is_no_answer() -> None:
    with pytest.raises(UnreachableError, match="проба: вместо ответа") as caught:
        Answer(200, {}, f"<html>{SECRET}".encode(), "").json(where="проба")

    assert SECRET not in str(caught.value)
    assert Answer(200, {}, b" ", "").json(where="проба") is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:password@site.example:8080/x?y=1", "site.example:8080"),
        ("file:///etc/passwd", "адрес без имени сервера"),
        ("http://[", "неверный адрес"),
    ],
)
def test_of_an_address_only_the_server_is_shown(url: str, shown: str) -> None:
    assert host(url) == shown
