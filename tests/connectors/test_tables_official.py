"""Exports of official systems: what is read of them, and what of their applicants is not."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import orjson
import pytest

from connectors.table_fields import FIELDS, MEANINGS, NO_TOPIC
from connectors.table_headers import personal
from connectors.table_mappings import BUILT_IN, choose
from connectors.table_official import OFFICIAL
from connectors.tables import (
    Accepted,
    Mapping,
    Rejected,
    Table,
    TableError,
    load_mapping,
    read_table,
)
from models.values import FetchedPost
from models.vocabulary import Network, Outcome, Topic

NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
DATA = Path(__file__).parent.parent / "data" / "tables"
DOCS = Path(__file__).parents[2] / "docs" / "tables.md"
SYSTEMS = ("pos", "open_region", "registry")


def rows_of(name: str) -> list[list[str]]:
    text = (DATA / f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def as_csv(encoding: str, delimiter: str) -> Callable[[Path, list[list[str]]], Path]:
    def write(folder: Path, rows: list[list[str]]) -> Path:
        path = folder / "export.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        return path

    return write


def as_xlsx(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "export.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append([cell or None for cell in row])
    book.save(path)
    return path


def as_jsonl(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "export.jsonl"
    header, *lines = rows
    objects = (orjson.dumps(dict(zip(header, line, strict=True))) for line in lines)
    path.write_bytes(b"\n".join(objects))
    return path


FORMATS = {
    "utf-8 ;": as_csv("utf-8-sig", ";"),
    "cp1251 ;": as_csv("cp1251", ";"),
    "cp1251 tab": as_csv("cp1251", "\t"),
    "utf-8 ,": as_csv("utf-8", ","),
    "xlsx": as_xlsx,
    "jsonl": as_jsonl,
}


def table_of(path: Path, mapping: Mapping | None = None) -> Table:
    return read_table(path, mapping=mapping, source_zone=MOSCOW, now=NOW)


def posts_of(table: Table) -> list[FetchedPost]:
    return [row.post for row in table if isinstance(row, Accepted)]


def one_row(tmp_path: Path, mapping: str = "pos", **cells: str) -> FetchedPost:
    row = {"Номер": "1", "Дата создания": "10.11.2026", "Текст": "Темно", **cells}
    path = as_jsonl(tmp_path, [list(row), list(row.values())])
    (post,) = posts_of(table_of(path, BUILT_IN[mapping]))
    return post


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_an_export_is_recognised_and_read_alike_in_every_format(
    name: str, write: Callable[[Path, list[list[str]]], Path], tmp_path: Path
) -> None:
    table = table_of(write(tmp_path, rows_of(name)))
    assert table.mapping is BUILT_IN[name]
    assert posts_of(table) == posts_of(table_of(DATA / f"{name}.csv"))
    assert all(isinstance(row, Accepted) for row in table)


def test_an_export_of_pos() -> None:
    table = table_of(DATA / "pos.csv")
    solved, open_, answered = posts_of(table)

    assert solved.network is Network.POS
    assert solved.external_id == "100001"
    assert solved.published_at == datetime(2026, 11, 5, 7, 0, tzinfo=UTC)
    assert solved.url == "https://pos.example.ru/100001"
    assert solved.author_id == ""
    assert solved.stated.relevant is True
    assert solved.stated.topic is Topic.ROADS
    assert solved.stated.place == "Катынь, ул. Лесная"
    assert solved.stated.outcome is Outcome.SOLVED
    assert solved.stated.closed_at == datetime(2026, 11, 9, 9, 30, tzinfo=UTC)
    assert solved.stated.extra == {
        "network": "pos",
        "status": "Решено",
        "group": "Дороги",
        "first_answer_at": "2026-11-09T09:30:00+00:00",
        "due_at": "2026-11-12T21:00:00+00:00",
        "applicant_type": "person",
    }
    # A name where the kind of applicant should stand is not kept either.
    assert (open_.stated.closed_at, open_.stated.outcome) == (None, None)
    assert "applicant_type" not in open_.stated.extra
    # An answer is no outcome; the export says not when, so it was by now.
    assert (answered.stated.closed_at, answered.stated.outcome) == (NOW, None)
    assert answered.stated.extra["closed_at_assumed"] == NOW.isoformat()
    assert answered.stated.extra["topic_written"] == "Прочее"
    assert answered.stated.extra["applicant_type"] == "company"
    assert table.ignored == ("Канал подачи",)


def test_an_export_of_open_region() -> None:
    explained, new = posts_of(table_of(DATA / "open_region.csv"))
    assert (explained.network, explained.external_id) == (Network.OPEN_REGION, "ОР-7")
    assert explained.stated.topic is Topic.LIGHTING
    assert explained.stated.outcome is Outcome.EXPLAINED
    assert explained.stated.closed_at == datetime(2026, 11, 9, 21, 0, tzinfo=UTC)
    assert explained.stated.place == "Катынь, ул. Лесная"
    assert new.stated.topic is Topic.LANDSCAPING
    assert new.stated.place == "Смоленский, Печерское"
    assert new.stated.closed_at is None


def test_a_register_of_documents() -> None:
    table = table_of(DATA / "registry.csv")
    filed, open_ = posts_of(table)
    assert filed.network is Network.REGISTRY
    # Registers count anew every year, so the year belongs to the number.
    assert (filed.external_id, filed.stated.extra["id"]) == ("2026/И-17", "И-17")
    assert filed.text == "О ремонте дороги в деревне"
    assert filed.stated.topic is Topic.ROADS
    assert filed.stated.place == "Катынь"
    assert (filed.stated.closed_at, filed.stated.outcome) == (
        datetime(2026, 2, 1, 21, 0, tzinfo=UTC),
        None,
    )
    assert filed.stated.extra["type"] == "Обращение гражданина"
    assert open_.stated.topic is Topic.LAND
    assert open_.stated.extra["applicant_type"] == "group"
    # «Адрес» in a register is where the applicant lives.
    assert table.ignored == ("№ п/п", "Адрес", "Исполнитель")


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_nothing_that_names_or_reaches_an_applicant_is_kept(
    name: str, write: Callable[[Path, list[list[str]]], Path], tmp_path: Path
) -> None:
    # Given an export whose personal columns all hold this word, with a row that cannot be read
    # and one with a delimiter too many
    header, *lines = rows_of(name)
    spoilt = [("66.66.2026" if "2026" in cell else cell) for cell in lines[0]]
    assert any("СЕКРЕТ" in cell for cell in spoilt)
    path = write(tmp_path, [header, *lines, spoilt])
    if path.suffix == ".csv":
        content = path.read_bytes().splitlines(keepends=True)
        delimiter = b"\t" if b"\t" in content[0] else b"," if b"," in content[0] else b";"
        path.write_bytes(b"".join([*content, delimiter.join([content[1].rstrip(), b"?"])]))
    # When all of it is read
    rows = list(table_of(path))
    # Then what is handed on, refusals too, does not hold it
    assert any(isinstance(row, Rejected) for row in rows)
    assert "СЕКРЕТ" not in repr(rows)


def test_personal_columns_are_told_apart_from_unknown_ones() -> None:
    table = table_of(DATA / "pos.csv")
    assert table.personal == (
        "ФИО заявителя",
        "Контактный телефон",
        "E-mail",
        "Адрес заявителя",
    )


@pytest.mark.parametrize("mapping", BUILT_IN.values(), ids=BUILT_IN)
def test_a_built_in_mapping_asks_for_nothing_personal(mapping: Mapping) -> None:
    asked = [alias for aliases in mapping.columns.values() for alias in aliases]
    assert [alias for alias in asked if personal(alias)] == []


@pytest.mark.parametrize("mapping", OFFICIAL, ids=lambda mapping: mapping.name)
def test_an_official_mapping_means_what_may_be_meant(mapping: Mapping) -> None:
    assert set(mapping.columns) <= set(FIELDS)
    for field, pairs in mapping.values.items():
        assert set(pairs.values()) <= {*MEANINGS[field], NO_TOPIC}
    assert {"Решено", "В работе", "Закрыто"} <= set(mapping.values["status"])


def test_of_two_spellings_the_one_that_was_written_wins(tmp_path: Path) -> None:
    rows = [["№ обращения", "Номер обращения", "Суть"], ["8", "9", "Темно"]]
    path = as_csv("utf-8", ";")(tmp_path, rows)
    for header, found in (("№ обращения", "8"), ("Номер обращения", "9"), ("номер-обращения", "8")):
        mapping = Mapping("own", "Своя", {"id": (header,), "text": ("Суть",)})
        (post,) = posts_of(table_of(path, mapping))
        assert post.external_id == found


@pytest.mark.parametrize(
    ("status", "answered", "closed", "ended", "outcome"),
    [
        ("Решено", "", "12.11.2026", "2026-11-11", Outcome.SOLVED),
        ("РЕШЕНО", "11.11.2026", "", "2026-11-10", Outcome.SOLVED),
        ("Перенаправлено", "", "12.11.2026", "2026-11-11", Outcome.REDIRECTED),
        ("Закрыто", "", "12.11.2026", "2026-11-11", None),
        ("Отклонено", "", "", "2026-11-17", None),
        ("Закрыто", "01.11.2030", "", "2026-11-17", None),
        ("Закрыто", "не было", "", "2026-11-17", None),
        ("В работе", "", "12.11.2026", None, None),
        ("Ждёт решения комиссии", "", "12.11.2026", "2026-11-11", None),
        ("Ждёт решения комиссии", "", "", None, None),
        ("", "", "12.11.2026", "2026-11-11", None),
        ("", "11.11.2026", "", None, None),
    ],
)
def test_a_status_is_a_step_and_an_outcome(
    *,
    status: str,
    answered: str,
    closed: str,
    ended: str | None,
    outcome: Outcome | None,
    tmp_path: Path,
) -> None:
    row = {"Статус": status, "Дата ответа": answered, "Дата закрытия": closed}
    stated = one_row(tmp_path, **row).stated
    assert (stated.closed_at.date().isoformat() if stated.closed_at else None) == ended
    assert stated.outcome is outcome


def test_an_outcome_of_its_own_column_outweighs_the_status(tmp_path: Path) -> None:
    cells = {"Статус": "Решено", "Результат": "Разъяснено", "Дата ответа": "11.11.2026"}
    assert one_row(tmp_path, **cells).stated.outcome is Outcome.EXPLAINED


def test_an_unknown_status_is_kept_as_written(tmp_path: Path) -> None:
    extra = one_row(tmp_path, Статус="Ждёт решения комиссии").stated.extra
    assert extra == {"status_written": "Ждёт решения комиссии"}


def test_an_open_status_keeps_the_date_of_the_end_beside(tmp_path: Path) -> None:
    cells = {"Статус": "На доработке", "Дата закрытия": "12.11.2026"}
    extra = one_row(tmp_path, **cells).stated.extra
    assert extra["closed_at_written"] == "2026-11-11T21:00:00+00:00"


def test_a_register_tells_the_years_apart(tmp_path: Path) -> None:
    rows = [["Рег. №", "Дата рег.", "Содержание"]]
    # The first was registered on New Year's Day in Moscow, which is the old year in UTC.
    rows += [
        [number, day, "О дороге"] for number, day in (("17", "01.01.2026"), ("17", "2025-03-01"))
    ]
    rows += [["18", "", "О дороге"], ["н" * 199, "01.03.2026", "О дороге"]]
    path = as_csv("utf-8", ";")(tmp_path, rows)
    first, second, undated, long = table_of(path, BUILT_IN["registry"])
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert (first.post.external_id, second.post.external_id) == ("2026/17", "2025/17")
    assert isinstance(undated, Rejected)
    assert (undated.column, undated.reason[:8]) == ("Дата рег.", "нет даты")
    assert isinstance(long, Accepted)
    assert long.post.external_id.startswith("sha256:")


def test_an_export_that_may_be_of_several_systems_is_refused_with_their_names() -> None:
    headers = ["Номер обращения", "Дата регистрации", "Текст обращения", "Статус", "Срок"]
    with pytest.raises(TableError) as caught:
        choose(headers, where="выгрузка.csv")
    said = str(caught.value)
    assert "«выгрузка.csv» одинаково похож на несколько раскладок" in said
    for mapping in OFFICIAL:
        assert f"{mapping.name} — {mapping.title}" in said
    assert "--mapping pos" in said


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (["id", "text", "published_at", "status"], "plain"),
        (["ID", "Текст", "Дата", "Ссылка", "Автор", "Адрес", "Тема", "Статус"], "plain"),
        (["Номер обращения", "Дата регистрации", "Текст обращения", "Адрес", "Тема"], "plain"),
        (["Рег. №", "Дата рег.", "Содержание", "Состояние"], "registry"),
        (["№ ПОС", "Создано", "Описание", "Статус", "Ведомство"], "pos"),
        (["ID обращения", "Дата подачи", "Обращение", "Статус", "Ответить до"], "open_region"),
    ],
)
def test_headers_tell_the_system(headers: list[str], name: str) -> None:
    assert choose(headers, where="a.csv") is BUILT_IN[name]


def test_the_documentation_lists_what_is_looked_for() -> None:
    text = DOCS.read_text(encoding="utf-8")
    fields = dict.fromkeys(field for mapping in OFFICIAL for field in mapping.columns)
    for field in fields:
        cells = [", ".join(mapping.columns.get(field, ())) for mapping in OFFICIAL]
        assert f"| `{field}` | {' | '.join(cells)} |" in text
    for status, meaning in BUILT_IN["pos"].values["status"].items():
        assert re.search(rf"^\| .*\b{status}\b.* \| `{meaning}` \|", text, re.MULTILINE), status


def test_the_example_of_an_adjusted_mapping_works(tmp_path: Path) -> None:
    example = DOCS.read_text(encoding="utf-8").split("```yaml\n")[2].split("```")[0]
    path = tmp_path / "adjusted.yaml"
    path.write_text(example, encoding="utf-8")
    mapping = load_mapping(path)
    assert (mapping.name, mapping.network) == ("pos", Network.POS)
    assert mapping.values["status"]["Ждёт выезда"] == "open"
