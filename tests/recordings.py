"""An installation that records sources, plays recordings, and compares what came of it."""

import io
import re
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from builders import shipped_judge
from networks import NOON, Place, put_secrets
from sources_yaml import write
from sqlmodel import select

from connectors.masking import Mask
from models.post import Post
from models.source import Source as StoredSource
from pipeline.connecting import Connecting
from pipeline.database import open_database, reading
from pipeline.followed import origin
from pipeline.ingest import prepare, take_in
from pipeline.region.load import SAMPLES, load_region
from pipeline.region.schema import Region
from pipeline.replaying import Replayed, record, replay
from pipeline.settings import Settings
from pipeline.sourcing import open_tools


@dataclass(frozen=True, slots=True)
class Written:
    """What a post says, whoever wrote it: the text, its place, and the same author's texts."""

    text: str
    kind: str
    when: str
    deleted: bool
    parent: str
    root: str
    same_author: tuple[str, ...]


def written(engine: sa.Engine) -> dict[str, Written]:
    """Return all posts of a database by their texts, with nobody in them."""
    with reading(engine) as session:
        posts = list(session.exec(select(Post)).all())
    texts = {post.external_id: plain(post.text) for post in posts}
    authors: dict[str, list[str]] = defaultdict(list)
    for post in posts:
        authors[post.author_id].append(plain(post.text))
    return {
        plain(post.text): Written(
            plain(post.text),
            post.kind,
            f"{post.published_at} {post.edited_at}",
            post.deleted_at is not None,
            texts.get(post.parent_id, post.parent_id),
            texts.get(post.root_id, post.root_id),
            tuple(sorted(authors[post.author_id])) if post.author_id else (),
        )
        for post in posts
    }


def plain(text: str) -> str:
    return re.sub(r"\[id\d+\|", "[id|", Mask().text(text))


@dataclass(slots=True)
class Office:
    """An installation that records, and empty databases to play into."""

    folder: Path
    empty: Path
    plays: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home")

    def region(self, source: str) -> Region:
        region = self.folder / "region"
        shutil.copytree(SAMPLES / "smolensky", region, dirs_exist_ok=True)
        write(region, source)
        return load_region(region)

    def database(self) -> sa.Engine:
        self.plays += 1
        path = self.folder / f"{self.plays}.db"
        shutil.copy(self.empty, path)
        return open_database(f"sqlite:///{path}")

    async def record(self, place: Place, *, out: io.BytesIO | None = None) -> Path:
        put_secrets(self.settings.home, place.secrets)
        region = self.region(place.source)
        out = io.BytesIO() if out is None else out
        await record(
            region.sources[0],
            settings=self.settings,
            region=region,
            engine=self.database(),
            out=out,
            clock=lambda: NOON,
        )
        return self.keep(out.getvalue())

    def keep(self, content: bytes) -> Path:
        path = self.folder / "recording.jsonl"
        path.write_bytes(content)
        return path

    async def read(self, place: Place) -> dict[str, Written]:
        """Read the source itself into an empty database."""
        region, engine, judge = self.region(place.source), self.database(), shipped_judge()
        source = region.sources[0]
        async with open_tools(self.settings.home) as tools:
            stored = prepare(engine, origin(source), NOON)
            unread = StoredSource(
                id=0, key=source.key, network=source.network, created_at=NOON, cursor={}
            )
            connector = await Connecting(tools, region, engine).connect(
                source, unread, NOON, whole=True
            )
            more = True
            while more:
                stored = prepare(engine, origin(source), NOON)
                page = await connector.fetch(stored.cursor, now=NOON)
                take_in(
                    engine,
                    judge,
                    origin(source),
                    stored,
                    posts=page.posts,
                    cursor=page.cursor,
                    now=NOON,
                    rejected=page.rejected,
                )
                more = page.more
        return written(engine)

    async def play(self, path: Path) -> tuple[Replayed, dict[str, Written]]:
        engine = self.database()
        judge = shipped_judge()
        home = self.folder / f"play-{self.plays}"
        played = await replay(path, home=home, region=judge.region, judge=judge, engine=engine)
        return played, written(engine)
