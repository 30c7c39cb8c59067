"""The 47-column export of the state system, with the traps of real files."""

import csv
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import orjson
import pytest

from connectors.table_mappings import IM
from connectors.tables import Accepted, Rejected, Table, read_table
from models.values import FetchedPost
from models.vocabulary import Network, Outcome, Topic

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HEADERS = [aliases[0] for aliases in IM.columns.values()]
ROW: dict[str, object] = {
    "ID": 700_017,
    "Номер инцидента": "'1-17",
    "Исполнитель": "Отдел дорог",
    "Общее время первого ответа": datetime(2025, 12, 25, 8, 36, 39),  # noqa: DTZ001 - Excel has no zones
    "Общий текст первого ответа": "'Здравствуйте! Яму засыпят до пятницы.",
    "Время с даты создания инцидента до времени первого ответа": timedelta(hours=36, minutes=5),
    "Время с даты создания инцидента до времени первого ответа, рабочее время": time(0, 7),
    "Первая реакция с момента назн. ПИ": 0.5 + 1 / 1440,
    "Текущий шаг инцидента": "Готово",
    "Дата создания": datetime(2025, 12, 24, 20, 6, 2),  # noqa: DTZ001 - as above
    "Дата окончания": "29.12.2025 09:40",
    "Группа тем": "Дороги",
    "Тема": "★ Ямы во дворах",
    "Регион": "Смоленская область",
    "Муниципалитет": "Смоленский район",
    "Населенный пункт": "Печерск",
    "Улица": "'",
    "Дом": 5,
    "Тип инцидента": "Не решаемый",
    "Итог": "Разъяснено",
    "Есть медиафайл в ответе": "Нет",
    "Урл поста": "https://vk.com/wall-1_17?reply=18",
    "Текст инцидента": "'[club1|Печерск], во дворе яма<br>Когда засыпят?",
    "1ый ответ ПИ": "'",
    "Причина закрытия": "Нет ответа от автора",
    "URL автора": "https://vk.com/id501",
    "Теги": "'",
}


def table_of(path: Path, *changes: dict[str, object]) -> Table:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADERS)
    for change in changes:
        sheet.append([{**ROW, **change}.get(header) for header in HEADERS])
    book.save(path)
    return read_table(
        path,
        source_zone=ZoneInfo("Europe/Moscow"),
        now=NOW,
        fine_topics={"Ямы во дворах": Topic.ROADS},
    )


def post_of(path: Path, **change: object) -> FetchedPost:
    (row,) = table_of(path, change)
    assert isinstance(row, Accepted), row
    return row.post


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "im.xlsx"


def test_a_row_of_the_export(path: Path) -> None:
    post = post_of(path)

    assert post.network is Network.TABLE
    assert post.external_id == "700017"
    assert post.text == "[club1|Печерск], во дворе яма<br>Когда засыпят?"
    assert post.published_at == datetime(2025, 12, 24, 17, 6, 2, tzinfo=UTC)
    assert post.url == "https://vk.com/wall-1_17?reply=18"
    assert post.author_id == "501"
    stated = post.stated
    assert stated.relevant is True
    assert stated.topic is Topic.ROADS
    assert stated.place == "Смоленский район, Печерск, д. 5"
    assert stated.closed_at == datetime(2025, 12, 29, 6, 40, tzinfo=UTC)
    assert stated.outcome is Outcome.EXPLAINED
    assert stated.extra == {
        "network": "vk",
        "number": "1-17",
        "executor": "Отдел дорог",
        "first_answer_at": "2025-12-25T05:36:39+00:00",
        "first_answer": "Здравствуйте! Яму засыпят до пятницы.",
        "first_answer_after": "36:05:00",
        "first_answer_after_working": "00:07:00",
        "executor_reaction": "12:01:00",
        "step": "Готово",
        "group": "Дороги",
        "fine_topic": "Ямы во дворах",
        "region": "Смоленская область",
        "municipality": "Смоленский район",
        "settlement": "Печерск",
        "house": "5",
        "type": "Нерешаемый",
        "answer_has_media": "Нет",
        "closing_reason": "Нет ответа от автора",
    }


@pytest.mark.parametrize("written", ["Нерешаемый", "Не решаемый", "не решаемый "])
def test_the_type_has_one_spelling(path: Path, written: str) -> None:
    assert post_of(path, **{"Тип инцидента": written}).stated.extra["type"] == "Нерешаемый"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome(path: Path, outcome: Outcome) -> None:
    assert post_of(path, Итог=f"'{outcome.russian} ").stated.outcome is outcome


def test_an_outcome_that_is_new_to_us_is_kept_as_written(path: Path) -> None:
    stated = post_of(path, Итог="Частично").stated
    assert (stated.outcome, stated.extra["outcome_written"]) == (None, "Частично")


