"""Calling VKontakte's methods: one small transport, paced and repeated by the token's caller.

Many calls may be in flight at once: what the network limits is when requests start.
"""

from collections.abc import Mapping
from typing import Protocol

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.calling import Caller
from connectors.http import READ_SECONDS, Http, Request
from connectors.payload import Shape, read
from connectors.vk.errors import refusal

VERSION = "5.199"
BASE = "https://api.vk.com"

RATES: Mapping[str, float] = {"user": 3.0, "community": 20.0, "service": 3.0}
"""Requests a second by kind of token. That of a service key is believed, not documented."""

QUOTAS: Mapping[str, int] = {"wall.get": 5000, "newsfeed.search": 1000, "wall.search": 1000}
"""Calls a day."""


class _Error(Shape):
    error_code: int


class _Refusal(Shape):
    error: _Error


class VkApi(Protocol):
    """Calls methods of the API."""

    async def call(self, method: str, params: Mapping[str, object]) -> object:
        """Return the value of ``response``.

        Of ``params``, lists are sent joined by commas, True and False as 1 and 0, and None is
        left out. Raises ApiError, UnreachableError, BadPayloadError, ParkedError, HeldError.
        """
        ...


class VkHttp:
    """The API over HTTP, with one token.

    ``base`` is the server (``https://api.vk.ru`` answers as well). What publishes must not go
    through ``call``: it repeats.
    """

    def __init__(
        self,
        http: Http,
        caller: Caller,
        *,
        base: str = BASE,
        version: str = VERSION,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Remember what to ask with."""
        self._http = http
        self._caller = caller
        self._base = base
        self._version = version
        self._read_seconds = read_seconds

    async def call(self, method: str, params: Mapping[str, object]) -> object:
        """Call a method; see VkApi."""
        # The form field is what every kind of token and every version of the API takes.
        form = sent(params) | {
            "v": self._version,
            "access_token": self._caller.token.secret.get_secret_value(),
        }
        request = Request(
            "POST",
            f"{self._base}/method/{method}",
            form=form,
            secrets=frozenset({"access_token"}),
            read_seconds=self._read_seconds,
        )
        return await self._caller.call(method, lambda: self._attempt(method, request))

    async def _attempt(self, method: str, request: Request) -> object:
        where = f"ВКонтакте, метод {method}"
        answer = await self._http.send(request)
        if answer.status >= 500 or answer.status == 429:
            raise UnreachableError(
                f"{where}: сервер ответил кодом {answer.status}. "
                "Это сбой на стороне сети; опрос повторится сам.",
                retry_after=answer.retry_after(),
            )
        payload = answer.json(where=where)
        if payload is None:
            raise UnreachableError(f"{where}: ответ пустой. Опрос повторится сам.")
        return unwrap(method, payload)


def sent(params: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as the API takes them; see VkApi.call."""
    return {name: _word(value) for name, value in params.items() if value is not None}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list | tuple):
        return ",".join(_word(one) for one in value)
    return str(value)


def unwrap(method: str, payload: object) -> object:
    """Return the value of ``response`` of a whole answer.

    Raises ApiError when it is a refusal, and BadPayloadError when it is neither.
    """
    where = f"ВКонтакте, метод {method}"
    if isinstance(payload, dict) and "error" in payload:
        raise refusal(method, read(_Refusal, payload, where=where).error.error_code)
    if isinstance(payload, dict) and "response" in payload:
        value: object = payload["response"]
        return value
    raise BadPayloadError(
        f"{where}: ответ не такой, как в документации: response — поля нет. "
        "Ничего из него не принято; если повторится, передайте это сообщение администратору."
    )


async def call_counted(
    api: VkApi, method: str, params: Mapping[str, object], *, count: int
) -> tuple[object, int]:
    """Call a method that takes ``count``, asking for fewer while the answer is too large.

    Returns the answer and the count that fitted, at least 1. Raises as VkApi.call.
    """
    while True:
        try:
            return await api.call(method, {**params, "count": count}), count
        except ApiError as error:
            if error.action is not Action.HALVE or count <= 1:
                raise
            count //= 2
