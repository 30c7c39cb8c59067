"""Norms in plain words with examples, the working calendar, and whether deadlines lag behind."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from models.vocabulary import Network, Term, Urgency
from pipeline.console.access import Visitor, with_right
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import grouped
from pipeline.decisions import clocks, deadlines
from pipeline.decisions.permissions import Right
from pipeline.decisions.workcalendar import (
    WEEKDAYS,
    CalendarError,
    DayKind,
    DayPlan,
    clock,
    length,
    official_year,
)
from pipeline.recompute import outdated
from pipeline.region.schema import (
    DEFAULT_NORMS,
    DEFAULT_REMINDERS,
    Norm,
    OnClosed,
    Region,
    Reminder,
)

ASKED = time(16, 40)
"""When the citizen of the examples writes: on a Friday, when the office is about to close."""

FRIDAY = 4
MONTHS = (
    "Январь",
    "Февраль",
    "Март",
    "Апрель",
    "Май",
    "Июнь",
    "Июль",
    "Август",
    "Сентябрь",
    "Октябрь",
    "Ноябрь",
    "Декабрь",
)
ON = (
    "в понедельник",
    "во вторник",
    "в среду",
    "в четверг",
    "в пятницу",
    "в субботу",
    "в воскресенье",
)
UNTIL = (
    "понедельника",
    "вторника",
    "среды",
    "четверга",
    "пятницы",
    "субботы",
    "воскресенья",
)
STARTS = {
    Term.ANSWER: "вопрос",
    Term.FINAL: "промежуточный ответ",
    Term.SILENCE: "окончательный ответ",
    Term.REVIEW: "обращение",
    Term.ACCEPTANCE: "назначение",
    Term.APPROVAL: "черновик",
    Term.PUBLICATION: "согласование",
}
ENDS = {
    Term.ANSWER: "ответ до",
    Term.FINAL: "окончательный ответ до",
    Term.SILENCE: "без отзыва автора закрывается",
    Term.REVIEW: "разобрать до",
    Term.ACCEPTANCE: "принять до",
    Term.APPROVAL: "согласовать до",
    Term.PUBLICATION: "опубликовать до",
}

router = APIRouter()
Keeper = Annotated[Visitor, Depends(with_right(Right.MANAGE_REGION))]


@dataclass(frozen=True, slots=True)
class Row:
    """One norm in words, with what it makes of a question on a Friday evening."""

    source: str
    urgency: str
    amount: str
    example: str
    pausable: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The norms of one term, the first that fits wins."""

    title: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar; ``tone`` is its colour, ``note`` what is special about it."""

    number: int
    hours: str
    tone: str
    note: str
    today: bool


@dataclass(frozen=True, slots=True)
class Month:
    """One month: weeks of seven days, None for the days of its neighbours."""

    title: str
    weeks: list[list[Day | None]]
    worked: str
    notes: list[str]


@router.get("/admin/norms")
def show_norms(request: Request, visitor: Keeper) -> Response:
    """Show what is due when, and whether stored deadlines were counted by it."""
    console = console_of(request)
    region = console.region
    today = console.clock().astimezone(ZoneInfo(region.time_zone)).date()
    behind = outdated(console.engine, console.rules)
    return console.page(
        "admin_norms.html",
        visitor=visitor,
        groups=_groups(console, today),
        reminders=_reminders(region.reminders),
        usual_reminders=region.reminders == DEFAULT_REMINDERS,
        process=_process(region),
        week=_week(region),
        months=[month_of(console, first, today) for first in _two_months(today)],
        zone=region.time_zone,
        behind=grouped(behind) if behind else "",
    )


def _groups(console: Console, today: date) -> list[Group]:
    """Return the norms by term: the region's own before the default ones that still hold."""
    groups = []
    for term in Term:
        own = [norm for norm in console.region.norms if norm.term is term]
        usual = [norm for norm in DEFAULT_NORMS if norm.term is term]
        # A norm that those above it always overtake would only mislead.
        taken: set[tuple[Network, Urgency]] = set()
        rows = []
        for norm in (*own, *usual):
            fits = _fits(norm)
            if not fits <= taken:
                rows.append(_row(norm, console, today, own=norm in own))
            taken |= fits
        if rows:
            groups.append(Group(term.russian.capitalize(), rows))
    return groups


def _fits(norm: Norm) -> set[tuple[Network, Urgency]]:
    return {
        (network, urgency)
        for network in Network
        for urgency in Urgency
        if norm.source in ("any", network) and norm.urgency in ("any", urgency)
    }


def _row(norm: Norm, console: Console, today: date, *, own: bool) -> Row:
    return Row(
        source="любой" if norm.source == "any" else Network(norm.source).russian,
        urgency="любая" if norm.urgency == "any" else Urgency(norm.urgency).russian,
        amount=deadlines.norm(norm.amount, norm.unit),
        example=_example(norm, console, today),
        pausable=norm.pausable and norm.term in (Term.ANSWER, Term.FINAL),
        own=own,
    )


