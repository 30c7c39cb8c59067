"""Loads a region from its folder, or says everything that is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from models.vocabulary import Network, Topic, Urgency
from pipeline.region.hours import WEEKDAYS, time_zone, working_hours
from pipeline.region.problems import Problem, RegionError
from pipeline.region.reading import Reader
from pipeline.region.schema import (
    SETTLEMENT_ADMINISTRATION,
    Body,
    BodyKind,
    Contacts,
    Municipality,
    Norm,
    NormUnit,
    Region,
    RoutingRule,
    Settlement,
    Village,
)
from pipeline.region.sources import KEYS as SOURCE_KEYS
from pipeline.region.sources import SourcesBuild

__all__ = ["KEYS", "Problem", "RegionError", "check_region", "load_region", "shipped_regions"]

SAMPLES = Path(__file__).parent / "sample"
UNITS: tuple[NormUnit, ...] = ("working_hours", "working_days", "calendar_days")

KEYS: dict[str, tuple[str, ...]] = {
    "region": (
        "code",
        "name",
        "municipality",
        "time_zone",
        "working_hours",
        "short_day_minutes",
        "extra_days_off",
        "extra_working_days",
    ),
    "municipality": ("code", "name", "kind"),
    "working_hours": WEEKDAYS,
    "settlements": ("settlements",),
    "settlement": ("code", "name", "aliases", "villages"),
    "village": ("name", "aliases", "lat", "lon", "population", "streets", "shared"),
    "bodies": ("bodies",),
    "body": ("code", "name", "kind", "settlement", "contacts"),
    "contacts": ("email", "phone", "address"),
    "routing": ("rules", "default"),
    "rule": ("name", "topics", "settlements", "body"),
    "norms": ("norms",),
    "norm": ("source", "urgency", *UNITS),
    "sources": ("sources", "sample_feed"),
    "source": SOURCE_KEYS,
}
"""Every key that a region's files may hold, by the kind of mapping it stands in."""


def shipped_regions() -> list[str]:
    """Return the names of the regions that come with the product."""
    return sorted(path.parent.name for path in SAMPLES.glob("*/region.yaml"))


def load_region(path_or_name: str | Path) -> Region:
    """Return the region of a folder, or of a shipped name. Raises RegionError."""
    region, problems = _read(path_or_name)
    if problems:
        raise RegionError(problems)
    return region


def check_region(path_or_name: str | Path) -> list[Problem]:
    """Return everything that is wrong with a region; empty when it can be used."""
    try:
        return _read(path_or_name)[1]
    except RegionError as error:
        return error.problems


def _read(path_or_name: str | Path) -> tuple[Region, list[Problem]]:
    if str(path_or_name) in shipped_regions():
        folder = SAMPLES / path_or_name
    else:
        folder = Path(path_or_name)
        if not _found(folder.is_dir):
            fix = "Укажите папку или поставляемый пример: " + ", ".join(shipped_regions())
            what = "нет такой папки и такого примера района"
            raise RegionError([Problem(str(path_or_name)[:200], None, what, fix)])
    folder = folder.resolve()
    build = _Build(folder)
    return build.region(), build.problems


