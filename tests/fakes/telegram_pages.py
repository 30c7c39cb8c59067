"""Pages of the fake Telegram: the preview of a channel and the comments of a post, as t.me sends.

The markup has the classes and attributes that readers of these pages go by.
"""

import base64
import json
import re
from datetime import UTC, datetime
from html import escape

from fakes.telegram_world import PAGE, FakeChannel, FakeMessage

_EMOJI = re.compile(
    "[\N{UMBRELLA}-\N{BLACK SCISSORS}\U0001f300-\U0001faff]\N{VARIATION SELECTOR-16}?"
)


def preview_page(channel: FakeChannel, before: int | None) -> str:
    """Return ``t.me/s/<channel>``: the newest messages below ``before``, the oldest first."""
    shown = [one for number, one in channel.posts.items() if before is None or number < before]
    shown = sorted(shown, key=lambda one: one.number)[-PAGE:]
    body = "".join(_message(channel, one) for one in shown) or _nothing("No posts found")
    more = ""
    if shown and shown[0].number > 1:
        first = shown[0].number
        more = (
            f'<div class="tgme_widget_message_centered js-messages_more_wrap"><a href="/s/'
            f'{channel.name}?before={first}" class="tme_messages_more js-messages_more" '
            f'data-before="{first}"></a></div>'
        )
    return _page(
        channel.title,
        f'<div class="tgme_channel_info"><div class="tgme_channel_info_header_title">'
        f"<span>{escape(channel.title)}</span></div></div>"
        f'<section class="tgme_channel_history js-message_history">{more}{body}</section>',
    )


def landing_page(channel: FakeChannel) -> str:
    """Return ``t.me/<channel>``, which only invites to open the application."""
    return _page(
        channel.title,
        '<div class="tgme_page"><div class="tgme_page_title"><span dir="auto">'
        f"{escape(channel.title)}</span></div>"
        '<a class="tgme_action_button_new shine" href="tg://resolve">View in Telegram</a></div>',
    )


def discussion_page(channel: FakeChannel, post: FakeMessage | None, limit: int) -> str:
    """Return the last ``limit`` comments of a post, the oldest first."""
    if post is None or not channel.discussion:
        nothing = _nothing("Discussion is not available at the moment.")
        return _page("", f'<div class="tgme_post_discussion js-message_history">{nothing}</div>')
    comments = sorted(post.comments.values(), key=lambda one: one.number)
    shown = comments[max(0, len(comments) - limit) :]
    body = "".join(_comment(channel, post, one) for one in shown)
    more = ""
    if len(shown) < len(comments) and shown:
        more = (
            f'<div class="tme_messages_more js-messages_more" data-before="{shown[0].number}">'
            "Show more comments</div>"
        )
    return _page(
        "",
        '<div class="tgme_post_discussion_header_wrap"><h3 class="tgme_post_discussion_header">'
        f'<span class="js-header">{len(comments)} comments</span> on '
        f'<a href="https://t.me/{channel.name}/{post.number}">this post</a></h3></div>'
        f'<div class="tgme_post_discussion js-message_history">{more}'
        f"{body or _nothing('No comments here yet...')}</div>"
        '<form class="tgme_post_discussion_new_message_form js-new_message_form">'
        '<input type="hidden" name="discussion_hash" value="0" /></form>',
    )


def _message(channel: FakeChannel, one: FakeMessage) -> str:
    service = " service_message" if one.service else ""
    mark = f"{one.number}g" if one.pictures else str(one.number)
    view = base64.b64encode(json.dumps({"c": -1, "p": mark}).encode()).decode()
    parts = [_author("owner", channel.name, channel.title)]
    if one.forwarded_from:
        parts.append(
            '<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from '
            '<span class="tgme_widget_message_forwarded_from_name" dir="auto">'
            f"{escape(one.forwarded_from)}</span></div>"
        )
    answered = channel.posts.get(one.reply_to or 0)
    if answered is not None:
        link = f'href="https://t.me/{channel.name}/{answered.number}"'
        parts.append(_quoted("a", link, answered))
    if one.pictures:
        pictures = "".join(
            '<a class="tgme_widget_message_photo_wrap grouped_media_wrap js-message_photo" '
            f'href="https://t.me/{channel.name}/{one.number + n}?single"></a>'
            for n in range(one.pictures + 1)
        )
        parts.append(f'<div class="tgme_widget_message_grouped_wrap">{pictures}</div>')
    parts += [_text(one), _footer(one, f"https://t.me/{channel.name}/{one.number}", views=True)]
    return _wrap(
        f'<div class="tgme_widget_message text_not_supported_wrap{service} js-widget_message" '
        f'data-post="{channel.name}/{one.number}" data-view="{view}">{_bubble(parts)}</div>'
    )


def _comment(channel: FakeChannel, post: FakeMessage, one: FakeMessage) -> str:
    parts = [_author("author", "zhitel", one.author)]
    answered = post.comments.get(one.reply_to or 0)
    if answered is not None:
        parts.append(_quoted("div", f'data-reply-to="{answered.number}"', answered))
    address = f"https://t.me/{channel.name}/{post.number}?comment={one.number}"
    parts += [_text(one), _footer(one, address, views=False)]
    return _wrap(
        '<div class="tgme_widget_message js-widget_message" '
        f'data-post-id="{one.number}">{_bubble(parts)}</div>'
    )


def _quoted(tag: str, link: str, answered: FakeMessage) -> str:
    return (
        f'<{tag} class="tgme_widget_message_reply js-reply_to" {link}>'
        '<div class="tgme_widget_message_author accent_color">'
        f'<span class="tgme_widget_message_author_name" dir="auto">{escape(answered.author)}'
        '</span></div><div class="tgme_widget_message_text js-message_reply_text" dir="auto">'
        f"{_marked(answered.text)}</div></{tag}>"
    )


def _author(kind: str, account: str, name: str) -> str:
    return (
        '<div class="tgme_widget_message_author accent_color">'
        f'<a class="tgme_widget_message_{kind}_name" href="https://t.me/{account}">'
        f'<span dir="auto">{escape(name)}</span></a></div>'
    )


def _text(one: FakeMessage) -> str:
    classes = "tgme_widget_message_text js-message_text"
    return f'<div class="{classes}" dir="auto">{_marked(one.text)}</div>' if one.text else ""


def _marked(text: str) -> str:
    lines = escape(text).replace("\n", "<br/>")
    return _EMOJI.sub(
        lambda found: f'<i class="emoji" style="background-image:url()"><b>{found[0]}</b></i>',
        lines,
    )


def _footer(one: FakeMessage, address: str, *, views: bool) -> str:
    moment = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds")
    seen = '<span class="tgme_widget_message_views">1.58K</span>' if views else ""
    edited = "edited &nbsp;" if one.edited else ""
    return (
        '<div class="tgme_widget_message_footer compact js-message_footer">'
        f'<div class="tgme_widget_message_info short js-message_info">{seen}'
        f'<span class="tgme_widget_message_meta">{edited}<a class="tgme_widget_message_date" '
        f'href="{address}"><time datetime="{moment}" class="time">00:00</time></a></span>'
        "</div></div>"
    )


def _bubble(parts: list[str]) -> str:
    return f'<div class="tgme_widget_message_bubble">{"".join(parts)}</div>'


def _wrap(message: str) -> str:
    return f'<div class="tgme_widget_message_wrap js-widget_message_wrap">{message}</div>'


def _nothing(said: str) -> str:
    return _wrap(
        f'<div class="tgme_widget_message_centered"><div class="tme_no_messages_found">{said}'
        "</div></div>"
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body>{body}</body></html>"
    )
