"""Notices on their way to their channels: claimed, sent or not.

Each function is one transaction's worth of work; ``pipeline.notify`` puts them in order.
"""

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.channel_words import ChannelKind, DeliveryState
from models.columns import stored_id
from models.delivery import Channel, Delivery
from models.incident import Incident
from models.notice import Notice
from pipeline.decisions.delivering import (
    UNSURE,
    WORSE_LOST,
    Attempt,
    History,
    Settled,
    may_go_again,
)
from pipeline.decisions.notice_texts import Told
from pipeline.decisions.notice_times import Habits, allowed_from
from pipeline.decisions.notices import REMINDERS, Standing, obsolete
from pipeline.desk.addressing import Office, habits_of, urgent
from pipeline.store import notices as store
from pipeline.store.notices import Open, Owned

log = logging.getLogger(__name__)

GROUP = 100
"""Notices of one message."""

BURST = 5
"""More than so many due by one channel at once go out as one message, whatever it is set to: a
recomputed calendar can make thousands of deadlines pass in one moment."""

UNTELLABLE = "Внутренняя ошибка программы: уведомление не составлено. Сообщите разработчикам."
SWITCHED_OFF = "Канал выключен или его хозяин больше не работает."

Teller = Callable[[Notice, Incident | None], Told]
"""Puts a notice into words, by what is known of its incident now."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes; the fields are those of ``Channel``."""

    channel_id: int
    kind: ChannelKind
    address: str
    secret: str
    options: Mapping[str, Any]
    body: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that one worker may send now: ``rows`` are its deliveries and their versions."""

    address: Address
    key: str
    rows: Mapping[int, int]
    attempt: Attempt
    told: tuple[Told, ...]


@dataclass(slots=True)
class Swept:
    """What became of a channel's due deliveries that are not sent now."""

    parked: int = 0
    dropped: int = 0
    held: int = 0


def address_of(channel: Channel) -> Address:
    """Return where a channel leads."""
    return Address(
        stored_id(channel.id),
        channel.kind,
        channel.address,
        channel.secret,
        dict(channel.options),
        channel.body,
    )


def claim(
    session: Session, channel_id: int, office: Office, tell: Teller, *, now: datetime
) -> tuple[Claimed | None, Swept]:
    """Take the next message that is due by a channel; None when there is nothing to send.

    On the way, what is due but need not or must not be sent is put aside. Commit before anything
    is sent: whoever comes after a crash has to see that it may have been.
    """
    swept = Swept()
    owned = store.find_channel(session, channel_id, lock=True)
    if owned is None:
        return None, swept
    due = store.due_by_channel(session, channel_id, now, limit=GROUP, only=office.only)
    habits = habits_of(owned.channel)
    fit = _fit(due, owned, office, tell, now=now, swept=swept)
    unsure: dict[str, list[Fit]] = {}
    for one in fit:
        if one.delivery.state is DeliveryState.SENDING:
            unsure.setdefault(one.delivery.message, []).append(one)
    for key, group in unsure.items():
        if may_go_again(_history(owned.channel, group), now):
            return _take(owned.channel, key, group, now), swept
        for one in group:
            _park(one.delivery, UNSURE, swept)
    waiting = [one for one in fit if one.delivery.state is DeliveryState.WAITING]
    if not waiting:
        return None, swept
    group = waiting if habits.groups or len(waiting) > BURST else waiting[:1]
    return _take(owned.channel, _key(channel_id, group), group, now), swept


@dataclass(frozen=True, slots=True)
class Fit:
    """A delivery that may go out now, in words."""

    delivery: Delivery
    notice: Notice
    told: Told


def _fit(
    due: Sequence[Open],
    owned: Owned,
    office: Office,
    tell: Teller,
    *,
    now: datetime,
    swept: Swept,
) -> list[Fit]:
    """Return what may go out now, and put the rest aside."""
    in_use = owned.channel.active and (owned.staff is None or owned.staff.active)
    habits = habits_of(owned.channel)
    fit: list[Fit] = []
    for one in due:
        if not in_use:
            _drop(one.delivery, SWITCHED_OFF, now, swept)
        elif _ready(one, habits, office, now, swept):
            told = _tell(tell, one)
            if told is None:
                _park(one.delivery, UNTELLABLE, swept)
            else:
                fit.append(Fit(one.delivery, one.notice, told))
    return fit


