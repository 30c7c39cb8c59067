"""The journal's page: filters, pages, the check of the chain, the table."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, Person, add_incident, add_person, add_source
from console.client import Browser, Page
from console.office import at_desk
from console.test_hostile import HOSTILE
from fastapi import FastAPI

from models.journal import JournalEntry
from models.vocabulary import Act, Role
from pipeline.console.pages.admin_journal import DANGEROUS, Check
from pipeline.database import reading, unit_of_work
from pipeline.desk import journal
from pipeline.store.journal import Wanted, find_entries


@pytest.fixture
def admin(app: FastAPI, console_engine: sa.Engine, administrator: Person) -> Iterator[Browser]:
    with at_desk(app, console_engine, administrator) as browser:
        yield browser


def note(
    engine: sa.Engine,
    count: int = 1,
    *,
    act: Act = Act.CORRECTED,
    actor: str = "operator",
    at: datetime = NOW,
    incident_id: int | None = None,
    reason: str = "",
) -> None:
    with unit_of_work(engine) as session:
        for _ in range(count):
            journal.write(session, act, at=at, incident_id=incident_id, actor=actor, reason=reason)


def numbers(page: Page) -> list[str]:
    """Return the acts' numbers as the page shows them."""
    return [one["data-number"] or "" for one in page.all("tr") if "data-number" in one]


def test_the_newest_stand_first_and_the_older_ones_on_the_next_page(
    admin: Browser, console_engine: sa.Engine
) -> None:
    note(console_engine, 120)
    first = admin.page("/admin/journal")
    assert numbers(first) == [str(number) for number in range(121, 71, -1)]
    (older,) = [link for link in first.links if "below=" in link]
    second = admin.page(older)
    assert numbers(second) == [str(number) for number in range(71, 21, -1)]
    assert "/admin/journal" in second.links
    (oldest,) = [link for link in second.links if "below=" in link]
    assert numbers(admin.page(oldest)) == [str(number) for number in range(21, 0, -1)]


def test_each_filter_leaves_what_fits(admin: Browser, console_engine: sa.Engine) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, add_source(session))  # № 2, after the administrator's own
    note(console_engine, act=Act.RETURNED, actor="vasya", incident_id=incident.id)  # № 3
    note(console_engine, act=Act.STAFF_CHANGED, actor="admin", at=NOW + timedelta(days=2))  # № 4
    for query, expected in (
        ("", ["4", "3", "2", "1"]),
        (f"incident={incident.id}", ["3", "2"]),
        ("incident=№ 1", ["3", "2"]),
        ("actor=vasya", ["3"]),
        ("act=staff_changed", ["4", "1"]),
        ("since=2026-11-19", ["4"]),
        ("until=2026-11-18", ["3", "2", "1"]),
        ("since=2026-11-20&until=2026-11-20", ["4"]),
        ("since=2026-11-21", []),
        ("actor=vasya&act=opened", []),
    ):
        assert numbers(admin.page(f"/admin/journal?{query}")) == expected, query


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("incident=семь", "Здесь нужен номер"),
        ("incident=0", "Здесь нужен номер"),
        ("incident=99999999999999", "Здесь нужен номер"),
        ("act=exploded", "Такого действия нет"),
        ("since=вчера", "Это не дата"),
        ("since=0001-01-01", "Это не дата"),
        ("since=2026-11-20&until=2026-11-19", "Конец периода раньше начала"),
    ],
)
def test_a_filter_that_makes_no_sense_is_told_beside_its_field(
    admin: Browser, query: str, said: str
) -> None:
    answer = admin.get(f"/admin/journal?{query}")
    assert answer.status_code == 422
    assert said in answer.text
    assert admin.get(f"/admin/journal.csv?{query}").status_code == 303


def test_a_rare_act_is_looked_for_lot_by_lot(console_engine: sa.Engine) -> None:
    # Given the wanted entry far below the newest ones
    note(console_engine, act=Act.MERGED)
    note(console_engine, 30)
    wanted = Wanted(act=Act.MERGED)
    # When a page looks through ten entries at a time
    below: int | None = None
    looked = []
    with reading(console_engine) as session:
        while True:
            found = find_entries(session, wanted, below=below, limit=5, look=10)
            looked.append([entry.id for entry in found.entries])
            if found.below is None:
                break
            below = found.below
    # Then nobody waits for all, and nothing is lost
    assert looked == [[], [], [], [1]]


