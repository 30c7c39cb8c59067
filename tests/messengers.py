"""What tests of Telegram and MAX stand on: a clock that costs no time, a caller, a shelf."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from connectors.base import Connector, Page, Rejected, SourceError
from connectors.calling import Caller
from connectors.http import Answer, HttpClient, Request
from connectors.ledger import Ledger, Token
from models.values import FetchedPost, KnownPost
from pipeline.decisions.folding import fold

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
"""12:00 in Moscow on a Tuesday."""

HOUR = 3600.0
MOST_PAGES = 400
"""Of one reading; more means that it never ends."""


@dataclass(slots=True)
class Time:
    """A clock that runs only while somebody sleeps."""

    at: float = NOON.timestamp()

    def clock(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += max(0.0, seconds)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span).total_seconds()


@dataclass(slots=True)
class Impatient:
    """A client that waits a moment where the product waits for seconds."""

    http: HttpClient
    asked: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Answer:
        self.asked.append(request)
        return await self.http.send(replace(request, read_seconds=0.3))


@dataclass(slots=True)
class Desk:
    """A client, a clock and a ledger."""

    time: Time
    http: Impatient
    ledger: Ledger

    def caller(self, token: Token) -> Caller:
        return Caller(
            token,
            self.ledger,
            sleep=self.time.sleep,
            chance=lambda: 0.5,
            clock=self.time.clock,
        )

    def keyed(self, secret: str, *, rate: float = 30.0) -> Caller:
        return self.caller(Token("ключ", SecretStr(secret), rate))


@asynccontextmanager
async def desk(time: Time) -> AsyncIterator[Desk]:
    """Give a desk on ``time``."""
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.db", clock=time.clock, sleep=time.sleep)
        try:
            async with HttpClient(private=True) as http:
                yield Desk(time, Impatient(http), ledger)
        finally:
            ledger.close()


@dataclass(slots=True)
class Shelf:
    """The store without a database: what a page does to it is decided as in the product."""

    posts: dict[str, KnownPost] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    cursor: dict[str, object] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)

    def put(self, posts: Iterable[FetchedPost]) -> None:
        posts = list(posts)
        for change in fold(posts, self.posts).changes:
            post = change.post
            self.roots.setdefault(post.external_id, post.root_id)
            self.posts[post.external_id] = KnownPost(
                id=change.known.id if change.known else len(self.posts) + 1,
                external_id=post.external_id,
                text=post.text,
                revision=1,
                edited_at=post.edited_at,
                deleted=post.deleted,
                incident_id=None,
                seen_at=post.seen_at,
            )

    def take(self, page: Page) -> None:
        """Store a page; the cursor goes through JSON as in the database."""
        self.put(page.posts)
        self.cursor = json.loads(json.dumps(page.cursor))
        self.rejected += page.rejected

    def comments(self, root: str) -> list[str]:
        return [one for one, above in self.roots.items() if above == root and one in self.living()]

    def living(self) -> dict[str, str]:
        return {key: post.text for key, post in self.posts.items() if not post.deleted}


async def read(connector: Connector, shelf: Shelf, time: Time) -> list[Page]:
    """Read to the end of a reading; return its pages."""
    pages: list[Page] = []
    while len(pages) < MOST_PAGES:
        page = await connector.fetch(shelf.cursor, now=time.now())
        shelf.take(page)
        pages.append(page)
        if not page.more:
            return pages
    raise AssertionError("the reading never ends")


async def read_through(connector: Connector, shelf: Shelf, time: Time) -> int:
    """Read to the end whatever fails; return how many times it had to begin anew."""
    for failures in range(200):
        try:
            await read(connector, shelf, time)
        except SourceError:
            time.forward(minutes=2)
        else:
            return failures
    raise AssertionError("the reading never succeeds")
