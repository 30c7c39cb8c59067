"""XLSX workbooks: formulas, sheets, empty rows, broken and hostile archives."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.tables import Accepted, Rejected, Table, TableError, read_table

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.xlsx"


def save(path: Path, *rows: Sequence[object], title: str = "Данные") -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    book.save(path)


def change(path: Path, part: str, edit: Callable[[str], str]) -> None:
    """Rewrite one part of a workbook, as damage or malice would."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts.get(part, b"")
    parts[part] = edit(before.decode()).encode()
    assert parts[part] != before, "the edit found nothing to change"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def open_table(path: Path, sheet: str | None = None) -> Table:
    return read_table(path, source_zone=ZoneInfo("Europe/Moscow"), now=NOW, sheet=sheet)


def texts(rows: Table) -> list[str]:
    return [row.post.text if isinstance(row, Accepted) else f"! {row.reason}" for row in rows]


def test_a_sheet_gives_posts_with_the_numbers_of_its_rows(path: Path) -> None:
    save(
        path,
        [],
        ["ID", "Текст", "Дата", "Адрес", None],
        [17.0, "'Нет воды", datetime(2026, 3, 9, 14, 30), "Печерск"],  # noqa: DTZ001 - Excel has no zones
        [],
        [18, "Темно", 46090.5, datetime(2026, 3, 9)],  # noqa: DTZ001 - as above
        [19, "'", None, "Козино"],
    )
    table = open_table(path)

    first, second, third = table

    assert isinstance(first, Accepted)
    assert (first.row, first.position, table.size) == (3, 3, 6)
    assert first.post.stated.extra["id"] == "17"
    assert first.post.text == "Нет воды"
    assert first.post.published_at == datetime(2026, 3, 9, 11, 30, tzinfo=UTC)
    assert isinstance(second, Accepted)
    assert second.row == 5
    assert second.post.stated.place == "2026-03-09 00:00:00"
    assert second.post.published_at == datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    assert isinstance(third, Rejected)
    assert (third.row, third.column, third.reason) == (6, "Текст", "пустой текст")


def test_a_sheet_is_chosen_by_name_and_the_first_by_default(path: Path) -> None:
    save(path, ["text"], ["first"], title="Один")
    book = openpyxl.load_workbook(path)
    other = book.create_sheet("Два")
    other.append(["text"])
    other.append(["second"])
    book.save(path)

    assert texts(open_table(path)) == ["first"]
    assert texts(open_table(path, "Два")) == ["second"]
    with pytest.raises(TableError, match=r"нет листа «Три»\. Есть листы: Один, Два"):
        open_table(path, "Три")


def test_formulas_are_never_evaluated(path: Path) -> None:
    save(
        path,
        ["id", "text", "place", "не нужна"],
        [1, "=CONCAT(1,2)", "Печерск", None],
        [2, "Темно", "=A1", None],
        [3, "Холодно", "Печерск", "=A1"],
        [4, "Сыро", "Печерск", None],
    )
    rejected = [row for row in open_table(path) if isinstance(row, Rejected)]

    assert [(row.row, row.column) for row in rejected] == [(2, "text"), (3, "place")]
    assert rejected[0].reason.startswith("формула без вычисленного значения")
    assert texts(open_table(path))[2:] == ["Холодно", "Сыро"]


def test_a_formula_that_excel_has_calculated_gives_its_value(path: Path) -> None:
    save(path, ["text", "place"], ["=A", "=B"], ["=A", "=C"])

    def calculated(sheet: str) -> str:
        sheet = sheet.replace('<c r="A2"><f>A</f><v', '<c r="A2" t="str"><f>A</f><v>Темно</v><v')
        sheet = sheet.replace('<c r="A3"><f>A</f><v', '<c r="A3" t="str"><f>A</f><v>Сыро</v><v')
        # An empty text is a value as well.
        sheet = sheet.replace('<c r="B2"><f>B</f>', '<c r="B2" t="str"><f>B</f>')
        return sheet.replace('<c r="B3"><f>C</f><v', '<c r="B3" t="e"><f>C</f><v>#REF!</v><v')

    change(path, SHEET, calculated)
    first, second = open_table(path)
    assert isinstance(first, Accepted)
    assert (first.post.text, first.post.stated.place) == ("Темно", "")
    assert isinstance(second, Rejected)
    assert second.column == "place"
    assert second.reason == "ошибка формулы: исправьте её или вставьте значение"


@pytest.mark.parametrize("cell", [time(8, 30), timedelta(hours=30)])
def test_a_duration_is_no_date(path: Path, cell: object) -> None:
    save(path, ["text", "date"], ["Темно", cell])
    (row,) = open_table(path)
    assert isinstance(row, Rejected)
    assert row.reason == "вместо даты стоит длительность или время без даты"


def test_a_date_outside_of_excel_refuses_its_row_without_a_warning(path: Path) -> None:
    save(path, ["text", "date"], ["Темно", datetime(2026, 3, 9)], ["Сыро", None])  # noqa: DTZ001 - as above
    change(path, SHEET, lambda sheet: sheet.replace("<v>46090</v>", "<v>-99999999</v>"))
    assert texts(open_table(path)) == [
        "! ошибка формулы: исправьте её или вставьте значение",
        "Сыро",
    ]


def test_control_characters_as_excel_writes_them(path: Path) -> None:
    save(path, ["text"], ["Нет_x000D_\nводы_x0007_"], ["_xD83D_ беда"])
    assert texts(open_table(path)) == ["Нет\r\nводы", " беда"]


