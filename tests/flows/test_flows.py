"""The flows as Prefect runs them, against a server of the tests' own."""

import gc
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from answering import TEXT, queue, stored
from builders import post, take
from fakes import demo
from fakes.ok_demo import DISTRICT
from labelling import add_labels, judged
from prefect.testing.utilities import prefect_test_harness
from sqlmodel import select

from classifiers.examples import read_phrases, read_seeds
from classifiers.model import load, save
from classifiers.registry import GATE, Registry, default_model
from classifiers.training import version_of
from flows.ingest import ingest
from flows.publish import publish
from flows.retrain import retrain
from flows.serve import FLOWS, schedule
from flows.timers import timers
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from models.source import Source
from models.timer import Timer
from models.vocabulary import Act, AnswerState, Network
from pipeline.commands.flows import NAMES
from pipeline.database import reading, unit_of_work
from pipeline.ingest import Origin
from pipeline.learn.collect import collect
from pipeline.learn.recalibrate import FEWEST_LABELS
from pipeline.region.load import SAMPLES
from pipeline.secrets import variable
from pipeline.settings import load_settings
from pipeline.store.search import SEARCH
from pipeline.workplace import open_store

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)

# Prefect leaves its connections to the garbage collector; that is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield
    # Here, where the warnings about them are expected, and not in somebody else's test.
    gc.collect()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)
    return tmp_path


def counts(engine: sa.Engine) -> tuple[int, list[str]]:
    with reading(engine) as session:
        incidents = len(session.exec(select(Incident)).all())
        return incidents, [source.last_error for source in session.exec(select(Source))]


def read_all_soon(engine: sa.Engine) -> None:
    """Let no source wait for its next reading."""
    with unit_of_work(engine) as session:
        session.execute(sa.update(Source).values(next_at=None))


def models_of_posts(engine: sa.Engine) -> set[str]:
    with reading(engine) as session:
        return {post.model for post in session.exec(select(Post)) if post.model}


async def test_ingest_takes_the_sample_feed_in_once() -> None:
    # Given no source of one's own
    # When the flow runs
    opened = await ingest(lasts=0)
    # Then the sample feed has become incidents, and a second run doubles nothing of it
    with open_store(load_settings()) as engine:
        incidents, errors = counts(engine)
        assert opened == incidents > 100
        assert errors == ["", ""]
        read_all_soon(engine)
        again = await ingest(lasts=0)
        assert counts(engine)[0] == incidents + again < incidents + 30


async def test_a_broken_source_does_not_keep_the_others_from_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a region one of whose two sources is broken
    region = tmp_path / "region"
    sample = Path(__file__).parents[2] / "pipeline" / "region" / "sample" / "smolensky"
    for part in sample.rglob("*.*"):
        copy = region / part.relative_to(sample)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(part.read_bytes())
    (region / "feed" / "recording_vk.jsonl").write_text('{"recorded_at": 1}\nмусор\n')
    monkeypatch.setenv("OTKLIK_REGION", str(region))
    # When the flow runs
    with pytest.raises(RuntimeError, match="sample-vk"):
        await ingest(lasts=0)
    # Then the other one was read, and the broken one says what is wrong
    with open_store(load_settings()) as engine:
        incidents, errors = counts(engine)
        assert incidents > 20
        assert any("строка 2" in error or "recording_vk" in error for error in errors)


async def test_a_promoted_model_judges_the_next_posts_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    # Given a flow that has read the beginning of a recording with the shipped model
    region = tmp_path / "region"
    sample = Path(__file__).parents[2] / "pipeline" / "region" / "sample" / "smolensky"
    shutil.copytree(sample, region)
    recording = region / "feed" / "recording_vk.jsonl"
    exchanges = recording.read_bytes().splitlines(keepends=True)
    recording.write_bytes(b"".join(exchanges[:40]))
    (region / "feed" / "recording_ok.jsonl").write_bytes(exchanges[0])
    monkeypatch.setenv("OTKLIK_REGION", str(region))
    await ingest(lasts=0)
    shipped = load(default_model())
    with open_store(load_settings()) as engine:
        assert models_of_posts(engine) == {shipped.version}
        # When another version is promoted, and more is said
        save(replace(shipped, version="promoted-1"), tmp_path / "model")
        registry = Registry(home)
        registry.promote(registry.add(tmp_path / "model"), at=NOW, who="test", why="")
        recording.write_bytes(b"".join(exchanges[:80]))
        read_all_soon(engine)
        await ingest(lasts=0)
        # Then the same process judges it with that version
        assert models_of_posts(engine) == {shipped.version, "promoted-1"}


