"""Letters into posts: charsets, encoded headers, parts, and who is no person. Everything is pure.

``external_id`` is a digest of the Message-ID, which a letter keeps wherever its box moves, or
``{folder}:{uidvalidity}:{uid}`` for a letter without one. The address that an answer goes to
(Reply-To, or else From) is kept, the name is not.
"""

import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr

from connectors.base import Rejected
from connectors.feed_dates import read_moment
from connectors.feed_html import MAX_HTML, plain_text
from connectors.feed_text import clean, decode
from connectors.mail_client import Letter
from connectors.mail_quotes import forwards, own_words, subject_of
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

MAX_HEADER = 4_000
MAX_SUBJECT = 500
MAX_PARTS = 100
MAX_ID = 200
MAX_PAYLOAD = 10_000

WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,3000})\?=")
BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
CHARSET = re.compile(r";\s*charset\*?\s*=\s*(?:[\w-]*'[\w-]*')?\"?([\w.:-]{1,40})", re.IGNORECASE)
MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")
ADDRESS = re.compile(r"[^\s<>@\"(),;:\\]{1,64}@[^\s<>@\"(),;:\\]{1,190}")
TYPE_HEADER = re.compile(
    rb"^content-type:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE
)
BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Box:
    """A folder with the number under which it counts its letters; ``where`` is for messages."""

    where: str
    folder: str
    uidvalidity: int


def read_letter(letter: Letter, *, box: Box, now: datetime) -> FetchedPost | Rejected:
    """Turn a letter into a post.

    Answers of machines, reports of what was not delivered and bulk mail are rejected, so that a
    person still sees that they came; so is what cannot be read or holds no text. What a machine
    sends of its own accord is let through: forms of town sites write so.
    """
    where = f"{box.where}, письмо {letter.uid}"
    if is_hostile(letter.content):
        return Rejected(f"{where}: устроено так, что не читается. Откройте его в ящике.", "")
    try:
        return _read(letter, box, where, now)
    except Exception as error:  # noqa: BLE001 - the library breaks over letters in many ways
        kind = type(error).__name__
        return Rejected(f"{where}: не читается ({kind}). Откройте его в ящике.", "")


def is_hostile(content: bytes) -> bool:
    """Tell a letter that the library would take minutes or all of its stack over."""
    long = any(len(found[0]) > MAX_HEADER for found in TYPE_HEADER.finditer(content))
    return long or len(BOUNDARY.findall(content)) > MAX_PARTS


def _read(letter: Letter, box: Box, where: str, now: datetime) -> FetchedPost | Rejected:
    message = message_from_bytes(letter.content)
    headers = headers_of(message)
    sender = address_of(headers.get("reply-to", "")) or address_of(headers.get("from", ""))
    machine = _machine(headers, message)
    if machine:
        return Rejected(f"{where}: {machine}, в обращения не взято.", _shown(headers))
    said = headers.get("subject", "")[:MAX_SUBJECT]
    subject = " ".join(clean(subject_of(said)).split())
    body = body_of(message, said)
    if body.casefold().startswith(subject.casefold()):
        subject = ""
    text = "\n".join(part for part in (subject, body) if part)
    if not text:
        return Rejected(
            f"{where}: без текста, возможно, только с вложением. Откройте его в ящике.",
            _shown(headers),
        )
    own = _mark(headers.get("message-id", ""))
    own = own or _bounded(f"{box.folder}:{box.uidvalidity}:{letter.uid}")
    parents = [
        mark
        for name in ("in-reply-to", "references")
        for mark in _marks(headers.get(name, ""))
        if mark != own
    ]
    above = _marks(headers.get("references", ""))
    root = next((mark for mark in above if mark != own), parents[0] if parents else "")
    written = read_moment(headers.get("date"), zone=UTC, now=now)
    return FetchedPost(
        network=Network.MAIL,
        external_id=own,
        kind=PostKind.COMMENT if parents else PostKind.POST,
        text=text,
        # When the server took it in: from then the law counts, and the sender's clock may lie.
        published_at=letter.received_at or written,
        author_id=sender,
        parent_id=parents[0] if parents else "",
        root_id=root,
    )


