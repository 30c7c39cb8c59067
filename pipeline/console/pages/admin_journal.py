"""The journal: what people and the machine did, whether it is whole, and a copy as a table."""

import csv
import io
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from models.journal import JournalEntry
from models.vocabulary import Act
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.explain import Line, journal
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import grouped
from pipeline.database import reading
from pipeline.decisions.permissions import Right, has
from pipeline.decisions.worktime import FIRST_YEAR, LAST_YEAR
from pipeline.store.journal import Wanted, find_entries
from pipeline.verify import Head, Verified, head, verify

SHOWN = 50
LARGEST = 2**31 - 1
EXPORTED = 100_000
"""Entries of one file: a spreadsheet takes a million, a person reads no more than this."""

BREATH = 0.02
"""Seconds between two pages of a check, in which the console answers everybody else."""

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so is a formula to a spreadsheet."""

log = logging.getLogger(__name__)
router = APIRouter()
JournalReader = Annotated[Visitor, Depends(with_right(Right.READ_JOURNAL))]


@dataclass(frozen=True, slots=True)
class Filled:
    """The filter as it stands in the address; dates are local, as 2026-11-22."""

    incident: str = ""
    actor: str = ""
    act: str = ""
    since: str = ""
    until: str = ""
    below: str = ""

    def query(self, **changed: str) -> str:
        """Return the query part of an address, without what is empty."""
        fields = ("incident", "actor", "act", "since", "until", "below")
        stated = {name: getattr(self, name) for name in fields} | changed
        return urlencode({name: value for name, value in stated.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as the page shows it."""

    number: int
    incident: int | None
    line: Line


@dataclass(slots=True)
class Check:
    """A walk along the whole chain, in a thread of its own; one at a time."""

    started: datetime
    by: str
    total: int = 0
    done: int = 0
    head: Head | None = None
    found: Verified | None = None
    failed: bool = False
    thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Tell whether it still goes on."""
        return self.found is None and not self.failed

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        return min(100, 100 * self.done // self.total) if self.total else 0


@router.get("/admin/journal")
def show_journal(
    request: Request, visitor: JournalReader, filled: Annotated[Filled, Depends()]
) -> Response:
    """Show the newest entries that fit, a page of them."""
    console = console_of(request)
    wanted, below, troubles = read_filter(filled, console)
    rows: list[Row] = []
    stretch = None
    if not troubles:
        with reading(console.engine) as session:
            stretch = find_entries(session, wanted, below=below, limit=SHOWN)
        rows = _rows(stretch.entries, console)
    return console.page(
        "admin_journal.html",
        visitor=visitor,
        status=422 if troubles else 200,
        rows=rows,
        filled=filled,
        troubles=troubles,
        acts=sorted(Act, key=lambda act: act.russian),
        filtered=wanted != Wanted() or bool(troubles),
        older=filled.query(below=str(stretch.below)) if stretch and stretch.below else "",
        looked_to=grouped(stretch.looked_to) if stretch and stretch.looked_to else "",
        newest=filled.query(below="") if below is not None else None,
        export=filled.query(below=""),
        exported=grouped(EXPORTED),
        check=_check_of(request),
    )


@router.get("/admin/journal.csv")
def export_journal(
    request: Request, visitor: JournalReader, filled: Annotated[Filled, Depends()]
) -> Response:
    """Give the entries that fit as a table, the newest first, at most ``EXPORTED``."""
    del visitor
    console = console_of(request)
    wanted, _, troubles = read_filter(filled, console)
    if troubles:
        return RedirectResponse(f"/admin/journal?{filled.query()}", 303)
    name = f"journal-{console.clock().astimezone(ZoneInfo(console.region.time_zone)):%Y-%m-%d}.csv"
    return StreamingResponse(
        _table(console, wanted),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/admin/journal/check")
def show_check(request: Request, visitor: JournalReader) -> Response:
    """Show how the check stands, or what it found."""
    console = console_of(request)
    check = _check_of(request)
    return console.page(
        "admin_journal_check.html",
        visitor=visitor,
        check=check,
        started=console.local(check.started) if check else "",
        done=grouped(check.done) if check else "",
        total=grouped(check.total) if check else "",
    )


@router.post("/admin/journal/check")
def start_check(request: Request, visitor: SignedInForm) -> Response:
    """Begin to check every entry, unless somebody's check is under way."""
    if not has(visitor.actor, Right.READ_JOURNAL):
        raise HTTPException(404)
    console = console_of(request)
    running = _check_of(request)
    if running is None or not running.running:
        check = Check(console.clock(), visitor.staff.login)
        check.thread = threading.Thread(target=_walk, args=(check, console), daemon=True)
        request.app.state.journal_check = check
        check.thread.start()
    return RedirectResponse("/admin/journal/check", 303)


