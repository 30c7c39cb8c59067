"""MAX: answers in the bot's name, below a channel's post or as a reply in a chat."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.max.api import MaxApi
from connectors.max.shapes import CHANNEL, REPLY, Chat, Me, Message, Messages, Sent
from connectors.payload import read
from connectors.publishing import Published, Reply
from models.vocabulary import Network

LIMIT = 4000
"""Characters of a message or comment."""

PAGE = 100
"""Messages looked through for our own answer: it is among the newest."""

MESSAGES = "/messages"
COMMENTS = "/messages/{messageId}/comments"
CHAT = "/chats/{chatId}"

CHAT_ID = re.compile(r"-?[0-9]{1,19}", re.ASCII)
MID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}", re.ASCII)

REFUSING = frozenset({Action.CLOSED, Action.TOMBSTONE, Action.QUARANTINE})
"""What is about this place or this text, so that only a person can decide what next."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to answer: below ``post`` of a channel, or in the chat; ``mid`` is what is answered.

    ``mid`` is empty where a channel's post itself is answered.
    """

    chat: int
    post: str
    mid: str

    def published(self, message: Message) -> Published:
        own = message.body.mid
        if self.post:
            return Published(f"{self.chat}_{self.post}_{own}", "")
        url = message.url or ""
        return Published(f"{self.chat}_{own}", url if url.startswith("https://") else "")


class MaxPublisher:
    """Answers with the bot that ``api`` calls for.

    The bot has to be an administrator of a channel to comment there. MAX knows no idempotency
    key, so only ``find`` tells whether an answer already stands.
    """

    limit = LIMIT

    def __init__(self, api: MaxApi) -> None:
        """Remember what to publish with."""
        self._api = api
        self._me: int | None = None
        self._channels: dict[int, bool] = {}

    async def publish(self, reply: Reply) -> Published:
        """Publish an answer to a message or comment, in one attempt.

        Raises ApiError: with REFUSED when it will not be taken there, with other actions when it
        may be later or from another key; nothing was published then. Raises UnreachableError
        when nobody knows.
        """
        if not reply.text.strip() or len(reply.text) > LIMIT:
            sense = "он пуст" if not reply.text.strip() else f"он длиннее {LIMIT} знаков"
            raise _refused("length", f"MAX: ответ не отправлен: {sense}. Исправьте текст.")
        place = await self._place(reply)
        try:
            answer = await self._send(place, reply.text)
            sent = read(Sent, answer, where="MAX, опубликованный ответ")
        except BadPayloadError as error:
            # It may well stand there.
            raise UnreachableError(str(error)) from None
        except ApiError as error:
            if error.action is Action.RETRY:
                # A fault on their side, in the middle of the work: it may have been done.
                raise UnreachableError(str(error), retry_after=error.retry_after) from None
            if error.action in REFUSING:
                raise _refused(error.code, str(error)) from None
            raise
        return place.published(sent.message)

    async def _send(self, place: _Place, text: str) -> object:
        link = {"type": REPLY, "mid": place.mid} if place.mid else None
        if place.post:
            path = f"/messages/{place.post}/comments"
            body: Mapping[str, object] = {"text": text, "link": link} if link else {"text": text}
            return await self._api.post(COMMENTS, body, path=path)
        body = {"text": text, "attachments": None, "link": link}
        return await self._api.post(MESSAGES, body, {"chat_id": str(place.chat)})

    async def find(self, reply: Reply) -> Published | None:
        """Return where our answer stands, looking among the newest; None if nowhere.

        Ours is a message by the bot (or, below a post, in the channel's own name) with the same
        words that answers the same message. Raises SourceError.
        """
        place = await self._place(reply)
        if place.post:
            path = f"/messages/{place.post}/comments"
            answer = await self._api.get(COMMENTS, {"count": str(PAGE)}, path=path)
        else:
            params = {"chat_id": str(place.chat), "count": str(PAGE)}
            answer = await self._api.get(MESSAGES, params)
        method = COMMENTS if place.post else MESSAGES
        wanted = _words(reply.text)
        me = await self._who()
        for raw in read(Messages, answer, where=f"MAX, метод {method}").messages:
            try:
                message = read(Message, raw, where=f"MAX, метод {method}")
            except BadPayloadError:
                continue
            sender = message.sender
            ours = sender.user_id == me if sender is not None else bool(place.post)
            if ours and _words(message.body.text or "") == wanted and _answers(message, place.mid):
                return place.published(message)
        return None

    async def _who(self) -> int:
        if self._me is None:
            answer = await self._api.get("/me")
            self._me = read(Me, answer, where="MAX, метод GET /me").user_id
        return self._me

    async def _place(self, reply: Reply) -> _Place:
        """Find out where a reply goes. Raises ApiError when its ids are none of MAX's."""
        chat, _, mid = reply.external_id.partition("_")
        post = ""
        if reply.root_id and reply.external_id.startswith(f"{reply.root_id}_"):
            post = reply.root_id.partition("_")[2]
            mid = reply.external_id.removeprefix(f"{reply.root_id}_")
        if not CHAT_ID.fullmatch(chat) or not all(MID.fullmatch(one) for one in (mid, post or mid)):
            raise _refused("id", "MAX: не понять, на какое сообщение ответить. Ответьте вручную.")
        if not post and await self._is_channel(int(chat)):
            # A reply beside a channel's post would be a post of the channel.
            return _Place(int(chat), mid, "")
        return _Place(int(chat), post, mid)

    async def _is_channel(self, chat: int) -> bool:
        if chat not in self._channels:
            try:
                answer = await self._api.get(CHAT, path=f"/chats/{chat}")
            except ApiError as error:
                # The method is documented for chats and channels only, not for dialogs.
                if error.action not in REFUSING:
                    raise
                self._channels[chat] = False
            else:
                found = read(Chat, answer, where=f"MAX, метод GET {CHAT}")
                self._channels[chat] = found.type == CHANNEL
        return self._channels[chat]


def _answers(message: Message, mid: str) -> bool:
    """Tell whether a message answers ``mid``; two citizens may get the same words."""
    link = message.link
    told = link.message.mid or "" if link is not None and link.type == REPLY else ""
    return told == mid


def _words(text: str) -> list[str]:
    """Return the words of a text: spaces may come back changed."""
    return text.split()


def _refused(code: int | str, message: str) -> ApiError:
    return ApiError(message, network=Network.MAX, method="POST", code=code, action=Action.REFUSED)
