"""Reads the ``process`` and ``retention`` of region.yaml: how the municipality works."""

import yaml

from pipeline.region.reading import Reader
from pipeline.region.schema import OnClosed, Process, Retention

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
    "retention": ("authors_months", "unreadable_days", "inbox_days"),
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


def read_retention(reader: Reader, node: yaml.Node | None) -> Retention:
    """Return how long personal data is kept; what is absent is kept for ever."""
    found = reader.mapping(node, KEYS["retention"])
    return Retention(
        authors_months=reader.integer(found.get("authors_months"), 1, 600),
        unreadable_days=reader.integer(found.get("unreadable_days"), 1, 3660),
        inbox_days=reader.integer(found.get("inbox_days"), 1, 3660),
    )
