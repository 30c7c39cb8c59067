"""The dashboard: how things stand, what came in and how it was answered; charts and the map."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import select

from models.incident import Incident
from models.vocabulary import Stage, Urgency
from pipeline.console import dashboard_view as view
from pipeline.console.access import Visitor, with_right
from pipeline.console.charts import chart, part_of
from pipeline.console.dashboard_view import Figure, Line, Lists
from pipeline.console.frame import Console, console_of
from pipeline.console.kept import Counted, Kept
from pipeline.console.townmap import Place, Tile, TownMap, draw
from pipeline.console.wording import grouped, settlement_name
from pipeline.database import reading
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.permissions import Right, has
from pipeline.decisions.summary import Days, last_days, share
from pipeline.region.schema import Region
from pipeline.store import dashboard as store
from pipeline.store.dashboard import OpenGroup
from pipeline.store.dashboard_sums import DayRow, Recent, Sums, recent, sums
from pipeline.store.incidents import MANY, count_queue
from pipeline.store.queue_filter import QueueFilter

LONGEST = 366
"""Days of a period at most: all of them are counted while somebody waits."""

MUCH = 25.0
"""Per cent overdue from which a settlement is red on the map."""

router = APIRouter()

ReportsReader = Annotated[Visitor, Depends(with_right(Right.READ_REPORTS))]


class Choice(StrEnum):
    """Which period is looked at."""

    TODAY = "today"
    WEEK = "7"
    MONTH = "30"
    OWN = "own"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"today": "Сегодня", "7": "7 дней", "30": "30 дней", "own": "Свои даты"}[self.value]


LENGTHS = {Choice.TODAY: 1, Choice.WEEK: 7, Choice.MONTH: 30}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; ``problem`` says what of it makes no sense, or is empty."""

    choice: Choice
    days: Days
    settlement: str | None
    problem: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], today: date, settlements: frozenset[str]) -> "Wanted":
        """Read the address of the page; without a word it asks for the last 7 days."""
        asked = query.get("period", "")
        choice = Choice(asked) if asked in frozenset(Choice) else Choice.WEEK
        settlement = query.get("settlement", "")
        place = settlement if settlement in settlements else None
        if choice is not Choice.OWN:
            return cls(choice, last_days(today, LENGTHS[choice]), place)
        days, problem = _own(query.get("since", ""), query.get("until", ""))
        if days is None:
            return cls(Choice.WEEK, last_days(today, 7), place, problem)
        return cls(choice, days, place)

    def url(self, choice: Choice) -> str:
        """Return the address of another period of the same settlement."""
        words = {"period": choice.value, "settlement": self.settlement or ""}
        return "/dashboard?" + urlencode({key: word for key, word in words.items() if word})


def _own(since: str, until: str) -> tuple[Days | None, str]:
    """Return the days from ``since`` to ``until`` (YYYY-MM-DD), or why that is no period."""
    shown = "Показаны последние 7 дней."
    try:
        first, last = (date.fromisoformat(text) for text in (since, until))
    except ValueError:
        return None, f"Период не понят: укажите обе даты, с какой и по какую. {shown}"
    if last < first:
        return None, f"Период кончается раньше, чем начинается: поменяйте даты местами. {shown}"
    if (last - first).days >= LONGEST:
        return None, f"Период длиннее {LONGEST} дней: возьмите короче. {shown}"
    if not 2005 <= first.year <= last.year < 2100:
        return None, f"Годы считаются с 2005 по 2099: проверьте даты. {shown}"
    return Days(first, last), ""


@router.get("/dashboard")
def show_dashboard(request: Request, visitor: ReportsReader) -> Response:
    """Show the dashboard of a period and, if asked, of one settlement."""
    console = console_of(request)
    now, region, calendar = console.clock(), console.region, console.calendar
    zone = ZoneInfo(calendar.time_zone)
    today = now.astimezone(zone).date()
    codes = frozenset(settlement.code for settlement in region.settlements)
    wanted = Wanted.of(request.query_params, today, codes)
    place, kept = wanted.settlement, _kept(request)
    lists = Lists(has(visitor.actor, Right.READ_QUEUE), place)
    with reading(console.engine) as session:
        if session.exec(select(Incident.id).limit(1)).first() is None:
            return console.page("dashboard_empty.html", visitor=visitor)
        groups = store.open_groups(session, now, place)
        urgent = count_queue(session, QueueFilter(urgency=Urgency.URGENT, settlement=place))
        last: Counted[Recent] = kept.get(
            ("recent", place, today), now, lambda: recent(session, now, zone, place)
        )
        period: Counted[Sums] = kept.get(
            ("sums", place, wanted.days, today),
            now,
            lambda: sums(session, wanted.days, now, calendar, place),
        )
    tiles = str(getattr(request.app.state, "map_tiles", ""))
    return console.page(
        "dashboard.html",
        visitor=visitor,
        wanted=wanted,
        choices=[(one, wanted.url(one)) for one in LENGTHS],
        dates=view.dates(wanted.days),
        settlements=sorted(((code, settlement_name(code, region)) for code in codes), key=_second),
        place_name=settlement_name(place, region),
        as_of=console.local(now),
        counted_at=console.local(min(last.at, period.at))
        if last.at < now or period.at < now
        else "",
        clocks=console.local(last.at)[-5:],
        **_standing(groups, urgent, lists),
        tiles=view.tiles(last.value, last.at.astimezone(zone).date(), lists),
        **_chart(last.value, console, lists),
        keys=view.keys(period.value, wanted.days, lists),
        answers=grouped(period.value.answers),
        outcomes=view.outcomes(period.value, wanted.days, lists),
        ratings=view.ratings(period.value, wanted.days, lists),
        rankings=view.rankings(period.value, wanted.days, lists, region),
        hot_spots=view.hot_spots(period.value, wanted.days, lists, region),
        rises=view.rises(last.value, last.at.astimezone(zone).date(), lists),
        **_map(groups, region, lists, tiles),
    )


