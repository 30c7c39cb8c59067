"""CSV as people save it: encodings, delimiters, quotes, damage, and sizes meant to harm."""

import csv
import io
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.table_rows import MAX_FIELD
from connectors.tables import Accepted, Rejected, Table, TableError, read_table

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)

RUSSIAN = "id;текст;адрес\n1;Яма у школы, объехать нельзя. Ёлка № 5;Печерск\n2;НЕТ ВОДЫ;Козино\n"


def table_of(path: Path, content: bytes) -> Table:
    path.write_bytes(content)
    return read_table(path, source_zone=ZoneInfo("Europe/Moscow"), now=NOW)


def texts(rows: Table) -> list[str]:
    return [row.post.text if isinstance(row, Accepted) else f"! {row.reason}" for row in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8-r"])
def test_encodings_are_told_apart(path: Path, encoding: str) -> None:
    content = RUSSIAN if encoding != "koi8-r" else RUSSIAN.replace("№", "N")
    table = table_of(path, content.encode(encoding))
    assert texts(table) == [
        content.split(";")[3],
        "НЕТ ВОДЫ",
    ]
    assert table.columns == {"id": "id", "text": "текст", "place": "адрес"}


def test_an_encoding_that_shows_only_far_down_the_file(path: Path) -> None:
    plain = b"id;text\n" + b"".join(b"%d;OK\n" % number for number in range(60_000))
    assert texts(table_of(path, plain + "9;Нет воды".encode("cp1251")))[-1] == "Нет воды"


def test_a_damaged_byte_costs_its_own_row_alone(path: Path) -> None:
    good = "1;Нет воды в доме\n2;Яма на дороге\n".encode()
    table = table_of(path, b"id;text\n" + good + b"3;\xd0\xff\n" + good)
    assert texts(table) == [
        "Нет воды в доме",
        "Яма на дороге",
        "! байты не в кодировке файла: строка повреждена",
        "Нет воды в доме",
        "Яма на дороге",
    ]


def test_a_byte_that_windows_1251_does_not_have_costs_its_row(path: Path) -> None:
    table = table_of(path, RUSSIAN.encode("cp1251") + b"3;\x98 \xe2\xee\xe4\xfb\n")
    assert texts(table)[2] == "! байты не в кодировке файла: строка повреждена"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(path: Path, delimiter: str, newline: str) -> None:
    lines = ["id", "text", "place"], ["1", '"a;b,c\td"', "Печерск"]
    content = newline.join(delimiter.join(line) for line in lines)
    assert texts(table_of(path, content.encode())) == ["a;b,c\td"]


def test_known_headers_decide_between_delimiters(path: Path) -> None:
    table = table_of(path, "Год, месяц, день;Текст\n5;Темно".encode())
    assert texts(table) == ["Темно"]


def test_a_table_of_one_column_needs_no_quotes(path: Path) -> None:
    assert texts(table_of(path, "Текст\nЯма, лужа; грязь\n".encode())) == ["Яма, лужа; грязь"]


def test_rows_are_numbered_as_excel_shows_them(path: Path) -> None:
    table = table_of(
        path,
        b'\n\nid;text\n1;"two\nlines"\n\n;;;\n2;\n3;last\n',
    )
    assert [(row.row, type(row)) for row in table] == [(4, Accepted), (7, Rejected), (8, Accepted)]


def test_an_unquoted_delimiter_is_told_and_not_cut_off(path: Path) -> None:
    table = table_of(path, b"text;place\nhole; big;here\nhole;here;;\n")
    rejected, accepted = table
    assert isinstance(rejected, Rejected)
    assert rejected.column == "вся строка"
    assert rejected.reason.startswith("полей 3, а колонок 2")
    assert rejected.excerpt == "hole big here"
    assert isinstance(accepted, Accepted)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("mark", ["sep=", "SEP=", "\ufeffsep="])
def test_the_first_line_that_excel_writes_for_itself_is_skipped(
    path: Path,
    delimiter: str,
    mark: str,
) -> None:
    table = table_of(path, f"{mark}{delimiter}\r\ntext{delimiter}id\r\nhole{delimiter}7".encode())
    assert texts(table) == ["hole"]
    assert set(table.columns) == {"text", "id"}
    assert [row.row for row in table] == [3]


def test_a_file_of_that_line_alone_has_no_headers(path: Path) -> None:
    with pytest.raises(TableError, match="не найдена строка заголовков"):
        table_of(path, b"sep=;\r\n")


def test_a_short_row_lacks_only_what_it_lacks(path: Path) -> None:
    (row,) = table_of(path, b"text;place;date\nhole\n")
    assert isinstance(row, Accepted)
    assert row.post.published_at is None


def test_of_two_equal_headers_the_left_one_is_read(path: Path) -> None:
    table = table_of(path, b"text;Text\nleft;right\n")
    assert texts(table) == ["left"]
    assert table.ignored == ("Text",)


def test_a_quote_that_is_never_closed_costs_ten_million_characters_at_most(path: Path) -> None:
    line = b"1;" + b"x" * 998 + b"\n"
    content = b'id;text\n0;"open\n' + line * (MAX_FIELD // 1001 + 5)
    first, *others = table_of(path, content)
    assert isinstance(first, Rejected)
    assert "не закрыта кавычка" in first.reason
    assert others
    assert all(isinstance(row, Accepted) for row in others)


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_cell_of_many_megabytes_is_skipped(path: Path, quote: bytes) -> None:
    huge = quote + b"x" * (2 * MAX_FIELD + 7) + quote
    first, second = table_of(path, b"id;text\n1;" + huge + b"\n2;hole\n")
    assert isinstance(first, Rejected)
    assert first.reason.startswith("строка длиннее 10 млн знаков")
    assert isinstance(second, Accepted)
    assert second.row == 3


def test_a_record_of_endless_small_cells_is_skipped(path: Path) -> None:
    endless = b'"\n";' * (MAX_FIELD // 4)
    rows = list(table_of(path, b"id;text\n" + endless + b"\n2;hole\n"))
    assert isinstance(rows[0], Rejected)
    assert isinstance(rows[-1], Accepted)


def test_the_limit_of_the_csv_module_is_left_as_it_was(path: Path) -> None:
    before = csv.field_size_limit()
    iterator = iter(table_of(path, b"text;id\n" + b"x" * 200_000 + b";1\nhole;2\n"))
    next(iterator)
    assert csv.field_size_limit() == before


def test_memory_does_not_grow_with_the_file(path: Path) -> None:
    table = table_of(path, b"id;text\n" + (b"1;" + b"x" * 2000 + b"\n") * 8000)
    assert table.size > 16_000_000
    tracemalloc.start()
    try:
        count = sum(1 for _ in table)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 8000
    assert peak < 1_000_000


def test_a_file_that_vanishes_is_told(path: Path) -> None:
    table = table_of(path, b"id;text\n1;hole\n")
    path.unlink()
    with pytest.raises(TableError, match="не читается"):
        list(table)


# What a row may hold and give back unchanged: no control characters but tab and line ends, and
# something to read behind the apostrophe.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cn"), include_characters="\t\r\n"),
    min_size=1,
).filter(lambda text: text.removeprefix("'").strip() != "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=20), st.sampled_from([",", ";", "\t"]), st.booleans())
@example(['"', '""', ';",\r\n"', "'тест"], ";", True)
def test_whatever_is_written_reads_back(
    path: Path,
    written: list[str],
    delimiter: str,
    alone: bool,
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    for number, text in enumerate(["text", *written]):
        writer.writerow([text] if alone else [number, text, "да"])
    content = file.getvalue().encode("utf-8-sig")
    assert texts(table_of(path, content)) == [text.removeprefix("'") for text in written]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"text\n", b"id;text\n", b'{"text":"a"}\n']))
@example(b'"\x00\r\r"\n', b"text\n")
@example(b"\x98" * 99, b"text\n")
def test_no_bytes_break_anything(path: Path, content: bytes, head: bytes) -> None:
    try:
        for row in table_of(path, head + content):
            assert isinstance(row, (Accepted, Rejected))
    except TableError as error:
        assert str(path) in str(error)  # noqa: PT017 - a file of rubbish may as well be readable
