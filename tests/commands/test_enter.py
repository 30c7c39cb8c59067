"""Typing a message in, from the form to the incident."""

import argparse
import io
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON, shipped_judge
from sqlmodel import Session, select

from connectors.manual import Entry, EntryError, read_entry
from models.errors import OtklikError
from models.incident import Incident
from models.post import Post
from models.source import Source
from models.vocabulary import Network, Topic, Urgency
from pipeline.cli import main
from pipeline.commands import enter as command
from pipeline.database import open_database
from pipeline.enter import enter
from pipeline.region.schema import Norm
from pipeline.rules import Rules

MOSCOW = ZoneInfo("Europe/Moscow")


def entry_of(**form: str) -> Entry:
    whole = {"channel": "hotline", "text": "На Лесной не горит фонарь", "key": "f1", **form}
    return read_entry(whole, now=TUESDAY_NOON, zone=MOSCOW)


def typed_in(engine: sa.Engine, **form: str) -> int | None:
    return enter(engine, shipped_judge(), entry_of(**form), by="ivanova", now=TUESDAY_NOON)


def stored(engine: sa.Engine) -> tuple[list[Incident], list[Post], list[Source]]:
    with Session(engine) as session:
        return (
            list(session.exec(select(Incident)).all()),
            list(session.exec(select(Post)).all()),
            list(session.exec(select(Source)).all()),
        )


def test_an_entry_opens_an_incident(engine: sa.Engine) -> None:
    number = typed_in(
        engine, topic="roads", place="Катынь, ул. Лесная", received_at="17.11.2026 11:00"
    )
    (incident,), (post,), (source,) = stored(engine)
    assert incident.id == number == post.incident_id
    assert incident.topic is Topic.ROADS
    assert incident.settlement == "katynskoe"
    assert incident.created_at == TUESDAY_NOON - timedelta(hours=1)
    assert (source.key, source.network) == ("manual:hotline", Network.HOTLINE)
    assert post.external_id == "key:f1"
    assert post.stated["entered_by"] == "ivanova"


def test_the_norm_is_that_of_the_channel(engine: sa.Engine) -> None:
    # Given a region where letters are answered within thirty days
    judge = shipped_judge()
    paper = Norm(Network.PAPER, "any", 30, "calendar_days")
    region = replace(judge.region, norms=(paper, *judge.region.norms))
    judge = replace(judge, rules=Rules.of(region))
    # When a letter and a call come in
    for entry in (entry_of(channel="paper", number="17"), entry_of(channel="hotline")):
        enter(engine, judge, entry, by="ivanova", now=TUESDAY_NOON)
    # Then only the letter has that time
    (letter, call), _, _ = stored(engine)
    assert letter.due_at - letter.created_at > timedelta(days=29)
    assert call.due_at - call.created_at < timedelta(days=3)


def test_urgency_is_seen_in_a_call_as_anywhere(engine: sa.Engine) -> None:
    typed_in(engine, text="В подъезде сильно пахнет газом, помогите")
    (incident,), _, _ = stored(engine)
    assert incident.urgency is Urgency.URGENT


@pytest.mark.parametrize("identity", [{"key": "f1"}, {"number": "17", "key": ""}])
def test_a_form_sent_twice_is_one_incident(engine: sa.Engine, identity: dict[str, str]) -> None:
    first = typed_in(engine, **identity)
    assert typed_in(engine, **identity) == first
    assert [len(rows) for rows in stored(engine)] == [1, 1, 1]


def test_two_forms_with_one_text_are_two_calls(engine: sa.Engine) -> None:
    assert typed_in(engine, key="f1") != typed_in(engine, key="f2")


def test_one_number_in_two_channels_is_two_messages(engine: sa.Engine) -> None:
    first = typed_in(engine, channel="paper", number="17")
    assert typed_in(engine, channel="reception", number="17") != first


