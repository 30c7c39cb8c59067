"""When a notice may go out: working hours, hours of silence, digests. All of it local time."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.channel_words import Frequency
from pipeline.decisions.worktime import WorkCalendar

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)

ROUNDS = 5
"""Working hours and hours of silence may push a moment to and fro; then silence wins."""


class TimesError(ValueError):
    """Hours that cannot be kept; the message is Russian, for the operator."""


@dataclass(frozen=True, slots=True)
class Habits:
    """When a channel wants to be used.

    ``quiet`` is [from, to) of the local day and may lie across midnight, None for never;
    ``digest_at`` is the time of a daily digest. ``urgent_at_once`` lets what is urgent through
    all of this.
    """

    frequency: Frequency = Frequency.AT_ONCE
    digest_at: time = time(9)
    quiet: tuple[time, time] | None = None
    urgent_at_once: bool = False

    @classmethod
    def of(
        cls,
        frequency: Frequency,
        *,
        digest_at: str = "",
        quiet_from: str = "",
        quiet_to: str = "",
        urgent_at_once: bool = False,
    ) -> "Habits":
        """Read them from a channel's words. Raises TimesError."""
        quiet = None
        if quiet_from or quiet_to:
            quiet = (parse_time(quiet_from), parse_time(quiet_to))
            if quiet[0] == quiet[1]:
                raise TimesError(
                    f"Часы тишины с {quiet_from} до {quiet_to} заняли бы все сутки. Чтобы ничего "
                    "не посылать, выключите канал."
                )
        at = parse_time(digest_at) if digest_at else time(9)
        return cls(frequency, at, quiet, urgent_at_once)

    @property
    def groups(self) -> bool:
        """Tell whether what is due goes out as one message."""
        return self.frequency is not Frequency.AT_ONCE


def parse_time(text: str) -> time:
    """Return a time of the day written as 09:30. Raises TimesError."""
    match = TIME.fullmatch(text)
    if match is None:
        raise TimesError(f"«{text[:20]}» — не время. Пишите часы и минуты, например 09:30.")
    return time(int(match[1]), int(match[2]))


def first_due(
    now: datetime, habits: Habits, calendar: WorkCalendar, *, reminder: bool, urgent: bool
) -> datetime:
    """Return when a notice is due on a channel, in UTC.

    ``reminder`` says that it is about a deadline, and so for working hours. Whoever wants one
    digest a day has named its hour, which is kept even outside of working hours.
    """
    if urgent and habits.urgent_at_once:
        return now
    due = calendar.add(now, timedelta()) if reminder else now
    due = _slot(due, habits, ZoneInfo(calendar.time_zone))
    return allowed_from(due, habits, calendar, reminder=reminder, urgent=urgent)


def allowed_from(
    now: datetime, habits: Habits, calendar: WorkCalendar, *, reminder: bool, urgent: bool
) -> datetime:
    """Return ``now`` if the channel may be used for this now, else when it may (UTC)."""
    if urgent and habits.urgent_at_once:
        return now
    working = reminder and habits.frequency is not Frequency.DAILY
    zone = ZoneInfo(calendar.time_zone)
    for _ in range(ROUNDS):
        moved = calendar.add(now, timedelta()) if working else now
        moved = _silence_ends(moved, habits, zone)
        if moved == now:
            break
        now = moved
    return now


def _slot(moment: datetime, habits: Habits, zone: ZoneInfo) -> datetime:
    if habits.frequency is Frequency.AT_ONCE:
        return moment
    local = moment.astimezone(zone)
    if habits.frequency is Frequency.HOURLY:
        # In UTC, for an hour that the clock repeats is two; whole zones lie by half hours.
        begun = timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        return moment.astimezone(UTC) + (HOUR - begun if begun else begun)
    at = _at(local, habits.digest_at, zone)
    return at if at >= moment else _at(local + DAY, habits.digest_at, zone)


def _silence_ends(moment: datetime, habits: Habits, zone: ZoneInfo) -> datetime:
    if habits.quiet is None:
        return moment
    begins, ends = habits.quiet
    local = moment.astimezone(zone)
    clock = local.time()
    across = ends < begins
    silent = clock >= begins or clock < ends if across else begins <= clock < ends
    if not silent:
        return moment
    day = local + DAY if across and clock >= begins else local
    # An hour that the clock repeats could end before it began.
    return max(_at(day, ends, zone), moment + timedelta(minutes=1))


def _at(day: datetime, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day.date(), clock, zone).astimezone(UTC)
