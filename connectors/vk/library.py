"""VKontakte through the vk-api package: administration and publishing.

The same protocol as VkHttp, and the same errors. Of the package, what would get in the way is
taken out: its file of settings, its limiter (the token's caller paces), its handlers that repeat
without end, its address. Its errors hold the token and never leave this module.
"""

import asyncio
import io
from collections.abc import Mapping

import jconfig  # type: ignore[import-untyped]  # ships no type information
import requests
import vk_api
from requests.adapters import HTTPAdapter

from connectors.base import BadPayloadError, SourceError, UnreachableError
from connectors.calling import Caller
from connectors.http import AGENT, CONNECT_SECONDS, READ_SECONDS, Answer, host
from connectors.vk.api import BASE, VERSION, sent, unwrap

PUBLISHING = frozenset(
    {
        "board.addTopic",
        "board.createComment",
        "board.editComment",
        "market.createComment",
        "messages.send",
        "photos.createComment",
        "video.createComment",
        "wall.createComment",
        "wall.edit",
        "wall.editComment",
        "wall.post",
        "wall.repost",
    }
)
"""Methods that are never repeated: the answer may be lost and the words stand there."""

HARD_CODED = "https://api.vk.ru/method/"
"""Where the package sends every call."""

MAX_BODY = 5_000_000
"""Bytes of an answer; nothing here asks for more."""


class VkLibrary:
    """The API through vk-api, with one token. Close it after use.

    ``base`` is the server; ``read_seconds`` is how long a silent one is waited for.
    """

    def __init__(
        self,
        caller: Caller,
        *,
        base: str = BASE,
        version: str = VERSION,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Prepare the package; nothing is sent."""
        self._caller = caller
        self._where = host(base)
        self._session = requests.Session()
        # Neither proxies nor passwords of the environment are this program's settings.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = AGENT
        self._session.adapters.clear()
        self._session.mount(HARD_CODED, _Redirect(base, read_seconds))
        self._library = vk_api.VkApi(
            token=caller.token.secret.get_secret_value(),
            api_version=version,
            session=self._session,
            # The usual one writes a file into the current directory.
            config=jconfig.MemoryConfig,
        )
        self._library.RPS_DELAY = 0.0
        # The handlers repeat 6 for ever, and trip over a 14 without captcha_sid.
        self._library.error_handlers = {}

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    async def call(self, method: str, params: Mapping[str, object]) -> object:
        """Call a method; see VkApi. What publishes is sent once."""
        return await self._caller.call(
            method,
            lambda: asyncio.to_thread(self._ask, method, sent(params)),
            repeat=method not in PUBLISHING,
        )

    def _ask(self, method: str, values: dict[str, str]) -> object:
        # Raised after the handlers, for an error's context would hold the token.
        failed: SourceError | None = None
        payload: object = None
        try:
            payload = self._library.method(method, values, raw=True)
        except vk_api.ApiError as error:
            payload = {"error": error.error}
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            failed = SourceError(f"{self._where}: адрес записан неверно. Проверьте настройки.")
        except (KeyError, TypeError, ValueError, RecursionError):
            # The package takes for granted that a refusal has a code, an answer is an object,
            # and neither is monstrous.
            payload = None
        except requests.Timeout:
            failed = UnreachableError(f"{self._where}: сервер не ответил вовремя.")
        except requests.RequestException as error:
            failed = UnreachableError(
                f"{self._where}: соединение не удалось или оборвалось ({type(error).__name__})."
            )
        if failed is not None:
            raise failed
        return unwrap(method, payload)


class _Redirect(HTTPAdapter):
    """Sends the package's calls to a server of our choice, with timeouts and a cap."""

    def __init__(self, base: str, read_seconds: float) -> None:
        super().__init__()
        self._base = base
        self._timeout = (CONNECT_SECONDS, read_seconds)

    def send(  # noqa: PLR0917 - the signature is the base class's
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature is the base class's
        timeout: object = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the signature is the base class's
        cert: object = None,
        proxies: object = None,
    ) -> requests.Response:
        """Return a whole answer that is JSON, for the package reads nothing else.

        Raises UnreachableError and BadPayloadError, which pass through the package untouched.
        """
        del stream, timeout, cert, proxies
        method = (request.url or "").removeprefix(HARD_CODED)
        request.url = f"{self._base}/method/{method}"
        where = f"ВКонтакте, метод {method}"
        with super().send(request, stream=True, timeout=self._timeout, verify=verify) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            answer = Answer(response.status_code, headers, _read(response, where), request.url)
        if answer.status >= 500 or answer.status == 429:
            raise UnreachableError(
                f"{where}: сервер ответил кодом {answer.status}. "
                "Это сбой на стороне сети; опрос повторится сам.",
                retry_after=answer.retry_after(),
            )
        if answer.json(where=where) is None:
            raise UnreachableError(f"{where}: ответ пустой. Опрос повторится сам.")
        whole = requests.Response()
        # Refusals are told by the body, whatever the status; the package would not look.
        whole.status_code = 200
        whole.url = request.url
        whole.request = request
        whole.raw = io.BytesIO(answer.body)
        return whole


def _read(response: requests.Response, where: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(65_536):
        size += len(part)
        if size > MAX_BODY:
            raise BadPayloadError(
                f"{where}: ответ больше {MAX_BODY // 1_000_000} МБ. "
                "Он не прочитан: так больших не бывает."
            )
        parts.append(part)
    return b"".join(parts)
