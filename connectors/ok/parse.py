"""Odnoklassniki: answers of its REST API, turned into posts.

Everything here is pure; texts stay as sent. External ids are ``{group}_{topic}`` and
``{group}_{topic}_{comment}``, of photos ``{group}_p{photo}`` and ``{group}_p{photo}_{comment}``:
what stands before the first underscore tells the group, what follows is the discussion's key.
The network documents no mark of an edit: a changed text under the same id is one.

An item that is not as documented is rejected alone; only an answer that is not as documented as
a whole raises.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connectors.base import BadPayloadError, Rejected, SourceError
from connectors.ok.errors import said
from connectors.ok.shapes import (
    CommentsAnswer,
    CommentShape,
    DiscussionsAnswer,
    DiscussionShape,
    GroupsAnswer,
    Identified,
    Numbered,
    Refusal,
    TopicsAnswer,
    TopicShape,
)
from connectors.payload import Shape, moment, read
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

MAX_PAYLOAD = 10_000
"""Characters kept of an item that could not be read."""

GROUP_AUTHOR = "GROUP"
"""``author_type`` of what was written in a group's own name."""

MARKUP = re.compile(r"\{[a-z_]{1,40}(?::[0-9]{1,40})?\}")
"""What titles of discussions hold beside words, such as ``{media_topic:15}``."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A topic or a photo with its discussion.

    ``key`` is what external ids have after the group: the topic's number, or ``p`` and the
    photo's. ``comments`` is how many there are, None where the network does not say; ``active``
    is when somebody wrote last, as far as it says so.
    """

    key: str
    post: FetchedPost
    comments: int | None
    active: datetime | None = None


