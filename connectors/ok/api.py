"""Calling Odnoklassniki's methods: signed, paced and repeated by the token's caller.

Sessions are short: where the refresh token is known, an expired one is renewed here. The renewed
token stays in memory; the ledger goes on counting under the configured one.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import Field, SecretStr

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.calling import Caller
from connectors.http import Http, Request
from connectors.ok.errors import refusal
from connectors.ok.signature import sign
from connectors.payload import Shape, read
from models.vocabulary import Network

BASE = "https://api.ok.ru"

RATE = 1.0
"""Requests a second of one token. The network publishes no figure: this one is careful."""

RENEWAL = "oauth/token.do"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a session is renewed with: the application's number and the owner's refresh token.

    That an old refresh token stays good after a renewal is believed, not documented; one that
    comes with a renewed session takes its place.
    """

    client_id: str
    refresh_token: SecretStr


class _Refusal(Shape):
    error_code: int


class _Session(Shape):
    access_token: str = Field(min_length=1, max_length=2000)
    refresh_token: str | None = Field(default=None, max_length=2000)


class _CallsLeft(Shape):
    name: str
    available: bool = True
    callsLeft: int | None = None  # noqa: N815 - the network's own spelling


class _CallsLeftAnswer(Shape):
    methods: list[_CallsLeft] = Field(default_factory=list)


class OkApi:
    """Calls methods with one token.

    ``application_key`` and ``app_secret`` are the application's, ``base`` the server. ``renewal``
    is None where the token lives for ever, or where nobody gave what is needed to renew it.
    """

    def __init__(
        self,
        http: Http,
        caller: Caller,
        *,
        application_key: str,
        app_secret: SecretStr,
        base: str = BASE,
        renewal: Renewal | None = None,
    ) -> None:
        """Remember what to ask with."""
        self._http = http
        self._caller = caller
        self._key = application_key
        self._app_secret = app_secret
        self._base = base.rstrip("/")
        self._renewal = renewal
        self._token = caller.token.secret
        self._renewing = asyncio.Lock()

    async def call(
        self, method: str, params: Mapping[str, object], *, repeat: bool = True
    ) -> object:
        """Return the decoded answer; None for an empty body and for ``null``.

        Of ``params``, lists are sent joined by commas, True and False as words, and None is left
        out. What publishes is called with ``repeat`` False. Raises ApiError, UnreachableError,
        BadPayloadError, ParkedError, HeldError.
        """
        words = sent(params)
        return await self._caller.call(method, lambda: self._attempt(method, words), repeat=repeat)

    async def calls_left(self, methods: Iterable[str]) -> dict[str, int | None]:
        """Return how often each of ``methods`` may still be called (users.getCallsLeft).

        A method that may not be called at all has 0, one without a limit None; one that the
        network says nothing of is left out. Raises as ``call``.
        """
        method = "users.getCallsLeft"
        payload = await self.call(method, {"methods": list(methods)})
        where = f"Одноклассники, метод {method}"
        answer = read(_CallsLeftAnswer, {"methods": payload or []}, where=where)
        return {left.name: left.callsLeft if left.available else 0 for left in answer.methods}

    async def _attempt(self, method: str, words: Mapping[str, str]) -> object:
        """Ask once; a session that is over is renewed once, and the refused call repeated."""
        used = self._token
        try:
            return await self._send(method, words, used)
        except ApiError as error:
            if error.action is not Action.SIGN_IN:
                raise
            expired = error
        if self._renewal is None:
            raise _dead(str(expired), method, expired.code) from None
        await self._renew(used, method)
        try:
            return await self._send(method, words, self._token)
        except ApiError as error:
            if error.action is not Action.SIGN_IN:
                raise
            raise _dead(str(error), method, error.code) from None

    async def _send(self, method: str, words: Mapping[str, str], token: SecretStr) -> object:
        secret = token.get_secret_value()
        form = {**words, "method": method, "application_key": self._key, "format": "json"}
        form["sig"] = sign(form, secret, self._app_secret.get_secret_value())
        form["access_token"] = secret
        request = Request(
            "POST",
            f"{self._base}/fb.do",
            form=form,
            secrets=frozenset({"access_token", "sig"}),
        )
        where = f"Одноклассники, метод {method}"
        payload, status = await self._ask(request, where)
        if isinstance(payload, dict) and "error_code" in payload:
            raise refusal(method, read(_Refusal, payload, where=where).error_code)
        if status >= 400:
            raise _broken(where, status, None)
        return payload

    async def _renew(self, used: SecretStr, method: str) -> None:
        """Put a new session in the place of ``used``, once for all who wait for it."""
        async with self._renewing:
            if self._token is not used or self._renewal is None:
                return
            renewal = self._renewal
            await self._caller.ledger.turn(self._caller.token, RENEWAL)
            request = Request(
                "POST",
                f"{self._base}/{RENEWAL}",
                form={
                    "grant_type": "refresh_token",
                    "refresh_token": renewal.refresh_token.get_secret_value(),
                    "client_id": renewal.client_id,
                    "client_secret": self._app_secret.get_secret_value(),
                },
                secrets=frozenset({"refresh_token", "client_secret"}),
            )
            where = "Одноклассники, продление сеанса"
            payload, status = await self._ask(request, where)
            try:
                session = read(_Session, payload, where=where)
            except BadPayloadError:
                # An empty answer is no refusal: the network gives such now and then.
                if payload is None:
                    raise _broken(where, status, None) from None
                raise _dead(
                    f"{where}: сеть отказала; получите новые ключи доступа и продления.",
                    method,
                    status,
                ) from None
            self._token = SecretStr(session.access_token)
            if session.refresh_token:
                fresh = SecretStr(session.refresh_token)
                self._renewal = replace(renewal, refresh_token=fresh)

    async def _ask(self, request: Request, where: str) -> tuple[object, int]:
        answer = await self._http.send(request)
        if answer.status >= 500 or answer.status == 429:
            raise _broken(where, answer.status, answer.retry_after())
        return answer.json(where=where), answer.status


def sent(params: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as the API takes them; see OkApi.call."""
    return {name: _word(value) for name, value in params.items() if value is not None}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(_word(one) for one in value)
    return str(value)


def _broken(where: str, status: int, retry_after: float | None) -> UnreachableError:
    return UnreachableError(
        f"{where}: сервер ответил кодом {status}, а не делом. "
        "Это сбой на стороне сети; опрос повторится сам.",
        retry_after=retry_after,
    )


def _dead(message: str, method: str, code: int | str) -> ApiError:
    return ApiError(message, network=Network.OK, method=method, code=code, action=Action.TOKEN_DEAD)
