"""The queue: a list of incidents with its views, filters and search, each at an address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from classifiers.stems import read_number
from models.source import Source
from models.vocabulary import Certainty, Network, Outcome, Role, Stage
from pipeline.console.access import SignedIn, Visitor
from pipeline.console.conditions import FLAGS, conditions, counted, source_title
from pipeline.console.frame import Console, console_of
from pipeline.console.offering import offer_of
from pipeline.console.pages.views import SHOWN, chips
from pipeline.console.queue_rows import group
from pipeline.console.wanted import LAST_PAGE, ME, Wanted, views
from pipeline.console.wording import (
    TOPICS,
    body_name,
    excerpt,
    grouped,
    settlement_name,
    unbroken,
)
from pipeline.database import reading
from pipeline.decisions.permissions import Right, has, limited_to
from pipeline.region.schema import Region
from pipeline.status import pressing_statuses
from pipeline.status_words import brief
from pipeline.store.incidents import MANY, Listing, count_queue, listing, visible_incident
from pipeline.store.queue_filter import By, State
from pipeline.store.sources import all_sources
from pipeline.store.staff import all_staff

PAGE = 50

NAMED = 3
"""Sources that the notice above the queue names; the others stand on their own page."""

FEW = 1_001
"""So far tabs are counted: there are ten of them on every page, and «1 000+» says enough."""

TITLE, BRIEF = 80, 90
"""Characters of a source's title and of its trouble in that notice."""

TICKS = ("due_today", "mine", "unassigned", "approval", "returned", "unrated", "unsure", "snoozed")
"""Conditions of one tick that stand under «Ещё условия»."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the counts; ``current`` when it is what the page shows."""

    title: str
    number: str
    url: str
    current: bool
    tone: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A condition of one tick: its name and value in the address, and what it is called."""

    name: str
    value: str
    title: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the page stands in the whole list; an empty address where there is no further page.

    ``end`` says that there is more than anybody may page through.
    """

    words: str
    previous: str
    following: str
    end: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """The sources that need somebody: title and trouble of the first ones, and how many more."""

    named: list[tuple[str, str]]
    more: int


@router.get("/")
def show_queue(request: Request, visitor: SignedIn) -> Response:
    """Show a page of the queue, or go to the one incident that is asked for by its number."""
    console, actor = console_of(request), visitor.actor
    if not has(actor, Right.READ_QUEUE):
        return RedirectResponse("/dashboard", 303)
    now, region, limited = console.clock(), console.region, limited_to(actor) is not None
    wanted = Wanted.of(request.query_params, region)
    number = read_number(wanted.q)
    with reading(console.engine) as session:
        if number is not None and visible_incident(session, actor, number) is not None:
            return RedirectResponse(f"/incident/{number}", 303)
        filtered = wanted.filter(actor, region, now)
        found = listing(session, filtered, page=wanted.page, size=PAGE)
        tabs = _tabs(session, wanted, found.total, visitor, console, now=now)
        saved = chips(session, visitor, console, wanted)
        sources = all_sources(session)
        logins = None if limited else _judges(session)
        sees_sources = has(actor, Right.SEE_SOURCES)
    notice = _notice(sources, console, now) if sees_sources else None
    wanted = replace(wanted, page=found.page)
    return console.page(
        "queue.html",
        visitor=visitor,
        offer=offer_of(request, visitor),
        groups=group(
            found.rows,
            console,
            now,
            title="" if filtered.owed else _order(wanted),
            query=filtered.text,
        ),
        wanted=wanted,
        everywhere=replace(wanted, state=State.ALL, page=1).url,
        found=_found(found),
        tabs=tabs,
        saved=saved[:SHOWN],
        more=len(saved) > SHOWN,
        conditions=conditions(wanted, region, sources),
        notice=notice,
        pager=_pager(wanted, found),
        selects=_selects(wanted, region, sources, logins),
        periods=list(By),
        ticks=_ticks(wanted),
        as_of=console.local(now),
    )


def _tabs(
    session: Session,
    wanted: Wanted,
    total: int | None,
    visitor: Visitor,
    console: Console,
    *,
    now: datetime,
) -> list[Tab]:
    """Count what each view shows, whatever the page is narrowed to."""
    tabs = []
    for title, view, tone in views(visitor.actor):
        current = view == wanted.first_page
        if current and total is not None:
            said = many(total, MANY)
        else:
            filtered = view.filter(visitor.actor, console.region, now)
            said = many(count_queue(session, filtered, most=FEW), FEW)
        tabs.append(Tab(title, said, view.url, current, tone))
    return tabs


