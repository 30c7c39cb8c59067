"""Communities on a VKontakte that spoils a third of its answers, and those who read them there.

Half of the faults are the connection's (silence, resets, 502, pages of HTML, answers cut off), half
are the network's own errors, captchas and dead tokens among them; every second spoilt request is
carried out nevertheless. No time passes but what silence really takes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from builders import shipped_judge
from fakes.server import FakeServer, Fault, Faults
from fakes.vk import VkFake
from fakes.vk_data import Comment
from fakes.vk_limits import ApiFaults, Kind
from fakes.vk_world import VkWorld
from pydantic import SecretStr
from sqlmodel import col, select
from vk_reading import Clock, standing

from connectors.base import SourceError
from connectors.calling import Caller
from connectors.http import HttpClient
from connectors.ledger import Ledger, Token, TokenState
from connectors.vk.api import QUOTAS, RATES, VkHttp
from connectors.vk.walls import Wall
from connectors.vk.watch import Watch
from models.columns import stored_id
from models.post import Post
from models.source import Source
from models.vocabulary import Network
from pipeline.database import reading
from pipeline.ingest import Origin
from pipeline.reading import Desk, read_source
from pipeline.store.posts import comments_below, open_posts
from pipeline.store.sources import find_source

READER = "reader-token"
READ_SECONDS, HANG_SECONDS = 0.15, 0.3
SHARE = 0.165
"""Of all requests are spoilt by the connection, and of the rest by the network: 30 % together."""

CODES = (*(1, 10, 36, 6) * 3, 9, 13, 29, 14, 17, 5, 1117)
"""Faults of theirs and too many a second; flood, too large, quota, captcha, sign in, dead tokens:
each of the latter stops everybody for minutes, or until a person comes."""

KINDS = (*[Fault.RESET, Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED] * 3, Fault.HANG)
"""Silence is the only one that costs the tests time."""

BEFORE = frozenset({6, 29, 14, 17, 5, 1117})
"""Refusals that come before any work: what was so refused was surely not carried out."""

EVERY = timedelta(hours=3)
"""Between two readings that go well: with a clock that jumps, none would learn more sooner."""

PARKED = {TokenState.DEAD, TokenState.NEEDS_PERSON}

COMPLAINTS = (
    "На Лесной у дома {} вторую неделю не горит фонарь, почините",
    "Яма на дороге возле дома {}, машины бьют подвеску, когда заделают",
    "Третью неделю не вывозят мусор с площадки у дома {}",
    "В подъезде дома {} сильно пахнет газом, помогите!!!",
    "Нет холодной воды в доме {} с самого утра, куда звонить",
)
TEXTS = (
    *COMPLAINTS,
    "Продам дрова берёзовые колотые, {} кубов, доставка",
    "Спасибо за новую остановку у дома {}!",
)

Result = TypeVar("Result")


class OrderlyFaults(ApiFaults):
    """Errors of the network's own that keep to the order in which it checks a call."""

    def next(self) -> tuple[int, bool] | None:
        fault = super().next()
        return fault and (fault[0], fault[1] and fault[0] not in BEFORE)


class BusyCaller(Caller):
    """Tells the clock while an attempt is under way: then no time may be skipped."""

    def __init__(self, token: Token, ledger: Ledger, clock: Clock) -> None:
        super().__init__(token, ledger, sleep=clock.sleep, chance=lambda: 0.5, clock=clock)
        self.shared = clock

    async def call(
        self, method: str, attempt: Callable[[], Awaitable[Result]], *, repeat: bool = True
    ) -> Result:
        async def busy() -> Result:
            task = asyncio.current_task()
            self.shared.asking.add(task)
            self.shared.busy += 1
            try:
                return await attempt()
            finally:
                self.shared.busy -= 1
                self.shared.asking.discard(task)
                self.shared.settle()

        return await super().call(method, busy, repeat=repeat)


