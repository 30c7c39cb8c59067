"""A table of messages: what becomes of its columns, and which rows are refused."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from connectors.tables import Accepted, Rejected, TableError, read_table
from models.values import FetchedPost
from models.vocabulary import Network, PostKind, Topic

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
FINE = {"★ Ямы во дворах": Topic.ROADS, "Прорыв трубы": Topic.WATER}
DATA = Path(__file__).parent.parent / "data" / "tables"


def read(path: Path) -> list[Accepted | Rejected]:
    return list(read_table(path, source_zone=MOSCOW, now=NOW, fine_topics=FINE))


def rows_of(tmp_path: Path, *objects: object) -> list[Accepted | Rejected]:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(row) for row in objects))
    return read(path)


def post_of(tmp_path: Path, row: object) -> FetchedPost:
    (accepted,) = rows_of(tmp_path, row)
    assert isinstance(accepted, Accepted), accepted
    return accepted.post


def reject_of(tmp_path: Path, row: object) -> Rejected:
    # A good row beside the bad one shows that the others go on.
    rejected, good = rows_of(tmp_path, row, {"text": "Темно на улице"})
    assert isinstance(rejected, Rejected), rejected
    assert isinstance(good, Accepted), good
    assert rejected.row == 1
    return rejected


def test_a_plain_table_gives_posts() -> None:
    table = read_table(DATA / "plain.csv", source_zone=MOSCOW, now=NOW)

    first, second = table

    assert table.mapping.name == "plain"
    assert table.columns["published_at"] == "Дата публикации"
    assert table.ignored == ("Оператор смены",)
    assert isinstance(first, Accepted)
    assert first.row == 2
    assert first.post == FetchedPost(
        network=Network.TABLE,
        external_id=first.post.external_id,
        kind=PostKind.POST,
        text="Яма у остановки;\nобъехать нельзя",
        published_at=datetime(2026, 3, 9, 11, 30, tzinfo=UTC),
        url="https://vk.com/wall-1_17",
        author_id="501",
        stated=first.post.stated,
    )
    assert first.post.stated.relevant is None
    assert first.post.stated.topic is Topic.ROADS
    assert first.post.stated.place == "Печерск, Минская"
    assert first.post.stated.extra == {"network": "vk", "id": "17"}
    assert isinstance(second, Accepted)
    assert second.row == 3
    assert second.position == table.size == (DATA / "plain.csv").stat().st_size


def test_a_table_is_read_again_from_its_start() -> None:
    table = read_table(DATA / "plain.csv", source_zone=MOSCOW, now=NOW)
    assert list(table) == list(table)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("'Нет воды", "Нет воды"),
        ("''Нет воды'", "'Нет воды'"),
        ("  Нет воды \n", "  Нет воды \n"),
        ("[id1|Имя], нет воды<br>третий день", "[id1|Имя], нет воды<br>третий день"),
        ("Нет\x00 воды\x07\x1b", "Нет воды"),
        ("Нет\tводы\r\nсовсем", "Нет\tводы\r\nсовсем"),
    ],
)
def test_text_stays_as_sent_but_for_the_export_apostrophe_and_controls(
    tmp_path: Path,
    written: str,
    kept: str,
) -> None:
    assert post_of(tmp_path, {"text": written}).text == kept


@pytest.mark.parametrize("empty", ["", "  \n", "'", "\x00", None])
def test_a_row_without_text_is_refused(tmp_path: Path, empty: str | None) -> None:
    rejected = reject_of(tmp_path, {"text": empty, "place": "Печерск"})
    assert (rejected.column, rejected.reason) == ("text", "пустой текст")


def test_an_object_with_nothing_at_all_is_refused(tmp_path: Path) -> None:
    refused = rows_of(tmp_path, {"text": ""}, {"text": None})
    assert [(row.row, row.reason) for row in refused if isinstance(row, Rejected)] == [
        (1, "пустой текст"),
        (2, "пустой текст"),
    ]


def test_a_huge_text_is_refused_and_quoted_briefly(tmp_path: Path) -> None:
    rejected = reject_of(tmp_path, {"text": "я" * 1_000_000})
    assert rejected.reason.startswith("текст длиннее 100000 знаков (1000000)")
    assert len(rejected.excerpt) == 200


def test_the_longest_text_is_taken(tmp_path: Path) -> None:
    assert len(post_of(tmp_path, {"text": "я" * 100_000}).text) == 100_000


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-09T14:30:00+03:00", datetime(2026, 3, 9, 11, 30, tzinfo=UTC)),
        ("2026-03-09 14:30", datetime(2026, 3, 9, 11, 30, tzinfo=UTC)),
        ("09.03.2026 14:30:59", datetime(2026, 3, 9, 11, 30, 59, tzinfo=UTC)),
        ("09.03.2026, 14:30", datetime(2026, 3, 9, 11, 30, tzinfo=UTC)),
        ("9.3.2026 9:05", datetime(2026, 3, 9, 6, 5, tzinfo=UTC)),
        ("09.03.2026", datetime(2026, 3, 8, 21, 0, tzinfo=UTC)),
        ("'09.03.2026", datetime(2026, 3, 8, 21, 0, tzinfo=UTC)),
        (1_773_055_800, datetime(2026, 3, 9, 11, 30, tzinfo=UTC)),
        (1_773_055_800_000, datetime(2026, 3, 9, 11, 30, tzinfo=UTC)),
        ("", None),
        ("'", None),
        (None, None),
    ],
)
def test_dates(tmp_path: Path, written: object, moment: datetime | None) -> None:
    assert post_of(tmp_path, {"text": "Темно", "date": written}).published_at == moment


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("31.02.2026", "дата не разобрана: 31.02.2026"),
        ("09.03.26", "дата не разобрана: 09.03.26"),
        ("09.03.2026 25:00", "дата не разобрана: 09.03.2026 25:00"),
        ("вчера", "дата не разобрана: вчера"),
        ("1970-01-01", "дата раньше 2005 года: 1970-01-01 00:00:00"),
        ("0001-01-01", "дата раньше 2005 года: 0001-01-01 00:00:00"),
        ("2099-12-31", "дата в будущем: 2099-12-31 00:00:00"),
        ("9999-12-31T23:59:59-12:00", "дата в будущем: 9999-12-31 23:59:59-12:00"),
        ("2026-03-11T12:00:01+03:00", "дата в будущем: 2026-03-11 12:00:01+03:00"),
        (-5, "число вместо даты: -5"),
        (1e300, "число вместо даты: 1e+300"),
        (0.5, "число вместо даты: 0.5"),
        (True, "дата не разобрана: true"),
        ({"день": 1}, "вложенное значение JSON: нужен текст или число"),
    ],
)
def test_a_row_with_a_wrong_date_is_refused(tmp_path: Path, written: object, reason: str) -> None:
    rejected = reject_of(tmp_path, {"text": "Темно", "дата": written})
    assert (rejected.column, rejected.reason) == ("дата", reason)


def test_a_clock_that_is_a_day_fast_is_forgiven(tmp_path: Path) -> None:
    post = post_of(tmp_path, {"text": "Темно", "date": "2026-03-11T12:00:00+03:00"})
    assert post.published_at == datetime(2026, 3, 11, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "topic", "extra"),
    [
        ({"topic": "roads"}, Topic.ROADS, {}),
        ({"topic": "Дороги и  тротуары"}, Topic.ROADS, {}),
        ({"topic": "СТРОИТЕЛЬСТВО И АВАРИЙНОЕ ЖИЛЬЕ"}, Topic.CONSTRUCTION, {}),
        ({"topic": "ямы во дворах"}, Topic.ROADS, {"fine_topic": "★ Ямы во дворах"}),
        ({"topic": "Полёты на Луну"}, None, {"topic_written": "Полёты на Луну"}),
        ({"topic": ""}, None, {}),
        ({"code": "water"}, Topic.WATER, {}),
        # The coarse code wins over what the fine topic would give.
        (
            {"code": "snow", "topic": "Ямы во дворах"},
            Topic.SNOW,
            {"fine_topic": "★ Ямы во дворах"},
        ),
        ({"code": "snow", "topic": "Наледь"}, Topic.SNOW, {"fine_topic": "Наледь"}),
        # A code that is none of ours is some other code.
        ({"code": "А-17", "topic": "Прорыв трубы"}, Topic.WATER, {"code": "А-17"}),
    ],
)
def test_topics(
    tmp_path: Path,
    row: dict[str, str],
    topic: Topic | None,
    extra: dict[str, str],
) -> None:
    stated = post_of(tmp_path, {"text": "Темно", **row}).stated
    assert stated.topic is topic
    assert {name: stated.extra[name] for name in extra} == extra
    assert ("topic_written" in stated.extra) == ("topic_written" in extra)
    assert "topic" not in stated.extra


@pytest.mark.parametrize(
    ("author", "account"),
    [
        ("https://vk.com/id501", "501"),
        ("http://m.vk.ru/id501/", "501"),
        ("https://vk.com/club77", "-77"),
        ("https://ok.ru/profile/990077", "990077"),
        ("vk.com/some_page", "https://vk.com/some_page"),
        ("501", "501"),
        (501, "501"),
        ("Две Собаки", ""),
        # As a link these 200 characters would be longer than an account may be.
        (f"vk.com/{'a' * 193}", f"vk.com/{'a' * 193}"),
    ],
)
def test_an_author_becomes_an_account_and_never_a_name(
    tmp_path: Path,
    author: object,
    account: str,
) -> None:
    post = post_of(tmp_path, {"text": "Темно", "author": author})
    assert post.author_id == account
    assert "author" not in post.stated.extra


@pytest.mark.parametrize(
    ("written", "url", "extra"),
    [
        ("https://vk.com/wall-1_2", "https://vk.com/wall-1_2", {"network": "vk"}),
        ("ok.ru/group/5/topic/6", "https://ok.ru/group/5/topic/6", {"network": "ok"}),
        ("https://t.me/some/5", "https://t.me/some/5", {"network": "table"}),
        ("https://vk.com.example.org/", "https://vk.com.example.org/", {"network": "table"}),
        ("https://notvk.com/", "https://notvk.com/", {"network": "table"}),
        ("javascript:alert(1)", "", {"network": "table", "url": "javascript:alert(1)"}),
        ("", "", {"network": "table"}),
        (
            f"https://vk.com/{'a' * 2000}",
            "",
            {"network": "table", "url": f"https://vk.com/{'a' * 2000}"},
        ),
        (
            f"vk.com/{'a' * 1990}",
            "",
            {"network": "table", "url": f"vk.com/{'a' * 1990}"},
        ),
    ],
)
def test_only_web_links_become_links(
    tmp_path: Path,
    written: str,
    url: str,
    extra: dict[str, str],
) -> None:
    post = post_of(tmp_path, {"text": "Темно", "url": written})
    assert (post.url, post.stated.extra) == (url, extra)
    assert post.network is Network.TABLE


def ids(rows: Sequence[Accepted | Rejected]) -> list[str]:
    return [row.post.external_id for row in rows if isinstance(row, Accepted)]


def test_exact_repeats_without_an_id_coincide(tmp_path: Path) -> None:
    row = {"text": "Темно", "date": "09.03.2026", "url": "https://vk.com/wall1_1", "author": "5"}
    same = {**row, "text": "'Темно", "date": "2026-03-09T00:00:00+03:00", "place": "Печерск"}
    others = [{**row, field: ""} for field in ("date", "url", "author")]

    found = ids(rows_of(tmp_path, row, same, *others, {**row, "text": "темно"}))

    assert found[0] == found[1]
    assert len(set(found)) == 5
    assert found[0].startswith("sha256:")
    assert len(found[0]) == len("sha256:") + 32


@pytest.mark.parametrize(("given", "kept"), [("А-7 ", "А-7"), (7, "7"), (7.0, "7"), (2**60, None)])
def test_a_given_id_is_kept(tmp_path: Path, given: object, kept: str | None) -> None:
    post = post_of(tmp_path, {"text": "Темно", "id": given})
    assert post.stated.extra["id"] == (kept or str(2**60))
    assert post.external_id.startswith("sha256:")


def test_plain_tables_that_both_count_from_one_do_not_overwrite_each_other(tmp_path: Path) -> None:
    monday = [{"id": 1, "text": "Темно"}, {"id": 2, "text": "Нет воды"}]
    tuesday = [{"id": 1, "text": "Яма"}, {"id": 2, "text": "Гололёд"}]

    found = ids(rows_of(tmp_path, *monday)) + ids(rows_of(tmp_path, *tuesday))

    assert len(set(found)) == 4


def test_the_same_row_of_a_plain_table_is_the_same_message(tmp_path: Path) -> None:
    row = {"id": 1, "text": "Темно", "date": "09.03.2026"}
    # An export may write the number as text, and add a column.
    again = {"id": "1", "text": "'Темно", "date": "2026-03-09", "place": "Печерск"}

    assert ids(rows_of(tmp_path, row)) == ids(rows_of(tmp_path, again))


def test_equal_texts_under_two_numbers_are_two_messages(tmp_path: Path) -> None:
    rows = [{"id": number, "text": "Темно"} for number in (1, 2, "")]
    assert len(set(ids(rows_of(tmp_path, *rows)))) == 3


def test_an_id_is_two_hundred_characters_at_most(tmp_path: Path) -> None:
    assert post_of(tmp_path, {"text": "Темно", "id": "9" * 200}).stated.extra["id"] == "9" * 200


@pytest.mark.parametrize("given", [1e17, "9" * 201, ["7"]])
def test_an_id_that_cannot_be_trusted_refuses_the_row(tmp_path: Path, given: object) -> None:
    assert reject_of(tmp_path, {"text": "Темно", "id": given}).column == "id"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "пуст"),
        ("a.csv", b"\xef\xbb\xbf\r\n \r\n", "пуст"),
        ("a.csv", b";;\n", "не найдена строка заголовков"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "старого Excel"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "картинка"),
        ("a.csv", b"%PDF-1.7", "PDF"),
        ("a.csv.gz", b"\x1f\x8b\x08\0", "архив"),
        ("a.csv", "text\nТемно".encode("utf-16"), "UTF-16"),
        ("a.csv", b"text" + bytes(range(32)) * 9, "не таблица"),
        ("a.json", b'[{"text": "a"}]', "один массив JSON"),
        ("a.csv", "id;Тектс\n1;Темно".encode(), "Похоже на неё: «Тектс» вместо «текст»"),
        ("a.csv", b"text\n" + bytes(range(0xA0, 0xF0)) * 3, "кодировка не распознана"),
        ("a.csv", b"a;" * 1001, "колонок"),
    ],
)
def test_a_file_of_which_nothing_can_be_used(
    tmp_path: Path,
    name: str,
    content: bytes,
    message: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_a_missing_column_is_told_with_the_headers_that_were_found(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("номер;примечание\n1;Темно", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read(path)
    assert "нет колонки для поля text" in str(caught.value)
    assert "Подойдёт заголовок: text, текст" in str(caught.value)
    assert "Найдены: номер, примечание." in str(caught.value)


def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="Проверьте путь"):
        read(tmp_path / "none.csv")
    with pytest.raises(TableError, match="папка"):
        read(tmp_path)
    with pytest.raises(TableError, match="не обычный файл"):
        read(Path("/dev/null"))
    with pytest.raises(TableError, match="Проверьте"):
        read(Path("a\0b.csv"))


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nТемно", encoding="utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("the superuser may read everything")
    with pytest.raises(TableError, match="Нет права читать"):
        read(path)


def test_a_sheet_is_asked_of_workbooks_alone() -> None:
    with pytest.raises(TableError, match="нет листов"):
        read_table(DATA / "plain.csv", source_zone=MOSCOW, now=NOW, sheet="Лист1")