@dataclass(slots=True)
class _Build:
    """One pass over the folder; codes seen so far let later files be checked against them."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    settlement_codes: list[str] = field(default_factory=list)
    body_codes: list[str] = field(default_factory=list)
    administrations: dict[str, str] = field(default_factory=dict)

    def region(self) -> Region:
        reader = Reader("region.yaml", self.problems)
        found = reader.mapping(
            reader.open(self.folder),
            KEYS["region"],
            ("code", "name", "municipality", "time_zone", "working_hours"),
        )
        town = reader.mapping(found.get("municipality"), KEYS["municipality"], KEYS["municipality"])
        short = reader.integer(found.get("short_day_minutes"), 0, 240)
        settlements = self._settlements()
        bodies = self._bodies()
        rules, default = self._routing()
        norms = self._norms()
        sources, feed = SourcesBuild(self.folder, self.problems, self.settlement_codes).read()
        return Region(
            code=reader.code(found.get("code")),
            name=reader.text(found.get("name")),
            municipality=Municipality(
                code=reader.code(town.get("code")),
                name=reader.text(town.get("name")),
                kind=reader.text(town.get("kind")),
            ),
            time_zone=time_zone(reader, found.get("time_zone")),
            working_hours=working_hours(reader, found.get("working_hours")),
            short_day_minutes=60 if short is None else short,
            extra_days_off=reader.dates(found.get("extra_days_off")),
            extra_working_days=reader.dates(found.get("extra_working_days")),
            settlements=settlements,
            bodies=bodies,
            rules=rules,
            default_body=default,
            norms=norms,
            sources=sources,
            sample_feed=feed,
        )

    def _settlements(self) -> tuple[Settlement, ...]:
        reader = Reader("settlements.yaml", self.problems)
        root = reader.mapping(reader.open(self.folder), KEYS["settlements"], KEYS["settlements"])
        result = []
        villages: dict[str, tuple[str, bool]] = {}
        for node in reader.items(root.get("settlements")):
            found = reader.mapping(node, KEYS["settlement"], ("code", "name"))
            code = reader.code(found.get("code"))
            self._unique(reader, found.get("code"), code, self.settlement_codes)
            listed = [
                self._village(reader, item, code, villages)
                for item in reader.items(found.get("villages"))
            ]
            result.append(
                Settlement(
                    code=code,
                    name=reader.text(found.get("name")),
                    aliases=reader.texts(found.get("aliases")),
                    villages=tuple(listed),
                )
            )
        return tuple(result)

    def _village(
        self,
        reader: Reader,
        node: yaml.Node,
        settlement: str,
        villages: dict[str, tuple[str, bool]],
    ) -> Village:
        found = reader.mapping(node, KEYS["village"], ("name",))
        village = Village(
            name=reader.text(found.get("name")),
            aliases=reader.texts(found.get("aliases")),
            latitude=reader.number(found.get("lat"), -90, 90),
            longitude=reader.number(found.get("lon"), -180, 180),
            population=reader.integer(found.get("population"), 0, 20_000_000),
            streets=reader.texts(found.get("streets")),
            shared=reader.flag(found.get("shared")),
        )
        for key in {_key(name) for name in (village.name, *village.aliases)}:
            if key not in villages:
                villages[key] = (settlement, village.shared)
                continue
            owner, shared = villages[key]
            if owner == settlement and key != _key(village.name):
                continue  # «Батеки» may stand for two villages of one settlement
            if owner == settlement or not (shared and village.shared):
                what = f"«{village.name}» уже есть в поселении «{owner}»"
                fix = "Если деревни правда тёзки, поставьте обеим «shared: true», иначе уберите"
                reader.wrong(node, what, fix)
        return village

    def _bodies(self) -> tuple[Body, ...]:
        reader = Reader("bodies.yaml", self.problems)
        root = reader.mapping(reader.open(self.folder), KEYS["bodies"], KEYS["bodies"])
        result = []
        for node in reader.items(root.get("bodies")):
            found = reader.mapping(node, KEYS["body"], ("code", "name", "kind"))
            code = reader.code(found.get("code"))
            self._unique(reader, found.get("code"), code, self.body_codes)
            kind = reader.choice(found.get("kind"), [*BodyKind], "вид исполнителя")
            settlement = self._settlement(reader, found.get("settlement"))
            if (kind == BodyKind.SETTLEMENT) != ("settlement" in found):
                what = "ключ «settlement» нужен администрации поселения и только ей"
                reader.wrong(node, what, "Добавьте или уберите его, либо поправьте «kind»")
            if settlement and self.administrations.setdefault(settlement, code) != code:
                what = f"у поселения «{settlement}» уже есть администрация"
                reader.wrong(node, what, "Оставьте одну")
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
                )
            )
        return tuple(result)

    def _routing(self) -> tuple[tuple[RoutingRule, ...], str]:
        reader = Reader("routing.yaml", self.problems)
        root = reader.mapping(reader.open(self.folder), KEYS["routing"], ("rules", "default"))
        rules = []
        names: list[str] = []
        for node in reader.items(root.get("rules")):
            found = reader.mapping(node, KEYS["rule"], ("name", "topics", "settlements", "body"))
            name = reader.text(found.get("name"))
            self._unique(reader, found.get("name"), name, names)
            topics = self._some(reader, found.get("topics"), [*Topic], "тема")
            places = self._some(
                reader, found.get("settlements"), self.settlement_codes, "поселение"
            )
            body = reader.choice(
                found.get("body"), [*self.body_codes, SETTLEMENT_ADMINISTRATION], "исполнитель"
            )
            if body == SETTLEMENT_ADMINISTRATION:
                self._administered(reader, node, places)
            rules.append(
                RoutingRule(
                    name=name,
                    topics=None
                    if topics is None
                    else frozenset(Topic(topic) for topic in topics if topic in [*Topic]),
                    settlements=places,
                    body=body,
                )
            )
        return tuple(rules), reader.choice(root.get("default"), self.body_codes, "исполнитель")

    def _administered(self, reader: Reader, node: yaml.Node, places: frozenset[str] | None) -> None:
        wanted = self.settlement_codes if places is None else sorted(places)
        missing = [code for code in wanted if code not in self.administrations]
        if missing:
            what = "нет администрации у поселений: " + ", ".join(missing[:10])
            reader.wrong(node, what, "Добавьте её в bodies.yaml или перечислите другие поселения")

    def _norms(self) -> tuple[Norm, ...]:
        reader = Reader("norms.yaml", self.problems)
        root = reader.mapping(reader.open(self.folder), KEYS["norms"], KEYS["norms"])
        result = []
        for node in reader.items(root.get("norms")):
            found = reader.mapping(node, KEYS["norm"], ("source", "urgency"))
            source = reader.choice(found.get("source"), ["any", *Network], "источник")
            urgency = reader.choice(found.get("urgency"), ["any", *Urgency], "важность")
            units = [unit for unit in UNITS if unit in found]
            if len(units) != 1:
                what = "срок должен быть назван один раз"
                reader.wrong(node, what, "Оставьте один ключ из: " + ", ".join(UNITS))
                continue
            amount = reader.integer(found[units[0]], 1, 1000)
            if amount and source in {"any", *Network} and urgency in {"any", *Urgency}:
                result.append(
                    Norm(
                        source="any" if source == "any" else Network(source),
                        urgency="any" if urgency == "any" else Urgency(urgency),
                        amount=amount,
                        unit=units[0],
                    )
                )
        return tuple(result)

    def _settlement(self, reader: Reader, node: yaml.Node | None) -> str | None:
        return reader.choice(node, self.settlement_codes, "поселение") or None

    @staticmethod
    def _some(
        reader: Reader, node: yaml.Node | None, allowed: list[str], what: str
    ) -> frozenset[str] | None:
        """Return a set of codes; None for the word ``all``."""
        if isinstance(node, yaml.ScalarNode) and node.value == "all":
            return None
        items = reader.items(node)
        if node is not None and not items:
            reader.wrong(node, "список пуст", "Перечислите коды или напишите all")
        return frozenset(reader.choice(item, allowed, what) for item in items)

    @staticmethod
    def _unique(reader: Reader, node: yaml.Node | None, value: str, seen: list[str]) -> None:
        if value and value in seen:
            reader.wrong(node, f"«{value}» уже есть выше", "Каждый код и имя должны быть одни")
        seen.append(value)


def _found(check: Callable[[], bool]) -> bool:
    """Ask the disk; a path that it cannot even look at is not there."""
    try:
        return check()
    except OSError:
        return False


def _key(name: str) -> str:
    """Return what makes two names the same."""
    return name.casefold().replace("ё", "е")
