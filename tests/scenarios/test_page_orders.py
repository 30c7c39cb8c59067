"""However the pages of a source come, the database ends the same.

Real connectors read two communities that live through half a day (see network_lives). Their pages
are stored in order, repeatedly, shuffled, cut off; things are added between two requests. Compared
is everything but row numbers and the moments at which a row was written.
"""

import asyncio
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from builders import shipped_judge
from hypothesis import given, settings
from hypothesis import strategies as st
from network_lives import MOMENTS, Life, lived
from sqlmodel import col, select

from connectors import ok, vk
from connectors.base import Page
from connectors.recording import PlayedHttp, RecordingHttp
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post, PostVersion
from models.timer import Timer
from pipeline.database import open_database, reading
from pipeline.ingest import Origin, prepare, take_in

Told = tuple[datetime, Page]
"""A page and the moment at which its source was asked."""


@dataclass(frozen=True)
class Recorded:
    """A community's half a day: all pages that a reader was given, and the answers behind them."""

    network: str
    origin: Origin
    pages: list[Told]
    answers: Path


@pytest.fixture(scope="module", autouse=True)
def short_pages() -> Iterator[None]:
    """Let connectors hand over little at once, so that a small community makes many pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vk.walls, "PAGE", 6)
        patch.setattr(ok.groups, "POSTS", 6)
        patch.setattr(ok.groups, "CALLS", 3)
        yield


@pytest.fixture(scope="module", params=["vk", "ok"])
def recorded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path
) -> Recorded:
    folder = tmp_path_factory.mktemp(request.param)

    async def record() -> Recorded:
        pages: list[Told] = []
        with database(empty_sqlite) as engine, (folder / "answers.jsonl").open("wb") as file:
            async with lived(request.param, folder) as life:
                tape = RecordingHttp(life.http, file)
                tape.begin({"network": request.param})
                for step in range(len(MOMENTS)):
                    life.pass_to(step)
                    connector = life.connector(engine, tape)
                    pages += await read(engine, life.origin, connector, MOMENTS[step])
        return Recorded(request.param, life.origin, pages, folder / "answers.jsonl")

    return asyncio.run(record())


async def read(
    engine: sa.Engine, origin: Origin, connector: Any, now: datetime
) -> list[Told]:
    """Read a source to its end and store its pages; return them."""
    pages = []
    while True:
        page = await connector.fetch(prepare(engine, origin, now).cursor, now=now)
        store(engine, origin, [(now, page)])
        pages.append((now, page))
        if not page.more:
            return pages


def store(engine: sa.Engine, origin: Origin, pages: Sequence[Told]) -> None:
    """Store pages one after the other, as if their source had given them so."""
    for now, page in pages:
        take_in(
            engine,
            shipped_judge(),
            origin,
            prepare(engine, origin, now),
            posts=page.posts,
            cursor=page.cursor,
            now=now,
            rejected=page.rejected,
        )


@contextmanager
def database(empty: Path) -> Iterator[sa.Engine]:
    """Give an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty, Path(folder) / "otklik.db")
        engine = open_database(f"sqlite:///{folder}/otklik.db")
        try:
            yield engine
        finally:
            engine.dispose()


Contents = dict[str, dict[str, Any]]
EVERYTHING = ("said", "place", "published", "versions", "judged", "incident", "timers", "journal")


