"""Who publishes answers to the posts of a source."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import sqlalchemy as sa

from connectors.base import SourceError
from connectors.ledger import ParkedError
from connectors.max.publisher import MaxPublisher
from connectors.ok.publisher import OkPublisher
from connectors.publishing import Published, Publisher, Reply
from connectors.vk.api import BASE as VK_BASE
from connectors.vk.library import VkLibrary
from connectors.vk.publisher import COMMENT_LIMIT, VkPublisher
from pipeline.connecting import Connecting, token
from pipeline.region.load import load_region
from pipeline.region.schema import Source, SourceKind
from pipeline.settings import Settings, SettingsError
from pipeline.sourcing import open_tools

PublisherFor = Callable[[str], Publisher | None]


class Unready:
    """Stands for a publisher that cannot be made: answers wait, and say for what.

    A secret is missing, or a file that the settings name.
    """

    limit = COMMENT_LIMIT

    def __init__(self, why: str) -> None:
        """Remember what is missing."""
        self._why = why

    async def publish(self, _reply: Reply) -> Published:
        """Raise ParkedError."""
        raise ParkedError(self._why)

    async def find(self, _reply: Reply) -> Published | None:
        """Raise ParkedError."""
        raise ParkedError(self._why)


class Elsewhere:
    """A publisher of a network whose pages people look at on another site."""

    def __init__(self, publisher: Publisher, source: Source) -> None:
        """Remember who publishes, and the source that knows the site."""
        self.limit = publisher.limit
        self._publisher = publisher
        self._source = source

    async def publish(self, reply: Reply) -> Published:
        """Publish; see Publisher."""
        return self._seen(await self._publisher.publish(reply))

    async def find(self, reply: Reply) -> Published | None:
        """Look whether an answer stands there; see Publisher."""
        found = await self._publisher.find(reply)
        return found and self._seen(found)

    def _seen(self, published: Published) -> Published:
        return replace(published, url=self._source.page(published.url))


@asynccontextmanager
async def open_publishers(settings: Settings, engine: sa.Engine) -> AsyncIterator[PublisherFor]:
    """Give a function from a source's key to its publisher; None where answers go by hand."""
    region = load_region(settings.region)
    async with open_tools(settings.home) as tools:
        connecting = Connecting(tools, region, engine)
        publishers: dict[str, Publisher] = {}
        for source in region.active_sources():
            try:
                made = await _publisher(source, connecting)
            except (SettingsError, SourceError) as error:
                made = Unready(str(error))
            if made is not None:
                publishers[source.key] = Elsewhere(made, source) if source.live.pages else made
        yield publishers.get


async def _publisher(source: Source, connecting: Connecting) -> Publisher | None:
    live, tools = source.live, connecting.tools
    if not live.answer_token:
        return None
    match source.kind:
        case SourceKind.VK_WALL | SourceKind.VK_BOARD | SourceKind.VK_SEARCH:
            caller = tools.caller(token(source.kind, live.answer_token, live, tools))
            library = VkLibrary(caller, base=live.api or VK_BASE)
            tools.stack.callback(library.close)
            # A community's key writes comments and cannot read them.
            reader = await connecting.vk(source, live.token)
            return VkPublisher(library, group_id=answering_group(source), reader=reader)
        case SourceKind.OK_GROUP:
            api = await connecting.ok(source, live.answer_token)
            return OkPublisher(api, group_id=source.only_community(), confirmed=True)
        case SourceKind.MAX_BOT:
            return MaxPublisher(await connecting.max(source, live.answer_token))
        case _:
            return None


def answering_group(source: Source) -> int:
    """Return the community of VKontakte in whose name a source's posts are answered."""
    if source.live.answer_as is not None:
        return source.live.answer_as
    return -int(source.only_community())
