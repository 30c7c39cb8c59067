"""The retention flow as Prefect runs it."""

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import add_incident, add_source
from prefect.testing.utilities import prefect_test_harness
from region_folder import change, write_region
from sqlmodel import select

from flows.retention import retention
from models.post import Post
from models.vocabulary import Role, Stage
from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import Actor
from pipeline.region.load import load_region
from pipeline.retention import run
from pipeline.rules import Rules

OLD = datetime(2021, 3, 1, 9, tzinfo=UTC)

# Prefect's own server has to start for this one flow; that it is served with the others is
# tested beside them.
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield
    gc.collect()


async def test_at_night_a_period_that_was_confirmed_is_kept(
    engine: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "region"
    folder.mkdir()
    write_region(folder)
    new = "code: lipki\nretention: {authors_months: 36}\n"
    change(folder, "region.yaml", "code: lipki\n", new)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)
    monkeypatch.setenv("OTKLIK_REGION", str(folder))
    with unit_of_work(engine) as session:
        post = {"author_id": "1001"}
        source = add_source(session)
        add_incident(session, source, stage=Stage.CLOSED, closed_at=OLD, post=post)

    assert await retention() == 0, "nobody has confirmed it yet"
    with reading(engine) as session:
        assert session.exec(select(Post)).one().author_id == "1001"

    rules, nobody = Rules.of(load_region(folder)), 0
    early = datetime(2023, 1, 1, tzinfo=UTC)
    run(engine, rules, Actor("admin", Role.ADMINISTRATOR), lambda: early, due=nobody)
    assert await retention() == 1
    with reading(engine) as session:
        assert session.exec(select(Post)).one().author_id == ""
