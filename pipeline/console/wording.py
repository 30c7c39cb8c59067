"""How moments, places and texts are written for the operator: Russian, short, unbroken."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from models.incident import Incident
from models.vocabulary import Stage, Topic
from pipeline.decisions.deadlines import humanise, left
from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import Region
from pipeline.status_words import span

NBSP = "\N{NO-BREAK SPACE}"
MOSCOW = ZoneInfo("Europe/Moscow")
EXCERPT = 300
TOPICS = sorted(Topic, key=lambda topic: (topic is Topic.OTHER, topic.russian))
"""Topics to choose from, by name."""

SPACE = re.compile(r"\s+")
SPAN = re.compile(r"(?<=\d) (?=(?:дн|ч|мин)\b)")
UNIT = re.compile(r" (?=\d|ч\b|мин\b)")
"""The spaces inside «на 2 ч 10 мин»: no line may end there."""


class Pressure(StrEnum):
    """How near a deadline is; the value is also the name of a colour in the style sheet."""

    OVERDUE = "overdue"
    HOUR = "hour"
    TODAY = "today"
    LATER = "later"
    CLOSED = "closed"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "overdue": "Просрочено",
            "hour": "Меньше часа",
            "today": "Сегодня",
            "later": "Позже",
            "closed": "Закрыто",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Timing:
    """A deadline as people read it: «осталось 2 ч 10 мин», «рабочего времени», the date."""

    pressure: Pressure
    words: str
    tail: str
    due: str
    zone: str


def timing(incident: Incident, now: datetime, calendar: WorkCalendar) -> Timing:
    """Say how much working time is left until an incident's deadline."""
    due, zone = moment(incident.due_at, calendar.time_zone)
    if incident.stage is Stage.CLOSED:
        return Timing(Pressure.CLOSED, "закрыт", "", due, zone)
    if incident.stage is Stage.SATISFACTION:
        return Timing(Pressure.CLOSED, "ответ дан", "", due, zone)
    working = left(now, incident.due_at, calendar)
    said = UNIT.sub(NBSP, humanise(working))
    if incident.due_at < now or not working:
        tail = "рабочего времени" if working else ""
        return Timing(Pressure.OVERDUE, said, tail, due, zone)
    local = ZoneInfo(calendar.time_zone)
    if working < timedelta(hours=1):
        pressure = Pressure.HOUR
    elif incident.due_at.astimezone(local).date() == now.astimezone(local).date():
        pressure = Pressure.TODAY
    else:
        pressure = Pressure.LATER
    return Timing(pressure, f"осталось {said}", "рабочего времени", due, zone)


def moment(at: datetime, time_zone: str) -> tuple[str, str]:
    """Return «21.11.2026 14:05» of a zone, and the zone as people in Russia call it: «МСК+7»."""
    local = at.astimezone(ZoneInfo(time_zone))
    return f"{local:%d.%m.%Y}{NBSP}{local:%H:%M}", zone_name(local)


def distance(at: datetime, now: datetime) -> str:
    """Return how far a moment is, unbroken: «5 мин назад», «через 2 ч», «сейчас»."""
    if abs(now - at) < timedelta(minutes=1):
        return "сейчас" if at > now else f"только{NBSP}что"
    said = f"{span(now - at)} назад" if at < now else f"через {span(at - now)}"
    return said.replace(" ", NBSP)


def unbroken(text: str) -> str:
    """Return a text in which no line ends between a number and its unit: «молчит 3 дн.»."""
    return SPAN.sub(NBSP, text)


def zone_name(local: datetime) -> str:
    """Return a local moment's difference from Moscow: «МСК», «МСК+7», «МСК−1»."""
    ahead = (local.utcoffset() or timedelta()) - (
        local.astimezone(MOSCOW).utcoffset() or timedelta()
    )
    if not ahead:
        return "МСК"
    hours, minutes = divmod(abs(ahead) // timedelta(minutes=1), 60)
    sign = "+" if ahead > timedelta() else "\N{MINUS SIGN}"
    return f"МСК{sign}{hours}:{minutes:02d}" if minutes else f"МСК{sign}{hours}"


def place(incident: Incident, region: Region) -> tuple[str, str]:
    """Return the settlement and, apart from it, the village, street and house; "" where unknown."""
    within = (incident.village, incident.street, incident.house)
    return settlement_name(incident.settlement, region), ", ".join(part for part in within if part)


def settlement_name(code: str | None, region: Region) -> str:
    """Return a settlement's name; the code itself once the region no longer knows it."""
    names = {settlement.code: settlement.name for settlement in region.settlements}
    return names.get(code, code) if code else ""


def body_name(code: str, region: Region) -> str:
    """Return a body's name; the code itself once the region no longer knows it."""
    return next((body.name for body in region.bodies if body.code == code), code)


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """Return the beginning of a text on one line, at most ``limit`` characters and an ellipsis."""
    # Ten times the limit is looked at: a text may begin with a screen of blank lines.
    line = SPACE.sub(" ", text[: limit * 10]).strip()
    return line if len(line) <= limit else line[:limit].rstrip() + "…"


def safe_url(url: str) -> str:
    """Return a link that a browser may follow, or "": only http and https, only a whole one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def count(number: int, one: str, few: str, many: str) -> str:
    """Return a number with its noun: «1 инцидент», «2 инцидента», «5 инцидентов»."""
    word = many
    if number % 10 == 1 and number % 100 != 11:
        word = one
    elif number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        word = few
    return f"{grouped(number)}{NBSP}{word}"


def grouped(number: int) -> str:
    """Return a number with its thousands apart: «12 345»."""
    return f"{number:,}".replace(",", NBSP)
