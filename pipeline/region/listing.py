"""Lists of codes that refer to other places of a region's folder."""

from collections.abc import Sequence

import yaml

from pipeline.region.reading import Reader


def some(
    reader: Reader, node: yaml.Node | None, allowed: Sequence[str], what: str
) -> frozenset[str] | None:
    """Return a set of codes; None where absent and for the word ``all``.

    ``what`` names one of them in Russian. What is not allowed is noted and left out.
    """
    if node is None or (isinstance(node, yaml.ScalarNode) and node.value == "all"):
        return None
    items = reader.items(node)
    if not items:
        reader.wrong(node, "список пуст", "Перечислите коды или напишите all")
    return frozenset(reader.choice(item, allowed, what) for item in items) & frozenset(allowed)


def unique(reader: Reader, node: yaml.Node | None, value: str, seen: list[str]) -> None:
    """Note a code or name that was seen before; remember it."""
    if value and value in seen:
        reader.wrong(node, f"«{value}» уже есть выше", "Каждый код и имя должны быть одни")
    seen.append(value)