@dataclass
class Town:
    """The communities, their network, and an office that reads them with one token."""

    engine: sa.Engine
    folder: Path
    world: VkWorld
    clock: Clock
    server: FakeServer
    http: HttpClient
    ledger: Ledger
    token: Token
    reader: VkHttp
    released: Counter[TokenState] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.watch = Watch(self.reader, linger=0.001)
        self.desk = Desk(self.engine, shipped_judge(), lambda: self.clock.now)

    def spoil(self, seed: int) -> None:
        """From now on a third of all answers is spoilt."""
        self.server.faults = Faults(share=SHARE, seed=seed, kinds=KINDS, hang_seconds=HANG_SECONDS)
        self.world.api_faults = OrderlyFaults(share=SHARE, seed=seed, codes=CODES)
        self.world.log.clear()

    def spoilt(self) -> float:
        """Return the share of the requests that were spoilt since then."""
        calls = len(self.world.log)
        lost = sum(self.server.faults.counted.values())
        refused = sum(self.world.api_faults.counted.values())
        # Of what the connection spoils, the network sees the half that is carried out.
        return 1 - (1 - lost / (calls + lost / 2)) * (1 - refused / calls)

    def settle(
        self,
        communities: int,
        *,
        posts: int,
        comments: int,
        texts: Sequence[str] = TEXTS,
    ) -> None:
        """Found communities with posts and comments, every second one a reply to another."""
        number = 0

        def text() -> str:
            nonlocal number
            number += 1
            return texts[number % len(texts)].format(number)

        for owner in (-990000201 - place for place in range(communities)):
            self.world.add_wall(owner, f"Подслушано {-owner}", f"podslushano{-owner}")
            for _ in range(posts):
                post = self.world.add_post(owner, text())
                last: Comment | None = None
                for place in range(comments):
                    above = last.id if last is not None and place % 2 else None
                    last = self.world.add_comment(
                        owner, post.id, text(), from_id=101 + place, reply_to=above
                    )

    async def read_all(self, *, whole_at_once: bool = False) -> None:
        """Read all communities at the same time until what is stored is what stands there.

        ``whole_at_once``: the first reading of a community that comes to its end has everything.
        """
        await asyncio.gather(
            *(self.follow(owner, whole_at_once=whole_at_once) for owner in self.world.walls)
        )

    async def follow(self, owner: int, *, whole_at_once: bool = False) -> None:
        """Read a community whenever it is due, until what is stored is what stands there."""
        origin = Origin(f"vk:{owner}", Network.VK, f"Стена {owner}", lambda _: None)
        for _ in range(1000):
            ended = await self._read(origin, owner)
            if self.stored(origin.key) == standing(self.world, owner):
                return
            assert not (ended and whole_at_once), "a reading that came to its end missed something"
            await self.clock.sleep(self._rest(origin.key))
            self.see_to(self.ledger, self.token)
        raise AssertionError("the community is never read whole")

    async def _read(self, origin: Origin, owner: int) -> bool:
        """Read once; tell whether it came to the end."""
        try:
            await read_source(origin, self.desk, connect=self._connect(owner), every=lambda: EVERY)
        except SourceError as error:
            self.failures[type(error).__name__] += 1
            return False
        return True

    def stored(self, key: str) -> dict[str, str]:
        """Return the texts of a source that the database takes for standing, by external id."""
        query = (
            select(Post.external_id, Post.text)
            .join(Source, col(Source.id) == col(Post.source_id))
            .where(Source.key == key, col(Post.deleted_at).is_(None))
        )
        with reading(self.engine) as session:
            return dict(session.exec(query).all())

    def see_to(self, ledger: Ledger, token: Token) -> None:
        """Do about a parked token what a person does: prove to be one, or get another."""
        state = ledger.health(token).state
        if state in PARKED:
            self.released[state] += 1
            ledger.release(token)

    def standing(self) -> dict[str, str]:
        """Return the texts that stand on all walls, by external id."""
        return {
            key: text
            for owner in self.world.walls
            for key, text in standing(self.world, owner).items()
        }

    def _rest(self, key: str) -> float:
        with reading(self.engine) as session:
            stored = find_source(session, key)
        assert stored is not None
        assert stored.next_at is not None
        assert bool(stored.failures) == bool(stored.last_error), "people see what went wrong"
        return max(1.0, stored.next_at.timestamp() - self.clock())

    def _connect(self, owner: int) -> Callable[[Source], Awaitable[Wall]]:
        async def connect(stored: Source) -> Wall:
            source_id = stored_id(stored.id)

            def below(root_id: str) -> list[str]:
                with reading(self.engine) as session:
                    return comments_below(session, source_id, root_id)

            with reading(self.engine) as session:
                opened = frozenset(open_posts(session, source_id))
            return Wall(
                self.reader, self.watch, owner_id=owner, open_posts=opened, known_comments=below
            )

        return connect


@asynccontextmanager
async def founded(engine: sa.Engine, folder: Path) -> AsyncIterator[Town]:
    """Open an empty town whose network works; ``folder`` is for the ledger."""
    clock = Clock()
    world = VkWorld(clock=clock)
    world.add_token(READER, Kind.SERVICE)
    token = Token("чтение", SecretStr(READER), RATES["service"], QUOTAS)
    ledger = Ledger(folder / "ledger.db", clock=clock, sleep=clock.sleep)
    try:
        async with FakeServer(VkFake(world).app) as server, HttpClient(private=True) as http:
            caller = BusyCaller(token, ledger, clock)
            reader = VkHttp(http, caller, base=server.url, read_seconds=READ_SECONDS)
            yield Town(engine, folder, world, clock, server, http, ledger, token, reader)
    finally:
        ledger.close()