def test_a_moment_leads_to_its_entries_however_many_there_are(console_engine: sa.Engine) -> None:
    for day in range(10):
        note(console_engine, 300, at=NOW + timedelta(days=day))
    wanted = Wanted(since=NOW + timedelta(days=4), until=NOW + timedelta(days=5))
    with reading(console_engine) as session:
        found = find_entries(session, wanted, below=None, limit=1000)
    assert [entry.id for entry in found.entries] == list(range(1500, 1200, -1))


def test_the_check_finds_the_journal_whole(admin: Browser, console_engine: sa.Engine) -> None:
    note(console_engine, 20)
    assert "ещё не проверяли" in admin.page("/admin/journal/check").text
    checked(admin)
    page = admin.page("/admin/journal/check").text
    assert "Журнал цел Записей: 21." in page
    with reading(console_engine) as session:
        newest = session.get_one(JournalEntry, 21)
    assert newest.digest in page


def test_the_check_names_what_was_changed(admin: Browser, console_engine: sa.Engine) -> None:
    note(console_engine, 20)
    forge(console_engine)
    checked(admin)
    page = admin.page("/admin/journal/check").text
    assert "Журнал изменён в обход программы" in page
    assert "№ 7" in page
    assert "Журнал цел" not in page


def forge(engine: sa.Engine) -> None:
    """Change an entry as somebody with the database's password would."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE journal DISABLE TRIGGER journal_stays")
        else:
            connection.exec_driver_sql("DROP TRIGGER journal_stays_update")
        connection.exec_driver_sql("UPDATE journal SET actor = 'nobody' WHERE id = 7")
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE journal ENABLE TRIGGER journal_stays")


def checked(browser: Browser) -> None:
    """Start a check and wait until it has ended."""
    assert browser.submit("/admin/journal", "/admin/journal/check").status_code == 303
    transport = browser.http._transport
    check: Check = transport.app.state.journal_check  # type: ignore[attr-defined] # httpx hides it
    assert check.thread is not None
    check.thread.join(20)
    assert not check.running


def test_the_table_holds_no_formula_and_what_the_filter_lets_through(
    admin: Browser, console_engine: sa.Engine
) -> None:
    note(console_engine, reason='=HYPERLINK("http://evil.example")', actor="@evil")
    note(console_engine, 2_500, act=Act.WARNED)
    answer = admin.get("/admin/journal.csv?act=corrected")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="journal-2026-11-18.csv"' in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert len(rows) == 2
    assert rows[1][2] == "'@evil"
    assert rows[1][5].startswith("'=HYPERLINK")
    everything = admin.get("/admin/journal.csv").text
    assert everything.count("\n") == 2_503


def test_hostile_words_of_a_reason_are_text_and_no_formula(
    admin: Browser, console_engine: sa.Engine
) -> None:
    note(console_engine, len(HOSTILE), reason="Не наша дорога")
    harmless = admin.page("/admin/journal").skeleton
    for words in HOSTILE:
        tidy = words.replace("\x00", "").strip()
        note(console_engine, reason=tidy[:1000] or "пусто")
    # The newest page has the same rows again, whatever stands in them.
    hostile = admin.page(f"/admin/journal?below={2 * len(HOSTILE) + 2}").skeleton
    assert hostile.count(("script", ("src", "defer"))) == harmless.count(
        ("script", ("src", "defer"))
    )
    assert {tag for tag, _ in hostile} <= {tag for tag, _ in harmless} | {"nav"}
    assert {names for _, names in hostile} <= {names for _, names in harmless} | {
        ("class", "aria-label"),
        ("href", "rel"),
    }
    table = admin.get("/admin/journal.csv").text.removeprefix("\ufeff")
    for row in csv.reader(io.StringIO(table), delimiter=";"):
        assert not any(cell.startswith(DANGEROUS) for cell in row), row


def test_an_approver_reads_the_journal_too(app: FastAPI, console_engine: sa.Engine) -> None:
    with unit_of_work(console_engine) as session:
        head = add_person(session, "head", Role.APPROVER)
    with at_desk(app, console_engine, head) as browser:
        assert browser.get("/admin/journal").status_code == 200
