"""The methods wall.* of the fake VKontakte."""

import re
from typing import Any

from fakes.vk_calls import Ask, method
from fakes.vk_data import Comment, Post
from fakes.vk_limits import Kind, VkError
from fakes.vk_shapes import comment_json, post_json

IDS_A_CALL = 100
"""Of wall.getById. More than that is believed to be cut off, not refused."""

LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


@method("wall.get", Kind.USER, Kind.SERVICE)
def get(ask: Ask) -> Any:
    """Return posts, the pinned one first; ``filter`` is owner, others or all."""
    wall = ask.wall()
    chosen = ask.params.get("filter") or "all"
    posts = [
        post
        for post in wall.feed()
        if chosen == "all" or (post.from_id == wall.owner_id) == (chosen == "owner")
    ]
    return _posts(ask, posts, default=20)


@method("wall.search", Kind.USER, Kind.SERVICE)
def search(ask: Ask) -> Any:
    """Return the posts of one wall with all the words, newest first."""
    words = ask.need("query").lower().split()
    posts = [
        post
        for post in sorted(ask.wall().feed(), key=lambda post: (-post.date, -post.id))
        if all(word in post.text.lower() for word in words)
    ]
    return _posts(ask, posts, default=20)


def _posts(ask: Ask, posts: list[Post], *, default: int) -> Any:
    offset, count = ask.natural("offset", 0, 10**9), ask.natural("count", default, 100)
    page = [post for post in ask.page(posts, offset=offset, count=count) if not post.hidden]
    answer = {"count": len(posts), "items": [post_json(post) for post in page]}
    return ask.extend(answer, {who for post in page for who in (post.owner_id, post.from_id)})


@method("wall.getById", Kind.USER, Kind.SERVICE)
def get_by_id(ask: Ask) -> Any:
    """Return the posts that are there and may be seen; the others are left out in silence."""
    ask.need("posts")
    items, who = [], set()
    for name in ask.texts("posts")[:IDS_A_CALL]:
        match = re.fullmatch(r"(-?\d{1,19})_(\d{1,19})(?:_\w+)?", name)
        if match is None:
            raise VkError(100, "posts should be written owner_post")
        wall = ask.world.walls.get(int(match[1]))
        post = wall.posts.get(int(match[2])) if wall and not wall.refusal else None
        if post is None or post.hidden or (post.deleted and not ask.world.marks_deleted):
            continue
        if post.deleted:
            items.append(
                {
                    "inner_type": "wall_wallpost",
                    "id": post.id,
                    "owner_id": post.owner_id,
                    "is_deleted": True,
                }
            )
        else:
            items.append(post_json(post))
            who |= {post.owner_id, post.from_id}
    return ask.extend({"items": items}, who)


@method("wall.getComments", Kind.USER, Kind.SERVICE)
def get_comments(ask: Ask) -> Any:
    """Return one level of comments: of the post, or with ``comment_id`` of its thread."""
    post = _post(ask)
    if post.read_refusal:
        raise VkError(post.read_refusal)
    root = ask.integer("comment_id") or None
    if root is not None and root not in post.comments:
        raise VkError(100, "One of the parameters is missing or invalid: comment_id not found")
    level = post.level(root)
    if ask.params.get("sort") == "desc":
        level.reverse()
    if start := ask.integer("start_comment_id"):
        found = [place for place, comment in enumerate(level) if comment.id == start]
        level = level[found[0] :] if found else level
    page = ask.page(level, offset=ask.integer("offset"), count=ask.natural("count", 10, 100))
    answer = {
        "count": post.living() if root is None else len(post.level(root)),
        "items": [_with_thread(ask, post, comment) for comment in page],
        "current_level_count": len(post.level(root)),
        "can_post": not post.write_refusal,
        "show_reply_button": True,
        "groups_can_post": not post.write_refusal,
    }
    shown = {comment.from_id for comment in page if not (comment.deleted or comment.bare)}
    return ask.extend(answer, shown)


def _post(ask: Ask) -> Post:
    wall = ask.wall()
    ask.need("post_id")
    post = wall.posts.get(ask.integer("post_id"))
    if post is None or post.deleted:
        # Which of 15, 100 and 212 comes for a deleted post is not documented.
        raise VkError(15, "Access denied: post was not found")
    return post


def _with_thread(ask: Ask, post: Post, comment: Comment) -> dict[str, Any]:
    likes, preview = ask.flag("need_likes"), ask.natural("preview_length", 90, 10**6)
    shown = comment_json(post, comment, likes=likes, preview=preview)
    if comment.root is None:
        replies = post.level(comment.id)
        some = replies[: ask.natural("thread_items_count", 0, 10)]
        shown["thread"] = {
            "count": len(replies),
            "items": [comment_json(post, one, likes=likes, preview=preview) for one in some],
            "can_post": not post.write_refusal,
            "show_reply_button": True,
            "groups_can_post": not post.write_refusal,
        }
    return shown


@method("wall.createComment", Kind.USER, Kind.GROUP)
def create_comment(ask: Ask) -> Any:
    """Publish a comment once per token and ``guid``."""
    place = (ask.token.secret, ask.params.get("guid", ""))
    if place[1] and place in ask.world.guids:
        return _created(_post(ask), ask.world.guids[place])
    post = _post(ask)
    text = ask.params.get("message", "").strip()
    author = _author(ask, post)
    reply_to = ask.integer("reply_to_comment") or None
    _check_comment(ask, post, text, author, reply_to)
    comment = ask.world.add_comment(post.owner_id, post.id, text, from_id=author, reply_to=reply_to)
    if place[1]:
        ask.world.guids[place] = comment.id
    return _created(post, comment.id)


def _created(post: Post, comment_id: int) -> dict[str, Any]:
    root = post.comments[comment_id].root if comment_id in post.comments else None
    return {"comment_id": comment_id, "parents_stack": [] if root is None else [root]}


def _author(ask: Ask, post: Post) -> int:
    group = ask.natural("from_group", 0, 10**18)
    if ask.token.kind is Kind.GROUP:
        (own,) = ask.token.groups
        if -post.owner_id != own or group not in {0, own}:
            raise VkError(15)
        return -own
    if group and group not in ask.token.groups:
        raise VkError(15)
    return -group or ask.token.user_id


def _check_comment(ask: Ask, post: Post, text: str, author: int, reply_to: int | None) -> None:
    world = ask.world
    if post.write_refusal:
        raise VkError(post.write_refusal)
    if not text:
        raise VkError(100, "One of the parameters is missing or invalid: message is undefined")
    if len(text) > world.comment_limit:
        raise VkError(100, "One of the parameters is missing or invalid: message is too long")
    if world.wall(post.owner_id).links_forbidden and LINK.search(text):
        raise VkError(222)
    if reply_to is not None and (reply_to not in post.comments or post.comments[reply_to].deleted):
        raise VkError(100, "One of the parameters is missing or invalid: reply_to_comment")
    made = [
        call.at
        for call in world.log
        if call.secret == ask.token.secret and call.method == ask.method and not call.code
    ]
    if sum(at > world.clock() - world.flood_seconds for at in made) >= world.flood_limit:
        raise VkError(9)
    if any(
        other.text == text
        and other.from_id == author
        and other.date > world.now() - world.duplicate_seconds
        for other in post.comments.values()
    ):
        raise VkError(9)
