"""The clocks of an incident in words: what is left and why, what stood, what lasts for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.incident import Incident, Pause
from models.vocabulary import MACHINE, Stage
from pipeline.console.frame import Console
from pipeline.console.wording import NBSP, unbroken
from pipeline.decisions import clock_explain, clocks
from pipeline.decisions.clock_explain import say_amount, say_hours, spell
from pipeline.decisions.clocks import LEGAL, STAGE_TERMS, Stretch
from pipeline.decisions.workcalendar import CalendarError
from pipeline.decisions.worktime import WorkCalendar
from pipeline.desk.terms import cycle_of, stretches
from pipeline.region.schema import Norm

WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")

MOST_DAYS = 60
"""Days of a norm that are explained one by one; a longer norm has too many lines to read."""


@dataclass(frozen=True, slots=True)
class Day:
    """One date on the way to the deadline: «19.11 чт», its hours, why, what it counted."""

    day: str
    hours: str
    why: str
    counted: str
    left: str


@dataclass(frozen=True, slots=True)
class Stop:
    """One pause. ``until`` is when it ends or ended, ``lost`` the working time in it.

    ``ended_by`` is empty while it runs.
    """

    since: str
    until: str
    ended_by: str
    reason: str
    by: str
    lost: str
    runs: bool


@dataclass(frozen=True, slots=True)
class Lasting:
    """One of the three clocks that are never started anew; ``tone`` is a badge's, or ""."""

    title: str
    took: str
    tail: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Clockface:
    """Everything that the card says of time.

    ``said`` is «до 24.11 11:00: 2 ч 10 мин рабочего времени; 22–23.11 выходные», ``since`` when
    the running term began and why then; ``days`` explain the norm. ``differs`` tells why the
    deadline is not the one that the present rules give. ``stage`` is the same sentence for the
    stage's own term. Each is empty where there is nothing to say.
    """

    said: str
    stopped: str
    term: str
    since: str
    days: list[Day]
    without_pauses: str
    differs: str
    stage: str
    stage_term: str
    pauses: list[Stop]
    lasting: list[Lasting]
    snoozed: str


def clockface(incident: Incident, pauses: Sequence[Pause], console: Console) -> Clockface:
    """Return the clocks of an incident; ``pauses`` are all of it, the first one first."""
    now, calendar = console.clock(), console.calendar
    owed = incident.stage in LEGAL
    stood = [one for one in pauses if one.cycle == cycle_of(incident)]
    norm = console.region.norm_for(incident.network, incident.urgency, incident.term)
    plain, ends = _computed(norm, incident, stretches(stood, now), calendar)
    snoozed = incident.snoozed_until
    stage_due = incident.stage_due_at
    return Clockface(
        said=_left(incident.due_at, console) if owed and incident.paused_at is None else "",
        stopped=console.local(incident.paused_at) if incident.paused_at else "",
        term=incident.term.russian,
        since=f"{console.local(incident.clock_from)}, {_start(incident)}",
        days=_days(norm, incident.clock_from, calendar),
        without_pauses=console.local(plain) if stood and plain else "",
        differs=_difference(incident, ends, console) if owed else "",
        stage=_left(stage_due, console) if stage_due and owed else "",
        stage_term=STAGE_TERMS[incident.stage].russian if incident.stage in STAGE_TERMS else "",
        pauses=[_stop(one, console) for one in pauses],
        lasting=_lasting(incident, console),
        snoozed=console.local(snoozed) if snoozed is not None and snoozed > now else "",
    )


def _left(due_at: datetime, console: Console) -> str:
    try:
        said = clock_explain.remaining(console.calendar, console.clock(), due_at)
    except CalendarError:
        return ""
    return unbroken(said[:1].upper() + said[1:])


def _computed(
    norm: Norm, incident: Incident, stood: Sequence[Stretch], calendar: WorkCalendar
) -> tuple[datetime | None, datetime | None]:
    """Return when the term would end without its pauses, and with them."""
    try:
        plain = clocks.due(norm, incident.clock_from, calendar).due_at
        return plain, clocks.due(norm, incident.clock_from, calendar, stood).due_at
    except CalendarError:
        return None, None


def _start(incident: Incident) -> str:
    if incident.clock_from == incident.created_at:
        return "когда написано обращение"
    if incident.clock_from == incident.published_at:
        return "когда опубликован промежуточный ответ"
    return "когда начался этот срок"


def _days(norm: Norm, since: datetime, calendar: WorkCalendar) -> list[Day]:
    try:
        lines = clock_explain.explain_norm(norm, since, calendar)
    except CalendarError:
        return []
    return [
        Day(
            f"{line.day:%d.%m} {WEEKDAYS[line.day.weekday()]}",
            say_hours(line.hours),
            line.why,
            say_amount(line.counted, days=line.in_days),
            say_amount(line.left, days=line.in_days),
        )
        for line in lines[:MOST_DAYS]
    ]


def _difference(incident: Incident, computed: datetime | None, console: Console) -> str:
    """Say why the stored deadline is not the one that was just computed."""
    if computed is None or incident.paused_at is not None or computed == incident.due_at:
        return ""
    said = f"По нынешним правилам вышло бы {console.local(computed)}."
    if incident.calendar != console.calendar.version:
        return f"{said} Срок записан по прежнему календарю."
    if incident.due_at < computed:
        return f"{said} Записан более ранний срок: он не отодвигается."
    return f"{said} Норматив с тех пор изменился."


def _stop(pause: Pause, console: Console) -> Stop:
    now = console.clock()
    ended = pause.ended_at
    return Stop(
        since=console.local(pause.since),
        until=console.local(ended or pause.until),
        ended_by=_who(pause.ended_by) if ended is not None else "",
        reason=pause.reason,
        by=_who(pause.by),
        lost=_worked(pause.since, ended or max(now, pause.since), console.calendar),
        runs=ended is None,
    )


def _who(actor: str) -> str:
    return "Otklik" if actor == MACHINE else actor


def _lasting(incident: Incident, console: Console) -> list[Lasting]:
    ends = incident.closed_at if incident.stage is Stage.CLOSED else incident.final_at
    until = ends or console.clock()
    found = [_since("С обращения", incident.created_at, until, console)]
    if incident.first_assigned_at is None:
        found.append(Lasting("С первого назначения", "—", "ещё не назначали"))
    else:
        since = incident.first_assigned_at
        found.append(_since("С первого назначения", since, max(until, since), console))
    published, due = incident.published_at, incident.published_due_at
    if published is None:
        found.append(Lasting("До публикации ответа", "—", "ответа ещё нет"))
        return found
    late = due is not None and published > due
    found.append(
        Lasting(
            "До публикации ответа",
            _worked(incident.created_at, published, console.calendar),
            f"{console.local(published)}, " + ("позже срока" if late else "в срок"),
            "urgent" if late else "good",
        )
    )
    return found


def _since(title: str, since: datetime, until: datetime, console: Console) -> Lasting:
    return Lasting(title, _worked(since, until, console.calendar), f"с{NBSP}{console.local(since)}")


def _worked(since: datetime, until: datetime, calendar: WorkCalendar) -> str:
    try:
        worked = calendar.between(since, max(since, until))
    except CalendarError:
        return "—"
    minutes = worked // timedelta(minutes=1)
    return spell(timedelta(minutes=minutes)).replace(" ", NBSP)
