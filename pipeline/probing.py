"""Asking the tokens of a source once what they may do; nothing is published."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa

from connectors.base import SourceError
from connectors.ledger import Token
from connectors.max import probe as max_probe
from connectors.ok import probe as ok_probe
from connectors.ok.publisher import METHOD as OK_PUBLISHING
from connectors.vk import probe as vk_probe
from models.errors import OtklikError
from models.source import Source as StoredSource
from pipeline.connecting import Connecting, token, tokens
from pipeline.database import unit_of_work
from pipeline.desk.sources import read_soon
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

OK_READS = frozenset({"group.getInfo", "stream.get", "discussions.getComments"})


class Verdict(StrEnum):
    """What became of one question."""

    YES = "есть"
    NO = "НЕТ"
    ASIDE = "—"
    """It may be missing, or was not asked; nobody has to do anything about it."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was asked, what became of it, and what was said (empty for nothing)."""

    what: str
    verdict: Verdict
    said: str = ""


async def probe(
    source: Source,
    settings: Settings,
    region: Region,
    engine: sa.Engine,
    *,
    asked: set[object] | None = None,
) -> list[Line]:
    """Return what the tokens of a source may do.

    A token that was parked is released first: a person asks, so a person has seen to it.
    ``asked`` grows by what was asked of which token, and what stands there is not asked again:
    hundreds of communities share a token.
    """
    lines: list[Line] = []
    async with open_tools(settings.home) as tools:
        connecting = Connecting(tools, region, engine)
        try:
            for one in tokens(source, tools):
                tools.ledger.release(one)
            found = _lines(source, tools, connecting, set() if asked is None else asked)
            lines.extend([line async for line in found])
        except (SettingsError, SourceError) as error:
            lines.append(Line("настройки", Verdict.NO, str(error)))
    return lines


def asking(
    source: Source,
    settings: Settings,
    region: Region,
    engine: sa.Engine,
    *,
    asked: set[object] | None = None,
) -> list[Line]:
    """Probe a source from a thread that has no loop, and let it be read at once after."""
    lines = asyncio.run(probe(source, settings, region, engine, asked=asked))
    with unit_of_work(engine) as session:
        read_soon(session, source.key)
    return lines


def _lines(
    source: Source, tools: Tools, connecting: Connecting, asked: set[object]
) -> AsyncIterator[Line]:
    if source.kind in VK_KINDS:
        return _vk(source, tools, connecting, asked)
    if source.kind is SourceKind.OK_GROUP:
        return _ok(source, tools, connecting, asked)
    if source.kind is SourceKind.MAX_BOT:
        return _max(source, tools, connecting, asked)
    return _reading(source, connecting)


async def _vk(
    source: Source, tools: Tools, connecting: Connecting, asked: set[object]
) -> AsyncIterator[Line]:
    live = source.live
    walls = [int(one) for one in source.communities]
    own = -walls[0] if walls else None
    for name in _names(live.token, live.events_token, live.answer_token):
        needed, group = frozenset[str](), None
        if name == live.token:
            needed |= NEEDED[source.kind]
        if name == live.events_token:
            needed |= {"groups.getLongPollServer"}
            group = own
        if name == live.answer_token:
            needed |= {vk_probe.PUBLISHING}
            group = live.answer_as or own
        one = token(source.kind, name, live, tools)
        if _known(asked, one.mark, live.api, needed, group):
            yield _above(name)
            continue
        api = await connecting.vk(source, name)
        found = await vk_probe.probe(api, one, walls=walls, group_id=group)
        yield Line(f"ключ {name}", Verdict.ASIDE, found.pop(vk_probe.KIND))
        for line in _verdicts(found, one, tools, needed, vk_probe.UNTRIED):
            yield line


async def _ok(
    source: Source, tools: Tools, connecting: Connecting, asked: set[object]
) -> AsyncIterator[Line]:
    live = source.live
    for name in _names(live.token, live.answer_token):
        needed = OK_READS if name == live.token else frozenset[str]()
        if name == live.answer_token:
            needed |= {OK_PUBLISHING}
        one = token(source.kind, name, live, tools)
        if _known(asked, one.mark, live.api, needed):
            yield _above(name)
            continue
        api = await connecting.ok(source, name)
        found = await ok_probe.probe(api, source.only_community())
        left = found.pop(ok_probe.CALLS_LEFT, "неизвестно")
        yield Line(f"ключ {name}", Verdict.ASIDE, f"{ok_probe.CALLS_LEFT}: {left}")
        for line in _verdicts(found, one, tools, needed):
            yield line


async def _max(
    source: Source, tools: Tools, connecting: Connecting, asked: set[object]
) -> AsyncIterator[Line]:
    live = source.live
    for name in _names(live.token, live.answer_token):
        one = token(source.kind, name, live, tools)
        if _known(asked, one.mark, live.api):
            yield _above(name)
            continue
        found = await max_probe.probe(await connecting.max(source, name))
        yield Line(f"ключ {name}", Verdict.ASIDE)
        for line in _verdicts(found, one, tools, frozenset(found)):
            yield line


def _names(*names: str) -> list[str]:
    return list(dict.fromkeys(filter(None, names)))


def _known(asked: set[object], *question: object) -> bool:
    """Tell whether this was asked before, and remember that it is being asked."""
    known = question in asked
    asked.add(question)
    return known


def _above(name: str) -> Line:
    return Line(f"ключ {name}", Verdict.ASIDE, "проверен выше")


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
        if said == "ok":
            yield Line(method, Verdict.YES)
        elif said == untried or method not in needed:
            yield Line(method, Verdict.ASIDE, said)
        else:
            yield Line(method, Verdict.NO, said)


async def _reading(source: Source, connecting: Connecting) -> AsyncIterator[Line]:
    """Read one page and throw it away."""
    now = datetime.now(UTC)
    unread = StoredSource(id=0, key=source.key, network=source.network, created_at=now, cursor={})
    try:
        connector = await connecting.connect(source, unread, now)
        page = await connector.fetch({}, now=now)
    except OtklikError as error:
        yield Line("чтение", Verdict.NO, str(error))
    else:
        yield Line("чтение", Verdict.YES, f"сообщений на первой странице: {len(page.posts)}")
