"""However the pages of a source come, the database ends the same.

Real connectors read two communities that live through half a day (see network_lives). Their pages
are stored in order, repeatedly, shuffled, cut off; things are added between two requests. Compared
is everything but row numbers and the moments at which a row was written.
"""

import asyncio
import io
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from builders import shipped_judge
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network_lives import MOMENTS, Life, lived
from stored_contents import EVERYTHING, Contents, contents, differences

from connectors import ok, vk
from connectors.base import Page
from connectors.http import Http
from connectors.masking import Mask
from connectors.recording import PlayedHttp, RecordingHttp
from pipeline.database import open_database
from pipeline.ingest import Origin, prepare, take_in

Told = tuple[datetime, Page]
"""A page and the moment at which its source was asked."""

MASK = Mask(salt=b"the same for all")


class Recorded:
    """A community's half a day: all pages that a reader was given, and the answers behind them.

    ``plain`` is what storing the pages once, in order, ended in. No dataclass, for hypothesis
    would print every field of one.
    """

    def __init__(self, life: Life, pages: list[Told], answers: Path, plain: Contents) -> None:
        self.network, self.origin, self.url = life.origin.network.value, life.origin, life.url
        self.pages, self.answers, self.plain = pages, answers, plain

    def __repr__(self) -> str:
        return self.network

    def gone(self) -> set[str]:
        """Return what was deleted at any time."""
        return {post.external_id for _, page in self.pages for post in page.posts if post.deleted}


@pytest.fixture(scope="module", autouse=True)
def short_pages() -> Iterator[None]:
    """Let connectors hand over little at once, so that a small community makes many pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vk.walls, "PAGE", 6)
        patch.setattr(ok.groups, "POSTS", 6)
        patch.setattr(ok.groups, "CALLS", 3)
        yield


@pytest.fixture(scope="module", params=["vk", pytest.param("ok", marks=pytest.mark.long)])
def recorded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path
) -> Recorded:
    folder = tmp_path_factory.mktemp(request.param)
    answers = folder / "answers.jsonl"

    async def record() -> Recorded:
        pages: list[Told] = []
        with database(empty_sqlite) as engine, answers.open("wb") as file:
            async with lived(request.param, folder) as life:
                tape = RecordingHttp(life.http, file, mask=MASK)
                tape.begin({"network": request.param})
                for step in range(len(MOMENTS)):
                    life.pass_to(step)
                    connector = life.connector(engine, tape)
                    pages += await read(engine, life.origin, connector, MOMENTS[step])
                found = Recorded(life, pages, answers, contents(engine))
        assert len(pages) > 20
        assert found.gone()
        assert sum(bool(one["versions"]) for one in found.plain.values()) > 3
        return found

    return asyncio.run(record())


async def read(engine: sa.Engine, origin: Origin, connector: Any, now: datetime) -> list[Told]:
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


def test_every_page_five_times_over_changes_nothing(recorded: Recorded, empty_sqlite: Path) -> None:
    with database(empty_sqlite) as engine:
        for page in recorded.pages:
            store(engine, recorded.origin, [page] * 5)
        assert differences(contents(engine), recorded.plain) == []


def test_the_whole_sequence_five_times_over_changes_nothing(
    recorded: Recorded, empty_sqlite: Path
) -> None:
    with database(empty_sqlite) as engine:
        store(engine, recorded.origin, recorded.pages * 5)
        assert differences(contents(engine), recorded.plain) == []


def test_the_answers_played_again_end_in_the_same_database(
    recorded: Recorded, empty_sqlite: Path, tmp_path: Path
) -> None:
    async def play(engine: sa.Engine) -> None:
        async with lived(recorded.network, tmp_path) as life:
            played = PlayedHttp(recorded.answers)
            for now in MOMENTS:
                connector = life.connector(engine, played, recorded.url)
                await read(engine, life.origin, connector, now)

    with database(empty_sqlite) as engine:
        asyncio.run(play(engine))
        assert differences(contents(engine), recorded.plain) == []


def ordered(pages: list[Told], dice: random.Random) -> list[Told]:
    """Return the pages of one reading shuffled so that nothing comes before what it answers."""
    shuffled, left = [], list(pages)
    while left:
        free = [
            one
            for one in left
            if not any(_shows(other, _above(one)) for other in left if other is not one)
        ]
        shuffled.append(dice.choice(free))
        left.remove(shuffled[-1])
    return shuffled


def _above(told: Told) -> set[str]:
    posts = told[1].posts
    above = {one for post in posts for one in (post.root_id, post.parent_id) if one}
    return above - {post.external_id for post in posts}


def _shows(told: Told, ids: set[str]) -> bool:
    return any(post.external_id in ids for post in told[1].posts)


SOME = settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))


@SOME
@given(seed=st.integers(0, 2**32))
def test_a_readings_pages_may_come_in_any_order(
    recorded: Recorded, empty_sqlite: Path, seed: int
) -> None:
    """What people say is read with what stands above it: that has to be there before."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    with database(empty_sqlite) as engine:
        for moment in MOMENTS:
            told = [page for page in recorded.pages if page[0] == moment]
            store(engine, recorded.origin, ordered(told, dice))
        assert differences(contents(engine), recorded.plain) == []


