"""VKontakte: answers of API 5.199 and events of its Callback API, turned into posts.

Everything here is pure. Texts stay as sent: markup such as ``[id1|Имя]`` is the classifier's
to read, and advertisements (``marked_as_ads``) are posts like others.

External ids are ``{owner}_{post}`` and ``{owner}_{post}_r{comment}``; of a board's topics
``{owner}_t{topic}`` and ``{owner}_t{topic}_r{comment}``. The owner is the negative id of the
community: what stands before the first underscore tells the community.

``read_*`` take the value of ``response``, item by item: one that is not as documented is
rejected alone. ``parse_*`` take a whole recorded answer.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import orjson

from connectors.base import ApiError, BadPayloadError, Rejected, SourceError
from connectors.payload import moment, read
from connectors.vk import shapes
from connectors.vk.api import unwrap
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

MAX_REJECTED = 10_000
"""Characters kept of an item that could not be read."""

MAX_DEPTH = 10
"""Threads within threads; VKontakte shows two levels."""

UNPUBLISHED = frozenset({"suggest", "postpone"})
TOKENS = re.compile(r"vk\d\.a\.[\w-]+")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class WallPost:
    """A post with what a wall says of it: its comments' number, and whether it is pinned."""

    number: int
    post: FetchedPost
    comments: int
    pinned: bool


