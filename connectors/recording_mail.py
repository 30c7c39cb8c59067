"""Recording what a mail server answers, and playing it again; see ``connectors.recording``.

Of a letter only what becomes a post is kept: when it came, its subject and its author's own words
without people's addresses and phones, what it answers, and what tells that a machine wrote it.
Names, addresses and message ids become stand-ins, the same for the same within one recording.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.message import Message
from typing import IO

from pydantic import AwareDatetime, Field, ValidationError

from connectors.base import SourceError
from connectors.feed_text import clean
from connectors.mail_client import Batch, Letter, MailClient
from connectors.mail_parse import MESSAGE_ID, address_of, body_of, headers_of, is_hostile
from connectors.masking import Mask
from connectors.payload import Shape
from connectors.recording import Played, Tape

MACHINE = ("auto-submitted", "precedence", "x-autoreply", "x-autorespond")
"""Headers that tell a machine's letter, and tell nothing of people."""

NOBODY = "<>"
"""The Return-Path of what mail servers themselves send; any other is somebody's address."""

MOST_IDS = 20
"""Message ids that are kept of one header."""


class RecordingMail(Tape):
    """Reads through another client and writes down what came, masked."""

    def __init__(self, client: MailClient, out: IO[bytes], *, mask: Mask | None = None) -> None:
        """Read through ``client`` and write to ``out``."""
        super().__init__(out, mask=mask)
        self._client = client

    async def read(
        self, folder: str, *, uidvalidity: int | None, after: int, since: date, limit: int
    ) -> Batch:
        """Read, and return the masked letters; see ``MailClient``."""
        found = await self._client.read(
            folder, uidvalidity=uidvalidity, after=after, since=since, limit=limit
        )
        letters = tuple(masked_letter(letter, self.mask) for letter in found.letters)
        batch = replace(found, letters=letters)
        self.write(
            {
                "ask": _asked(folder, uidvalidity, after, since, limit),
                "batch": {
                    "uidvalidity": batch.uidvalidity,
                    "reached": batch.reached,
                    "more": batch.more,
                    "letters": [
                        {
                            "uid": letter.uid,
                            "received_at": letter.received_at,
                            "content": letter.content.decode(),
                        }
                        for letter in letters
                    ],
                },
            }
        )
        return batch


class _Letter(Shape):
    uid: int
    received_at: AwareDatetime | None = Field(strict=False)
    content: str


class _Batch(Shape):
    uidvalidity: int
    reached: int = Field(ge=0)
    more: bool
    letters: list[_Letter]


class PlayedMail:
    """Answers from a recording; no server is asked."""

    def __init__(self, played: Played) -> None:
        """Answer from ``played``."""
        self._played = played

    async def read(
        self, folder: str, *, uidvalidity: int | None, after: int, since: date, limit: int
    ) -> Batch:
        """Return what was answered to the same question. Raises SourceError for others."""
        taken = self._played.take(_asked(folder, uidvalidity, after, since, limit))
        try:
            found = _Batch.model_validate(taken)
        except ValidationError:
            raise SourceError(
                f"Запись {self._played.path}: письма в ней записаны не так, как умеет эта версия "
                "программы."
            ) from None
        letters = tuple(
            Letter(one.uid, one.received_at, one.content.encode()) for one in found.letters
        )
        return Batch(found.uidvalidity, letters, found.reached, found.more)


def masked_letter(letter: Letter, mask: Mask) -> Letter:
    """Return a letter that reads as the same post as ``letter``, with nobody in it.

    One that cannot be read becomes an empty one, for nobody could tell what it would give away.
    """
    try:
        lines = [] if is_hostile(letter.content) else _rewritten(letter.content, mask)
    except Exception:  # noqa: BLE001 - the library breaks over letters in many ways
        lines = []
    return replace(letter, content="\n".join(lines).encode())


def _rewritten(content: bytes, mask: Mask) -> list[str]:
    message = message_from_bytes(content)
    headers = headers_of(message)
    subject = headers.get("subject", "")
    sender = address_of(headers.get("reply-to", "")) or address_of(headers.get("from", ""))
    kept = {
        "From": mask.address(sender) if sender else "",
        "Date": headers.get("date", "")[:100],
        "Message-ID": _ids(headers.get("message-id", ""), mask, bare=True),
        "In-Reply-To": _ids(headers.get("in-reply-to", ""), mask),
        "References": _ids(headers.get("references", ""), mask),
        "Subject": mask.text(subject),
        "Return-Path": NOBODY if headers.get("return-path", "").strip() == NOBODY else "",
        **{name.title(): headers[name][:100] for name in MACHINE if name in headers},
        "Content-Type": _kind(message),
    }
    return [
        *(f"{name}: {' '.join(clean(said).split())}" for name, said in kept.items() if said),
        "",
        mask.text(body_of(message, subject)),
    ]


def _kind(message: Message) -> str:
    if message.get_content_type() == "multipart/report":
        return 'multipart/report; boundary="report"'
    return "text/plain; charset=utf-8"


def _ids(said: str, mask: Mask, *, bare: bool = False) -> str:
    """Return the message ids of a header as stand-ins; ``bare`` ones may lack their brackets."""
    if bare and said.strip() and "<" not in said:
        said = f"<{said.strip()}>"
    found = [one[1] for one in MESSAGE_ID.finditer(said)]
    # The first of References is the letter that began it all.
    return " ".join(f"<{mask.address(one)}>" for one in found[:MOST_IDS])


def _asked(
    folder: str, uidvalidity: int | None, after: int, since: date, limit: int
) -> Mapping[str, object]:
    return {
        "folder": folder,
        "uidvalidity": uidvalidity,
        "after": after,
        "since": since.isoformat(),
        "limit": limit,
    }
