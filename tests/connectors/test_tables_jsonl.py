"""JSON Lines: one object a line."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.tables import Accepted, Rejected, Table, TableError, read_table


def table_of(path: Path, content: bytes) -> Table:
    path.write_bytes(content)
    now = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    return read_table(path, source_zone=ZoneInfo("Europe/Moscow"), now=now)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.jsonl"


def test_an_object_with_nothing_in_it_is_refused_not_forgotten(path: Path) -> None:
    rows = list(table_of(path, b'{"text": "one"}\n{"text": ""}\n{}\n\n{"text": "two"}'))
    refused = [(row.row, row.reason) for row in rows if isinstance(row, Rejected)]
    assert refused == [(2, "пустой текст"), (3, "пустой текст")]


def test_bad_lines_are_refused_and_the_others_go_on(path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"text": "one"}',
        b"",
        b'["text"]',
        b'{"text": "cut',
        b'{"text": "\\ud800", "place": NaN}',
        '{"text": "Нет воды"}'.encode("cp1251"),
        b'{"text": {"nested": 1}}',
        b'{"text": "two", "place": "first seen here"}',
    ]
    rows = list(table_of(path, b"\r\n".join(lines)))

    assert [row.row for row in rows if isinstance(row, Accepted)] == [1, 8]
    refused = [(row.row, row.reason) for row in rows if isinstance(row, Rejected)]
    assert refused[0] == (3, "строка JSON — не объект {…}")
    assert [row for row, why in refused if why.startswith("строка не JSON")] == [4, 5, 6]
    assert refused[-1] == (7, "вложенное значение JSON: нужен текст или число")
    last = rows[-1]
    assert isinstance(last, Accepted)
    assert last.post.stated.place == "first seen here"
    assert last.position == path.stat().st_size


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"text": "половина \\ud83d пары"}', "половина  пары"),
        ('{"text": "другая половина\\uDC80"}', "другая половина"),
        ('{"text": "пара \\ud83d\\ude00 и половина \\ud83d"}', "пара 😀 и половина "),
        ('{"text": "косая черта \\\\ud83d и половина \\ud83d"}', "косая черта \\ud83d и половина "),
        ('{"text": "Темно", "place": "\\ud83d", "id": 1e400}', None),
        ('{"text": "Темно", "place": "\\ud83d", "id": %s}' % ("9" * 5000), None),
        ('{"text": "Темно", "place": "\\ud83d", "id": NaN}', None),
        ('{"text": "Темно", "place": "\\ud83d"', None),
        ('{"text": "\\ud83d", "place": ' + "[" * 100_000, None),
    ],
)
def test_half_of_a_pair_costs_itself_alone_and_pardons_nothing_else(
    path: Path,
    line: str,
    text: str | None,
) -> None:
    row, good = table_of(path, f'{line}\n{{"text": "Яма"}}\n'.encode())
    if text is None:
        assert isinstance(row, Rejected)
    else:
        assert isinstance(row, Accepted)
        assert row.post.text == text
    assert isinstance(good, Accepted)


def test_half_of_a_pair_in_what_is_only_kept(path: Path) -> None:
    (row,) = table_of(path, '{"text": "Темно", "group": ["\\ud83dа"], "\\udc00": 1}'.encode())
    assert isinstance(row, Accepted)
    assert row.post.stated.extra == {"group": '["а"]'}


def test_a_nested_value_that_is_only_kept_stays_json(path: Path) -> None:
    (row,) = table_of(path, '{"text": "Темно", "group": ["a", "б"]}'.encode())
    assert isinstance(row, Accepted)
    assert row.post.stated.extra == {"group": '["a","б"]'}


def test_a_line_of_many_megabytes_is_skipped(path: Path) -> None:
    huge = b'{"text": "' + b"x" * 20_000_001 + b'"}\n'
    first, second = table_of(path, huge + b'{"text": "hole"}')
    assert isinstance(first, Rejected)
    assert first.reason == "строка длиннее 10 млн байт; пропущена"
    assert isinstance(second, Accepted)
    assert second.row == 2


@pytest.mark.parametrize("content", [b"[]\n[]", b"text\nhole", b"[[" * 5000])
def test_a_file_without_one_object(path: Path, content: bytes) -> None:
    with pytest.raises(TableError, match="нет ни одного объекта JSON"):
        table_of(path, content)


def test_a_file_with_endless_keys(path: Path) -> None:
    lines = b"\n".join(b'{"text": "a", "k%d": 1}' % number for number in range(1001))
    with pytest.raises(TableError, match="больше 1000 разных ключей"):
        table_of(path, lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n"))
        .map(lambda text: text.lstrip("'"))
        .filter(lambda text: text.strip() != ""),
        min_size=1,
    ),
)
def test_whatever_is_written_reads_back(path: Path, written: list[str]) -> None:
    table = table_of(path, b"\n".join(orjson.dumps({"text": text}) for text in written))
    assert [row.post.text for row in table if isinstance(row, Accepted)] == written
