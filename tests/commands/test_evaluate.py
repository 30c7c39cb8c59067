"""``otklik evaluate`` as a person types it."""

import json
import os
from pathlib import Path

import pytest

from classifiers.registry import default_model
from pipeline.cli import main

SETS = Path(__file__).parents[1] / "data" / "evaluation"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")


def write(path: Path, content: str) -> str:
    path.write_text(content, encoding="utf-8")
    return str(path)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.replace("\u00a0", " ")


def test_a_table_and_json_lines_are_judged_one_by_one_and_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(
        tmp_path / "a.csv",
        "text,code\nЯма на дороге у школы,roads\nНет воды второй день,water\nЗдравствуйте,gas\n"
        "На остановке темно [bold]фонари[/bold]\x1b[2J не горят,gas\n",
    )
    files = [table, str(SETS / "noise.jsonl"), str(SETS / "places.jsonl")]
    assert main(["evaluate", *files, "--no-speed", "--errors", "2"]) == 0
    told = said(capsys)
    # Then there is a table for each and one for all, with names, intervals and bars
    assert f"{table}: текстов 4" in told
    assert "Все файлы вместе: текстов 384" in told
    assert "Без единого значимого слова" in told
    assert "поселение: F1" in told
    assert "≥ 0,96" in told
    assert "непонятные тексты: «не уверен»" in told
    # And what nobody labelled is not there
    assert "Срочность" not in told
    assert "Скорость" not in told
    # And a text cannot steer the terminal
    assert "Газ → Освещение" in told
    assert "[bold]фонари[/bold]" in told
    assert "\x1b[2J" not in told
    # And nothing is cut on a screen of 80 columns
    tables = [line for line in told.splitlines() if "→" not in line]
    assert not [line for line in tables if "…" in line]


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(SETS / "topics.jsonl"), str(SETS / "urgency.jsonl")]
    assert main(["evaluate", *files, "--no-speed", "--json", "--errors", "1"]) == 0
    answer = json.loads(capsys.readouterr().out)
    topics, urgency = answer["files"]
    figure = topics["figures"]["accuracy"]
    assert figure["rows"] == topics["texts"] == 340
    assert 0.5 < figure["low"] < figure["value"] < figure["high"] < 1
    assert figure["bar"] == 0.85
    assert figure["met"] is (figure["value"] >= 0.85)
    assert {"also_recall", "urgent_recall_at_60", "f1.gas"} <= set(topics["figures"])
    assert "also_recall" not in urgency["figures"]
    assert answer["together"]["texts"] == 540
    assert {mistake["kind"] for mistake in urgency["mistakes"]} >= {"Тема", "Срочность"}
    assert all(len(mistake["text"]) <= 120 for mistake in urgency["mistakes"])
    assert "speed" not in answer


def test_one_file_has_no_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write(tmp_path / "a.csv", "text;relevant\nПродам гараж;0\nНет воды;1\n")
    assert main(["evaluate", table, "--no-speed", "--json", "--model", "default"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"model", "files"}
    assert set(answer["files"][0]["figures"]) <= {
        "relevance_auc",
        "relevance_recall",
        "relevance_precision",
    }


@pytest.mark.long
def test_speed_and_size_stand_beside_their_bars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(tmp_path / "a.csv", "text,code\n" + "Нет воды в Печерске,water\n" * 30)
    folder = str(default_model())
    assert main(["evaluate", table, "--model", folder, "--json", "--region", "amursky"]) == 0
    speed = json.loads(capsys.readouterr().out)["speed"]
    assert set(speed) == {
        "posts_per_second",
        "first_pass",
        "milliseconds",
        "start_seconds",
        "memory",
        "model",
    }
    assert speed["posts_per_second"]["value"] > 100
    assert 0.05 < speed["start_seconds"]["value"] < 60
    # The peak is that of the fresh process, not of the one that runs this test
    assert 30 < speed["memory"]["value"] < 400
    size = sum(part.stat().st_size for part in default_model().iterdir()) / 1e6
    assert speed["model"]["value"] == pytest.approx(size)
    assert speed["model"]["bar"] == 8.0


def test_the_block_of_speed_is_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write(tmp_path / "a.csv", "text,code\nНет воды в Печерске,water\n")
    assert main(["evaluate", table]) == 0
    told = said(capsys)
    for name in ("сообщений в секунду", "≥ 10 000", "запуск otklik classify", "≤ 0,60", "МБ"):
        assert name in told
    assert "…" not in told


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("text,code\nяма,road\n", "строка 2: неизвестный код темы «road»"),
        ('{"text": "яма", "topic": "roads"}\n{"text"\n', "строка 2: это не JSON"),
        ("text\nяма\n", "нет разметки"),
        ("", "пуст"),
    ],
)
def test_a_file_that_cannot_be_judged_is_told_in_one_russian_message(
    content: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(tmp_path / "a.csv", content)
    assert main(["evaluate", table]) == 1
    error = capsys.readouterr().err
    assert error.startswith("otklik: ")
    assert table in error
    assert says in error


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--model", "v0"], "Версии «v0» нет"),
        (["--model", "."], "manifest.json"),
        (["--region", "atlantis"], "smolensky"),
    ],
)
def test_a_model_or_region_that_is_not_there_is_told(
    options: list[str],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    table = write(tmp_path / "a.csv", "text,code\nяма,roads\n")
    assert main(["evaluate", table, *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("otklik: ")
    assert says in error


def test_a_missing_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "no.csv")]) == 1
    assert "не читается" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["evaluate", "a.csv", "--errors", "-1"])
    assert "целое число от нуля" in capsys.readouterr().err
