"""Exports of official systems from the command line: shown, taken in, taken in again."""

import os
from pathlib import Path

import pytest
from sqlmodel import Session, select

from models.incident import Incident
from models.post import Post
from models.source import Source
from models.vocabulary import Network, Outcome, Stage
from pipeline.cli import main
from pipeline.database import open_database

DATA = Path(__file__).parent.parent / "data" / "tables"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def stored(home: Path) -> tuple[list[Source], list[Post], list[Incident]]:
    engine = open_database(f"sqlite:///{home / 'otklik.db'}")
    with Session(engine) as session:
        found = (
            list(session.exec(select(Source)).all()),
            list(session.exec(select(Post)).all()),
            list(session.exec(select(Incident)).all()),
        )
    engine.dispose()
    return found


def in_words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "network", "count"),
    [
        ("pos", Network.POS, 3),
        ("open_region", Network.OPEN_REGION, 2),
        ("registry", Network.REGISTRY, 2),
    ],
)
def test_an_export_is_taken_in_once(
    name: str, network: Network, count: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = DATA / f"{name}.csv"
    now = export_time(export, home.parent)
    assert main(["ingest", str(now)]) == 0
    assert f"Принято {count}" in capsys.readouterr().out
    assert main(["ingest", str(now)]) == 0
    assert f"Принято 0, уже было {count}" in capsys.readouterr().out
    (source,), posts, incidents = stored(home)
    assert (source.key, source.network) == (f"table:{name}", network)
    assert len(posts) == len(incidents) == count
    assert "СЕКРЕТ" not in repr((posts, incidents))


def export_time(export: Path, folder: Path) -> Path:
    """Return the export as it would have looked years ago: dates of 2026 may be yet to come."""
    path = folder / export.name
    text = export.read_text(encoding="utf-8-sig").replace(".2026", ".2024")
    path.write_text(text, encoding="cp1251")
    return path


def test_the_status_of_an_export_closes_its_incidents(home: Path) -> None:
    assert main(["ingest", str(export_time(DATA / "pos.csv", home.parent))]) == 0
    _, posts, incidents = stored(home)
    by_id = {incident.id: incident for incident in incidents}
    solved, open_, answered = (by_id[post.incident_id] for post in posts)
    assert (solved.stage, solved.outcome) == (Stage.CLOSED, Outcome.SOLVED)
    assert (open_.stage, open_.outcome) == (Stage.REVIEW, None)
    assert (answered.stage, answered.outcome) == (Stage.CLOSED, None)


def test_a_later_export_closes_what_was_open(home: Path) -> None:
    path = export_time(DATA / "pos.csv", home.parent)
    assert main(["ingest", str(path)]) == 0
    text = path.read_text(encoding="cp1251")
    path.write_text(text.replace("В работе;;", "Решено;20.11.2024;"), encoding="cp1251")
    assert main(["ingest", str(path)]) == 0
    _, _, incidents = stored(home)
    assert [incident.stage for incident in incidents] == [Stage.CLOSED] * 3


def test_a_preview_shows_how_a_file_would_be_read_and_stores_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = export_time(DATA / "pos.csv", home.parent)
    with path.open("a", encoding="cp1251") as file:
        file.write("100004;66.11.2024 10:00;Дороги;;Печерск;Яма;Новое;;;;;;;;;\n")
        file.write("100005;10.11.2024 10:00;ЖКХ;;Печерск;Течёт [bold]крыша;Спит;;;;;;;;;\n")
    assert main(["ingest", str(path), "--preview"]) == 0
    shown = in_words(capsys.readouterr().out)
    assert "Раскладка pos: Выгрузка ПОС «Решаем вместе»." in shown
    assert "│ Номер сообщения │ id │" in shown
    assert "Не распознаны и не читаются: Канал подачи" in shown
    assert "Личные данные заявителей, не сохраняются: ФИО заявителя, Контактный" in shown
    assert "Годных строк 4, отклонено 1. Ничего не сохранено." in shown
    assert "Спит — 1" in shown
    assert "«Дата создания»: дата не разобрана: 66.11.2024 10:00 — 1" in shown
    assert "[bold]" in shown
    assert "СЕКРЕТ" not in shown
    assert not home.exists()


def test_a_preview_of_a_table_of_which_no_row_can_be_used_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,published_at\nЯма,01.01.1970\n", encoding="utf-8")
    assert main(["ingest", str(path), "--preview"]) == 1
    assert "Годных строк 0, отклонено 1." in capsys.readouterr().out


def test_an_export_of_unknown_origin_is_refused_until_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Номер обращения;Дата регистрации;Текст обращения;Статус\n17;01.02.2024;Темно;Новое\n",
        encoding="utf-8",
    )
    assert main(["ingest", str(path)]) == 1
    error = capsys.readouterr().err
    assert "одинаково похож на несколько раскладок: pos" in error
    assert "Traceback" not in error
    assert main(["ingest", str(path), "--mapping", "open_region"]) == 0
    assert "Принято 1" in capsys.readouterr().out
