"""What tests of reading VKontakte start from: a clock without waiting, a connection, a shelf."""

import asyncio
import heapq
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fakes.server import FakeServer, Faults
from fakes.vk import VkFake
from fakes.vk_limits import Kind
from fakes.vk_world import VkWorld
from pydantic import SecretStr

from connectors.base import Connector, Page, Rejected
from connectors.calling import Caller
from connectors.http import Answer, HttpClient, Request
from connectors.ledger import Ledger, Token
from connectors.vk.api import QUOTAS, RATES, VkHttp
from connectors.vk.walls import Wall
from connectors.vk.watch import Watch
from models.values import FetchedPost, KnownPost
from pipeline.decisions.folding import fold

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
OWNER = -990000201
SECRET = "reader-token"  # noqa: S105 - made up
READ_SECONDS = 0.3


class Clock:
    """Unix time that moves when everybody waits: to the end of the shortest wait."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now.timestamp()
        self.busy = 0
        self.asking: set[asyncio.Task[object] | None] = set()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self) -> float:
        return self.time

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span).total_seconds()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        heapq.heappush(self._waiting, (self.time + seconds, next(self._order), waiting))
        # A request that waits for its turn keeps nobody else from waiting.
        asking = asyncio.current_task() in self.asking
        self.busy -= asking
        self.settle()
        await waiting
        self.busy += asking

    def settle(self) -> None:
        """Look in a moment whether everybody waits; whoever was woken is at work by then."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(0.0005, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self.busy or not self._waiting:
            return
        at, _, waiting = heapq.heappop(self._waiting)
        self.time = max(self.time, at)
        if not waiting.done():
            waiting.set_result(None)
        self.settle()


@dataclass(slots=True)
class Counted:
    """Tells the clock that a request is under way."""

    http: HttpClient
    clock: Clock

    async def send(self, request: Request) -> Answer:
        task = asyncio.current_task()
        self.clock.asking.add(task)
        self.clock.busy += 1
        try:
            return await self.http.send(request)
        finally:
            self.clock.busy -= 1
            self.clock.asking.discard(task)
            self.clock.settle()


@dataclass(slots=True)
class Connection:
    """A world with one community and one token, served; ``api`` calls it."""

    world: VkWorld
    clock: Clock
    server: FakeServer
    ledger: Ledger
    token: Token
    api: VkHttp


def new_world(clock: Callable[[], float], kind: Kind = Kind.SERVICE) -> VkWorld:
    """Return a world with one empty community and one token."""
    world = VkWorld(clock=clock)
    world.add_wall(OWNER, "Смоленский район", "smolray")
    world.add_token(SECRET, kind)
    return world


@asynccontextmanager
async def connected(
    *, kind: Kind = Kind.SERVICE, faults: Faults | None = None, rate: float | None = None
) -> AsyncIterator[Connection]:
    """Serve a world and connect to it, on the clock without waiting."""
    clock = Clock()
    world = new_world(clock, kind)
    kinds = {Kind.SERVICE: "service", Kind.USER: "user", Kind.GROUP: "community"}
    token = Token("район", SecretStr(SECRET), rate or RATES[kinds[kind]], QUOTAS)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.db", clock=clock, sleep=clock.sleep)
        caller = Caller(token, ledger, sleep=clock.sleep, chance=lambda: 0.5, clock=clock)
        try:
            async with (
                FakeServer(VkFake(world).app, faults=faults) as server,
                HttpClient(private=True) as http,
            ):
                api = VkHttp(
                    Counted(http, clock), caller, base=server.url, read_seconds=READ_SECONDS
                )
                yield Connection(world, clock, server, ledger, token, api)
        finally:
            ledger.close()


@dataclass(slots=True)
class Shelf:
    """The store, without a database: what a page does to it is decided as in the product."""

    posts: dict[str, KnownPost] = field(default_factory=dict)
    cursor: dict[str, object] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    delivered: list[FetchedPost] = field(default_factory=list)

    def take(self, page: Page, now: datetime) -> None:
        """Store a page with its cursor."""
        self.put(page.posts, now)
        self.cursor = page.cursor
        self.rejected += page.rejected
        self.delivered += page.posts

    def put(self, posts: Iterable[FetchedPost], now: datetime) -> None:
        """Store posts, whatever the cursor."""
        dated = [post if post.seen_at else replace(post, seen_at=now) for post in posts]
        for change in fold(dated, self.posts).changes:
            post = change.post
            self.posts[post.external_id] = KnownPost(
                id=change.known.id if change.known else len(self.posts) + 1,
                external_id=post.external_id,
                text=post.text,
                revision=len(change.texts),
                edited_at=post.edited_at,
                deleted=post.deleted,
                incident_id=None,
                parent_id=post.parent_id,
                seen_at=post.seen_at or now,
            )

    def living(self) -> dict[str, str]:
        """Return the texts of what is not deleted, by external id."""
        return {key: post.text for key, post in self.posts.items() if not post.deleted}

    def comments(self, post_id: str) -> list[str]:
        """Return the ids of a post's comments that are not deleted."""
        return [key for key in self.living() if key.startswith(f"{post_id}_r")]


async def read(connector: Connector, shelf: Shelf, now: datetime) -> int:
    """Read a source to its end, as the pipeline does; return the number of pages."""
    for pages in itertools.count(1):
        page = await connector.fetch(shelf.cursor, now=now)
        shelf.take(page, now)
        if not page.more:
            return pages
    raise AssertionError


def wall(there: Connection, shelf: Shelf, *, full: bool = True, opened: str = "") -> Wall:
    """Return a reader of the community's wall; ``opened`` is a post with an open incident."""
    return Wall(
        there.api,
        Watch(there.api, linger=0.001),
        owner_id=OWNER,
        full=full,
        open_posts=frozenset(filter(None, [opened])),
        known_comments=shelf.comments,
    )


async def look(there: Connection, shelf: Shelf, *, full: bool = True, opened: str = "") -> None:
    """Read the community's wall to its end."""
    await read(wall(there, shelf, full=full, opened=opened), shelf, there.clock.now)


def standing(world: VkWorld, owner_id: int = OWNER) -> dict[str, str]:
    """Return the texts that stand on a wall, by external id."""
    return {
        f"{owner_id}_{post.id}" + suffix: text
        for post in world.wall(owner_id).posts.values()
        if not post.deleted
        for suffix, text in [
            ("", post.text),
            *(
                (f"_r{comment.id}", comment.text)
                for comment in post.comments.values()
                if not (comment.deleted or comment.bare)
            ),
        ]
    }
