"""Incidents as Open311 shows them: no author, no personal data in texts."""

from datetime import datetime
from math import cos, hypot, radians

from pydantic import BaseModel, Field

from models.vocabulary import Act, AnswerKind, Topic
from pipeline.api.open311_words import Row
from pipeline.console.wording import body_name, place
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.personal import Official, find_personal
from pipeline.decisions.satisfaction import without_link
from pipeline.region.schema import Region, Village
from pipeline.store.open311 import Happened, Request

HIDDEN = "[скрыто: {}]"
DEGREE = 111.2
"""Kilometres of a degree of latitude."""

NEAR = 15.0
"""Kilometres within which a point belongs to a village rather than to nowhere."""


class Service(BaseModel):
    """A kind of request: one of the 24 topics."""

    service_code: Topic
    service_name: str
    description: str
    metadata: bool
    type: str
    keywords: str
    group: str


class Definition(BaseModel):
    """What a service asks for beside the usual: nothing."""

    service_code: Topic
    attributes: list[dict[str, str]]


class ServiceRequest(BaseModel):
    """An incident."""

    service_request_id: str
    status: str = Field(description="`open` while an answer is owed, else `closed`.")
    status_notes: str | None
    service_name: str
    service_code: Topic
    description: str | None = Field(description="The first message, personal data taken out.")
    agency_responsible: str
    service_notice: str | None
    requested_datetime: datetime
    updated_datetime: datetime
    expected_datetime: datetime | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | None = Field(description="Of the village, not of the house.")
    long: float | None
    media_url: str | None


class Created(BaseModel):
    """A request that was taken."""

    service_request_id: str
    service_notice: str | None
    account_id: str | None


class Update(BaseModel):
    """What happened to a request."""

    update_id: str
    service_request_id: str
    status: str
    updated_datetime: datetime
    description: str | None = Field(description="The published answer, if this is one.")


class Refusal(BaseModel):
    """Why a request is refused."""

    code: int
    description: str


class Endpoint(BaseModel):
    """Where the service is."""

    specification: str
    url: str
    changeset: datetime
    type: str
    formats: list[dict[str, str]]


class Discovery(BaseModel):
    """What there is, and where."""

    changeset: datetime
    contact: str
    key_service: str
    endpoints: list[Endpoint]


def service(topic: Topic) -> Row:
    """Return a topic as a service."""
    return {
        "service_code": topic.value,
        "service_name": topic.russian,
        "description": f"Обращения о теме «{topic.russian}»",
        "metadata": False,
        "type": "realtime",
        "keywords": topic.value,
        "group": "",
    }


def service_request(request: Request, region: Region, known: Official) -> Row:
    """Return an incident as a request."""
    incident = request.incident
    owed = incident.stage in LEGAL
    village = _village(incident.settlement, incident.village, region)
    written = hidden(request.post.text, known) if request.post is not None else None
    closing = incident.closing_reason.russian if incident.closing_reason else ""
    outcome = incident.outcome.russian if incident.outcome else ""
    notes = [incident.stage.russian, *filter(None, (outcome, closing))]
    changed = [incident.opened_at, incident.stage_at, incident.published_at, incident.closed_at]
    return {
        "service_request_id": str(incident.id),
        "status": "open" if owed else "closed",
        "status_notes": "; ".join(notes),
        "service_name": incident.topic.russian,
        "service_code": incident.topic.value,
        "description": written,
        "agency_responsible": body_name(incident.body, region),
        "service_notice": None,
        "requested_datetime": incident.created_at.isoformat(),
        "updated_datetime": max(at for at in changed if at is not None).isoformat(),
        "expected_datetime": incident.due_at.isoformat() if owed else None,
        "address": ", ".join(filter(None, place(incident, region))) or None,
        "address_id": None,
        "zipcode": None,
        "lat": village.latitude if village else None,
        "long": village.longitude if village else None,
        "media_url": None,
    }


def update(happened: Happened, known: Official) -> Row:
    """Return a line of the journal as an update."""
    entry, answer = happened.entry, happened.answer
    final = answer is not None and answer.kind is AnswerKind.FINAL
    closed = entry.act is Act.CLOSED or final
    return {
        "update_id": str(entry.id),
        "service_request_id": str(entry.incident_id),
        "status": "closed" if closed else "open",
        "updated_datetime": entry.at.isoformat(),
        "description": hidden(without_link(answer.text), known) if answer is not None else None,
    }


def hidden(text: str, known: Official) -> str:
    """Return a text with words in place of the personal data in it.

    What its author says of themselves is looked for as well, a landline or a flat.
    """
    for found in reversed(find_personal(text, known=known, asked=text)):
        text = text[: found.start] + HIDDEN.format(found.kind.russian) + text[found.end :]
    return text


def nearest(latitude: float, longitude: float, region: Region) -> str | None:
    """Return the name of the village that a point (WGS 84 degrees) is in or near, or None."""
    best, name = NEAR, None
    for settlement in region.settlements:
        for village in settlement.villages:
            if village.latitude is None or village.longitude is None:
                continue
            east = (village.longitude - longitude) * cos(radians(latitude))
            away = DEGREE * hypot(village.latitude - latitude, east)
            if away < best:
                best, name = away, village.name
    return name


def _village(settlement: str | None, village: str | None, region: Region) -> Village | None:
    for known in region.settlements:
        if known.code == settlement:
            # Without a village it is the administrative centre, which stands first.
            named = (one for one in known.villages if village in {None, one.name})
            return next(named, None)
    return None
