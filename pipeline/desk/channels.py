"""Channels of people and bodies: added, changed, switched off."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from models.channel_words import ChannelKind, DeliveryState
from models.columns import stored_id
from models.delivery import Channel, Delivery
from models.errors import OtklikError
from pipeline.decisions.channels import Wanted, wrong
from pipeline.store.notices import OPEN, find_channel, same_channel


class ChannelError(OtklikError):
    """A channel cannot be as it was asked for; the message is Russian."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a channel is: a person, or a body by its code; exactly one of them."""

    staff_id: int | None = None
    body: str = ""


def put_channel(session: Session, owner: Owner, wanted: Wanted, *, now: datetime) -> int:
    """Add a channel and return its id; the one with the same address is changed instead.

    Raises ChannelError.
    """
    said = wrong(wanted)
    if said:
        raise ChannelError(said)
    channel = Channel(
        staff_id=owner.staff_id,
        body=owner.body,
        kind=wanted.kind,
        address=wanted.address,
        created_at=now,
    )
    # Two of the same would tell everything twice.
    channel = (
        same_channel(session, channel) or _instead_of_mailbox(session, channel, now) or channel
    )
    channel.address = wanted.address
    channel.secret = wanted.secret
    channel.occasions = list(wanted.occasions)
    channel.frequency = wanted.frequency
    channel.digest_at = wanted.digest_at
    channel.quiet_from, channel.quiet_to = wanted.quiet_from, wanted.quiet_to
    channel.urgent_at_once = wanted.urgent_at_once
    channel.options = wanted.options()
    channel.active = True
    session.add(channel)
    session.flush()
    return stored_id(channel.id)


def _instead_of_mailbox(session: Session, channel: Channel, now: datetime) -> Channel | None:
    """Let a body's own channel take the place of its mailbox in the region's file.

    Return the mailbox's channel if it is to become the new one.
    """
    usual = Channel(
        staff_id=channel.staff_id, body=channel.body, kind=ChannelKind.EMAIL, created_at=now
    )
    mailbox = same_channel(session, usual) if channel.body else None
    if mailbox is None or not mailbox.active:
        return None
    if channel.kind is ChannelKind.EMAIL:
        return mailbox
    switch_off(session, stored_id(mailbox.id), now=now)
    return None


def switch_off(session: Session, channel_id: int, *, now: datetime) -> int:
    """Switch a channel off; what waited for it is not sent. Return how many notices that is.

    The row stays: it tells what was sent where. Raises ChannelError.
    """
    owned = find_channel(session, channel_id, lock=True)
    if owned is None or not owned.channel.active:
        raise ChannelError(f"Канала № {channel_id} нет. Список: otklik notices channels")
    owned.channel.active = False
    query = (
        sa.update(Delivery)
        .where(col(Delivery.channel_id) == channel_id, col(Delivery.state).in_(OPEN))
        .values(
            state=DeliveryState.DROPPED,
            done_at=now,
            error="Канал выключен.",
            version=Delivery.version + 1,
        )
    )
    return len(session.execute(query.returning(col(Delivery.id))).all())
