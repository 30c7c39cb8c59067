"""A mail server on loopback that takes letters, or fails where a test says.

Plain SMTP only: EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT, AUTH PLAIN.
"""

import asyncio
import base64
import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from types import TracebackType
from typing import Self, cast

MAX_LETTER = 1_000_000


class Fault(StrEnum):
    """Where a connection goes wrong, once each."""

    BUSY = "busy"
    """451 to MAIL: come again."""
    REFUSE = "refuse"
    """550 to RCPT: no such box."""
    REFUSE_LETTER = "refuse_letter"
    """554 to the whole letter."""
    GONE_BEFORE = "gone_before"
    """Breaks at MAIL."""
    GONE_AFTER = "gone_after"
    """Takes the letter and breaks before it says so."""
    HANG_AFTER = "hang_after"
    """Takes the letter and never says so."""
    HANG = "hang"
    """Never greets."""


@dataclass(slots=True)
class SmtpFake:
    """Use as ``async with SmtpFake() as mail``; ``letters`` is what was taken in.

    ``faults`` are used up one a connection; ``refused`` are boxes that are never taken.
    ``users`` maps names to passwords, empty for a server that asks nobody who they are.
    """

    faults: list[Fault] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    users: Mapping[str, str] = field(default_factory=dict)
    letters: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=MAX_LETTER)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    _server: asyncio.Server = field(init=False)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, hanging connections included."""
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Return the address as OTKLIK_SMTP_URL takes it."""
        return f"smtp://127.0.0.1:{self.port}?from=otklik@example.ru&tls=no"

    def ids(self) -> list[str]:
        """Return the Message-ID of each letter taken in."""
        return [str(letter["Message-ID"]) for letter in self.letters]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._open.add(task)
        self.connections += 1
        fault = self.faults.pop(0) if self.faults else None
        try:
            await self._session(reader, writer, fault)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _session(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault | None
    ) -> None:
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        writer.write(b"220 fake\r\n")
        known = not self.users
        while line := await reader.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            verb = verb.upper()
            if verb == "AUTH":
                known = self._is_known(rest)
            if verb == "MAIL" and fault is Fault.GONE_BEFORE:
                return
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                said = await self._take(await reader.readuntil(b"\r\n.\r\n"), fault)
            else:
                said = self._reply(verb, rest, fault, known=known)
            if not said:
                return
            writer.write(said.encode() + b"\r\n")
            await writer.drain()
            if verb == "QUIT":
                return

    def _is_known(self, plain: str) -> bool:
        _, name, password = base64.b64decode(plain.rsplit(maxsplit=1)[-1]).decode().split("\0")
        return self.users.get(name) == password

    def _reply(self, verb: str, rest: str, fault: Fault | None, *, known: bool) -> str:
        if verb == "EHLO":
            return "250-fake\r\n250 AUTH PLAIN"
        if verb == "AUTH":
            return "235 welcome" if known else "535 wrong"
        if verb == "MAIL" and not known:
            return "530 who are you"
        if verb == "MAIL" and fault is Fault.BUSY:
            return "451 later"
        if verb == "RCPT" and (fault is Fault.REFUSE or rest[4:-1] in self.refused):
            return "550 no such box"
        return "221 bye" if verb == "QUIT" else "250 ok"

    async def _take(self, letter: bytes, fault: Fault | None) -> str:
        """Take a letter in and return what to say; nothing to break the connection."""
        if fault is Fault.REFUSE_LETTER:
            return "554 no"
        self._keep(letter)
        if fault is Fault.HANG_AFTER:
            await asyncio.Event().wait()
        return "" if fault is Fault.GONE_AFTER else "250 taken"

    def _keep(self, letter: bytes) -> None:
        whole = letter.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        parsed = email.message_from_bytes(whole, policy=email.policy.SMTP)
        self.letters.append(parsed)
