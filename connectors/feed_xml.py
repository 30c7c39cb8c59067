"""RSS and Atom by feedparser, with what a stranger's document could do to it taken away.

``feedparser.parse`` opens files and addresses, guesses charsets anew, and takes minutes over an
author's field of 300 kB; so its two parsers are used without it. They never fetch anything.
"""

import io
import re
from dataclasses import dataclass
from typing import Any
from xml.sax import handler
from xml.sax.expatreader import ExpatParser

from feedparser.api import LooseFeedParser, StrictFeedParser

from connectors.base import BadPayloadError

MAX_DEPTH = 5_000
"""Elements within each other; the formats need about six, broken ones never close theirs."""

MAX_ITEMS = 20_000
PROLOG = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
DECLARATION = re.compile(r"\A\s*<\?xml[^>]*>\s*")
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
CLOSED = re.compile(
    r"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>\s*(?:<!--[^<>]*-->\s*)*\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Document:
    """A feed's entries in the order of the document, as feedparser calls their fields.

    ``whole`` is False for a document that is no well-formed XML and was read all the same.
    """

    entries: tuple[dict[str, Any], ...]
    whole: bool


class _LimitError(Exception):
    """The document is not read on; the text is Russian."""


class _Careful:
    """What the parsers must not do with a stranger's document; comes before them."""

    depth: int
    entries: list[dict[str, Any]]
    elementstack: list[list[Any]]

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        if self.depth >= MAX_DEPTH:
            raise _LimitError(f"больше {MAX_DEPTH} элементов один в другом")
        if len(self.entries) >= MAX_ITEMS:
            raise _LimitError(f"больше {MAX_ITEMS} записей")
        super().unknown_starttag(tag, attrs)  # type: ignore[misc]  # the parsers are untyped

    def handle_charref(self, ref: str) -> None:
        """Read a reference such as ``&#1081;``; feedparser raises for numbers of no letter."""
        try:
            number = int(ref[1:], 16) if ref[:1] in "xX" else int(ref)
            chr(number).encode()
        except (ValueError, OverflowError):
            if self.elementstack:
                self.elementstack[-1][2].append("\N{REPLACEMENT CHARACTER}")
            return
        super().handle_charref(ref)  # type: ignore[misc]  # as above

    def _sync_author_detail(self, key: str = "author") -> None:
        """Leave authors alone: no name is kept, and looking for their addresses takes minutes."""

    def _add_tag(self, _term: object, _scheme: object, _label: object) -> None:
        """Leave categories alone: each is compared with all others."""
        self._get_context().setdefault("tags", [])  # type: ignore[attr-defined]  # as above


class _Strict(_Careful, StrictFeedParser):  # type: ignore[misc]  # feedparser is untyped
    """For well-formed documents."""


class _Loose(_Careful, LooseFeedParser):  # type: ignore[misc]  # as above
    """For all others: it takes what it can recognise."""


def read_xml(text: str, *, where: str) -> Document:
    """Return the entries of an RSS or Atom document.

    Of a broken document that does not end as one, the last entry is left out: it may be half of
    one. Raises BadPayloadError, naming ``where``, for what is no feed, declares entities (they
    can be multiplied without end), or is nested or repeated beyond all measure.
    """
    document = ILLEGAL.sub("", DECLARATION.sub("", text, count=1))
    _refuse_entities(document, where)
    try:
        parser, whole = _strictly(document), True
        if parser is None:
            parser, whole = _loosely(document), False
    except _LimitError as error:
        raise BadPayloadError(
            f"{where}: лента не прочитана: {error}. Проверьте, тот ли это адрес."
        ) from None
    if not parser.version and not parser.entries:
        raise BadPayloadError(
            f"{where}: это не лента RSS или Atom. Проверьте адрес источника в настройках."
        )
    entries = tuple(dict(entry) for entry in parser.entries)
    if not whole and not CLOSED.search(document[-500:]):
        entries = entries[:-1]
    return Document(entries, whole)


def _refuse_entities(document: str, where: str) -> None:
    start = PROLOG.match(document)
    rest = document[start.end() if start else 0 :]
    # Whoever declares entities does so here: XML allows nothing else before the first element.
    if rest[:9].upper() == "<!DOCTYPE" and "<!ENTITY" in rest.upper():
        raise BadPayloadError(
            f"{where}: документ объявляет собственные сущности (DTD) и потому не читается: "
            "лентам они не нужны, а развернуть их можно в гигабайты."
        )


def _strictly(document: str) -> Any:
    """Return the parser after reading, None where the document is not well-formed."""
    parser = _set_up(_Strict("", None, "utf-8"))
    reader = ExpatParser(namespaceHandling=1)
    reader.setFeature(handler.feature_external_ges, state=False)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    try:
        reader.parse(io.BytesIO(document.encode()))
    except _LimitError:
        raise
    except Exception:  # noqa: BLE001 - feedparser breaks in many ways; the loose one may not
        return None
    return parser


def _loosely(document: str) -> Any:
    parser = _set_up(_Loose("", None, "utf-8", {}))
    try:
        parser.feed(document)
    except _LimitError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise _LimitError(f"ошибка в её разметке ({type(error).__name__})") from None
    return parser


def _set_up(parser: Any) -> Any:
    # Texts become plain ones later; links are joined with the address that the settings name.
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    return parser
