"""Whether posts on one problem are found: how surely, and how fast among a million.

    OMP_NUM_THREADS=1 python benchmarks/stories.py                 a million posts, minutes
    OMP_NUM_THREADS=1 python benchmarks/stories.py --posts 20000   a quick look
    python benchmarks/stories.py --posts 0                         the labelled pairs alone

Labelled pairs are read by the shipped model and the shipped region, found by their keys, then
matched; joined is what the machine joins unseen. The held-out ones were written by somebody who had
not seen the program, and nothing was changed after they were first measured. Speeds: the
index is filled with a year of generated posts, then fresh posts are searched one by one (text to
match: facts, keys, one query for candidates, comparison) and in pages of a hundred. Baseline in
the same run: comparing with every stored post, in memory, measured on a sample and scaled to all.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import sqlalchemy as sa
from postgres import PostgresServer, find_postgres
from stories_pairs import DEVELOPMENT, HELD_OUT, Pair, joined, read_facts, read_pairs

from benchmarks._stories_town import AUTHORS, BEGIN, BUSY, Town
from classifiers.classifier import Classifier
from classifiers.examples import read_seeds
from classifiers.registry import default_model
from models.incident import Incident
from models.post import Post
from models.source import Source
from models.story import Story
from models.values import FetchedPost
from models.vocabulary import Network, PostKind, Topic, Urgency
from pipeline.database import migrate, open_database, reading, unit_of_work
from pipeline.decisions.stories import USUAL, compare, match
from pipeline.decisions.stories_keys import keys_of
from pipeline.decisions.stories_text import Facts, facts_of
from pipeline.desk.bulk import insert
from pipeline.desk.stories import story_row
from pipeline.reader import Item, Reader
from pipeline.region.load import load_region
from pipeline.store.stories import candidates

REGION, SEED = "smolensky", 5
PRECISION, MILLISECONDS = 0.97, 20.0
SAMPLE, FRESH, PAGE, CHUNK = 20_000, 2_000, 100, 20_000
REACH = timedelta(days=USUAL.same_days)


def yes(passed: object) -> str:
    """Return the words that end a line with a bar."""
    return "yes" if passed else "NO"


def judge_pairs(reader: Reader, pairs: Sequence[Pair], name: str) -> None:
    """Print precision and recall over pairs, then errors by kind."""
    facts = read_facts(reader, pairs)
    hits = [(pair, joined(pair, facts)) for pair in pairs]
    found = [pair for pair, hit in hits if hit]
    true = sum(pair.same for pair in found)
    all_same = sum(pair.same for pair in pairs)
    read = [p for p in pairs if p.same and facts[p.one] is not None and facts[p.other] is not None]
    precision = true / max(1, len(found))
    print(
        f"{name}: {len(pairs)} pairs, {all_same} of one problem; joined {len(found)}, "
        f"{true} rightly: precision {precision:.3f}, recall {true / max(1, all_same):.3f}, "
        f"of pairs that the reader took for complaints {true / max(1, len(read)):.3f}; "
        f"bar precision >= {PRECISION}: {yes(precision >= PRECISION)}"
    )
    wrong = Counter(pair.kind for pair, hit in hits if hit and not pair.same)
    missed = Counter(pair.kind for pair, hit in hits if pair.same and not hit)
    print(f"  joined wrongly: {dict(wrong)}; missed: {dict(missed)}")


@dataclass(frozen=True, slots=True)
class Index:
    """What a year's posts come to before any database: rows of stories, sorted keys."""

    stories: Sequence[Sequence[dict[str, Any]]]
    keys: Any
    sample: Sequence[Facts]
    seconds: float


