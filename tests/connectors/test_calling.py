"""Calling methods: what each kind of error leads to, and that nothing is published twice."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import Action, ApiError, BadPayloadError, SourceError, UnreachableError
from connectors.calling import (
    ATTEMPTS,
    CIRCUIT_FAILURES,
    CIRCUIT_SECONDS,
    FLOOD_SECONDS,
    LONGEST_PAUSE,
    QUOTA_SECONDS,
    Caller,
)
from connectors.ledger import HeldError, Ledger, ParkedError, Token, TokenState
from models.vocabulary import Network

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
TOKEN = Token("город", SecretStr("x"), rate=1000.0)
METHOD = "wall.createComment"


@dataclass(slots=True)
class Clock:
    """Unix time that moves while the ledger or the caller sleeps; both kinds are kept apart."""

    now: float = NOON.timestamp()
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.sleep(seconds)


@dataclass(slots=True)
class Method:
    """A method of a network that fails as told, then works; ``moments`` are when it was called."""

    clock: Clock
    failures: list[SourceError] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    async def __call__(self) -> str:
        self.moments.append(self.clock.now)
        if self.failures:
            raise self.failures.pop(0)
        return "готово"

    @property
    def calls(self) -> int:
        return len(self.moments)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db", clock=clock, sleep=clock.sleep)
    yield ledger
    ledger.close()


@pytest.fixture
def caller(ledger: Ledger, clock: Clock) -> Caller:
    return Caller(TOKEN, ledger, sleep=clock.pause, chance=lambda: 0.0, clock=clock)


def refusal(action: Action, retry_after: float | None = None) -> ApiError:
    return ApiError(
        "ВКонтакте: отказ",
        network=Network.VK,
        method=METHOD,
        code=9,
        action=action,
        retry_after=retry_after,
    )


def away(retry_after: float | None = None) -> UnreachableError:
    return UnreachableError("ВКонтакте: сервер не ответил", retry_after=retry_after)


async def test_a_call_that_works_is_made_once(caller: Caller, clock: Clock) -> None:
    method = Method(clock)

    assert await caller.call(METHOD, method) == "готово"
    assert (method.calls, clock.pauses) == (1, [])


@pytest.mark.parametrize("error", [away(), refusal(Action.RETRY)])
async def test_a_fault_of_theirs_is_tried_again_with_growing_pauses(
    caller: Caller, clock: Clock, error: SourceError
) -> None:
    method = Method(clock, [error] * 4)

    assert await caller.call(METHOD, method) == "готово"
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("error", [away(), refusal(Action.RETRY)])
async def test_a_fault_that_stays_is_given_up(
    caller: Caller, clock: Clock, error: SourceError
) -> None:
    method = Method(clock, [error] * 9)

    with pytest.raises(type(error)):
        await caller.call(METHOD, method)

    assert method.calls == ATTEMPTS


async def test_pauses_are_shortened_by_chance(ledger: Ledger, clock: Clock) -> None:
    caller = Caller(TOKEN, ledger, sleep=clock.pause, chance=lambda: 1.0, clock=clock)

    await caller.call(METHOD, Method(clock, [away()] * 3))

    assert clock.pauses == [0.25, 0.5, 1.0]


async def test_a_pause_that_the_server_asks_for_is_kept(caller: Caller, clock: Clock) -> None:
    await caller.call(METHOD, Method(clock, [away(20.0), refusal(Action.RETRY, 25.0)]))

    assert clock.pauses == [20.0, 25.0]


@pytest.mark.parametrize(
    ("error", "stopped", "free"),
    [
        (away(3600.0), METHOD, "users.get"),
        (refusal(Action.RETRY, 3600.0), METHOD, "users.get"),
        (refusal(Action.PACE, 3600.0), "users.get", None),
    ],
)
async def test_a_long_pause_is_held_and_not_slept(
    caller: Caller, clock: Clock, error: SourceError, stopped: str, free: str | None
) -> None:
    method = Method(clock, [error])
    began = clock.now

    with pytest.raises(type(error)):
        await caller.call(METHOD, method)

    assert (method.calls, clock.now - began) == (1, 0.0)
    with pytest.raises(HeldError) as held:
        await caller.call(stopped, method)
    assert held.value.until == began + 3600
    if free:
        assert await caller.call(free, method) == "готово"


async def test_too_many_requests_pause_the_token_and_are_tried_again(
    caller: Caller, clock: Clock
) -> None:
    method = Method(clock, [refusal(Action.PACE), refusal(Action.PACE, 7.0)])

    assert await caller.call(METHOD, method) == "готово"

    gaps = [
        later - sooner for sooner, later in zip(method.moments, method.moments[1:], strict=False)
    ]
    assert gaps == pytest.approx([1.0, 7.0], abs=1e-3)


async def test_too_many_requests_without_end_are_given_up(caller: Caller, clock: Clock) -> None:
    method = Method(clock, [refusal(Action.PACE)] * 9)

    with pytest.raises(ApiError):
        await caller.call(METHOD, method)

    assert method.calls == ATTEMPTS


@pytest.mark.parametrize(
    ("action", "asked", "seconds"),
    [
        (Action.FLOOD, None, FLOOD_SECONDS),
        (Action.QUOTA, None, QUOTA_SECONDS),
        (Action.FLOOD, 5000.0, 5000.0),
        (Action.QUOTA, 60.0, QUOTA_SECONDS),
    ],
)
async def test_a_flood_or_a_spent_quota_stops_the_method_alone(
    caller: Caller, clock: Clock, action: Action, asked: float | None, seconds: float
) -> None:
    method = Method(clock, [refusal(action, asked)])
    began = clock.now

    with pytest.raises(ApiError):
        await caller.call(METHOD, method)
    with pytest.raises(HeldError) as held:
        await caller.call(METHOD, method)

    assert (method.calls, held.value.until) == (1, began + seconds)
    assert await caller.call("users.get", method) == "готово"
    clock.now = began + seconds
    assert await caller.call(METHOD, method) == "готово"


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (Action.TOKEN_DEAD, TokenState.DEAD),
        (Action.CAPTCHA, TokenState.NEEDS_PERSON),
        (Action.NEEDS_PERSON, TokenState.NEEDS_PERSON),
    ],
)
async def test_what_only_a_person_can_mend_parks_the_token(
    caller: Caller, ledger: Ledger, clock: Clock, action: Action, state: TokenState
) -> None:
    method = Method(clock, [refusal(action)])

    with pytest.raises(ApiError):
        await caller.call(METHOD, method)
    with pytest.raises(ParkedError, match="отказ"):
        await caller.call("users.get", method)

    assert method.calls == 1
    assert ledger.health(TOKEN).state is state


async def test_a_token_of_the_wrong_kind_is_noted(
    caller: Caller, ledger: Ledger, clock: Clock
) -> None:
    with pytest.raises(ApiError):
        await caller.call(METHOD, Method(clock, [refusal(Action.WRONG_TOKEN)]))

    assert ledger.health(TOKEN).may == {METHOD: "ВКонтакте: отказ"}


@pytest.mark.parametrize(
    "action",
    [
        Action.HALVE,
        Action.SIGN_IN,
        Action.CLOSED,
        Action.GONE,
        Action.QUARANTINE,
        Action.TOMBSTONE,
        Action.REFUSED,
    ],
)
async def test_what_the_connector_decides_itself_is_raised_at_once(
    caller: Caller, ledger: Ledger, clock: Clock, action: Action
) -> None:
    method = Method(clock, [refusal(action)])

    with pytest.raises(ApiError) as caught:
        await caller.call(METHOD, method)

    assert (caught.value.action, method.calls) == (action, 1)
    assert ledger.health(TOKEN).state is TokenState.OK


ASKED_AGAIN = {Action.PACE}


@pytest.mark.parametrize("action", list(Action))
async def test_what_publishes_is_never_repeated_but_for_pace(
    caller: Caller, clock: Clock, action: Action
) -> None:
    method = Method(clock, [refusal(action)])

    if action in ASKED_AGAIN:
        assert await caller.call(METHOD, method, repeat=False) == "готово"
        assert method.calls == 2
    else:
        with pytest.raises(ApiError):
            await caller.call(METHOD, method, repeat=False)
        assert method.calls == 1


@pytest.mark.parametrize(
    "error", [away(), away(3600.0), BadPayloadError("не такой"), SourceError("x"), ValueError("x")]
)
async def test_what_publishes_is_not_repeated_after_any_other_failure(
    caller: Caller, clock: Clock, error: Exception
) -> None:
    calls = 0

    async def publish() -> None:
        nonlocal calls
        calls += 1
        raise error

    with pytest.raises(type(error)):
        await caller.call(METHOD, publish, repeat=False)

    assert (calls, clock.pauses) == (1, [])


async def test_an_answer_that_is_not_as_documented_is_not_asked_for_again(
    caller: Caller, clock: Clock
) -> None:
    method = Method(clock, [BadPayloadError("не такой")])

    with pytest.raises(BadPayloadError):
        await caller.call(METHOD, method)

    assert method.calls == 1


async def dead(caller: Caller, clock: Clock, times: int, error: SourceError) -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            await caller.call(METHOD, Method(clock, [error] * ATTEMPTS))


@pytest.mark.parametrize("error", [away(), refusal(Action.RETRY)])
async def test_a_network_that_stays_away_is_left_alone_for_a_while(
    caller: Caller, clock: Clock, error: SourceError
) -> None:
    await dead(caller, clock, CIRCUIT_FAILURES, error)
    method = Method(clock)

    with pytest.raises(HeldError, match="не отвечала"):
        await caller.call("users.get", method)
    assert method.calls == 0

    clock.now += CIRCUIT_SECONDS
    assert await caller.call("users.get", method) == "готово"


@pytest.mark.parametrize("sign", [None, refusal(Action.CLOSED)])
async def test_any_sign_of_life_begins_the_count_anew(
    caller: Caller, clock: Clock, sign: ApiError | None
) -> None:
    await dead(caller, clock, CIRCUIT_FAILURES - 1, away())
    method = Method(clock, [sign] if sign else [])
    if sign:
        with pytest.raises(ApiError):
            await caller.call(METHOD, method)
    else:
        await caller.call(METHOD, method)
    await dead(caller, clock, CIRCUIT_FAILURES - 1, away())

    assert await caller.call(METHOD, method) == "готово"


async def test_nothing_is_sent_with_a_parked_token(
    caller: Caller, ledger: Ledger, clock: Clock
) -> None:
    ledger.park(TOKEN, TokenState.DEAD, "отозван")
    method = Method(clock)

    with pytest.raises(ParkedError):
        await caller.call(METHOD, method, repeat=False)

    assert method.calls == 0


def test_the_longest_pause_fits_into_a_pace() -> None:
    # Otherwise the ledger would take such a pause for one that a wrong clock left.
    assert LONGEST_PAUSE <= 300
