"""The command line as a person types it."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import COMMANDS, build_parser, main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Pipe(io.TextIOWrapper):
    """Standard input as a pipe gives it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))


def classify(
    content: bytes, *options: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: object
) -> tuple[int, list[dict[str, object]]]:
    monkeypatch.setattr(sys, "stdin", Pipe(content))
    code = main(["classify", *options])
    out = capsysbinary.readouterr().out  # type: ignore[attr-defined]
    return code, [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert "примеры:" in text
    assert f"otklik {command}" in text
    assert "usage" not in text
    assert "options" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "не хватает: КОМАНДА"),
        (["fly"], "«fly» не подходит"),
        (["ingest"], "не хватает: ФАЙЛ"),
        (["ingest", "a.csv", "--colour"], "непонятно: --colour"),
        (["flows", "serve", "fly"], "потока «fly» нет"),
    ],
)
def test_a_wrong_command_line_is_one_russian_line_with_where_help_is(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert "--help" in error


def test_the_readme_lists_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`otklik {command}" in readme


def test_the_readme_lists_every_setting() -> None:
    from pipeline.settings import Settings  # noqa: PLC0415 - as the commands do

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`OTKLIK_{name.upper()}`" in readme


def test_help_needs_no_database_and_no_prefect() -> None:
    code = (
        "import sys; from pipeline.cli import build_parser; build_parser().format_help();"
        "print([m for m in ('sqlmodel', 'prefect', 'numpy', 'sklearn') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout == "[]\n"


def test_classify_answers_each_record_in_order(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    # Given records, some of which cannot be read
    records = [
        '{"id": "a", "text": "На Лесной в Катыни третий день не горят фонари"}',
        "это не JSON",
        '{"id": 7, "text": null}',
        '{"id": 8, "text": "и у нас так же!", "context": ["Нет воды с утра в Печерске"]}',
        '{"id": 9, "text": "", "context": "не список"}',
        '{"text": "половина \\ud83d пары и \\u0000 нуль"}',
    ]
    # When they are piped through the filter
    code, answers = classify(
        "\n".join(records).encode(), monkeypatch=monkeypatch, capsysbinary=capsysbinary
    )
    # Then there is one answer for each, in order, and the exit code tells of the bad ones
    assert code == 1
    assert [answer["id"] for answer in answers] == ["a", None, 7, 8, 9, None]
    assert ["error" in answer for answer in answers] == [False, True, True, False, True, False]
    assert "запись 2" in str(answers[1]["error"])
    lamp, neighbour = answers[0], answers[3]
    assert lamp["topic"] == "lighting"
    assert lamp["relevant"] is True
    place = lamp["place"]
    assert isinstance(place, dict)
    assert (place["settlement"], place["village"]) == ("katynskoe", "Катынь")
    assert neighbour["topic"] == "water"


def test_the_contract_of_classify(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    line = '{"id": 1, "text": "Пахнет газом на Минской 5 в Печерске, помогите"}'
    _, (answer,) = classify(line.encode(), monkeypatch=monkeypatch, capsysbinary=capsysbinary)
    assert list(answer) == [
        "id",
        "relevant",
        "relevance",
        "topic",
        "topics",
        "fine_topics",
        "urgent",
        "urgency",
        "reasons",
        "place",
        "model",
        "also",
        "certainty",
    ]
    assert answer["certainty"] == "review"
    assert answer["urgent"] is True
    topics = answer["topics"]
    assert isinstance(topics, list)
    assert len(topics) == 3
    assert topics[0]["code"] == answer["topic"] == "gas"
    assert isinstance(answer["fine_topics"], list)
    assert set(answer["fine_topics"][0]) == {"name", "group", "probability"}
    assert isinstance(answer["reasons"], list)
    reasons = {reason["name"]: reason for reason in answer["reasons"]}
    assert set(reasons["urgent:gas-smell"]) == {"name", "weight", "spans"}
    text = line[line.index("Пахнет") :]
    assert [text[start:end] for start, end in reasons["urgent:gas-smell"]["spans"]] == [
        "Пахнет газом"
    ]
    assert [text[start:end] for start, end in reasons["topic:газ"]["spans"]] == ["газом"]
    place = answer["place"]
    assert isinstance(place, dict)
    start, end = place["span"]
    assert text[start:end] == "Печерске"
    _, (brief,) = classify(
        line.encode(), "--brief", monkeypatch=monkeypatch, capsysbinary=capsysbinary
    )
    assert isinstance(brief["reasons"], list)
    assert [reason["name"] for reason in brief["reasons"]] == ["urgent:gas-smell"]


def test_classify_reads_csv(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    table = "id,text\n1,Яма на дороге\n2,\n".encode("utf-8-sig")
    code, answers = classify(table, "--csv", monkeypatch=monkeypatch, capsysbinary=capsysbinary)
    assert code == 0
    assert (answers[0]["id"], answers[0]["topic"]) == ("1", "roads")
    assert answers[1]["relevant"] is False


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "нет колонки text"),
        ("text\nЯма\n".encode("cp1251"), "не в кодировке UTF-8"),
    ],
)
def test_a_csv_that_cannot_be_read_is_explained(
    content: bytes,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe(content))
    assert main(["classify", "--csv"]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_the_filter_answers_before_the_pipe_is_closed(kind: str) -> None:
    options = ["--csv"] if kind == "csv" else []
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "classify", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if kind == "csv":
            process.stdin.write(b"id;text\n")
        for text in ("Яма на дороге", "Нет воды"):
            line = f"1;{text}" if kind == "csv" else json.dumps({"text": text})
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["topic"] in {"roads", "water"}
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_ingest_takes_a_table_and_says_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "messages.csv"
    table.write_text(
        "text;topic\nНа Лесной в Катыни темно;lighting\nЯма у дома 5;roads\n;roads\n",
        encoding="cp1251",
    )
    assert main(["ingest", str(table)]) == 0
    said = capsys.readouterr().out.replace("\u00a0", " ")
    assert "Принято 2, уже было 0, изменено 0, отклонено 1." in said
    assert "Освещение" in said
    assert "Катынское" in said
    rejects = re.search(r"причинами: (.+)", said.replace("\n", ""))
    assert rejects is not None
    assert "пустой текст" in Path(rejects.group(1)).read_text(encoding="utf-8-sig")
    assert main(["ingest", str(table)]) == 0
    assert "Принято 0, уже было 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "absent.csv"),
        ("empty.csv", b"", "пуст"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture.csv"),
        ("nothing.csv", "имя;возраст\nа;1\n".encode(), "text"),
        ("broken.xlsx", b"PK\x03\x04 broken", "broken.xlsx"),
    ],
)
def test_a_file_that_cannot_be_taken_is_explained_in_one_message(
    name: str,
    content: bytes | None,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["ingest", str(path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("otklik: ")
    assert message in error
    assert "Traceback" not in error


def test_a_table_of_which_no_row_can_be_used_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "messages.csv"
    table.write_text("text,published_at\nЯма,01.01.1970\nСвет,01.01.2099\n", encoding="utf-8")
    assert main(["ingest", str(table)]) == 1
    assert "отклонено 2" in capsys.readouterr().out


def test_an_unknown_region_names_the_shipped_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTKLIK_REGION", "atlantis")
    monkeypatch.setattr(sys, "stdin", Pipe(b""))
    assert main(["classify"]) == 1
    assert "smolensky" in capsys.readouterr().err


def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTKLIK_PORT", "sesame")
    assert main(["sources"]) == 1
    error = capsys.readouterr().err
    assert "OTKLIK_PORT" in error
    assert "sesame" not in error


def test_a_broken_model_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from classifiers.registry import default_model  # noqa: PLC0415 - as the commands do

    model = tmp_path / "model"
    model.mkdir()
    for part in default_model().iterdir():
        (model / part.name).write_bytes(part.read_bytes())
    weights = model / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(sys, "stdin", Pipe(b""))
    assert main(["classify", "--model", str(model)]) == 1
    assert "контрольная сумма" in capsys.readouterr().err


def test_regions_are_listed_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["region", "list"]) == 0
    assert "smolensky" in capsys.readouterr().out
    assert main(["region", "check", "amursky"]) == 0
    assert "ошибок нет" in capsys.readouterr().out


def test_a_mistake_in_a_region_is_shown_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = ROOT / "pipeline" / "region" / "sample" / "amursky"
    for part in sample.glob("*.yaml"):
        text = part.read_text(encoding="utf-8")
        (tmp_path / part.name).write_text(
            text.replace("default: ", "default: no-such-") if part.stem == "routing" else text,
            encoding="utf-8",
        )
    assert main(["region", "check", str(tmp_path)]) == 1
    assert re.search(r"routing\.yaml, строка \d+: ", capsys.readouterr().err)


def test_staff_are_added_with_a_password_from_a_pipe_and_get_links(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe("очень длинный пароль\n".encode()))
    assert main(["staff", "add", "duty", "--role", "operator"]) == 0
    assert main(["staff", "list"]) == 0
    assert "duty" in capsys.readouterr().out
    assert main(["staff", "link", "duty"]) == 0
    assert "/enter/" in capsys.readouterr().out
    assert main(["staff", "link", "nobody"]) == 1
    assert "«nobody» нет" in capsys.readouterr().err


def test_a_short_password_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe(b"123\n"))
    assert main(["staff", "add", "duty"]) == 1
    assert "короче" in capsys.readouterr().err


def test_the_parser_is_built_once_for_all_commands() -> None:
    help_ = build_parser().format_help()
    for command in COMMANDS:
        assert re.search(rf"\n    {command}\s", help_)