@pytest.mark.parametrize("dimension", ['"A1:A1"', '"A1:Z9"', None])
def test_the_size_that_a_file_states_is_not_believed(path: Path, dimension: str | None) -> None:
    save(path, ["id", "text"], [1, "Темно"], [2, "Сыро"])
    stated = f"<dimension ref={dimension} />" if dimension else ""
    change(path, SHEET, lambda sheet: sheet.replace('<dimension ref="A1:B3" />', stated))
    table = open_table(path)
    assert texts(table) == ["Темно", "Сыро"]
    assert table.size == 3


@pytest.mark.parametrize("forged", ["1048577", "999999999", "9" * 5000])
def test_a_forged_row_number_is_told(path: Path, forged: str) -> None:
    save(path, ["text"], ["Темно"], ["Сыро"])
    change(path, SHEET, lambda sheet: sheet.replace('<row r="3"', f'<row r="{forged}"'))
    with pytest.raises(TableError, match="не больше 1048576"):
        open_table(path)


def test_shared_strings_as_excel_writes_them(path: Path) -> None:
    save(path, ["text"], ["Темно"])
    inline = "<is><t>{}</t></is>"
    change(
        path,
        SHEET,
        lambda sheet: (
            sheet.replace("inlineStr", "s")
            .replace(inline.format("text"), "<v>1</v>")
            .replace(inline.format("Темно"), "<v>0</v>")
        ),
    )
    name = "spreadsheetml.sharedStrings+xml"
    change(
        path,
        "[Content_Types].xml",
        lambda types: types.replace(
            "</Types>",
            '<Override PartName="/xl/sharedStrings.xml" '
            f'ContentType="application/vnd.openxmlformats-officedocument.{name}"/></Types>',
        ),
    )
    change(
        path,
        "xl/sharedStrings.xml",
        lambda _: (
            '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            '<si><r><t>Нет </t></r><r><t xml:space="preserve">воды_x000D_\n</t></r></si>'
            "<si><t>text</t></si></sst>"
        ),
    )
    assert texts(open_table(path)) == ["Нет воды\r\n"]


def test_an_empty_sheet(path: Path) -> None:
    save(path)
    with pytest.raises(TableError, match="на листе «Данные» нет строки заголовков"):
        open_table(path)


def test_too_many_columns(path: Path) -> None:
    save(path, [f"c{number}" for number in range(1001)])
    with pytest.raises(TableError, match="больше 1000 колонок"):
        open_table(path)


def test_a_workbook_that_unpacks_to_a_thousand_times_its_size_is_not_unpacked(path: Path) -> None:
    save(path, ["text"], ["Темно"])
    change(path, SHEET, lambda sheet: sheet + " " * 30_000_000)
    with pytest.raises(TableError, match="слишком велика в распакованном виде"):
        open_table(path)


def test_a_part_that_openpyxl_would_hold_in_memory_is_bounded(path: Path) -> None:
    save(path, ["text"], ["Темно"])
    change(path, "xl/styles.xml", lambda styles: styles + " " * 34_000_000)
    with pytest.raises(TableError, match="слишком велика"):
        open_table(path)


def test_entities_do_not_expand(path: Path) -> None:
    save(path, ["text"], ["Темно"])
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE w [<!ENTITY e0 "нет воды">{levels}]>'
    change(path, SHEET, lambda sheet: bomb + sheet.replace("Темно", "&e11;"))
    with pytest.raises(TableError, match="не читается как книга Excel"):
        list(open_table(path))


def test_a_sheet_that_breaks_off_gives_what_stands_before(path: Path) -> None:
    save(path, ["text"], *[[f"Яма {number}"] for number in range(5000)])
    change(path, SHEET, lambda sheet: sheet[: sheet.index('<row r="4000"') + 9])
    table = open_table(path)
    seen: list[int] = []
    with pytest.raises(TableError, match="сохраните заново"):
        seen.extend(row.row for row in table)
    assert seen[0] == 2
    assert len(seen) > 3000


def test_an_archive_of_something_else(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(TableError, match="архив, но не книга Excel"):
        open_table(path)


def test_a_broken_archive(path: Path) -> None:
    save(path, ["text"], ["Темно"])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TableError, match="повреждена: архив не открывается"):
        open_table(path)


def test_an_encrypted_archive(path: Path) -> None:
    save(path, ["text"], ["Темно"])
    content = bytearray(path.read_bytes())
    flags = content.index(b"PK\x01\x02") + 8  # of the first entry of the directory
    content[flags] |= 1
    path.write_bytes(content)
    with pytest.raises(TableError, match="под паролем"):
        open_table(path)


def test_a_workbook_without_sheets(path: Path) -> None:
    save(path, ["text"], ["Темно"])
    change(path, "xl/workbook.xml", lambda book: re.sub("<sheets>.*</sheets>", "<sheets />", book))
    with pytest.raises(TableError, match="нет ни одного листа"):
        open_table(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_gives_rows_or_a_table_error(path: Path, at: int, patch: bytes) -> None:
    save(path, ["id", "text"], [1, "Темно"], [2, "=A1"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:  # stored, so that damage reaches the XML
        for name, content in parts.items():
            archive.writestr(name, content)
    damaged = bytearray(whole.getvalue())
    place = at * len(damaged) // 5001
    damaged[place : place + len(patch)] = patch
    path.write_bytes(damaged)
    try:
        for row in open_table(path):
            assert isinstance(row, (Accepted, Rejected))
    except TableError as error:
        assert str(path) in str(error)  # noqa: PT017 - damage may as well be harmless
