"""The queue: open incidents, the nearest deadline first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from models.columns import stored_id
from models.vocabulary import Certainty, Stage, Topic, Urgency
from pipeline.console.access import SignedIn
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import (
    TOPICS,
    Timing,
    body_name,
    count,
    excerpt,
    grouped,
    place,
    settlement_name,
    timing,
    unbroken,
)
from pipeline.database import reading
from pipeline.decisions.permissions import Right, has, limited_to
from pipeline.status import pressing_statuses
from pipeline.status_words import brief
from pipeline.store.incidents import QueueFilter, QueueRow, count_queue, queue

PAGE = 50

NAMED = 3
"""Sources that the notice above the queue names; the others stand on their own page."""

TITLE, BRIEF = 80, 90
"""Characters of a source's title and of its trouble in that notice."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; everything that makes no sense there is left out."""

    topic: Topic | None = None
    settlement: str | None = None
    certainty: Certainty | None = None
    urgent: bool = False
    overdue: bool = False
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str], settlements: frozenset[str]) -> "Wanted":
        """Read the address of a queue page."""
        topic, settlement, certainty, page = (
            query.get(key, "") for key in ("topic", "settlement", "certainty", "page")
        )
        return cls(
            topic=Topic(topic) if topic in frozenset(Topic) else None,
            settlement=settlement if settlement in settlements else None,
            certainty=Certainty(certainty) if certainty in frozenset(Certainty) else None,
            urgent=query.get("urgent") == "1",
            overdue=query.get("overdue") == "1",
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    @property
    def narrows(self) -> bool:
        """Tell whether anything is filtered out."""
        return replace(self, page=1) != Wanted()

    @property
    def url(self) -> str:
        """The address that asks for this."""
        words = {
            "topic": self.topic or "",
            "settlement": self.settlement or "",
            "certainty": self.certainty or "",
            "urgent": "1" if self.urgent else "",
            "overdue": "1" if self.overdue else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        query = urlencode({key: value for key, value in words.items() if value})
        return f"/?{query}" if query else "/"

    def filter(self, now: datetime, body: str | None) -> QueueFilter:
        """Return the same as a filter of the store, for those who may see only one body's."""
        return QueueFilter(
            topic=self.topic,
            settlement=self.settlement,
            urgency=Urgency.URGENT if self.urgent else None,
            certainty=self.certainty,
            overdue_at=now if self.overdue else None,
            body=body,
        )


VIEWS = (
    ("Открыто", Wanted(), ""),
    ("Срочных", Wanted(urgent=True), "urgent"),
    ("Просрочено", Wanted(overdue=True), "overdue"),
)
"""The counts in the page's head; following one shows what was counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One incident as the queue shows it; ``doubt`` says why a person should look, or is ""."""

    number: int
    timing: Timing
    topic: str
    urgent: bool
    doubt: str
    settlement: str
    address: str
    body: str
    stage: str
    network: str
    written: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the counts; ``current`` when it is what the page shows."""

    title: str
    number: str
    url: str
    current: bool
    tone: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the page stands in the whole list; an empty address where there is no further page."""

    words: str
    previous: str
    following: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The sources that need somebody: title and trouble of the first ones, and how many more."""

    named: list[tuple[str, str]]
    more: int


@router.get("/")
def show_queue(request: Request, visitor: SignedIn) -> Response:
    """Show a page of the queue."""
    console = console_of(request)
    if not has(visitor.actor, Right.READ_QUEUE):
        return console.page("reports.html", visitor=visitor)
    now, body = console.clock(), limited_to(visitor.actor)
    region = console.region
    settlements = frozenset(settlement.code for settlement in region.settlements)
    wanted = Wanted.of(request.query_params, settlements)
    with reading(console.engine) as session:
        counts = _counts(session, wanted, now, body)
        total = counts[replace(wanted, page=1)]
        pages = max(1, -(-total // PAGE))
        wanted = replace(wanted, page=min(wanted.page, pages))
        offset = (wanted.page - 1) * PAGE
        rows = queue(session, wanted.filter(now, body), offset=offset, limit=PAGE)
        sees_sources = has(visitor.actor, Right.SEE_SOURCES)
        notice = _notice(session, console, now) if sees_sources else None
    shown = [_row(row, console, now) for row in rows]
    return console.page(
        "queue.html",
        visitor=visitor,
        groups=[
            (pressure, list(group))
            for pressure, group in groupby(shown, key=lambda row: row.timing.pressure)
        ],
        wanted=wanted,
        found=count(total, "инцидент", "инцидента", "инцидентов"),
        tabs=[
            Tab(title, grouped(counts[view]), view.url, view == replace(wanted, page=1), tone)
            for title, view, tone in VIEWS
        ],
        notice=notice,
        pager=_pager(wanted, total, pages),
        topics=TOPICS,
        settlements=sorted(
            ((code, settlement_name(code, region)) for code in settlements),
            key=lambda known: known[1],
        ),
        certainties=list(Certainty),
        as_of=console.local(now),
    )


def _row(row: QueueRow, console: Console, now: datetime) -> Row:
    incident = row.incident
    settlement, address = place(incident, console.region)
    return Row(
        number=stored_id(incident.id),
        timing=timing(incident, now, console.calendar),
        topic=incident.topic.russian,
        urgent=incident.urgency is Urgency.URGENT,
        doubt="" if incident.certainty is Certainty.AUTO else incident.certainty.russian,
        settlement=settlement,
        address=address,
        body=body_name(incident.body, console.region),
        stage="" if incident.stage is Stage.REVIEW else incident.stage.russian,
        network=row.source.network.russian,
        written=console.local(incident.created_at),
        excerpt=excerpt(row.post.text),
    )


def _counts(session: Session, wanted: Wanted, now: datetime, body: str | None) -> dict[Wanted, int]:
    """Count what the filter lets through, and all that is open whatever the filter shows."""
    views = {replace(wanted, page=1), *(view for _, view, _ in VIEWS)}
    return {view: count_queue(session, view.filter(now, body)) for view in views}


def _pager(wanted: Wanted, total: int, pages: int) -> Pager:
    first = (wanted.page - 1) * PAGE + 1
    last = min(first + PAGE - 1, total)
    return Pager(
        words=f"{grouped(first)}–{grouped(last)} из {grouped(total)}",
        previous=replace(wanted, page=wanted.page - 1).url if wanted.page > 1 else "",
        following=replace(wanted, page=wanted.page + 1).url if wanted.page < pages else "",
    )


def _notice(session: Session, console: Console, now: datetime) -> Notice:
    """Say which sources need somebody: the operator is who misses what is not read."""
    found = pressing_statuses(session, console.region, now, since=console.started_at)
    return Notice(
        [
            (excerpt(status.title or status.key, TITLE), unbroken(excerpt(brief(status), BRIEF)))
            for status in found[:NAMED]
        ],
        max(0, len(found) - NAMED),
    )
