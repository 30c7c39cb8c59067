"""A watched folder: which files are read, when, how far, and what is told of the others."""

import asyncio
import json
import os
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Page, Rejected, SourceError
from connectors.folder import MAX_FILES, PAGE, Folder
from connectors.table_mappings import BUILT_IN
from connectors.tables import Mapping
from models.vocabulary import Network, Topic

NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
POS = "Номер ПОС;Дата создания;Текст;Статус;Ведомство"

Cursor = dict[str, object]


def folder(path: Path, mapping: Mapping | None = None) -> Folder:
    return Folder(path, mapping=mapping, zone=ZoneInfo("Europe/Moscow"))


def fetch(reader: Folder, cursor: Cursor | None = None, *, now: datetime = NOW) -> Page:
    # A cursor is stored as JSON between two calls.
    page = asyncio.run(reader.fetch(json.loads(json.dumps(cursor or {})), now=now))
    json.dumps(page.cursor).encode()
    return page


def fetch_all(reader: Folder, cursor: Cursor | None = None) -> tuple[list[Page], Cursor]:
    pages = [fetch(reader, cursor)]
    while pages[-1].more:
        pages.append(fetch(reader, pages[-1].cursor))
    return pages, pages[-1].cursor


def texts(*pages: Page) -> list[str]:
    return [post.text for page in pages for post in page.posts]


def put(path: Path, *lines: str, minutes_ago: float = 60) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return dated(path, minutes_ago)


