"""From a region's source to its connector: which one, with which token, and how often."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import SecretStr

from classifiers.fine_topics import coarse_topics
from connectors.base import Connector
from connectors.feeds import Feed
from connectors.folder import Folder
from connectors.ledger import Token
from connectors.mail_imap import ImapClient
from connectors.mailbox import Mailbox
from connectors.max import api as max_api
from connectors.max.chats import Chats
from connectors.ok import api as ok_api
from connectors.ok.groups import Group
from connectors.replay import Replay
from connectors.tables import load_mapping
from connectors.telegram import api as telegram_api
from connectors.telegram.bot import Bot
from connectors.telegram.channel import Channel
from connectors.vk import api as vk_api
from connectors.vk.boards import Board
from connectors.vk.memory import Memory
from connectors.vk.search import Search
from connectors.vk.walls import Wall
from connectors.vk.watch import Watch
from models.columns import stored_id
from models.source import Source as StoredSource
from pipeline.database import reading
from pipeline.decisions.polling import intervals
from pipeline.region.schema import Live, Region, Source, SourceKind
from pipeline.sourcing import Tools
from pipeline.store.posts import comments_below, open_posts
from pipeline.store.sources import all_sources

EVERY: dict[SourceKind, timedelta] = {
    SourceKind.RECORDING: timedelta(seconds=20),
    SourceKind.VK_WALL: timedelta(minutes=15),
    SourceKind.VK_BOARD: timedelta(minutes=30),
    SourceKind.VK_SEARCH: timedelta(minutes=15),
    SourceKind.OK_GROUP: timedelta(minutes=15),
    SourceKind.TELEGRAM_CHANNEL: timedelta(minutes=15),
    SourceKind.TELEGRAM_BOT: timedelta(minutes=1),
    SourceKind.MAX_BOT: timedelta(minutes=1),
    SourceKind.FEED: timedelta(minutes=15),
    SourceKind.FOLDER: timedelta(minutes=1),
    SourceKind.MAILBOX: timedelta(minutes=5),
}
"""Between two readings, where the source does not say. A wall's known posts are watched so often,
the wall itself as often as its token's quota allows."""

NO_SECRET = SecretStr("")

SLACK = timedelta(seconds=30)
"""A reading that is due so soon is due now: flows do not wake up to the second."""


def tokens(source: Source, tools: Tools) -> list[Token]:
    """Return the tokens that a source is read, followed and answered with.

    Raises SettingsError when a secret of the source is missing, other ones than tokens as well.
    """
    live = source.live
    for name in filter(None, (live.app_secret, live.refresh_token, live.secret)):
        tools.secret(name)
    names = [live.token, live.events_token, live.answer_token]
    return [token(source.kind, name, live, tools) for name in dict.fromkeys(names) if name]


def token(kind: SourceKind, name: str, live: Live, tools: Tools) -> Token:
    """Return one token of a source with the limits that its network sets."""
    match kind:
        case SourceKind.VK_WALL | SourceKind.VK_BOARD | SourceKind.VK_SEARCH:
            reads = name == live.token
            rate = vk_api.RATES["service" if reads else "community"]
            return tools.token(name, rate=rate, quotas=vk_api.QUOTAS if reads else {})
        case SourceKind.OK_GROUP:
            return tools.token(name, rate=ok_api.RATE)
        case SourceKind.MAX_BOT:
            return tools.token(name, rate=max_api.RATE)
        case _:
            return tools.token(name, rate=1.0)


