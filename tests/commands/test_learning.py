"""Learning from the command line: versions, comparisons, labels."""

import csv
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import post, take
from labelling import add_labels, judged

from classifiers.examples import read_seeds
from classifiers.model import load, save
from classifiers.registry import GATE, Registry, default_model
from classifiers.site import SiteCalibration, values_of, write
from models.values import Stated
from models.vocabulary import Topic
from pipeline.cli import main
from pipeline.settings import load_settings
from pipeline.workplace import open_store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FORMULA = '=HYPERLINK("http://example.invalid";"нет воды")'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[sa.Engine]:
    assert not home.exists()
    with open_store(load_settings()) as engine:
        yield engine


@pytest.fixture
def versions(home: Path, tmp_path: Path) -> Registry:
    """Keep two versions beside the shipped one: v1, and v2 that a gate kept back."""
    kept, shipped = Registry(home), load(default_model())
    for version in ("v1", "v2"):
        save(replace(shipped, version=version), tmp_path / version, card=f"# Card of {version}\n")
    (tmp_path / "v2" / GATE).write_text("{}")
    for version in ("v1", "v2"):
        kept.add(tmp_path / version)
    return kept


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.replace("\u00a0", " ")


def test_versions_are_promoted_listed_and_rolled_back(
    versions: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "promote", "v1", "--why", "проверена"]) == 0
    assert main(["model", "list"]) == 0
    listed = said(capsys)
    assert "действует" in next(line for line in listed.splitlines() if line.startswith("v1"))
    assert "не прошла сравнение" in next(
        line for line in listed.splitlines() if line.startswith("v2")
    )
    assert "включение: default → v1 (командная строка: проверена)" in listed
    assert main(["model", "show"]) == 0
    assert "Card of v1" in said(capsys)
    assert main(["model", "show", "v2"]) == 0
    assert "Card of v2" in said(capsys)
    assert main(["model", "rollback"]) == 0
    assert "Действует default." in said(capsys)
    assert versions.serving() == default_model()
    assert main(["model", "rollback"]) == 1
    assert "Откатывать некуда" in capsys.readouterr().err