@dataclass(frozen=True, slots=True)
class CommentTree:
    """A comment and those of its answers that came with it.

    ``numbers`` are the ids of all of them; ``posts`` leaves out a comment that says nothing,
    having neither text nor author. ``cut`` says that the thread has more than came.
    """

    number: int
    numbers: tuple[int, ...]
    posts: tuple[FetchedPost, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class BoardTopic:
    """A topic: ``updated`` is Unix time of its last comment, ``fixed`` ones stand first."""

    number: int
    post: FetchedPost
    updated: int
    comments: int
    fixed: bool


@dataclass(frozen=True, slots=True)
class TopicComment:
    """A comment of a topic."""

    number: int
    post: FetchedPost


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A page of a list.

    ``ids`` are those of all items that have one, readable or not, in the order received;
    ``received`` counts all of them. ``total`` is what the list says of its length.
    """

    items: tuple[Item, ...]
    ids: tuple[int, ...]
    received: int
    total: int | None
    rejected: tuple[Rejected, ...]
    next_from: str = ""


def read_posts(value: object, *, method: str, owner_id: int | None = None) -> Listing[WallPost]:
    """Read posts as wall.get, wall.getById and newsfeed.search send them, in their order.

    ``owner_id`` is the wall that was asked for (negative for a community); without it a post
    has to name its own. A repost without words of its own takes those of the post that it
    repeats. Suggested and postponed posts are left out. Raises BadPayloadError when the answer
    is no list. ``total`` of a search is all that was found.
    """

    def one(raw: object, where: str, _: list[Rejected]) -> WallPost | None:
        post = read(shapes.Post, raw, where=where)
        owner = post.owner_id or owner_id
        if owner is None:
            raise BadPayloadError(f"{where}: не сказано, на чьей стене запись.")
        if post.post_type in UNPUBLISHED:
            return None
        return WallPost(post.id, _post(post, owner), post.comments.count, post.is_pinned)

    return _listing(value, method, one)


def read_comments(value: object, *, owner_id: int, post_id: int) -> Listing[CommentTree]:
    """Read an answer of wall.getComments to the post ``post_id``, threads included.

    A deleted comment gives a tombstone. ``parent_id`` is the comment answered, empty at the
    top level; ``root_id`` is the post. Raises BadPayloadError when the answer is no list.
    """

    def one(raw: object, where: str, rejected: list[Rejected]) -> CommentTree:
        return _tree(raw, where, rejected, f"{owner_id}_{post_id}")

    return _listing(value, "wall.getComments", one)


def read_thread(
    value: object, *, owner_id: int, post_id: int, comment_id: int
) -> Listing[CommentTree]:
    """Read an answer of wall.getComments to the comment ``comment_id``: its thread's page."""

    def one(raw: object, where: str, rejected: list[Rejected]) -> CommentTree:
        return _tree(raw, where, rejected, f"{owner_id}_{post_id}", thread=comment_id)

    return _listing(value, "wall.getComments", one)


def read_topics(value: object, *, owner_id: int) -> Listing[BoardTopic]:
    """Read an answer of board.getTopics. The text of a topic is its title."""

    def one(raw: object, where: str, _: list[Rejected]) -> BoardTopic:
        topic = read(shapes.Topic, raw, where=where)
        post = FetchedPost(
            network=Network.VK,
            external_id=f"{owner_id}_t{topic.id}",
            kind=PostKind.POST,
            text=topic.title,
            published_at=moment(topic.created),
            url=f"https://vk.com/topic{owner_id}_{topic.id}",
            author_id=str(topic.created_by) if topic.created_by else "",
        )
        return BoardTopic(topic.id, post, topic.updated, topic.comments, topic.is_fixed)

    return _listing(value, "board.getTopics", one)


def read_topic_comments(value: object, *, owner_id: int, topic_id: int) -> Listing[TopicComment]:
    """Read an answer of board.getComments to the topic ``topic_id``."""
    root = f"{owner_id}_t{topic_id}"

    def one(raw: object, where: str, _: list[Rejected]) -> TopicComment:
        comment = read(shapes.Comment, raw, where=where)
        post = FetchedPost(
            network=Network.VK,
            external_id=f"{root}_r{comment.id}",
            kind=PostKind.COMMENT,
            text="" if comment.deleted else comment.text or "",
            published_at=moment(comment.date),
            url=f"https://vk.com/topic{owner_id}_{topic_id}?post={comment.id}",
            author_id=str(comment.from_id) if comment.from_id else "",
            root_id=root,
            deleted=comment.deleted,
        )
        return TopicComment(comment.id, post)

    return _listing(value, "board.getComments", one)


def parse_wall(payload: object, *, owner_id: int) -> list[FetchedPost]:
    """Return the posts of a whole answer of wall.get, newest first as sent.

    See read_posts; what could not be read is left out. Raises SourceError when VKontakte
    refused, BadPayloadError when the answer is not as documented.
    """
    value = _response("wall.get", payload)
    return [item.post for item in read_posts(value, method="wall.get", owner_id=owner_id).items]


def parse_comments(payload: object, *, owner_id: int, post_id: int) -> list[FetchedPost]:
    """Return the comments of a whole answer of wall.getComments, replies in threads included.

    See read_comments; what could not be read is left out. Raises as parse_wall.
    """
    value = _response("wall.getComments", payload)
    trees = read_comments(value, owner_id=owner_id, post_id=post_id).items
    return [post for tree in trees for post in tree.posts]


def _response(method: str, payload: object) -> object:
    try:
        return unwrap(method, payload)
    except ApiError as error:
        # What is only played back asks for no action.
        raise SourceError(str(error)) from None


def _listing(
    value: object, method: str, one: Callable[[object, str, list[Rejected]], Item | None]
) -> Listing[Item]:
    where = f"ВКонтакте, метод {method}"
    listed = read(shapes.Listed, value, where=where)
    rejected: list[Rejected] = []
    items = tuple(_each(listed.items, where, rejected, one))
    ids = (raw.get("id") for raw in listed.items if isinstance(raw, dict))
    return Listing(
        items=items,
        ids=tuple(number for number in ids if isinstance(number, int)),
        received=len(listed.items),
        total=listed.total if listed.total_count is None else listed.total_count,
        rejected=tuple(rejected),
        next_from=listed.next_from,
    )


def _each(
    items: list[object],
    where: str,
    rejected: list[Rejected],
    one: Callable[[object, str, list[Rejected]], Item | None],
) -> Iterator[Item]:
    for number, raw in enumerate(items, start=1):
        try:
            item = one(raw, f"{where}, запись {number} на странице", rejected)
        except BadPayloadError as error:
            rejected.append(Rejected(str(error), _shown(raw)))
        else:
            if item is not None:
                yield item


def _shown(raw: object) -> str:
    """Return an item as sent, bounded and without what looks like a token."""
    try:
        whole = orjson.dumps(raw).decode()
    except (TypeError, ValueError, RecursionError):
        return "не показать: вложено слишком глубоко или это не JSON"
    return TOKENS.sub("***", whole[: 2 * MAX_REJECTED])[:MAX_REJECTED]


def _post(post: shapes.Post, owner: int) -> FetchedPost:
    if post.post_type == "reply" and post.post_id is not None:
        return _comment(
            shapes.Comment.model_construct(
                id=post.id,
                from_id=post.from_id,
                date=post.date,
                text=post.text,
                parents_stack=post.parents_stack,
            ),
            post_id=f"{owner}_{post.post_id}",
            thread=None,
            deleted=post.is_deleted,
            edited_at=moment(post.edited),
        )
    copied = next((copy.text for copy in post.copy_history if copy.text), "")
    author = post.signer_id or post.from_id
    return FetchedPost(
        network=Network.VK,
        external_id=f"{owner}_{post.id}",
        kind=PostKind.POST,
        text="" if post.is_deleted else post.text or copied,
        published_at=moment(post.date),
        url=f"https://vk.com/wall{owner}_{post.id}",
        author_id=str(author) if author else "",
        edited_at=moment(post.edited),
        deleted=post.is_deleted,
    )


@dataclass(slots=True)
class _Tree:
    """What is gathered of one comment and its answers."""

    post_id: str
    rejected: list[Rejected]
    numbers: list[int] = field(default_factory=list)
    posts: list[FetchedPost] = field(default_factory=list)

    def add(self, comment: shapes.Comment, where: str, root: int | None, depth: int = 0) -> bool:
        """Take a comment with its thread; tell whether the thread has more than came."""
        self.numbers.append(comment.id)
        if comment.deleted or comment.text is not None:
            self.posts.append(
                _comment(comment, post_id=self.post_id, thread=root, deleted=comment.deleted)
            )
        if comment.thread is None:
            return False
        where = f"{where}, ветка"
        if depth == MAX_DEPTH:
            self.rejected.append(Rejected(f"{where}: вложено слишком глубоко.", str(comment.id)))
            return False
        try:
            thread = read(shapes.Thread, comment.thread, where=where)
        except BadPayloadError as error:
            self.rejected.append(Rejected(str(error), _shown(comment.thread)))
            return True
        root = comment.id if root is None else root

        def answer(raw: object, place: str, _: list[Rejected]) -> None:
            self.add(read(shapes.Comment, raw, where=place), place, root, depth + 1)

        list(_each(thread.items, where, self.rejected, answer))
        return thread.count > len(thread.items)


def _tree(
    raw: object, where: str, rejected: list[Rejected], post_id: str, thread: int | None = None
) -> CommentTree:
    comment = read(shapes.Comment, raw, where=where)
    tree = _Tree(post_id, rejected)
    cut = tree.add(comment, where, thread)
    return CommentTree(comment.id, tuple(tree.numbers), tuple(tree.posts), cut)


def _comment(
    comment: shapes.Comment,
    *,
    post_id: str,
    thread: int | None,
    deleted: bool,
    edited_at: datetime | None = None,
) -> FetchedPost:
    root = comment.parents_stack[0] if comment.parents_stack else thread
    answered = comment.reply_to_comment or (
        comment.parents_stack[-1] if comment.parents_stack else thread
    )
    return FetchedPost(
        network=Network.VK,
        external_id=f"{post_id}_r{comment.id}",
        kind=PostKind.COMMENT,
        text="" if deleted else comment.text or "",
        published_at=moment(comment.date),
        url=f"https://vk.com/wall{post_id}?reply={comment.id}"
        + (f"&thread={root}" if root else ""),
        author_id=str(comment.from_id) if comment.from_id else "",
        parent_id=f"{post_id}_r{answered}" if answered else "",
        root_id=post_id,
        edited_at=edited_at,
        deleted=deleted,
    )
