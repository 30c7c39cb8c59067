"""What tests of reading MAX stand on: the fake with three chats behind a real client."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from fakes.max import MaxFake
from fakes.max_world import BOT_ID, TOKEN, FakeMessage, MaxWorld
from fakes.server import FakeServer, Faults
from messengers import Desk, Shelf, Time, desk, read

from connectors.max.api import MaxApi
from connectors.max.chats import Chats

CHANNEL, GROUP, DIALOG = -71, -72, 73


@dataclass(slots=True)
class Bench:
    world: MaxWorld
    time: Time
    server: FakeServer
    desk: Desk
    shelf: Shelf = field(default_factory=Shelf)

    def api(self, token: str = TOKEN) -> MaxApi:
        return MaxApi(self.desk.http, self.desk.keyed(token), base=self.server.url)

    def chats(
        self,
        *,
        chats: Iterable[int] = (CHANNEL, GROUP),
        open_posts: frozenset[str] = frozenset(),
        webhook: bool = False,
        every: timedelta = timedelta(0),
    ) -> Chats:
        return Chats(
            self.api(),
            chats=chats,
            open_posts=open_posts,
            known_comments=self.shelf.comments,
            webhook=webhook,
            timeout=0,
            every=every,
        )

    async def read(self, **how: object) -> None:
        self.time.forward(minutes=1)
        await read(self.chats(**how), self.shelf, self.time)  # type: ignore[arg-type]

    def standing(self) -> dict[str, str]:
        """Return what a reader should know."""
        found = {}
        for chat in self.world.chats.values():
            for message in chat.messages.values():
                if message.author != BOT_ID:
                    found[key(message)] = message.text
                found |= {
                    key(one): one.text for one in message.comments.values() if one.author != BOT_ID
                }
        return found


def key(message: FakeMessage) -> str:
    if message.post is not None:
        return f"{message.chat}_{message.post.mid}_{message.mid}"
    return f"{message.chat}_{message.mid}"


@asynccontextmanager
async def bench(faults: Faults | None = None) -> AsyncIterator[Bench]:
    time = Time()
    world = MaxWorld(clock=time.clock)
    world.add_chat(CHANNEL, "channel", "Смоленский район")
    world.add_chat(GROUP, "chat", "Соседи")
    world.add_chat(DIALOG, "dialog", "Диалог")
    async with FakeServer(MaxFake(world).app, faults=faults) as server, desk(time) as one:
        yield Bench(world, time, server, one)
