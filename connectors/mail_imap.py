"""Letters from an IMAP server, as raw bytes; nothing in the box is ever changed.

Folders are opened with EXAMINE and letters fetched with BODY.PEEK[], so not even the mark of an
unread letter goes. The standard library's client blocks, so a whole reading runs in a thread.
"""

import asyncio
import imaplib
import re
import ssl
from contextlib import suppress
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from connectors.base import Action, ApiError, BadPayloadError, SourceError, UnreachableError
from connectors.mail_client import Batch
from connectors.mail_session import BROKEN, Folder, Imap, Line, Wanted, quoted
from models.vocabulary import Network

TLS_PORT = 993
PLAIN_PORT = 143
SILENT_SECONDS = 10.0
READING_SECONDS = 120.0
"""How long a server may be silent, and how long a whole reading may take."""

TRY_LATER = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})
"""Codes of RFC 5530 with which a login is refused for a reason of the server's own."""

CODE = re.compile(r"\[([A-Z-]{2,30})[\] ]")


class ImapClient:
    """Reads from a real server.

    TLS unless ``tls`` is False on purpose; ``ca_file`` names the certificates to trust beside
    the system's, for servers with one of an authority of their own. ``silent_seconds`` and
    ``reading_seconds`` bound the waits.
    """

    def __init__(
        self,
        host: str,
        user: str,
        password: SecretStr,
        *,
        port: int | None = None,
        tls: bool = True,
        ca_file: Path | None = None,
        silent_seconds: float = SILENT_SECONDS,
        reading_seconds: float = READING_SECONDS,
    ) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._host = host
        self._port = port or (TLS_PORT if tls else PLAIN_PORT)
        self._user = user
        self._password = password
        self._tls = tls
        self._ca_file = ca_file
        self._silent = silent_seconds
        self._whole = reading_seconds
        self._where = f"Почта {host[:100]}"

    async def read(
        self, folder: str, *, uidvalidity: int | None, after: int, since: date, limit: int
    ) -> Batch:
        """Read in a session of its own; see ``MailClient``."""
        line = Line()
        work = asyncio.to_thread(self._read, line, folder, Wanted(uidvalidity, after, since, limit))
        try:
            async with asyncio.timeout(self._whole):
                return await work
        except TimeoutError:
            raise UnreachableError(f"{self._where}: сервер не ответил вовремя.") from None
        finally:
            # Wakes the thread, should it still wait for the server.
            line.cut()

    def _read(self, line: "Line", folder: str, wanted: "Wanted") -> Batch:
        try:
            imap = Imap(self._host, self._port, self._silent, self._context(), line.hold)
        except ssl.SSLCertVerificationError:
            raise SourceError(
                f"{self._where}: сертификат сервера не подтверждён, пароль ему не передан. Если "
                "сертификат выпущен своим удостоверяющим центром, укажите его в ca_file."
            ) from None
        except imaplib.IMAP4.error:
            raise UnreachableError(f"{self._where}: сервер не принял соединение.") from None
        except (OSError, *BROKEN) as error:
            raise self._lost(error) from None
        try:
            self._sign_in(imap)
            batch = Folder(imap, folder, self._where).read(wanted)
            # The letters are read; whatever goes wrong with taking leave changes nothing.
            with suppress(Exception):
                imap.logout()
        except imaplib.IMAP4.abort:
            raise UnreachableError(f"{self._where}: сервер оборвал соединение.") from None
        except (imaplib.IMAP4.error, *BROKEN):
            raise BadPayloadError(f"{self._where}: сервер ответил не по правилам IMAP.") from None
        except OSError as error:
            raise self._lost(error) from None
        else:
            return batch
        finally:
            with suppress(OSError):
                imap.shutdown()

    def _context(self) -> ssl.SSLContext | None:
        if not self._tls:
            return None
        context = ssl.create_default_context()
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except OSError:
                raise SourceError(
                    f"{self._where}: файл сертификатов {self._ca_file} не читается. Проверьте "
                    "ca_file в настройках."
                ) from None
        return context

    def _lost(self, error: Exception) -> UnreachableError:
        said = "не ответил вовремя" if isinstance(error, TimeoutError) else "недоступен"
        return UnreachableError(f"{self._where}: сервер {said} ({type(error).__name__}).")

    def _sign_in(self, imap: "Imap") -> None:
        if imap.state == "AUTH":
            return
        password = self._password.get_secret_value()
        try:
            if (self._user + password).isascii():
                imap.login(quoted(self._user), password)
            else:
                # LOGIN knows ASCII alone.
                plain = f"\0{self._user}\0{password}".encode()
                imap.authenticate("PLAIN", lambda _: plain)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise self._refused(str(error)) from None

    def _refused(self, said: str) -> SourceError:
        code = CODE.search(said)
        if code and code[1] in TRY_LATER:
            return UnreachableError(
                f"{self._where}: сервер сейчас не пускает ({code[1]}). Опрос повторится сам."
            )
        return ApiError(
            f"{self._where}: сервер не принял имя и пароль. Проверьте их в настройках; многие "
            "службы требуют отдельный пароль для программ.",
            network=Network.MAIL,
            method="LOGIN",
            code=code[1] if code else "NO",
            action=Action.TOKEN_DEAD,
        )
