"""Templates of answers: a text with variables in braces, filled in from an incident."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLES: Mapping[str, str] = {
    "номер": "номер инцидента",
    "тема": "тема инцидента",
    "место": "поселение, деревня, улица и дом, если они известны",
    "поселение": "поселение, если оно известно",
    "орган": "кто отвечает за инцидент",
    "телефон": "телефон ответственного",
    "почта": "электронная почта ответственного",
    "адрес": "адрес ответственного",
    "срок": "до какого дня и часа должен быть ответ",
    "дата": "сегодняшняя дата",
    "обращение": "когда написано обращение",
    "район": "название района",
}
"""What may stand in braces, and what it becomes."""

VARIABLE = re.compile(r"\{([^{}\n]{0,40})\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its variables filled in.

    ``empty`` are those that this incident knows nothing for; they stay in the text in their
    braces, so that a person sees them, as the ``unknown`` ones do.
    """

    text: str
    empty: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Return a template's text with ``values`` by the names of ``VARIABLES``.

    What stands in a value is never read as a variable itself.
    """
    empty: dict[str, None] = {}

    def value(found: re.Match[str]) -> str:
        name = _name(found)
        if name in VARIABLES and not values.get(name):
            empty[name] = None
        return (values.get(name) if name in VARIABLES else None) or found.group()

    return Filled(VARIABLE.sub(value, text), tuple(empty), unknown(text))


def unknown(text: str) -> tuple[str, ...]:
    """Return what stands in braces and is no variable, each once."""
    return tuple(dict.fromkeys(name for name in map(_name, _all(text)) if name not in VARIABLES))


def left(text: str) -> tuple[str, ...]:
    """Return the variables that stand in a text yet, each once; other braces are just braces."""
    return tuple(dict.fromkeys(name for name in map(_name, _all(text)) if name in VARIABLES))


def _all(text: str) -> list[re.Match[str]]:
    return list(VARIABLE.finditer(text))


def _name(found: re.Match[str]) -> str:
    return found.group(1).strip().casefold()