@dataclass(slots=True)
class Connecting:
    """Makes connectors for the sources of one region."""

    tools: Tools
    region: Region
    engine: sa.Engine
    watches: dict[str, Watch] = field(default_factory=dict)

    async def connect(
        self, source: Source, stored: StoredSource, now: datetime, *, whole: bool = False
    ) -> Connector:
        """Return the connector of a source. Raises SettingsError and SourceError.

        With ``whole`` nothing is spared: events of a wall were lost, so all of it is read.
        """
        if source.kind is SourceKind.VK_WALL:
            return await self._vk_wall(source, stored, now, whole=whole)
        make: dict[SourceKind, Callable[[Source, StoredSource], Awaitable[Connector]]]
        make = {
            SourceKind.RECORDING: self._recording,
            SourceKind.VK_BOARD: self._vk_board,
            SourceKind.VK_SEARCH: self._vk_search,
            SourceKind.OK_GROUP: self._ok_group,
            SourceKind.TELEGRAM_CHANNEL: self._telegram_channel,
            SourceKind.TELEGRAM_BOT: self._telegram_bot,
            SourceKind.MAX_BOT: self._max_bot,
            SourceKind.FEED: self._feed,
            SourceKind.FOLDER: self._folder,
            SourceKind.MAILBOX: self._mailbox,
        }
        return await make[source.kind](source, stored)

    def every(self, source: Source) -> timedelta:
        """Return how long to wait after a reading that went well."""
        if source.live.every is not None:
            return timedelta(minutes=source.live.every)
        if source.kind is SourceKind.VK_WALL:
            return min(EVERY[source.kind], self.full_every(source))
        return EVERY[source.kind]

    def full_every(self, source: Source) -> timedelta:
        """Return how often a wall may be read with the method that has a small quota."""
        if source.live.every is not None:
            return timedelta(minutes=source.live.every)
        sharing = [
            one
            for one in self.region.active_sources()
            if one.kind is SourceKind.VK_WALL and one.live.token == source.live.token
        ]
        with reading(self.engine) as session:
            gaps = {one.key: one.usual_gap for one in all_sources(session)}
        known = [_seconds(gaps.get(one.key)) for one in sharing]
        every = intervals(known, vk_api.QUOTAS["wall.get"])
        return every[[one.key for one in sharing].index(source.key)]

    def zone(self, source: Source) -> ZoneInfo:
        """Return the zone of a source's dates that name none."""
        return ZoneInfo(source.live.zone or self.region.time_zone)

    def _open(self, stored: StoredSource) -> frozenset[str]:
        with reading(self.engine) as session:
            return frozenset(open_posts(session, stored_id(stored.id)))

    def _comments(self, stored: StoredSource) -> Callable[[str], Iterable[str]]:
        def below(root_id: str) -> list[str]:
            with reading(self.engine) as session:
                return comments_below(session, stored_id(stored.id), root_id)

        return below

    async def vk(self, source: Source, name: str) -> vk_api.VkHttp:
        """Return the way to VKontakte with one of a source's tokens."""
        http = await self.tools.http(source.live)
        caller = self.tools.caller(token(source.kind, name, source.live, self.tools))
        return vk_api.VkHttp(http, caller, base=source.live.api or vk_api.BASE)

    async def _recording(self, source: Source, _stored: StoredSource) -> Connector:
        if source.file is None:
            raise AssertionError("a recording has a file: the region was checked")
        return Replay(source.file)

    async def _vk_wall(
        self, source: Source, stored: StoredSource, now: datetime, *, whole: bool
    ) -> Connector:
        api = await self.vk(source, source.live.token)
        watch = self.watches.setdefault(source.live.token + source.live.api, Watch(api))
        last = Memory.of(stored.cursor).full if stored.cursor else 0
        due = last + (self.full_every(source) - SLACK).total_seconds()
        return Wall(
            api,
            watch,
            owner_id=int(source.only_community()),
            open_posts=self._open(stored),
            full=whole or now.timestamp() >= due,
            known_comments=self._comments(stored),
        )

    async def _vk_board(self, source: Source, _stored: StoredSource) -> Connector:
        api = await self.vk(source, source.live.token)
        return Board(api, group_id=-int(source.only_community()))

    async def _vk_search(self, source: Source, _stored: StoredSource) -> Connector:
        # What is read anyway must not come twice.
        walls = frozenset(
            int(one.only_community())
            for one in self.region.active_sources()
            if one.kind is SourceKind.VK_WALL
        )
        api = await self.vk(source, source.live.token)
        return Search(api, source.live.queries, skip=walls)

    async def ok(self, source: Source, name: str) -> ok_api.OkApi:
        """Return the way to Odnoklassniki with one of a source's tokens."""
        live = source.live
        renewal = None
        if live.refresh_token:
            renewal = ok_api.Renewal(live.app_id, self.tools.secret(live.refresh_token))
        return ok_api.OkApi(
            await self.tools.http(live),
            self.tools.caller(token(source.kind, name, live, self.tools)),
            application_key=live.app_key,
            app_secret=self.tools.secret(live.app_secret),
            base=live.api or ok_api.BASE,
            renewal=renewal,
        )

    async def _ok_group(self, source: Source, stored: StoredSource) -> Connector:
        return Group(
            await self.ok(source, source.live.token),
            group_id=source.only_community(),
            open_posts=self._open(stored),
            known_comments=self._comments(stored),
        )

    async def _telegram_channel(self, source: Source, stored: StoredSource) -> Connector:
        return Channel(
            await self.tools.http(source.live),
            self.tools.caller(telegram_api.NO_TOKEN),
            channel=source.only_community(),
            base=source.live.api or telegram_api.PREVIEW,
            open_posts=self._open(stored),
            known_comments=self._comments(stored),
        )

    async def _telegram_bot(self, source: Source, _stored: StoredSource) -> Connector:
        return Bot(
            await self.tools.http(source.live),
            self.tools.caller(token(source.kind, source.live.token, source.live, self.tools)),
            base=source.live.api or telegram_api.BOT,
        )

    async def max(self, source: Source, name: str) -> max_api.MaxApi:
        """Return the way to MAX with one of a source's tokens."""
        return max_api.MaxApi(
            await self.tools.http(source.live),
            self.tools.caller(token(source.kind, name, source.live, self.tools)),
            base=source.live.api or max_api.BASE,
        )

    async def _max_bot(self, source: Source, stored: StoredSource) -> Connector:
        return Chats(
            await self.max(source, source.live.token),
            chats=[int(chat) for chat in source.communities],
            open_posts=self._open(stored),
            known_comments=self._comments(stored),
            webhook=bool(source.live.events),
        )

    async def _feed(self, source: Source, _stored: StoredSource) -> Connector:
        return Feed(
            await self.tools.http(source.live),
            self.tools.caller(Token(source.live.url, NO_SECRET, 1.0)),
            url=source.live.url,
            zone=self.zone(source),
        )

    async def _folder(self, source: Source, _stored: StoredSource) -> Connector:
        mapping = load_mapping(source.live.mapping) if source.live.mapping else None
        return Folder(
            Path(source.live.folder),
            mapping=mapping,
            zone=self.zone(source),
            fine_topics=coarse_topics(),
        )

    async def _mailbox(self, source: Source, _stored: StoredSource) -> Connector:
        live = source.live
        host, _, port = live.server.partition(":")
        client = ImapClient(
            host,
            live.user,
            self.tools.secret(live.token),
            port=int(port) if port else None,
            tls=not live.plain,
            ca_file=Path(live.ca_file) if live.ca_file else None,
        )
        return Mailbox(self.tools.around_mail(client), folder=live.folder or "INBOX")


def _seconds(gap: int | None) -> timedelta | None:
    return None if gap is None else timedelta(seconds=gap)
