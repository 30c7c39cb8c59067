"""The clocks of an incident: when a term ends, pauses counted, and when to remind of it.

A pause stops a legal term: what working time lies in it is added at the end, so that a pause over
a weekend moves nothing. Reminders are moments in order; firing them collapses those that were
overtaken, so that after a long outage one message says it all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.values import Deadline
from models.vocabulary import Network, Stage, Term, Urgency
from pipeline.decisions.deadlines import deadline
from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import Norm, Region, Reminder

ZERO = timedelta(0)

STAGE_TERMS: dict[Stage, Term] = {
    Stage.REVIEW: Term.REVIEW,
    Stage.ASSIGNED: Term.ACCEPTANCE,
    Stage.RETURNED: Term.REVIEW,
    Stage.APPROVAL: Term.APPROVAL,
    Stage.PUBLISHING: Term.PUBLICATION,
    Stage.SATISFACTION: Term.SILENCE,
}
"""Which term limits a stage by itself; work has none but the legal one."""

LEGAL = frozenset(
    {Stage.REVIEW, Stage.ASSIGNED, Stage.WORK, Stage.RETURNED, Stage.APPROVAL, Stage.PUBLISHING}
)
"""Stages in which somebody owes the author an answer, so that the legal clock runs."""


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """A pause of a clock: [since, until)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Fired:
    """What a look at a clock came to: the reminders that are passed now, and what comes next.

    ``passed`` are numbers of reminders, ``level`` is the next one's; ``next_at`` is None when
    there is none left.
    """

    passed: tuple[int, ...]
    level: int
    next_at: datetime | None


def stage_norm(region: Region, stage: Stage, network: Network, urgency: Urgency) -> Norm | None:
    """Return the norm that limits a stage by itself, None where nothing does."""
    term = STAGE_TERMS.get(stage)
    return None if term is None else region.find_norm(network, urgency, term)


def due(
    norm: Norm, since: datetime, calendar: WorkCalendar, pauses: Iterable[Stretch] = ()
) -> Deadline:
    """Return when a term that began at ``since`` ends; raises CalendarError."""
    base = deadline(since, amount=norm.amount, unit=norm.unit, calendar=calendar)
    return Deadline(_extended(base.due_at, since, calendar, pauses), base.norm)


def moments(
    since: datetime,
    due_at: datetime,
    reminders: Sequence[Reminder],
    calendar: WorkCalendar,
    pauses: Iterable[Stretch] = (),
) -> tuple[datetime, ...]:
    """Return when each reminder of a term comes, in the order of ``reminders``.

    Shares are of the term's working time without its pauses, so that nothing is due at night;
    what comes after the deadline counts working time as well, pauses of what is overdue left out.
    None comes before the one above it.
    """
    # A pause of what is overdue takes nothing from the time that there was.
    every = _apart(pauses)
    stretches = [one for one in every if one.since < due_at]
    later = [one for one in every if one.since >= due_at]
    stopped = sum((_within(one, since, calendar) for one in stretches), start=ZERO)
    working = max(calendar.between(since, due_at) - stopped, ZERO)
    found: list[datetime] = []
    for reminder in reminders:
        if reminder.share < 1:
            # Whole seconds: a share may not be exact in binary.
            part = timedelta(seconds=int(working.total_seconds() * reminder.share))
            moment = _extended(calendar.add(since, part), since, calendar, stretches)
            moment = min(moment, due_at)
        elif reminder.after:
            moment = calendar.add(due_at, timedelta(minutes=reminder.after))
            moment = _extended(moment, due_at, calendar, later)
        else:
            moment = due_at
        found.append(max(moment, found[-1]) if found else moment)
    return tuple(found)


def fire(plan: Sequence[datetime], level: int, now: datetime) -> Fired:
    """Return what of ``plan`` is passed at ``now``, from the reminder ``level`` on."""
    following = next((i for i in range(level, len(plan)) if plan[i] > now), len(plan))
    return Fired(
        passed=tuple(range(level, following)),
        level=following,
        next_at=plan[following] if following < len(plan) else None,
    )


def _extended(
    moment: datetime, since: datetime, calendar: WorkCalendar, pauses: Iterable[Stretch]
) -> datetime:
    """Move the end of a term that began at ``since`` on by the pauses that began before it."""
    for pause in _apart(pauses):
        if pause.since >= moment:
            break
        lost = _within(pause, since, calendar)
        # Nothing lost moves nothing: adding zero would move a close to the next opening.
        moment = calendar.add(moment, lost) if lost else moment
    return moment


def _apart(pauses: Iterable[Stretch]) -> list[Stretch]:
    """Return the pauses in order, those that overlap as one: no hour is lost twice."""
    found: list[Stretch] = []
    for pause in sorted(pauses):
        if found and pause.since <= found[-1].until:
            found[-1] = Stretch(found[-1].since, max(found[-1].until, pause.until))
        else:
            found.append(pause)
    return found


def _within(pause: Stretch, since: datetime, calendar: WorkCalendar) -> timedelta:
    return max(calendar.between(max(pause.since, since), max(pause.until, since)), ZERO)
