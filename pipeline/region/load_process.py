"""Reads the ``process`` of region.yaml: how the municipality works."""

import yaml

from pipeline.region.reading import Reader
from pipeline.region.schema import OnClosed, Process

KEYS: dict[str, tuple[str, ...]] = {
    "process": (
        "approval",
        "survey",
        "dissatisfied",
        "rounds",
        "join",
        "join_days",
        "on_closed",
    ),
}


def read_process(reader: Reader, node: yaml.Node | None) -> Process:
    """Return the settings of the life cycle; what is absent or wrong keeps its default."""
    found = reader.mapping(node, KEYS["process"])
    usual = Process()
    on_closed = reader.choice(found.get("on_closed"), [*OnClosed], "значение")
    return Process(
        approval=reader.flag(found.get("approval")),
        survey=reader.flag(found.get("survey")),
        dissatisfied=reader.integer(found.get("dissatisfied"), 1, 4) or usual.dissatisfied,
        rounds=reader.integer(found.get("rounds"), 1, 9) or usual.rounds,
        join=reader.flag(found["join"]) if "join" in found else usual.join,
        join_days=reader.integer(found.get("join_days"), 1, 92) or usual.join_days,
        on_closed=OnClosed(on_closed) if on_closed in [*OnClosed] else usual.on_closed,
    )
