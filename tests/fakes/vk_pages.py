"""The walls of the fake VKontakte for a person: see an answer arrive."""

from datetime import UTC, datetime, timedelta, timezone
from html import escape

from aiohttp import web

from fakes.vk_data import Comment, Post, Wall
from fakes.vk_world import VkWorld

POSTS_SHOWN = 50
MOSCOW = timezone(timedelta(hours=3))

FRAME = """<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body {{ font: 16px/1.4 sans-serif; max-width: 44em; margin: 1em auto; padding: 0 1em; }}
article {{ border: 1px solid #ccd; border-radius: 6px; padding: .6em 1em; margin: 1em 0; }}
.comment {{ border-left: 3px solid #dde; margin: .5em 0; padding-left: .8em; }}
.reply {{ margin-left: 2em; }}
.official {{ border-color: #2a7; background: #effaf3; }}
.who {{ color: #556; font-size: .85em; }}
p {{ margin: .2em 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
</style></head><body><h1>{title}</h1>
<p class="who">Учебная площадка: выдуманные сообщества, настоящих людей здесь нет.</p>
{body}</body></html>"""


def front_page(world: VkWorld) -> web.Response:
    """List the communities."""
    rows = [
        f'<li><a href="/wall{wall.owner_id}">{escape(wall.name)}</a> — записей: '
        f"{sum(not post.deleted for post in wall.posts.values())}</li>"
        for wall in world.walls.values()
    ]
    return _page("Сообщества", f"<ul>{''.join(rows)}</ul>")


def wall_page(wall: Wall, post_id: int | None) -> web.Response:
    """Show a wall, newest first, or one post of it. Raises HTTPNotFound."""
    posts = wall.feed()
    if post_id is not None:
        posts = [post for post in posts if post.id == post_id]
        if not posts:
            raise web.HTTPNotFound(text="Запись удалена или не существует.")
    shown = [_article(wall, post) for post in posts[:POSTS_SHOWN] if not post.hidden]
    back = '<p><a href="/">Все сообщества</a></p>'
    return _page(wall.name, back + "".join(shown))


def _page(title: str, body: str) -> web.Response:
    return web.Response(
        text=FRAME.format(title=escape(title), body=body),
        content_type="text/html",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


def _article(wall: Wall, post: Post) -> str:
    marks = [
        mark
        for mark, there in (
            ("закреплено", post.pinned),
            ("изменено", post.edited),
            ("реклама", post.ads),
            ("комментарии закрыты", post.write_refusal),
        )
        if there
    ]
    head = ", ".join([_who(wall, post.from_id), _when(post.date), *marks])
    rows = []
    for comment in post.level(None):
        rows.append(_comment(wall, comment, "comment"))
        rows += [_comment(wall, reply, "comment reply") for reply in post.level(comment.id)]
    link = f"/wall{post.owner_id}_{post.id}"
    return (
        f'<article id="post{post.id}"><div class="who">{head} · '
        f'<a href="{link}">запись {post.id}</a></div>'
        f"<p>{escape(post.text)}</p>{''.join(rows)}</article>"
    )


def _comment(wall: Wall, comment: Comment, css: str) -> str:
    if comment.deleted:
        return f'<div class="{css}"><p class="who">Комментарий удалён</p></div>'
    official = comment.from_id < 0
    mark = " · <strong>официальный ответ</strong>" if official else ""
    return (
        f'<div class="{css}{" official" if official else ""}" id="reply{comment.id}">'
        f'<div class="who">{_who(wall, comment.from_id)}, {_when(comment.date)}{mark}</div>'
        f"<p>{escape(comment.text)}</p></div>"
    )


def _who(wall: Wall, author: int) -> str:
    if author == wall.owner_id:
        return escape(wall.name)
    return f"Сообщество {-author}" if author < 0 else f"Участник {author}"


def _when(date: int) -> str:
    return datetime.fromtimestamp(date, UTC).astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M:%S")
