"""``otklik reply`` as a person types it."""

import argparse
import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from answering import entries, open_incident, stored
from console.builders import NOW, add_person

from models.answer import Answer
from models.errors import OtklikError
from models.vocabulary import Act, AnswerKind, AnswerState, Network, Role
from pipeline.commands import reply
from pipeline.commands.parser import Parser
from pipeline.database import reading, unit_of_work
from pipeline.decisions.publishing import Aftermath, Fate
from pipeline.decisions.publishing import settle as settled_by
from pipeline.desk import outbox
from pipeline.store.answers import of_incident

TEXT = "Здравствуйте! Яма засыпана."
LINK = "https://vk.com/wall-1_2?reply=3"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)
    return tmp_path / "home"


@pytest.fixture
def number(engine: sa.Engine) -> int:
    with unit_of_work(engine) as session:
        add_person(session, "admin", Role.ADMINISTRATOR)
        add_person(session, "ivanova")
    return open_incident(engine)


def otklik(*words: str | int) -> int:
    """Run the command as the command line does."""
    parser = Parser(prog="otklik")
    commands: Any = parser.add_subparsers(required=True)
    reply.add(commands)
    args: argparse.Namespace = parser.parse_args(["reply", *map(str, words)])
    code: int = args.run(args)
    return code


def refused(*words: str | int) -> str:
    """Run what is refused; return what is said."""
    with pytest.raises(OtklikError) as error:
        otklik(*words)
    return str(error.value)


def the_answers(engine: sa.Engine, number: int) -> list[Answer]:
    with reading(engine) as session:
        return of_incident(session, number)


def refuse(engine: sa.Engine, answer: Answer) -> None:
    """Let a worker try and the network refuse."""
    assert answer.id is not None
    with unit_of_work(engine) as session:
        claimed = outbox.claim(session, answer.id, answer.version, now=NOW)
        assert claimed is not None
        ended = Aftermath(Fate.REFUSED, "Комментарии закрыты.")
        settled = settled_by(claimed.attempt, ended, sent=True, now=NOW)
        outbox.settle(session, claimed, settled, now=NOW)


def test_an_answer_is_written_and_shown(
    number: int, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert otklik(number, TEXT, "--by", "Ivanova") == 0

    (answer,) = the_answers(engine, number)
    assert (answer.state, answer.kind, answer.author) == (
        AnswerState.QUEUED,
        AnswerKind.FINAL,
        "ivanova",
    )
    said = capsys.readouterr().out
    assert f"Ответ № {answer.id}: ждёт отправки (окончательный, ivanova, " in said
    assert f"  {TEXT}" in said


def test_an_interim_answer_comes_from_a_pipe_with_its_lines(
    number: int, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Здравствуйте!\r\nВопрос [передан].\n"))
    assert otklik(number, "-", "--interim") == 0
    (answer,) = the_answers(engine, number)
    assert (answer.kind, answer.text) == (AnswerKind.INTERIM, "Здравствуйте!\nВопрос [передан].")
    assert answer.author == "admin"


def test_a_pipe_in_another_encoding_is_refused(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = io.TextIOWrapper(io.BytesIO("Готово".encode("cp1251")), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", pipe)
    assert "UTF-8" in refused(number, "-")


def test_what_looks_like_markup_is_shown_as_typed(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert otklik(number, "Сделали [red]красиво[/red] [/b]") == 0
    assert "Сделали [red]красиво[/red] [/b]" in capsys.readouterr().out


def test_refusals_are_russian_and_name_what_they_are_about(number: int, engine: sa.Engine) -> None:
    assert "Ответ пуст" in refused(number, " ")
    personal = refused(number, "Звоните 8 910 123-45-67, a@b.ru")
    assert "телефон: 8 910 123-45-67" in personal
    assert "электронная почта: a@b.ru" in personal
    assert "Инцидента № 777 нет" in refused(777, TEXT)
    assert "Сотрудника «nobody» нет" in refused(number, TEXT, "--by", "nobody")
    assert "не относится к этому инциденту" in refused(number, TEXT, "--post", "555")
    assert "лишний" in refused(number, TEXT, "--status")
    assert "нет ответа № 9" in refused(number, "--withdraw", 9)
    assert the_answers(engine, number) == []


@pytest.mark.parametrize(
    "words",
    [("x", TEXT), ("0", TEXT), ("1", "--withdraw", "2", "--status"), ("9" * 5000,), ()],
)
def test_a_wrong_command_line_is_one_russian_line(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        otklik(*words)
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert re.search(r"не номер|нельзя вместе|не хватает", error)
    assert "--help" in error


def test_the_status_is_shown_without_changing_anything(
    number: int, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert otklik(number) == 0
    assert f"Ответов на инцидент № {number} пока нет." in capsys.readouterr().out
    otklik(number, TEXT)
    refuse(engine, *the_answers(engine, number))
    before = the_answers(engine, number)
    capsys.readouterr()

    assert otklik(number, "--status") == 0

    said = capsys.readouterr().out
    assert "не опубликован" in said
    assert "Комментарии закрыты." in said
    assert the_answers(engine, number) == before


def test_a_second_final_answer_has_to_be_meant(number: int, engine: sa.Engine) -> None:
    otklik(number, TEXT)
    assert "Окончательный ответ" in refused(number, "Плитка переложена.")
    assert otklik(number, "Плитка переложена.", "--further") == 0
    assert len(the_answers(engine, number)) == 2


def test_a_refused_answer_is_repeated_withdrawn_or_taken_down(
    number: int, engine: sa.Engine
) -> None:
    otklik(number, TEXT)
    (answer,) = the_answers(engine, number)
    refuse(engine, answer)
    assert otklik(number, "--repeat", answer.id or 0) == 0
    assert stored(engine, answer.id or 0).state is AnswerState.QUEUED
    refuse(engine, stored(engine, answer.id or 0))

    assert "Укажите ссылку" in refused(number, "--hand", "на стене")
    assert otklik(number, "--hand", LINK, "--by", "ivanova") == 0

    assert stored(engine, answer.id or 0).url == LINK
    assert (entries(engine)[-1].act, entries(engine)[-1].actor) == (
        Act.ANSWER_BY_HAND,
        "ivanova",
    )
    assert "снять его с отправки нельзя" in refused(number, "--withdraw", answer.id or 0)
    assert "Неясно, какой ответ" in refused(number, "--hand", LINK)


def test_an_answer_given_by_hand_is_taken_down(
    number: int, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = open_incident(engine, "paper", Network.PAPER)
    assert "отметьте ответ опубликованным вручную" in refused(paper, TEXT)
    assert otklik(paper, TEXT, "--hand", "") == 0
    assert otklik(number, TEXT, "--hand", LINK) == 0
    (answer,) = the_answers(engine, number)
    assert (answer.state, answer.url) == (AnswerState.BY_HAND, LINK)
    assert LINK in capsys.readouterr().out


def test_sending_at_once_tells_when_nothing_can_be_published(
    number: int, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    # The sample feed is a recording: nobody can answer there
    assert otklik(number, TEXT, "--now") == 1

    (answer,) = the_answers(engine, number)
    assert answer.state is AnswerState.QUEUED
    assert "Публикация в этот источник не настроена" in capsys.readouterr().out
    assert otklik(number, "--withdraw", answer.id or 0) == 0
    assert otklik(number, "--now") == 0, "nothing of this incident waits"


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        otklik("--help")
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "примеры:" in said
    assert "otklik reply 12" in said
    assert "usage" not in said
