"""Recording a live source, and playing a recording into a database: for bug reports and trials."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from pydantic import SecretStr, TypeAdapter, ValidationError
from sqlmodel import col, select

from connectors.base import SourceError
from connectors.masking import Mask
from connectors.recording import PlayedHttp, RecordingHttp, Tape
from connectors.recording_mail import PlayedMail, RecordingMail
from models.post import Post
from models.source import Source as StoredSource
from pipeline.connecting import Connecting
from pipeline.database import reading
from pipeline.followed import origin
from pipeline.ingest import prepare, take_in
from pipeline.judge import Judge
from pipeline.region.schema import Region, Source, SourceKind
from pipeline.region.sources import KINDS, MAX_CHAT
from pipeline.settings import Settings
from pipeline.sourcing import open_tools
from pipeline.tally import Tally

RECORDABLE = frozenset(SourceKind) - {SourceKind.RECORDING, SourceKind.FOLDER}
"""The others are files already."""

MAX_PAGES = 50

ONE_PAGE = frozenset({SourceKind.TELEGRAM_BOT})
"""Asking for a bot's second page tells Telegram that the first one was taken in: it would be
forgotten there before the source itself has read it."""

_SOURCE = TypeAdapter(Source)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of playing a recording; ``broken`` says why it ends early, empty for a whole one.

    ``digest`` is that of the posts; every play into an empty database gives the same.
    """

    tally: Tally
    digest: str
    broken: str


async def record(
    source: Source,
    *,
    settings: Settings,
    region: Region,
    engine: sa.Engine,
    out: IO[bytes],
    clock: Callable[[], datetime],
) -> int:
    """Read a source from its beginning into ``out``, masked; return how many posts it gave.

    Nothing is stored. Raises SourceError for a kind that is files already, and whatever ends the
    reading; what was read until then is in ``out``.
    """
    if source.kind not in RECORDABLE:
        raise SourceError(
            f"Источник {source.key} вида {source.kind} записать нельзя: он и так лежит в файлах."
        )
    tape = Tape(out, mask=Mask(places=frozenset(source.communities)))
    posts = 0
    async with open_tools(
        settings.home,
        around=lambda http: RecordingHttp(http, out, mask=tape.mask),
        around_mail=lambda client: RecordingMail(client, out, mask=tape.mask),
    ) as tools:
        connecting = Connecting(tools, region, engine)
        connector = await connecting.connect(source, _unread(source, clock()), clock(), whole=True)
        tape.begin(_described(source))
        cursor: dict[str, object] = {}
        for _ in range(1 if source.kind in ONE_PAGE else MAX_PAGES):
            now = clock()
            tape.reading(now)
            page = await connector.fetch(cursor, now=now)
            posts += len(page.posts)
            cursor = page.cursor
            if not page.more:
                break
        tape.end(posts)
    return posts


async def replay(
    path: Path, *, home: Path, region: Region, judge: Judge, engine: sa.Engine
) -> Replayed:
    """Play a recording into a database; nobody is asked, and nothing is waited for.

    ``home`` is a folder for the play's own ledger. A recording that was broken off, or whose
    reading ended with an error, is played up to there. Raises SourceError for a file that is no
    recording.
    """
    player = PlayedHttp(path)
    source = _source(player.source, region, path)
    total = Tally()
    broken = "" if player.whole else "запись оборвана: последней строки в ней нет."
    async with open_tools(
        home,
        secret=lambda _name: SecretStr("played"),
        around=lambda _http: player,
        around_mail=lambda _client: PlayedMail(player),
        sleep=_at_once,
    ) as tools:
        connecting = Connecting(tools, replace(region, sources=(source,)), engine)
        for index, moment in enumerate(player.moments):
            stored = prepare(engine, origin(source), moment)
            try:
                if index == 0:
                    # As when it was recorded, the source knows nothing of what is stored.
                    connector = await connecting.connect(
                        source, _unread(source, moment), moment, whole=True
                    )
                page = await connector.fetch(stored.cursor, now=moment)
            except SourceError as error:
                broken = str(error)
                break
            total.add(
                take_in(
                    engine,
                    judge,
                    origin(source),
                    stored,
                    posts=page.posts,
                    cursor=page.cursor,
                    now=moment,
                    rejected=page.rejected,
                )
            )
    return Replayed(total, digest(engine), broken)


def digest(engine: sa.Engine) -> str:
    """Return a digest of all stored posts: what they are, not when they were stored."""
    hashed = hashlib.sha256()
    with reading(engine) as session:
        for post in session.exec(select(Post).order_by(col(Post.external_id))):
            kept: list[Any] = [
                post.external_id,
                post.kind,
                post.parent_id,
                post.root_id,
                post.author_id,
                post.text,
                post.published_at,
                post.edited_at,
                post.deleted_at is not None,
            ]
            hashed.update(repr(kept).encode())
    return hashed.hexdigest()[:16]


async def _at_once(_seconds: float) -> None:
    """Wait for nothing: nobody is asked too often."""


def _unread(source: Source, now: datetime) -> StoredSource:
    return StoredSource(id=0, key=source.key, network=source.network, created_at=now, cursor={})


def _described(source: Source) -> dict[str, object]:
    """Return a source without what is this machine's own and nobody else's business."""
    described: dict[str, object] = _SOURCE.dump_python(_without_machine(source), mode="json")
    return described


def _without_machine(source: Source) -> Source:
    live = replace(source.live, proxy="", ca_file="", user="", server="", confirmation="")
    return replace(source, live=live, file=None)


def _source(described: object, region: Region, path: Path) -> Source:
    """Return the source that a recording describes: a stranger's file, so nothing is believed."""
    wrong = SourceError(
        f"Запись {path}, строка 1: источник описан не так, как умеет эта версия программы."
    )
    try:
        source = _without_machine(_SOURCE.validate_python(described))
        ZoneInfo(source.live.zone or region.time_zone)
    except (ValidationError, ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong from None
    kind = KINDS[source.kind]
    shape = MAX_CHAT if source.kind is SourceKind.MAX_BOT else kind.community and kind.community[0]
    well = all(re.fullmatch(shape, one) for one in source.communities) if shape else True
    if (
        source.kind not in RECORDABLE
        or not well
        or (kind.community and len(source.communities) != 1)
    ):
        raise wrong
    codes = {settlement.code for settlement in region.settlements}
    ours = {one: code if code in codes else None for one, code in source.communities.items()}
    settlement = source.settlement if source.settlement in codes else None
    return replace(source, communities=ours, settlement=settlement)
