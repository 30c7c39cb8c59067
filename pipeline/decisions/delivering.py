"""The life of a notice on its way to one channel: what an attempt ends in, and what follows.

::

    waiting ──> sending ──> sent
      │  ↑         │
      │  └─────────┤         surely nothing was sent
      ↓            └──> parked ──> waiting, when a person says so
    dropped

``sending`` is committed before anything is sent. Whoever finds a delivery there later does not
know whether it arrived, and no chat and no mail server can be asked. So it is sent again only
where twice does no harm, or where not at all does more (``may_go_again``); else a person decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import SourceError
from connectors.notices import NotSentError
from models.channel_words import ChannelKind, DeliveryState
from models.errors import OtklikError
from models.vocabulary import Occasion
from pipeline.decisions import publishing
from pipeline.decisions.publishing import LONGEST_PAUSE, MINUTE, PERSON_PAUSE, Aftermath, Fate

LONGEST_ATTEMPT = timedelta(seconds=15)
"""Then the attempt is given up and its end is unknown. Longer than connecting, asking and reading
take by their own limits in all but the worst case."""

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60))
"""After each attempt; the last one ever again."""

MOST_ATTEMPTS = 26
"""About a day of them; then it is for a person."""

WORSE_LOST = frozenset(
    {Occasion.URGENT, Occasion.OVERDUE, Occasion.ESCALATION, Occasion.SILENT_CLOCK}
)
"""Worse lost than told twice."""

VK_REMEMBERS = timedelta(minutes=50)
"""VKontakte does not deliver a message with the same ``random_id`` twice within an hour."""

UNSURE = (
    "Отправка оборвалась, и неизвестно, дошло ли уведомление; второй раз оно само не посылается. "
    "Послать: otklik notices retry."
)
GAVE_UP = f"Не удалось отправить за {MOST_ATTEMPTS} попыток."


OUTLIVED = Aftermath(
    Fate.LATER, "Отправка затянулась и прервана, ничего не отправлено.", tired=True
)


def aftermath(error: Exception, *, now: datetime) -> Aftermath:
    """Return what follows from the error that a sender ended with.

    What an answer's publisher means by its errors, a sender means as well (``publishing``).
    """
    if isinstance(error, TimeoutError):
        said = f"Ответа не было {LONGEST_ATTEMPT.seconds} секунд."
        return Aftermath(Fate.UNKNOWN, said, tired=True)
    if isinstance(error, NotSentError):
        if error.final:
            return Aftermath(Fate.REFUSED, str(error))
        asked = timedelta(seconds=min(error.retry_after or 0.0, LONGEST_PAUSE.total_seconds()))
        return Aftermath(Fate.LATER, str(error), asked, tired=True)
    if isinstance(error, OtklikError) and not isinstance(error, SourceError):
        # A secret that is missing, say: for a person to put right.
        return Aftermath(Fate.LATER, str(error), PERSON_PAUSE, tired=True)
    return publishing.aftermath(error, now=now)


@dataclass(frozen=True, slots=True)
class History:
    """What is known of earlier attempts at a message; ``worse_lost`` says what it is about.

    ``unsure`` counts those that may have arrived, ``sent_at`` is when the first of them began.
    """

    kind: ChannelKind
    worse_lost: bool
    attempts: int = 0
    unsure: int = 0
    sent_at: datetime | None = None


def may_go_again(history: History, now: datetime) -> bool:
    """Tell whether a message may be sent (again), as far as it may have arrived already.

    A webhook's receiver knows it again by its key; VKontakte does for a while. By anything else
    it goes out once, and a second time only if it would be worse lost.
    """
    if history.attempts >= MOST_ATTEMPTS:
        return False
    if not history.unsure or history.kind is ChannelKind.WEBHOOK:
        return True
    if history.kind is ChannelKind.VK and history.sent_at is not None:
        return abs(now - history.sent_at) < VK_REMEMBERS
    return history.worse_lost and history.unsure < 2


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one worker; ``before`` is what was known before it began."""

    before: History
    began: datetime

    @property
    def number(self) -> int:
        """Return which one this is, from 1."""
        return self.before.attempts + 1

    @property
    def again_at(self) -> datetime:
        """When the next one may begin if this one is never heard of again."""
        return self.began + LONGEST_ATTEMPT + pause_after(self.number)

    def outlived(self, now: datetime) -> bool:
        """Tell whether another worker may have taken over: then nothing may be sent."""
        return not self.began <= now < self.began + LONGEST_ATTEMPT


@dataclass(frozen=True, slots=True)
class Settled:
    """What the rows of a message become after an attempt that is not known to have arrived."""

    state: DeliveryState
    due_at: datetime
    unsure: int
    sent_at: datetime | None
    error: str


def pause_after(number: int) -> timedelta:
    """Return how long to wait after the attempt of this number."""
    return PAUSES[min(number, len(PAUSES)) - 1]


def settle(attempt: Attempt, ended: Aftermath, *, sent: bool, now: datetime) -> Settled:
    """Return what follows from an attempt's end; ``sent`` is whether it came to sending."""
    before = attempt.before
    unsure, sent_at = before.unsure, before.sent_at
    if sent and ended.fate is Fate.UNKNOWN:
        unsure, sent_at = unsure + 1, sent_at or attempt.began
    if ended.fate is Fate.REFUSED:
        return Settled(DeliveryState.PARKED, now, unsure, sent_at, ended.message)
    after = History(before.kind, before.worse_lost, attempt.number, unsure, sent_at)
    if not may_go_again(after, now):
        why = GAVE_UP if attempt.number >= MOST_ATTEMPTS else UNSURE
        return Settled(DeliveryState.PARKED, now, unsure, sent_at, f"{why} {ended.message}")
    state = DeliveryState.SENDING if unsure else DeliveryState.WAITING
    due_at = now + max(pause_after(attempt.number), ended.pause, MINUTE)
    return Settled(state, due_at, unsure, sent_at, ended.message)