def _example(norm: Norm, console: Console, today: date) -> str:
    """Say what becomes of a question on the next Friday evening."""
    zone = ZoneInfo(console.region.time_zone)
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    since = datetime.combine(friday, ASKED, tzinfo=zone)
    try:
        due = clocks.due(norm, since, console.calendar).due_at.astimezone(zone)
    except CalendarError as error:
        return str(error)
    until = (ON if norm.term is Term.SILENCE else UNTIL)[due.weekday()]
    return (
        f"{STARTS[norm.term]} {ON[FRIDAY]} {since:%d.%m %H:%M} → "
        f"{ENDS[norm.term]} {until} {due:%d.%m %H:%M}"
    )


def _reminders(reminders: tuple[Reminder, ...]) -> list[tuple[str, str]]:
    return [
        (_when(one), ", ".join(role.russian for role in one.roles) or "исполнитель")
        for one in reminders
    ]


def _when(one: Reminder) -> str:
    if one.share < 1:
        return f"прошло {one.share:.0%} рабочего времени срока".replace("%", " %")
    if not one.after:
        return "срок вышел"
    hours, minutes = divmod(one.after, 60)
    said = " ".join(
        part for part in (f"{hours} ч" * bool(hours), f"{minutes} мин" * bool(minutes)) if part
    )
    return f"{said} рабочего времени после срока"


def _process(region: Region) -> list[tuple[str, str]]:
    """Return the settings of the life cycle in words."""
    process = region.process
    joined = f"да, за {process.join_days} дн." if process.join else "нет"
    closed = {
        OnClosed.REOPEN: "открывает его снова",
        OnClosed.REPEAT: "открывает новый, с пометкой «повтор»",
    }[process.on_closed]
    return [
        ("Ответ согласует руководитель", "да" if process.approval else "нет"),
        ("Автора просят оценить ответ", "да" if process.survey else "нет"),
        ("Недоволен — это оценка не выше", str(process.dissatisfied)),
        ("Сколько всего кругов", str(process.rounds)),
        ("Сообщения об одном объединяются сами", joined),
        ("Сообщение о закрытом инциденте", closed),
    ]


def _week(region: Region) -> list[tuple[str, str]]:
    return [
        (
            WEEKDAYS[day],
            ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in region.working_hours[day])
            or "выходной",
        )
        for day in range(7)
    ]


def _two_months(today: date) -> tuple[date, date]:
    first = today.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def month_of(console: Console, first: date, today: date) -> Month:
    """Return a month of the working calendar, Monday first."""
    weeks: list[list[Day | None]] = [[None] * first.weekday()]
    notes: list[tuple[date, date, str]] = []
    worked, day = timedelta(), first
    while day.month == first.month:
        plan = console.calendar.plan(day)
        worked += length(plan.spans)
        note = _note(day, plan)
        if note and notes and notes[-1][1:] == (day - timedelta(days=1), note):
            notes[-1] = (notes[-1][0], day, note)
        elif note:
            notes.append((day, day, note))
        if len(weeks[-1]) == 7:
            weeks.append([])
        weeks[-1].append(_day(day, plan, note, today))
        day += timedelta(days=1)
    weeks[-1] += [None] * (7 - len(weeks[-1]))
    hours = f"{worked / timedelta(hours=1):.1f}".replace(".", ",").removesuffix(",0")
    said = [
        f"{since:%d.%m}{f'–{until:%d.%m}' if until > since else ''} — {note}"
        for since, until, note in notes
    ]
    return Month(f"{MONTHS[first.month - 1]} {first.year}", weeks, f"{hours} ч", said)


def _day(day: date, plan: DayPlan, note: str, today: date) -> Day:
    if not plan.spans:
        tone = "holiday" if plan.kind is not DayKind.WEEKEND else "off"
    else:
        tone = "short" if plan.cut else "extra" if plan.kind is not DayKind.ORDINARY else ""
    hours = f"{clock(plan.spans[0][0])}–{clock(plan.spans[-1][1])}" if plan.spans else ""
    return Day(day.day, hours, tone, note, day == today)


def _note(day: date, plan: DayPlan) -> str:
    """Return what is special about a day; empty for an ordinary one."""
    said = ""
    if plan.kind is DayKind.HOLIDAY:
        name = official_year(day.year).names.get(day, "")
        moved = plan.instead_of
        said = f"выходной вместо {moved:%d.%m}" if moved else f"выходной: {name or 'праздник'}"
    elif plan.kind is DayKind.LOCAL_DAY_OFF:
        said = "местный выходной"
    elif plan.kind is DayKind.LOCAL_WORKING_DAY:
        said = "местный рабочий день"
    elif plan.kind is DayKind.EXCHANGED:
        said = f"рабочий день вместо {plan.instead_of:%d.%m}" if plan.instead_of else "рабочий"
    if plan.cut:
        minutes = plan.cut // timedelta(minutes=1)
        short = f"короче на {minutes} мин, до {clock(plan.spans[-1][1])}" if plan.spans else ""
        said = ", ".join(part for part in (said, short) if part)
    return said
