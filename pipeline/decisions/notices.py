"""Who hears of what, and whether a notice is still worth sending when its time has come."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.vocabulary import Occasion, Role, Stage

HEARS: Mapping[Role, frozenset[Occasion]] = {
    Role.EXECUTOR: frozenset(
        {
            Occasion.ASSIGNED,
            Occasion.REJECTED,
            Occasion.WARNING,
            Occasion.OVERDUE,
            Occasion.REOPENED,
        }
    ),
    Role.OPERATOR: frozenset(
        {
            Occasion.URGENT,
            Occasion.RETURNED,
            Occasion.ANSWER_REFUSED,
            Occasion.OVERDUE,
            Occasion.STAGE_OVERDUE,
            Occasion.DISSATISFIED,
        }
    ),
    Role.APPROVER: frozenset({Occasion.TO_APPROVE, Occasion.ESCALATION, Occasion.PASSED_UP}),
    Role.ADMINISTRATOR: frozenset({Occasion.SILENT_CLOCK}),
    Role.OBSERVER: frozenset(),
}
"""What a role hears without asking for it. An executor hears it of their own body's incidents
alone; a body's own channel is an executor of that body."""

REMINDERS = frozenset(
    {Occasion.WARNING, Occasion.OVERDUE, Occasion.ESCALATION, Occasion.STAGE_OVERDUE}
)
"""What is said of a deadline; it waits for working hours."""

ALWAYS_URGENT = frozenset({Occasion.URGENT, Occasion.SILENT_CLOCK})

ANSWERED = frozenset({Stage.SATISFACTION, Stage.CLOSED})


@dataclass(frozen=True, slots=True)
class Listener:
    """A channel's owner: a person in a role (an executor of ``body``), or a body itself.

    ``occasions`` are the only ones to tell of; empty for what the role hears anyway.
    """

    role: Role
    body: str = ""
    occasions: frozenset[Occasion] = frozenset()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A notice as far as it decides who hears it.

    ``body`` is the responsible body's code, ``roles`` those that hear of it beyond the usual
    ones. ``helpers`` are the bodies that were asked to work beside it, if that is what it is about.
    """

    occasion: Occasion
    body: str = ""
    helpers: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()

    @property
    def bodies(self) -> frozenset[str]:
        """Return the bodies whose executors it concerns; the responsible one knows its helpers."""
        if self.occasion is Occasion.ASSIGNED and self.helpers:
            return self.helpers
        return frozenset({self.body} - {""})

    def concerns_executors(self) -> bool:
        """Tell whether executors hear of it unasked."""
        return self.occasion in HEARS[Role.EXECUTOR] or Role.EXECUTOR in self.roles


def hears(listener: Listener, what: Occurrence) -> bool:
    """Tell whether a listener is told. Nobody hears of another body's incidents by executing."""
    if listener.role is Role.EXECUTOR and listener.body not in what.bodies:
        return False
    if listener.occasions:
        return what.occasion in listener.occasions
    return what.occasion in HEARS[listener.role] or listener.role in what.roles


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands when a notice about it could be sent."""

    stage: Stage
    body: str
    due_at: datetime
    stage_due_at: datetime | None
    paused: bool


def obsolete(occasion: Occasion, body: str, standing: Standing | None, now: datetime) -> str:
    """Return why a notice that waited need not be sent any more, in Russian; "" if it must.

    ``body`` is the one that it was about ("" if that does not matter), ``standing`` the
    incident's, None where there is none.
    A reminder of what is done would send people looking for nothing.
    """
    if standing is None:
        return ""
    if standing.stage is Stage.CLOSED and occasion is not Occasion.DISSATISFIED:
        return "Инцидент закрыт."
    if occasion is Occasion.ASSIGNED and body and body != standing.body:
        return "Инцидент уже у другого исполнителя."
    if occasion is Occasion.TO_APPROVE and standing.stage is not Stage.APPROVAL:
        return "Ответ уже не ждёт согласования."
    if occasion in REMINDERS and not _still_late(occasion, standing, now):
        return "Срок больше не тот, о котором напоминали."
    return ""


def _still_late(occasion: Occasion, standing: Standing, now: datetime) -> bool:
    if occasion is Occasion.STAGE_OVERDUE:
        return standing.stage_due_at is not None and standing.stage_due_at <= now
    if standing.paused or standing.stage in ANSWERED:
        return False
    past = standing.due_at <= now
    return not past if occasion is Occasion.WARNING else past


def is_urgent(occasion: Occasion, *, incident: bool) -> bool:
    """Tell whether hours of silence may be broken; ``incident`` says that it is an urgent one."""
    return incident or occasion in ALWAYS_URGENT


def known(words: Collection[str]) -> frozenset[Occasion]:
    """Return the occasions among stored words; those of a newer program are left out."""
    every = {one.value: one for one in Occasion}
    return frozenset(every[word] for word in words if word in every)