@dataclass(frozen=True, slots=True)
class Threads:
    """A page of topics or photos.

    ``unread`` are the keys of rejected ones that have one; ``size`` counts all that stood there,
    those of others included.
    """

    items: tuple[Thread, ...]
    unread: frozenset[str]
    rejected: tuple[Rejected, ...]
    anchor: str
    size: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, who wrote it (the group itself or not), and whom it answers (account id)."""

    id: str
    post: FetchedPost
    by_group: bool
    answers: str


@dataclass(frozen=True, slots=True)
class Comments:
    """A page of comments.

    ``unread`` are the ids of rejected ones; ``nameless`` says that some had not even an id, so
    that nobody can tell which comments are missing.
    """

    items: tuple[Comment, ...]
    unread: frozenset[str]
    nameless: bool
    rejected: tuple[Rejected, ...]
    anchor: str
    has_more: bool


def parse_topics(payload: object, *, group_id: str) -> list[FetchedPost]:
    """Return the posts of ``read_topics``; what could not be read is left out."""
    return [thread.post for thread in read_topics(payload, group_id=group_id).items]


def parse_comments(payload: object, *, group_id: str, topic_id: str) -> list[FetchedPost]:
    """Return the posts of ``read_comments``; what could not be read is left out."""
    read_ = read_comments(payload, group_id=group_id, key=topic_id)
    return [comment.post for comment in read_.items]


def read_topics(payload: object, *, group_id: str, method: str = "stream.get") -> Threads:
    """Read an answer of stream.get or mediatopic.getByIds about the group ``group_id``.

    The text of a topic is its text blocks, a blank line between them. ``null`` and ``{}`` are
    answers without topics: the network leaves out what is empty. Topics of other groups, which
    stand in an answer because they were shared here, are left out. Raises SourceError when
    Odnoklassniki refused, BadPayloadError when the whole answer is not as documented.
    """
    where = _refuse(method, payload)
    answer = read(TopicsAnswer, {} if payload is None else payload, where=where)
    inner = answer.entities.media_topics if answer.entities else None
    topics, failed = _each(TopicShape, (*(answer.media_topics or ()), *(inner or ())), where)
    ours = [
        topic for topic in topics if (topic.owner_ref or "").rpartition(":")[2] in {"", group_id}
    ]
    return Threads(
        items=tuple(_topic(topic, group_id=group_id) for topic in ours),
        unread=_ids(Numbered, failed),
        rejected=_rejected(failed),
        anchor=answer.anchor or "",
        size=len(topics) + len(failed),
    )


def read_discussions(payload: object, *, group_id: str) -> Threads:
    """Read an answer of discussions.getList: the topics and photos of the group ``group_id``.

    Discussions of other groups, of albums, of people are left out. A topic's text stands there
    only in part: take it from mediatopic.getByIds. Raises as read_topics.
    """
    where = _refuse("discussions.getList", payload)
    answer = read(DiscussionsAnswer, {} if payload is None else payload, where=where)
    discussions, failed = _each(DiscussionShape, answer.discussions or (), where)
    return Threads(
        items=tuple(
            _discussion(one, group_id=group_id)
            for one in discussions
            if one.object_type in {"GROUP_TOPIC", "GROUP_PHOTO"}
            and any(ref.type == "GROUP" and ref.id == group_id for ref in one.ref_objects or ())
        ),
        unread=frozenset(),
        rejected=_rejected(failed),
        anchor=answer.anchor or "",
        size=len(discussions) + len(failed),
    )


def read_comments(payload: object, *, group_id: str, key: str) -> Comments:
    """Read an answer of discussions.getComments about a topic or a photo (see Thread.key).

    ``parent_id`` is the comment answered, empty at the top level; ``root_id`` is the topic.
    ``null`` and ``{}`` are answers without comments. A comment that is no longer active and
    has no text gives a tombstone. Raises as read_topics.
    """
    where = _refuse("discussions.getComments", payload)
    answer = read(CommentsAnswer, {} if payload is None else payload, where=where)
    comments, failed = _each(CommentShape, answer.comments or (), where)
    unread = _ids(Identified, failed)
    return Comments(
        items=tuple(_comment(comment, group_id=group_id, key=key) for comment in comments),
        unread=unread,
        nameless=len(unread) < len(failed),
        rejected=_rejected(failed),
        anchor=answer.anchor or "",
        has_more=answer.has_more,
    )


def read_groups(payload: object) -> frozenset[str]:
    """Read an answer of group.getInfo, ``{"groups": [...]}`` or a bare array: the groups' ids.

    Raises as read_topics.
    """
    where = _refuse("group.getInfo", payload)
    whole = {"groups": payload} if isinstance(payload, list) else payload
    answer = read(GroupsAnswer, {} if whole is None else whole, where=where)
    return frozenset(group.uid for group in answer.groups)


def url_of(group_id: str, key: str) -> str:
    """Return the page of a topic or a photo; no address of a single comment is documented."""
    if key.startswith("p"):
        # Believed, not documented; that of topics is in use on the site.
        return f"https://ok.ru/group/{group_id}/photos/{key[1:]}"
    return f"https://ok.ru/group/{group_id}/topic/{key}"


def _refuse(method: str, payload: object) -> str:
    """Raise SourceError if the answer is an error, else return how to name the method.

    The network's own words are left out: they can repeat the request with its key.
    """
    where = f"Одноклассники, метод {method}"
    if isinstance(payload, dict) and "error_code" in payload:
        code = read(Refusal, payload, where=where).error_code
        raise SourceError(said(method, code))
    return where


_Item = TypeVar("_Item", bound=Shape)
_Failed = tuple[str, object]


def _each(
    shape: type[_Item], items: Iterable[object], where: str
) -> tuple[list[_Item], list[_Failed]]:
    """Read items one by one: those that are as documented, and what was wrong with the others."""
    good: list[_Item] = []
    failed: list[_Failed] = []
    for number, item in enumerate(items, start=1):
        try:
            good.append(read(shape, item, where=f"{where}, запись {number}"))
        except BadPayloadError as error:
            failed.append((str(error), item))
    return good, failed


def _rejected(failed: Iterable[_Failed]) -> tuple[Rejected, ...]:
    return tuple(Rejected(what, _bounded(item)) for what, item in failed)


def _bounded(item: object) -> str:
    try:
        text = json.dumps(item, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "запись не показана: она слишком глубоко вложена"
    return text[:MAX_PAYLOAD].encode("utf-8", "replace").decode("utf-8")


def _ids(shape: type[Numbered] | type[Identified], failed: Iterable[_Failed]) -> frozenset[str]:
    """Return the ids of items that could not be read otherwise."""
    return frozenset(item.id for item in _each(shape, [item for _, item in failed], "")[0])


def _topic(topic: TopicShape, *, group_id: str) -> Thread:
    texts = [media.text for media in topic.media or () if media.type == "text" and media.text]
    post = FetchedPost(
        network=Network.OK,
        external_id=f"{group_id}_{topic.id}",
        kind=PostKind.POST,
        text="\n\n".join(texts),
        published_at=_from_ms(topic.created_ms),
        url=url_of(group_id, topic.id),
        author_id=(topic.author_ref or "").rpartition(":")[2],
    )
    summary = topic.discussion_summary
    return Thread(topic.id, post, summary.comments_count if summary else None)


def _discussion(one: DiscussionShape, *, group_id: str) -> Thread:
    photo = one.object_type == "GROUP_PHOTO"
    key = f"p{one.object_id}" if photo else one.object_id
    words = MARKUP.sub("", one.message or one.title or "").strip()
    post = FetchedPost(
        network=Network.OK,
        external_id=f"{group_id}_{key}",
        kind=PostKind.POST,
        text=words,
        published_at=one.creation_date,
        url=url_of(group_id, key),
        author_id=one.owner_uid or "",
    )
    return Thread(key, post, one.total_comments_count, one.last_activity_date)


def _comment(comment: CommentShape, *, group_id: str, key: str) -> Comment:
    root_id = f"{group_id}_{key}"
    answered = comment.reply_to_comment_id
    milliseconds = comment.created_ms if comment.date_ms is None else comment.date_ms
    post = FetchedPost(
        network=Network.OK,
        external_id=f"{root_id}_{comment.id}",
        kind=PostKind.COMMENT,
        text=comment.text or "",
        published_at=comment.date if milliseconds is None else _from_ms(milliseconds),
        url=url_of(group_id, key),
        author_id=comment.author_id or "",
        parent_id=f"{root_id}_{answered}" if answered else "",
        root_id=root_id,
        deleted=comment.type != "ACTIVE_MESSAGE" and not comment.text,
    )
    by_group = comment.author_type == GROUP_AUTHOR or comment.author_id == group_id
    return Comment(comment.id, post, by_group, comment.reply_to_id or "")


def _from_ms(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else moment(milliseconds // 1000)