def make_index(town: Town, count: int) -> Index:
    """Make the rows of ``count`` posts in memory."""
    stories: list[list[dict[str, Any]]] = []
    keys: list[tuple[int, int, int]] = []
    blocks, sample, spent = [], [], 0.0
    for number, facts in enumerate(town.posts(count), start=1):
        begun = time.perf_counter()
        made = keys_of(facts)
        spent += time.perf_counter() - begun
        keys.extend((key, int(facts.at.timestamp()), number) for key in made)
        if number % CHUNK == 1:
            stories.append([])
        stories[-1].append(dict(story_row(number, facts)))
        if number % max(1, count // SAMPLE) == 0:
            sample.append(facts)
        if number % CHUNK == 0 or number == count:
            blocks.append(np.array(keys, np.int64))
            keys.clear()
    table = np.concatenate(blocks)
    order = np.lexsort((table[:, 2], table[:, 1], table[:, 0]))
    return Index(stories, table[order], sample, spent)


def fill(engine: sa.Engine, index: Index, count: int) -> None:
    """Store ``count`` posts, each with an incident of its own, and the index."""
    migrate(engine)
    with unit_of_work(engine) as session:
        source = Source(key="vk:bench", network=Network.VK, title="Замер", created_at=BEGIN)
        session.add(source)
        incident = Incident(
            topic=Topic.OTHER,
            urgency=Urgency.NORMAL,
            body="",
            created_at=BEGIN,
            opened_at=BEGIN,
            clock_from=BEGIN,
            stage_at=BEGIN,
            due_at=BEGIN,
            norm="",
            calendar="",
        )
        session.add(incident)
        session.flush()
        post = Post(
            source_id=source.id or 0,
            external_id="-1_1",
            author_id="7919",
            kind=PostKind.POST,
            text="",
            first_seen_at=BEGIN,
            last_seen_at=BEGIN,
            incident_id=incident.id,
        )
        session.add(post)
        session.flush()
        _multiply(session, Incident, count, {})
        author = (
            f"CASE WHEN i % {BUSY} = 0 THEN '1' "
            f"ELSE CAST(CAST(i AS BIGINT) * 7919 % {AUTHORS} AS TEXT) END"
        )
        own = {"external_id": "'-1_' || i", "author_id": author, "incident_id": "i"}
        _multiply(session, Post, count, own)
        # Their topics and settlements, as the posts opened them.
        for rows in index.stories:
            insert(session, Story, rows)
        session.execute(
            sa.text(
                "UPDATE incident SET topic = (SELECT topic FROM story WHERE post_id = incident.id),"
                " settlement = (SELECT settlement FROM story WHERE post_id = incident.id)"
            )
        )
        connection: Any = session.connection().connection.driver_connection
        if engine.dialect.name == "sqlite":
            connection.executemany("INSERT INTO story_key VALUES (?, ?, ?)", _tuples(index))
        else:
            with connection.cursor().copy("COPY story_key FROM STDIN") as copy:
                for row in _tuples(index):
                    copy.write_row(row)
    with engine.connect() as connection:
        connection.execute(sa.text("ANALYZE"))
        connection.commit()


def _multiply(session: Any, table: Any, count: int, own: dict[str, str]) -> None:
    """Copy the first row of a table until it has ``count``; ``own`` are values in SQL by i."""
    columns = [column.name for column in table.__table__.columns]
    values = [own.get(name, "i" if name == "id" else f'one."{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    session.execute(
        sa.text(
            f"INSERT INTO {table.__tablename__} ({names}) "  # noqa: S608 - names of our columns
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
            f"SELECT {', '.join(values)} FROM n, {table.__tablename__} one WHERE one.id = 1"
        ),
        {"count": count},
    )


def _tuples(index: Index) -> Iterator[tuple[int, int, int]]:
    for start in range(0, len(index.keys), CHUNK):
        yield from map(tuple, index.keys[start : start + CHUNK].tolist())


def fresh_texts(town: Town, reader: Reader) -> list[tuple[Item, Any]]:
    """Return real texts with what the reader understood, as if written at the end of the year."""
    chance = random.Random(SEED + 1)  # noqa: S311 - repeatable, not secret
    texts = [example.text for example in read_seeds() if example.relevant]
    at = BEGIN + timedelta(days=364)
    items = []
    for number in range(FRESH):
        _, village = chance.choice(town.villages)
        text = f"{chance.choice(texts)} {village}, ул. {chance.randrange(60)}"
        post = FetchedPost(Network.VK, f"-2_{number}", PostKind.POST, text, at, author_id="1")
        items.append(Item(post, (), "katynskoe", at))
    understood = reader.read(items)
    return [(item, one.verdict) for item, one in zip(items, understood, strict=True)]


def search(engine: sa.Engine, posts: Sequence[tuple[Item, Any]], reader: Reader, name: str) -> None:
    """Print what one post costs, alone and in pages."""
    lemma = reader.classifier.encoder.book.lemma
    spent, met, joined = [], 0, 0
    for item, verdict in posts:
        begun = time.perf_counter()
        facts = facts_of(item.post, verdict, source_id=2, at=item.written_at or BEGIN, lemma=lemma)
        with reading(engine) as session:
            (found,) = candidates(session, [facts], reach=REACH)
        joined += match(facts, found) is not None
        spent.append((time.perf_counter() - begun) * 1000)
        met += len(found)
    half, most = np.percentile(spent, [50, 95])
    pages = []
    for start in range(0, len(posts), PAGE):
        begun = time.perf_counter()
        page = [
            facts_of(item.post, verdict, source_id=2, at=item.written_at or BEGIN, lemma=lemma)
            for item, verdict in posts[start : start + PAGE]
        ]
        with reading(engine) as session:
            answers = candidates(session, page, reach=REACH)
        for facts, found in zip(page, answers, strict=True):
            match(facts, found)
        pages.append((time.perf_counter() - begun) * 1000 / len(page))
    print(
        f"{name}: one post p50 {half:.2f} ms, p95 {most:.2f}, max {max(spent):.2f}; in pages of "
        f"{PAGE} {np.mean(pages):.2f} a post; {met / len(posts):.0f} candidates a post, "
        f"{joined} of {len(posts)} joined; bar p95 <= {MILLISECONDS:.0f} ms: "
        f"{yes(most <= MILLISECONDS)}, max: {yes(max(spent) <= MILLISECONDS)}"
    )


def scan(index: Index, posts: Sequence[tuple[Item, Any]], reader: Reader, count: int) -> None:
    """Print what comparing with every stored post would cost."""
    lemma = reader.classifier.encoder.book.lemma
    begun = time.perf_counter()
    for item, verdict in posts[:5]:
        facts = facts_of(item.post, verdict, source_id=2, at=item.written_at or BEGIN, lemma=lemma)
        # Written within the window, as a scan of a table without dates' index would find them.
        for other in index.sample:
            compare(facts, replace(other, at=facts.at))
    each = (time.perf_counter() - begun) * 1000 / 5 / len(index.sample) * count
    print(f"baseline, linear scan (sample of {len(index.sample)}, scaled): {each:.0f} ms a post")


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[list[tuple[str, sa.Engine]]]:
    """Give the databases that this machine has."""
    found = [("SQLite", open_database(f"sqlite:///{folder / 'stories.db'}"))]
    binaries = find_postgres()
    with contextlib.ExitStack() as stack:
        if binaries:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder.parent)))
            server = stack.enter_context(PostgresServer.running(binaries, data))
            found.append(("PostgreSQL", open_database(server.url)))
        else:
            print("PostgreSQL: not installed here, not measured")
        yield found
        for _, engine in found:
            engine.dispose()


def main() -> None:
    """Judge the pairs, then fill and search the index."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000)
    arguments = parser.parse_args()
    region = load_region(REGION)
    reader = Reader.of(region, Classifier.load(default_model()), explain=False)
    for name, paths in (("development", DEVELOPMENT), ("held out", HELD_OUT)):
        judge_pairs(reader, read_pairs(paths), name)
    if not arguments.posts:
        return
    town = Town.of(region, reader, read_seeds(), SEED)
    index = make_index(town, arguments.posts)
    print(
        f"{arguments.posts} posts, {len(index.keys)} keys; "
        f"keys {index.seconds * 1e6 / arguments.posts:.0f} µs a post"
    )
    posts = fresh_texts(town, reader)
    scan(index, posts, reader, arguments.posts)
    with tempfile.TemporaryDirectory(prefix="otklik-stories-") as folder:
        home = Path(folder) / "sqlite"
        home.mkdir()
        # The server's account has to pass through.
        Path(folder).chmod(0o755)
        with databases(home) as found:
            for name, engine in found:
                begun = time.perf_counter()
                fill(engine, index, arguments.posts)
                print(f"{name}: filled in {time.perf_counter() - begun:.0f} s")
                search(engine, posts, reader, name)


if __name__ == "__main__":
    main()
