"""VKontakte: events of an own community, pushed by the Callback API or fetched by Long Poll.

Everything here is pure. Checking an event costs nothing, so do it before it is stored::

    check_secret → is_confirmation (answer the code) → event_id (known already? answer "ok")
    → store → answer "ok" → parse_event later

External ids are those of the connectors that read the same places: ``{owner}_{post}``,
``{owner}_{post}_r{comment}``, ``{owner}_t{topic}_r{comment}``, and for comments whose place no
connector reads ``{owner}_photo{photo}_r{comment}``, ``…_video…``, ``…_market…``.

Moments: no event tells when it happened, and one that could not be delivered comes again hours
later. So a version says when its source showed it (``seen_at``), as a reading does, and whichever
was seen last stands:

=====================  ==================  =====================================================
act                    seen_at             why
=====================  ==================  =====================================================
new                    when it was         a creation that comes late must not bring back what
                       written             was changed or deleted since
edit, delete, restore  ``received_at``     the next reading of the place puts right what a late
                                           or a lost event left behind
=====================  ==================  =====================================================
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, Field

from connectors.base import BadPayloadError
from connectors.payload import Shape, moment, read
from connectors.vk.parse import UNPUBLISHED
from connectors.vk.shapes import Account, Comment, Number, PushedPost
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

WHERE = "ВКонтакте, событие"
MAX_EVENT_ID = 200


class _Act(StrEnum):
    NEW = "new"
    EDIT = "edit"
    DELETE = "delete"
    RESTORE = "restore"


class _Envelope(Shape):
    type: str
    group_id: Number | None = None
    object: Any = None


class _Pushed(Comment):
    """A comment in an event; recordings and the schema disagree about most of the keys."""

    owner: Account | None = Field(
        None, validation_alias=AliasChoices("post_owner_id", "owner_id", "wall_owner_id")
    )
    place: Number = Field(validation_alias="post_id")


class _OnBoard(_Pushed):
    owner: Account | None = Field(None, validation_alias=AliasChoices("topic_owner_id", "owner_id"))
    place: Number = Field(validation_alias="topic_id")


class _OnPhoto(_Pushed):
    owner: Account | None = Field(None, validation_alias=AliasChoices("photo_owner_id", "owner_id"))
    place: Number = Field(validation_alias=AliasChoices("photo_id", "pid"))


class _OnVideo(_Pushed):
    owner: Account | None = Field(None, validation_alias=AliasChoices("video_owner_id", "owner_id"))
    place: Number = Field(validation_alias=AliasChoices("video_id", "vid"))


class _OnGoods(_Pushed):
    owner: Account | None = Field(
        None, validation_alias=AliasChoices("market_owner_id", "owner_id")
    )
    # The schema calls it photo_id in one event and item_id in another.
    place: Number = Field(validation_alias=AliasChoices("item_id", "photo_id"))


@dataclass(frozen=True, slots=True)
class _Place:
    """What a kind of comment hangs on.

    ``mark`` stands before its number in external ids; ``page`` is the word of its address, with
    the parameter that names the comment.
    """

    shape: type[_Pushed]
    mark: str
    page: str
    parameter: str


# The addresses of comments under photos, videos and goods are believed, not documented.
_PLACES: Mapping[str, _Place] = {
    "wall_reply": _Place(_Pushed, "", "wall", "reply"),
    "board_post": _Place(_OnBoard, "t", "topic", "post"),
    "photo_comment": _Place(_OnPhoto, "photo", "photo", "reply"),
    "video_comment": _Place(_OnVideo, "video", "video", "reply"),
    "market_comment": _Place(_OnGoods, "market", "product", "reply"),
}


def check_secret(payload: object, secret: str) -> bool:
    """Tell whether an event carries our secret; never for an empty one, for anyone knows that.

    Takes the same time however much of a wrong secret is right.
    """
    given = payload.get("secret") if isinstance(payload, dict) else None
    said = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else b""
    same = hmac.compare_digest(said, secret.encode("utf-8", "surrogatepass"))
    return same and bool(secret)


def is_confirmation(payload: object, group_id: int) -> bool:
    """Tell whether VKontakte asks for the confirmation code of the community ``group_id`` (> 0).

    The answer is the code of groups.getCallbackConfirmationCode, which changes over time.
    """
    return (
        isinstance(payload, dict)
        and payload.get("type") == "confirmation"
        and payload.get("group_id") == group_id
    )


def event_id(payload: object) -> str:
    """Return what tells an event from others, at most 200 characters.

    The network's own id, the same when the event is delivered again; where it has none (old
    versions of the API) a digest of the event. Raises BadPayloadError for what is no event.
    """
    if not isinstance(payload, dict):
        raise BadPayloadError(f"{WHERE}: это не объект JSON. Событие не принято.")
    given = payload.get("event_id")
    if isinstance(given, str) and 0 < len(given) <= MAX_EVENT_ID and given.isprintable():
        return given
    public = {key: value for key, value in payload.items() if key != "secret"}
    try:
        text = json.dumps(public, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise BadPayloadError(
            f"{WHERE}: у него нет номера, и прочесть его нельзя. Событие не принято."
        ) from None
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def parse_event(payload: object, received_at: datetime) -> list[FetchedPost]:
    """Read one event; ``received_at`` is when its first delivery came, in UTC.

    Gives at most one version: a post for wall_post_new and wall_repost, a comment or its
    tombstone for wall_reply_*, board_post_*, photo_, video_ and market_comment_*. Nothing for
    events of other kinds, for posts that are only suggested or postponed, and for a repost
    without words of its own, which only repeats the community's. Raises BadPayloadError.
    """
    event = read(_Envelope, payload, where=WHERE)
    where = f"{WHERE} {event.type[:50]}"
    if event.type in {"wall_post_new", "wall_repost"}:
        post = read(PushedPost, event.object, where=where)
        wordless = event.type == "wall_repost" and not post.text.strip()
        return [] if wordless or post.post_type in UNPUBLISHED else [_post(post)]
    family, _, act = event.type.rpartition("_")
    if family not in _PLACES or act not in set(_Act):
        return []
    place = _PLACES[family]
    comment = read(place.shape, event.object, where=where)
    owner = _owner(comment.owner, event.group_id, where=where)
    return [_comment(comment, _Act(act), place, owner, received_at)]


def _owner(owner: int | None, group_id: int | None, *, where: str) -> int:
    """Return whose place it is; the community itself where that is not told, or told unsigned."""
    if group_id is not None and (owner is None or abs(owner) == group_id):
        return -group_id
    if owner is None:
        raise BadPayloadError(
            f"{where}: не сказано, в каком сообществе. Событие не принято; если повторится, "
            "передайте это сообщение администратору."
        )
    return owner


def _post(post: PushedPost) -> FetchedPost:
    copied = next((copy.text for copy in post.copy_history if copy.text), "")
    author = post.signer_id or post.from_id
    return FetchedPost(
        network=Network.VK,
        external_id=f"{post.owner_id}_{post.id}",
        kind=PostKind.POST,
        text=post.text or copied,
        published_at=moment(post.date),
        url=f"https://vk.com/wall{post.owner_id}_{post.id}",
        author_id=str(author) if author else "",
        edited_at=moment(post.edited or None),
    )


def _comment(
    comment: _Pushed, act: _Act, place: _Place, owner: int, received_at: datetime
) -> FetchedPost:
    root_id = f"{owner}_{place.mark}{comment.place}"
    stack = comment.parents_stack
    answered = comment.reply_to_comment or (stack[-1] if stack else None)
    deleted = comment.deleted or act is _Act.DELETE
    return FetchedPost(
        network=Network.VK,
        external_id=f"{root_id}_r{comment.id}",
        kind=PostKind.COMMENT,
        text="" if deleted else comment.text or "",
        published_at=moment(comment.date),
        url=f"https://vk.com/{place.page}{owner}_{comment.place}?{place.parameter}={comment.id}"
        + (f"&thread={stack[0]}" if stack else ""),
        author_id=str(comment.from_id) if comment.from_id else "",
        parent_id=f"{root_id}_r{answered}" if answered else "",
        root_id=root_id,
        seen_at=moment(comment.date) if act is _Act.NEW and not deleted else received_at,
        deleted=deleted,
    )
