"""The life of an incident as one table: which act, from which stages, to which, and when not.

::

    review ──> assigned ──> work ──> approval ──> publishing ──> satisfaction ──> closed
      ↑  ↖        │ ↑        │ ↑        │             │  interim      │              │
      │   returned┘ └────────┘ └────────┴─────────────┴──> work       │              │
      └───────────────────────────── reopened ────────────────────────┴──────────────┘

Everything that a person or the machine does passes ``refusal`` first. Rework never extends a
deadline: going back to an earlier stage leaves the legal clock as it runs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.vocabulary import Act, ClosingReason, Role, Stage
from pipeline.decisions.permissions import Actor, answers_for, may, sees

LONGEST_REASON = 1000
"""Characters of a reason; the journal's column holds as many."""

LONGEST_SNOOZE = timedelta(days=31)
"""Whatever is put off for longer is not put off but forgotten."""


class No(StrEnum):
    """What kind of refusal it is."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    STAGE = "stage"
    STALE = "stale"
    REASON = "reason"
    GUARD = "guard"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an act was not done, in Russian for who asked; nothing was stored then."""

    no: No
    message: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands before an act.

    ``final`` tells whether a final answer of this round stands, ``answers_waiting`` whether an
    answer is before the head or on its way, ``pausable`` whether the norm allows a pause,
    ``approval`` whether a head has to agree to answers here.
    """

    stage: Stage
    version: int
    body: str
    helpers: tuple[str, ...] = ()
    round: int = 1
    paused: bool = False
    pausable: bool = False
    final: bool = False
    answers_waiting: bool = False
    assigned_before: bool = False
    approval: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """An act that somebody wants; ``version`` is what they saw, None for who has seen none.

    ``body`` is a new responsible body, ``until`` the end of a pause, or of a snooze (None wakes
    it), ``closing`` why to close.
    """

    act: Act
    reason: str = ""
    version: int | None = None
    body: str | None = None
    until: datetime | None = None
    closing: ClosingReason | None = None


Guard = Callable[[Standing, Wish, Actor, datetime], str | None]


def other_body(standing: Standing, wish: Wish, _actor: Actor, _now: datetime) -> str | None:
    """Ask for another body, unless nobody had it yet or it was given back."""
    if wish.body is None:
        return "Выберите, кому назначить."
    same = wish.body == standing.body
    if same and standing.stage not in {Stage.REVIEW, Stage.RETURNED}:
        return "Инцидент уже у этого исполнителя. Выберите другого."
    return None


def nothing_waits(standing: Standing, _wish: Wish, _actor: Actor, _now: datetime) -> str | None:
    """Let an answer that is before the head or on its way be decided first."""
    if standing.answers_waiting:
        return "Ответ уже согласуется или отправляется. Сначала решите его судьбу."
    return None


def norm_allows(standing: Standing, wish: Wish, _actor: Actor, now: datetime) -> str | None:
    """Ask a pause for a norm that has one, an end in the future, and a clock that runs."""
    if not standing.pausable:
        return "Норматив этого срока не допускает приостановки."
    if standing.paused:
        return "Срок уже приостановлен."
    if wish.until is None or wish.until <= now:
        return "Укажите, до какого времени приостановить: этот срок должен быть впереди."
    return None


def head_agrees(standing: Standing, _wish: Wish, actor: Actor, _now: datetime) -> str | None:
    """Let no operator agree to answers in a head's place."""
    if standing.approval and actor.role is Role.OPERATOR:
        return "Ответ согласует руководитель."
    return None


def is_paused(standing: Standing, _wish: Wish, _actor: Actor, _now: datetime) -> str | None:
    """Let only what is stopped go on."""
    return None if standing.paused else "Срок не приостановлен."


def not_for_long(_standing: Standing, wish: Wish, _actor: Actor, now: datetime) -> str | None:
    """Put an incident off until a moment that comes, and soon enough."""
    if wish.until is None:
        return None
    if wish.until <= now:
        return "Выберите, до какого времени отложить: оно должно быть впереди."
    if wish.until > now + LONGEST_SNOOZE:
        return f"Отложить можно не больше чем на {LONGEST_SNOOZE.days} день. Выберите время ближе."
    return None


