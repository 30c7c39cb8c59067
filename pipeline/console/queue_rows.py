"""The rows of the queue: an incident as a list shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from classifiers.stems import Query, spans
from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import Certainty, Stage, Urgency
from pipeline.console.frame import Console
from pipeline.console.wording import NBSP, Pressure, body_name, excerpt, moment, place, timing
from pipeline.decisions.clocks import LEGAL
from pipeline.store.incidents import QueueRow

UNSAID = frozenset({Stage.REVIEW, Stage.CLOSED})
"""Stages that need no badge: most are in the one, and the other stands where the deadline would."""

FAR = 150
"""Characters of an excerpt before the words, more than which is not shown from the beginning."""

BEFORE = 60
"""Characters before the words that are shown then."""


@dataclass(frozen=True, slots=True)
class Row:
    """One incident; ``doubt`` says why a person should look, or is "".

    ``left`` and ``tail`` tell of its deadline or, where nothing is owed, of what came of it;
    ``due`` is the moment of that with its ``zone``. ``snoozed`` is until when it is put off, or "".
    ``excerpt`` is in pieces, of which some are what was looked for; it is ``elsewhere`` where
    another message of the incident has the words.
    """

    number: int
    pressure: Pressure
    left: str
    tail: str
    due: str
    zone: str
    topic: str
    urgent: bool
    doubt: str
    settlement: str
    address: str
    body: str
    stage: str
    snoozed: str
    network: str
    written: str
    excerpt: list[tuple[str, bool]]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading."""

    key: str
    title: str
    rows: list[Row]


def group(
    found: Iterable[QueueRow], console: Console, now: datetime, *, title: str, query: Query | None
) -> list[Group]:
    """Return rows as the list shows them: by their deadlines, or all under one ``title``."""
    rows = [_row(row, console, now, query) for row in found]
    if title:
        return [Group("all", title, rows)] if rows else []
    return [
        Group(pressure.value, pressure.russian, list(some))
        for pressure, some in groupby(rows, key=lambda row: row.pressure)
    ]


def _row(row: QueueRow, console: Console, now: datetime, query: Query | None) -> Row:
    incident, zone = row.incident, console.calendar.time_zone
    settlement, address = place(incident, console.region)
    pressure, left, tail, (due, named) = _timing(row, console, now)
    doubtful = incident.certainty is not Certainty.AUTO and incident.stage in LEGAL
    pieces = marked(row.post.text, query)
    return Row(
        number=stored_id(incident.id),
        pressure=pressure,
        left=left,
        tail=tail,
        due=due,
        zone=named,
        topic=incident.topic.russian,
        urgent=incident.urgency is Urgency.URGENT,
        doubt=incident.certainty.russian if doubtful else "",
        settlement=settlement,
        address=address,
        body=body_name(incident.body, console.region),
        stage="" if incident.stage in UNSAID else incident.stage.russian,
        snoozed=_put_off(incident, now, zone),
        network=row.source.network.russian,
        written=console.local(incident.created_at),
        excerpt=pieces,
        elsewhere=query is not None and not any(found for _, found in pieces),
    )


def marked(text: str, query: Query | None) -> list[tuple[str, bool]]:
    """Return the beginning of a text, or what surrounds the words, in pieces: which are the words.

    A whole text is never longer than its beginning.
    """
    found = spans(text, query) if query else []
    if not query or not found:
        return [(excerpt(text), False)] if text.strip() else []
    start = 0
    if found[0][0] > FAR:
        start = text.rfind(" ", 0, found[0][0] - BEFORE) + 1
    line = ("…" if start else "") + excerpt(text[start:])
    pieces, at = [], 0
    for begin, end in spans(line, query):
        pieces += [(line[at:begin], False), (line[begin:end], True)]
        at = end
    return [piece for piece in (*pieces, (line[at:], False)) if piece[0]]


def _put_off(incident: Incident, now: datetime, zone: str) -> str:
    """Return until when an incident is put off, without the year: it is days at most."""
    until = incident.snoozed_until
    if until is None or until <= now:
        return ""
    return f"{until.astimezone(ZoneInfo(zone)):%d.%m{NBSP}%H:%M}"


def _timing(
    row: QueueRow, console: Console, now: datetime
) -> tuple[Pressure, str, str, tuple[str, str]]:
    """Return how pressing it is, what is left or what came of it, and the moment of that."""
    incident, zone = row.incident, console.calendar.time_zone
    outcome = incident.outcome.russian.lower() if incident.outcome else ""
    if incident.stage is Stage.CLOSED:
        ended = moment(incident.closed_at or incident.stage_at, zone)
        reason = incident.closing_reason.russian.lower() if incident.closing_reason else ""
        return Pressure.CLOSED, "закрыт", outcome or reason, ended
    if incident.stage is Stage.SATISFACTION:
        answered = moment(incident.final_at or incident.stage_at, zone)
        return Pressure.CLOSED, "ответ дан", outcome, answered
    left = timing(incident, now, console.calendar)
    return left.pressure, left.words, left.tail, (f"до {left.due}", left.zone)
