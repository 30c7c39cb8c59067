"""Labelled texts to judge by: CSV of ``otklik train`` with more columns, and JSON Lines.

A label that a file has no column or key for was not given; an empty place or list of further
topics says that the text holds none. Every fault is a TrainingError naming file, line and cure.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from classifiers.examples import (
    Example,
    TrainingError,
    decode,
    example_of,
    read_table,
    shown,
    topic_of,
)
from models.errors import OtklikError
from models.vocabulary import Certainty
from pipeline.decisions.places import Gazetteer
from pipeline.region.load import load_region
from pipeline.region.schema import Region
from pipeline.scoring import PARTS, PlaceGold

LABELS = ("code", "topic", "relevant", "urgent", "also", "expect", *PARTS)
"""Columns and keys of which a file must have one."""

_CODES = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Known:
    """A region and the index of its places."""

    region: Region
    gazetteer: Gazetteer


class Regions:
    """Regions by name, each read once."""

    def __init__(self, default: str) -> None:
        """Use ``default`` for texts that name no region."""
        self.default = default
        self._known: dict[str, Known] = {}

    def get(self, name: str | None = None) -> Known:
        """Return a region by its shipped name or folder. Raises RegionError."""
        name = name or self.default
        if name not in self._known:
            region = load_region(name)
            self._known[name] = Known(region, Gazetteer.build(region))
        return self._known[name]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and what people said of it.

    In ``example`` relevance and urgency are None where the file does not say. ``read_for_also``:
    the file lists further topics; ``noise``: «не уверен» is the right answer. ``place`` is what
    the text names, of which only ``parts`` were labelled; None where none was.
    """

    example: Example
    read_for_also: bool = False
    noise: bool = False
    region: str | None = None
    community: str | None = None
    place: PlaceGold | None = None
    parts: frozenset[str] = frozenset()


def read_labelled(path: Path, regions: Regions) -> list[Labelled]:
    """Read a CSV or a JSON Lines file, told apart by the first character.

    JSON Lines have the keys of the CSV's columns; ``context`` is a list of texts, the thread's
    post first, in a CSV one text. Raises TrainingError, or RegionError for ``regions``' default.
    """
    content = decode(path)
    if content.lstrip()[:1] in ("{", "["):
        return _json_lines(content, path, regions)
    columns, rows = read_table(path)
    _check_labels(columns, path)
    return [
        _labelled(cells, where, regions, _whole(cells.get("context", ""))) for where, cells in rows
    ]


def _whole(context: str) -> tuple[str, ...]:
    return (context,) if context.strip() else ()


def _check_labels(names: list[str], path: Path) -> None:
    if not set(LABELS) & set(names):
        raise TrainingError(
            f"В файле {path} нет разметки, сравнивать не с чем. "
            f"Есть: {shown(', '.join(names), 200)}. Нужно хотя бы одно из: {', '.join(LABELS)}."
        )


def _json_lines(content: str, path: Path, regions: Regions) -> list[Labelled]:
    found, names = [], dict[str, None]()
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            where = f"Файл {path}, строка {number}"
            cells, context = _cells(line, where)
            names |= dict.fromkeys(cells)
            found.append(_labelled(cells, where, regions, context))
    _check_labels(list(names), path)
    return found


def _cells(line: str, where: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what a CSV would hold, and the thread."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TrainingError(
            f"{where}: это не JSON. Запишите каждый текст одним объектом в одной строке."
        ) from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise TrainingError(f"{where}: нужен JSON-объект с полем text, в котором строка.")
    context = row.pop("context", None) or []
    if not isinstance(context, list) or not all(isinstance(above, str) for above in context):
        raise TrainingError(f"{where}: поле context — не список строк (пост и комментарии).")
    read = {"text", "fine_topic", "group", "executor", "region", "community", *LABELS}
    cells = {name: _cell(row[name], where, name) for name in row if name in read}
    if "fine_topic" in cells and "code" not in cells:
        cells["code"], cells["topic"] = cells.get("topic", ""), cells["fine_topic"]
    return cells, tuple(context)


def _cell(value: object, where: str, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str):
        return value
    if isinstance(value, int) and name in {"relevant", "urgent", "house"}:
        return str(value)
    if isinstance(value, list) and name == "also" and all(isinstance(one, str) for one in value):
        return " ".join(value)
    wanted = "нужен список кодов" if name == "also" else "нужна строка"
    raise TrainingError(f"{where}: в поле {name} {wanted} или null.")


def _labelled(
    cells: Mapping[str, str], where: str, regions: Regions, context: tuple[str, ...]
) -> Labelled:
    example = replace(example_of(cells, where), context=context)
    found = [topic_of(code, where) for code in _CODES.split(cells.get("also", "").strip())]
    expect = cells.get("expect", "").strip()
    if expect not in ("", Certainty.UNSURE):
        raise TrainingError(
            f"{where}: в поле expect стоит «{shown(expect, 80)}», "
            f"а бывает только {Certainty.UNSURE}."
        )
    region = cells.get("region", "").strip() or None
    parts = frozenset(PARTS) & cells.keys()
    stated = {part: cells.get(part, "").strip() or None for part in PARTS}
    community = cells.get("community", "").strip() or None
    if parts or community:
        community = _settlement(community, (where, "community"), regions, region)
        stated["settlement"] = _settlement(
            stated["settlement"], (where, "settlement"), regions, region
        )
    gold = PlaceGold(
        text=example.text,
        region=region or regions.default,
        community=community,
        context=context,
        **stated,
    )
    return Labelled(
        example=replace(example, also=tuple(topic for topic in found if topic)),
        read_for_also="also" in cells,
        noise=bool(expect),
        region=region,
        community=community,
        place=gold if parts else None,
        parts=parts,
    )


def _settlement(
    value: str | None, cell: tuple[str, str], regions: Regions, region: str | None
) -> str | None:
    """Return the code of a settlement that a cell (place, column) names by its code or name."""
    where, column = cell
    try:
        settlements = regions.get(region).region.settlements
    except OtklikError as error:
        if region is None:
            raise
        raise TrainingError(f"{where}: {error}") from error
    if value is None:
        return None
    for settlement in settlements:
        names = (settlement.code, settlement.name, *settlement.aliases)
        if value.casefold() in (name.casefold() for name in names):
            return settlement.code
    raise TrainingError(
        f"{where}: в колонке {column} стоит «{shown(value, 80)}», а такого поселения в районе "
        f"{region or regions.default} нет. Нужен код, например {settlements[0].code}; другой "
        "район задаёт параметр --region или колонка region."
    )