def contents(engine: sa.Engine) -> Contents:
    """Return what is stored, by external id, without row numbers and moments of arrival."""
    with reading(engine) as session:
        incidents = {one.id: one for one in session.exec(select(Incident))}
        versions = _by(session.exec(select(PostVersion).order_by(col(PostVersion.revision))))
        timers = _by(session.exec(select(Timer).order_by(col(Timer.due_at), col(Timer.kind))))
        journal = _by(session.exec(select(JournalEntry).order_by(col(JournalEntry.id))))
        posts = list(session.exec(select(Post)))
    opened = [post.incident_id for post in posts if post.incident_id]
    assert sorted(opened) == sorted(filter(None, incidents)), "one incident for a post"
    found = {}
    for post in posts:
        number = post.incident_id
        incident = incidents[number].model_dump(exclude={"id", "opened_at"}) if number else None
        found[post.external_id] = {
            "said": (post.text, post.deleted_at is not None, post.edited_at),
            "place": (post.kind, post.parent_id, post.root_id, post.url, post.author_id),
            "published": post.published_at,
            "versions": [(one.revision, one.text, one.edited_at) for one in versions[post.id]],
            "judged": (post.relevant, post.prediction, post.model),
            "incident": incident,
            "timers": [(one.kind, one.due_at, one.state) for one in timers[number]],
            "journal": [(one.act, one.before, one.after) for one in journal[number]],
        }
    return found


Row = TypeVar("Row", PostVersion, Timer, JournalEntry)


def _by(rows: Iterable[Row]) -> dict[int | None, list[Row]]:
    """Return rows by the post or the incident that they belong to."""
    found: dict[int | None, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.post_id if isinstance(row, PostVersion) else row.incident_id].append(row)
    return found


def plain(recorded: Recorded, empty: Path) -> Contents:
    """Return what storing the pages in order, once, ends in."""
    with database(empty) as engine:
        store(engine, recorded.origin, recorded.pages)
        return contents(engine)


def differences(one: Contents, other: Contents, *names: str) -> list[str]:
    """Return what is not the same in two databases, for people; by the names in ``contents``."""
    return [
        f"{key} {name}: {one.get(key, {}).get(name)} | {other.get(key, {}).get(name)}"
        for key in one.keys() | other.keys()
        for name in names or EVERYTHING
        if one.get(key, {}).get(name) != other.get(key, {}).get(name)
    ]


def test_every_page_five_times_over_changes_nothing(
    recorded: Recorded, empty_sqlite: Path
) -> None:
    with database(empty_sqlite) as engine:
        for page in recorded.pages:
            store(engine, recorded.origin, [page] * 5)
        assert differences(contents(engine), plain(recorded, empty_sqlite)) == []


def test_the_whole_sequence_five_times_over_changes_nothing(
    recorded: Recorded, empty_sqlite: Path
) -> None:
    with database(empty_sqlite) as engine:
        store(engine, recorded.origin, recorded.pages * 5)
        assert differences(contents(engine), plain(recorded, empty_sqlite)) == []


def test_the_answers_played_again_bring_the_same_pages(
    recorded: Recorded, empty_sqlite: Path, tmp_path: Path
) -> None:
    async def play() -> None:
        async with lived(recorded.network, tmp_path) as life:
            played = PlayedHttp(recorded.answers)
            for now in MOMENTS:
                await read(engine, life.origin, life.connector(engine, played), now)

    with database(empty_sqlite) as engine:
        asyncio.run(play())
        assert differences(contents(engine), plain(recorded, empty_sqlite)) == []


def readings(pages: list[Told]) -> list[list[Told]]:
    """Return the pages by the reading that they belong to."""
    return [[page for page in pages if page[0] == moment] for moment in MOMENTS]


@settings(max_examples=12, deadline=None)
@given(dice=st.randoms(use_true_random=False))
def test_pages_of_one_reading_may_come_in_any_order(
    recorded: Recorded, empty_sqlite: Path, dice: random.Random
) -> None:
    with database(empty_sqlite) as engine:
        for told in readings(recorded.pages):
            dice.shuffle(told)
            store(engine, recorded.origin, told)
        assert differences(contents(engine), plain(recorded, empty_sqlite)) == []


@settings(max_examples=12, deadline=None)
@given(dice=st.randoms(use_true_random=False))
def test_pages_of_all_readings_shuffled_end_in_the_same_state(
    recorded: Recorded, empty_sqlite: Path, dice: random.Random
) -> None:
    pages = list(recorded.pages) * 2
    dice.shuffle(pages)
    with database(empty_sqlite) as engine:
        store(engine, recorded.origin, pages)
        assert differences(contents(engine), plain(recorded, empty_sqlite), "said", "place", "published") == []
