"""VKontakte through the vk-api package: the same answers and errors as over plain HTTP."""

import gzip
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from aiohttp import web
from fakes.server import FakeServer, Fault, Faults
from fakes.vk import VkFake
from fakes.vk_limits import FakeToken, Kind
from fakes.vk_world import VkWorld
from pydantic import SecretStr
from sleeping import Clock

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.calling import ATTEMPTS, Caller
from connectors.http import HttpClient
from connectors.ledger import Ledger, ParkedError, Token, TokenState
from connectors.vk.api import VkApi, VkHttp
from connectors.vk.library import VkLibrary

GROUP = 990000201
WALL = -GROUP
POST = 1
SECRET = "vk1.a.very-secret"  # noqa: S105 - the fake's only

Setup = Callable[[VkWorld, FakeToken, Faults], None]


@dataclass
class Desk:
    """The same network seen through both transports, each with its own token's ledger."""

    world: VkWorld
    faults: Faults
    http: VkApi
    library: VkApi
    caller: Caller


@asynccontextmanager
async def desk(
    path: Path,
    *,
    kind: Kind = Kind.USER,
    app: web.Application | None = None,
    read_seconds: float = 5.0,
) -> AsyncIterator[Desk]:
    clock = Clock()
    world = VkWorld(clock=clock)
    world.add_wall(WALL, "Район", "rayon")
    world.add_post(WALL, "Нет воды", from_id=101)
    world.add_token(SECRET, kind, groups={GROUP}, user_id=101)
    faults = Faults(hang_seconds=0.6)
    token = Token("ключ", SecretStr(SECRET), rate=3.0)
    # Two ledgers, so that what one transport notes does not stop the other.
    ledgers = [
        Ledger(path / f"{name}.sqlite", clock=clock, sleep=clock.sleep) for name in ("http", "lib")
    ]
    callers = [Caller(token, ledger, sleep=clock.sleep, clock=clock) for ledger in ledgers]
    server = FakeServer(VkFake(world).app if app is None else app, faults=faults)
    async with server, HttpClient(private=True) as client:
        http = VkHttp(client, callers[0], base=server.url, read_seconds=read_seconds)
        library = VkLibrary(callers[1], base=server.url, read_seconds=read_seconds)
        try:
            yield Desk(world, faults, http, library, callers[1])
        finally:
            library.close()
            for ledger in ledgers:
                ledger.close()


async def outcome(api: VkApi, method: str, params: dict[str, object]) -> object:
    """What came of a call, comparable; the transports name broken connections differently."""
    try:
        return await api.call(method, params)
    except ApiError as error:
        return (type(error), str(error), error.network, error.method, error.code, error.action)
    except SourceError as error:
        return (type(error), error.retry_after if isinstance(error, UnreachableError) else None)


def usual(world: VkWorld, token: FakeToken, faults: Faults) -> None:
    """Change nothing."""


def changed(**fields: object) -> Setup:
    def setup(_: VkWorld, token: FakeToken, __: Faults) -> None:
        for name, value in fields.items():
            setattr(token, name, value)

    return setup


def spoilt(kind: Fault) -> Setup:
    def setup(_: VkWorld, __: FakeToken, faults: Faults) -> None:
        faults.share, faults.kinds = 1.0, [kind]

    return setup


def once(kind: Fault) -> Setup:
    def setup(_: VkWorld, __: FakeToken, faults: Faults) -> None:
        faults.planned = [(kind, True)]

    return setup


def closed(code: int) -> Setup:
    def setup(world: VkWorld, _: FakeToken, __: Faults) -> None:
        world.wall(WALL).refusal = code

    return setup


def failing(code: int, times: int) -> Setup:
    def setup(world: VkWorld, _: FakeToken, __: Faults) -> None:
        world.api_faults.planned = [(code, False)] * times

    return setup


