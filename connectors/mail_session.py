"""One session with an IMAP server: the standard library's client, bounded, and a folder."""

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from connectors.base import Action, ApiError, BadPayloadError, SourceError, UnreachableError
from connectors.mail_client import Batch, Letter
from models.vocabulary import Network

MAX_LETTER = 1_000_000
"""Bytes fetched of a letter: its text comes first, pictures and scans after it."""

MAX_BATCH = 10_000_000
MAX_SESSION = 15_000_000
"""Bytes of letters in one reading, and of all that a server may send in one."""

WINDOW = 10_000
"""UIDs looked through at once, so that the answer stays short however large the box is."""

RECEIVED = re.compile(rb'INTERNALDATE "([^"]{10,40})"', re.IGNORECASE)
UID = re.compile(rb"(?<![\w.])UID (\d{1,10})", re.IGNORECASE)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BROKEN = (ValueError, LookupError, TypeError, AttributeError, MemoryError)
"""What the standard library's client raises over answers that no server should give."""


class Line:
    """The open connection of a thread, so that another one can cut it."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._socket: socket.socket | None = None

    def hold(self, opened: socket.socket) -> None:
        """Remember the connection."""
        self._socket = opened

    def cut(self) -> None:
        """End the connection, if there is one; whoever waits for it is told so."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class Imap(imaplib.IMAP4):
    """The standard library's client with bounds on what a server may send."""

    def __init__(
        self,
        host: str,
        port: int,
        timeout: float,
        context: ssl.SSLContext | None,
        opened: Callable[[socket.socket], None],
    ) -> None:
        """Connect and read the greeting; ``context`` None: without TLS."""
        self._context = context
        self._opened = opened
        self._left = MAX_SESSION
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), timeout)
        self._opened(plain)
        if self._context is None:
            return plain
        try:
            secure = self._context.wrap_socket(
                plain, server_hostname=self.host, do_handshake_on_connect=False
            )
        except BaseException:
            plain.close()
            raise
        self._opened(secure)
        try:
            secure.do_handshake()
        except BaseException:
            secure.close()
            raise
        return secure

    def read(self, size: int) -> bytes:
        """Read a literal. Raises abort where it breaks off, error where it is too large."""
        self._spend(size)
        found = super().read(size)
        if len(found) < size:
            raise self.abort("the connection broke off")
        return found

    def readline(self) -> bytes:
        """Read a line. Raises error where the session has held too much."""
        line = super().readline()
        self._spend(len(line))
        return line

    def _spend(self, size: int) -> None:
        # Before reading: the buffer for a literal is as large as the server says.
        self._left -= size
        if self._left < 0:
            raise self.error("more than a reading may hold")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reading asks for; see ``MailClient.read``."""

    uidvalidity: int | None
    after: int
    since: date
    limit: int


class Folder:
    """A folder of an open session."""

    def __init__(self, imap: Imap, name: str, where: str) -> None:
        """Open the folder for reading only. Raises ApiError when there is none."""
        self._imap = imap
        self._where = where
        kind, _ = imap.select(quoted(folder_name(name)), readonly=True)
        if kind != "OK":
            raise ApiError(
                f"{where}: папки «{name[:100]}» нет. Проверьте её имя в настройках.",
                network=Network.MAIL,
                method="EXAMINE",
                code=kind,
                action=Action.GONE,
            )

    def read(self, wanted: Wanted) -> Batch:
        """Return what ``MailClient.read`` does."""
        validity = self._number("UIDVALIDITY")
        if validity is None:
            raise BadPayloadError(
                f"{self._where}: сервер не сообщает UIDVALIDITY, без него письма не отличить."
            )
        following = self._number("UIDNEXT")
        if following is None:
            following = max(self._search("UID *"), default=wanted.after) + 1
        if wanted.uidvalidity == validity:
            end = min(wanted.after + WINDOW, following - 1)
            first = wanted.after + 1
            found = self._search(f"UID {first}:{end}") if first <= end else []
            # "5:3" means "3:5" to a server, and the last letter is in any range up to it.
            found = [uid for uid in found if uid > wanted.after]
            end = max(end, wanted.after)
        else:
            day = wanted.since
            found = self._search(f"SINCE {day.day}-{MONTHS[day.month - 1]}-{day.year}")
            end = following - 1
        letters, taken = self._letters(found[: wanted.limit])
        rest = len(found) > taken
        reached = found[taken - 1] if rest else max([end, *found])
        return Batch(validity, tuple(letters), reached, more=rest or reached < following - 1)

    def _letters(self, uids: list[int]) -> tuple[list[Letter], int]:
        """Fetch letters until they are many bytes; return them and how many UIDs were asked."""
        letters: list[Letter] = []
        size = 0
        for number, uid in enumerate(uids, start=1):
            letter = self._letter(uid)
            if letter is not None:
                letters.append(letter)
                size += len(letter.content)
            if size >= MAX_BATCH:
                return letters, number
        return letters, len(uids)

    def _letter(self, uid: int) -> Letter | None:
        kind, parts = self._imap.uid(
            "FETCH", str(uid), f"(UID INTERNALDATE BODY.PEEK[]<0.{MAX_LETTER}>)"
        )
        if kind != "OK":
            raise UnreachableError(f"{self._where}: сервер не отдал письмо {uid}.")
        # Flags of other letters may come in between; one that is gone does not come at all.
        for number, part in enumerate(parts):
            if not isinstance(part, tuple):
                continue
            after = parts[number + 1] if number + 1 < len(parts) else b""
            said = part[0] + b" " + (after if isinstance(after, bytes) else b"")
            named = UID.search(said)
            if named and int(named[1]) == uid:
                return Letter(uid, _moment(said), part[1][:MAX_LETTER])
        return None

    def _search(self, criterion: str) -> list[int]:
        kind, parts = self._imap.uid("SEARCH", criterion)
        if kind != "OK":
            raise UnreachableError(f"{self._where}: сервер не выполнил поиск писем.")
        return sorted({int(word) for part in parts if part for word in part.split()})

    def _number(self, name: str) -> int | None:
        _, parts = self._imap.response(name)
        said = parts[-1] if parts else None
        return int(said) if isinstance(said, bytes) and said.isdigit() else None


def _moment(said: bytes) -> datetime | None:
    found = RECEIVED.search(said)
    if not found:
        return None
    try:
        moment = parsedate_to_datetime(found[1].decode("ascii").replace("-", " ", 2))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def quoted(text: str) -> str:
    """Return a text as a quoted string of IMAP. Raises SourceError for control characters."""
    if not text.isprintable():
        raise SourceError("Имя пользователя или папки почты содержит недопустимые знаки.")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folder_name(name: str) -> str:
    """Return a folder's name as IMAP spells it: modified UTF-7 (RFC 3501, 5.1.3)."""

    def spelled(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        packed = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{packed.replace('/', ',')}-"

    return re.sub(r"&|[^\x20-\x7e]+", spelled, name)
