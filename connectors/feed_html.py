"""HTML into plain text, as a reader would see it: for feeds and for letters without plain text."""

import re

from selectolax.lexbor import LexborHTMLParser

from connectors.feed_text import clean

MAX_HTML = 100_000
"""Characters read of a piece of HTML; the store keeps no more of a text either."""

MAX_TAGS = 2_000
"""The parser's time grows with the square of open tags: with more, tags are cut out blindly."""

LONG_TAG = re.compile(r"(<[a-zA-Z][a-zA-Z0-9:-]{0,30}\s)[^<>]{500,}")
"""And with the square of a tag's attributes; pictures within attributes are of no use either."""

UNSEEN = ["script", "style", "template", "noscript", "iframe", "head", "svg", "math", "select"]
SPACE = re.compile(r"\s+")
BREAK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|center|dd|div|dl|dt|figcaption|figure|footer"
    r"|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tbody|td|th|tr|ul)(?![\w-]))",
    re.IGNORECASE,
)
TAG = re.compile(r"<[/!?a-zA-Z][^<>]{0,2000}>")
LOOKS_MARKED = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,10}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


def plain_text(html: str, *, quotation: str | None = None) -> str:
    """Return what ``html`` shows, one line for each block; scripts and styles are left out.

    ``quotation`` is what stands in place of each quotation, which stays where it is None.
    """
    # A parser that is given half a pair of surrogates raises.
    bounded = SPACE.sub(" ", clean(html[:MAX_HTML]))
    broken = BREAK.sub("\n<", LONG_TAG.sub(r"\1", bounded))
    if broken.count("<") > MAX_TAGS:
        return clean(TAG.sub(" ", broken))
    tree = LexborHTMLParser(broken)
    tree.strip_tags(UNSEEN)
    while quotation is not None and (quoted := tree.css_first("blockquote")):
        quoted.replace_with(f"\n{quotation}\n")
    root = tree.body or tree.root
    return clean(root.text(deep=True)) if root else ""


def looks_like_html(text: str) -> bool:
    """Tell whether a text that should be plain holds tags or character references."""
    return LOOKS_MARKED.search(text) is not None