def test_show_tells_of_a_site_calibration(
    versions: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given two versions, one of which was calibrated for this site
    calibration = load(versions.folder("v1")).calibration
    found = SiteCalibration(NOW, 640, (0.0612, 0.0405), values_of(calibration))
    write(versions.calibration("v1"), found)
    assert main(["model", "show", "v1"]) == 0
    assert "для этого места, от 21.11.2026 12:00 UTC по 640 меткам" in (told := said(capsys))
    assert "было 6,1 %, стало 4,0 %" in told
    assert main(["model", "show"]) == 0
    assert "Калибровка: своя" in said(capsys)
    # And a damaged one is told beside the card
    versions.calibration("v1").write_text("{}")
    assert main(["model", "show", "v1"]) == 0
    shown = capsys.readouterr()
    assert "Card of v1" in shown.out
    assert "повреждена" in shown.err


@pytest.mark.long
def test_recalibrating_shows_before_and_after(
    store: sa.Engine, versions: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a serving model that is too sure, a damaged calibration, and too few labels
    sharp = load(versions.folder("v1"))
    sharp = replace(sharp, calibration=replace(sharp.calibration, topic_temperature=0.05))
    save(replace(sharp, version="sharp"), tmp_path / "sharp")
    versions.promote(versions.add(tmp_path / "sharp"), at=NOW, who="test", why="")
    write(
        versions.calibration("sharp"),
        SiteCalibration(NOW, 640, (0.1, 0.1), values_of(sharp.calibration)),
    )
    versions.calibration("sharp").write_text("{}")
    assert main(["model", "recalibrate"]) == 0
    assert "на которых модель не училась, 0, а нужно 600" in said(capsys)
    # When operators have judged enough, a fifth of it unlike the model
    add_labels(store, judged(640))
    assert main(["model", "recalibrate"]) == 0
    # Then the new calibration is in force, in place of the damaged one
    told = said(capsys)
    assert "Температура: было 0,05, стало 0," in told
    assert "Ошибка вероятностей (ECE): было" in told
    assert "unsure («не уверен»): было" in told
    assert "Калибровка для этого места действует" in told
    assert versions.serving_model().calibration.topic_temperature > 0.05


@pytest.mark.parametrize("act", [["show", "v9"], ["promote", "v9"], ["promote", "../v1"]])
def test_a_version_that_is_not_there_is_told(
    act: list[str], versions: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert versions.versions() == ["v1", "v2"]
    assert main(["model", *act]) == 1
    assert "Есть: v1, v2" in capsys.readouterr().err


@pytest.mark.long
def test_two_versions_are_compared_on_a_table(
    versions: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert versions.versions()
    table = tmp_path / "labels.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "code"])
        writer.writerows([e.text, e.topic] for e in read_seeds()[:150] if e.topic)
    assert main(["model", "compare", "v1", "default", "--data", str(table)]) == 0
    told = said(capsys)
    assert "v1 против default" in told
    assert "Разница верных тем: +0,0 п. п. (95 %: от +0,0 до +0,0)" in told
    assert "не прошла бы: уверенной разницы в темах между моделями нет" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train"], "Назовите файл CSV"),
        (["train", "a.csv", "--labels"], "не сочетается"),
        (["train", "--labels", "--promote"], "не сочетается"),
    ],
)
def test_training_says_what_it_needs(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert says in capsys.readouterr().err


def test_an_empty_installation_has_nothing_to_learn_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "--labels"]) == 0
    assert "Размеченных текстов 0, для обучения нужно 500" in said(capsys)
    assert main(["labels", "noise"]) == 0
    assert "Меток 0" in said(capsys)
    assert main(["labels", "next"]) == 0
    assert "Неразмеченных инцидентов нет" in said(capsys)


def take_stated(engine: sa.Engine, count: int) -> None:
    known = [e for e in read_seeds() if e.relevant and e.topic and not e.context]
    random.Random(1).shuffle(known)  # noqa: S311 - not for secrets
    take(
        engine,
        *(
            replace(
                post(number, example.text),
                published_at=NOW - timedelta(days=30, minutes=-number),
                stated=Stated(relevant=True, topic=example.topic),
            )
            for number, example in enumerate(known[:count], start=1)
        ),
        replace(post(9000, FORMULA), stated=Stated(relevant=True, topic=Topic.MILITARY)),
    )


@pytest.mark.long
def test_training_on_labels_prints_the_gate(
    store: sa.Engine, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take_stated(store, 520)
    assert main(["train", "--labels"]) == 0
    told = said(capsys)
    assert "Верных тем: " in told
    assert "Разница macro-F1" in told
    version = Registry(home).versions()[0]
    assert version in told
    assert (home / "models" / version / GATE).is_file()


@pytest.mark.long
def test_noise_goes_to_a_table_without_formulas(
    store: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take_stated(store, 200)
    out = tmp_path / "noise.csv"
    assert main(["labels", "noise", "--count", "500", "--out", str(out)]) == 0
    assert "Меток 201, сомнительных" in said(capsys)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows[0] == ["Перевес", "Метка", "Похоже на", "Текст"]
    assert "'" + FORMULA in [row[3] for row in rows]
    assert main(["labels", "noise", "--count", "3"]) == 0
    assert "Перевес" in said(capsys)


def test_next_names_incidents_that_nobody_judged(
    store: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    take(
        store,
        post(1, "На Лесной яма на дороге, отремонтируйте пожалуйста"),
        post(2, "В доме [bold]5[/bold] нет воды второй день, разберитесь\x1b[2J"),
    )
    assert main(["labels", "next", "--count", "5"]) == 0
    told = said(capsys)
    assert "[bold]5[/bold]" in told
    assert "\x1b[2J" not in told
    assert "/incident/" in told
    with pytest.raises(SystemExit):
        main(["labels", "next", "--count", "0"])
    assert "больше нуля" in capsys.readouterr().err


@pytest.mark.long
def test_drift_speaks_of_the_serving_model(
    store: sa.Engine, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a model that was measured on roads alone, and posts about everything
    shipped = load(default_model())
    window = {"rows": 1000, "topics": {"roads": 1.0}, "unknown_words": 0.1}
    save(replace(shipped, version="v1", figures={"window": window}), tmp_path / "v1")
    kept = Registry(home)
    kept.promote(kept.add(tmp_path / "v1"), at=NOW, who="test", why="")
    known = [e for e in read_seeds() if e.relevant and e.topic and not e.context]
    today = datetime.now(UTC)
    take(store, *(post(number, e.text) for number, e in enumerate(known[::8])), now=today)
    assert main(["labels", "drift"]) == 0
    told = said(capsys)
    assert "Дороги и тротуары: было 100,0 %" in told
    assert "сильно изменились" in told
    assert "otklik train --labels" in told
    # And given one that does not remember what it was measured on
    save(replace(shipped, version="v2", figures={}), tmp_path / "v2")
    kept.promote(kept.add(tmp_path / "v2"), at=NOW, who="test", why="")
    assert main(["labels", "drift"]) == 1
    assert "не помнит" in capsys.readouterr().err
