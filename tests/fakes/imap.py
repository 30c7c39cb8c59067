"""A mail server on loopback: the part of IMAP4rev1 (RFC 3501) that reading a box needs.

A ``World`` holds accounts and folders; letters may be added and removed, folders renumbered, and
faults planned while the server runs. Only one's own commands are understood: CAPABILITY, NOOP,
LOGIN, AUTHENTICATE PLAIN, EXAMINE, SELECT, UID SEARCH, UID FETCH, CLOSE, LOGOUT; any other is
answered with BAD. Every command is remembered without its arguments' secrets.
"""

import asyncio
import base64
import re
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from types import TracebackType
from typing import Self

MOSCOW = timezone(timedelta(hours=3))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
PART = re.compile(r"BODY(?:\.PEEK)?\[\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)


class Fault(StrEnum):
    """What a session can do instead of an answer."""

    HANG = "hang"
    """Says nothing more."""
    DROP = "drop"
    """Ends the connection; in the middle of a letter where there is one."""
    BYE = "bye"
    """Takes leave by itself."""
    GARBAGE = "garbage"
    """Says what is no IMAP."""
    HUGE = "huge"
    """Announces a letter of a terabyte."""
    REFUSE = "refuse"
    """Answers NO."""
    DRIP = "drip"
    """Goes on sending a line now and then, and never ends."""


@dataclass(slots=True)
class Mail:
    """A letter as it came; ``received`` is Unix time, ``seen`` the mark of having been read."""

    uid: int
    raw: bytes
    received: float
    seen: bool = False


@dataclass(slots=True)
class Folder:
    """Letters by ascending UID. ``uidnext`` is the UID of the next one to come."""

    uidvalidity: int = 1_700_000_000
    uidnext: int = 1
    mails: list[Mail] = field(default_factory=list)

    def add(self, raw: bytes, received: float) -> int:
        """Take a letter in; line ends become those of the protocol. Return its UID."""
        lines = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.mails.append(Mail(self.uidnext, lines, received))
        self.uidnext += 1
        return self.uidnext - 1

    def remove(self, uid: int) -> None:
        """Delete a letter; its UID is never given again."""
        self.mails = [mail for mail in self.mails if mail.uid != uid]

    def renumber(self, uidvalidity: int) -> None:
        """Count anew, as a server does that has moved or restored the box."""
        self.uidvalidity = uidvalidity
        for uid, mail in enumerate(self.mails, start=1):
            mail.uid = uid
        self.uidnext = len(self.mails) + 1


@dataclass(slots=True)
class World:
    """Accounts (name → password), folders by name, faults, and what was asked.

    ``planned`` are faults by command, used up one by one; ``visible`` are letters whose moment
    has come by ``clock``. ``greeting`` opens a session; ``refusal`` is what a wrong password is
    told. With ``noise`` the server tells of other letters in between, as it may at any time;
    ``silent_of`` are responses to EXAMINE that it leaves out.
    """

    clock: Callable[[], float] = time.time
    accounts: dict[str, str] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})
    planned: list[tuple[str, Fault]] = field(default_factory=list)
    greeting: str = "* OK IMAP4rev1 ready"
    refusal: str = "[AUTHENTICATIONFAILED] Authentication failed."
    noise: bool = False
    silent_of: frozenset[str] = frozenset()
    commands: list[str] = field(default_factory=list)
    sessions: int = 0

    def visible(self, folder: Folder) -> list[Mail]:
        """Return the letters whose moment has come."""
        return [mail for mail in folder.mails if mail.received <= self.clock()]

    def next(self, folder: Folder) -> int:
        """Return the UID after the last visible letter, or the folder's own when all are."""
        hidden = [mail.uid for mail in folder.mails if mail.received > self.clock()]
        return min([folder.uidnext, *hidden])


