"""``otklik retention`` as a person types it."""

import io
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import add_incident, add_person, add_source
from region_folder import change, write_region
from sqlmodel import select

from models.post import Post
from models.vocabulary import Role, Stage
from pipeline.cli import main
from pipeline.commands.messages import now
from pipeline.database import reading, unit_of_work


@pytest.fixture(autouse=True)
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    folder = tmp_path / "region"
    folder.mkdir()
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)
    monkeypatch.setenv("OTKLIK_REGION", str(write_region(folder)))
    return folder


@pytest.fixture(autouse=True)
def incidents(engine: sa.Engine, region: Path) -> None:
    """Store two incidents that closed five years ago; the region's period is three."""
    del region
    with unit_of_work(engine) as session:
        add_person(session, "admin", Role.ADMINISTRATOR)
        add_person(session, "ivanova")
        source = add_source(session)
        for _ in range(2):
            add_incident(
                session,
                source,
                stage=Stage.CLOSED,
                closed_at=now() - timedelta(days=1830),
                post={"author_id": "1001"},
            )


def three_years(region: Path) -> None:
    new = "code: lipki\nretention: {authors_months: 36}\n"
    change(region, "region.yaml", "code: lipki\n", new)


def otklik(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["retention", *words]) == code
    said = capsys.readouterr()
    return (said.out + said.err).replace("\u00a0", " ")


def authors(engine: sa.Engine) -> set[str]:
    with reading(engine) as session:
        return {post.author_id for post in session.exec(select(Post))}


def test_without_a_period_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    said = otklik(capsys, "show")
    assert "Срок хранения не задан: сведения об авторах хранятся бессрочно" in said


@pytest.mark.parametrize("words", [("show",), ("run", "--dry-run")])
def test_a_dry_run_tells_and_writes_nothing(
    words: tuple[str, ...], region: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    three_years(region)
    said = otklik(capsys, *words)
    assert "Срок хранения: 36 мес. после закрытия" in said
    assert ": 2.\n" in said
    assert "Например, № 1, 2" in said
    assert "Ничего не записано: это показ" in said
    assert authors(engine) == {"1001"}


def test_the_number_has_to_be_typed(
    region: Path,
    engine: sa.Engine,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    three_years(region)
    monkeypatch.setattr(sys, "stdin", io.StringIO("да\n"))
    assert "Число не то, ничего не записано." in otklik(capsys, "run", code=1)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "Ответа нет, ничего не записано." in otklik(capsys, "run", code=1)
    assert authors(engine) == {"1001"}
    monkeypatch.setattr(sys, "stdin", io.StringIO("2\n"))
    assert "Стёрто: инцидентов 2, сообщений 2; записано в журнал." in otklik(capsys, "run")
    assert authors(engine) == {""}


def test_an_operator_may_not(
    region: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    three_years(region)
    said = otklik(capsys, "run", "--by", "ivanova", code=1)
    assert "Сотруднику «ivanova» стирать сведения об авторах не разрешено" in said
    assert authors(engine) == {"1001"}
