"""Long Poll: what waits is fetched once, and what was lost is told."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from fakes.server import FakeServer, Fault, Faults
from fakes.vk import VkFake
from fakes.vk_limits import Kind
from fakes.vk_world import VkWorld
from pydantic import SecretStr
from sleeping import Clock

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.calling import Caller
from connectors.http import Answer, Http, HttpClient, Request
from connectors.ledger import Ledger, Token
from connectors.vk import longpoll
from connectors.vk.api import VkHttp
from connectors.vk.longpoll import Drained, drain

GROUP = 990000201
WALL = -GROUP
SECRET = "community-token"  # noqa: S105 - the fake's only


@dataclass
class Watched:
    """An Http that keeps what is asked; ``before`` are done one by one before Long Poll is."""

    http: Http
    before: list[Callable[[], None]] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Answer:
        self.asked.append(request)
        if "/wh" in request.url and self.before:
            self.before.pop(0)()
        return await self.http.send(request)

    @property
    def polls(self) -> list[Request]:
        return [request for request in self.asked if "/wh" in request.url]


@dataclass
class Desk:
    """A world with one community, and what reads its events."""

    world: VkWorld
    http: Watched
    api: VkHttp
    faults: Faults

    async def drain(self, ts: str | None) -> Drained:
        return await drain(self.api, self.http, GROUP, ts, wait=1)

    def say(self, text: str) -> None:
        self.world.add_post(WALL, text, from_id=101)


@asynccontextmanager
async def desk(path: Path, app: web.Application | None = None) -> AsyncIterator[Desk]:
    clock = Clock()
    world = VkWorld(clock=clock, longest_wait=0.0)
    world.add_wall(WALL, "Район", "rayon")
    world.add_token(SECRET, Kind.GROUP, groups={GROUP})
    faults = Faults(hang_seconds=0.5)
    token = Token("сообщество", SecretStr(SECRET), rate=20.0)
    ledger = Ledger(path / "ledger.sqlite", clock=clock, sleep=clock.sleep)
    try:
        async with (
            FakeServer(VkFake(world).app if app is None else app, faults=faults) as server,
            HttpClient(private=True) as client,
        ):
            http = Watched(client)
            caller = Caller(token, ledger, sleep=clock.sleep)
            yield Desk(world, http, VkHttp(http, caller, base=server.url), faults)
    finally:
        ledger.close()


def texts(drained: Drained) -> list[str]:
    return [event["object"]["text"] for event in drained.events if isinstance(event, dict)]


async def test_what_happened_since_is_fetched_once_and_in_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.say("до нас")
        first = await it.drain(None)
        it.say("один")
        it.say("два")
        second = await it.drain(first.ts)
        third = await it.drain(second.ts)

    # Nobody knows what was before the first call, so the wall has to be read.
    assert (first.events, first.lost) == ([], True)
    assert (texts(second), second.lost) == (["один", "два"], False)
    assert (third.events, third.ts, third.lost) == ([], second.ts, False)


async def test_a_repeated_number_brings_the_same_events(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.say("один")

        assert texts(await it.drain("0")) == texts(await it.drain("0")) == ["один"]


async def test_what_happens_meanwhile_comes_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.http.before = [lambda: it.say("один"), lambda: it.say("два")]
        drained = await it.drain("0")

    assert texts(drained) == ["один", "два"]
    # Only the first request may wait: what has come shall not.
    assert [request.params["wait"] for request in it.http.polls] == ["1", "1", "1"]


async def test_a_busy_community_does_not_hold_us_for_ever(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.http.before = [lambda: it.say("ещё")] * 100
        drained = await it.drain("0")

    assert len(it.http.polls) == longpoll.MAX_ASKS
    assert len(drained.events) == longpoll.MAX_ASKS


async def test_forgotten_events_are_told_as_lost(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.say("забыто")
        it.world.wall(WALL).forget_events()
        it.http.before = [lambda: None, lambda: it.say("помнится")]
        drained = await it.drain("0")

        assert (texts(drained), drained.lost) == (["помнится"], True)
        assert not (await it.drain(drained.ts)).lost


async def test_a_key_that_ran_out_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.say("один")
        it.http.before = [it.world.wall(WALL).long_poll.expire_key]
        drained = await it.drain("0")

    assert (texts(drained), drained.lost) == (["один"], False)
    keys = [request.params["key"] for request in it.http.polls]
    assert keys[0] != keys[1]


async def test_a_server_that_started_anew_has_lost_what_waited(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.say("пропало")
        it.http.before = [it.world.wall(WALL).restart_long_poll]
        drained = await it.drain("0")
        it.say("после")

        assert (drained.events, drained.lost) == ([], True)
        assert texts(await it.drain(drained.ts)) == ["после"]


async def test_a_server_that_takes_no_key_is_given_up(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.http.before = [it.world.wall(WALL).long_poll.expire_key] * 10
        with pytest.raises(UnreachableError, match="не принимает новых ключей"):
            await it.drain("0")

    assert len(it.http.polls) == longpoll.MAX_RENEWALS + 1


@pytest.mark.parametrize("kind", [Fault.RESET, Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED])
async def test_what_came_before_a_fault_is_kept(tmp_path: Path, kind: Fault) -> None:
    async with desk(tmp_path) as it:
        it.say("один")
        # A kept connection that breaks is tried once more by the client itself.
        times = 2 if kind is Fault.RESET else 1
        it.http.before = [lambda: None, lambda: it.faults.planned.extend([(kind, False)] * times)]
        drained = await it.drain("0")
        it.say("два")

        assert texts(drained) == ["один"]
        it.http.before = [lambda: it.faults.planned.extend([(kind, True)] * times)]
        with pytest.raises(UnreachableError):
            await it.drain(drained.ts)
        # The number did not move, so nothing is missing.
        assert texts(await it.drain(drained.ts)) == ["два"]


async def test_a_token_without_rights_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.world.tokens[SECRET].groups = set()
        with pytest.raises(ApiError) as caught:
            await it.drain(None)

    assert caught.value.action is Action.CLOSED


async def test_the_key_is_known_to_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.world.wall(WALL).long_poll.key = key = "very-secret-key"
        it.say("один")
        drained = await it.drain("0")
        it.http.before = [lambda: it.faults.planned.extend([(Fault.RESET, False)] * 2)]
        with pytest.raises(UnreachableError) as caught:
            await it.drain(drained.ts)

    error: BaseException | None = caught.value
    while error is not None:
        assert key not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert key not in repr(drained)
    assert it.http.polls
    for request in it.http.polls:
        assert request.params["key"] == key
        assert "key" in request.secrets
        assert key not in request.url


def answering(first: object, then: object) -> web.Application:
    """A network whose Long Poll answers are given: to the first request, and to the others."""
    app = web.Application()
    answers = [first]

    async def server(request: web.Request) -> web.Response:
        place = f"{request.scheme}://{request.host}/wh1"
        return web.json_response({"response": {"server": place, "key": "k", "ts": 5}})

    async def events(_: web.Request) -> web.Response:
        return web.json_response(answers.pop() if answers else then)

    app.router.add_post("/method/groups.getLongPollServer", server)
    app.router.add_get("/wh1", events)
    return app


@pytest.mark.parametrize(
    "answer",
    [
        {"failed": 4},
        {"failed": "1", "ts": "7"},
        {"failed": 1},
        {"updates": []},
        {"ts": "7", "updates": {"type": "wall_post_new"}},
        {"ts": "семь", "updates": []},
        {"ts": "-7", "updates": []},
        {"ts": "7" * 31, "updates": []},
        {"ts": "&key=x", "updates": []},
        [],
        None,
    ],
)
async def test_an_undocumented_answer_is_not_taken(tmp_path: Path, answer: object) -> None:
    async with desk(tmp_path, answering(answer, answer)) as it:
        with pytest.raises(BadPayloadError, match="Long Poll"):
            await it.drain("5")

    async with desk(tmp_path, answering({"ts": 7, "updates": [{"a": 1}]}, answer)) as it:
        # What came before it is taken, and it is met again by the next call.
        assert await it.drain("5") == Drained([{"a": 1}], "7", lost=False)


async def test_numbers_come_as_text_and_as_numbers(tmp_path: Path) -> None:
    async with desk(tmp_path, answering({"failed": 1, "ts": 8}, {"ts": "9", "updates": []})) as it:
        assert await it.drain("5") == Drained([], "9", lost=True)
    async with desk(tmp_path, answering({"ts": 5, "updates": []}, None)) as it:
        assert await it.drain(None) == Drained([], "5", lost=True)
