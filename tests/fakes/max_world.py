"""What the fake MAX holds: one bot, its chats, channels and dialogs, events and subscriptions.

Change it while the server runs::

    world = MaxWorld()
    world.add_chat(-71, "channel", "Смоленский район")
    post = world.say(-71, "Расписание автобусов", author=None)
    said = world.comment(post, "А в Печерск?", author=501)
    world.edit(said, "А в Печерск когда?")
    world.remove(post)
    world.later(world.clock() + 30, lambda: world.say(-71, "Ещё новость", author=None))
"""

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

BOT_ID = 880_000_001
TOKEN = "demo-max-token"  # noqa: S105 - opens nothing but the fake
FIRST_SEQ = 115_000_000_000_000_000
"""Of messages; more than 2^53, as there."""

RATE = 30
"""Requests a second, of one bot."""

SENDS = 2
"""Messages a second into one chat."""


@dataclass(slots=True)
class FakeMessage:
    """A message, post or comment. ``at`` is in milliseconds; ``author`` None: the channel itself.

    ``answers`` is the message it replies to, ``forwards`` a text that it passes on. ``post`` is
    the post that a comment stands below.
    """

    mid: str
    seq: int
    chat: int
    text: str
    at: int
    author: int | None
    answers: "FakeMessage | None" = None
    forwards: str = ""
    post: "FakeMessage | None" = None
    comments: dict[str, "FakeMessage"] = field(default_factory=dict)


@dataclass(slots=True)
class FakeChat:
    """A ``chat``, ``channel`` or ``dialog``; ``admitted``: the bot may read there."""

    id: int
    type: str
    title: str
    admitted: bool = True
    comments_on: bool = True
    messages: dict[str, FakeMessage] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """A request: when, what, and the status that it was answered with."""

    at: float
    name: str
    status: int


@dataclass(slots=True)
class MaxWorld:
    """Everything there is; ``clock`` gives Unix time.

    ``updates`` are all events in order: a marker is a place among them. ``unavailable`` of the
    next requests are answered 503. ``lists_chats`` brings the withdrawn GET /chats back.
    ``rate`` and ``sends`` are the limits of any second (None: none). ``log`` holds every request.
    """

    clock: Callable[[], float] = time.time
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    chats: dict[int, FakeChat] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    unavailable: int = 0
    lists_chats: bool = False
    rate: int | None = RATE
    sends: int | None = SENDS
    log: list[Call] = field(default_factory=list)
    _planned: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _seq: "itertools.count[int]" = field(default_factory=lambda: itertools.count(FIRST_SEQ))
    _now: float | None = None

    def later(self, at: float, action: Callable[[], object]) -> None:
        """Let ``action`` happen at ``at``: when the first request after it comes."""
        heapq.heappush(self._planned, (at, next(self._order), action))

    def tick(self) -> None:
        """Let happen what is due; while it does, the time is that of its plan."""
        now = self.clock()
        while self._planned and self._planned[0][0] <= now:
            at, _, action = heapq.heappop(self._planned)
            self._now = at
            action()
        self._now = None

    def now(self) -> int:
        """Return the time at which something happens, in milliseconds."""
        return int((self.clock() if self._now is None else self._now) * 1000)

    def add_chat(self, chat: int, kind: str, title: str) -> FakeChat:
        """Make a chat with the bot in it; of a channel or group the bot is told."""
        self.chats[chat] = FakeChat(chat, kind, title)
        if kind != "dialog":
            self._tell("bot_added", chat_id=chat, user=person(1), is_channel=kind == "channel")
        return self.chats[chat]

    def expel(self, chat: int) -> None:
        """Take the bot out of a chat; it is told."""
        self.chats[chat].admitted = False
        self._tell("bot_removed", chat_id=chat, user=person(1), is_channel=False)

    def say(
        self,
        chat: int,
        text: str,
        *,
        author: int | None,
        at: float | None = None,
        answers: FakeMessage | None = None,
        forwards: str = "",
        quietly: bool = False,
    ) -> FakeMessage:
        """Write in a chat or channel; ``quietly``: the bot is not told, as if it were away."""
        message = self._new(chat, text, author, at)
        message.answers, message.forwards = answers, forwards
        self.chats[chat].messages[message.mid] = message
        if author != BOT_ID and not quietly:
            self._tell("message_created", message=shown(self, message))
        return message

    def comment(
        self,
        post: FakeMessage,
        text: str,
        *,
        author: int | None,
        at: float | None = None,
        answers: FakeMessage | None = None,
        quietly: bool = False,
    ) -> FakeMessage:
        """Comment a channel's post."""
        message = self._new(post.chat, text, author, at)
        message.answers, message.post = answers, post
        post.comments[message.mid] = message
        if author != BOT_ID and not quietly:
            self._tell("comment_created", message=shown(self, message))
        return message

    def edit(self, message: FakeMessage, text: str, *, quietly: bool = False) -> None:
        """Change a message or comment."""
        message.text = text
        if not quietly:
            kind = "comment_edited" if message.post else "message_edited"
            self._tell(kind, message=shown(self, message))

    def remove(self, message: FakeMessage, *, quietly: bool = False) -> None:
        """Delete a message (a post with its comments) or a comment."""
        told = {"message_id": message.mid, "chat_id": message.chat, "user_id": message.author or 1}
        if message.post is not None:
            del message.post.comments[message.mid]
            told["post_id"] = message.post.mid
        else:
            del self.chats[message.chat].messages[message.mid]
        if not quietly:
            self._tell("comment_removed" if message.post else "message_removed", **told)

    def find(self, mid: str) -> FakeMessage | None:
        """Return a message of any chat that admits the bot."""
        for chat in self.chats.values():
            if chat.admitted and mid in chat.messages:
                return chat.messages[mid]
        return None

    def _new(self, chat: int, text: str, author: int | None, at: float | None) -> FakeMessage:
        seq = next(self._seq)
        mid = f"mid.{chat & 0xFFFF_FFFF_FFFF_FFFF:016x}{seq:016x}"
        moment = self.now() if at is None else int(at * 1000)
        return FakeMessage(mid, seq, chat, text, moment, author)

    def _tell(self, kind: str, **fields: Any) -> None:
        self.updates.append({"update_type": kind, "timestamp": self.now(), **fields})


