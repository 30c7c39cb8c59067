"""Who and what is there: groups.*, users.*, utils.*, board.* of the fake VKontakte."""

from typing import Any

from fakes.vk_calls import Ask, method
from fakes.vk_data import Topic, Wall
from fakes.vk_limits import Kind, VkError
from fakes.vk_shapes import group_json, topic_json, user_json

ANY = (Kind.USER, Kind.GROUP, Kind.SERVICE)


@method("groups.getById", *ANY)
def get_groups(ask: Ask) -> Any:
    """Return communities by ids or short addresses; a community's token asks for itself."""
    names = ask.texts("group_ids") or ask.texts("group_id")
    if not names and ask.token.kind is Kind.GROUP:
        names = [str(own) for own in ask.token.groups]
    if not names:
        raise VkError(100, "One of the parameters is missing or invalid: group_ids is undefined")
    found = [wall for name in names[:500] if (wall := _group(ask, name))]
    if not found:
        raise VkError(125)
    return {"groups": [group_json(wall) for wall in found], "profiles": []}


def _group(ask: Ask, name: str) -> Wall | None:
    digits = name.removeprefix("club").removeprefix("public")
    number = digits.isdecimal() and len(digits) < 19
    wall = ask.world.walls.get(-int(digits)) if number else ask.world.named(name)
    return wall if wall and wall.owner_id < 0 else None


@method("users.get", *ANY)
def get_users(ask: Ask) -> Any:
    """Return people by ids: whoever is asked for is there, with a number for a name."""
    ids = ask.texts("user_ids") or [str(ask.token.user_id or "")]
    if len(ids) > 1000:
        raise VkError(113)
    return [
        user_json(int(one), deleted=int(one) in ask.world.deleted_users)
        for one in (text.removeprefix("id") for text in ids)
        if one.isdecimal() and len(one) < 19 and int(one) > 0
    ]


@method("utils.resolveScreenName", *ANY)
def resolve(ask: Ask) -> Any:
    """Tell what a short address belongs to; of an unknown one an empty list, as recorded."""
    name = ask.need("screen_name")
    wall = ask.world.named(name) or _group(ask, name)
    if wall is None:
        return []
    if wall.owner_id > 0:
        return {"type": "user", "object_id": wall.owner_id}
    return {"type": "group", "object_id": -wall.owner_id, "group_id": -wall.owner_id}


@method("groups.getTokenPermissions", Kind.GROUP)
def permissions(ask: Ask) -> Any:
    """Tell what a community's token may do."""
    granted = ask.token.permissions
    return {
        "mask": sum(granted.values()),
        "permissions": [{"name": name, "setting": bit} for name, bit in granted.items()],
    }


def _own(ask: Ask) -> Wall:
    ask.need("group_id")
    wall = ask.wall()
    if -wall.owner_id not in ask.token.groups:
        raise VkError(15)
    return wall


@method("groups.getCallbackConfirmationCode", Kind.USER, Kind.GROUP)
def confirmation_code(ask: Ask) -> Any:
    """Return what the server has to answer to ``confirmation``."""
    return {"code": _own(ask).confirmation}


@method("groups.getLongPollServer", Kind.USER, Kind.GROUP)
def long_poll_server(ask: Ask) -> Any:
    """Return where to ask for events, with which key and from which one on."""
    wall = _own(ask)
    return {
        "key": wall.long_poll.key,
        "server": f"{ask.base}/wh{-wall.owner_id}",
        "ts": str(len(wall.events)),
    }


@method("board.getTopics", Kind.USER, Kind.SERVICE)
def get_topics(ask: Ask) -> Any:
    """Return topics: the fixed ones first, then by ``order``."""
    ask.need("group_id")
    topics = list(ask.wall().topics.values())
    offset, count = ask.natural("offset", 0, 10**9), ask.natural("count", 40, 100)
    if wanted := ask.texts("topic_ids"):
        topics = [topic for topic in topics if str(topic.id) in wanted]
        offset, count = 0, 100
    order = ask.integer("order", 1) or 1
    if order not in {1, 2, -1, -2}:
        raise VkError(100, "order should be 1, 2, -1 or -2")

    def place(topic: Topic) -> tuple[int, int]:
        return (topic.comments[-1].date if abs(order) == 1 else topic.created, topic.id)

    topics.sort(key=place, reverse=order > 0)
    topics.sort(key=lambda topic: not topic.fixed)
    page = ask.page(topics, offset=offset, count=count)
    preview, length = ask.natural("preview", 0, 2), ask.natural("preview_length", 90, 10**6)
    answer = {
        "count": len(topics),
        "items": [topic_json(topic, preview=preview, preview_length=length) for topic in page],
        "default_order": 1,
        "can_add_topics": 0,
    }
    return ask.extend(answer, {topic.created_by for topic in page})


@method("board.getComments", Kind.USER, Kind.SERVICE)
def get_board_comments(ask: Ask) -> Any:
    """Return the comments of a topic, oldest first unless ``sort`` is desc."""
    ask.need("group_id")
    topic = ask.wall().topics.get(ask.integer("topic_id"))
    if topic is None:
        raise VkError(100, "One of the parameters is missing or invalid: topic_id not found")
    comments = topic.comments[::-1] if ask.params.get("sort") == "desc" else topic.comments
    page = ask.page(comments, offset=ask.integer("offset"), count=ask.natural("count", 20, 100))
    answer = {
        "count": len(topic.comments),
        "items": [
            {"id": one.id, "from_id": one.from_id, "date": one.date, "text": one.text}
            for one in page
        ],
    }
    return ask.extend(answer, {one.from_id for one in page})
