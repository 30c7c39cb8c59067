"""Asking a region about one decision, and trying a changed folder on what has happened."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from builders import TUESDAY_NOON, post
from builders import take as take_in
from region_folder import change, write_region
from sqlmodel import Session, select

from models.incident import Incident
from pipeline.cli import main
from pipeline.commands.messages import out
from pipeline.commands.region_shown import PAIRS, show_trial
from pipeline.database import migrate, open_database
from pipeline.region.load import SAMPLES, load_region
from pipeline.trying import Trial

NAME = "На Лесной вторую неделю не горит фонарь"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(out, "width", 200)
    return tmp_path / "home"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["region", *arguments]) == code
    return "".join(capsys.readouterr())


def test_the_shipped_regions_are_listed_and_sound(capsys: pytest.CaptureFixture[str]) -> None:
    listed = dict(line.split(maxsplit=1) for line in said(capsys, "list").splitlines())
    assert listed == {
        "amursky": "Амурский район Хабаровского края",
        "smolensky": "Смоленский район Смоленской области",
    }
    told = said(capsys, "check", "smolensky")
    assert told.startswith("Смоленский район Смоленской области: ошибок нет. Поселений 19,")


def test_mistakes_are_listed_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_region(tmp_path)
    change(folder, "routing.yaml", "[roads]", "[rods]")
    change(folder, "routing.yaml", "default: desk", "default: dask")

    told = said(capsys, "check", str(folder), code=1).splitlines()

    assert told[0].startswith("routing.yaml, строка 2: неизвестно: тема «rods». Возможно,")
    assert told[-1] == "Ошибок: 2."


def test_a_decision_is_explained_rule_by_rule(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "route", "--topic", "garbage", "--settlement", "pecherskoe").splitlines()

    assert told[:3] == [
        "1. Газ, тепло и свет в домах — управление ЖКХ: не подошло, другая тема",
        "2. Безопасность и воинский учёт — отдел ГО и ЧС: не подошло, другая тема",
        "3. Свалки и мусор — администрация поселения вместе с отделом имущества: подошло",
    ]
    assert told[3:] == [
        "Отвечает: Администрация Печерского сельского поселения",
        "Помогает: Отдел земельных и имущественных отношений и экологии",
        "На первый ответ: 8 рабочих часов",
    ]


def test_urgency_and_source_count(capsys: pytest.CaptureFixture[str]) -> None:
    urgent = said(capsys, "route", "--topic", "water", "--settlement", "pecherskoe", "--urgent")
    assert (
        "Срочное в поселении — администрация поселения вместе с отделом ГО и ЧС: подошло" in urgent
    )
    assert "На первый ответ: 3 рабочих часа" in urgent

    portal = ("--source", "open_region", "--region", "amursky")
    barred = said(capsys, "route", "--topic", "roads", "--settlement", "achan", *portal)
    assert "Отвечает: Администрация района, единая диспетчерская обращений" in barred
    assert "не работает с источником «Открытый регион»: передано — Администрация района" in barred
    assert "На первый ответ: 12 календарных дней" in barred


def test_what_no_rule_fits_goes_to_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "route", "--topic", "other")
    assert "14. по умолчанию: подошло" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("route", "--topic", "rods"), "Такого кода темы нет: «rods». Возможно, имелось в виду"),
        (("route", "--topic", "gas", "--settlement", "x"), "Такого кода поселения нет: «x»"),
        (("route", "--topic", "gas", "--source", "fax"), "Такого кода источника нет: «fax»"),
        (("route", "--topic", "gas", "--region", "nowhere"), "нет такой папки"),
        (("try", "--since", "вчера"), "«вчера» — не день. Образец: --since 01.11.2026"),
        (("try", "--since", "01.01.0001"), "«01.01.0001» — не день"),
        (("try", "--since", "01.11.2026", "--limit", "-1"), "--limit"),
    ],
)
def test_a_wrong_word_is_one_line_with_what_to_do(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in said(capsys, *arguments, code=1)


def test_a_folder_with_mistakes_is_not_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(SAMPLES / "smolensky", tmp_path / "region"))
    (folder / "norms.yaml").write_text("norms: [5]", encoding="utf-8")

    told = said(capsys, "try", "--since", "01.11.2026", "--region", str(folder), code=1)

    assert "norms.yaml, строка 1" in told


@pytest.fixture
def taken(home: Path) -> Incident:
    """An incident that the sample region has decided about, on lighting in Катынское."""
    engine = open_database(f"sqlite:///{home / 'otklik.db'}")
    migrate(engine)
    take_in(engine, post(text=NAME))
    with Session(engine) as session:
        incident = session.exec(select(Incident)).one()
    engine.dispose()
    return incident


def test_the_serving_region_would_change_nothing(
    taken: Incident, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "try", "--since", f"{TUESDAY_NOON:%d.%m.%Y}")

    assert taken.body == "katynskoe"
    assert "Инцидентов с 17.11.2026: 1." in told
    assert "Другой исполнитель был бы у 0 (0,0\u00a0%)." in told
    assert "Срок был бы раньше у 0, позже у 0, тот же у 1." in told
    assert "Ничего не изменено: это проба." in told


def test_a_changed_folder_shows_who_would_move_and_when_it_would_be_due(
    taken: Incident, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a copy of the region where lighting is the district's, within nine hours
    folder = Path(shutil.copytree(SAMPLES / "smolensky", tmp_path / "region"))
    rule = "{name: '[red]Свет — району', topics: [lighting], settlements: all, body: housing}"
    for file, old, new in (
        ("routing.yaml", "rules:\n", f"rules:\n  - {rule}\n"),
        ("norms.yaml", "working_hours: 8", "working_hours: 9"),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    # When it is tried on what has happened
    told = said(capsys, "try", "--since", "01.11.2026", "--region", str(folder))
    # Then the incident is shown by its number, with both bodies, both rules and both deadlines
    assert "Другой исполнитель был бы у 1 (100,0\u00a0%)." in told
    for part in (
        "Администрация Катынского сельского поселения",
        "Управление жилищно-коммунального хозяйства",
        f"({taken.route_rule})",
        "([red]Свет — району)",
        "9 рабочих часов",
    ):
        assert part in told
    assert "Срок был бы раньше у 0, позже у 1, тот же у 0." in told
    before, after = taken.due_at, taken.due_at + timedelta(hours=1)
    moscow = timedelta(hours=3)
    assert f"{before + moscow:%d.%m.%Y %H:%M}" in told
    assert f"{after + moscow:%d.%m.%Y %H:%M}" in told
    # And nothing of what the citizen wrote
    assert "фонарь" not in told


def test_days_before_the_first_incident_are_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Инцидентов с 01.12.2026: 0." in said(capsys, "try", "--since", "01.12.2026")


def test_all_that_a_trial_counts_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    # Given a trial with more pairs of bodies than anybody reads
    trial = Trial(limit=0, incidents=2000, chosen=11, reruled=12, barred=13, helped=14, paused=15)
    trial.moves.update({(f"old{n}", "housing"): 100 - n for n in range(PAIRS + 2)})
    trial.rules["Свет"] = 2000
    trial.elsewhere["atlantis"] = 16
    # When it is shown
    show_trial(trial, load_region("smolensky"), TUESDAY_NOON)
    told = capsys.readouterr().out
    # Then the most frequent pairs stand there, a body that the folder lacks by its code
    assert "«old0» (в папке нет)" in told
    assert f"«old{PAIRS}»" not in told
    for line in (
        "И ещё пар исполнителей: 2.",
        "Из сменивших исполнителя назначены человеком, а не правилом: 11.",
        "Тот же исполнитель по другому правилу: 12.",
        "Переданы в район: исполнитель не работает с источником: 13.",
        "С соисполнителями: 14.",
        "В поселениях, которых в папке нет: 16.",
        "Нет в папке: atlantis",
        "Сроки с паузами не сравнивались: 15.",
        "тот же у 1\u00a0985.",
    ):
        assert line in told