async def test_timers_fire_what_is_due() -> None:
    await ingest(lasts=0)
    with open_store(load_settings()) as engine:
        long_ago = datetime.now(UTC) - timedelta(days=1)
        with unit_of_work(engine) as session:
            for incident in session.exec(select(Incident)):
                incident.due_at = long_ago
            session.execute(sa.update(Timer).values(due_at=long_ago))
        fired = await timers(lasts=0)
        with reading(engine) as session:
            overdue = select(JournalEntry).where(JournalEntry.act == Act.OVERDUE)
            assert len(session.exec(overdue).all()) == counts(engine)[0]
        assert fired >= counts(engine)[0]
        assert await timers(lasts=0) == 0


async def test_texts_of_an_older_version_are_made_searchable_by_the_clock() -> None:
    await ingest(lasts=0)
    with open_store(load_settings()) as engine:
        # Given a database that was filled before anything was searched
        with unit_of_work(engine) as session:
            held = session.execute(sa.select(SEARCH.c.stems)).all()
            session.execute(sa.delete(SEARCH))
        await timers(lasts=0)
        with reading(engine) as session:
            assert sorted(session.execute(sa.select(SEARCH.c.stems)).all()) == sorted(held)
        assert held


async def test_what_waits_in_the_outbox_is_published_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo.running(0, alive=False) as served:
        # Given an incident of a group, and an answer that waits for somebody to send it
        region = home / "region"
        shutil.copytree(SAMPLES / "smolensky", region)
        (region / "sources.yaml").write_text(demo.sources(served.url), encoding="utf-8")
        monkeypatch.setenv("OTKLIK_REGION", str(region))
        for name, value in demo.SECRETS.items():
            monkeypatch.setenv(variable(name), value)
        thing = served.ok.groups[DISTRICT].things[0]
        topic = replace(post(1, thing.text), external_id=f"{DISTRICT}_{thing.id}")
        origin = Origin(f"demo-ok:{DISTRICT}", Network.OK, "Группа", lambda _: None)
        with open_store(load_settings()) as engine:
            assert take(engine, topic, origin=origin).opened == 1
            with reading(engine) as session:
                (incident,) = session.exec(select(Incident))
            queued = queue(engine, incident_id=incident.id, now=datetime.now(UTC))
            # When the flow runs
            assert await publish(lasts=0) == 1
            # Then the answer stands there, and another run sends nothing
            assert stored(engine, queued).state is AnswerState.PUBLISHED
            assert await publish(lasts=0) == 0
            assert [one.text for one in thing.comments if one.by_group] == [TEXT]


async def test_retraining_keeps_the_model_where_there_is_nothing_to_learn_from() -> None:
    assert await retrain() is None


async def test_the_night_after_a_promotion_the_calibration_follows_the_labels(home: Path) -> None:
    # Given a serving model too sure of itself, and labels that have taught it all they can
    shipped = load(default_model())
    sharp = replace(shipped.calibration, topic_temperature=0.05, topic_doubt=0.0)
    save(replace(shipped, version="v1", calibration=sharp, figures={}), home / "model")
    with open_store(load_settings()) as engine:
        add_labels(engine, judged(640))
        with reading(engine) as session:
            labels = collect(session, dict(shipped.fine_topics))
    learned_from = [*read_seeds(), *read_phrases(), *(label.example for label in labels)]
    gate = {"texts": version_of(learned_from, NOW)}
    (home / "model" / GATE).write_text(json.dumps(gate))
    registry = Registry(home)
    registry.promote(registry.add(home / "model"), at=NOW, who="test", why="")
    # When the flow runs
    assert await retrain() is None
    # Then nothing was trained, and the serving model is less sure
    assert registry.versions() == ["v1"]
    assert len(labels) >= FEWEST_LABELS
    assert registry.serving_model().calibration.topic_temperature > 0.05


def test_every_flow_can_be_served_by_name() -> None:
    assert set(FLOWS) == set(NAMES)
    for name in FLOWS:
        assert schedule(name) is not None
