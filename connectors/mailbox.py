"""A mail box to which people write: each letter is a post.

The cursor is ``{"uidvalidity": …, "uid": …}``: the number under which the folder counts its
letters, and the last of them that was read. A server that gives a new number counts anew; then
the letters of the last days are read again, and are known by their Message-ID.
"""

import asyncio
from datetime import datetime, timedelta

from connectors.base import Page, Rejected
from connectors.mail_client import Batch, MailClient
from connectors.mail_parse import Box, read_letter
from models.values import FetchedPost

PAGE = 50
"""Letters of one page."""

BACK = timedelta(days=14)
"""How far back a box is read at first, and again when it counts anew."""


class Mailbox:
    """A connector over one folder of a box; letters are never changed, moved or marked as read."""

    def __init__(self, client: MailClient, *, folder: str = "INBOX") -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._client = client
        self._folder = folder

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return the next letters, at most 50.

        Raises ApiError (TOKEN_DEAD) when the login is refused and (GONE) when there is no such
        folder, UnreachableError when the server is away, BadPayloadError when it breaks the
        protocol, SourceError when its certificate is not trusted.
        """
        uidvalidity, uid = cursor.get("uidvalidity"), cursor.get("uid")
        if not isinstance(uidvalidity, int) or not isinstance(uid, int) or uid < 0:
            uidvalidity, uid = None, 0
        batch = await self._client.read(
            self._folder,
            uidvalidity=uidvalidity,
            after=uid,
            since=(now - BACK).date(),
            limit=PAGE,
        )
        # Large letters take long to read, and other sources wait meanwhile.
        found = await asyncio.to_thread(_read_all, batch, self._folder, now)
        return Page(
            posts=tuple(one for one in found if isinstance(one, FetchedPost)),
            cursor={"uidvalidity": batch.uidvalidity, "uid": batch.reached},
            more=batch.more,
            rejected=tuple(one for one in found if isinstance(one, Rejected)),
        )


def _read_all(batch: Batch, folder: str, now: datetime) -> list[FetchedPost | Rejected]:
    box = Box(f"Почта, папка {folder[:100]}", folder, batch.uidvalidity)
    return [read_letter(letter, box=box, now=now) for letter in batch.letters]