def dated(path: Path, minutes_ago: float) -> Path:
    moment = (NOW - timedelta(minutes=minutes_ago)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_tables_are_read_once_the_oldest_first(tmp_path: Path) -> None:
    # Given a CSV, a workbook and JSON Lines
    put(tmp_path / "b.csv", "id;text", "1;Темно", minutes_ago=10)
    put(tmp_path / "c.jsonl", '{"text": "Яма"}', minutes_ago=30)
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Текст"])
    book.worksheets[0].append(["Нет воды"])
    book.save(tmp_path / "a.XLSX")
    dated(tmp_path / "a.XLSX", minutes_ago=20)
    # When the folder is read, and once more
    pages, cursor = fetch_all(folder(tmp_path))
    again, same = fetch_all(folder(tmp_path), cursor)
    # Then each was read once
    assert texts(*pages) == ["Яма", "Нет воды", "Темно"]
    assert (texts(*again), same) == ([], cursor)
    assert sorted(cursor["files"]) == ["a.XLSX", "b.csv", "c.jsonl"]  # type: ignore[call-overload]


def test_a_changed_file_is_read_again_and_a_gone_one_forgotten(tmp_path: Path) -> None:
    gone = put(tmp_path / "gone.csv", "text", "Яма")
    kept = put(tmp_path / "kept.csv", "id;text", "1;Темно")
    _, cursor = fetch_all(folder(tmp_path))
    gone.unlink()
    put(kept, "id;text", "1;Темно второй день", "2;Нет воды", minutes_ago=5)

    pages, cursor = fetch_all(folder(tmp_path), cursor)

    assert texts(*pages) == ["Темно второй день", "Нет воды"]
    assert list(cursor["files"]) == ["kept.csv"]  # type: ignore[call-overload]


def test_a_file_that_may_still_be_written_waits(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "text", "Яма", minutes_ago=9 / 60)
    assert fetch(folder(tmp_path)) == Page((), {"files": {}})
    assert texts(fetch(folder(tmp_path), now=NOW + timedelta(seconds=1))) == ["Яма"]


def test_a_file_dated_by_a_wrong_clock_is_read(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "text", "Яма", minutes_ago=-600)
    assert texts(fetch(folder(tmp_path))) == ["Яма"]


def test_a_long_file_comes_in_pages_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    rows = [f"{n};Темно {n}" for n in range(2 * PAGE + 7)]
    put(tmp_path / "a.csv", "id;text", *rows)

    first = fetch(folder(tmp_path))
    # Another process goes on from the stored cursor alone
    second = fetch(folder(tmp_path), first.cursor)
    same = folder(tmp_path)
    rest = fetch(same, second.cursor)

    assert [len(page.posts) for page in (first, second, rest)] == [PAGE, PAGE, 7]
    assert [page.more for page in (first, second, rest)] == [True, True, False]
    assert texts(first, second, rest) == [f"Темно {n}" for n in range(2 * PAGE + 7)]


def test_a_file_that_changes_between_two_pages_is_begun_anew(tmp_path: Path) -> None:
    rows = [f"{n};Темно {n}" for n in range(PAGE + 7)]
    path = put(tmp_path / "a.csv", "id;text", *rows)
    reader = folder(tmp_path)
    first = fetch(reader)
    put(path, "id;text", "1;Яма", minutes_ago=2)
    assert texts(fetch(reader, first.cursor)) == ["Яма"]


def test_a_file_that_changes_while_it_is_read_waits(tmp_path: Path) -> None:
    # Given a program that goes on writing at the moment when the file is opened
    path = put(tmp_path / "a.csv", "id;text", "1;Темно")
    put(tmp_path / "b.csv", "id;text", "1;Яма", minutes_ago=5)

    class Writing(dict[str, Topic]):
        def items(self) -> Any:
            put(path, "id;text", "1;Темно на всей улице", minutes_ago=0)
            return super().items()

    reader = Folder(
        tmp_path, mapping=None, zone=ZoneInfo("UTC"), fine_topics=Writing(a=Topic.OTHER)
    )
    # When the folder is read
    page = fetch(reader)
    # Then nothing of that file is taken, the other one is, and the first follows once it rests
    assert texts(page) == ["Яма"]
    later = fetch(folder(tmp_path), page.cursor, now=NOW + timedelta(minutes=1))
    assert texts(later) == ["Темно на всей улице"]


def test_links_folders_and_other_files_are_passed_over_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    watched = tmp_path / "watched"
    outside.mkdir()
    watched.mkdir()
    put(outside / "secret.csv", "text", "Чужое")
    (watched / "link.csv").symlink_to(outside / "secret.csv")
    (watched / "folder.csv").mkdir()
    put(watched / "folder.csv" / "inner.csv", "text", "Внутри")
    put(watched / "~$vygruzka.xlsx", "владелец")
    put(watched / ".part.csv", "text", "Недокачано")
    put(watched / "readme.txt", "text", "Не таблица")
    os.mkfifo(watched / "pipe.csv")
    put(watched / "a.csv", "text", "Яма")
    before = {entry.name: entry.stat() for entry in os.scandir(watched)}

    pages, _ = fetch_all(folder(watched))

    assert texts(*pages) == ["Яма"]
    assert [page.rejected for page in pages] == [()]
    after = {entry.name: entry.stat() for entry in os.scandir(watched)}
    assert {name: (was.st_size, was.st_mtime_ns) for name, was in before.items()} == {
        name: (now.st_size, now.st_mtime_ns) for name, now in after.items()
    }


def test_a_row_that_cannot_be_used_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "id;text;date", "1;Темно;66.66.2026", "2;Яма;10.11.2026")
    page = fetch(folder(tmp_path))
    assert texts(page) == ["Яма"]
    assert page.rejected == (
        Rejected(
            "Файл «a.csv», строка 2, колонка «date»: дата не разобрана: 66.66.2026.",
            "66.66.2026",
        ),
    )


def test_one_id_with_two_texts_in_a_file_is_refused_on_any_page(tmp_path: Path) -> None:
    rows = [f"{n};10.11.2026;Темно {n};Новое;" for n in range(PAGE + 1)]
    put(tmp_path / "a.csv", POS, *rows, "3;10.11.2026;Другое;Новое;", rows[4])
    first = fetch(folder(tmp_path))
    # A reader that begins on the second page knows the rows of the first as well
    second = fetch(folder(tmp_path), first.cursor)
    assert [post.external_id for post in second.posts] == [f"pos:{PAGE}", "pos:4"]
    (refused,) = second.rejected
    assert "тот же id уже стоит в строке 5 с другим текстом" in refused.what


