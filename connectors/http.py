"""One way to ask a server: timeouts, a cap on the answer, no strangers' addresses.

An error never repeats an address with its parameters, a header or a body: they hold secrets.
"""

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import orjson
from yarl import URL

from connectors.addresses import PublicResolver, require_public
from connectors.base import BadPayloadError, SourceError, UnreachableError

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
MAX_BODY = 20_000_000
"""Bytes of an answer, unpacked; more is refused before it is read."""

MAX_HOPS = 5
AGENT = "Otklik (+municipal appeals reader)"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CONNECTED: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("connected", default=None)
"""What to wait for once a new connection stands, before anything is sent on it: to stand takes its
time, by which the request would come late and too close before the next one."""

HARMLESS = frozenset({"accept", "if-none-match", "if-modified-since"})
"""Headers that a redirect to another server, or to an unencrypted one, takes along."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask.

    ``params`` go into the address, ``form`` into an urlencoded body, ``json`` into a JSON body.
    ``secrets`` names those of params, form and headers that no record may show; ``hidden`` is a
    part of the address that none may.
    ``follow`` allows redirects, for GET alone: any other request would be sent anew to where an
    answer leads. ``read_seconds`` is how long a silent server is waited for.
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    json: object | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    hidden: str = ""
    follow: bool = False
    read_seconds: float = READ_SECONDS
    max_body: int = MAX_BODY


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole: header names in lower case, the body unpacked, the last address."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self, *, where: str) -> object:
        """Return the body read as JSON, None for an empty one.

        ``where`` names the network and method in Russian. Raises UnreachableError when it is no
        JSON: a proxy's or a broken server's page, which says nothing of what was done.
        """
        if not self.body.strip():
            return None
        try:
            value: object = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            # The chain is cut because it holds the body.
            raise UnreachableError(
                f"{where}: вместо ответа пришло что-то другое (код {self.status}). "
                "Обычно это сбой на стороне сети или прокси; опрос повторится сам."
            ) from None
        return value

    def retry_after(self) -> float | None:
        """Return how long the server asked to wait, in seconds; a date is not understood."""
        said = self.headers.get("retry-after", "")
        # The digits of other scripts are digits too, but not all of them are numbers.
        return min(float(said[:10]), 86_400.0) if said.isascii() and said.isdigit() else None


class Http(Protocol):
    """Asks servers. The only other one than HttpClient plays recordings."""

    async def send(self, request: Request) -> Answer:
        """Return the answer, whatever its status.

        Raises UnreachableError when none came whole, BadPayloadError when it is too large, and
        SourceError when the address may not be asked.
        """
        ...


class HttpClient:
    """Asks real servers. Use as ``async with HttpClient() as http``.

    ``private`` allows addresses of this machine and of local networks, which an administrator
    names on purpose; ``proxy`` is an address like ``http://host:3128``. A proxy resolves names
    itself, so only it can keep names from leading inside. ``ca_file`` names certificates to trust
    beside the system's.
    """

    def __init__(
        self, *, private: bool = False, proxy: str | None = None, ca_file: Path | None = None
    ) -> None:
        """Remember the options; the session opens with the context.

        Raises SourceError when the certificates cannot be read.
        """
        self._private = private
        self._proxy = proxy
        self._trust = system_trust()
        if ca_file is not None:
            self._trust = ssl.create_default_context()
            try:
                self._trust.load_verify_locations(ca_file)
            except OSError:
                raise SourceError(
                    f"Файл сертификатов {ca_file} не читается. Проверьте путь, права и что в нём "
                    "сертификаты в виде PEM."
                ) from None

    async def __aenter__(self) -> Self:
        """Open the session."""
        # Cookies would make one source's answers depend on another's; the environment's proxy
        # is not this program's setting.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=100,
                ssl=self._trust,
                resolver=None
                if self._private
                else PublicResolver(allowed=URL(self._proxy or "").raw_host),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[_tracing()],
            headers={"User-Agent": AGENT},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self._session.close()

    async def send(self, request: Request) -> Answer:
        """Ask, following redirects where the request allows them; see ``Http``."""
        url = request.url
        for _ in range(MAX_HOPS):
            answer = await self._once(request, url)
            target = answer.headers.get("location")
            follow = request.follow and request.method == "GET"
            if not follow or answer.status not in REDIRECTS or not target:
                return answer
            try:
                url = urljoin(url, target)
            except ValueError:
                raise SourceError(f"{host(url)}: перенаправляет на неверный адрес.") from None
        raise UnreachableError(f"{host(request.url)}: слишком много перенаправлений.")

    async def _once(self, request: Request, url: str) -> Answer:
        require_public(url, private=self._private)
        ours = _origin(url) == _origin(request.url)
        headers = {
            name: value
            for name, value in request.headers.items()
            if ours or name.lower() in HARMLESS
        }
        where = host(url)
        timeout = aiohttp.ClientTimeout(
            total=CONNECT_SECONDS + 3 * request.read_seconds,
            connect=CONNECT_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=request.read_seconds,
        )
        try:
            async with self._session.request(
                request.method,
                url,
                params=request.params if url == request.url else None,
                data=request.form,
                json=request.json,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
                proxy=self._proxy,
            ) as response:
                body = await _read(response, request.max_body, where)
                return Answer(
                    response.status,
                    {name.lower(): value for name, value in response.headers.items()},
                    body,
                    str(response.url),
                )
        except TimeoutError:
            raise UnreachableError(f"{where}: сервер не ответил вовремя.") from None
        except aiohttp.ClientConnectorCertificateError:
            raise SourceError(
                f"{where}: сертификат сервера не подтверждён, запрос ему не отправлен. Если "
                "сертификат выпущен своим удостоверяющим центром, укажите его в ca_file."
            ) from None
        except (aiohttp.InvalidURL, ValueError):
            raise SourceError(f"{where}: адрес записан неверно. Проверьте настройки.") from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError, zlib.error) as error:
            # aiohttp's own words hold the address with its parameters.
            raise UnreachableError(
                f"{where}: соединение не удалось или оборвалось ({type(error).__name__})."
            ) from None


@cache
def system_trust() -> ssl.SSLContext:
    """Return the system's certificates; to read them takes longer than most requests."""
    return ssl.create_default_context()


def _tracing() -> aiohttp.TraceConfig:
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(_connected)
    return tracing


async def _connected(*_: object) -> None:
    wait = CONNECTED.get()
    if wait is not None:
        await wait()


async def _read(response: aiohttp.ClientResponse, cap: int, where: str) -> bytes:
    if (response.content_length or 0) > cap:
        raise BadPayloadError(_too_large(where, cap))
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65_536):
        size += len(part)
        if size > cap:
            raise BadPayloadError(_too_large(where, cap))
        parts.append(part)
    return b"".join(parts)


def _too_large(where: str, cap: int) -> str:
    return f"{where}: ответ больше {cap // 1_000_000} МБ. Он не прочитан: так больших не бывает."


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return what must be the same for a secret to be sent there too."""
    parts = URL(url)
    return parts.scheme, parts.raw_host, parts.port


def host(url: str) -> str:
    """Return the part of an address that may be shown."""
    try:
        parts = urlsplit(url)
        return parts.netloc.rpartition("@")[2][:200] or "адрес без имени сервера"
    except ValueError:
        return "неверный адрес"