@pytest.mark.parametrize(
    ("identity", "field", "said"),
    [
        ({"number": "17"}, "number", "под номером 17 за 2026 год уже введён другой текст"),
        ({"key": "f1"}, "key", "эта форма уже сохранена с другим текстом"),
    ],
)
def test_another_text_never_replaces_the_first_one(
    engine: sa.Engine, identity: dict[str, str], field: str, said: str
) -> None:
    first = typed_in(engine, **identity)
    with pytest.raises(EntryError) as caught:
        typed_in(engine, **identity, text="Яма у дома")
    assert said in caught.value.fields[field]
    assert f"инцидент {first}" in caught.value.fields[field]
    _, (post,), _ = stored(engine)
    assert post.text == "На Лесной не горит фонарь"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="otklik")
    command.add(parser.add_subparsers())
    args = parser.parse_args(["enter", *arguments])
    code: int = args.run(args)
    return code


def pipe(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


CALL = ("--channel", "hotline", "--text", "На Лесной не горит фонарь")


def test_the_command_names_the_incident(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a member of the staff and a letter in a file
    pipe("очень длинный пароль\n".encode(), monkeypatch)
    assert main(["staff", "add", "ivanova"]) == 0
    pipe("\ufeffВ Катыни на Лесной яма.\r\nОбъехать нельзя.\n".encode(), monkeypatch)
    day = f"{datetime.now(UTC) - timedelta(days=3):%d.%m.%Y %H:%M}"
    letter = ("--channel", "paper", "--number", "17", "--received", day)
    capsys.readouterr()
    # When it is typed in, and once more
    assert run(*letter, "--text", "-", "--topic", "roads", "--by", "ivanova") == 0
    assert run(*letter, "--text", "В Катыни на Лесной яма.\nОбъехать нельзя.") == 0
    # Then it is one incident
    assert capsys.readouterr().out == "Инцидент 1.\nИнцидент 1.\n"
    engine = open_database(f"sqlite:///{home / 'otklik.db'}")
    _, (post,), _ = stored(engine)
    engine.dispose()
    assert post.text == "В Катыни на Лесной яма.\nОбъехать нельзя."
    assert post.stated == {"topic": "roads", "number": "17", "entered_by": "ivanova"}


def test_two_calls_without_a_number_are_two_incidents(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*CALL) == run(*CALL) == 0
    assert capsys.readouterr().out == "Инцидент 1.\nИнцидент 2.\n"
    assert home.exists()


@pytest.mark.parametrize(
    ("arguments", "content", "said"),
    [
        ((*CALL, "--topic", "дыры"), b"", "Обращение не принято: тема: возможны roads"),
        ((*CALL, "--received", "32.11.2026"), b"", "когда получено: дата не разобрана"),
        ((*CALL, "--received", "01.02.2020"), b"", "больше года назад"),
        ((*CALL, "--by", "petrova"), b"", "Сотрудника «petrova» нет"),
        ((*CALL[:3], "-"), "тёмно".encode("cp1251"), "не в кодировке UTF-8"),
        ((*CALL[:3], "-"), b"a" * 1_000_000, "слишком длинный"),
        ((*CALL[:3], "-"), b"", "текст: не заполнено"),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_cannot_be_taken_is_told(
    arguments: tuple[str, ...], content: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(content, monkeypatch)
    with pytest.raises(OtklikError) as caught:
        run(*arguments)
    assert said in str(caught.value)


@pytest.mark.usefixtures("home")
def test_an_old_letter_is_taken_when_it_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*CALL, "--received", "01.02.2020", "--old") == 0
    assert "Инцидент" in capsys.readouterr().out


def test_a_channel_has_to_be_one_of_three(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--channel", "vk", "--text", "Темно")
    assert "hotline" in capsys.readouterr().err


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    shown = capsys.readouterr().out
    assert "примеры:" in shown
    assert "otklik enter --channel hotline" in shown
