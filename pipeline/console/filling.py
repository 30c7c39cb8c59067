"""What the variables of an answer's template become for one incident."""

from datetime import datetime

from models.incident import Incident
from models.vocabulary import Topic
from pipeline.console.frame import Console
from pipeline.console.wording import NBSP, body_name, place
from pipeline.region.schema import Contacts


def values(incident: Incident, console: Console) -> dict[str, str]:
    """Return the variables of ``pipeline.decisions.templating`` for an incident; "" is unknown."""
    contacts = _contacts(incident.body, console)
    settlement, address = place(incident, console.region)
    return {
        "номер": str(incident.id),
        "тема": incident.topic.russian,
        "место": ", ".join(part for part in (settlement, address) if part),
        "поселение": settlement,
        "орган": body_name(incident.body, console.region),
        "телефон": contacts.phone,
        "почта": contacts.email,
        "адрес": contacts.address,
        "срок": _plain(incident.due_at, console),
        "дата": _plain(console.clock(), console).partition(" ")[0],
        "обращение": _plain(incident.created_at, console),
        "район": console.region.name,
    }


def sample(topic: Topic | None, console: Console) -> dict[str, str]:
    """Return what the variables might become, for a look at a template."""
    region, now = console.region, _plain(console.clock(), console)
    contacts = _contacts(region.default_body, console)
    settlement = next((one.name for one in region.settlements), region.name)
    return {
        "номер": "124",
        "тема": (topic or Topic.ROADS).russian,
        "место": f"{settlement}, улица Садовая, 7",
        "поселение": settlement,
        "орган": body_name(region.default_body, region),
        "телефон": contacts.phone,
        "почта": contacts.email,
        "адрес": contacts.address,
        "срок": now,
        "дата": now.partition(" ")[0],
        "обращение": now,
        "район": region.name,
    }


def _plain(at: datetime, console: Console) -> str:
    """Return a moment without unbroken spaces: it goes out in an answer."""
    return console.local(at).replace(NBSP, " ")


def _contacts(code: str, console: Console) -> Contacts:
    return next((body.contacts for body in console.region.bodies if body.code == code), Contacts())