@pytest.mark.parametrize("step", ["Оценка удовлетворенности", None])
def test_an_incident_is_closed_only_at_the_last_step(path: Path, step: str | None) -> None:
    stated = post_of(path, **{"Текущий шаг инцидента": step}).stated
    assert stated.closed_at is None
    assert stated.extra["closed_at_written"] == "2025-12-29T06:40:00+00:00"


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("https://vk.com/wall-1_2", "vk"),
        ("https://ok.ru/group/1/topic/2", "ok"),
        ("https://t.me/some/3", "table"),
        ("'", "table"),
    ],
)
def test_one_column_holds_the_links_of_all_networks(path: Path, url: str, network: str) -> None:
    post = post_of(path, **{"Урл поста": url})
    assert (post.network, post.stated.extra["network"]) == (Network.TABLE, network)


@pytest.mark.parametrize(
    ("street", "house", "place"),
    [
        ("Минская", "5", "Печерск, ул. Минская, д. 5"),
        ("Минская", "5к2", "Печерск, ул. Минская, д. 5к2"),
        ("Минская", None, "Печерск, ул. Минская"),
        ("улица Минская", "дом 5", "Печерск, улица Минская, дом 5"),
        ("пр-т Мира", "5", "Печерск, пр-т Мира, д. 5"),
        ("Мира пер.", "б/н", "Печерск, Мира пер., б/н"),
        # «Пролетарская» begins like «пр», and is no avenue for that.
        ("Пролетарская", 5, "Печерск, ул. Пролетарская, д. 5"),
    ],
)
def test_the_columns_of_a_place_make_an_address(
    path: Path,
    street: str,
    house: object,
    place: str,
) -> None:
    stated = post_of(path, Муниципалитет="'", Улица=street, Дом=house).stated
    assert stated.place == place
    assert stated.extra["street"] == street


def test_half_of_the_places_are_empty(path: Path) -> None:
    empty = dict.fromkeys(("Муниципалитет", "Населенный пункт", "Улица", "Дом"), "'")
    assert post_of(path, **empty).stated.place == ""


def test_a_fine_topic_that_the_model_does_not_know_is_kept(path: Path) -> None:
    stated = post_of(path, Тема="Новая тема").stated
    assert (stated.topic, stated.extra["topic_written"]) == (None, "Новая тема")


def test_a_duration_longer_than_a_day_that_excel_shows_as_a_date_of_1900(path: Path) -> None:
    table_of(path, {"Первая реакция с момента назн. ПИ": 1.5})
    book = openpyxl.load_workbook(path)
    column = HEADERS.index("Первая реакция с момента назн. ПИ") + 1
    sheet = book.active
    assert sheet is not None
    sheet.cell(2, column).number_format = "h:mm:ss"
    book.save(path)

    (row,) = read_table(path, source_zone=ZoneInfo("Europe/Moscow"), now=NOW)

    assert isinstance(row, Accepted)
    assert row.post.stated.extra["executor_reaction"] == "36:00:00"


def test_a_failed_formula_beside_the_message_does_not_lose_it(path: Path) -> None:
    # Excel answers so for a negative duration, and for a broken reference.
    stated = post_of(path, **{"Первая реакция с момента назн. ПИ": "#VALUE!"}).stated
    assert "executor_reaction" not in stated.extra


def test_bad_rows_are_refused_by_the_export_own_headers(path: Path) -> None:
    rows = table_of(
        path,
        {"Текст инцидента": "'"},
        {"Дата создания": timedelta(hours=1)},
        {"Дата окончания": "01.01.1970"},
        {},
    )
    refused = [(row.row, row.column) for row in rows if isinstance(row, Rejected)]
    assert refused == [(2, "Текст инцидента"), (3, "Дата создания"), (4, "Дата окончания")]


def test_the_same_export_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "im.csv"
    with path.open("w", encoding="cp1251", newline="") as file:
        writer = csv.DictWriter(file, HEADERS, delimiter=";")
        writer.writeheader()
        fraction = {"Первая реакция с момента назн. ПИ": "0,5006944444"}
        writer.writerow({**ROW, **fraction, "Тема": "Ямы"})  # Windows-1251 has no star
    (row,) = read_table(path, source_zone=ZoneInfo("Europe/Moscow"), now=NOW)
    assert isinstance(row, Accepted)
    assert row.post.published_at == datetime(2025, 12, 24, 17, 6, 2, tzinfo=UTC)
    assert row.post.stated.extra["executor_reaction"] == "12:01:00"
    assert row.post.stated.extra["first_answer_after_working"] == "00:07:00"


@pytest.mark.parametrize(("columns", "chosen"), [(47, "im"), (30, "im"), (29, "plain")])
def test_thirty_columns_make_it_the_export(tmp_path: Path, columns: int, chosen: str) -> None:
    needed = {"Текст инцидента", "ID", "Дата создания"}
    headers = sorted(HEADERS, key=lambda header: header not in needed)[:columns]
    path = tmp_path / "part.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(header.upper() for header in headers)
    table = read_table(path, source_zone=ZoneInfo("Europe/Moscow"), now=NOW)
    assert table.mapping.name == chosen


def test_every_column_of_the_export_is_read() -> None:
    layout = Path(__file__).parents[2] / "../shared/data/im_export_47_columns.json"
    if not layout.exists():
        pytest.skip("the list of the export's columns is not beside the repository")
    assert sorted(orjson.loads(layout.read_bytes())) == sorted(HEADERS)
