"""newsfeed.search of the fake VKontakte: newest first, and no deeper than a thousand."""

import re
import shlex
from typing import Any

from fakes.vk_calls import Ask, method
from fakes.vk_data import Comment, Post
from fakes.vk_limits import DAY, Kind, VkError
from fakes.vk_shapes import post_json, reply_json
from fakes.vk_world import VkWorld

REACHABLE = 1000
"""Results that paging can reach; what lies deeper needs a narrower window of time."""

Found = tuple[int, int, Post, Comment | None]


@method("newsfeed.search", Kind.USER, Kind.SERVICE)
def search(ask: Ask) -> Any:
    """Return what open walls say with all the words of ``q``; ``-word`` excludes, quotes bind."""
    if ask.params.get("latitude") or ask.params.get("longitude"):
        raise VkError(100, "search by coordinates is not modelled here")
    now = ask.world.now()
    earliest, latest = ask.integer("start_time", now - DAY), ask.integer("end_time", now)
    found = sorted(
        (
            entry
            for entry in _entries(ask.world)
            if earliest <= entry[0] <= latest
            and _matches(ask.need("q"), entry[2].text if entry[3] is None else entry[3].text)
        ),
        key=lambda entry: entry[:2],
        reverse=True,
    )
    reachable = found[:REACHABLE]
    offset = _offset(ask.params.get("start_from", ""))
    page = ask.page(reachable, offset=offset, count=ask.natural("count", 30, 200))
    answer: dict[str, Any] = {
        "items": [
            post_json(post) if comment is None else reply_json(post, comment)
            for _, _, post, comment in page
        ],
        "count": len(reachable),
        "total_count": len(found),
    }
    after = offset + len(page)
    if page and after < len(reachable):
        _, number, post, _ = reachable[after]
        answer["next_from"] = f"{after}/{post.owner_id}_{number}"
    who = {post.from_id if comment is None else comment.from_id for _, _, post, comment in page}
    return ask.extend(answer, who | {post.owner_id for _, _, post, _ in page})


def _entries(world: VkWorld) -> list[Found]:
    """Return what can be found: when, number, the post, and the comment if it is one."""
    posts = [
        post
        for wall in world.walls.values()
        if not wall.refusal
        for post in wall.posts.values()
        if not (post.deleted or post.hidden)
    ]
    entries: list[Found] = [(post.date, post.id, post, None) for post in posts]
    if world.search_replies:
        entries += [
            (comment.date, comment.id, post, comment)
            for post in posts
            for comment in post.comments.values()
            if not (comment.deleted or comment.bare)
        ]
    return entries


def _matches(query: str, text: str) -> bool:
    """Tell whether every word begins a word of the text, whatever the case."""
    try:
        words = shlex.split(query.lower())
    except ValueError:  # an odd quote
        words = query.lower().replace('"', " ").replace("'", " ").split()
    lowered = text.lower()
    return all(
        (re.search(rf"\b{re.escape(word.lstrip('-'))}", lowered) is None) == word.startswith("-")
        for word in words
        if word.strip("-")
    )


def _offset(start_from: str) -> int:
    if not start_from:
        return 0
    match = re.fullmatch(r"(\d{1,9})(?:/-?\d{1,19}_\d{1,19})?", start_from)
    if match is None:
        raise VkError(100, "start_from is not what next_from was")
    return int(match[1])
