"""A bot of Telegram's Bot API: what is written to it, and where it is a member.

The API takes the token in the path of the address and nowhere else. So no message of this module
holds an address, and requests say which part of theirs is to be hidden.
"""

from datetime import datetime

import orjson
from pydantic import Field

from connectors.base import (
    Action,
    ApiError,
    BadPayloadError,
    Page,
    Rejected,
    UnreachableError,
)
from connectors.calling import Caller
from connectors.http import READ_SECONDS, Answer, Http, Request
from connectors.payload import Shape, read
from connectors.telegram.api import BOT
from connectors.telegram.updates import KINDS, parse_update, update_number
from models.values import FetchedPost
from models.vocabulary import Network

METHOD = "getUpdates"
WHERE = f"Telegram, метод {METHOD}"
LIMIT = 100
"""Updates an answer, the most that is allowed."""

TIMEOUT = 5
"""Seconds that the server may wait for something to happen."""

STALE = 6 * 24 * 3600
"""Seconds of silence after which the offset is left out: after a week without updates Telegram
numbers them anew from a random number, which may be lower."""

MAX_PAYLOAD = 10_000

ADVICE: dict[int, tuple[Action, str]] = {
    400: (Action.QUARANTINE, "запрос не понят; сообщите разработчикам"),
    401: (Action.TOKEN_DEAD, "ключ бота не действует; получите новый у @BotFather"),
    403: (Action.CLOSED, "доступ закрыт; проверьте, не удалён ли бот из чата"),
    404: (Action.TOKEN_DEAD, "бота с таким ключом нет; проверьте ключ"),
    409: (
        Action.QUARANTINE,
        "у бота задан webhook, или его события читает другая программа; уберите одно из двух",
    ),
    429: (Action.PACE, "слишком много запросов; опрос продолжится позже"),
}
"""What each documented code asks for."""

_UNKNOWN = (Action.QUARANTINE, "Telegram отказал в ответе, запрос не повторяется")
_FAULT = (Action.RETRY, "сбой на стороне Telegram; опрос повторится сам")


class _Parameters(Shape):
    retry_after: int | None = Field(default=None, ge=0, le=86_400)


class _Reply(Shape):
    ok: bool
    error_code: int = 0
    parameters: _Parameters | None = None
    result: object = None


class _Updates(Shape):
    result: list[object]


class _Cursor(Shape):
    offset: int = Field(default=0, ge=0)
    at: int = Field(default=0, ge=0)


class Bot:
    """Reads the updates of one bot, whose token ``caller`` holds.

    An update is confirmed by the request that follows it, so by one made after it was stored;
    what Telegram sends twice is recognised. ``timeout`` is how long an answer may be waited for,
    in seconds.
    """

    def __init__(
        self, http: Http, caller: Caller, *, base: str = BOT, timeout: int = TIMEOUT
    ) -> None:
        """Remember what to ask with."""
        self._http = http
        self._caller = caller
        self._base = base
        self._timeout = timeout

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return the next updates; see Connector."""
        second = int(now.timestamp())
        try:
            held = read(_Cursor, cursor, where=WHERE)
        except BadPayloadError:
            # Whatever was not confirmed comes again.
            held = _Cursor()
        offset = held.offset if second - held.at < STALE else 0
        result = await self._caller.call(METHOD, lambda: self._ask(offset))
        posts: list[FetchedPost] = []
        rejected: list[Rejected] = []
        after = offset
        for item in result:
            try:
                after = max(after, update_number(item) + 1)
                post = parse_update(item, now)
            except BadPayloadError as error:
                rejected.append(Rejected(str(error), _shown(item)))
                continue
            if post is not None:
                posts.append(post)
        moved = after > offset
        return Page(
            tuple(posts),
            {"offset": after, "at": second if moved else held.at} if after else {},
            more=moved and len(result) >= LIMIT,
            rejected=tuple(rejected),
        )

    async def _ask(self, offset: int) -> list[object]:
        params = {
            "limit": str(LIMIT),
            "timeout": str(self._timeout),
            "allowed_updates": orjson.dumps(KINDS).decode(),
        }
        if offset:
            params["offset"] = str(offset)
        answer = await self._http.send(self._request(params))
        payload = answer.json(where=WHERE)
        if payload is None:
            raise UnreachableError(f"{WHERE}: ответ пустой. Опрос повторится сам.")
        reply = read(_Reply, payload, where=WHERE)
        if not reply.ok:
            raise _refusal(answer, reply)
        return read(_Updates, payload, where=WHERE).result

    def _request(self, params: dict[str, str]) -> Request:
        secret = self._caller.token.secret.get_secret_value()
        return Request(
            "GET",
            f"{self._base}/bot{secret}/{METHOD}",
            params=params,
            hidden=secret,
            read_seconds=self._timeout + READ_SECONDS,
        )


def _refusal(answer: Answer, reply: _Reply) -> ApiError:
    """Return the error for a refusal; Telegram's own words are left out."""
    code = reply.error_code or answer.status
    action, advice = ADVICE.get(code, _FAULT if code >= 500 else _UNKNOWN)
    told = reply.parameters.retry_after if reply.parameters else None
    return ApiError(
        f"{WHERE}: ошибка {code}: {advice}.",
        network=Network.TELEGRAM,
        method=METHOD,
        code=code,
        action=action,
        retry_after=answer.retry_after() if told is None else float(told),
    )


def _shown(item: object) -> str:
    try:
        return orjson.dumps(item).decode()[:MAX_PAYLOAD]
    except orjson.JSONEncodeError:
        return "значение, которое не записать"