def person(number: int) -> dict[str, Any]:
    """Return an account as answers show it; people have numbers for names."""
    robot = number == BOT_ID
    name = "Приёмная района" if robot else f"Житель {number}"
    return {
        "user_id": number,
        "first_name": name,
        "username": "priyomnaya_bot" if robot else None,
        "is_bot": robot,
        "last_activity_time": 1_794_000_000_000,
        "name": name,
    }


def shown(world: MaxWorld, message: FakeMessage) -> dict[str, Any]:
    """Return a message or comment as answers and events show it."""
    chat = world.chats[message.chat]
    recipient: dict[str, Any] = {"chat_id": chat.id, "chat_type": chat.type, "user_id": None}
    if chat.type == "dialog":
        recipient["user_id"] = BOT_ID
    body: dict[str, Any] = {"mid": message.mid, "seq": message.seq, "text": message.text}
    told: dict[str, Any] = {"recipient": recipient, "timestamp": message.at, "body": body}
    if message.author is not None:
        told["sender"] = person(message.author)
    if message.post is not None:
        recipient["post_id"] = message.post.mid
    else:
        body["attachments"] = None
        if chat.type == "channel":
            told["stat"] = {"views": 100}
            told["url"] = f"https://max.ru/c/{chat.id}/{message.seq}"
    link = _link(message)
    if link is not None:
        told["link"] = link
    return told


def _link(message: FakeMessage) -> dict[str, Any] | None:
    if message.forwards:
        other = {"mid": "mid.elsewhere", "seq": FIRST_SEQ - 1, "text": message.forwards}
        return {"type": "forward", "chat_id": 5, "message": other | {"attachments": None}}
    answered = message.answers
    if answered is None:
        return None
    other = {"mid": answered.mid, "seq": answered.seq, "text": answered.text, "attachments": None}
    told: dict[str, Any] = {"type": "reply", "message": other}
    if answered.author is not None:
        told["sender"] = person(answered.author)
    return told
