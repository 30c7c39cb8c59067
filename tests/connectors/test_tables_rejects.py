"""The file of refused rows, which a person opens in Excel."""

import csv
from pathlib import Path

import pytest

from connectors.tables import Rejected, RejectFile, TableError

REFUSED = Rejected(row=7, column="Текст", reason="пустой текст", excerpt="")


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def test_refused_rows_are_written_for_excel(tmp_path: Path) -> None:
    path = tmp_path / "отказ.csv"
    with RejectFile(path) as rejects:
        rejects.add(REFUSED)
        rejects.add(Rejected(8, "Дата", "дата в будущем", 'a;"b"\nc'))

    assert rejects.count == 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert lines(path) == [
        ["Строка", "Колонка", "Причина", "Начало текста"],
        ["7", "Текст", "пустой текст", ""],
        ["8", "Дата", "дата в будущем", 'a;"b" c'],
    ]


@pytest.mark.parametrize(
    ("excerpt", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+7", "'+7"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("a=1", "a=1"),
        ("x" * 900, "x" * 199 + "…"),
    ],
)
def test_a_cell_never_runs_as_a_formula(tmp_path: Path, excerpt: str, written: str) -> None:
    path = tmp_path / "r.csv"
    with RejectFile(path) as rejects:
        rejects.add(Rejected(1, excerpt[:20], "=причина", excerpt))
    row = lines(path)[1]
    assert row[3] == written
    assert row[2] == "'=причина"
    assert not row[1].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_nothing_refused_leaves_no_file(tmp_path: Path) -> None:
    with RejectFile(tmp_path / "r.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("вчерашний", encoding="utf-8")

    def fail_half_way() -> None:
        with RejectFile(path) as rejects:
            rejects.add(REFUSED)
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert [file.name for file in tmp_path.iterdir()] == ["r.csv"]
    assert path.read_text(encoding="utf-8") == "вчерашний"


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("вчерашний", encoding="utf-8")
    with RejectFile(path) as rejects:
        rejects.add(REFUSED)
    assert len(lines(path)) == 2


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="не записан: No such file"), RejectFile(tmp_path / "a/b"):
        pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(TableError, match="не записан"), RejectFile(tmp_path / "folder") as rejects:
        rejects.add(REFUSED)
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