_LOCK = threading.Lock()


def _kept(request: Request) -> Kept:
    """Return what this application keeps; it is made by the first who asks."""
    with _LOCK:
        state = request.app.state
        if not hasattr(state, "dashboard"):
            state.dashboard = Kept()
        found: Kept = state.dashboard
        return found


def _standing(groups: list[OpenGroup], urgent: int, lists: Lists) -> dict[str, Any]:
    """Return how things stand now: open, overdue, urgent, and the stages."""
    total = sum(group.number for group in groups)
    overdue = sum(group.overdue for group in groups)
    stages = [
        (stage, sum(group.number for group in groups if group.stage is stage))
        for stage in Stage
        if stage in LEGAL
    ]
    most = max((number for _, number in stages), default=0)
    return {
        "open": view.figure(total, lists.url()),
        "overdue": view.figure(overdue, lists.url(overdue="1")),
        "overdue_share": view.percent(share(overdue, total)),
        "urgent": Figure(
            grouped(urgent) if urgent < MANY else "больше 10 000",
            lists.url(urgent="1") if urgent else "",
        ),
        "stages": [
            Line(
                stage.russian.capitalize(),
                view.figure(number, lists.url(stage=stage.value)),
                view.percent(share(number, total)),
                part_of(number, most),
            )
            for stage, number in stages
        ],
    }


def _chart(last: Recent, console: Console, lists: Lists) -> dict[str, Any]:
    """Return the chart of the last days and the same as a table."""

    def row(one: DayRow) -> dict[str, Any]:
        day = Days(one.day, one.day)
        return {
            "date": f"{one.day:%d.%m.%Y}",
            "short": f"{one.day:%d.%m}",
            "rest": not console.calendar.plan(one.day).spans,
            "created": view.figure(one.created, lists.of(day)),
            "mean": "—" if one.mean is None else view.decimal(one.mean),
            "answered": view.figure(one.answered, lists.of(day, "published")),
            "closed": view.figure(one.closed, lists.of(day, "closed")),
        }

    return {
        "days": [row(one) for one in last.days],
        "chart": chart([one.created for one in last.days], [one.mean for one in last.days]),
    }


def _map(groups: list[OpenGroup], region: Region, lists: Lists, template: str) -> dict[str, Any]:
    """Return the map and the list beside it; what has no coordinates is in the list alone."""
    numbers = {
        settlement.code: (
            sum(group.number for group in groups if group.settlement == settlement.code),
            sum(group.overdue for group in groups if group.settlement == settlement.code),
        )
        for settlement in region.settlements
    }
    places, unplaced, dots = [], [], []
    for settlement in region.settlements:
        spots = [
            (village.latitude, village.longitude)
            for village in settlement.villages
            if village.latitude is not None and village.longitude is not None
        ]
        dots += spots
        name = view.short(settlement.name)
        if not spots:
            unplaced.append(name)
            continue
        places.append(Place(settlement.code, name, *spots[0], *numbers[settlement.code]))
    drawn: TownMap | None = draw(places, dots, tiled=bool(template))
    known = sum(number for number, _ in numbers.values())
    rest = sum(group.number for group in groups) - known
    return {
        "town": drawn,
        "tones": {code: _tone(*number) for code, number in numbers.items()},
        "towns": [
            {
                "name": view.short(settlement_name(code, region)),
                "open": view.figure(number, _of(lists, code)),
                "overdue": view.figure(late, _of(lists, code, overdue="1")),
                "share": view.percent(share(late, number)),
            }
            for code, (number, late) in sorted(
                numbers.items(), key=lambda one: (-one[1][0], settlement_name(one[0], region))
            )
            if lists.settlement in (None, code)
        ],
        "town_urls": {code: _of(lists, code) for code in numbers},
        "nowhere": grouped(rest) if rest and lists.settlement is None else "",
        "unplaced": unplaced,
        "tile_host": urlsplit(template).netloc,
        "tile_url": lambda tile: _tile_url(template, tile),
    }


def _tile_url(template: str, tile: Tile) -> str:
    parts = {"{z}": tile.zoom, "{x}": tile.column, "{y}": tile.row}
    for part, number in parts.items():
        template = template.replace(part, str(number))
    return template


def _of(lists: Lists, settlement: str, **words: str) -> str:
    return lists.url(**{"settlement": settlement, **words})


def _tone(number: int, overdue: int) -> str:
    part = share(overdue, number)
    if part is None:
        return "none"
    return "much" if part >= MUCH else "some" if part else "calm"


def _second(pair: tuple[str, str]) -> str:
    return pair[1]
