"""VKontakte: events of an own community that wait at its Long Poll server.

``drain`` fetches what waits and returns; whoever calls it keeps ``ts`` in its cursor. The key of
the server is a secret and never leaves this module; ask for it through VkLibrary, for a recorder
of an Http would write the answer down.
https://dev.vk.com/ru/api/bots-long-poll/getting-started
"""

from dataclasses import dataclass

from pydantic import Field

from connectors.base import BadPayloadError, SourceError, UnreachableError
from connectors.http import READ_SECONDS, Http, Request
from connectors.payload import Shape, read
from connectors.vk.api import VkApi

MAX_ASKS = 30
"""Requests of one drain, lest a busy community keep its events from being stored."""

MAX_RENEWALS = 3
"""New keys of one drain: a server that refuses them all is out of order."""

WAIT_SECONDS = 10
LATER_WAIT_SECONDS = 1
"""How long the server may hold the first request, and those after it: what waits already comes at
once. Zero is not documented."""

WHERE = "ВКонтакте, Long Poll"


@dataclass(frozen=True, slots=True)
class Drained:
    """Events as sent, in their order, and the number from which to go on.

    ``lost`` says that events may be missing between the last call and this one, or before the
    very first: then the wall has to be read as a whole.
    """

    events: list[object]
    ts: str
    lost: bool


class _Place(Shape):
    # Documented as text; numbers were seen.
    ts: str | int | None = None

    @property
    def number(self) -> str:
        """Return the event's number, which goes into an address and into the cursor."""
        ts = "" if self.ts is None else str(self.ts)[:31]
        if not ts.isascii() or not ts.isdigit() or len(ts) > 30:
            raise BadPayloadError(
                f"{WHERE}: ответ не такой, как в документации: ts — не номер события. Ничего "
                "из него не принято; если повторится, передайте это сообщение администратору."
            )
        return ts


class _Server(_Place):
    server: str = Field(max_length=500)
    key: str = Field(max_length=500)


class _Answer(_Place):
    updates: list[object] | None = None
    failed: int | None = None


async def drain(
    api: VkApi, http: Http, group_id: int, ts: str | None, *, wait: int = WAIT_SECONDS
) -> Drained:
    """Return the events after ``ts`` (None at first), until an answer brings none.

    ``group_id`` is positive; ``wait`` is for how many seconds the server may hold the request
    while nothing happens, 1..25. Raises ApiError, UnreachableError, BadPayloadError, ParkedError
    and HeldError; what fails after events have come is left for the next call.
    """
    events: list[object] = []
    server = await _server(api, group_id)
    at, lost = (server.number, True) if ts is None else (ts, False)
    renewals = 0
    for _ in range(MAX_ASKS):
        try:
            answer = await _ask(http, server, at, LATER_WAIT_SECONDS if events else wait)
            if answer.failed in {2, 3}:
                renewals += 1
                _check_patience(renewals)
                server = await _server(api, group_id)
            if answer.failed in {None, 1}:
                at, lost = answer.number, lost or answer.failed == 1
            elif answer.failed == 3:
                at, lost = server.number, True
        except SourceError:
            # What has come is stored first; the error comes back with the next call.
            if events:
                break
            raise
        events += answer.updates or []
        if answer.failed is None and not answer.updates:
            break
    return Drained(events, at, lost)


def _check_patience(renewals: int) -> None:
    if renewals > MAX_RENEWALS:
        raise UnreachableError(
            f"{WHERE}: сервер не принимает новых ключей. "
            "Это сбой на стороне сети; опрос повторится сам."
        )


async def _server(api: VkApi, group_id: int) -> _Server:
    method = "groups.getLongPollServer"
    answer = await api.call(method, {"group_id": group_id})
    return read(_Server, answer, where=f"ВКонтакте, метод {method}")


async def _ask(http: Http, server: _Server, ts: str, wait: int) -> _Answer:
    request = Request(
        "GET",
        server.server,
        params={"act": "a_check", "key": server.key, "ts": ts, "wait": str(wait)},
        secrets=frozenset({"key"}),
        read_seconds=wait + READ_SECONDS,
    )
    answer = await http.send(request)
    if answer.status >= 500 or answer.status == 429:
        raise UnreachableError(
            f"{WHERE}: сервер ответил кодом {answer.status}. "
            "Это сбой на стороне сети; опрос повторится сам.",
            retry_after=answer.retry_after(),
        )
    said = read(_Answer, answer.json(where=WHERE), where=WHERE)
    if said.failed not in {None, 1, 2, 3}:
        raise BadPayloadError(
            f"{WHERE}: неизвестный отказ {said.failed}. Обновите программу; "
            "стена сообщества тем временем читается обычным опросом."
        )
    return said
