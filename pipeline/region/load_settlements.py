"""Reads settlements.yaml: settlements with their villages."""

from pathlib import Path

import yaml

from pipeline.region.listing import unique
from pipeline.region.problems import Problem
from pipeline.region.reading import Reader
from pipeline.region.schema import Settlement, Village

KEYS: dict[str, tuple[str, ...]] = {
    "settlements": ("settlements",),
    "settlement": ("code", "name", "aliases", "villages"),
    "village": ("name", "aliases", "lat", "lon", "population", "streets", "shared"),
}

_Owners = dict[str, tuple[str, bool]]
"""Whose a village's name is, and whether its owner marked it as shared."""


def read_settlements(folder: Path, problems: list[Problem]) -> tuple[Settlement, ...]:
    """Return the settlements; what is wrong is noted."""
    reader = Reader("settlements.yaml", problems)
    root = reader.mapping(reader.open(folder), KEYS["settlements"], KEYS["settlements"])
    result = []
    codes: list[str] = []
    villages: _Owners = {}
    for node in reader.items(root.get("settlements")):
        found = reader.mapping(node, KEYS["settlement"], ("code", "name"))
        code = reader.code(found.get("code"))
        unique(reader, found.get("code"), code, codes)
        listed = [
            _village(reader, item, code, villages) for item in reader.items(found.get("villages"))
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


def _village(reader: Reader, node: yaml.Node, settlement: str, villages: _Owners) -> Village:
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


def _key(name: str) -> str:
    """Return what makes two names the same."""
    return name.casefold().replace("ё", "е")