class ImapServer:
    """Serves ``world`` on a free port (or a given one) while its context is open."""

    def __init__(self, world: World, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Wrap the world; ``tls`` makes it speak TLS from the start."""
        self.world = world
        self.port = port
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, sessions that hang included."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.world.sessions += 1
        try:
            await _Session(self.world, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, _EndError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(Exception):
                await writer.wait_closed()


class _EndError(Exception):
    """The session is over."""


class _Session:
    def __init__(
        self, world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._world = world
        self._reader = reader
        self._writer = writer
        self._signed_in = world.greeting.startswith("* PREAUTH")
        self._folder: Folder | None = None
        self._answers: dict[str, Callable[[str, list[str]], Awaitable[None]]] = {
            "CAPABILITY": self._capability,
            "NOOP": self._noop,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "EXAMINE": self._open,
            "SELECT": self._open,
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
            "CLOSE": self._noop,
            "LOGOUT": self._logout,
        }

    async def run(self) -> None:
        await self._say(self._world.greeting)
        if self._world.greeting.startswith("* BYE"):
            return
        while line := await self._reader.readline():
            tag, _, rest = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            words = [
                quoted.replace('\\"', '"').replace("\\\\", "\\") if bare == "" else bare
                for quoted, bare in WORD.findall(rest)
            ]
            name = words.pop(0).upper() if words else ""
            if name == "UID" and words:
                name = f"UID {words.pop(0).upper()}"
            shown = "" if name in {"LOGIN", "AUTHENTICATE"} else " ".join(words)
            self._world.commands.append(f"{name} {shown}".strip())
            answer = self._answers.get(name)
            if answer is None:
                await self._say(f"{tag} BAD unknown command")
                continue
            fault = self._planned(name)
            if fault is not None and not (fault is Fault.DROP and name == "UID FETCH"):
                await self._spoil(tag, fault)
            else:
                self._dropping = fault is Fault.DROP
                await answer(tag, words)

    def _planned(self, name: str) -> Fault | None:
        for number, (command, fault) in enumerate(self._world.planned):
            if command == name:
                del self._world.planned[number]
                return fault
        return None

    async def _spoil(self, tag: str, fault: Fault) -> None:
        match fault:
            case Fault.HANG:
                await asyncio.Event().wait()
            case Fault.DRIP:
                while True:
                    await self._say("* OK still here")
                    await asyncio.sleep(0.01)
            case Fault.BYE:
                await self._say("* BYE closing for maintenance")
            case Fault.GARBAGE:
                await self._say("HTTP/1.1 400 Bad Request")
            case Fault.HUGE:
                await self._say("* 1 FETCH (UID 1 BODY[]<0> {1000000000000}")
            case Fault.REFUSE:
                await self._say(f"{tag} NO not now")
                return
        raise _EndError

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()

    async def _capability(self, tag: str, _: list[str]) -> None:
        await self._say("* CAPABILITY IMAP4rev1 AUTH=PLAIN", f"{tag} OK done")

    async def _noop(self, tag: str, _: list[str]) -> None:
        await self._say(f"{tag} OK done")

    async def _logout(self, tag: str, _: list[str]) -> None:
        await self._say("* BYE logging out", f"{tag} OK done")
        raise _EndError

    async def _login(self, tag: str, words: list[str]) -> None:
        await self._admit(tag, words[0], words[1] if len(words) > 1 else "")

    async def _authenticate(self, tag: str, _: list[str]) -> None:
        await self._say("+ ")
        said = base64.b64decode(await self._reader.readline()).decode().split("\0")
        await self._admit(tag, said[1], said[2])

    async def _admit(self, tag: str, name: str, password: str) -> None:
        if self._world.accounts.get(name) == password:
            self._signed_in = True
            await self._say(f"{tag} OK signed in")
        else:
            await self._say(f"{tag} NO {self._world.refusal}")

    async def _open(self, tag: str, words: list[str]) -> None:
        name = folder_title(words[0])
        self._folder = self._world.folders.get(name) if self._signed_in else None
        if self._folder is None:
            await self._say(f"{tag} NO [NONEXISTENT] no such folder")
            return
        count = len(self._world.visible(self._folder))
        said = {
            "FLAGS": r"* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)",
            "EXISTS": f"* {count} EXISTS",
            "RECENT": "* 0 RECENT",
            "UIDVALIDITY": f"* OK [UIDVALIDITY {self._folder.uidvalidity}] valid",
            "UIDNEXT": f"* OK [UIDNEXT {self._world.next(self._folder)}] next",
        }
        await self._say(
            *(line for key, line in said.items() if key not in self._world.silent_of),
            f"{tag} OK [READ-ONLY] open",
        )

    async def _search(self, tag: str, words: list[str]) -> None:
        if self._folder is None:
            await self._say(f"{tag} BAD no folder")
            return
        mails = self._world.visible(self._folder)
        if words[:1] == ["UID"]:
            found = _in_range(words[1], [mail.uid for mail in mails])
        elif words[:1] == ["SINCE"]:
            found = [mail.uid for mail in mails if _day(mail) >= _date(words[1])]
        else:
            found = [mail.uid for mail in mails]
        await self._chatter()
        await self._say(f"* SEARCH {' '.join(map(str, found))}".rstrip(), f"{tag} OK done")

    async def _fetch(self, tag: str, words: list[str]) -> None:
        if self._folder is None:
            await self._say(f"{tag} BAD no folder")
            return
        mails = self._world.visible(self._folder)
        asked = " ".join(words[1:])
        wanted = set(_in_range(words[0], [mail.uid for mail in mails]))
        part = PART.search(asked)
        for number, mail in enumerate(mails, start=1):
            if mail.uid not in wanted:
                continue
            await self._chatter()
            start, size = (int(part[1] or 0), int(part[2] or 10**9)) if part else (0, 0)
            content = mail.raw[start : start + size]
            mail.seen = mail.seen or (part is not None and ".PEEK" not in asked.upper())
            named = f"BODY[]<{start}>" if part and part[1] else "BODY[]"
            head = f'* {number} FETCH (UID {mail.uid} INTERNALDATE "{_received(mail)}" {named}'
            self._writer.write(f"{head} {{{len(content)}}}\r\n".encode())
            if self._dropping:
                self._writer.write(content[: len(content) // 2])
                await self._writer.drain()
                raise _EndError
            self._writer.write(content + b")\r\n")
        await self._say(f"{tag} OK done")

    async def _chatter(self) -> None:
        if self._world.noise and self._folder is not None:
            count = len(self._folder.mails)
            await self._say(
                f"* {count} EXISTS",
                r"* 1 FETCH (UID 1 FLAGS (\Seen))",
                "* OK [ALERT] the box is nearly full",
            )


def folder_title(name: str) -> str:
    """Read a folder's name in modified UTF-7."""

    def plain(found: re.Match[str]) -> str:
        packed = found[1].replace(",", "/")
        return (
            base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")
            if packed
            else "&"
        )

    return re.sub(r"&([^-]*)-", plain, name)


def _in_range(said: str, uids: list[int]) -> list[int]:
    last = max(uids, default=0)
    found: set[int] = set()
    for piece in said.split(","):
        ends = [last if end == "*" else int(end) for end in piece.split(":")]
        found |= {uid for uid in uids if min(ends) <= uid <= max(ends)}
    return sorted(found)


def _day(mail: Mail) -> datetime:
    local = datetime.fromtimestamp(mail.received, MOSCOW)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)


def _date(said: str) -> datetime:
    day, month, year = said.split("-")
    return datetime(int(year), MONTHS.index(month) + 1, int(day), tzinfo=UTC)


def _received(mail: Mail) -> str:
    at = datetime.fromtimestamp(mail.received, MOSCOW)
    return f"{at.day:2}-{MONTHS[at.month - 1]}-{at:%Y %H:%M:%S %z}"
