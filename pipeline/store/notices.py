"""Queries about notices, channels and what is on its way."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.channel_words import DeliveryState
from models.delivery import Channel, Delivery
from models.incident import Incident
from models.notice import Notice
from models.staff import Staff
from models.vocabulary import Occasion

OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)
IS_OPEN = sa.text("delivery.state IN ('waiting', 'sending')")
"""In the very words of the partial index: with bound values it could not be used."""


@dataclass(frozen=True, slots=True)
class Open:
    """One delivery with what it is about."""

    delivery: Delivery
    notice: Notice
    incident: Incident | None


@dataclass(frozen=True, slots=True)
class Owned:
    """A channel and the person whose it is, None for a body's."""

    channel: Channel
    staff: Staff | None


def unaddressed(
    session: Session, limit: int, only: Collection[Occasion] | None = None
) -> list[Notice]:
    """Return notices that nobody is addressed of yet, the oldest first, locked.

    Those that another worker is at are left out; ``only`` names the occasions to look for.
    """
    query = select(Notice).where(col(Notice.addressed_at).is_(None))
    if only is not None:
        query = query.where(col(Notice.occasion).in_(only))
    query = query.order_by(col(Notice.id)).limit(limit)
    return list(session.exec(query.with_for_update(skip_locked=True)).all())


def incidents(session: Session, ids: Collection[int]) -> dict[int, Incident]:
    """Return the incidents with these ids, by id."""
    if not ids:
        return {}
    found = session.exec(select(Incident).where(col(Incident.id).in_(ids))).all()
    return {one.id: one for one in found if one.id is not None}


def channels(session: Session, *, everything: bool = False) -> list[Owned]:
    """Return the channels that are used: active ones, of active people; or all that there are."""
    query = sa.select(Channel, Staff).outerjoin(Staff, col(Staff.id) == col(Channel.staff_id))
    if not everything:
        working = sa.or_(col(Staff.id).is_(None), col(Staff.active))
        query = query.where(col(Channel.active), working)
    rows = session.execute(query.order_by(col(Channel.id))).tuples()
    return [Owned(channel, staff) for channel, staff in rows]


def bodies_with_channels(session: Session) -> set[str]:
    """Return the codes of bodies that have a channel of their own, even if it is switched off."""
    query = select(Channel.body).where(col(Channel.staff_id).is_(None)).distinct()
    return set(session.exec(query).all())


def find_channel(session: Session, channel_id: int, *, lock: bool = False) -> Owned | None:
    """Return one channel, or None; ``lock`` lets one worker at a time choose what to send by it."""
    query = select(Channel).where(Channel.id == channel_id)
    # Not the key: new deliveries may refer to the row meanwhile.
    query = query.with_for_update(key_share=True) if lock else query
    channel = session.exec(query).one_or_none()
    if channel is None:
        return None
    return Owned(channel, session.get(Staff, channel.staff_id) if channel.staff_id else None)


def same_channel(session: Session, channel: Channel) -> Channel | None:
    """Return the stored channel with the same owner, kind and address, or None."""
    query = select(Channel).where(
        col(Channel.staff_id) == channel.staff_id
        if channel.staff_id is not None
        else col(Channel.staff_id).is_(None),
        Channel.body == channel.body,
        Channel.kind == channel.kind,
        Channel.address == channel.address,
    )
    return session.exec(query).one_or_none()


def due_channels(
    session: Session, now: datetime, only: Collection[Occasion] | None = None
) -> list[int]:
    """Return the ids of channels by which something is due."""
    query = sa.select(col(Delivery.channel_id)).where(IS_OPEN, col(Delivery.due_at) <= now)
    if only is not None:
        query = query.join(Notice, col(Notice.id) == col(Delivery.notice_id))
        query = query.where(col(Notice.occasion).in_(only))
    return list(session.scalars(query.distinct().order_by(col(Delivery.channel_id))))


def due_by_channel(
    session: Session,
    channel_id: int,
    now: datetime,
    *,
    limit: int,
    only: Collection[Occasion] | None = None,
) -> list[Open]:
    """Return what is due by one channel, the longest waiting first, locked.

    At most ``limit`` that wait; of those that may have been sent all, for a message is whole.
    """
    found: list[Open] = []
    for state, most in ((DeliveryState.SENDING, None), (DeliveryState.WAITING, limit)):
        query = (
            sa.select(Delivery, Notice)
            .join(Notice, col(Notice.id) == col(Delivery.notice_id))
            .where(
                IS_OPEN,
                col(Delivery.channel_id) == channel_id,
                col(Delivery.due_at) <= now,
                col(Delivery.state) == state,
            )
        )
        if only is not None:
            query = query.where(col(Notice.occasion).in_(only))
        query = query.order_by(col(Delivery.due_at), col(Delivery.id)).limit(most)
        rows = session.execute(query.with_for_update(of=Delivery)).tuples().all()
        known = incidents(session, {row[1].incident_id for row in rows if row[1].incident_id})
        found.extend(
            Open(delivery, notice, known.get(notice.incident_id or 0)) for delivery, notice in rows
        )
    return found


def deliveries(session: Session, ids: Collection[int]) -> list[Delivery]:
    """Return these deliveries, locked, in the order of ids so that no two workers deadlock."""
    query = select(Delivery).where(col(Delivery.id).in_(ids)).order_by(col(Delivery.id))
    return list(session.exec(query.with_for_update()).all())


def deliveries_of(session: Session, notice_id: int) -> list[Delivery]:
    """Return the deliveries of one notice, locked, in the order of ids."""
    query = select(Delivery).where(Delivery.notice_id == notice_id).order_by(col(Delivery.id))
    query = query.with_for_update().execution_options(populate_existing=True)
    return list(session.exec(query).all())


def listed(
    session: Session, states: Sequence[DeliveryState], limit: int
) -> list[tuple[Open, Owned]]:
    """Return deliveries in these states for a person to look at, the soonest due first."""
    query = (
        sa.select(Delivery, Notice, Incident, Channel, Staff)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .join(Channel, col(Channel.id) == col(Delivery.channel_id))
        .outerjoin(Incident, col(Incident.id) == col(Notice.incident_id))
        .outerjoin(Staff, col(Staff.id) == col(Channel.staff_id))
        .where(col(Delivery.state).in_(states))
        .order_by(col(Delivery.due_at), col(Delivery.id))
        .limit(limit)
    )
    rows = session.execute(query).tuples()
    return [
        (Open(delivery, notice, incident), Owned(channel, staff))
        for delivery, notice, incident, channel, staff in rows
    ]


def unheard(session: Session, since: datetime, limit: int) -> list[Notice]:
    """Return notices since then that were addressed to nobody: no channel was there for them."""
    told = sa.exists().where(col(Delivery.notice_id) == col(Notice.id))
    query = (
        select(Notice)
        .where(col(Notice.addressed_at).is_not(None), col(Notice.at) >= since, ~told)
        .order_by(col(Notice.id).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())