WALL_GET: tuple[str, dict[str, object]] = ("wall.get", {"owner_id": WALL, "count": 1})
CASES: dict[str, tuple[str, dict[str, object], Setup]] = {
    "an answer": (*WALL_GET, usual),
    "a list of ids": ("users.get", {"user_ids": [101, 102]}, usual),
    "a yes, a no and nothing": (
        "wall.get",
        {"owner_id": WALL, "extended": True, "count": 1, "offset": None},
        usual,
    ),
    "a no": ("wall.get", {"owner_id": WALL, "extended": False, "count": 1}, usual),
    "Cyrillic": ("newsfeed.search", {"q": "нет воды & света=1", "count": 1}, usual),
    "administration": ("groups.getLongPollServer", {"group_id": GROUP}, usual),
    "the code": ("groups.getCallbackConfirmationCode", {"group_id": GROUP}, usual),
    "no such method": ("wall.fly", {}, usual),
    "a wrong parameter": ("wall.get", {"owner_id": "рай"}, usual),
    "a closed wall": (*WALL_GET, closed(15)),
    "a wall that is gone": (*WALL_GET, closed(18)),
    "a kind of token": ("groups.getTokenPermissions", {}, usual),
    "no rights": (*WALL_GET, changed(refusals={"wall.get": 7})),
    "a new-style token": (*WALL_GET, changed(refusals={"wall.get": 1051})),
    "a dead token": (*WALL_GET, changed(dead=1117)),
    "a captcha": (*WALL_GET, changed(captcha=True)),
    "a captcha without its number": (*WALL_GET, changed(captcha=True, bare_captcha=True)),
    "a validation": (*WALL_GET, failing(17, 2)),
    "a confirmation": (*WALL_GET, failing(24, 2)),
    "a spent quota": (*WALL_GET, changed(quotas={"wall.get": 0})),
    "a flood": (*WALL_GET, failing(9, 2)),
    "a code of no table": (*WALL_GET, failing(4242, 2)),
    "an endless fault": (*WALL_GET, failing(10, 99)),
    "hasty for ever": (*WALL_GET, failing(6, 99)),
    "too large": ("users.get", {"user_ids": "1"}, lambda world, *_: shrink(world)),
    **{f"{kind} at first": (*WALL_GET, once(kind)) for kind in Fault},
    **{f"{kind} always": (*WALL_GET, spoilt(kind)) for kind in Fault},
}
PATIENCE = {"hang at first": 0.5, "hang always": 0.2}
"""Seconds; an answer of a living server must never take as long."""


def shrink(world: VkWorld) -> None:
    world.answer_limit = 5


@pytest.mark.parametrize("case", CASES)
async def test_both_transports_answer_alike(case: str, tmp_path: Path) -> None:
    method, params, setup = CASES[case]
    seen = []
    for name in ("http", "library"):
        # A world of its own for each, so that what one call changes does not meet the other.
        (tmp_path / name).mkdir()
        async with desk(tmp_path / name, read_seconds=PATIENCE.get(case, 5.0)) as it:
            setup(it.world, it.world.tokens[SECRET], it.faults)
            transport = it.http if name == "http" else it.library
            result = await outcome(transport, method, params)
            asked = [(call.method, call.params, call.code) for call in it.world.log]
            # The worlds' servers differ in their ports.
            seen.append((re.sub(r"127\.0\.0\.1:\d+", "server", repr(result)), asked))

    assert seen[0] == seen[1]


BODIES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "a whole answer": (200, {}, b'{"response": {"a": [1, "\xd1\x8f"]}}'),
    "nothing in it": (200, {}, b'{"response": null}'),
    "an empty body": (200, {}, b""),
    "null": (200, {}, b"null"),
    "a list": (200, {}, b"[]"),
    "a text": (200, {}, b'"error"'),
    "a number": (200, {}, b"5"),
    "no response": (200, {}, b"{}"),
    "a nameless error": (200, {}, b'{"error": null}'),
    "an error that is a text": (200, {}, b'{"error": "invalid_request"}'),
    "an error that is a list": (200, {}, b'{"error": []}'),
    "an error without a code": (200, {}, b'{"error": {"error_msg": "?"}}'),
    "an error with a text for a code": (200, {}, b'{"error": {"error_code": "15"}}'),
    "a refusal with another status": (403, {}, b'{"error": {"error_code": 15}}'),
    "an answer with another status": (404, {}, b'{"response": 1}'),
    "a page of errors": (404, {}, b"<html>404</html>"),
    "too busy": (429, {"Retry-After": "7"}, b'{"response": 1}'),
    "out of order": (503, {"Retry-After": "9"}, b'{"response": 1}'),
    "a redirect": (302, {"Location": "http://127.0.0.1:1/"}, b""),
    "a redirect that speaks": (302, {"Location": "/method/x"}, b'{"response": 1}'),
    "bytes that are no text": (200, {}, b'{"response": "\xff"}'),
    "a monstrous number": (200, {}, b'{"response": ' + b"9" * 5000 + b"}"),
    "a very deep answer": (200, {}, b'{"answer": ' + b"[" * 1000 + b"]" * 1000 + b"}"),
    "half an answer": (200, {}, b'{"response": '),
}


@pytest.mark.parametrize("case", BODIES)
async def test_both_transports_take_strange_answers_alike(case: str, tmp_path: Path) -> None:
    status, headers, body = BODIES[case]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(
            status=status, headers=headers, body=body, content_type="application/json"
        )

    app = web.Application()
    app.router.add_route("*", "/method/{name}", answer)
    async with desk(tmp_path, app=app) as it:
        over_http = await outcome(it.http, "users.get", {})
        through_library = await outcome(it.library, "users.get", {})

    assert over_http == through_library


