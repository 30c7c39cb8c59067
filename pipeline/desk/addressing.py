"""Notices addressed: who hears of each, by which channels, and when it is due there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.channel_words import ChannelKind
from models.columns import stored_id
from models.delivery import Channel, Delivery
from models.incident import Incident
from models.notice import Notice
from models.vocabulary import Occasion, Role, Urgency
from pipeline.decisions.notice_times import Habits, TimesError, first_due
from pipeline.decisions.notices import (
    REMINDERS,
    Listener,
    Occurrence,
    hears,
    is_urgent,
    known,
)
from pipeline.decisions.worktime import WorkCalendar
from pipeline.desk.bulk import insert_into
from pipeline.desk.undo import HELD
from pipeline.region.schema import Region
from pipeline.store import notices as store
from pipeline.store.notices import Owned
from pipeline.store.undo import acted_on

NEW = Delivery(notice_id=0, channel_id=0, due_at=datetime.min).model_dump(exclude={"id"})  # noqa: DTZ901 - never stored
"""What every new delivery is, but for its notice, channel and moment: to make a model of each
would take half the time of addressing."""

CHANNELS, DELIVERIES = (Channel.metadata.tables[name] for name in ("channel", "delivery"))


@dataclass(frozen=True, slots=True)
class Office:
    """What addressing and claiming go by: the region, its calendar, and whether mail can go out."""

    region: Region
    calendar: WorkCalendar
    mail: bool = False
    only: Collection[Occasion] | None = None


@dataclass(slots=True)
class Addressed:
    """What one look at new notices came to; ``unheard`` are those with nobody to tell."""

    notices: int = 0
    deliveries: int = 0
    unheard: int = 0


def habits_of(channel: Channel) -> Habits:
    """Return when a channel wants to be used; at once if its words are broken."""
    try:
        return Habits.of(
            channel.frequency,
            digest_at=channel.digest_at,
            quiet_from=channel.quiet_from,
            quiet_to=channel.quiet_to,
            urgent_at_once=channel.urgent_at_once,
        )
    except TimesError:
        return Habits()


def urgent(notice: Notice, incident: Incident | None) -> bool:
    """Tell whether a notice may break hours of silence."""
    pressing = incident is not None and incident.urgency is Urgency.URGENT
    return is_urgent(notice.occasion, incident=pressing)


def address(session: Session, office: Office, *, now: datetime, limit: int) -> Addressed:
    """Address new notices to the channels of whom they concern; at most ``limit`` of them."""
    done = Addressed()
    waiting = store.unaddressed(session, limit, office.only)
    if not waiting:
        return done
    listening = store.channels(session)
    provided = store.bodies_with_channels(session)
    about = store.incidents(session, {one.incident_id for one in waiting if one.incident_id})
    acted = acted_on(session, about.keys(), now - HELD)
    rows: list[dict[str, Any]] = []
    for notice in waiting:
        # Whoever acted may still take it back, and then nobody has to hear of it.
        at = acted.get(notice.incident_id or 0)
        held = at + HELD if at is not None and at <= notice.at else now
        incident = about.get(notice.incident_id or 0)
        what = _occurrence(notice, incident)
        if office.mail and what.concerns_executors():
            for body in sorted(what.bodies - provided):
                provided.add(body)
                listening.extend(_mailbox(session, body, office.region, now))
        heard = [owned.channel for owned in listening if hears(_listener(owned), what)]
        rows.extend(
            _row(notice, channel, incident, office.calendar, max(now, held))
            for channel in {one.id: one for one in heard}.values()
        )
        notice.addressed_at = now
        done.notices += 1
        done.unheard += not heard
    done.deliveries = _insert(session, rows)
    return done


def _occurrence(notice: Notice, incident: Incident | None) -> Occurrence:
    helpers = notice.facts.get("helpers")
    every = {role.value: role for role in Role}
    return Occurrence(
        notice.occasion,
        notice.body or (incident.body if incident is not None else ""),
        frozenset(str(one) for one in helpers) if isinstance(helpers, list) else frozenset(),
        frozenset(every[role] for role in notice.roles if role in every),
    )


def _listener(owned: Owned) -> Listener:
    channel, staff = owned.channel, owned.staff
    occasions = known(channel.occasions)
    if staff is None:
        return Listener(Role.EXECUTOR, channel.body, occasions)
    return Listener(staff.role, staff.body or "", occasions)


def _mailbox(session: Session, code: str, region: Region, now: datetime) -> list[Owned]:
    """Make a channel of a body's mailbox in the region's file, if it has one."""
    if not any(body.code == code and body.contacts.email for body in region.bodies):
        return []
    made = Channel(body=code, kind=ChannelKind.EMAIL, created_at=now)
    values = made.model_dump(exclude={"id"})
    # Another worker may be at the same body.
    session.execute(insert_into(session, CHANNELS).values(values).on_conflict_do_nothing())
    stored = store.same_channel(session, made)
    return [Owned(stored, None)] if stored is not None and stored.active else []


def _row(
    notice: Notice,
    channel: Channel,
    incident: Incident | None,
    calendar: WorkCalendar,
    now: datetime,
) -> dict[str, Any]:
    due_at = first_due(
        now,
        habits_of(channel),
        calendar,
        reminder=notice.occasion in REMINDERS,
        urgent=urgent(notice, incident),
    )
    made = Delivery(notice_id=stored_id(notice.id), channel_id=stored_id(channel.id), due_at=due_at)
    return made.model_dump(exclude={"id"})


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    if not rows:
        return 0
    # As many announcements are inserted: see ``desk.notices``.
    statement = insert_into(session, DELIVERIES).on_conflict_do_nothing(
        index_elements=["notice_id", "channel_id"]
    )
    return len(session.connection().execute(statement.returning(DELIVERIES.c.id), rows).all())
