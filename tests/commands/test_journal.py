"""``otklik journal`` as a person types it."""

import argparse
import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from answering import open_incident
from console.builders import add_person

from models.errors import OtklikError
from models.vocabulary import Role
from pipeline.commands import journal
from pipeline.commands.parser import Parser
from pipeline.database import reading, unit_of_work
from pipeline.verify import Head, head


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)


@pytest.fixture
def number(engine: sa.Engine) -> int:
    with unit_of_work(engine) as session:
        add_person(session, "admin", Role.ADMINISTRATOR)
        add_person(session, "ivanova")
    return open_incident(engine)


def otklik(*words: str) -> int:
    """Run the command as the command line does."""
    parser = Parser(prog="otklik")
    commands: Any = parser.add_subparsers(required=True)
    journal.add(commands)
    args: argparse.Namespace = parser.parse_args(["journal", *words])
    code: int = args.run(args)
    return code


def newest(engine: sa.Engine) -> Head:
    with reading(engine) as session:
        return head(session)


def cut_off(engine: sa.Engine) -> None:
    """Take the newest entry away, as somebody with the database's keys can."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(sa.text("DROP TRIGGER journal_stays_delete"))
        else:
            # What the server's other tests rely on stays as it is.
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text("DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)"))


def test_a_whole_journal_is_told_so(
    number: int, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert otklik("verify") == 0

    stands = newest(engine)
    said = capsys.readouterr().out
    assert f"Журнал цел: записей {stands.number}, последняя № {stands.number}" in said
    assert number


def test_the_newest_entry_is_printed_to_be_written_down(
    number: int, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert otklik("head") == 0
    written, digest = capsys.readouterr().out.split()

    # Given that the journal goes on
    open_incident(engine, "vk:bor")

    # Then what was written down stands in it still
    assert otklik("verify", "--head", digest, "--at", written) == 0
    assert otklik("verify", "--head", digest.upper()) == 0
    assert f"это запись № {written}" in capsys.readouterr().out
    assert number


def test_an_empty_journal_has_no_digest(capsys: pytest.CaptureFixture[str]) -> None:
    assert otklik("head") == 0
    assert otklik("verify") == 0
    assert capsys.readouterr().out.startswith("0 -")


@pytest.mark.usefixtures("number")
def test_a_digest_of_another_journal_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert otklik("verify", "--head", "a" * 64) == 1
    assert "Такого отпечатка нет" in capsys.readouterr().out
    assert otklik("verify", "--head", "a" * 64, "--at", "1") == 1
    assert "У записи № 1 другой отпечаток" in capsys.readouterr().out


@pytest.mark.usefixtures("number")
def test_what_was_cut_off_is_told(engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    last = newest(engine).number
    cut_off(engine)

    assert otklik("verify") == 1
    said = capsys.readouterr().out
    assert f"№ {last}: конец журнала отрезан" in said
    assert "в обход программы" in said


@pytest.mark.parametrize("written", ["", "5f1c", "я" * 64, "g" * 64])
def test_what_is_no_digest_is_refused(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        otklik("verify", "--head", written)
    assert "не отпечаток" in capsys.readouterr().err


def test_a_number_without_its_digest_is_refused() -> None:
    with pytest.raises(OtklikError, match="--head"):
        otklik("verify", "--at", "3")


def test_entries_are_shown_in_russian(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert otklik("show") == 0
    said = capsys.readouterr().out.replace("\u00a0", " ")
    assert "Изменены права сотрудника — Otklik" in said
    assert "    сотрудник: ivanova" in said
    assert "    роль: оператор" in said
    assert f"Инцидент открыт — Otklik, инцидент № {number}" in said
    assert "    правило маршрута «Дороги района»" in said

    assert otklik("show", "--incident", str(number)) == 0
    said = capsys.readouterr().out
    assert "Инцидент открыт" in said
    assert "права" not in said


@pytest.mark.usefixtures("number")
def test_operators_do_not_read_the_journal_as_a_whole() -> None:
    with pytest.raises(OtklikError, match="право согласующего и администратора"):
        otklik("show", "--by", "ivanova")
    with pytest.raises(OtklikError, match="«nobody» нет"):
        otklik("show", "--by", "nobody")
