"""Two communities that live through the same days, one on VKontakte and one on Odnoklassniki.

Each lives behind its fake and is read through a real connector, so that tests can keep the pages
that come of it, and interfere between any two requests.
"""

import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from fakes import ok_world, vk_data
from fakes.ok import ok_app
from fakes.server import FakeServer
from fakes.vk import VkFake
from fakes.vk_limits import Kind
from fakes.vk_world import VkWorld
from ok_bench import GROUP, START, Time
from pydantic import SecretStr

from connectors.base import Connector
from connectors.calling import Caller
from connectors.http import Answer, Http, HttpClient, Request
from connectors.ledger import Ledger, Token
from connectors.ok.api import OkApi
from connectors.ok.groups import Group
from connectors.vk.api import VkHttp
from connectors.vk.walls import Wall
from connectors.vk.watch import Watch
from models.columns import stored_id
from models.vocabulary import Network
from pipeline.database import reading
from pipeline.ingest import Origin
from pipeline.store.posts import comments_below
from pipeline.store.sources import find_source

OWNER = -990000201
SECRET = "-s-token"  # noqa: S105 - opens only the fakes

MOMENTS = tuple(START + timedelta(hours=hours) for hours in (0, 2, 4, 6, 8, 10, 12))
"""When the communities are read: far enough apart for threads to be read again."""

TEXTS = (
    "На Лесной у дома {} вторую неделю не горит фонарь, почините",
    "Яма на дороге возле дома {}, машины бьют подвеску, когда заделают",
    "В подъезде дома {} сильно пахнет газом, помогите!!!",
    "Продам дрова берёзовые колотые, {} кубов, доставка",
)

Thing = vk_data.Post | ok_world.Thing
Said = vk_data.Comment | ok_world.Comment


class Place(Protocol):
    """Where people write: what both networks have in common."""

    def post(self, text: str, at: float) -> Thing:
        """Publish a post."""
        ...

    def comment(self, below: Thing, text: str, at: float, above: Said | None = None) -> Said:
        """Write below a post, to another comment if one is named."""
        ...


@dataclass
class VkPlace:
    """The wall of OWNER; pages are short."""

    world: VkWorld

    def __post_init__(self) -> None:
        self.world.add_wall(OWNER, "Подслушано", "podslushano")
        self.world.add_token(SECRET, Kind.SERVICE)
        self.world.page_cap = {"wall.get": 4, "wall.getComments": 3}

    def post(self, text: str, at: float) -> Thing:
        return self.world.add_post(OWNER, text, date=int(at))

    def comment(self, below: Thing, text: str, at: float, above: Said | None = None) -> Said:
        answered = None if above is None else int(above.id)
        return self.world.add_comment(
            OWNER, int(below.id), text, from_id=101, reply_to=answered, date=int(at)
        )


@dataclass
class OkPlace:
    """The group GROUP; pages are short."""

    world: ok_world.World

    def __post_init__(self) -> None:
        self.world.add_group(GROUP, "Смоленский район")
        self.world.largest_page = 4

    def post(self, text: str, at: float) -> Thing:
        return self.world.add_topic(GROUP, text, at=at)

    def comment(self, below: Thing, text: str, at: float, above: Said | None = None) -> Said:
        assert isinstance(below, ok_world.Thing)
        answered = "" if above is None else str(above.id)
        return self.world.add_comment(below, text, at=at, reply_to=answered)


@dataclass
class Between:
    """Calls ``before`` with the number of each request, from 1, before it is sent."""

    http: Http
    before: Callable[[int], None] = lambda _number: None
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def send(self, request: Request) -> Answer:
        self.before(next(self.numbers))
        return await self.http.send(request)


