"""Calling MAX's methods: one small transport, paced and repeated by the token's caller."""

from collections.abc import Mapping

from connectors.base import UnreachableError
from connectors.calling import Caller
from connectors.http import READ_SECONDS, Http, Request
from connectors.max.errors import refusal

BASE = "https://platform-api2.max.ru"
"""The only one that still answers; its certificate is signed by the Russian root of Mintsifry."""

RATE = 30.0
"""Requests a second, of one bot."""


class MaxApi:
    """The API of one bot, whose token ``caller`` holds; ``base`` is the server."""

    def __init__(
        self,
        http: Http,
        caller: Caller,
        *,
        base: str = BASE,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Remember what to ask with."""
        self._http = http
        self._caller = caller
        self._base = base
        self._read_seconds = read_seconds

    async def get(
        self,
        method: str,
        params: Mapping[str, str] | None = None,
        *,
        path: str = "",
        wait: float = 0.0,
    ) -> object:
        """Return the decoded answer to ``GET method``.

        ``method`` is the path as documented, by which calls are counted, ``path`` the real one
        where they differ; ``wait`` is how long the server may hold the answer back, in seconds.
        Raises ApiError, UnreachableError, ParkedError, HeldError.
        """
        request = Request(
            "GET",
            f"{self._base}{path or method}",
            params=params or {},
            headers=self._headers(),
            secrets=frozenset({"Authorization"}),
            read_seconds=self._read_seconds + wait,
        )
        name = f"GET {method}"
        return await self._caller.call(name, lambda: self._attempt(name, request))

    async def post(
        self,
        method: str,
        body: Mapping[str, object],
        params: Mapping[str, str] | None = None,
        *,
        path: str = "",
    ) -> object:
        """Return the decoded answer to ``POST method``, sent once; see ``get``."""
        request = Request(
            "POST",
            f"{self._base}{path or method}",
            params=params or {},
            json=body,
            headers=self._headers(),
            secrets=frozenset({"Authorization"}),
            read_seconds=self._read_seconds,
        )
        name = f"POST {method}"
        return await self._caller.call(name, lambda: self._attempt(name, request), repeat=False)

    def _headers(self) -> Mapping[str, str]:
        # Without "Bearer": with it the token is refused.
        return {"Authorization": self._caller.token.secret.get_secret_value()}

    async def _attempt(self, name: str, request: Request) -> object:
        where = f"MAX, метод {name}"
        answer = await self._http.send(request)
        if answer.status != 200:
            try:
                payload = answer.json(where=where)
            except UnreachableError:
                if answer.status < 500:
                    raise
                payload = None
            raise refusal(name, answer.status, payload, retry_after=answer.retry_after())
        payload = answer.json(where=where)
        if payload is None:
            raise UnreachableError(f"{where}: ответ пустой. Опрос повторится сам.")
        return payload
