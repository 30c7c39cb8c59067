"""Notices by a bot of Telegram. There is no idempotency key and no way to ask what was sent."""

from connectors.base import Action, ApiError
from connectors.calling import Caller
from connectors.http import Answer, Http, Request
from connectors.notices import Message
from connectors.payload import Shape, read
from connectors.reached import post_once
from connectors.telegram.api import BOT
from connectors.telegram.bot import ADVICE
from models.vocabulary import Network

METHOD = "sendMessage"
WHERE = f"Telegram, метод {METHOD}"
LIMIT = 4096
RATE = 20.0
"""Messages a second of one bot: 30 are allowed."""

ASKED_TWICE = {
    400: (Action.REFUSED, "сообщение не принято; проверьте номер чата"),
    403: (Action.REFUSED, "бот не может писать в этот чат; человек должен сперва написать боту"),
}
"""What these codes mean for a message."""

_UNKNOWN = (Action.QUARANTINE, "Telegram отказал в ответе, запрос не повторяется")
_FAULT = (Action.RETRY, "сбой на стороне Telegram")


class _Parameters(Shape):
    retry_after: int | None = None


class _Reply(Shape):
    ok: bool
    error_code: int = 0
    parameters: _Parameters | None = None


class TelegramSender:
    """Writes to one chat with the bot whose token ``caller`` holds."""

    limit = LIMIT

    def __init__(self, http: Http, caller: Caller, chat: str, *, base: str = BOT) -> None:
        """Remember where to write."""
        self._http = http
        self._caller = caller
        self._chat = chat
        self._base = base

    async def send(self, message: Message) -> None:
        """Write one message. Raises ApiError, NotSentError, UnreachableError."""
        await self._caller.call(METHOD, lambda: self._attempt(message), repeat=False)

    async def _attempt(self, message: Message) -> None:
        secret = self._caller.token.secret.get_secret_value()
        request = Request(
            "POST",
            f"{self._base}/bot{secret}/{METHOD}",
            json={
                "chat_id": self._chat,
                "text": message.text,
                "link_preview_options": {"is_disabled": True},
            },
            # A connection that was kept open may be closed at the other end: the message would
            # be lost, and nobody could know.
            headers={"Connection": "close"},
            hidden=secret,
        )
        answer = await post_once(self._http, request)
        reply = read(_Reply, answer.json(where=WHERE), where=WHERE)
        if not reply.ok:
            raise _refusal(answer, reply)


def _refusal(answer: Answer, reply: _Reply) -> ApiError:
    """Return the error for a refusal; Telegram's own words are left out."""
    code = reply.error_code or answer.status
    table = {**ADVICE, **ASKED_TWICE}
    action, advice = table.get(code, _FAULT if code >= 500 else _UNKNOWN)
    told = reply.parameters.retry_after if reply.parameters else None
    return ApiError(
        f"{WHERE}: ошибка {code}: {advice}.",
        network=Network.TELEGRAM,
        method=METHOD,
        code=code,
        action=action,
        retry_after=answer.retry_after() if told is None else float(told),
    )
