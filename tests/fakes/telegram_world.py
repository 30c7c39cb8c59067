"""What the fake Telegram holds: channels with their discussions, and bots with their updates.

Change it while the server runs::

    world = TelegramWorld()
    world.add_channel("smolray", "Смоленский район")
    post = world.post("smolray", "Расписание автобусов")
    world.comment("smolray", post, "А в Печерск?")
    world.edit("smolray", post, "Новое расписание автобусов")
    world.delete("smolray", post)
    world.add_bot("1:abc")
    world.say("1:abc", "У нас нет воды")
    world.later(world.clock() + 30, lambda: world.post("smolray", "Ещё новость"))
"""

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PAGE = 20
"""Messages that a preview shows."""

BOT_ID = 7_000_000_001
CITIZEN = 5_100_000_001


@dataclass(slots=True)
class FakeMessage:
    """A post or a comment. ``at`` is Unix time; ``reply_to`` a number beside it.

    An album takes the numbers after its own for its further ``pictures``.
    """

    number: int
    text: str
    at: float
    author: str = "Житель"
    reply_to: int | None = None
    forwarded_from: str = ""
    pictures: int = 0
    service: bool = False
    edited: bool = False
    comments: dict[int, "FakeMessage"] = field(default_factory=dict)


@dataclass(slots=True)
class FakeChannel:
    """A channel; without ``preview`` its page redirects, without ``discussion`` nobody comments.

    ``last`` and ``last_comment`` are the numbers given last: those of deleted ones stay taken.
    """

    name: str
    title: str
    preview: bool = True
    discussion: bool = True
    posts: dict[int, FakeMessage] = field(default_factory=dict)
    last: int = 0
    last_comment: int = 100


@dataclass(slots=True)
class FakeBot:
    """A bot: its updates that are not confirmed, and where they are pushed instead."""

    token: str
    updates: list[dict[str, Any]] = field(default_factory=list)
    webhook: str = ""
    last_update: int = 900_000_000
    last_message: int = 0
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class TelegramWorld:
    """Everything there is; ``clock`` gives Unix time.

    ``refusals`` of the next requests are answered 429 with ``retry_after`` seconds; beyond
    ``web_rate`` pages or ``bot_rate`` calls in any second (None: no limit) every request is.
    ``log`` holds the time and path of each request, tokens left out.
    """

    clock: Callable[[], float] = time.time
    channels: dict[str, FakeChannel] = field(default_factory=dict)
    bots: dict[str, FakeBot] = field(default_factory=dict)
    refusals: int = 0
    retry_after: int = 3
    web_rate: int | None = None
    bot_rate: int | None = 30
    log: list[tuple[float, str]] = field(default_factory=list)
    _planned: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
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

    def now(self) -> float:
        """Return the time at which something happens."""
        return self.clock() if self._now is None else self._now

    def add_channel(
        self, name: str, title: str, *, preview: bool = True, discussion: bool = True
    ) -> FakeChannel:
        """Make a channel; its first message says so."""
        channel = FakeChannel(name, title, preview=preview, discussion=discussion)
        self.channels[name] = channel
        self.post(name, "Channel created", service=True)
        return channel

    def post(
        self,
        channel: str,
        text: str,
        *,
        at: float | None = None,
        service: bool = False,
        pictures: int = 0,
        forwarded_from: str = "",
        reply_to: int | None = None,
    ) -> int:
        """Publish a post; return its number."""
        place = self.channels[channel]
        number = place.last + 1
        place.last = number + pictures
        place.posts[number] = FakeMessage(
            number,
            text,
            self.now() if at is None else at,
            author=place.title,
            service=service,
            pictures=pictures,
            forwarded_from=forwarded_from,
            reply_to=reply_to,
        )
        return number

    def comment(
        self,
        channel: str,
        post: int,
        text: str,
        *,
        at: float | None = None,
        reply_to: int | None = None,
    ) -> int:
        """Comment a post; return the comment's number."""
        place = self.channels[channel]
        place.last_comment += 1
        number = place.last_comment
        place.posts[post].comments[number] = FakeMessage(
            number, text, self.now() if at is None else at, reply_to=reply_to
        )
        return number

    def edit(self, channel: str, post: int, text: str, *, comment: int | None = None) -> None:
        """Change the text of a post or of a comment below it."""
        message = self.channels[channel].posts[post]
        message = message if comment is None else message.comments[comment]
        message.text, message.edited = text, True

    def delete(self, channel: str, post: int, *, comment: int | None = None) -> None:
        """Delete a post with its comments, or one comment."""
        if comment is None:
            del self.channels[channel].posts[post]
        else:
            del self.channels[channel].posts[post].comments[comment]

    def add_bot(self, token: str) -> FakeBot:
        """Make a bot."""
        self.bots[token] = FakeBot(token)
        return self.bots[token]

    def say(
        self,
        token: str,
        text: str,
        *,
        chat: int = CITIZEN,
        chat_type: str = "private",
        username: str = "",
        author: int = CITIZEN,
        reply_to: int | None = None,
        thread: int | None = None,
        **extra: object,
    ) -> dict[str, Any]:
        """Let somebody write where the bot reads; return the message as the bot is told of it."""
        bot = self.bots[token]
        bot.last_message += 1
        place: dict[str, object] = {"id": chat, "type": chat_type}
        if username:
            place["username"] = username
        message: dict[str, Any] = {
            "message_id": bot.last_message,
            "chat": place,
            "date": int(self.now()),
            "text": text,
            **extra,
        }
        if chat_type == "channel":
            message["sender_chat"] = place
        else:
            message["from"] = {"id": author, "is_bot": False, "first_name": "Житель"}
        if reply_to is not None:
            message["reply_to_message"] = {
                "message_id": reply_to,
                "date": int(self.now()),
                "chat": place,
            }
        if thread is not None:
            message["message_thread_id"] = thread
        self.push(token, "channel_post" if chat_type == "channel" else "message", message)
        return message

    def rewrite(self, token: str, message: dict[str, Any], text: str) -> None:
        """Let somebody change what he wrote."""
        changed = message | {"text": text, "edit_date": int(self.now())}
        channel = message["chat"]["type"] == "channel"
        self.push(token, "edited_channel_post" if channel else "edited_message", changed)

    def push(self, token: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Tell a bot of something; return the update."""
        bot = self.bots[token]
        bot.last_update += 1
        update = {"update_id": bot.last_update, kind: body}
        bot.updates.append(update)
        return update