def headers_of(message: Message) -> dict[str, str]:
    """Return the first value of each header, decoded; names in lower case."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        if name.lower() not in found and len(found) < 500:
            found[name.lower()] = decode_header(str(value)[:MAX_HEADER])
    return found


def decode_header(value: str) -> str:
    """Return a header's text: encoded words (RFC 2047) read, raw bytes guessed at.

    Words of one charset are joined before they are decoded: mail programs cut letters in two.
    """
    raw = value.encode("utf-8", "surrogateescape")
    text = BETWEEN_WORDS.sub("", " ".join(decode(raw).split()))
    pieces: list[str] = []
    pending, pending_charset, end = b"", "", 0
    for found in WORD.finditer(text):
        charset = found[1].partition("*")[0].lower()
        content = _word(found[2], found[3])
        if content is None:
            continue
        between = text[end : found.start()]
        if pending and (between or charset != pending_charset):
            pieces.append(decode(pending, [pending_charset]))
            pending = b""
        pieces.append(between)
        pending, pending_charset, end = pending + content, charset, found.end()
    if pending:
        pieces.append(decode(pending, [pending_charset]))
    return "".join((*pieces, text[end:]))


def _word(encoding: str, content: str) -> bytes | None:
    raw = content.encode("ascii", "ignore")
    try:
        if encoding in "qQ":
            return binascii.a2b_qp(raw, header=True)
        return binascii.a2b_base64(raw + b"=" * (-len(raw.rstrip(b"=")) % 4))
    except binascii.Error:
        return None


def _machine(headers: dict[str, str], message: Message) -> str:
    """Tell in Russian what a letter of a machine is, "" for a person's."""
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    if message.get_content_type() == "multipart/report":
        return "это отчёт о доставке"
    if headers.get("return-path", "").strip() == "<>":
        return "это служебное письмо почтового сервера"
    if submitted not in {"no", "auto-generated"} or {"x-autoreply", "x-autorespond"} & set(headers):
        return "это автоматический ответ"
    if headers.get("precedence", "").strip().lower() in {"bulk", "junk", "auto_reply"}:
        return "это рассылка"
    return ""


def body_of(message: Message, subject: str) -> str:
    """Return what the author of a letter wrote himself; ``subject`` is as sent."""
    plain: list[str] = []
    marked: list[str] = []
    for part in _parts(message):
        kind = part.get_content_type()
        if kind not in {"text/plain", "text/html"}:
            continue
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        charset = CHARSET.search(_field(part, "content-type"))
        text = decode(content, [charset[1]] if charset else [])
        (plain if kind == "text/plain" else marked).append(text)
    written = clean("\n".join(plain)[:MAX_HTML])
    if written:
        return written if forwards(subject) else own_words(written)
    html = "\n".join(marked)
    # In HTML what is answered stands in an element of its own; here it is marked as in a plain
    # letter. Where nothing else is left, it stays.
    own = "" if forwards(subject) else own_words(plain_text(html, quotation=">"))
    return own if own.strip(">\n ") else plain_text(html)


def _parts(message: Message) -> Iterator[Message]:
    """Yield what stands in the letter itself; attached files and letters are left out."""
    waiting = [message]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if _field(part, "content-disposition").strip().lower().startswith("attachment"):
            continue
        if not part.is_multipart():
            yield part
        elif part.get_content_maintype() == "multipart":
            inner = part.get_payload()
            if isinstance(inner, list):
                waiting += [one for one in reversed(inner[:MAX_PARTS]) if isinstance(one, Message)]


def _field(part: Message, name: str) -> str:
    for key, value in part.raw_items():
        if key.lower() == name:
            return " ".join(str(value)[:MAX_HEADER].split())
    return ""


def address_of(said: str) -> str:
    """Return the address that a header such as From holds, "" for none."""
    _, address = parseaddr(said[:MAX_HEADER])
    return address.lower() if ADDRESS.fullmatch(address) else ""


def _marks(said: str) -> list[str]:
    return [_digest(found[1]) for found in MESSAGE_ID.finditer(said)]


def _mark(said: str) -> str:
    found = _marks(said if "<" in said else f"<{said.strip()}>")
    return found[0] if found else ""


def _digest(message_id: str) -> str:
    return f"mid:{hashlib.sha256(message_id.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _bounded(external_id: str) -> str:
    fits = len(external_id) <= MAX_ID and external_id.isprintable()
    return external_id if fits else _digest(external_id)


def _shown(headers: dict[str, str]) -> str:
    shown = ("from", "subject", "date", "auto-submitted", "precedence", "return-path")
    lines = (f"{name}: {clean(headers[name])}" for name in shown if name in headers)
    return "\n".join(lines)[:MAX_PAYLOAD]
