"""Telegram's public web pages, turned into posts: the preview of a channel and its comments.

Everything here is pure. A preview (``t.me/s/<channel>``) shows some twenty messages, oldest
first; a discussion (``t.me/<channel>/<post>?embed=1&discussion=1``) the last comments below one
post. Neither dates an edit, so a text that differs under the same id is one. The markup is not
documented: an item that cannot be told apart is rejected, a page without any known part is
refused.

External ids are ``{channel}/{post}`` and ``{channel}/{post}/{comment}``. Pages name authors by
their public names only, which are not kept, so ``author_id`` stays empty.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.base import BadPayloadError, Rejected
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

MAX_HTML = 5_000_000
"""Bytes of a page; real ones have some hundred thousand."""

MAX_DEPTH = 2_000
"""Open elements; the parser's time grows with their square, and real pages nest twenty deep."""

MAX_TEXT = 100_000
"""Characters of one text; Telegram takes 4096."""

MAX_PAYLOAD = 10_000
"""Characters kept of an item that could not be read."""

CHANNEL = re.compile(r"[A-Za-z0-9_]{4,32}", re.ASCII)

_NAME = re.compile(r"(?P<channel>[A-Za-z0-9_]{1,64})/(?P<number>[0-9]{1,15})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_COMMENT = re.compile(r"[?&]comment=([0-9]{1,15})(?![0-9])", re.ASCII)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_EMPTY_LINES = re.compile(r"\n{3,}")

# Elements that have no end, so that they nest nothing.
_VOID = frozenset({"br", "circle", "hr", "img", "input", "link", "meta", "path", "rect", "source"})
_BLOCKS = frozenset({"blockquote", "pre", "p"})


@dataclass(frozen=True, slots=True)
class Preview:
    """Messages of a channel.

    ``numbers`` are all that the page shows, service messages included.
    """

    posts: tuple[FetchedPost, ...]
    numbers: frozenset[int]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Discussion:
    """Comments below one post.

    ``available`` is False where the post has no discussion. ``truncated`` says that there are
    earlier comments, which the page does not show.
    """

    comments: tuple[FetchedPost, ...]
    numbers: frozenset[int]
    rejected: tuple[Rejected, ...]
    available: bool
    truncated: bool


def parse_preview(html: str, *, channel: str, seen_at: datetime | None = None) -> Preview:
    """Read a page of ``t.me/s/<channel>``, oldest first as shown.

    An album is one post, service messages are none, and a quoted message is no part of the text
    that answers it. Raises BadPayloadError when the page is none of a channel.
    """
    where = f"Telegram, канал {channel}"
    tree = _parsed(html, where)
    posts: dict[int, FetchedPost] = {}
    numbers: set[int] = set()
    rejected: list[Rejected] = []
    for node in _outermost(tree, "data-post"):
        name = _NAME.fullmatch(node.attributes.get("data-post") or "")
        if name is None or name["channel"].lower() != channel.lower():
            rejected.append(_rejected(node, f"{where}: номер записи не такой, как обычно."))
            continue
        number = int(name["number"])
        numbers.add(number)
        if "service_message" not in _classes(node):
            posts[number] = _post(node, channel, number, seen_at)
    known = "tgme_channel_history", "tgme_channel_info", "tme_no_messages_found"
    if not numbers and not rejected and not _has(tree, *known):
        raise _strange(where)
    return Preview(tuple(posts.values()), frozenset(numbers), tuple(rejected))


def parse_discussion(
    html: str, *, channel: str, post: int, seen_at: datetime | None = None
) -> Discussion:
    """Read the comments below ``post``, oldest first as shown.

    ``parent_id`` is the comment answered, ``root_id`` the post. Raises BadPayloadError when the
    page is no discussion.
    """
    where = f"Telegram, комментарии к записи {channel}/{post}"
    tree = _parsed(html, where)
    comments: dict[int, FetchedPost] = {}
    rejected: list[Rejected] = []
    numbers: set[int] = set()
    for node in _outermost(tree, "data-post-id"):
        found = node.attributes.get("data-post-id") or ""
        if not _NUMBER.fullmatch(found):
            rejected.append(_rejected(node, f"{where}: номер комментария не такой, как обычно."))
            continue
        numbers.add(int(found))
        if "service_message" not in _classes(node):
            comments[int(found)] = _comment(node, f"{channel}/{post}", int(found), seen_at)
    form = _has(tree, "js-new_message_form")
    known = "tme_no_messages_found", "js-message_history"
    if not numbers and not rejected and not form and not _has(tree, *known):
        raise _strange(where)
    return Discussion(
        tuple(comments.values()),
        frozenset(numbers),
        tuple(rejected),
        available=bool(numbers or rejected or form),
        truncated=tree.css_first(".js-messages_more[data-before]") is not None,
    )


def tombstone(external_id: str, *, seen_at: datetime) -> FetchedPost:
    """Return the mark of a post or comment that the pages no longer show."""
    channel, post, *comment = external_id.split("/")
    return FetchedPost(
        network=Network.TELEGRAM,
        external_id=external_id,
        kind=PostKind.COMMENT if comment else PostKind.POST,
        text="",
        published_at=None,
        root_id=f"{channel}/{post}" if comment else "",
        deleted=True,
        seen_at=seen_at,
    )


def _post(node: LexborNode, channel: str, number: int, seen_at: datetime | None) -> FetchedPost:
    return FetchedPost(
        network=Network.TELEGRAM,
        external_id=f"{channel}/{number}",
        kind=PostKind.POST,
        text=_said(node),
        published_at=_published(node),
        url=f"https://t.me/{channel}/{number}",
        seen_at=seen_at,
    )


def _comment(node: LexborNode, root: str, number: int, seen_at: datetime | None) -> FetchedPost:
    answered = _answered(node)
    return FetchedPost(
        network=Network.TELEGRAM,
        external_id=f"{root}/{number}",
        kind=PostKind.COMMENT,
        text=_said(node),
        published_at=_published(node),
        url=f"https://t.me/{root}?comment={number}",
        parent_id=f"{root}/{answered}" if answered and answered != str(number) else "",
        root_id=root,
        seen_at=seen_at,
    )


def _answered(node: LexborNode) -> str:
    """Return the number of the comment that this one answers, in either spelling of the link."""
    link = node.css_first(".tgme_widget_message_reply")
    if link is None:
        return ""
    told = link.attributes.get("data-reply-to") or ""
    if _NUMBER.fullmatch(told):
        return told
    found = _COMMENT.search(link.attributes.get("href") or "")
    return found[1] if found else ""


def _said(message: LexborNode) -> str:
    """Return the text of a message without the one that it quotes; empty for a mere picture."""
    for node in message.css(".js-message_text"):
        if not _inside_reply(node, message):
            return _text(node)
    return ""


def _inside_reply(node: LexborNode, message: LexborNode) -> bool:
    above = node.parent
    while above is not None and above != message:
        if "tgme_widget_message_reply" in _classes(above):
            return True
        above = above.parent
    return False


def _text(root: LexborNode) -> str:
    """Return the text below an element; emoji are text already, ``br`` ends a line."""
    parts: list[str] = []
    size = 0
    # By hand, because recursion would end at a thousand nested elements.
    waiting: list[LexborNode | str] = [root]
    while waiting and size < MAX_TEXT:
        item = waiting.pop()
        if isinstance(item, str):
            parts.append(item)
        elif item.tag == "-text":
            piece = item.text_content or ""
            size += len(piece)
            parts.append(piece)
        elif item.tag == "br":
            parts.append("\n")
        else:
            if item.tag in _BLOCKS:
                parts.append("\n")
                waiting.append("\n")
            waiting.extend(reversed(list(item.iter(include_text=True))))
    return _EMPTY_LINES.sub("\n\n", "".join(parts)[:MAX_TEXT]).strip()


def _published(node: LexborNode) -> datetime | None:
    time = node.css_first(".tgme_widget_message_date time")
    try:
        moment = datetime.fromisoformat(time.attributes.get("datetime") or "" if time else "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        # A complaint is worth more than its date.
        return None


def _outermost(tree: LexborHTMLParser, attribute: str) -> Iterator[LexborNode]:
    """Yield the messages that stand in no other message."""
    for node in tree.css(f".tgme_widget_message[{attribute}]"):
        above = node.parent
        while above is not None and attribute not in above.attributes:
            above = above.parent
        if above is None:
            yield node


def _parsed(html: str, where: str) -> LexborHTMLParser:
    if len(html) > MAX_HTML or _too_deep(html):
        raise BadPayloadError(
            f"{where}: страница необычно велика или запутана и не прочитана. "
            "Если повторится, передайте это сообщение администратору."
        )
    return LexborHTMLParser(html)


def _too_deep(html: str) -> bool:
    """Tell whether more elements may be open at once than the parser is fast with."""
    depth = 0
    for found in _TAG.finditer(html):
        if found[1]:
            depth = max(0, depth - 1)
        elif found[2].lower() not in _VOID:
            depth += 1
            if depth > MAX_DEPTH:
                return True
    return False


def _classes(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def _has(tree: LexborHTMLParser, *classes: str) -> bool:
    return tree.css_first(", ".join(f".{name}" for name in classes)) is not None


def _rejected(node: LexborNode, what: str) -> Rejected:
    return Rejected(what, (node.html or "")[:MAX_PAYLOAD])


def _strange(where: str) -> BadPayloadError:
    return BadPayloadError(
        f"{where}: пришла не та страница, что обычно. Если повторится, значит, Telegram изменил "
        "свои страницы: обновите программу."
    )
