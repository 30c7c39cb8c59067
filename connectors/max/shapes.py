"""The documented parts of MAX's answers and events that the program reads."""

from typing import Annotated

from pydantic import Field

from connectors.payload import Milliseconds, Shape, Text

# Ids become parts of addresses and of external ids, so nothing else is let through.
Mid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}$")]
"""A message's id: documented as letters, digits, "_" and "-", often after ``mid.``."""

Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]

CHANNEL = "channel"
DIALOG = "dialog"
REPLY = "reply"
FORWARD = "forward"


class Sender(Shape):
    """Who wrote; what a channel publishes in its own name has none."""

    user_id: Number
    is_bot: bool = False


class Recipient(Shape):
    """Where it was written; ``post_id`` stands in comments below a channel's post."""

    chat_id: Number
    chat_type: str = ""
    post_id: Mid | None = None


class Body(Shape):
    """What was written. ``seq`` is left alone: it exceeds what floats hold."""

    mid: Mid
    text: Text | None = None


class LinkedBody(Shape):
    """What a message answers or forwards."""

    mid: Mid | None = None
    text: Text | None = None


class Linked(Shape):
    """How a message hangs together with another."""

    type: str
    message: LinkedBody


class Message(Shape):
    """A message, a channel's post or a comment; without a body it has no id to be told by."""

    sender: Sender | None = None
    recipient: Recipient
    timestamp: Milliseconds | None = None
    link: Linked | None = None
    body: Body
    url: str | None = None


class Messages(Shape):
    """An answer with messages, the newest first."""

    messages: list[object]


class Sent(Shape):
    """An answer to what was published."""

    message: Message


class Update(Shape):
    """What all events have."""

    update_type: str
    timestamp: Milliseconds | None = None


class MessageUpdate(Update):
    """A message or comment appeared or was changed."""

    message: Message


class Removal(Update):
    """A message or comment was deleted; ``post_id`` stands where it was a comment."""

    message_id: Mid
    chat_id: Number
    post_id: Mid | None = None


class Membership(Update):
    """The bot came into a chat, or has to do with it no more."""

    chat_id: Number


class Updates(Shape):
    """A page of events and the marker of the next one."""

    updates: list[object]
    marker: Number | None = None


class Me(Shape):
    """The bot itself."""

    user_id: Number


class Chat(Shape):
    """A chat or channel."""

    chat_id: Number
    type: str