@SOME
@given(seed=st.integers(0, 2**32))
def test_answers_may_come_before_what_they_answer(
    recorded: Recorded, empty_sqlite: Path, seed: int
) -> None:
    """Then only what the classifier made of them may differ: it could not read what was above."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    with database(empty_sqlite) as engine:
        for moment in MOMENTS:
            told = [page for page in recorded.pages if page[0] == moment]
            dice.shuffle(told)
            store(engine, recorded.origin, told)
        found = contents(engine)
    assert differences(found, recorded.plain, ("said", "place", "published", "versions")) == []


@SOME
@given(order=st.permutations(range(60)))
def test_pages_of_all_readings_shuffled_show_what_stands_there_now(
    recorded: Recorded, empty_sqlite: Path, order: list[int]
) -> None:
    """The newest state wins, whatever comes after it.

    What came too late is older than what is known and not taken: a text that was replaced in the
    meantime leaves no version, a post whose deletion was known first keeps no text, and an edit
    that the network does not date bears the moment at which another page showed it. Incidents
    follow from the texts that were taken, so they are not compared.
    """
    pages = [recorded.pages[number] for number in order if number < len(recorded.pages)]
    assert len(pages) == len(recorded.pages)
    with database(empty_sqlite) as engine:
        store(engine, recorded.origin, pages)
        found = contents(engine)
    assert standing(found) == standing(recorded.plain)
    steady = {key for key in found if key not in recorded.gone()}
    for key in steady:
        assert found[key]["place"] == recorded.plain[key]["place"]
        assert found[key]["published"] == recorded.plain[key]["published"]
        assert is_part(texts(found[key]), texts(recorded.plain[key]))


def standing(found: Contents) -> dict[str, str | None]:
    """Return the texts, None of what is deleted."""
    return {key: None if one["said"][1] else one["said"][0] for key, one in found.items()}


def texts(one: dict[str, Any]) -> list[str]:
    """Return a post's texts, the oldest first."""
    return [*(text for _, text, _ in one["versions"]), one["said"][0]]


def is_part(part: list[str], whole: list[str]) -> bool:
    """Tell whether a list is another one with some items left out."""
    rest = iter(whole)
    return all(one in rest for one in part)


def test_what_was_first_known_as_deleted_is_whole_when_it_is_back(
    recorded: Recorded, empty_sqlite: Path
) -> None:
    back = {key for key in recorded.gone() if not recorded.plain[key]["said"][1]}
    first = next(
        number
        for number, (_, page) in enumerate(recorded.pages)
        if any(post.deleted and post.external_id in back for post in page.posts)
    )
    with database(empty_sqlite) as engine:
        store(engine, recorded.origin, recorded.pages[first:])
        found = contents(engine)
    for key in back:
        assert found[key]["said"][0] == recorded.plain[key]["said"][0]
        assert found[key]["place"] == recorded.plain[key]["place"]
        assert found[key]["published"] == recorded.plain[key]["published"]


@SOME
@given(seed=st.integers(0, 2**32))
def test_a_reading_cut_off_and_begun_anew_ends_the_same(
    recorded: Recorded, empty_sqlite: Path, seed: int
) -> None:
    """A process dies with a page in its hands, and another one goes on from the cursor.

    Only whether something is gone may be noticed a reading later: the one who sees that it is
    missing must have read the whole thread.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable

    async def live(engine: sa.Engine) -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with lived(recorded.network, Path(folder)) as life:
                tape = RecordingHttp(life.http, io.BytesIO(), mask=MASK)
                for step, now in enumerate(MOMENTS):
                    life.pass_to(step)
                    await cut_off(engine, life, tape, now)

    async def cut_off(engine: sa.Engine, life: Life, http: Http, now: datetime) -> None:
        while True:
            connector, more = life.connector(engine, http), True
            while more:
                page = await connector.fetch(prepare(engine, life.origin, now).cursor, now=now)
                if dice.random() < 0.3:
                    break
                store(engine, life.origin, [(now, page)])
                more = page.more
            else:
                return

    with database(empty_sqlite) as engine:
        asyncio.run(live(engine))
        found = contents(engine)
    assert standing(found) == standing(recorded.plain)
    gone = recorded.gone()
    steady = {key: one for key, one in found.items() if key not in gone}
    assert differences(steady, {k: v for k, v in recorded.plain.items() if k not in gone}) == []


@pytest.mark.parametrize("network", ["vk", pytest.param("ok", marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ["post", "comment", "reply", "restored"])
@settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(part=st.floats(0, 1, exclude_max=True))
def test_what_comes_between_two_requests_is_there_as_if_it_always_was(
    network: str, kind: str, empty_sqlite: Path, part: float
) -> None:
    """Only the warning is not set where it would have come before we knew."""

    async def end(engine: sa.Engine, at: int) -> int:
        """Let something come before a request of the first reading; return how many it made."""
        with tempfile.TemporaryDirectory() as folder:
            async with lived(network, Path(folder)) as life:
                life.pass_to(0)
                life.threads[2][1][1].deleted = kind == "restored"
                life.http.before = lambda number: life.add(kind) if number == at else None
                await read(engine, life.origin, life.connector(engine), MOMENTS[0])
                requests = next(life.http.numbers) - 1
                for now in (MOMENTS[3], MOMENTS[5]):
                    await read(engine, life.origin, life.connector(engine), now)
        return requests

    with database(empty_sqlite) as early, database(empty_sqlite) as late:
        requests = asyncio.run(end(early, 1))
        asyncio.run(end(late, 2 + int(part * (requests - 2))))
        always, between = contents(early), contents(late)
    assert differences(between, always, set(EVERYTHING) - {"timers"}) == []
