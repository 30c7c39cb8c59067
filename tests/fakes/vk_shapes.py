"""How the fake VKontakte writes its records: the objects of API 5.199."""

from typing import Any

from fakes.vk_data import Comment, Post, Topic, Wall

Json = dict[str, Any]


def post_json(post: Post) -> Json:
    """Write a post as wall.get does."""
    shown: Json = {
        "inner_type": "wall_wallpost",
        "id": post.id,
        "owner_id": post.owner_id,
        "from_id": post.from_id,
        "date": post.date,
        "marked_as_ads": int(post.ads),
        "post_type": "post",
        "text": post.text,
        "attachments": post.attachments,
        "post_source": {"type": "vk"},
        "comments": {
            "can_post": int(not post.write_refusal),
            "can_view": int(not post.read_refusal),
            "count": post.living(),
            "groups_can_post": not post.write_refusal,
        },
        "likes": {"can_like": 1, "count": post.likes, "user_likes": 0, "can_publish": 1},
        "reposts": {"count": post.reposts},
        "views": {"count": post.views},
    }
    if post.edited:
        shown["edited"] = post.edited
    if post.signer_id:
        shown["signer_id"] = post.signer_id
    if post.pinned:
        shown["is_pinned"] = 1
    if post.geo:
        shown["geo"] = {"type": "point", "coordinates": post.geo, "showmap": 1}
    if post.copy_history:
        shown["copy_history"] = post.copy_history
    return shown


def comment_json(post: Post, comment: Comment, *, likes: bool, preview: int = 0) -> Json:
    """Write a comment without its thread; ``preview`` cuts the text after so many characters."""
    if comment.deleted:
        return {"id": comment.id, "deleted": True}
    if comment.bare:
        return {"id": comment.id, "date": comment.date}
    text = comment.text
    if preview and len(text) > preview:
        text = text[:preview].rstrip() + "..."
    shown: Json = {
        "id": comment.id,
        "from_id": comment.from_id,
        "date": comment.date,
        "text": text,
        "post_id": post.id,
        "owner_id": post.owner_id,
        "parents_stack": [] if comment.root is None else [comment.root],
    }
    if comment.attachments:
        shown["attachments"] = comment.attachments
    if comment.reply_to is not None:
        shown["reply_to_comment"] = comment.reply_to
        if comment.reply_to in post.comments:
            shown["reply_to_user"] = post.comments[comment.reply_to].from_id
    if likes:
        shown["likes"] = {
            "can_like": 1,
            "count": comment.likes,
            "user_likes": 0,
            "can_publish": 0,
        }
    return shown


def reply_json(post: Post, comment: Comment) -> Json:
    """Write a comment as newsfeed.search does: as if it were a post."""
    return {
        "inner_type": "wall_wallpost",
        "id": comment.id,
        "owner_id": post.owner_id,
        "from_id": comment.from_id,
        "date": comment.date,
        "post_type": "reply",
        "post_id": post.id,
        "parents_stack": [] if comment.root is None else [comment.root],
        "text": comment.text,
    }


def topic_json(topic: Topic, *, preview: int, preview_length: int) -> Json:
    """Write a topic; ``preview`` 1 shows the first comment and 2 the last."""
    last = topic.comments[-1]
    shown: Json = {
        "id": topic.id,
        "title": topic.title,
        "created": topic.created,
        "created_by": topic.created_by,
        "updated": last.date,
        "updated_by": last.from_id,
        "is_closed": int(topic.closed),
        "is_fixed": int(topic.fixed),
        "comments": len(topic.comments),
    }
    if preview:
        name, text = (
            ("first_comment", topic.comments[0].text)
            if preview == 1
            else ("last_comment", last.text)
        )
        shown[name] = text[:preview_length] if preview_length else text
    return shown


def group_json(wall: Wall) -> Json:
    """Write a community."""
    shown: Json = {
        "id": -wall.owner_id,
        "name": wall.name,
        "screen_name": wall.screen_name,
        "is_closed": int(wall.refusal in {15, 30, 203}),
        "type": "page",
    }
    if wall.refusal in {18, 19}:
        shown["deactivated"] = "banned"
    return shown


def user_json(user_id: int, *, deleted: bool) -> Json:
    """Write a person, who has a number for a name: nobody lives here."""
    if deleted:
        return {
            "id": user_id,
            "first_name": "DELETED",
            "last_name": "",
            "deactivated": "deleted",
        }
    return {
        "id": user_id,
        "first_name": "Участник",
        "last_name": str(user_id),
        "can_access_closed": True,
        "is_closed": False,
    }
