"""Calling a network's method: pace, retry, park; the same table for every network.

What to repeat is decided by ``Action``, which each network's table of codes gives. Nothing that
publishes is repeated here.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from connectors.base import Action, ApiError, UnreachableError
from connectors.http import CONNECTED
from connectors.ledger import HeldError, Ledger, Token, TokenState

ATTEMPTS = 5
"""Of one call: the first and four more."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between attempts: doubled each time, then shortened at random by up to a half. Whoever
asks for a longer pause is not waited for in place: the method is held, and others go on."""

PACE_SECONDS = 1.0
FLOOD_SECONDS = 600.0
QUOTA_SECONDS = 1800.0
"""How long a method waits when the network says that its quota is spent: its own count and
ours may differ, so it is asked again before the day is over."""

CIRCUIT_FAILURES = 5
CIRCUIT_SECONDS = 60.0
"""After so many calls in a row that failed to the last attempt, nobody calls for so long."""

STATES = {
    Action.TOKEN_DEAD: TokenState.DEAD,
    Action.CAPTCHA: TokenState.NEEDS_PERSON,
    Action.NEEDS_PERSON: TokenState.NEEDS_PERSON,
}

Result = TypeVar("Result")


@dataclass(slots=True)
class Caller:
    """Calls methods with one token.

    ``sleep`` and ``chance`` (0..1) are given by tests. The circuit is this process's own: what
    it protects is the time that a dead network would cost.
    """

    token: Token
    ledger: Ledger
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)
    failures: int = 0
    closed_until: float = 0.0

    async def call(
        self, method: str, attempt: Callable[[], Awaitable[Result]], *, repeat: bool = True
    ) -> Result:
        """Return what ``attempt`` returns; ``method`` is the name that quotas count by.

        With ``repeat`` False (all that publishes) there is one attempt, and only a refusal for
        pace, which was not carried out, is tried again. Raises ApiError, UnreachableError,
        BadPayloadError, and ParkedError or HeldError before anything is sent.
        """
        if self.clock() < self.closed_until:
            raise HeldError(
                f"Ключ {self.token.name}: сеть не отвечала {CIRCUIT_FAILURES} раз подряд; "
                "опрос продолжится через минуту.",
                until=0.0,
            )
        for number in range(1, ATTEMPTS + 1):
            # One at a time takes a turn: a moment that is reserved far ahead is one that a call
            # with a new connection has to wait for.
            async with self.queue:
                await self.ledger.turn(self.token, method)
            late = CONNECTED.set(lambda: self.ledger.space(self.token))
            try:
                result = await attempt()
            except UnreachableError as error:
                long = self._holds(method, error)
                if long or not repeat or number == ATTEMPTS:
                    self._failed()
                    raise
                await self._wait(number, error.retry_after)
            except ApiError as error:
                if not self._again(error, method, repeat=repeat) or number == ATTEMPTS:
                    if error.action is Action.RETRY:
                        self._failed()
                    else:
                        self.failures = 0  # a network that refuses is there
                    raise
                if error.action is not Action.PACE:
                    await self._wait(number, error.retry_after)
            else:
                self.failures = 0
                return result
            finally:
                CONNECTED.reset(late)
        raise AssertionError("the last attempt returns or raises")

    def _again(self, error: ApiError, method: str, *, repeat: bool) -> bool:
        """Do what the error asks for; tell whether to try again."""
        match error.action:
            case Action.PACE:
                if self._holds("*", error):
                    return False
                self.ledger.pause(self.token, max(PACE_SECONDS, error.retry_after or 0.0))
                return True
            case Action.RETRY:
                return not self._holds(method, error) and repeat
            case Action.FLOOD:
                seconds = max(FLOOD_SECONDS, error.retry_after or 0.0)
                self.ledger.hold(self.token, method, seconds, str(error))
            case Action.QUOTA:
                seconds = max(QUOTA_SECONDS, error.retry_after or 0.0)
                self.ledger.hold(self.token, method, seconds, str(error))
            case Action.TOKEN_DEAD | Action.CAPTCHA | Action.NEEDS_PERSON:
                self.ledger.park(self.token, STATES[error.action], str(error))
            case Action.WRONG_TOKEN:
                self.ledger.note(self.token, method, str(error))
            case _:
                pass
        return False

    def _holds(self, method: str, error: ApiError | UnreachableError) -> bool:
        """Hold ``method`` ("*": the token) where the error asks for a long pause; tell whether."""
        asked = error.retry_after or 0.0
        if asked <= LONGEST_PAUSE:
            return False
        self.ledger.hold(self.token, method, asked, str(error))
        return True

    async def _wait(self, number: int, asked: float | None) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (number - 1)) * (1 - self.chance() / 2)
        await self.sleep(max(pause, asked or 0.0))

    def _failed(self) -> None:
        self.failures += 1
        if self.failures >= CIRCUIT_FAILURES:
            self.closed_until = self.clock() + CIRCUIT_SECONDS
            self.failures = 0
