"""What reading a mail box gives: letters as raw bytes, in batches."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: its UID, when the server took it in, and its first bytes as sent."""

    uid: int
    received_at: datetime | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Letters of a folder in the order of UIDs.

    ``reached`` is the UID up to which the folder has been looked through; ``more`` says that
    further UIDs wait.
    """

    uidvalidity: int
    letters: tuple[Letter, ...]
    reached: int
    more: bool


class MailClient(Protocol):
    """Reads folders. The only other one than ImapClient plays recordings."""

    async def read(
        self, folder: str, *, uidvalidity: int | None, after: int, since: date, limit: int
    ) -> Batch:
        """Return the next letters of ``folder``, at most ``limit``.

        Those with a UID greater than ``after``, if the folder still numbers them under
        ``uidvalidity``; otherwise those taken in since the day ``since``. Raises ApiError when
        the login or the folder is refused, UnreachableError when the server is away,
        BadPayloadError when it breaks the protocol, SourceError when it cannot be trusted.
        """
        ...
