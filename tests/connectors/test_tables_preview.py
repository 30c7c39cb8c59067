"""A preview: what a person sees of a table before anything is stored."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.table_preview import MAX_KINDS, preview
from connectors.tables import Table, read_table

NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)


def table_of(folder: Path, *lines: str) -> Table:
    path = folder / "export.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_table(path, source_zone=ZoneInfo("Europe/Moscow"), now=NOW)


HEADER = "Номер ПОС;Дата создания;Текст;Статус;Ведомство;Категория"


def test_the_whole_file_is_counted_and_its_beginning_shown(tmp_path: Path) -> None:
    lines = [f"{n};10.11.2026;Темно {n};Новое;;Дороги" for n in range(1, 9)]
    lines[1] = "2;66.11.2026;Темно;Новое;;"
    lines[6] = "1;10.11.2026;Другое;Новое;;"  # the id of the first row with another text

    seen = preview(table_of(tmp_path, HEADER, *lines), samples=3)

    assert [sample.row for sample in seen.samples] == [2, 4, 5]
    assert (seen.accepted, seen.rejected) == (6, 2)
    assert seen.refusals == (
        (("Дата создания", "дата не разобрана: 66.11.2026"), 1),
        (("id", "тот же id уже стоит в строке 2 с другим текстом"), 1),
    )
    assert (seen.statuses, seen.topics) == ((), ())


def test_values_that_the_mapping_does_not_know_are_counted(tmp_path: Path) -> None:
    lines = [
        f"{n};10.11.2026;Темно;{status};;{topic}"
        for n, (status, topic) in enumerate(
            [("Ждёт", "ЖКХ"), ("Ждёт", "Дороги"), ("Спит", "ЖКХ"), ("Новое", ""), ("Ждёт", "ЖКХ")]
        )
    ]
    seen = preview(table_of(tmp_path, HEADER, *lines))
    assert seen.statuses == (("Ждёт", 3), ("Спит", 1))
    assert seen.topics == (("ЖКХ", 3),)


def test_a_column_of_endless_kinds_is_counted_within_bounds(tmp_path: Path) -> None:
    lines = [f"{n};10.11.2026;Темно;особое {n};;" for n in range(MAX_KINDS + 50)]
    seen = preview(table_of(tmp_path, HEADER, *lines), listed=MAX_KINDS + 50)
    assert len(seen.statuses) == MAX_KINDS
    assert seen.accepted == MAX_KINDS + 50
