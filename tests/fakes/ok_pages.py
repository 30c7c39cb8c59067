"""Pages of the fake Odnoklassniki for people: what stands there, as a visitor sees it."""

from html import escape

from fakes.ok_world import Comment, Group, Thing, World, in_moscow

STYLE = """
body { font: 16px/1.5 sans-serif; margin: 0 auto; max-width: 46rem; padding: 1rem; color: #222 }
h1 a, header { color: #b55200 } a { color: #b55200 }
article { border: 1px solid #ddd; border-radius: 8px; padding: .5rem 1rem; margin: 1rem 0 }
article p { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 }
.comment { border-left: 3px solid #eee; margin: .5rem 0 .5rem 1rem; padding-left: .7rem }
.reply { margin-left: 2.5rem } .official { border-color: #f7931d; background: #fff7ec }
small { color: #767676 } mark { background: #f7931d; color: #000; padding: 0 .4rem }
"""


def main_page(world: World) -> str:
    """Return the list of groups."""
    rows = "".join(
        f'<li><a href="/group/{escape(group.id)}">{escape(group.name)}</a> '
        f"<small>записей: {sum(not thing.deleted for thing in group.things)}</small></li>"
        for group in world.groups.values()
    )
    return _page("Группы", f"<h1>Группы</h1><ul>{rows}</ul>")


def group_page(group: Group) -> str:
    """Return a group's topics and photos, newest first, with their comments."""
    photos = sorted(
        (thing for thing in group.things if thing.photo and not thing.deleted),
        key=lambda thing: thing.at,
        reverse=True,
    )
    things = "".join(_thing(thing) for thing in (*group.topics(), *photos))
    body = f'<p><a href="/">Все группы</a></p><h1>{escape(group.name)}</h1>{things}'
    return _page(group.name, body)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="ru"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} — пробные Одноклассники</title><style>{STYLE}</style></head>"
        "<body><header>Пробные Одноклассники: сеть на этой машине, все тексты выдуманы</header>"
        f"{body}</body></html>"
    )


def _thing(thing: Thing) -> str:
    what = "Фотография" if thing.photo else "Тема"
    who = "группа" if thing.author_ref.startswith("group:") else "участник"
    pinned = ", закреплена" if thing.pinned else ""
    comments = "".join(_comment(comment) for comment in thing.alive())
    return (
        f'<article id="t{escape(thing.id)}"><small>{what}{pinned}, {who}, '
        f"{in_moscow(thing.at)}</small><p>{escape(thing.text)}</p>{comments}</article>"
    )


def _comment(comment: Comment) -> str:
    kinds = ["comment"]
    if comment.reply_to:
        kinds.append("reply")
    if comment.by_group:
        kinds.append("official")
    mark = "<mark>официальный ответ</mark> " if comment.by_group else ""
    return (
        f'<div class="{" ".join(kinds)}" id="c{escape(comment.id)}">{mark}'
        f"<small>{in_moscow(comment.at)}</small><p>{escape(comment.text)}</p></div>"
    )