def answered_or_none_due(
    standing: Standing, wish: Wish, actor: Actor, _now: datetime
) -> str | None:
    """Close no incident over an author who was owed an answer and got none.

    No answer is due to insults, and none can be given where the author closed comments.
    """
    if wish.closing is None:
        return "Выберите причину закрытия."
    # Who has closed it is told by whoever did: a merge, a source and a judgement have acts.
    if actor.role is not None and wish.closing in {ClosingReason.MERGED, ClosingReason.BY_SOURCE}:
        return "Эту причину закрытия ставит сама программа. Выберите другую."
    if wish.closing in {ClosingReason.NOT_RELEVANT, ClosingReason.NO_ANSWER_DUE}:
        return None if wish.reason.strip() else "Напишите, почему ответ не нужен."
    if not standing.final and wish.closing is not ClosingReason.BY_SOURCE:
        return "Окончательного ответа автору ещё нет: так закрыть инцидент нельзя."
    return nothing_waits(standing, wish, actor, _now)


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table; ``to`` is None where the stage stays.

    ``states_why`` asks for a reason.
    """

    stages: frozenset[Stage]
    to: Stage | None = None
    states_why: bool = False
    guards: tuple[Guard, ...] = ()


def _at(*stages: Stage) -> frozenset[Stage]:
    return frozenset(stages)


OPEN = frozenset(Stage) - {Stage.CLOSED}
OWED = OPEN - {Stage.SATISFACTION}
BEFORE_ANSWER = OWED - {Stage.APPROVAL, Stage.PUBLISHING}

MOVES: Mapping[Act, Move] = {
    Act.CONFIRMED: Move(OPEN),
    Act.CORRECTED: Move(OPEN),
    Act.ASSIGNED: Move(BEFORE_ANSWER, Stage.ASSIGNED, guards=(other_body,)),
    Act.CO_EXECUTORS: Move(OWED),
    Act.ACCEPTED: Move(_at(Stage.ASSIGNED), Stage.WORK),
    Act.RETURNED: Move(_at(Stage.ASSIGNED, Stage.WORK), Stage.RETURNED, states_why=True),
    Act.PASSED_UP: Move(
        _at(Stage.ASSIGNED, Stage.WORK, Stage.RETURNED), Stage.ASSIGNED, states_why=True
    ),
    Act.DRAFTED: Move(_at(Stage.WORK)),
    Act.SUBMITTED: Move(_at(Stage.WORK), Stage.APPROVAL, guards=(nothing_waits,)),
    Act.APPROVED: Move(_at(Stage.APPROVAL), Stage.PUBLISHING, guards=(head_agrees,)),
    Act.REJECTED: Move(_at(Stage.APPROVAL), Stage.WORK, states_why=True, guards=(head_agrees,)),
    # An answered incident may be told more without being opened again.
    Act.ANSWER_QUEUED: Move(OPEN - {Stage.APPROVAL}, Stage.PUBLISHING),
    Act.ANSWER_BY_HAND: Move(frozenset(Stage)),
    Act.ANSWER_WITHDRAWN: Move(_at(Stage.APPROVAL, Stage.PUBLISHING), Stage.WORK),
    Act.PAUSED: Move(OWED, states_why=True, guards=(norm_allows,)),
    Act.RESUMED: Move(OWED, guards=(is_paused,)),
    Act.SNOOZED: Move(OWED, guards=(not_for_long,)),
    Act.RATED: Move(_at(Stage.SATISFACTION, Stage.CLOSED)),
    Act.MERGED: Move(OWED, Stage.CLOSED, guards=(nothing_waits,)),
    Act.UNMERGED: Move(_at(Stage.CLOSED)),
    Act.KEPT_APART: Move(frozenset(Stage)),
    Act.POST_SPLIT: Move(OPEN),
    Act.CLOSED: Move(OPEN, Stage.CLOSED, guards=(answered_or_none_due,)),
    Act.REOPENED: Move(_at(Stage.SATISFACTION, Stage.CLOSED), Stage.ASSIGNED, states_why=True),
}
"""Every act that people do on an incident. What the machine alone does (reminders, an author's
edits, the end of an attempt to publish) is not asked about: it is a fact."""


def refusal(standing: Standing, wish: Wish, actor: Actor, now: datetime) -> Refused | None:
    """Return why the act is not done, or None: visibility, role, version, stage, reason, guards."""
    move = MOVES[wish.act]
    return (
        _without_right(standing, wish, actor)
        or _out_of_place(standing, wish, move)
        or _without_reason(wish, move)
        or _guarded(standing, wish, actor, now)
    )


def _without_right(standing: Standing, wish: Wish, actor: Actor) -> Refused | None:
    if not sees(actor, standing.body, standing.helpers):
        return Refused(No.NOT_FOUND, "Инцидента с таким номером нет.")
    if not may(actor, wish.act):
        return Refused(
            No.FORBIDDEN,
            f"«{wish.act.russian}» — не для роли «{_role(actor)}». Обратитесь к администратору.",
        )
    if not answers_for(actor, standing.body):
        return Refused(
            No.FORBIDDEN, "Ваша организация здесь соисполнитель: решает ответственный исполнитель."
        )
    return None


def _out_of_place(standing: Standing, wish: Wish, move: Move) -> Refused | None:
    if wish.version is not None and wish.version != standing.version:
        return Refused(
            No.STALE,
            "Пока вы смотрели карточку, инцидент изменился, поэтому ничего не записано. "
            "Посмотрите, что есть сейчас, и решите снова.",
        )
    if standing.stage not in move.stages:
        return Refused(
            No.STAGE,
            f"Инцидент сейчас в стадии «{standing.stage.russian}»: «{wish.act.russian}» из неё "
            f"нельзя. Можно из: {_stages(move.stages)}.",
        )
    return None


def _without_reason(wish: Wish, move: Move) -> Refused | None:
    if move.states_why and not wish.reason.strip():
        return Refused(No.REASON, "Напишите причину: она останется в журнале.")
    if len(wish.reason) > LONGEST_REASON:
        return Refused(
            No.REASON, f"Причина длиннее {LONGEST_REASON} знаков: {len(wish.reason)}. Сократите."
        )
    return None


def _guarded(standing: Standing, wish: Wish, actor: Actor, now: datetime) -> Refused | None:
    messages = (guard(standing, wish, actor, now) for guard in MOVES[wish.act].guards)
    message = next(filter(None, messages), None)
    return None if message is None else Refused(No.GUARD, message)


def open_acts(standing: Standing, actor: Actor) -> tuple[Act, ...]:
    """Return the acts whose buttons make sense: those of the stage and the role."""
    if not sees(actor, standing.body, standing.helpers):
        return ()
    return tuple(
        act
        for act, move in MOVES.items()
        if standing.stage in move.stages
        and may(actor, act)
        and answers_for(actor, standing.body)
        and (act is not Act.PAUSED or (standing.pausable and not standing.paused))
        and (act is not Act.RESUMED or standing.paused)
    )


def after(standing: Standing, act: Act) -> Stage:
    """Return the stage that follows an act which was not refused."""
    if act is Act.ANSWER_QUEUED and standing.stage is Stage.SATISFACTION:
        return Stage.SATISFACTION
    if act in {Act.CONFIRMED, Act.CORRECTED} and standing.stage is Stage.REVIEW:
        return Stage.ASSIGNED
    if act is Act.REOPENED and not standing.assigned_before:
        return Stage.REVIEW
    to = MOVES[act].to
    return standing.stage if to is None else to


def dissatisfied(rating: int, *, at_most: int, round_: int, rounds: int) -> bool:
    """Tell whether an author's rating (1–5) opens the next round: low, and rounds are left."""
    return rating <= at_most and round_ < rounds


def _role(actor: Actor) -> str:
    role = actor.role
    return role.russian if isinstance(role, Role) else actor.login


def _stages(stages: Collection[Stage]) -> str:
    return ", ".join(f"«{stage.russian}»" for stage in Stage if stage in stages)