def _ready(one: Open, habits: Habits, office: Office, now: datetime, swept: Swept) -> bool:
    """Tell whether a due delivery may go out now; put it aside or off if not."""
    notice, incident = one.notice, one.incident
    body = "" if notice.facts.get("helpers") else notice.body
    why = obsolete(notice.occasion, body, _standing(incident), now)
    if why:
        _drop(one.delivery, why, now, swept)
        return False
    allowed = allowed_from(
        now,
        habits,
        office.calendar,
        reminder=notice.occasion in REMINDERS,
        urgent=urgent(notice, incident),
    )
    if allowed > now:
        one.delivery.due_at = allowed
        swept.held += 1
        return False
    return True


def _standing(incident: Incident | None) -> Standing | None:
    if incident is None:
        return None
    return Standing(
        incident.stage,
        incident.body,
        incident.due_at,
        incident.stage_due_at,
        incident.paused_at is not None,
    )


def _tell(tell: Teller, one: Open) -> Told | None:
    try:
        return tell(one.notice, one.incident)
    except Exception:
        # Whatever is wrong with one notice must not keep the others from going out.
        log.exception("notice %s cannot be told", one.notice.id)
        return None


def _history(channel: Channel, group: Sequence[Fit]) -> History:
    rows = [one.delivery for one in group]
    began = [row.sent_at for row in rows if row.sent_at is not None]
    return History(
        channel.kind,
        any(one.notice.occasion in WORSE_LOST for one in group),
        max(row.attempts for row in rows),
        max(row.unsure for row in rows),
        min(began, default=None),
    )


def _key(channel_id: int, group: Sequence[Fit]) -> str:
    """Return the idempotency key of a message: the same notices by the same channel have one."""
    parts = [str(channel_id), *sorted(one.notice.key for one in group)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def _take(channel: Channel, key: str, group: Sequence[Fit], now: datetime) -> Claimed:
    attempt = Attempt(_history(channel, group), now)
    rows: dict[int, int] = {}
    for one in group:
        row = one.delivery
        row.state = DeliveryState.SENDING
        row.message = key
        row.attempts = attempt.number
        row.unsure = attempt.before.unsure + 1
        row.sent_at = attempt.before.sent_at or now
        row.due_at = attempt.again_at
        row.version += 1
        rows[stored_id(row.id)] = row.version
    return Claimed(address_of(channel), key, rows, attempt, tuple(one.told for one in group))


def _drop(delivery: Delivery, why: str, now: datetime, swept: Swept) -> None:
    delivery.state, delivery.error, delivery.done_at = DeliveryState.DROPPED, why, now
    delivery.version += 1
    swept.dropped += 1


def _park(delivery: Delivery, why: str, swept: Swept) -> None:
    # What came before tells more than that nobody knows.
    delivery.state, delivery.error = DeliveryState.PARKED, f"{why} {delivery.error}".strip()[:1000]
    delivery.version += 1
    swept.parked += 1


def mark_sent(session: Session, claimed: Claimed, *, now: datetime) -> int:
    """Store that a message has gone out; return how many deliveries that settles.

    A fact, whoever learned of it: the version does not matter, as long as it is that message.
    """
    settled = 0
    for row in store.deliveries(session, claimed.rows.keys()):
        if row.message == claimed.key and row.state not in _OVER:
            row.state, row.done_at, row.error = DeliveryState.SENT, now, ""
            row.version += 1
            settled += 1
    return settled


def settle(session: Session, claimed: Claimed, settled: Settled) -> bool:
    """Store what an attempt came to that is not known to have arrived.

    False if another worker took over.
    """
    ours = False
    for row in store.deliveries(session, claimed.rows.keys()):
        if row.version != claimed.rows[stored_id(row.id)]:
            continue
        row.state, row.due_at, row.unsure = settled.state, settled.due_at, settled.unsure
        row.sent_at, row.error = settled.sent_at, settled.error[:1000]
        row.version += 1
        ours = True
    return ours


def retry(session: Session, ids: Collection[int] | None, *, now: datetime) -> int:
    """Send parked deliveries after all, these or every one; return how many.

    A person has decided that twice is better than not at all. Keys stay what they were.
    """
    query = sa.update(Delivery).where(col(Delivery.state) == DeliveryState.PARKED)
    if ids is not None:
        query = query.where(col(Delivery.id).in_(ids))
    query = query.values(
        state=DeliveryState.WAITING,
        due_at=now,
        attempts=0,
        unsure=0,
        sent_at=None,
        error="",
        version=Delivery.version + 1,
    )
    return len(session.execute(query.returning(col(Delivery.id))).all())


_OVER = frozenset({DeliveryState.SENT, DeliveryState.DROPPED})
