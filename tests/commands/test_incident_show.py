"""``otklik incident list``, ``show`` and ``clock``: what people and programs read."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from commands.incidents import hire, opened, otklik, refused, stands

from models.incident import Pause
from models.vocabulary import Network, Stage, Term, Topic, Urgency
from pipeline.commands.messages import out
from pipeline.database import unit_of_work
from pipeline.region.load import load_region
from pipeline.rules import calendar_of

FRIDAY = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
"""16:00 in Moscow, an hour and a half before the weekend."""

CALENDAR = calendar_of(load_region("smolensky")).version


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)
    # Tables fold at the width of the terminal.
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def staffed(engine: sa.Engine) -> sa.Engine:
    hire(engine)
    return engine


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[int]:
    """Return the numbers that ``list --json`` tells."""
    capsys.readouterr()
    assert otklik("list", "--json", *words) == 0
    return [row["id"] for row in orjson.loads(capsys.readouterr().out)]


def shown(capsys: pytest.CaptureFixture[str], number: int, *words: str) -> str:
    capsys.readouterr()
    assert otklik("show", number, *words) == 0
    return capsys.readouterr().out.replace("\u00a0", " ")


def explained(capsys: pytest.CaptureFixture[str], number: int) -> str:
    capsys.readouterr()
    assert otklik("clock", number) == 0
    return capsys.readouterr().out.replace("\u00a0", " ")


def test_filters_let_through_what_they_say(
    staffed: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    past = datetime.now(UTC) - timedelta(days=3)
    plain = opened(staffed)
    urgent = opened(staffed, urgency=Urgency.URGENT, due_at=past)
    snow = opened(staffed, topic=Topic.SNOW, body="pecherskoe", settlement="pecherskoe")
    closed = opened(staffed, stage=Stage.CLOSED)

    assert set(listed(capsys)) == {plain, urgent, snow}
    assert listed(capsys, "--overdue") == [urgent]
    assert listed(capsys, "--urgent") == [urgent]
    assert listed(capsys, "--topic", "snow") == [snow]
    assert listed(capsys, "--settlement", "pecherskoe") == [snow]
    assert listed(capsys, "--body", "pecherskoe") == [snow]
    assert listed(capsys, "--stage", "closed") == [closed]
    assert listed(capsys, "--limit", "1") == [urgent]


def test_an_executor_lists_their_own_body_alone(
    staffed: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = opened(staffed), opened(staffed, body="pecherskoe")

    assert listed(capsys, "--by", "katyn") == [own]
    assert listed(capsys, "--by", "katyn", "--mine") == [own]
    assert listed(capsys, "--by", "pechersk") == [other]
    assert "только инциденты своего" in refused("list", "--by", "katyn", "--body", "pecherskoe")
    otklik("helpers", other, "katynskoe")
    assert set(listed(capsys, "--by", "katyn")) == {own, other}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mine"], "не работает ни в одном органе"),
        (["--by", "watcher"], "читает только отчёты"),
        (["--body", "pecherskoje"], "имелось в виду «pecherskoe»"),
        (["--settlement", "mars"], "Нет поселения с кодом «mars»"),
    ],
)
@pytest.mark.usefixtures("staffed")
def test_a_list_that_cannot_be_made_is_explained(words: list[str], said: str) -> None:
    assert said in refused("list", *words)


def test_the_list_is_a_table_for_people(
    staffed: sa.Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 160)  # of a terminal, which a test has not
    opened(staffed, urgency=Urgency.URGENT, village="Катынь [red]", street=None)
    assert otklik("list") == 0
    said = capsys.readouterr().out.replace("\u00a0", " ")
    assert "Дороги и тротуары (срочно)" in said
    assert "на разборе" in said
    assert "[red]" in said, "markup is shown as it is"
    assert said.splitlines()[-1].strip() == "1 инцидент"


def test_a_card_tells_everything(staffed: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    number = opened(staffed, route_note="Поселение не работает с этим источником")
    otklik("confirm", number, "--by", "petrova")
    otklik("accept", number, "--by", "katyn")
    otklik("helpers", number, "housing")
    otklik("draft", number, "Яма засыпана.", "--by", "katyn", "--outcome", "solved")
    otklik("submit", number, "--by", "katyn")

    said = shown(capsys, number)
    for part in (
        f"Инцидент № {number}: Дороги и тротуары",
        f"Версия                  {stands(staffed, number).version}",
        "на согласовании, с ",
        "Администрация Катынского сельского поселения (katynskoe)",
        "Правило маршрута        «Дороги района»",
        "Поселение не работает с этим источником",
        "(8 рабочих часов, первый ответ); до ",
        "Впервые назначен",
        "Первый ответ            ещё нет",
        ", автор 7001: Во дворе яма",
        "на согласовании (окончательный, katyn, версия 2, Решено)",
        "    Яма засыпана.",
        "Принят в работу — katyn",
        "    стадия: назначен → в работе",
    ):
        assert part in said, part


def test_a_card_for_programs(staffed: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    number = opened(staffed)
    otklik("confirm", number, "--by", "petrova")
    found: dict[str, Any] = orjson.loads(shown(capsys, number, "--json", "--by", "katyn"))

    assert (found["id"], found["stage"], found["body"]) == (number, "assigned", "katynskoe")
    assert found["acts"] == ["accepted", "returned", "passed_up"]
    assert found["posts"][0]["author_id"] == "7001"
    assert [entry["act"] for entry in found["journal"]] == ["opened", "confirmed"]


def test_a_remark_of_the_head_is_shown_with_the_draft(
    staffed: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    number = opened(staffed, stage=Stage.WORK)
    otklik("draft", number, "Яма засыпана.")
    otklik("submit", number)
    otklik("reject", number, "--by", "glava", "--reason", "Назовите, когда")
    assert "    замечание: Назовите, когда" in shown(capsys, number)


def test_the_clock_explains_a_deadline_across_the_weekend(
    staffed: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    due_at = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    number = opened(staffed, created_at=FRIDAY, clock_from=FRIDAY, due_at=due_at, calendar=CALENDAR)
    said = explained(capsys, number)

    assert "Норма:   8 рабочих часов (ВКонтакте, важность обычная)" in said
    assert "Начало:  20.11.2026 16:00 МСК, обращение написано" in said
    assert "20.11.2026 пт" in said
    assert "21.11.2026 сб" in said
    assert "выходной" in said
    assert "Срок:    23.11.2026 16:00 МСК" in said
    assert "вышло бы" not in said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"calendar": "0123456789abcdef"}, "по прежнему календарю 0123456789abcdef"),
        ({"due_at": FRIDAY}, "повышенная важность не отодвигает"),
        ({"due_at": FRIDAY + timedelta(days=9)}, "Норматив с тех пор изменился"),
        ({"stage": Stage.CLOSED}, "срок больше не идёт"),
        ({"paused_at": FRIDAY}, "Срок приостановлен"),
    ],
)
def test_the_clock_says_why_another_deadline_is_stored(
    staffed: sa.Engine, capsys: pytest.CaptureFixture[str], fields: dict[str, Any], said: str
) -> None:
    due_at = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    times: dict[str, Any] = {
        "created_at": FRIDAY,
        "clock_from": FRIDAY,
        "due_at": due_at,
        "calendar": CALENDAR,
    }
    number = opened(staffed, **(times | fields))
    assert said in explained(capsys, number)


def test_the_clock_counts_pauses(staffed: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    number = opened(staffed, Network.MAIL, created_at=FRIDAY, clock_from=FRIDAY, calendar=CALENDAR)
    monday = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    with unit_of_work(staffed) as session:
        session.add(
            Pause(
                incident_id=number,
                cycle="1:answer",
                since=FRIDAY,
                until=monday,
                ended_at=monday,
                reason="Запрос",
                by="katyn",
            )
        )
    said = explained(capsys, number)
    assert "Норма:   30 календарных дней" in said
    assert "Без пауз: " in said
    # From 16:00 to 17:30 on Friday and from 08:30 to 10:00 on Monday.
    assert "рабочего времени в ней 3 ч" in said


def test_the_clock_of_a_final_answer_starts_with_the_interim_one(
    staffed: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    number = opened(
        staffed,
        term=Term.FINAL,
        stage=Stage.WORK,
        clock_from=FRIDAY,
        published_at=FRIDAY,
        round=2,
        calendar=CALENDAR,
    )
    said = explained(capsys, number)
    assert f"Инцидент № {number}, окончательный ответ, круг 2" in said
    assert "Норма:   7 рабочих дней" in said
    assert "опубликован промежуточный ответ" in said
