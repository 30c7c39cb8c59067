"""The life of an answer in the outbox: what may follow what, and what an attempt ends in.

::

    queued ──> sending ──> published
     │  ↑         │
     │  ├─────────┤          surely nothing was sent
     │  │         └──> refused ──> by_hand | withdrawn | queued again
     └──┼──> withdrawn | by_hand
        └──────────────────┘

``sending`` is committed before anything is sent. Whoever finds an answer there (after a timeout,
a crash, a kill) does not know whether the network has it, so it is looked for first, and only
what is surely not there is sent again, with the same key. ``sent_at`` remembers that: it is empty
exactly while the network surely has nothing, and whatever has one is looked for first.

Before that an answer may be a ``draft`` that goes to ``approval``, from where the head lets it into
the queue or gives it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.ledger import HeldError, ParkedError
from models.vocabulary import AnswerState

MINUTE = timedelta(minutes=1)

LONGEST_ATTEMPT = timedelta(seconds=40)
"""Looking and sending together; then the attempt is given up and its end is unknown."""

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60))
"""After each attempt of unknown end. Never less than a minute: a slow network must have had time
to show the answer to whoever looks for it."""

MOST_ATTEMPTS = 6
"""Attempts that may send; one more only looks, then a person has to."""

PERSON_PAUSE = timedelta(minutes=10)
"""How often to see whether a person has put a token right."""

QUOTA_PAUSE = timedelta(minutes=30)
FLOOD_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)
"""However long a network asks to be left alone."""

GAVE_UP = "Не удалось узнать, опубликован ли ответ; проверьте по ссылке."
LATE = f"Сеть не ответила за {LONGEST_ATTEMPT.seconds} секунд."
BUG = "внутренняя ошибка программы; подробности в журнале потоков, сообщите разработчикам"


class Step(StrEnum):
    """What happens to an answer: the first four by a worker, the others by a person."""

    CLAIM = "claim"
    PUBLISHED = "published"
    REFUSED = "refused"
    PUT_BACK = "put_back"
    BY_HAND = "by_hand"
    WITHDRAW = "withdraw"
    REPEAT = "repeat"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"

    @property
    def russian(self) -> str:
        """What cannot be done, for «… нельзя»."""
        return {
            "claim": "отправить его",
            "published": "отметить его опубликованным",
            "refused": "вернуть его оператору",
            "put_back": "вернуть его в очередь",
            "by_hand": "отметить его опубликованным вручную",
            "withdraw": "снять его с отправки",
            "repeat": "отправить его ещё раз",
            "submit": "отправить его на согласование",
            "approve": "согласовать его",
            "reject": "вернуть его на доработку",
        }[self.value]


STEPS: Mapping[tuple[AnswerState, Step], AnswerState] = {
    (AnswerState.DRAFT, Step.SUBMIT): AnswerState.APPROVAL,
    (AnswerState.DRAFT, Step.WITHDRAW): AnswerState.WITHDRAWN,
    (AnswerState.APPROVAL, Step.APPROVE): AnswerState.QUEUED,
    (AnswerState.APPROVAL, Step.REJECT): AnswerState.DRAFT,
    (AnswerState.APPROVAL, Step.WITHDRAW): AnswerState.WITHDRAWN,
    (AnswerState.QUEUED, Step.CLAIM): AnswerState.SENDING,
    (AnswerState.QUEUED, Step.BY_HAND): AnswerState.BY_HAND,
    (AnswerState.QUEUED, Step.WITHDRAW): AnswerState.WITHDRAWN,
    (AnswerState.SENDING, Step.CLAIM): AnswerState.SENDING,
    (AnswerState.SENDING, Step.PUBLISHED): AnswerState.PUBLISHED,
    (AnswerState.SENDING, Step.REFUSED): AnswerState.REFUSED,
    (AnswerState.SENDING, Step.PUT_BACK): AnswerState.QUEUED,
    (AnswerState.REFUSED, Step.BY_HAND): AnswerState.BY_HAND,
    (AnswerState.REFUSED, Step.WITHDRAW): AnswerState.WITHDRAWN,
    (AnswerState.REFUSED, Step.REPEAT): AnswerState.QUEUED,
}
"""Every step that exists; all others are refused. While an answer is being sent no person can
change it: nobody could say then what the citizen has read."""


class IllegalStepError(ValueError):
    """A step that does not exist; the message is Russian."""


def after(state: AnswerState, step: Step) -> AnswerState:
    """Return the state that follows. Raises IllegalStepError."""
    following = STEPS.get((state, step))
    if following is None:
        raise IllegalStepError(
            f"Ответ сейчас в состоянии «{state.russian}»: {step.russian} нельзя."
        )
    return following


def open_to(state: AnswerState, step: Step) -> bool:
    """Tell whether the step exists."""
    return (state, step) in STEPS


class Fate(StrEnum):
    """What an attempt came to that did not publish."""

    REFUSED = "refused"
    """The network will not take it: back to the operator."""
    LATER = "later"
    """This attempt surely sent nothing; again after a pause."""
    UNKNOWN = "unknown"
    """Nobody knows: look before sending again."""


FATES: Mapping[Action, tuple[Fate, timedelta]] = {
    Action.REFUSED: (Fate.REFUSED, timedelta()),
    Action.CLOSED: (Fate.REFUSED, timedelta()),
    Action.GONE: (Fate.REFUSED, timedelta()),
    Action.TOMBSTONE: (Fate.REFUSED, timedelta()),
    Action.WRONG_TOKEN: (Fate.REFUSED, timedelta()),
    Action.QUARANTINE: (Fate.REFUSED, timedelta()),
    Action.PACE: (Fate.LATER, MINUTE),
    Action.QUOTA: (Fate.LATER, QUOTA_PAUSE),
    Action.TOKEN_DEAD: (Fate.LATER, PERSON_PAUSE),
    Action.CAPTCHA: (Fate.LATER, PERSON_PAUSE),
    Action.NEEDS_PERSON: (Fate.LATER, PERSON_PAUSE),
    Action.SIGN_IN: (Fate.LATER, PERSON_PAUSE),
    # A fault on their side may come after the deed; and what was refused as "too much of the
    # same" must not become more of it.
    Action.RETRY: (Fate.UNKNOWN, timedelta()),
    Action.HALVE: (Fate.UNKNOWN, timedelta()),
    Action.FLOOD: (Fate.UNKNOWN, FLOOD_PAUSE),
}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """How an attempt ended without publishing, what to tell, and the least pause after it.

    ``tired`` says that the source's other answers had better wait as well.
    """

    fate: Fate
    message: str
    pause: timedelta = timedelta()
    tired: bool = False


NO_PUBLISHER = Aftermath(
    Fate.LATER,
    "Публикация в этот источник не настроена: нет ключа сообщества. Попросите администратора "
    "добавить ключ или ответьте сами и отметьте ответ опубликованным вручную.",
    PERSON_PAUSE,
)
OUTLIVED = Aftermath(
    Fate.LATER, "Отправка затянулась и прервана, ничего не отправлено.", tired=True
)
NOT_THERE = Aftermath(Fate.REFUSED, "Его отправляли несколько раз, но под сообщением его не видно.")


def unsendable(text: str, *, limit: int, deleted: bool) -> Aftermath | None:
    """Return why an answer need not be sent at all; ``limit`` is the publisher's."""
    if deleted:
        return Aftermath(
            Fate.REFUSED, "Автор удалил сообщение: ответить под ним нельзя. Снимите ответ."
        )
    if len(text) > limit:
        return Aftermath(
            Fate.REFUSED,
            f"Ответ длиннее, чем принимает сеть: {len(text)} знаков из {limit}. Снимите его и "
            "напишите короче.",
        )
    return None


