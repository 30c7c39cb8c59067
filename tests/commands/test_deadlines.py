"""``otklik deadlines`` as a person types it."""

import io
import os
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import add_person
from region_folder import change, write_region
from sqlmodel import select

from models.incident import Incident
from models.journal import JournalEntry
from models.vocabulary import Act, Role, Stage, Term, Topic, Urgency
from pipeline.cli import main
from pipeline.commands.messages import now
from pipeline.database import reading, unit_of_work
from pipeline.desk import terms
from pipeline.region.load import load_region
from pipeline.rules import Rules


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
def incident(engine: sa.Engine, region: Path) -> None:
    """Open an incident by the region as it is; there are an administrator and an operator."""
    rules, at = Rules.of(load_region(str(region))), now()
    with unit_of_work(engine) as session:
        add_person(session, "admin", Role.ADMINISTRATOR)
        add_person(session, "ivanova")
        incident = Incident(
            topic=Topic.ROADS,
            urgency=Urgency.URGENT,
            body="desk",
            created_at=at,
            opened_at=at,
            clock_from=at,
            stage_at=at,
            due_at=at,
            norm="",
            calendar="",
        )
        session.add(incident)
        session.flush()
        terms.start_term(session, incident, Term.ANSWER, since=at, now=at, rules=rules)
        terms.enter(session, incident, Stage.REVIEW, now=at, rules=rules)


def five_hours(region: Path) -> None:
    """Let the norm of three hours be five."""
    change(region, "norms.yaml", "working_hours: 3", "working_hours: 5")


def otklik(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """Run the command; return what it prints, with plain spaces."""
    assert main(["deadlines", *words]) == code
    said = capsys.readouterr()
    return (said.out + said.err).replace("\u00a0", " ")


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def recomputed(engine: sa.Engine) -> list[str]:
    """Return who has recomputed, by the journal."""
    with reading(engine) as session:
        entries = session.exec(select(JournalEntry).where(JournalEntry.act == Act.RECOMPUTED))
        return [entry.actor for entry in entries]


def norm(engine: sa.Engine) -> str:
    with reading(engine) as session:
        return session.exec(select(Incident)).one().norm


@pytest.fixture
def _five_hours(region: Path) -> None:
    five_hours(region)


def test_status_tells_whether_deadlines_are_by_the_present_rules(
    region: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Все сроки посчитаны по нынешнему" in otklik(capsys, "status")
    five_hours(region)
    assert "посчитан по прежнему календарю или нормативу: 1." in otklik(capsys, "status")
    otklik(capsys, "apply", "--yes")
    assert "Все сроки посчитаны по нынешнему" in otklik(capsys, "status")


def test_preview_shows_norms_and_examples_and_writes_nothing(
    region: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    five_hours(region)
    said = otklik(capsys, "preview")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "Липки. Открытых инцидентов: 1." in lines
    assert "Срок позже 1" in lines
    assert "Без изменений 0" in lines
    assert "3 рабочих часа 5 рабочих часов 1" in lines
    assert "Ничего не записано: это показ. Пересчитать: otklik deadlines apply" in lines
    assert norm(engine) == "3 рабочих часа"
    assert recomputed(engine) == []


def test_preview_of_a_folder_that_is_not_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    five_hours(write_region(other))
    assert "5 рабочих часов" in otklik(capsys, "preview", "--region", str(other))
    assert "5 рабочих часов" not in otklik(capsys, "preview")


@pytest.mark.usefixtures("_five_hours")
@pytest.mark.parametrize(("typed", "agreed"), [("да\n", True), ("нет\n", False), ("\n", False)])
def test_apply_shows_asks_and_does_what_is_answered(
    engine: sa.Engine,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    agreed: bool,
) -> None:
    answer(monkeypatch, typed)
    said = otklik(capsys, "apply", code=0 if agreed else 1)
    assert said.index("Срок позже") < said.index("Пересчитать? [да/нет]")
    assert norm(engine) == ("5 рабочих часов" if agreed else "3 рабочих часа")
    assert recomputed(engine) == (["admin"] if agreed else [])


def test_apply_without_anybody_to_ask_writes_nothing(
    region: Path,
    engine: sa.Engine,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    five_hours(region)
    answer(monkeypatch, "")
    assert "добавьте --yes" in otklik(capsys, "apply", code=1)
    assert recomputed(engine) == []


def test_apply_with_yes_asks_nobody_and_tells_what_changed(
    region: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    five_hours(region)
    said = otklik(capsys, "apply", "--yes")
    assert "Пересчитано. Изменено инцидентов: 1; каждый — в журнале." in said
    assert "Пересчитать?" not in said
    assert norm(engine) == "5 рабочих часов"


def test_apply_with_nothing_to_do_does_not_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Пересчитывать нечего." in otklik(capsys, "apply")


def test_only_an_administrator_recomputes(
    region: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    five_hours(region)
    assert "нужны права администратора" in otklik(
        capsys, "apply", "--yes", "--by", "ivanova", code=1
    )
    assert "Сотрудника «petrova» нет" in otklik(capsys, "apply", "--yes", "--by", "petrova", code=1)
    assert recomputed(engine) == []


def test_a_norm_beyond_the_calendar_changes_nothing(
    region: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    change(region, "norms.yaml", "working_hours: 3", "calendar_days: 30000")
    said = otklik(capsys, "apply", "--yes", code=1)
    assert "otklik:" in said
    assert "Traceback" not in said
    assert norm(engine) == "3 рабочих часа"
