"""The client of the API against the fake: signatures, sessions, limits, what leaks nowhere."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.server import Fault
from ok_bench import GROUP, Bench, ok_bench
from pydantic import SecretStr

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.http import Answer, Http, Request
from connectors.ledger import HeldError, ParkedError
from connectors.ok.api import OkApi, Renewal

INFO = {"uids": GROUP, "fields": "group.*"}


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ok_bench(tmp_path) as opened:
        yield opened


def renewal(*, word: str = "refresh-me", client: str = "512000999999") -> Renewal:
    return Renewal(client, SecretStr(word))


class Watched:
    """A client that keeps what is sent through it."""

    def __init__(self, inner: Http) -> None:
        self.inner = inner
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Answer:
        self.requests.append(request)
        return await self.inner.send(request)


async def test_a_call_is_signed_and_answered(bench: Bench) -> None:
    answer = await bench.api().call("group.getInfo", INFO)

    assert answer == [{"uid": GROUP, "name": "Смоленский район"}]


async def test_values_are_signed_as_they_are_sent(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    text = "Ответ: 100 % & «ёлки» + = 😀\nстрока"
    params = {"entityId": topic.id, "entityType": "GROUP_TOPIC", "comment": text, "as_admin": True}

    await bench.api().call("discussions.addDiscussionComment", params, repeat=False)

    assert [comment.text for comment in topic.alive()] == [text]


async def test_secrets_stand_in_no_address_and_are_marked(bench: Bench) -> None:
    bench.world.expire()
    watched = Watched(bench.http)
    api = OkApi(
        watched,
        bench.caller(),
        application_key=bench.world.application_key,
        app_secret=SecretStr(bench.world.app_secret),
        base=bench.server.url,
        renewal=renewal(),
    )

    await api.call("group.getInfo", INFO)

    secrets = {"-s-token", bench.world.app_secret, "refresh-me", "-s-renewed-1"}
    for request in watched.requests:
        assert request.method == "POST"
        assert not request.params
        assert not any(secret in request.url for secret in secrets)
        shown = {k: v for k, v in (request.form or {}).items() if k not in request.secrets}
        assert not secrets & set(shown.values())
        assert "sig" not in shown


@pytest.mark.parametrize(
    ("key", "secret", "code", "action"),
    [
        ("WRONG", None, 101, Action.QUARANTINE),
        (None, "WRONG", 104, Action.QUARANTINE),
    ],
)
async def test_wrong_keys_of_the_application_are_named(
    bench: Bench, key: str | None, secret: str | None, code: int, action: Action
) -> None:
    api = bench.api(key=key, secret=secret)

    with pytest.raises(ApiError) as caught:
        await api.call("group.getInfo", INFO)

    assert (caught.value.code, caught.value.action) == (code, action)
    assert "проверьте" in str(caught.value)


async def test_a_refusal_repeats_nothing_of_the_answer(bench: Bench) -> None:
    bench.world.denied["group.getInfo"] = 10

    with pytest.raises(ApiError) as caught:
        await bench.api().call("group.getInfo", INFO)

    shown = "".join(traceback.format_exception(caught.value))
    assert "PERMISSION_DENIED" not in shown
    assert "-s-token" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "null", "  "])
async def test_an_empty_body_and_null_are_nothing(bench: Bench, body: str) -> None:
    bench.world.hollow["group.getInfo"] = [body]

    assert await bench.api().call("group.getInfo", INFO) is None


@pytest.mark.parametrize("body", ['{"error_code": "слово"}', '{"error_code": null}'])
async def test_an_error_without_a_number_is_no_answer(bench: Bench, body: str) -> None:
    bench.world.hollow["group.getInfo"] = [body]

    with pytest.raises(BadPayloadError, match="error_code"):
        await bench.api().call("group.getInfo", INFO)


async def test_an_expired_session_is_renewed_once_for_all_who_wait(bench: Bench) -> None:
    bench.world.expire()
    api = bench.api(renewal=renewal())

    answers = await asyncio.gather(*(api.call("group.getInfo", INFO) for _ in range(5)))

    assert all(answers)
    assert bench.world.used()["oauth/token.do"] == 1
    await api.call("group.getInfo", INFO)
    assert bench.world.used()["oauth/token.do"] == 1


async def test_a_session_may_expire_again_and_again(bench: Bench) -> None:
    api = bench.api(renewal=renewal())

    for _ in range(3):
        bench.world.expire()
        assert await api.call("group.getInfo", INFO)

    assert bench.world.renewed == 3


@pytest.mark.parametrize("token", ["-s-token", "-s-unknown"])
async def test_without_a_refresh_token_a_dead_session_waits_for_a_person(
    bench: Bench, token: str
) -> None:
    bench.world.expire()
    api = bench.api(token=token)

    with pytest.raises(ApiError, match="получите новый ключ") as caught:
        await api.call("group.getInfo", INFO)

    assert caught.value.action is Action.TOKEN_DEAD
    with pytest.raises(ParkedError, match="получите новый ключ"):
        await api.call("group.getInfo", INFO)
    assert len(bench.world.calls) == 1


@pytest.mark.parametrize(
    "wrong", [renewal(word="stale"), renewal(client="1")], ids=["refresh", "client"]
)
async def test_a_refused_renewal_parks_the_token(bench: Bench, wrong: Renewal) -> None:
    bench.world.expire()

    with pytest.raises(ApiError, match="продление сеанса") as caught:
        await bench.api(renewal=wrong).call("group.getInfo", INFO)

    assert caught.value.action is Action.TOKEN_DEAD
    assert "stale" not in "".join(traceback.format_exception(caught.value))


async def test_a_renewal_that_gets_no_answer_is_tried_again(bench: Bench) -> None:
    bench.world.expire()
    bench.server.faults.hang_seconds = 0.01
    # The first answer says that the session is over, the second should be the renewal's.
    bench.world.after["group.getInfo"] = [
        lambda: bench.server.faults.planned.append((Fault.SERVER_ERROR, False))
    ]

    assert await bench.api(renewal=renewal()).call("group.getInfo", INFO)


@pytest.mark.parametrize("body", ["", "null"])
async def test_an_empty_renewal_is_tried_again(bench: Bench, body: str) -> None:
    bench.world.expire()
    bench.world.hollow["oauth/token.do"] = [body]

    assert await bench.api(renewal=renewal()).call("group.getInfo", INFO)


async def test_a_new_refresh_token_takes_the_place_of_the_old(bench: Bench) -> None:
    bench.world.expire()
    bench.world.sessions["-s-by-hand"] = bench.time.now + 60
    bench.world.hollow["oauth/token.do"] = [
        '{"access_token": "-s-by-hand", "refresh_token": "refresh-me-2"}'
    ]
    bench.world.refresh = {"refresh-me", "refresh-me-2"}
    api = bench.api(renewal=renewal())
    await api.call("group.getInfo", INFO)
    bench.world.refresh = {"refresh-me-2"}
    bench.time.now += 120

    assert await api.call("group.getInfo", INFO)


async def test_a_session_that_is_over_as_soon_as_renewed_waits_for_a_person(bench: Bench) -> None:
    bench.world.expire()
    bench.world.session_seconds = -1.0

    with pytest.raises(ApiError, match="получите новый ключ") as caught:
        await bench.api(renewal=renewal()).call("group.getInfo", INFO)

    assert caught.value.action is Action.TOKEN_DEAD
    assert bench.world.renewed == 1


async def test_a_refusal_for_another_reason_after_a_renewal_stays_what_it_is(bench: Bench) -> None:
    bench.world.expire()
    bench.world.denied["group.getInfo"] = 10

    with pytest.raises(ApiError) as caught:
        await bench.api(renewal=renewal()).call("group.getInfo", INFO)

    assert (caught.value.code, caught.value.action) == (10, Action.WRONG_TOKEN)


async def test_a_status_without_an_error_is_a_broken_server(bench: Bench) -> None:
    api = OkApi(
        bench.http,
        bench.caller(),
        application_key=bench.world.application_key,
        app_secret=SecretStr(bench.world.app_secret),
        base=f"{bench.server.url}/elsewhere",
    )

    with pytest.raises(UnreachableError):
        await api.call("group.getInfo", INFO)


async def test_a_spoilt_answer_is_asked_for_again(bench: Bench) -> None:
    bench.server.faults.hang_seconds = 0.01
    bench.server.faults.planned = [(fault, True) for fault in list(Fault)[:4]]

    assert await bench.api().call("group.getInfo", INFO)


async def test_what_publishes_is_sent_once(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.server.faults.planned = [(Fault.RESET, True)]
    params = {"entityId": topic.id, "entityType": "GROUP_TOPIC", "comment": "Ответ"}

    with pytest.raises(UnreachableError):
        await bench.api().call("discussions.addDiscussionComment", params, repeat=False)

    assert len(topic.alive()) == 1


@pytest.mark.parametrize("code", [8, 9, 11])
async def test_too_many_requests_hold_the_method(bench: Bench, code: int) -> None:
    bench.world.rate, bench.world.window, bench.world.rate_code = 3, 3600.0, code
    api = bench.api()

    for _ in range(3):
        await api.call("group.getInfo", INFO)
    with pytest.raises(ApiError):
        await api.call("group.getInfo", INFO)
    with pytest.raises(HeldError):
        await api.call("group.getInfo", INFO)

    assert [call.code for call in bench.world.calls] == [None, None, None, code]
    bench.time.now += 3700
    assert await api.call("group.getInfo", INFO)


async def test_the_calls_that_are_left(bench: Bench) -> None:
    bench.world.quota["stream.get"] = 7
    bench.world.denied["discussions.getList"] = 10

    left = await bench.api().calls_left(["stream.get", "discussions.getList", "no.such"])

    assert left == {"stream.get": 7, "discussions.getList": 0, "no.such": 0}
