"""The region's files in the console: shown, checked, and a changed one tried."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from console.builders import NOW, Clock, Person, add_incident, add_source
from console.client import Browser, Page
from console.office import at_desk
from region_folder import SMALL, change, write_region
from sqlmodel import select

from models.incident import Incident
from models.vocabulary import Topic
from pipeline.console.app import create_app
from pipeline.console.pages.admin_region import LONGEST
from pipeline.database import reading, unit_of_work
from pipeline.decisions.deadlines import deadline
from pipeline.region.load import load_region
from pipeline.rules import calendar_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "lipki"
    folder.mkdir()
    return write_region(folder)


@pytest.fixture
def admin(
    console_engine: sa.Engine, administrator: Person, clock: Clock, folder: Path
) -> Iterator[Browser]:
    region = load_region(folder)
    app = create_app(
        engine=console_engine,
        region=region,
        calendar=calendar_of(region),
        clock=clock,
        folder=str(folder),
    )
    with at_desk(app, console_engine, administrator) as browser:
        yield browser


def attempt(
    browser: Browser, file: tuple[str, bytes] | None = None, **fields: str
) -> httpx.Response:
    """Send the form as a browser does: in parts, with or without a file."""
    form = {"form_token": browser.page("/admin/region").form_token, **fields}
    parts = {"upload": file or ("", b"")}
    return browser.send("POST", "/admin/region/try", data=form, files=parts)


def test_each_file_is_shown_with_its_lines(admin: Browser) -> None:
    for name, text in SMALL.items():
        page = admin.page(f"/admin/region?file={name}")
        lines = [one["id"] for one in page.all("span") if (one.get("id") or "").startswith("L")]
        assert len(lines) == text.count("\n"), name
        assert text.splitlines()[0] in page.text


@pytest.mark.parametrize("file", ["../otklik.db", "/etc/passwd", "region.yaml/..", "other.yaml"])
def test_nothing_but_the_files_of_a_region_is_shown(admin: Browser, file: str) -> None:
    assert admin.get(f"/admin/region?file={file}").status_code == 404


def test_the_password_of_a_proxy_is_not_shown(admin: Browser, folder: Path) -> None:
    (folder / "sources.yaml").write_text('proxy: "http://me:sesame@proxy:3128"\n', encoding="utf-8")
    page = admin.page("/admin/region?file=sources.yaml").text
    assert "sesame" not in page
    assert "http://…@proxy:3128" in page


def test_the_check_names_file_line_and_advice(admin: Browser, folder: Path) -> None:
    assert "Ошибок нет" in admin.page("/admin/region?check=yes").text
    change(folder, "routing.yaml", "topics: [roads]", "topics: [raods]")
    page = admin.page("/admin/region?check=yes")
    assert "routing.yaml, строка 2" in page.text
    assert "Возможно, имелось в виду «roads»" in page.text
    assert "/admin/region?file=routing.yaml#L2" in page.links


def test_a_folder_that_was_changed_since_the_start_is_told(admin: Browser, folder: Path) -> None:
    change(folder, "norms.yaml", "working_hours: 3", "working_hours: 2")
    assert "папка изменена после запуска" in admin.page("/admin/region?check=yes").text


def test_a_changed_norm_is_tried_on_past_incidents_and_kept_nowhere(
    admin: Browser, console_engine: sa.Engine, folder: Path
) -> None:
    # Given an incident that is due in eight working hours, as the folder says
    add(console_engine, load_region(folder))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    # When a file with three hours for all is tried
    answer = attempt(admin, ("norms.yaml", changed("urgent", "any")))
    # Then the page tells whose deadline would be another, and how to put it in force
    assert answer.status_code == 200
    page = Page(answer.text)
    assert "Сравнено инцидентов: 1" in page.text
    assert "1 срок раньше по нынешней папке — 0" in page.text
    assert "0 другой исполнитель по нынешней папке — 0" in page.text
    assert "/incident/1" in page.links
    assert "otklik deadlines apply" in page.text
    # And neither the folder nor the incident has changed
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with reading(console_engine) as session:
        assert session.exec(select(Incident)).one().norm == "8 рабочих часов"


def add(engine: sa.Engine, region: object) -> None:
    calendar = calendar_of(region)  # type: ignore[arg-type] # a region of the test's own folder
    since = NOW - timedelta(days=1)
    due = deadline(since, amount=8, unit="working_hours", calendar=calendar)
    with unit_of_work(engine) as session:
        add_incident(
            session,
            add_source(session),
            body="north",
            settlement="north",
            topic=Topic.ROADS,
            route_rule="Дороги",
            created_at=since,
            clock_from=since,
            due_at=due.due_at,
        )


def changed(old: str, new: str) -> bytes:
    assert old in SMALL["norms.yaml"]
    return SMALL["norms.yaml"].replace(old, new).encode()


def test_a_changed_route_moves_incidents(
    admin: Browser, console_engine: sa.Engine, folder: Path
) -> None:
    add(console_engine, load_region(folder))
    text = SMALL["routing.yaml"].replace("settlement_administration", "desk")
    page = Page(attempt(admin, name="routing.yaml", text=text).text)
    assert "1 другой исполнитель по нынешней папке — 0" in page.text
    assert "Отвечал бы" in page.text
    assert "Диспетчерская" in page.text


def test_the_same_file_changes_nothing(
    admin: Browser, console_engine: sa.Engine, folder: Path
) -> None:
    add(console_engine, load_region(folder))
    text = SMALL["norms.yaml"].replace("\n", "\r\n")
    assert "Без перемен" in attempt(admin, name="norms.yaml", text=text).text


@pytest.mark.parametrize(
    ("file", "fields", "said"),
    [
        (None, {}, "Выберите файл или вставьте его текст"),
        (("norms.yaml", b""), {}, "Выберите файл или вставьте его текст"),
        (("norms.docx", b"PK\x03\x04\xff\xfe\x00"), {}, "Файл не текстовый"),
        (("norms.docx", b"norms: []"), {}, "Непонятно, какой это файл: «norms.docx»"),
        (("../../evil/cron.yaml", b"norms: []"), {}, "Непонятно, какой это файл: «cron.yaml»"),
        (("norms.yaml", "norms: []".encode("utf-16")), {}, "не в кодировке UTF-8"),
        (("norms.yaml", b"#" * (LONGEST + 1)), {}, "Файл больше 512 КБ"),
        (None, {"text": "norms: []"}, "Выберите в списке, какой это файл"),
        (None, {"text": "x: 1", "name": "/etc/passwd"}, "Непонятно, какой это файл"),
        (("norms.yaml", b"norms: ["), {}, "это не YAML"),
        (("norms.yaml", b"norms: &a [*a]"), {}, "ссылки YAML"),
        (("norms.yaml", b"\x00\x01"), {}, "это не YAML"),
        (("bodies.yaml", b"bodies: []"), {}, "routing.yaml"),
        (("norms.yaml", b"norms: []"), {"since": "вчера"}, "не разобран"),
        (("norms.yaml", b"norms: []"), {"since": "0001-01-01"}, "не разобран"),
    ],
)
def test_what_is_no_file_of_a_region_is_told_and_not_tried(
    admin: Browser,
    folder: Path,
    file: tuple[str, bytes] | None,
    fields: dict[str, str],
    said: str,
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    answer = attempt(admin, file, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_form_as_large_as_a_film_is_refused_at_the_door(admin: Browser) -> None:
    answer = attempt(admin, ("norms.yaml", b"#" * 2_000_000))
    assert answer.status_code == 413


def test_hostile_words_of_a_file_are_shown_as_text(admin: Browser) -> None:
    text = "norms: <script>alert(1)</script>"
    answer = attempt(admin, name="norms.yaml", text=text)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