def many(number: int, most: int) -> str:
    """Return a number that was counted up to ``most``."""
    return f"{grouped(most - 1)}+" if number >= most else grouped(number)


def _found(found: Listing) -> str:
    if found.total is None:
        return (
            "эти слова стоят больше чем в 10\N{NO-BREAK SPACE}000 сообщений: показаны первые из них"
        )
    return counted(found.total)


def _order(wanted: Wanted) -> str:
    """Say how a list is ordered in which deadlines no longer count."""
    if wanted.unrated and wanted.state in {None, State.OPEN}:
        return "Дольше всех ждут оценки"
    return {
        By.CREATED: "Сначала новые",
        By.PUBLISHED: "Сначала с недавним ответом",
        By.CLOSED: "Сначала закрытые недавно",
    }[wanted.by]


def _pager(wanted: Wanted, found: Listing) -> Pager:
    first = (wanted.page - 1) * PAGE + 1
    last = first + len(found.rows) - 1
    of = "" if found.total is None else f" из {many(found.total, MANY)}"
    further = found.more and wanted.page < LAST_PAGE
    return Pager(
        words=f"{grouped(first)}–{grouped(last)}{of}",
        previous=replace(wanted, page=wanted.page - 1).url if wanted.page > 1 else "",
        following=replace(wanted, page=wanted.page + 1).url if further else "",
        end=found.more and not further,
    )


@dataclass(frozen=True, slots=True)
class Select:
    """A field of the filter: its name in the address, its title, what may be chosen."""

    name: str
    title: str
    anything: str
    options: list[tuple[str, str]]
    chosen: str


def _judges(session: Session) -> list[str]:
    """Return the logins of those who judge, or did."""
    judges = (Role.OPERATOR, Role.ADMINISTRATOR)
    return [one.login for one in all_staff(session) if one.role in judges]


def _selects(
    wanted: Wanted, region: Region, sources: Sequence[Source], logins: Sequence[str] | None
) -> dict[str, Select]:
    """Return the fields of the filter by name; an executor has nobody else to choose."""
    settlements = [(one.code, settlement_name(one.code, region)) for one in region.settlements]
    bodies = [(one.code, body_name(one.code, region)) for one in region.bodies]
    keys = {one.key: source_title(one.key, sources) for one in sources}
    if wanted.source:
        keys.setdefault(wanted.source, excerpt(wanted.source, TITLE))
    fields: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
        "topic": ("Тема", "Все темы", [(one.value, one.russian) for one in TOPICS]),
        "settlement": ("Поселение", "Все поселения", sorted(settlements, key=_title)),
        "source": ("Источник", "Любой", sorted(keys.items(), key=_title)),
        "network": ("Сеть", "Любая", [(one.value, one.russian) for one in Network]),
        "stage": ("Стадия", "Любая", [(one.value, one.russian) for one in Stage]),
        "certainty": ("Уверенность", "Любая", [(one.value, one.russian) for one in Certainty]),
        "outcome": ("Итог", "Любой", [(one.value, one.russian) for one in Outcome]),
        "in_time": ("Первый ответ", "Любой", [("1", "в срок"), ("0", "с опозданием")]),
        "state": ("Состояние", "По умолчанию", [(one.value, one.russian) for one in State]),
    }
    if logins is not None:
        fields["body"] = ("Ответственный", "Любой", sorted(bodies, key=_title))
        known = dict.fromkeys((ME, *logins, wanted.operator or ME))
        judged = [(login, "я" if login == ME else login) for login in known]
        fields["operator"] = ("Кто разбирал", "Любой", judged)
    asked = wanted.words
    return {
        name: Select(name, title, anything, options, asked.get(name, ""))
        for name, (title, anything, options) in fields.items()
    }


def _title(option: tuple[str, str]) -> str:
    return option[1].casefold()


def _ticks(wanted: Wanted) -> list[Tick]:
    return [
        Tick("due", "today", FLAGS[key], wanted.due_today)
        if key == "due_today"
        else Tick(key, "1", FLAGS[key], getattr(wanted, key))
        for key in TICKS
    ]


def _notice(sources: Iterable[Source], console: Console, now: datetime) -> Notice:
    """Say which sources need somebody: the operator is who misses what is not read."""
    found = pressing_statuses(sources, console.region, now, since=console.started_at)
    return Notice(
        [
            (excerpt(status.title or status.key, TITLE), unbroken(excerpt(brief(status), BRIEF)))
            for status in found[:NAMED]
        ],
        max(0, len(found) - NAMED),
    )
