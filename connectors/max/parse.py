"""MAX: messages, comments and events, turned into posts. Everything here is pure.

External ids are ``{chat}_{mid}`` and, for comments below a channel's post,
``{chat}_{mid}_{comment mid}``. A channel's posts and messages of dialogs are posts of their own;
in a group chat a message that answers another is its comment. Messages carry no moment of their
last edit; events tell it.
"""

from datetime import UTC, datetime, timedelta

import orjson

from connectors.base import BadPayloadError, Rejected
from connectors.max.shapes import (
    CHANNEL,
    DIALOG,
    FORWARD,
    REPLY,
    Membership,
    Message,
    MessageUpdate,
    Removal,
    Update,
)
from connectors.payload import read
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

EVENT = "MAX, событие"

CREATED = frozenset({"message_created", "comment_created"})
EDITED = frozenset({"message_edited", "comment_edited"})
REMOVED = frozenset({"message_removed", "comment_removed"})
JOINED = "bot_added"
LEFT = "bot_removed"

TYPES = (*sorted(CREATED | EDITED | REMOVED), JOINED, LEFT)
"""Events that are asked for. Those of comments are not in the published schema (they are newer):
their names are believed."""

MAX_URL = 2000
MAX_PAYLOAD = 10_000


def read_message(raw: object, *, where: str) -> Message:
    """Check a message; ``where`` names the method in Russian. Raises BadPayloadError."""
    return read(Message, raw, where=where)


def as_post(
    message: Message,
    *,
    post_id: str = "",
    edited_at: datetime | None = None,
    seen_at: datetime | None = None,
) -> FetchedPost | None:
    """Return a message as a post; with ``post_id`` it is a comment below that post of a channel.

    None for what bots write (a channel's posts aside) and for messages without text.
    """
    chat = message.recipient.chat_id
    below = post_id or message.recipient.post_id or ""
    is_channel = message.recipient.chat_type == CHANNEL and not below
    text = _text(message)
    robot = message.sender is not None and message.sender.is_bot
    # A channel's post without text is kept: comments hang below it.
    if not is_channel and (robot or not text):
        return None
    own = f"{chat}_{message.body.mid}"
    parent = root = ""
    if below:
        root = f"{chat}_{below}"
        own = f"{root}_{message.body.mid}"
        parent = _answered(message, root)
    elif message.recipient.chat_type != DIALOG and not is_channel:
        # How far up the thread goes is not told.
        parent = root = _answered(message, str(chat))
    return FetchedPost(
        network=Network.MAX,
        external_id=own,
        kind=PostKind.COMMENT if root else PostKind.POST,
        text=text,
        published_at=_moment(message.timestamp),
        url=_url(message),
        author_id=str(message.sender.user_id) if message.sender else "",
        parent_id=parent,
        root_id=root,
        edited_at=edited_at,
        seen_at=seen_at,
    )


def parse_update(raw: object, received_at: datetime | None = None) -> FetchedPost | None:
    """Read an event; ``received_at`` stands for its moment where it tells none.

    None for events of other kinds. Raises BadPayloadError.
    """
    event = read(Update, raw, where=EVENT)
    kind, at = event.update_type, _moment(event.timestamp) or received_at
    where = f"{EVENT} {kind}" if kind in TYPES else EVENT
    if kind in CREATED:
        return as_post(read(MessageUpdate, raw, where=where).message)
    if kind in EDITED:
        return as_post(read(MessageUpdate, raw, where=where).message, edited_at=at)
    if kind in REMOVED:
        gone = read(Removal, raw, where=where)
        return _removed(gone, comment=kind == "comment_removed", at=at)
    return None


def chat_of(raw: object) -> tuple[int, bool] | None:
    """Return the chat or channel that an event tells of, and whether the bot is (still) there.

    None for dialogs and for events that tell of none. Raises BadPayloadError.
    """
    kind = read(Update, raw, where=EVENT).update_type
    if kind in {JOINED, LEFT}:
        return read(Membership, raw, where=EVENT).chat_id, kind == JOINED
    if kind in CREATED | EDITED:
        recipient = read(MessageUpdate, raw, where=EVENT).message.recipient
        return None if recipient.chat_type in {DIALOG, ""} else (recipient.chat_id, True)
    return None


def tombstone(
    external_id: str,
    *,
    root_id: str = "",
    edited_at: datetime | None = None,
    seen_at: datetime | None = None,
) -> FetchedPost:
    """Return the mark of a message that is there no more; ``root_id`` for a comment."""
    return FetchedPost(
        network=Network.MAX,
        external_id=external_id,
        kind=PostKind.COMMENT if root_id else PostKind.POST,
        text="",
        published_at=None,
        root_id=root_id,
        edited_at=edited_at,
        deleted=True,
        seen_at=seen_at,
    )


def rejected(error: BadPayloadError, raw: object) -> Rejected:
    """Return what is kept of an item that could not be read."""
    try:
        payload = orjson.dumps(raw).decode()
    except orjson.JSONEncodeError:
        payload = "значение, которое не записать"
    return Rejected(str(error), payload[:MAX_PAYLOAD])


def _removed(gone: Removal, *, comment: bool, at: datetime | None) -> FetchedPost:
    if not comment:
        return tombstone(f"{gone.chat_id}_{gone.message_id}", edited_at=at)
    if gone.post_id is None:
        raise BadPayloadError(
            f"{EVENT} comment_removed: не сказано, под какой записью был комментарий. "
            "Он будет отмечен удалённым при следующей сверке."
        )
    root = f"{gone.chat_id}_{gone.post_id}"
    return tombstone(f"{root}_{gone.message_id}", root_id=root, edited_at=at)


def _text(message: Message) -> str:
    """Return a message's own text or, where it only forwards, that of the other."""
    if message.body.text:
        return message.body.text
    if message.link is not None and message.link.type == FORWARD:
        return message.link.message.text or ""
    return ""


def _answered(message: Message, above: str) -> str:
    link = message.link
    if link is None or link.type != REPLY or link.message.mid in {None, message.body.mid}:
        return ""
    return f"{above}_{link.message.mid}"


def _url(message: Message) -> str:
    url = message.url or ""
    return url if url.startswith("https://") and len(url) <= MAX_URL else ""


def _moment(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    # Two edits within a second have to keep their order.
    return datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(
        milliseconds=milliseconds % 1000
    )
