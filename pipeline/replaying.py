"""Recording a live source, and playing a recording into a database: for bug reports and trials."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from pydantic import SecretStr, TypeAdapter, ValidationError
from sqlmodel import col, select

from connectors.base import Page, SourceError
from connectors.http import Http
from connectors.recording import PlayedHttp, RecordingHttp
from models.post import Post
from models.source import Source as StoredSource
from pipeline.connecting import Connecting
from pipeline.database import reading
from pipeline.followed import origin
from pipeline.ingest import prepare, take_in
from pipeline.judge import Judge
from pipeline.region.schema import Region, Source, SourceKind
from pipeline.settings import Settings
from pipeline.sourcing import open_tools
from pipeline.tally import Tally

RECORDABLE = frozenset(SourceKind) - {
    SourceKind.RECORDING,
    SourceKind.FOLDER,
    SourceKind.MAILBOX,
}
"""A recording and a folder are files already; letters are kept by their own server."""

MAX_PAGES = 50

_SOURCE = TypeAdapter(Source)


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

    Nothing is stored. Raises SourceError for a kind that is no conversation over HTTP.
    """
    if source.kind not in RECORDABLE:
        raise SourceError(
            f"Источник {source.key} вида {source.kind} записать нельзя: он и так лежит в файлах."
        )
    recorders: list[RecordingHttp] = []

    def around(http: Http) -> RecordingHttp:
        recorders.append(RecordingHttp(http, out))
        if len(recorders) == 1:
            recorders[0].begin(_described(source))
        return recorders[0]

    posts = 0
    async with open_tools(settings.home, around=around) as tools:
        connecting = Connecting(tools, region, engine)
        unread = StoredSource(
            id=0, key=source.key, network=source.network, created_at=clock(), cursor={}
        )
        connector = await connecting.connect(source, unread, clock(), whole=True)
        cursor: dict[str, object] = {}
        for _ in range(MAX_PAGES):
            now = clock()
            recorders[0].reading(now)
            page = await connector.fetch(cursor, now=now)
            posts += len(page.posts)
            cursor = page.cursor
            if not page.more:
                break
    return posts


async def replay(
    path: Path, *, home: Path, region: Region, judge: Judge, engine: sa.Engine
) -> tuple[Tally, str]:
    """Play a recording into a database; return what came of it and a digest of its posts.

    ``home`` is a folder for the play's own ledger. The digest is the same for every play of a
    recording into an empty database. Raises SourceError for a file that is no recording.
    """
    player = PlayedHttp(path)
    source = _source(player.source, path)
    region = replace(region, sources=(source,))
    total = Tally()
    async with open_tools(
        home, secret=lambda _name: SecretStr("played"), around=lambda _http: player
    ) as tools:
        connecting = Connecting(tools, region, engine)
        for index, moment in enumerate(player.moments):
            stored = prepare(engine, origin(source), moment)
            if index == 0:
                connector = await connecting.connect(source, stored, moment, whole=True)
            page: Page = await connector.fetch(stored.cursor, now=moment)
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
    return total, digest(engine)


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


def _described(source: Source) -> dict[str, object]:
    """Return a source without what is this machine's own and nobody else's business."""
    described: dict[str, object] = _SOURCE.dump_python(
        replace(source, live=replace(source.live, proxy="", folder="", user="", server="")),
        mode="json",
    )
    return described


def _source(described: object, path: Path) -> Source:
    try:
        return _SOURCE.validate_python(described)
    except ValidationError:
        raise SourceError(
            f"Запись {path}, строка 1: источник описан не так, как умеет эта версия программы."
        ) from None
