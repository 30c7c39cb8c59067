"""For how long authors are kept: what is due, forgetting them, what was done before."""

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from models.journal import JournalEntry
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.explain import ACTORS
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import grouped
from pipeline.database import reading
from pipeline.decisions.permissions import Actor, Right, has
from pipeline.retention import Done, Forecast, confirmed, forecast, period_of, run
from pipeline.store.retention import MANY, erasures

log = logging.getLogger(__name__)

SHOWN = 10

BUSY = "Стирание уже идёт: дождитесь его конца."
WRONG = (
    "Ничего не стёрто: введено не то число. Сейчас подлежит стиранию {due}. Если всё верно, "
    "введите это число цифрами."
)

router = APIRouter()
Keeper = Annotated[Visitor, Depends(with_right(Right.MANAGE_RETENTION))]


@dataclass(slots=True)
class Running:
    """A run in a thread of its own; one at a time. ``due`` is None for a sweep alone."""

    actor: Actor
    started: datetime
    due: int | None
    done: Done = field(default_factory=Done)
    failed: bool = False
    ended: bool = False

    @property
    def percent(self) -> int:
        """How far it is with the incidents, 0 to 100."""
        return min(100, 100 * self.done.incidents // self.due) if self.due else 0


@router.get("/admin/retention")
def show_retention(request: Request, visitor: Keeper, count: str = "") -> Response:
    """Show the period and what was erased; with ``count`` also what is due now."""
    console = console_of(request)
    found = forecast(console.engine, console.region, console.clock()) if count else None
    return _page(request, visitor, found)


@router.post("/admin/retention/run")
def start_run(
    request: Request,
    visitor: SignedInForm,
    number: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Forget the authors that are due, if the person typed of how many incidents."""
    if not has(visitor.actor, Right.MANAGE_RETENTION):
        raise HTTPException(404)
    console = console_of(request)
    running = _running(request)
    found = forecast(console.engine, console.region, console.clock())
    if running is not None and not running.ended:
        return _page(request, visitor, found, status=409, trouble=BUSY)
    typed = "".join(number.split())
    if found.period is not None and typed != str(found.incidents):
        trouble = WRONG.format(due=grouped(found.incidents))
        return _page(request, visitor, found, status=422, trouble=trouble)
    due = found.incidents if found.period is not None else None
    running = Running(visitor.actor, console.clock(), due)
    request.app.state.retention = running
    threading.Thread(target=_run, args=(running, console), daemon=True).start()
    return RedirectResponse("/admin/retention", 303)


def _page(
    request: Request,
    visitor: Visitor,
    found: Forecast | None,
    *,
    status: int = 200,
    trouble: str = "",
) -> Response:
    console = console_of(request)
    period = period_of(console.region, console.clock())
    running = _running(request)
    with reading(console.engine) as session:
        entries = erasures(session, SHOWN)
    return console.page(
        "admin_retention.html",
        visitor=visitor,
        status=status,
        retention=console.region.retention,
        before=console.local(period.before).split("\xa0")[0] if period else "",
        confirmed=confirmed(console.engine, console.region),
        found=found,
        incidents=grouped(found.incidents) if found else "",
        by_year=[(year, grouped(count)) for year, count in found.by_year] if found else [],
        loose=_some(found.loose) if found else "",
        swept=[(title, _some(count)) for title, count in found.swept] if found else [],
        running=running,
        started=console.local(running.started) if running else "",
        done=grouped(running.done.incidents) if running else "",
        posts=grouped(running.done.posts) if running else "",
        of=grouped(running.due) if running and running.due else "",
        deleted=_deleted(running) if running else [],
        past=[_past(entry, console) for entry in entries],
        trouble=trouble,
    )


def _past(entry: JournalEntry, console: Console) -> tuple[str, str, str]:
    """Return when, who, and what one entry says."""
    after = entry.after
    if "due" in after:
        said = f"подтвержден срок {after.get('months')} мес., подлежало инцидентов {after['due']}"
    else:
        said = f"стёрто: инцидентов {after.get('incidents', 0)}, сообщений {after.get('posts', 0)}"
    return console.local(entry.at), ACTORS.get(entry.actor, entry.actor), said


def _deleted(running: Running) -> list[tuple[str, str]]:
    return [(title, grouped(count)) for title, count in list(running.done.swept.items()) if count]


def _some(count: int) -> str:
    return f"больше {grouped(MANY)}" if count > MANY else grouped(count)


def _running(request: Request) -> Running | None:
    running: Running | None = getattr(request.app.state, "retention", None)
    return running


def _run(running: Running, console: Console) -> None:
    try:
        run(
            console.engine,
            console.rules,
            running.actor,
            console.clock,
            due=running.due,
            done=running.done,
        )
    except Exception:
        # Nobody waits for this thread: the page tells it, and the program's log keeps it.
        log.exception("forgetting authors was cut short")
        running.failed = True
    running.ended = True