@dataclass
class Life:
    """A community, its clock and the way to it.

    ``threads`` are its posts with their comments, as they were written.
    """

    origin: Origin
    place: Place
    time: Time
    http: Between
    url: str
    make: Callable[[sa.Engine, Http, str], Connector]
    threads: list[tuple[Thing, list[Said]]] = field(default_factory=list)

    def connector(
        self, engine: sa.Engine, http: Http | None = None, url: str | None = None
    ) -> Connector:
        """Return a connector as a process that has just begun makes it.

        ``http`` and ``url`` lead to somebody else than the fake.
        """
        return self.make(engine, http or self.http, url or self.url)

    def pass_to(self, step: int) -> None:
        """Move the clock on to a moment, and let happen what has happened by then."""
        self.time.now = max(self.time.now, MOMENTS[step].timestamp())
        match step:
            case 0:
                for _ in range(6):
                    self.talk()
            case 1:
                self.edit(self.threads[0][0], "Воды не будет до пятницы")
                for post, (first, _, reply, *_) in self.threads[:3]:
                    self.edit(reply, "И у нас на Лесной темно, фонарь не горит")
                    self.write(post, "Куда звонить?", above=first)
                self.talk()
            case 2:
                post, (_, second, reply, *_) = self.threads[0]
                self.edit(post, "Вода есть, спасибо за терпение")
                self.edit(reply, "Уже горит")
                # One that stands alone, one that others have answered, whole posts.
                answered = self.threads[2][1][0]
                for gone in (second, answered, self.threads[3][0], self.threads[4][0]):
                    gone.deleted = True
            case 4:
                self.threads[0][1][1].deleted = False
                self.threads[3][0].deleted = False
                self.edit(self.threads[0][1][2], "Опять не горит фонарь на Лесной")
                self.write(self.threads[0][0], "Напишите ответ!")
            case _:
                pass

    def add(self, kind: str) -> None:
        """Let one more thing come: "post", "comment", "reply", or a comment "restored".

        It bears the date of the first moment, whenever it comes.
        """
        start = MOMENTS[0].timestamp()
        post, comments = self.threads[2]
        match kind:
            case "post":
                self.place.post("Где автобус? Ждём у Лесной час", start)
            case "comment":
                self.place.comment(post, "И у нас нет света", start)
            case "reply":
                self.place.comment(post, "Звоните в аварийную", start, comments[0])
            case _:
                comments[1].deleted = False

    def talk(self) -> None:
        """Publish a post with three comments, of which the last answers the first."""
        number = len(self.threads)
        post = self.place.post(TEXTS[number % len(TEXTS)].format(number), self.time.now)
        self.threads.append((post, []))
        first = self.write(post, TEXTS[(number + 1) % len(TEXTS)].format(number + 10))
        self.write(post, TEXTS[(number + 2) % len(TEXTS)].format(number + 20))
        self.write(post, TEXTS[(number + 3) % len(TEXTS)].format(number + 30), above=first)

    def write(self, post: Thing, text: str, above: Said | None = None) -> Said:
        """Write a comment."""
        said = self.place.comment(post, text, self.time.now, above)
        next(all_ for one, all_ in self.threads if one is post).append(said)
        return said

    def edit(self, thing: Thing | Said, text: str) -> None:
        """Change a text; only VKontakte dates it, and only of posts."""
        thing.text = text
        if isinstance(thing, vk_data.Post):
            thing.edited = int(self.time.now)


def _known_comments(engine: sa.Engine, key: str) -> Callable[[str], Iterable[str]]:
    def below(root_id: str) -> list[str]:
        with reading(engine) as session:
            stored = find_source(session, key)
            return comments_below(session, stored_id(stored.id), root_id) if stored else []

    return below


@asynccontextmanager
async def lived(network: str, folder: Path) -> AsyncIterator[Life]:
    """Open a community on "vk" or "ok"; ``folder`` is for the ledger."""
    time = Time()
    origin = Origin(f"{network}:life", Network(network), "Подслушано", lambda _: None)
    vk = VkWorld(clock=time.clock)
    ok = ok_world.World(clock=time.clock)
    app = VkFake(vk).app if network == "vk" else ok_app(ok)
    with closing(Ledger(folder / "ledger.db", clock=time.clock, sleep=time.sleep)) as ledger:
        async with FakeServer(app) as server, HttpClient(private=True) as http:
            token = Token("ключ", SecretStr(SECRET), 3.0)
            options: dict[str, Any] = {"sleep": time.sleep, "clock": time.clock}

            def wall(engine: sa.Engine, http: Http, url: str) -> Connector:
                api = VkHttp(http, Caller(token, ledger, **options), base=url)
                watch = Watch(api, linger=0.001)
                below = _known_comments(engine, origin.key)
                return Wall(api, watch, owner_id=OWNER, known_comments=below)

            def group(engine: sa.Engine, http: Http, url: str) -> Connector:
                api = OkApi(
                    http,
                    Caller(token, ledger, **options),
                    application_key=ok.application_key,
                    app_secret=SecretStr(ok.app_secret),
                    base=url,
                )
                below = _known_comments(engine, origin.key)
                return Group(api, group_id=GROUP, known_comments=below)

            place: Place = VkPlace(vk) if network == "vk" else OkPlace(ok)
            make = wall if network == "vk" else group
            yield Life(origin, place, time, Between(http), server.url, make)
