"""The networks of the demo on one clock, and a product that follows them."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa
from builders import shipped_judge
from fakes import demo
from fakes.demo import Demo
from fakes.max_world import BOT_ID
from fakes.vk_demo import WALLS
from max_bench import key as max_key
from messengers import Time
from pydantic import SecretStr
from sqlmodel import select
from vk_reading import standing as standing_in_vk

from connectors.http import Answer, Http, Request
from connectors.ledger import Ledger
from models.post import Post
from models.source import Source
from pipeline.connecting import Connecting
from pipeline.database import reading, unit_of_work
from pipeline.desk.sources import read_soon
from pipeline.followed import Followed
from pipeline.reading import Desk
from pipeline.region.load import load_region
from pipeline.secrets import FOLDER
from pipeline.settings import Settings
from pipeline.sourcing import Tools

SAMPLE = Path(__file__).parents[1] / "pipeline" / "region" / "sample" / "smolensky"

DISTRICT, PECHERSK, KATYN = (
    f"demo-vk-{name}:{owner}"
    for name, (owner, _, _) in zip(("district", "pechersk", "katyn"), WALLS, strict=True)
)
OK = ("demo-ok:79000000000301", "demo-ok:79000000000302")
CHANNEL = "demo-telegram:demo_sosedi_smol"
BOT, MAX, SITE = "demo-telegram-bot", "demo-max", "demo-site"
EVERYTHING = (DISTRICT, PECHERSK, KATYN, *OK, CHANNEL, BOT, MAX, SITE)


async def _at_once(_: Request) -> None:
    return


@dataclass(frozen=True, slots=True)
class Hasty:
    """A client that asks no server to hold a request until something happens.

    ``after`` is waited for before an answer is handed over.
    """

    http: Http
    after: Callable[[Request], Awaitable[None]]

    async def send(self, request: Request) -> Answer:
        hasty = {name: "0" for name in ("timeout", "wait") if name in request.params}
        answer = await self.http.send(replace(request, params={**request.params, **hasty}))
        await self.after(request)
        return answer


@dataclass(slots=True)
class Town:
    """The networks, the clock, and the way to a product on a database."""

    demo: Demo
    time: Time
    engine: sa.Engine
    home: Path
    stack: AsyncExitStack
    sources: str
    said_to_bot: dict[str, str] = field(default_factory=dict)

    def follow(self, after: Callable[[Request], Awaitable[None]] = _at_once) -> Followed:
        """Return what one process of the product follows the sources with."""
        region = self.region()
        ledger = Ledger(self.home / "tokens.db", clock=self.time.clock, sleep=self.time.sleep)
        self.stack.callback(ledger.close)
        tools = Tools(
            secret=lambda name: SecretStr(demo.SECRETS[name]),
            ledger=ledger,
            stack=self.stack,
            around=lambda http: Hasty(http, after),
            sleep=self.time.sleep,
        )
        desk = Desk(self.engine, shipped_judge(), self.time.now)
        return Followed(Connecting(tools, load_region(region), self.engine), desk)

    def region(self) -> Path:
        """Make the region's folder with ``sources``; return it."""
        folder = self.home / "region"
        shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
        (folder / "sources.yaml").write_text(self.sources, encoding="utf-8")
        return folder

    def settings(self) -> Settings:
        """Return settings with this region, all secrets in their files."""
        folder = self.home / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, value in demo.SECRETS.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(value, encoding="utf-8")
        return Settings(home=self.home, region=str(self.region()))

    def state(self, key: str) -> Source:
        """Return what is stored of a source."""
        with reading(self.engine) as session:
            return session.exec(select(Source).where(Source.key == key)).one()

    def let_read(self, *keys: str) -> None:
        """Let sources be due at once."""
        with unit_of_work(self.engine) as session:
            for key in keys:
                read_soon(session, key)

    def stored(self, keys: Iterable[str] = EVERYTHING) -> dict[str, list[tuple[str, str]]]:
        """Return ids and texts of what is stored and not deleted, by source, sorted."""
        with reading(self.engine) as session:
            found = {
                one.key: session.exec(
                    select(Post).where(Post.source_id == one.id, sa.text("deleted_at IS NULL"))
                ).all()
                for one in session.exec(select(Source))
            }
        return {key: sorted((one.external_id, one.text) for one in found[key]) for key in keys}

    def standing(self, keys: Iterable[str] = EVERYTHING) -> dict[str, list[tuple[str, str]]]:
        """Return what stands in the networks as the product should know it, by source, sorted."""
        whole = {
            **{
                key: standing_in_vk(self.demo.vk, int(key.partition(":")[2]))
                for key in (DISTRICT, PECHERSK, KATYN)
            },
            **{key: self._in_ok(key.partition(":")[2]) for key in OK},
            CHANNEL: self._in_channel(CHANNEL.partition(":")[2]),
            BOT: self._to_bot(),
            MAX: self._in_max(),
            SITE: self._on_site(),
        }
        return {key: sorted(whole[key].items()) for key in keys}

    def _in_ok(self, group: str) -> dict[str, str]:
        found = {}
        for thing in self.demo.ok.groups[group].things:
            if thing.deleted:
                continue
            root = f"{group}_{'p' if thing.photo else ''}{thing.id}"
            found[root] = thing.text
            found |= {f"{root}_{one.id}": one.text for one in thing.alive()}
        return found

    def _in_channel(self, name: str) -> dict[str, str]:
        found = {}
        for post in self.demo.telegram.channels[name].posts.values():
            if post.service:
                continue
            found[f"{name}/{post.number}"] = post.text
            found |= {
                f"{name}/{post.number}/{number}": one.text for number, one in post.comments.items()
            }
        return found

    def _to_bot(self) -> dict[str, str]:
        # What was confirmed is gone there, so it is remembered here.
        (bot,) = self.demo.telegram.bots.values()
        messages = [update["message"] for update in bot.updates]
        self.said_to_bot |= {
            f"{one['chat']['id']}_{one['message_id']}": one["text"]
            for one in messages
            if not one["text"].startswith("/")
        }
        return self.said_to_bot

    def _in_max(self) -> dict[str, str]:
        found = {}
        for chat in self.demo.max.chats.values():
            for message in chat.messages.values():
                for one in (message, *message.comments.values()):
                    if one.author != BOT_ID:
                        found[max_key(one)] = one.text
        return found

    def _on_site(self) -> dict[str, str]:
        (channel,) = self.demo.feed.channels.values()
        return {
            one.guid: f"{one.title}\n{one.html.removeprefix('<p>').removesuffix('</p>')}"
            for one in self.demo.feed.visible(channel)
        }


@asynccontextmanager
async def town(engine: sa.Engine, home: Path) -> AsyncIterator[Town]:
    """Serve the networks, some minutes after which all their plans have come about."""
    time = Time()
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(demo.running(0, clock=time.clock, alive=False))
        time.forward(minutes=8)
        for world in (served.telegram, served.max):
            world.tick()
        for server in ("vk", "max"):
            served.faults[server].once.clear()
        # Some hours older than a first reading goes back, or minutes younger: it depends.
        for wall in served.vk.walls.values():
            for post in [post.id for post in wall.posts.values() if post.pinned]:
                del wall.posts[post]
        # Of dialogs that are older than the first reading nobody tells.
        for chat in [one.id for one in served.max.chats.values() if one.type == "dialog"]:
            del served.max.chats[chat]
        served.vk.longest_wait = 0.0
        made = Town(served, time, engine, home, stack, demo.sources(served.url))
        made.standing()
        yield made