def read_filter(filled: Filled, console: Console) -> tuple[Wanted, int | None, dict[str, str]]:
    """Return what the filter asks for, where to go on, and what is wrong with it by field."""
    troubles: dict[str, str] = {}
    incident = _number(filled.incident, "incident", troubles)
    below = _number(filled.below, "below", troubles)
    act = next((act for act in Act if act.value == filled.act), None)
    if filled.act and act is None:
        troubles["act"] = "Такого действия нет: выберите из списка."
    since = _day(filled.since, "since", troubles, console)
    until = _day(filled.until, "until", troubles, console)
    if since and until and since > until:
        troubles["until"] = "Конец периода раньше начала: поменяйте даты местами."
    wanted = Wanted(
        incident,
        filled.actor.strip()[:100],
        act,
        since,
        until and _next_day(until, console),
    )
    return wanted, below, troubles


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def _number(written: str, name: str, troubles: dict[str, str]) -> int | None:
    tidy = written.strip().lstrip("№").strip()
    if not tidy:
        return None
    if not (tidy.isascii() and tidy.isdigit() and len(tidy) < 11 and 0 < int(tidy) <= LARGEST):
        troubles[name] = "Здесь нужен номер: одни цифры, например 12."
        return None
    return int(tidy)


def _day(written: str, name: str, troubles: dict[str, str], console: Console) -> datetime | None:
    """Return the local midnight at which a day begins, in UTC."""
    if not written.strip():
        return None
    try:
        day = date.fromisoformat(written.strip())
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year < LAST_YEAR:
        troubles[name] = "Это не дата. Образец: 2026-11-22."
        return None
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(console.region.time_zone))
    return midnight.astimezone(UTC)


def _next_day(midnight: datetime, console: Console) -> datetime:
    local = midnight.astimezone(ZoneInfo(console.region.time_zone))
    # Wall time: a day in which the clocks change is not 24 hours long.
    return (local + timedelta(days=1)).astimezone(UTC)


def _rows(entries: list[JournalEntry], console: Console) -> list[Row]:
    lines = journal(entries, console.region)
    return [
        Row(entry.id or 0, entry.incident_id, line)
        for entry, line in zip(entries, lines, strict=True)
    ]


def _table(console: Console, wanted: Wanted) -> Iterator[str]:
    """Give the lines of the table, a mark of its encoding first."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")

    def taken() -> str:
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return text

    writer.writerow(("№", "Когда", "Кто", "Действие", "Инцидент", "Причина", "Изменения"))
    yield "\ufeff" + taken()
    left, below = EXPORTED, None
    while left > 0:
        with reading(console.engine) as session:
            stretch = find_entries(session, wanted, below=below, limit=min(left, 1_000))
            rows = _rows(stretch.entries, console)
        for row in rows:
            changes = "; ".join(
                f"{one.field}: {one.before or 'нет'} → {one.after or 'нет'}"
                for one in row.line.changes
            )
            line = row.line
            cells = (line.at, line.actor, line.act, "", "; ".join(line.reasons), changes)
            said = [harmless(cell) for cell in cells]
            said[3] = str(row.incident or "")
            writer.writerow((row.number, *said))
        yield taken()
        left -= len(rows)
        if stretch.below is None:
            return
        below = stretch.below
    writer.writerow(("", f"Показаны первые {EXPORTED} записей: сузьте период", "", "", "", "", ""))
    yield taken()


def _check_of(request: Request) -> Check | None:
    check: Check | None = getattr(request.app.state, "journal_check", None)
    return check


def _walk(check: Check, console: Console) -> None:
    def progress(number: int) -> None:
        check.done = number
        time.sleep(BREATH)

    try:
        # One snapshot for all: the journal goes on growing meanwhile.
        with reading(console.engine) as session:
            check.head = head(session)
            check.total = check.head.number
            found = verify(session, progress)
    except Exception:
        # Nobody waits for this thread: the page tells it, and the program's log keeps it.
        log.exception("checking the journal was cut short")
        check.failed = True
        return
    check.found = replace(found, troubles=found.troubles[:20], more=found.more)