@pytest.mark.parametrize("zipped", [False, True])
async def test_too_large_an_answer_is_not_read(tmp_path: Path, zipped: bool) -> None:
    body = b'{"response": "' + b"a" * 6_000_000 + b'"}'
    headers = {"Content-Encoding": "gzip"} if zipped else {}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(body, 1) if zipped else body, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/method/{name}", answer)
    async with desk(tmp_path, app=app) as it:
        with pytest.raises(SourceError, match="больше 5 МБ"):
            await it.library.call("users.get", {})


async def test_a_wrong_address_is_named(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        library = VkLibrary(it.caller, base="ftp://somewhere")
        with pytest.raises(SourceError, match="адрес записан неверно"):
            await library.call("users.get", {})
        library.close()


# What publishes

ANSWER: dict[str, object] = {"owner_id": WALL, "post_id": POST, "message": "Починим"}


@pytest.mark.parametrize("kind", Fault)
async def test_what_publishes_is_sent_once(tmp_path: Path, kind: Fault) -> None:
    async with desk(tmp_path, kind=Kind.GROUP, read_seconds=0.5) as it:
        it.faults.planned = [(kind, True)]
        with pytest.raises(UnreachableError):
            await it.library.call("wall.createComment", ANSWER)

        assert len(it.world.post(WALL, POST).comments) == 1
        assert it.world.log.count("wall.createComment") == 1


async def test_what_publishes_is_not_repeated_after_a_fault_of_the_network(tmp_path: Path) -> None:
    async with desk(tmp_path, kind=Kind.GROUP) as it:
        it.world.api_faults.planned = [(10, True)]
        with pytest.raises(ApiError) as caught:
            await it.library.call("wall.createComment", ANSWER)

        assert caught.value.action is Action.RETRY
        assert len(it.world.post(WALL, POST).comments) == 1


async def test_a_refusal_for_pace_is_tried_again(tmp_path: Path) -> None:
    async with desk(tmp_path, kind=Kind.GROUP) as it:
        it.world.api_faults.planned = [(6, False)] * (ATTEMPTS - 1)
        await it.library.call("wall.createComment", ANSWER)

        assert len(it.world.post(WALL, POST).comments) == 1


# What the package would do by itself


def written(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


async def test_it_neither_sleeps_nor_writes_files_nor_heeds_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    def never(_: float) -> None:
        raise AssertionError("it paces by itself")

    monkeypatch.setattr("time.sleep", never)
    async with desk(tmp_path) as it:
        for _ in range(5):
            await it.library.call(*WALL_GET)

        assert it.world.log.count("wall.get", code=0) == 5
    assert not written(here)


async def test_passwords_of_the_environment_are_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("default login me password very-private\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("NETRC", str(passwords))

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"response": request.headers.get("Authorization", "")})

    app = web.Application()
    app.router.add_route("*", "/method/{name}", answer)
    async with desk(tmp_path, app=app) as it:
        assert await it.library.call("users.get", {}) == ""


async def test_calls_at_once_are_all_answered(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.world.tokens[SECRET].rate = 1000
        waiting = [it.library.call("users.get", {"user_ids": [number]}) for number in range(1, 9)]
        answers = [await one for one in waiting]

    assert [answer[0]["id"] for answer in answers if isinstance(answer, list)] == [*range(1, 9)]


@pytest.mark.parametrize(("code", "state"), [(14, TokenState.NEEDS_PERSON), (5, TokenState.DEAD)])
async def test_a_token_that_needs_somebody_is_parked(
    tmp_path: Path, code: int, state: TokenState
) -> None:
    async with desk(tmp_path) as it:
        it.world.api_faults.planned = [(code, False)]
        with pytest.raises(ApiError):
            await it.library.call(*WALL_GET)

        assert it.caller.ledger.health(it.caller.token).state is state
        with pytest.raises(ParkedError):
            await it.library.call(*WALL_GET)


@pytest.mark.parametrize("code", [5, 6, 10, 14, 15, 4242])
async def test_no_error_holds_the_token(tmp_path: Path, code: int) -> None:
    async with desk(tmp_path) as it:
        it.world.api_faults.planned = [(code, False)] * ATTEMPTS
        with pytest.raises(ApiError) as caught:
            await it.library.call(*WALL_GET)

    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error!r} {error} {error.args} {vars(error)}"
        # Even a suppressed context is there for whoever looks.
        assert error.__context__ is None or isinstance(error.__context__, SourceError)
        error = error.__context__


@pytest.mark.parametrize("kind", Fault)
async def test_no_broken_connection_tells_the_token(tmp_path: Path, kind: Fault) -> None:
    async with desk(tmp_path, read_seconds=0.2) as it:
        it.faults.share, it.faults.kinds = 1.0, [kind]
        with pytest.raises(UnreachableError) as caught:
            await it.library.call(*WALL_GET)

    assert "method/" not in str(caught.value)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error!r} {vars(error)}"
        assert not isinstance(error, requests.RequestException)
        error = error.__context__
