"""Asking the tokens of a source once what they may do; nothing is published."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from connectors.base import SourceError
from connectors.ledger import Token
from connectors.max import probe as max_probe
from connectors.ok import probe as ok_probe
from connectors.vk import probe as vk_probe
from models.errors import OtklikError
from models.source import Source as StoredSource
from pipeline.connecting import Connecting, token
from pipeline.region.schema import Region, Source, SourceKind
from pipeline.settings import Settings, SettingsError
from pipeline.sourcing import Tools, open_tools

VK_KINDS = frozenset({SourceKind.VK_WALL, SourceKind.VK_BOARD, SourceKind.VK_SEARCH})

NEEDED: Mapping[SourceKind, frozenset[str]] = {
    SourceKind.VK_WALL: frozenset({"wall.get", "wall.getById", "wall.getComments"}),
    SourceKind.VK_BOARD: frozenset({"board.getTopics"}),
    SourceKind.VK_SEARCH: frozenset({"newsfeed.search"}),
}
"""Methods that the reading token of a source of VKontakte has to be good for."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was asked, whether that is as it has to be, and what was said (empty for nothing)."""

    what: str
    well: bool
    said: str = ""


async def probe(
    source: Source, settings: Settings, region: Region, engine: sa.Engine
) -> list[Line]:
    """Return what the tokens of a source may do.

    A token that was parked is released first: a person asks, so a person has seen to it.
    """
    async with open_tools(settings.home) as tools:
        connecting = Connecting(tools, region, engine)
        try:
            if source.kind in VK_KINDS:
                return [line async for line in _vk(source, tools, connecting)]
            if source.kind is SourceKind.OK_GROUP:
                return [line async for line in _ok(source, tools, connecting)]
            if source.kind is SourceKind.MAX_BOT:
                return [line async for line in _max(source, tools, connecting)]
            return [await _reading(source, connecting)]
        except (SettingsError, SourceError) as error:
            return [Line("настройки", well=False, said=str(error))]


async def _vk(source: Source, tools: Tools, connecting: Connecting) -> AsyncIterator[Line]:
    live = source.live
    walls = [int(one) for one in source.communities]
    for name in dict.fromkeys(filter(None, (live.token, live.events_token, live.answer_token))):
        needed = NEEDED[source.kind] if name == live.token else frozenset()
        group = live.answer_as if name == live.answer_token else None
        if name == live.events_token:
            needed |= {"groups.getLongPollServer"}
            group = -int(source.only_community())
        if name == live.answer_token:
            needed |= {vk_probe.PUBLISHING}
        one = _released(source, name, tools)
        api = await connecting.vk(source, name)
        found = await vk_probe.probe(api, one, walls=walls, group_id=group)
        yield Line(f"ключ {name}", well=True, said=found.pop(vk_probe.KIND))
        for line in _verdicts(found, one, tools, needed, vk_probe.UNTRIED):
            yield line


async def _ok(source: Source, tools: Tools, connecting: Connecting) -> AsyncIterator[Line]:
    needed = frozenset({"group.getInfo", "stream.get", "discussions.getComments"})
    one = _released(source, source.live.token, tools)
    api = await connecting.ok(source, source.live.token)
    found = await ok_probe.probe(api, source.only_community())
    yield Line(ok_probe.CALLS_LEFT, well=True, said=found.pop(ok_probe.CALLS_LEFT, "неизвестно"))
    for line in _verdicts(found, one, tools, needed):
        yield line


async def _max(source: Source, tools: Tools, connecting: Connecting) -> AsyncIterator[Line]:
    one = _released(source, source.live.token, tools)
    api = await connecting.max(source, source.live.token)
    found = await max_probe.probe(api)
    for line in _verdicts(found, one, tools, frozenset(found)):
        yield line


def _verdicts(
    found: Mapping[str, str],
    one: Token,
    tools: Tools,
    needed: frozenset[str],
    untried: str = "",
) -> Iterable[Line]:
    """Keep what was found with the token; only what the source needs has to be allowed."""
    for method, said in found.items():
        tools.ledger.note(one, method, said)
        well = said in {"ok", untried} or method not in needed
        yield Line(method, well, "" if said == "ok" else said)


def _released(source: Source, name: str, tools: Tools) -> Token:
    one = token(source.kind, name, source.live, tools)
    tools.ledger.release(one)
    return one


async def _reading(source: Source, connecting: Connecting) -> Line:
    """Read one page and throw it away."""
    now = datetime.now(UTC)
    unread = StoredSource(id=0, key=source.key, network=source.network, created_at=now, cursor={})
    try:
        connector = await connecting.connect(source, unread, now)
        page = await connector.fetch({}, now=now)
    except OtklikError as error:
        return Line("чтение", well=False, said=str(error))
    return Line("чтение", well=True, said=f"сообщений на первой странице: {len(page.posts)}")
