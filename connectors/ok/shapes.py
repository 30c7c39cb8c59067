"""Odnoklassniki: the documented parts of its answers that are read here.

Lists hold any objects: they are read item by item.
"""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from connectors.payload import Milliseconds, Shape, Text

MOST = 10_000_000
"""Comments of one discussion that are believed."""

MOSCOW = ZoneInfo("Europe/Moscow")  # ``date`` is Moscow local time, whatever the group


def _as_text(value: object) -> object:
    """Ids come as text and, from older methods, as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# Ids become part of addresses and of external ids, so no other characters are let through.
Number = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^[0-9]{1,30}$")]
Id = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^[0-9A-Za-z:.=-]{1,100}$")]


def _moscow(value: object) -> object:
    """Read ``2014-04-11 12:53:02``; anything else is left for the check to refuse."""
    if not isinstance(value, str):
        return value
    try:
        local = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=MOSCOW)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return value


Local = Annotated[datetime, BeforeValidator(_moscow)]


def _count(value: object) -> object:
    """Take a count that makes no sense for none: it must not cost the text beside it."""
    sane = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
    return value if sane else None


Count = Annotated[int | None, BeforeValidator(_count)]


class _Media(Shape):
    """A block of a topic."""

    type: str | None = None
    text: Text | None = None


class _Summary(Shape):
    """How much was said below a topic."""

    comments_count: Count = None


class TopicShape(Shape):
    """A topic of a group."""

    id: Number
    created_ms: Milliseconds | None = None
    author_ref: str | None = None
    owner_ref: str | None = None
    media: list[_Media] | None = None
    discussion_summary: _Summary | None = None


class CommentShape(Shape):
    """A comment; newer methods date it in milliseconds, older ones in words."""

    id: Id
    author_id: Id | None = None
    author_type: str | None = None
    text: Text | None = None
    date: Local | None = None
    date_ms: Milliseconds | None = None
    created_ms: Milliseconds | None = None
    reply_to_comment_id: Id | None = None
    reply_to_id: Id | None = None
    type: str = "ACTIVE_MESSAGE"


class _Reference(Shape):
    """What a discussion belongs to."""

    id: Id
    type: str | None = None


class DiscussionShape(Shape):
    """A discussion as discussions.getList gives it."""

    object_id: Number
    object_type: str
    title: Text | None = None
    message: Text | None = None
    creation_date: Local | None = None
    last_activity_date: Local | None = None
    owner_uid: Id | None = None
    total_comments_count: Count = None
    ref_objects: list[_Reference] | None = None


class _Entities(Shape):
    """What the feeds refer to."""

    media_topics: list[object] | None = None


class TopicsAnswer(Shape):
    """An answer of stream.get, or of mediatopic.getByIds."""

    media_topics: list[object] | None = None
    entities: _Entities | None = None
    anchor: str | None = Field(default=None, max_length=500)


class CommentsAnswer(Shape):
    """An answer of discussions.getComments."""

    comments: list[object] | None = None
    anchor: str | None = Field(default=None, max_length=500)
    has_more: bool = False


class DiscussionsAnswer(Shape):
    """An answer of discussions.getList."""

    discussions: list[object] | None = None
    anchor: str | None = Field(default=None, max_length=500)


class _Named(Shape):
    """A group."""

    uid: Number


class GroupsAnswer(Shape):
    """An answer of group.getInfo."""

    groups: list[_Named] = Field(default_factory=list)


class Refusal(Shape):
    """An error."""

    error_code: int


class Numbered(Shape):
    """What can be told apart by its number, whatever else is wrong with it."""

    id: Number


class Identified(Shape):
    """What can be told apart by its id, whatever else is wrong with it."""

    id: Id