def aftermath(error: Exception, *, now: datetime) -> Aftermath:
    """Return what follows from the error that looking or publishing ended with.

    Whatever is not known to have sent nothing is of unknown end, a bug of ours included.
    """
    message = _message(error)
    match error:
        case HeldError():
            # 0 and what is past: the hold is a short one, or over.
            until = datetime.fromtimestamp(min(max(error.until, 0.0), 4e9), UTC)
            return Aftermath(Fate.LATER, message, _bounded(until - now))
        case ParkedError():
            return Aftermath(Fate.LATER, message, PERSON_PAUSE)
        case ApiError():
            fate, pause = FATES[error.action]
            pause = max(pause, _asked(error.retry_after))
            tired = fate is Fate.UNKNOWN or error.action is Action.PACE
            return Aftermath(fate, message, pause, tired)
        case UnreachableError():
            return Aftermath(Fate.UNKNOWN, message, _asked(error.retry_after), tired=True)
    return Aftermath(Fate.UNKNOWN, message, tired=True)


def _message(error: Exception) -> str:
    if isinstance(error, SourceError):
        return str(error)
    return LATE if isinstance(error, TimeoutError) else f"{BUG} ({type(error).__name__})"


def _asked(seconds: float | None) -> timedelta:
    return _bounded(timedelta(seconds=min(seconds, 1e6))) if seconds else timedelta()


def _bounded(pause: timedelta) -> timedelta:
    return min(max(pause, MINUTE), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one worker.

    ``number`` counts from 1, anew whenever the network surely has nothing. ``sent_before`` is
    when an earlier attempt may have sent the answer, None when surely none has.
    """

    number: int
    began: datetime
    sent_before: datetime | None

    @property
    def looks_first(self) -> bool:
        """Tell whether the answer may stand there already."""
        return self.sent_before is not None

    @property
    def may_send(self) -> bool:
        """Tell whether it may be sent if it is not there: not for ever."""
        return self.number <= MOST_ATTEMPTS

    @property
    def again_at(self) -> datetime:
        """When the next one may begin if this one is never heard of again."""
        return self.began + LONGEST_ATTEMPT + pause_after(self.number)

    def outlived(self, now: datetime) -> bool:
        """Tell whether another worker may have taken over: then nothing may be sent."""
        return not self.began <= now < self.began + LONGEST_ATTEMPT


def pause_after(number: int) -> timedelta:
    """Return how long to wait after the attempt of this number."""
    return PAUSES[min(number, len(PAUSES)) - 1]


@dataclass(frozen=True, slots=True)
class Settled:
    """What an answer's row becomes after an attempt that did not publish."""

    state: AnswerState
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str


def settle(attempt: Attempt, ended: Aftermath, *, sent: bool, now: datetime) -> Settled:
    """Return what follows from an attempt's end; ``sent`` is whether it came to sending.

    An answer that the network may have is never queued again: it stays ``sending``, or goes to a
    person once there were too many attempts.
    """
    sent_at = attempt.began if sent and ended.fate is Fate.UNKNOWN else attempt.sent_before
    unseen = sent_at is not None and not (sent and ended.fate is Fate.REFUSED)
    too_many = unseen and not attempt.may_send
    if ended.fate is Fate.REFUSED or too_many:
        message = f"{GAVE_UP} {ended.message}" if unseen else ended.message
        return Settled(AnswerState.REFUSED, now, sent_at, attempt.number, message)
    if sent_at is None:
        return Settled(AnswerState.QUEUED, now + max(ended.pause, MINUTE), None, 0, ended.message)
    return Settled(
        AnswerState.SENDING,
        now + max(pause_after(attempt.number), ended.pause),
        sent_at,
        attempt.number,
        ended.message,
    )
