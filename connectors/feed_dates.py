"""Moments as feeds write them, with all that real sites get wrong."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Nothing was published on the web before; such a date is a broken clock's."""

AHEAD = timedelta(days=2)
"""A date further in the future is a mistake or an announcement's own; a day's slip is a zone."""

MONTHS = {
    "янв": "Jan",
    "фев": "Feb",
    "мар": "Mar",
    "апр": "Apr",
    "май": "May",
    "мая": "May",
    "июн": "Jun",
    "июл": "Jul",
    "авг": "Aug",
    "сен": "Sep",
    "окт": "Oct",
    "ноя": "Nov",
    "дек": "Dec",
}
"""Sites that print dates in their own language; feeds should have English ones."""

RUSSIAN_MONTH = re.compile(r"\b(янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)[а-яё]*\.?")
WEEKDAY = re.compile(r"^[а-яёa-z]{2,12}\.?,\s*", re.IGNORECASE)
YEAR_WORD = re.compile(r"(?<=\d{4})\s*(?:г\.|года|г)?,?(?:\s+в)?(?=\s)", re.IGNORECASE)
DOTTED = re.compile(
    r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*([+-]\d{4})?"
)
MOSCOW_NAMES = re.compile(r"\b(?:MSK|МСК)\b")


def read_moment(said: object, *, zone: tzinfo, now: datetime) -> datetime | None:
    """Return a moment in UTC; one without a zone of its own is in ``zone``.

    None for what is no date, before 1990, or more than two days after ``now``.
    """
    if not isinstance(said, str):
        return None
    text = MOSCOW_NAMES.sub("+0300", said.strip()[:100])
    try:
        read = _iso(text) or _dotted(text) or _mail(text)
        if read is None:
            return None
        aware = read if read.tzinfo else read.replace(tzinfo=zone)
        utc = aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if EARLIEST <= utc <= now + AHEAD else None


def _iso(text: str) -> datetime | None:
    # Python knows "2026-11-17 12:00:00+03:00", but no space before the zone.
    try:
        return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d|Z$)", "", text))
    except ValueError:
        return None


def _dotted(text: str) -> datetime | None:
    found = DOTTED.fullmatch(text)
    if not found:
        return None
    *numbers, zone = found.groups()
    day, month, year, hour, minute, second = (int(number or 0) for number in numbers)
    date = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone or ''}"
    return datetime.fromisoformat(date)


def _mail(text: str) -> datetime:
    english = RUSSIAN_MONTH.sub(
        lambda found: MONTHS[found[1]], WEEKDAY.sub("", text.lower(), count=1)
    )
    plain = YEAR_WORD.sub("", f"{english} ", count=1).strip()
    return parsedate_to_datetime(plain if ":" in plain else f"{plain} 00:00")
