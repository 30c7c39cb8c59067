"""Notices by messages of a community of VKontakte.

A message with the same ``random_id`` is not delivered twice within an hour, so it can be sent again
when no answer came. A person has to have allowed the community's messages.
"""

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.calling import Caller
from connectors.http import Http, Request
from connectors.notices import Message
from connectors.reached import post_once
from connectors.vk.api import BASE, VERSION, unwrap
from models.vocabulary import Network

METHOD = "messages.send"
LIMIT = 4096

CLOSED_TO_US = {
    900: "человек внёс сообщество в чёрный список",
    901: "человек не разрешил сообществу писать ему; пусть сперва напишет сам",
    902: "настройки человека не дают ему писать",
    914: "сообщение слишком длинное",
    917: "у сообщества нет доступа к этой беседе",
}
"""Codes of messages alone; https://dev.vk.com/ru/method/messages.send"""


class VkSender:
    """Writes to one person or conversation with the community's token, which ``caller`` holds."""

    limit = LIMIT

    def __init__(self, http: Http, caller: Caller, peer: str, *, base: str = BASE) -> None:
        """Remember where to write."""
        self._http = http
        self._caller = caller
        self._peer = peer
        self._base = base

    async def send(self, message: Message) -> None:
        """Write one message. Raises ApiError, NotSentError, UnreachableError."""
        await self._caller.call(METHOD, lambda: self._attempt(message), repeat=False)

    async def _attempt(self, message: Message) -> None:
        where = f"ВКонтакте, метод {METHOD}"
        request = Request(
            "POST",
            f"{self._base}/method/{METHOD}",
            form={
                "peer_id": self._peer,
                "message": message.text,
                "random_id": str(random_id(message.key)),
                "dont_parse_links": "1",
                "v": VERSION,
                "access_token": self._caller.token.secret.get_secret_value(),
            },
            secrets=frozenset({"access_token"}),
        )
        answer = await post_once(self._http, request)
        if answer.status >= 500 or answer.status == 429:
            raise UnreachableError(
                f"{where}: сервер ответил кодом {answer.status}.",
                retry_after=answer.retry_after(),
            )
        try:
            unwrap(METHOD, answer.json(where=where))
        except BadPayloadError as error:
            # It may well have been delivered.
            raise UnreachableError(str(error)) from None
        except ApiError as error:
            if error.code not in CLOSED_TO_US:
                raise
            raise ApiError(
                f"{where}: ошибка {error.code}: {CLOSED_TO_US[int(error.code)]}.",
                network=Network.VK,
                method=METHOD,
                code=error.code,
                action=Action.REFUSED,
            ) from None


def random_id(key: str) -> int:
    """Return a message's number for VKontakte: 31 bits of its key, never 0, which means none."""
    return int(key[:12], 16) % (2**31 - 1) + 1
