"""What the methods of the fake Odnoklassniki answer, and how they page."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fakes.ok_world import Comment, Group, Thing, World, in_moscow

TOPIC_PAGE = 100
Item = TypeVar("Item")


class Refused(Exception):  # noqa: N818 - what the network says, not a mistake of the fake
    """An answer with an error code."""

    def __init__(self, code: int) -> None:
        """Remember the code."""
        super().__init__(code)
        self.code = code


def _group_of(world: World, group_id: str) -> Group:
    group = world.groups.get(group_id)
    if group is None:
        raise Refused(160)
    if group.closed is not None:
        raise Refused(group.closed)
    return group


def _thing_of(world: World, thing_id: str, kind: str) -> Thing:
    thing = world.find(thing_id)
    if thing is None or thing.photo is not (kind == "GROUP_PHOTO"):
        raise Refused(300)
    _group_of(world, thing.group_id)
    return thing


def _count(params: dict[str, str], most: int, default: int = 20) -> int:
    count = params.get("count", str(default))
    if not count.isdigit() or not 1 <= int(count) <= most:
        raise Refused(100)
    return int(count)


def _page(
    world: World, items: Sequence[Item], anchor: str, count: int, key: Callable[[Item], str]
) -> tuple[list[Item], str, bool]:
    """Return the items after ``anchor``, the next anchor, and whether there are more.

    An anchor names the last item of its page, or only its number; of an item that is gone, the
    place where it was.
    """
    start = 0
    if anchor:
        try:
            number, name = json.loads(base64.urlsafe_b64decode(anchor))
        except (ValueError, TypeError):
            raise Refused(100) from None
        names = [key(item) for item in items]
        start = number if world.offsets or name not in names else names.index(name) + 1
    page = list(items[start : start + min(count, world.largest_page)])
    end = start + len(page)
    last = key(page[-1]) if page else ""
    following = base64.urlsafe_b64encode(json.dumps([end, last]).encode()).decode()
    return page, following if page else anchor, end < len(items)


def _stream_get(world: World, params: dict[str, str]) -> object:
    group = _group_of(world, params.get("gid", ""))
    count = _count(params, TOPIC_PAGE)
    page, anchor, _ = _page(world, group.topics(), params.get("anchor", ""), count, lambda t: t.id)
    if not page and world.repeats:
        page, anchor, _ = _page(world, group.topics(), "", count, lambda t: t.id)
    if not page:
        return {"anchor": anchor, "available": True}
    return {
        "feeds": [
            {
                "pattern": "POST",
                "type": "TOPIC",
                "date": in_moscow(topic.at),
                "date_ms": int(topic.at * 1000),
                "target_refs": [f"media_topic:{topic.id}"],
                "actor_refs": [topic.author_ref],
            }
            for topic in page
        ],
        "entities": {"media_topics": [_media_topic(world, topic) for topic in page], "groups": []},
        "anchor": anchor,
        "available": True,
    }


def _media_topic(world: World, topic: Thing) -> dict[str, Any]:
    blocks = [{"type": "text", "text": text} for text in topic.text.split("\n\n")]
    shown: dict[str, Any] = {
        "id": topic.id,
        "created_ms": int(topic.at * 1000),
        "author_ref": topic.author_ref,
        "owner_ref": f"group:{topic.group_id}",
        "media": [*blocks, {"type": "photo", "photo_refs": ["group_photo:1"]}],
        "like_summary": {"count": 3, "self": False},
        "has_more": False,
    }
    if world.counts:
        shown["discussion_summary"] = {
            "discussion_id": topic.id,
            "discussion_type": "GROUP_TOPIC",
            "comments_count": len(topic.alive()),
        }
    return shown


def _topics_by_ids(world: World, params: dict[str, str]) -> object:
    wanted = [one for one in params.get("topic_ids", "").split(",") if one]
    if not wanted or len(wanted) > 100:
        raise Refused(100)
    found = [thing for one in wanted if (thing := world.find(one)) and not thing.photo]
    if world.strict_ids and len(found) < len(wanted):
        raise Refused(300)
    return {"media_topics": [_media_topic(world, topic) for topic in found]} if found else {}


def _discussions(world: World, params: dict[str, str]) -> object:
    types = params.get("types", "GROUP_TOPIC,GROUP_PHOTO").split(",")
    things = [
        thing
        for group in world.groups.values()
        if group.id in world.admins and group.closed is None
        for thing in group.things
        if not thing.deleted and ("GROUP_PHOTO" if thing.photo else "GROUP_TOPIC") in types
    ]
    things.sort(key=lambda thing: (thing.active(), thing.id), reverse=True)
    page, anchor, _ = _page(
        world, things, params.get("anchor", ""), _count(params, 100), lambda t: t.id
    )
    if not page:
        return {"anchor": anchor}
    return {"discussions": [_discussion(world, thing) for thing in page], "anchor": anchor}


def _discussion(world: World, thing: Thing) -> dict[str, Any]:
    mark = "group_photo" if thing.photo else "media_topic"
    shown: dict[str, Any] = {
        "object_type": "GROUP_PHOTO" if thing.photo else "GROUP_TOPIC",
        "object_id": thing.id,
        "title": "Фотография" if thing.photo else "Тема",
        "message": f"{{{mark}:{thing.id}}}{thing.text[:200]}{{{mark}}}",
        "creation_date": in_moscow(thing.at),
        "last_activity_date": in_moscow(thing.active()),
        "owner_uid": thing.author_ref.rpartition(":")[2],
        "ref_objects": [{"type": "GROUP", "id": thing.group_id}],
        "new_comments_count": 0,
    }
    if world.counts:
        shown["total_comments_count"] = len(thing.alive())
    return shown


def _comments(world: World, params: dict[str, str]) -> object:
    kind = params.get("discussionType", "")
    thing = _thing_of(world, params.get("discussionId", ""), kind)
    direction = params.get("direction", "FORWARD")
    if direction not in {"FORWARD", "BACKWARD"}:
        raise Refused(100)
    comments = thing.alive()
    if direction == "BACKWARD":
        comments.reverse()
    page, anchor, more = _page(
        world, comments, params.get("anchor", ""), _count(params, 100), lambda c: c.id
    )
    answer = {
        "discussionId": thing.id,
        "discussionType": kind,
        "has_more": more,
        "anchor": anchor,
        "comments": [_comment(thing, comment) for comment in page],
    }
    return answer if page else {key: answer[key] for key in ("discussionId", "has_more")}


def _comment(thing: Thing, comment: Comment) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": comment.id,
        "type": "ACTIVE_MESSAGE",
        "text": comment.text,
        "date": in_moscow(comment.at),
        "like_count": 0,
        "attrs": {"flags": "l,s"},
        "author_id": comment.author_id,
        "author_type": "GROUP" if comment.by_group else "USER",
    }
    if not comment.old_style:
        shown["date_ms"] = int(comment.at * 1000)
    if comment.by_group:
        shown["author_name"] = "Группа"
    if comment.reply_to:
        answered = next((one for one in thing.comments if one.id == comment.reply_to), None)
        shown["reply_to_comment_id"] = comment.reply_to
        if answered is not None:
            shown["reply_to_id"] = answered.author_id
    return shown


def _add_comment(world: World, params: dict[str, str]) -> object:
    thing = _thing_of(world, params.get("entityId", ""), params.get("entityType", ""))
    text = params.get("comment", "")
    by_group = params.get("as_admin") == "true"
    answered = params.get("reply_to_comment_id", "")
    if not text.strip():
        raise Refused(100)
    if any(word in text for word in world.censored):
        raise Refused(454)
    if by_group and thing.group_id not in world.admins:
        raise Refused(50)
    if answered and answered not in {comment.id for comment in thing.alive()}:
        raise Refused(700)
    return world.add_comment(
        thing, text, reply_to=answered, by_group=by_group, author_id="990000009999"
    ).id


def _group_info(world: World, params: dict[str, str]) -> object:
    uids = params.get("uids", "").split(",")
    return [{"uid": uid, "name": world.groups[uid].name} for uid in uids if uid in world.groups]


def _calls_left(world: World, params: dict[str, str]) -> object:
    methods = [name for name in params.get("methods", "").split(",") if name]
    return [
        {
            "name": name,
            "available": name in METHODS and name not in world.denied,
            "callsLeft": world.quota.get(name, 1000),
        }
        for name in methods
    ]


METHODS: dict[str, Callable[[World, dict[str, str]], object]] = {
    "stream.get": _stream_get,
    "mediatopic.getByIds": _topics_by_ids,
    "discussions.getList": _discussions,
    "discussions.getComments": _comments,
    "discussions.addDiscussionComment": _add_comment,
    "group.getInfo": _group_info,
    "users.getCallsLeft": _calls_left,
}
