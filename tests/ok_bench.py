"""What tests of Odnoklassniki stand on: a clock, the fake behind a real client, a shelf."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from fakes.ok import ok_app
from fakes.ok_world import World
from fakes.server import FakeServer, Faults
from pydantic import SecretStr

from connectors.base import Page, Rejected, SourceError
from connectors.calling import Caller
from connectors.http import HttpClient
from connectors.ledger import Ledger, Token
from connectors.ok.api import RATE, OkApi, Renewal
from connectors.ok.groups import Group
from models.values import FetchedPost, KnownPost
from pipeline.decisions.folding import fold

START = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
"""12:00 in Moscow on a Tuesday."""

GROUP = "79000000000101"
HOUR = 3600.0


@dataclass(slots=True)
class Time:
    """A clock that runs only while somebody sleeps."""

    now: float = START.timestamp()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


@dataclass(slots=True)
class Shelf:
    """What a store would hold of a source: the last state of every post, and how it came to it."""

    known: dict[str, KnownPost] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def take(self, page: Page) -> None:
        """Store a page as the product does: what is new of each post, once."""
        for change in fold(page.posts, self.known).changes:
            post = change.post
            self.texts += [(post.external_id, text.text) for text in change.texts]
            self.roots.setdefault(post.external_id, post.root_id)
            self.known[post.external_id] = KnownPost(
                id=change.known.id if change.known else len(self.known) + 1,
                external_id=post.external_id,
                text=post.text,
                revision=1,
                edited_at=post.edited_at,
                deleted=post.deleted,
                incident_id=None,
            )
        for post in page.posts:
            stored = self.known[post.external_id]
            self.known[post.external_id] = replace(stored, seen_at=post.seen_at)
        self.rejected += page.rejected

    def comments(self, root: str) -> list[str]:
        """Return the stored comments of a topic that nobody has deleted."""
        return [
            external_id
            for external_id, above in self.roots.items()
            if above == root and not self.known[external_id].deleted
        ]

    def alive(self) -> dict[str, str]:
        """Return the texts that stand there, by external id."""
        return {key: post.text for key, post in self.known.items() if not post.deleted}

    def deleted(self) -> set[str]:
        """Return the external ids of tombstones."""
        return {key for key, post in self.known.items() if post.deleted}


@dataclass(slots=True)
class Bench:
    """A world with its server, and a real client of it whose pauses cost no time."""

    world: World
    time: Time
    server: FakeServer
    http: HttpClient
    ledger: Ledger
    shelf: Shelf = field(default_factory=Shelf)
    cursor: dict[str, object] = field(default_factory=dict)

    def caller(self, token: str = "-s-token") -> Caller:  # noqa: S107 - opens only the fake
        return Caller(
            Token("ok", SecretStr(token), RATE),
            self.ledger,
            sleep=self.time.sleep,
            chance=lambda: 0.5,
            clock=self.time.clock,
        )

    def api(
        self,
        *,
        token: str = "-s-token",  # noqa: S107 - opens only the fake
        secret: str | None = None,
        key: str | None = None,
        renewal: Renewal | None = None,
    ) -> OkApi:
        return OkApi(
            self.http,
            self.caller(token),
            application_key=key or self.world.application_key,
            app_secret=SecretStr(secret or self.world.app_secret),
            base=self.server.url,
            renewal=renewal,
        )

    def group(self, *, open_posts: frozenset[str] = frozenset(), photos: bool = True) -> Group:
        return Group(
            self.api(),
            group_id=GROUP,
            open_posts=open_posts,
            known_comments=self.shelf.comments,
            photos=photos,
        )

    async def read(self, group: Group | None = None, *, tries: int = 1) -> list[FetchedPost]:
        """Read to the end and store every page with its cursor; return what was delivered.

        ``tries``: how many failures in a row are borne.
        """
        group = group or self.group()
        posts: list[FetchedPost] = []
        failures = 0
        while True:
            try:
                page = await group.fetch(self.cursor, now=self.time.moment())
            except SourceError:
                failures += 1
                if failures >= tries:
                    raise
                await self.time.sleep(60)
                continue
            failures = 0
            self.shelf.take(page)
            self.cursor = page.cursor
            posts += page.posts
            if not page.more:
                return posts


@asynccontextmanager
async def ok_bench(
    tmp_path: Path, *, faults: Faults | None = None, world: World | None = None
) -> AsyncIterator[Bench]:
    """Open a bench with one empty group, GROUP, which the token's owner may speak for."""
    time = Time()
    if world is None:
        world = World(clock=time.clock)
    world.clock = time.clock
    world.groups.get(GROUP) or world.add_group(GROUP, "Смоленский район")
    ledger = Ledger(tmp_path / "ledger.sqlite", clock=time.clock, sleep=time.sleep)
    try:
        async with (
            FakeServer(ok_app(world), faults=faults) as server,
            HttpClient(private=True) as http,
        ):
            yield Bench(world, time, server, http, ledger)
    finally:
        ledger.close()


def standing(world: World) -> dict[str, str]:
    """Return what stands in the world's groups, as external ids and texts."""
    texts = {}
    for group in world.groups.values():
        for thing in group.things:
            if thing.deleted:
                continue
            root = f"{group.id}_{'p' if thing.photo else ''}{thing.id}"
            texts[root] = thing.text
            texts |= {f"{root}_{comment.id}": comment.text for comment in thing.alive()}
    return texts
