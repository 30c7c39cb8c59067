"""Notices by a bot of MAX, which knows no idempotency key."""

from connectors.base import BadPayloadError, UnreachableError
from connectors.max.api import MaxApi
from connectors.max.publisher import LIMIT, MESSAGES
from connectors.notices import Message, NotSentError
from connectors.reached import never_connected


class MaxSender:
    """Writes to one chat, by its id, or to a person, by ``user:`` and theirs."""

    limit = LIMIT

    def __init__(self, api: MaxApi, chat: str) -> None:
        """Remember where to write."""
        self._api = api
        self._chat = chat

    async def send(self, message: Message) -> None:
        """Write one message. Raises ApiError, NotSentError, UnreachableError."""
        body = {"text": message.text}
        kind, _, person = self._chat.partition(":")
        to = {"user_id": person} if kind == "user" else {"chat_id": self._chat}
        try:
            await self._api.post(MESSAGES, body, {**to, "disable_link_preview": "true"})
        except BadPayloadError as error:
            # It may well stand there.
            raise UnreachableError(str(error)) from None
        except UnreachableError as error:
            if never_connected(error):
                raise NotSentError(str(error)) from None
            raise
