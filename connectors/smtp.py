"""Notices by mail: one letter, one attempt, over TLS.

SMTP knows no idempotency; a letter's Message-ID is made of its key, so that it is the same at every
attempt, and mail programs show one that came twice in one place. Everything up to the letter's
last line can be repeated without harm, and so can what the server refuses; a connection that
breaks after the letter went out leaves it open.
"""

import asyncio
import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

from connectors.base import SourceError, UnreachableError
from connectors.notices import Message, NotSentError, in_own_thread

CONNECT_SECONDS = 5.0
SECONDS = 12.0
"""For all steps together, so that it is known at which of them a slow server was given up."""

PORTS = {"smtps": 465, "smtp": 587}

FINAL_REPLIES = frozenset(range(500, 600)) - {530, 534, 535, 538}
"""Replies after which the letter will never be taken; those of a wrong password are about the
settings, which somebody will put right."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in, as ``smtps://user@host:465?from=otklik@example.ru`` says.

    ``smtps`` is TLS from the start, ``smtp`` is STARTTLS, without which nothing is sent unless
    ``plain``: for a relay on this very machine.
    """

    host: str
    port: int
    tls: bool
    plain: bool
    user: str
    password: SecretStr
    sender: str
    ca_file: str

    @classmethod
    def parse(cls, url: str, password: SecretStr | None = None) -> "MailServer":
        """Read an address; ``password`` stands in for the one that it does not hold.

        Raises SourceError, which never repeats the address.
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
            asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        except ValueError:
            raise _unusable() from None
        user = unquote(parts.username or "")
        sender = asked.get("from", "") or (user if "@" in user else "")
        if parts.scheme not in PORTS or not host or not _is_mail(sender):
            raise _unusable()
        given = SecretStr(unquote(parts.password)) if parts.password else password
        plain = asked.get("tls") == "no"
        if plain and (user or parts.scheme == "smtps"):
            raise SourceError(
                "OTKLIK_SMTP_URL: tls=no посылал бы пароль открыто. Уберите имя или tls=no."
            )
        return cls(
            host=host,
            port=port or PORTS[parts.scheme],
            tls=parts.scheme == "smtps",
            plain=plain,
            user=user,
            password=given or SecretStr(""),
            sender=sender,
            ca_file=asked.get("ca_file", ""),
        )


def _unusable() -> SourceError:
    return SourceError(
        "OTKLIK_SMTP_URL не разобран. Образец: "
        "smtps://otklik@mail.example.ru:465?from=otklik@example.ru (пароль — в секрете smtp)."
    )


def _is_mail(address: str) -> bool:
    name, _, domain = address.partition("@")
    return bool(name and "." in domain and address.isascii() and address.isprintable())


class MailSender:
    """Sends letters to one address."""

    limit = 100_000

    def __init__(self, server: MailServer, address: str, *, clock: Callable[[], datetime]) -> None:
        """Remember where letters go; ``clock`` dates them."""
        self._server = server
        self._address = address
        self._clock = clock

    async def send(self, message: Message) -> None:
        """Hand one letter in. Raises NotSentError and UnreachableError."""
        handing_in = _HandingIn(self._server, self._address, self._letter(message))
        try:
            await in_own_thread(handing_in.run)
        except asyncio.CancelledError:
            # The thread would go on and send the letter when nobody counts on it any more.
            handing_in.abort()
            raise

    def _letter(self, message: Message) -> bytes:
        letter = EmailMessage(policy=SMTP)
        letter["Subject"] = message.subject
        letter["From"] = Address("Отклик", addr_spec=self._server.sender)
        letter["To"] = self._address
        letter["Date"] = format_datetime(self._clock())
        domain = self._server.sender.rpartition("@")[2]
        letter["Message-ID"] = f"<{message.key}@{domain}>"
        # So that no holiday notice comes back.
        letter["Auto-Submitted"] = "auto-generated"
        letter["X-Auto-Response-Suppress"] = "All"
        letter.set_content(message.text)
        return letter.as_bytes()


class _HandingIn:
    """One letter on one connection, in a thread of its own."""

    def __init__(self, server: MailServer, address: str, letter: bytes) -> None:
        self._server = server
        self._address = address
        self._letter = letter
        self._smtp: smtplib.SMTP | None = None
        self._until = time.monotonic() + SECONDS
        self._aborted = False
        self._sent = False

    def abort(self) -> None:
        """Cut the connection: whatever was not sent yet will not be."""
        self._aborted = True
        sock = getattr(self._smtp, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError, ValueError):
                # To close it alone would not wake who waits for it.
                sock.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        where = f"Почта, {self._server.host}"
        try:
            self._hand_in()
        except smtplib.SMTPResponseException as error:
            if not 400 <= error.smtp_code < 600 and self._sent:
                raise UnreachableError(f"{where}: ответ сервера на письмо не понят.") from None
            raise _refused(where, error.smtp_code) from None
        except ssl.SSLCertVerificationError:
            raise NotSentError(
                f"{where}: сертификат сервера не подтверждён, письмо не отправлено. Если он "
                "выпущен своим удостоверяющим центром, добавьте к адресу ca_file=ПУТЬ."
            ) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            # A closed file is a ValueError. What servers say may repeat the letter.
            said = f"{where}: соединение не удалось или оборвалось ({type(error).__name__})."
            raise (UnreachableError(said) if self._sent else NotSentError(said)) from None

    def _hand_in(self) -> None:
        server = self._server
        trust = ssl.create_default_context(cafile=server.ca_file or None)
        if server.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=CONNECT_SECONDS, context=trust
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=CONNECT_SECONDS)
        self._smtp = smtp
        try:
            if not server.tls and not server.plain:
                self._step(smtp)
                smtp.starttls(context=trust)
            if server.user:
                self._step(smtp)
                smtp.login(server.user, server.password.get_secret_value())
            self._step(smtp)
            smtp.ehlo_or_helo_if_needed()
            self._step(smtp)
            _expect(*smtp.mail(server.sender))
            self._step(smtp)
            _expect(*smtp.rcpt(self._address))
            self._step(smtp)
            self._sent = True
            _expect(*smtp.data(self._letter))
            with contextlib.suppress(smtplib.SMTPException, OSError, ValueError):
                smtp.quit()
        finally:
            smtp.close()

    def _step(self, smtp: smtplib.SMTP) -> None:
        """Give the next step what is left of the time. Raises TimeoutError."""
        left = self._until - time.monotonic()
        if self._aborted or left <= 0 or smtp.sock is None:
            raise TimeoutError
        smtp.sock.settimeout(left)


def _expect(code: int, said: bytes) -> None:
    if code not in {250, 251}:
        raise smtplib.SMTPResponseException(code, said)


def _refused(where: str, code: int) -> NotSentError:
    final = code in FINAL_REPLIES
    if code in {530, 534, 535, 538}:
        advice = "имя или пароль не приняты; проверьте OTKLIK_SMTP_URL и секрет smtp"
    elif final:
        advice = "письмо не принято; проверьте адреса получателя и отправителя"
    else:
        advice = "сервер просит подождать"
    return NotSentError(f"{where}: ответ {code}: {advice}.", final=final)
