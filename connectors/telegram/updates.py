"""Updates of Telegram's Bot API, however they came, turned into posts. Everything here is pure.

External ids are ``{chat}_{message}``. A bot is not told of deletions. Messages of private chats
are appeals of their own; in a group, a message that answers another is its comment.
"""

import re
from datetime import datetime

from pydantic import Field

from connectors.payload import Seconds, Shape, Text, moment, read
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

WHERE = "Telegram, событие бота"

KINDS = ("message", "edited_message", "channel_post", "edited_channel_post")
"""Updates that carry messages; the others are not asked for."""

_USERNAME = re.compile(r"[A-Za-z0-9_]{4,32}", re.ASCII)
_COMMAND = re.compile(r"/[A-Za-z0-9_@]{1,64}", re.ASCII)
_SUPERGROUP = "-100"
"""What a supergroup's or channel's id begins with; links hold the rest."""


class _Account(Shape):
    id: int
    is_bot: bool = False


class _Chat(Shape):
    id: int
    type: str
    username: str = ""


class _Answered(Shape):
    message_id: int


class _Message(Shape):
    message_id: int
    chat: _Chat
    date: Seconds | None = None
    edit_date: Seconds | None = None
    sender: _Account | None = Field(default=None, validation_alias="from")
    sender_chat: _Account | None = None
    text: Text = ""
    caption: Text = ""
    reply_to_message: _Answered | None = None
    message_thread_id: int | None = None
    is_topic_message: bool = False


class _Update(Shape):
    update_id: int
    message: _Message | None = None
    edited_message: _Message | None = None
    channel_post: _Message | None = None
    edited_channel_post: _Message | None = None


class _Numbered(Shape):
    update_id: int = Field(ge=0, lt=2**62)


def update_number(payload: object) -> int:
    """Return the number of an update. Raises BadPayloadError."""
    return read(_Numbered, payload, where=WHERE).update_id


def parse_update(payload: object, received_at: datetime | None = None) -> FetchedPost | None:
    """Read one update; ``received_at`` stands for an edit's moment where it does not tell one.

    None for updates that carry no text: of other kinds, mere pictures, commands to the bot, and
    what other bots write. Raises BadPayloadError.
    """
    update = read(_Update, payload, where=WHERE)
    message = update.message or update.channel_post
    changed = update.edited_message or update.edited_channel_post
    if changed is not None:
        message = changed
    if message is None:
        return None
    text = message.text or message.caption
    # An anonymous administrator and a channel in its group are shown as bots as well.
    robot = message.sender is not None and message.sender.is_bot and message.sender_chat is None
    private = message.chat.type == "private"
    if not text or robot or (private and _COMMAND.fullmatch(text.strip())):
        return None
    parent, root = ("", "") if private else _above(message)
    author = message.sender_chat or message.sender
    return FetchedPost(
        network=Network.TELEGRAM,
        external_id=f"{message.chat.id}_{message.message_id}",
        kind=PostKind.COMMENT if root else PostKind.POST,
        text=text,
        published_at=moment(message.date),
        url=_url(message),
        author_id=str(author.id) if author else "",
        parent_id=parent,
        root_id=root,
        edited_at=moment(message.edit_date) or (received_at if changed else None),
    )


def _above(message: _Message) -> tuple[str, str]:
    """Return the message answered and the one at the top of the thread, as far as is told."""
    answered = message.reply_to_message.message_id if message.reply_to_message else None
    # In a forum the thread is a topic, which every message belongs to without answering it.
    thread = None if message.is_topic_message else message.message_thread_id
    if message.is_topic_message and answered == message.message_thread_id:
        answered = None
    root = thread or answered
    if root is None or root == message.message_id:
        return "", ""
    chat = message.chat.id
    return f"{chat}_{answered or root}", f"{chat}_{root}"


def _url(message: _Message) -> str:
    """Return the address of a message; private chats and small groups have none."""
    if _USERNAME.fullmatch(message.chat.username) and message.chat.type != "private":
        return f"https://t.me/{message.chat.username}/{message.message_id}"
    number = str(message.chat.id)
    if number.startswith(_SUPERGROUP) and message.chat.type != "private":
        return f"https://t.me/c/{number.removeprefix(_SUPERGROUP)}/{message.message_id}"
    return ""
