"""Reads bodies.yaml: who is responsible, and for messages of which networks."""

from collections.abc import Sequence
from pathlib import Path

from models.vocabulary import Network
from pipeline.region.listing import some, unique
from pipeline.region.problems import Problem
from pipeline.region.reading import Reader
from pipeline.region.schema import Body, BodyKind, Contacts

KEYS: dict[str, tuple[str, ...]] = {
    "bodies": ("bodies",),
    "body": ("code", "name", "kind", "settlement", "channels", "contacts"),
    "contacts": ("email", "phone", "address"),
}


def read_bodies(
    folder: Path, problems: list[Problem], settlements: Sequence[str]
) -> tuple[Body, ...]:
    """Return the bodies; what is wrong is noted. ``settlements`` are the codes there are."""
    reader = Reader("bodies.yaml", problems)
    root = reader.mapping(reader.open(folder), KEYS["bodies"], KEYS["bodies"])
    result = []
    codes: list[str] = []
    administrations: dict[str, str] = {}
    for node in reader.items(root.get("bodies")):
        found = reader.mapping(node, KEYS["body"], ("code", "name", "kind"))
        code = reader.code(found.get("code"))
        unique(reader, found.get("code"), code, codes)
        kind = reader.choice(found.get("kind"), [*BodyKind], "вид исполнителя")
        settlement = reader.choice(found.get("settlement"), settlements, "поселение") or None
        if (kind == BodyKind.SETTLEMENT) != ("settlement" in found):
            what = "ключ «settlement» нужен администрации поселения и только ей"
            reader.wrong(node, what, "Добавьте или уберите его, либо поправьте «kind»")
        if settlement and administrations.setdefault(settlement, code) != code:
            what = f"у поселения «{settlement}» уже есть администрация"
            reader.wrong(node, what, "Оставьте одну")
        channels = some(reader, found.get("channels"), [*Network], "источник")
        contacts = reader.mapping(found.get("contacts"), KEYS["contacts"])
        result.append(
            Body(
                code=code,
                name=reader.text(found.get("name")),
                kind=BodyKind(kind) if kind in [*BodyKind] else BodyKind.DEPARTMENT,
                settlement=settlement,
                contacts=Contacts(
                    email=reader.text(contacts.get("email")),
                    phone=reader.text(contacts.get("phone")),
                    address=reader.text(contacts.get("address")),
                ),
                channels=None if channels is None else frozenset(map(Network, channels)),
            )
        )
    return tuple(result)