def test_a_newer_file_may_say_otherwise_of_an_id(tmp_path: Path) -> None:
    row = "1;10.11.2026;{};Новое;"
    put(tmp_path / "new.csv", POS, row.format("Темно второй день"), minutes_ago=5)
    put(tmp_path / "old.csv", POS, row.format("Темно"), minutes_ago=50)
    pages, _ = fetch_all(folder(tmp_path))
    assert [post.external_id for page in pages for post in page.posts] == ["pos:1", "pos:1"]
    assert texts(*pages) == ["Темно", "Темно второй день"]


def test_the_numbers_of_two_systems_do_not_meet(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", POS, "1;10.11.2026;Темно;Новое;", minutes_ago=9)
    put(
        tmp_path / "b.csv",
        "Рег. №;Дата рег.;Содержание;Состояние",
        "1;10.11.2026;О дороге;В работе",
        minutes_ago=8,
    )
    pages, _ = fetch_all(folder(tmp_path))
    posts = [post for page in pages for post in page.posts]
    assert [(post.network, post.external_id) for post in posts] == [
        (Network.POS, "pos:1"),
        (Network.REGISTRY, "registry:2026/1"),
    ]


def test_a_long_id_stays_within_what_is_stored(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", POS, f"{'1' * 200};10.11.2026;Темно;Новое;")
    (post,) = fetch(folder(tmp_path)).posts
    assert post.external_id.startswith("pos:sha256:")
    assert len(post.external_id) <= 200


def test_a_mapping_and_fine_topics_are_used(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "Номер;Дата;Текст;Тема", "1;10.11.2026;Темно;Прорыв трубы")
    reader = Folder(
        tmp_path,
        mapping=BUILT_IN["registry"],
        zone=ZoneInfo("Asia/Vladivostok"),
        fine_topics={"Прорыв трубы": Topic.WATER},
    )
    (post,) = fetch(reader).posts
    assert post.external_id == "registry:2026/1"
    assert post.published_at == datetime(2026, 11, 9, 14, 0, tzinfo=UTC)
    assert post.stated.topic is Topic.WATER


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "пуст"),
        ("a.csv", "имя;возраст\nа;1".encode(), "нет колонки для поля text"),
        ("a.xlsx", b"PK\x03\x04 half a book", "архив не открывается"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(100), "старого Excel"),
        (
            "a.csv",
            "Номер обращения;Дата регистрации;Текст обращения;Статус\n1;;А;".encode(),
            "одинаково похож на несколько раскладок",
        ),
    ],
)
def test_a_broken_file_is_told_once_until_it_changes(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    broken = tmp_path / name
    broken.write_bytes(content)
    dated(broken, 60)
    put(tmp_path / "good.csv", "text", "Яма", minutes_ago=5)

    pages, cursor = fetch_all(folder(tmp_path))
    again, cursor = fetch_all(folder(tmp_path), cursor)
    put(broken, "text", "Починено", minutes_ago=1)
    mended, _ = fetch_all(folder(tmp_path), cursor)

    ((told,),) = [page.rejected for page in pages if page.rejected]
    assert said in told.what
    assert told.payload == name
    assert texts(*pages) == ["Яма"]
    assert [page.rejected for page in again] == [()]
    assert texts(*mended) == ["Починено"]


def test_what_stood_before_a_break_in_a_file_is_kept(tmp_path: Path) -> None:
    # Given a workbook that ends in the middle of its sheet
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Текст"])
    for number in range(PAGE + 20):
        book.worksheets[0].append([f"Темно {number}"])
    book.save(path)
    cut_sheet(path)
    dated(path, 60)
    # When it is read
    pages, cursor = fetch_all(folder(tmp_path))
    # Then its beginning is delivered, the break is told, and it is not tried again
    found = texts(*pages)
    assert found == [f"Темно {number}" for number in range(len(found))]
    assert PAGE < len(found) < PAGE + 20
    assert "не читается как книга Excel" in pages[-1].rejected[-1].what
    assert fetch(folder(tmp_path), cursor).rejected == ()


def cut_sheet(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    row = f'<row r="{PAGE + 10}"'.encode()
    parts[sheet] = parts[sheet][: parts[sheet].index(row)] + b"<row"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_a_file_that_may_not_be_read_is_told_and_tried_again(tmp_path: Path) -> None:
    locked = put(tmp_path / "a.csv", "text", "Яма", minutes_ago=60)
    put(tmp_path / "b.csv", "text", "Темно", minutes_ago=5)
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        pytest.skip("the superuser may read everything")
    pages, cursor = fetch_all(folder(tmp_path))
    assert texts(*pages) == ["Темно"]
    assert ["Нет права читать" in told.what for page in pages for told in page.rejected] == [True]
    locked.chmod(0o600)
    assert texts(fetch(folder(tmp_path), cursor)) == ["Яма"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"не читается: .*Проверьте, что она есть"):
        fetch(folder(tmp_path / "absent"))
    file = put(tmp_path / "a.csv", "text", "Яма")
    with pytest.raises(SourceError, match=r"«.*a\.csv» не читается"):
        fetch(folder(file))


def test_a_folder_with_too_many_tables(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.csv").touch()
    with pytest.raises(SourceError, match=f"таблиц {MAX_FILES + 1}, а принимается не больше"):
        fetch(folder(tmp_path))


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    put(tmp_path / os.fsdecode(b"\xff\xfe.csv"), "text", "Яма")
    page = fetch(folder(tmp_path))
    assert texts(page) == ["Яма"]
    assert fetch(folder(tmp_path), page.cursor).posts == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
marks = st.lists(st.integers() | st.booleans(), min_size=3, max_size=5)
cursors = st.dictionaries(st.sampled_from(["files", "x"]), json_values) | st.fixed_dictionaries(
    {"files": st.dictionaries(st.sampled_from(["a.csv", "b"]), marks | json_values)}
)


@given(cursor=cursors)
@settings(max_examples=100, deadline=None)
def test_a_damaged_cursor_never_stops_the_reading(cursor: Cursor) -> None:
    with tempfile.TemporaryDirectory() as name:
        put(Path(name) / "a.csv", "text", "Яма")
        page = fetch(folder(Path(name)), cursor)
        assert texts(page) in ([], ["Яма"])
        assert list(page.cursor["files"]) == ["a.csv"]  # type: ignore[call-overload]


@given(
    sizes=st.lists(st.sampled_from([0, 1, 3, PAGE - 1, PAGE, PAGE + 2]), min_size=1, max_size=3),
    fates=st.lists(st.sampled_from(["kept", "lost", "restarted"]), max_size=8),
)
@settings(max_examples=25, deadline=None)
def test_whatever_is_cut_off_or_repeated_the_store_ends_alike(
    sizes: list[int], fates: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        # Given files that speak of the same ids, each newer one otherwise
        expected: dict[str, str] = {}
        for number, size in enumerate(sizes):
            rows = [f"{n};10.11.2026;Текст {number} {n};Новое;" for n in range(size)]
            put(Path(name) / f"{9 - number}.csv", POS, *rows, minutes_ago=50 - number)
            expected |= {f"pos:{n}": f"Текст {number} {n}" for n in range(size)}
        # When pages are lost before they are stored, and the process is started anew
        stored: dict[str, str] = {}
        cursor: Cursor = {}
        reader, more = folder(Path(name)), True
        remaining = iter(fates)
        while more:
            page = fetch(reader, cursor)
            fate = next(remaining, "kept")
            if fate != "kept":
                reader = reader if fate == "lost" else folder(Path(name))
                continue
            stored |= {post.external_id: post.text for post in page.posts}
            cursor, more = page.cursor, page.more
        # Then nothing is missing and the newest file has the last word
        assert stored == expected
