"""Finds houses: «дом 5», «д. 12а», «31 дом», «№ 7», «3 корп. 2», «4 "Б"», «12/1», «31-33»."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.decisions import places_words as lists
from pipeline.decisions.places_grammar import is_counted
from pipeline.decisions.places_text import Words

_MAX_DIGITS = 3
_LETTERS = "абвгдежз"
_RANGE = 10
"""Houses of one answer that are further apart are a house and a flat: «5-48»."""

_GLUE = ' .,№:"-'
"""What may stand between a street, «дом» and a number; no new line."""

House = tuple[str, int]
"""A house, and the index of its last word."""


def house_at(text: Words, index: int, *, bare: bool, near: bool = True) -> House | None:
    """Return the house whose words begin here.

    ``bare`` allows a number without «дом»; counts, dates and ordinals are refused then.
    ``near`` wants nothing but a comma and the like between it and the word before.
    """
    word = text.at(index)
    marked = word in lists.HOUSE_MARKERS
    if not marked and not word.isdigit():
        return None
    number = index + marked
    number += marked and text.at(number) in lists.HOUSE_NUMBER_WORDS
    if not _can_be_house(text, index + 1 - near, number):
        return None
    if not marked and text.at(number + 1) in {"дом", "доме"} and text.gap(number + 1) == " ":
        return text.at(number), number + 1  # «Печерск, 31 дом»
    surely = number > index + 1 or "№" in text.gap(number)
    if surely or (marked and not _is_count(text, number)) or (bare and is_bare(text, number)):
        return _end(text, number)
    return None


def _can_be_house(text: Words, first: int, number: int) -> bool:
    """Tell whether a number and what stands before it can be a house: «, д. 5»."""
    gaps = [text.gap(i) for i in range(max(first, 1), number + 1)]
    if not _digits(text.at(number)) or any(g.strip(_GLUE) or len(g) > 3 for g in gaps):
        return False
    # «дом 31 кв. м» is a size, «дом 31 кв. 5» is not.
    return text.at(number + 1) != "кв" or text.at(number + 2).isdigit()


class FoundHouse(NamedTuple):
    """A house found at words [first, last]."""

    first: int
    last: int
    name: str


def any_house(text: Words, candidates: Sequence[int]) -> FoundHouse | None:
    """Return the first house that has its «дом», wherever it stands among ``candidates``."""
    for index in candidates:
        if _surely_marked(text, index) and (house := house_at(text, index, bare=False, near=False)):
            return FoundHouse(index, house[1], house[0])
        number = text.at(index - 1)
        if text.at(index) in {"дом", "доме"} and _digits(number) and text.gap(index) == " ":
            return FoundHouse(index - 1, index, number)
    return None


def is_bare(text: Words, number: int) -> bool:
    """Tell a bare number that may be a house from a count, a date, an ordinal or a new sentence."""
    gap, after = text.gap(number), text.at(number + 1)
    if "-" in gap or "+" in gap or "\n" in gap or ("." in gap and not _abbreviated(text, number)):
        return False
    dated = after.isdigit() and text.gap(number + 1) in {".", ":", ","}
    return not dated and not _is_count(text, number)


def _is_count(text: Words, number: int) -> bool:
    """Tell «5 этажей» and «5-й» from a house."""
    gap, after = text.gap(number + 1), text.at(number + 1)
    if gap in {"", "-"} and after in lists.NUMBER_ENDINGS:
        return True
    return gap in {"", " ", "-", "–"} and after in lists.NOT_A_HOUSE


def counts(text: Words, number: int) -> bool:
    """Tell whether a number counts the noun after it: «5 мешков»."""
    return text.gap(number + 1) == " " and is_counted(text.at(number + 1), int(text.at(number)))


def _abbreviated(text: Words, number: int) -> bool:
    return text.at(number - 1) in lists.SHORT_MARKERS


def _digits(word: str) -> bool:
    return word.isdigit() and len(word) <= _MAX_DIGITS and word.strip("0") != ""


def _surely_marked(text: Words, index: int) -> bool:
    word, before = text.at(index), text.at(index - 1)
    if word in {"дома", "домах", "дому", "домом"}:
        return before in lists.BESIDE_A_HOUSE or "№" in text.gap(index + 1)
    if word == "д":
        return "." in text.gap(index + 1) or text.opens(index)
    return True


def _end(text: Words, number: int) -> House:
    house, last = text.at(number), number
    house, last = _letter(text, house, last)
    after, gap = text.at(last + 1), text.gap(last + 1)
    if after.isdigit() and gap.strip(" ") in {"/", "\\"}:
        house, last = _letter(text, f"{house}/{after}", last + 1)
    elif after.isdigit() and gap in {"-", "–"} and house.isdigit() and len(after) <= _MAX_DIGITS:
        apart = int(after) - int(house)
        if 0 < apart <= _RANGE and apart % 2 == 0:
            house = f"{house}-{after}"
        last += 1
    block = last + 1
    number = block + (text.at(block + 1) in lists.HOUSE_NUMBER_WORDS) + 1
    if (
        text.at(block) in lists.BLOCK_MARKERS
        and text.at(number).isdigit()
        and len(text.gap(block)) <= 2
        and len(text.gap(number)) <= 3
    ):
        house, last = f"{house}{lists.BLOCK_MARKERS[text.at(block)]}{text.at(number)}", number
    return house, last


def _letter(text: Words, house: str, last: int) -> House:
    after = text.at(last + 1)
    if len(after) == 1 and after in _LETTERS and _is_letter_of_house(text, last + 1):
        return house + after, last + 1
    return house, last


def _is_letter_of_house(text: Words, index: int) -> bool:
    """Tell «12 Б» and «12а» from «12 в подвале»."""
    gap, letter = text.gap(index), text.at(index)
    if gap == " ":
        ends = text.gap(index + 1).strip(" ")
        if letter in "вгд":
            return ends not in {"", "."} or (letter == "в" and ends == ".")
        return bool(ends) or text.capital(index) or letter != "а"
    return gap.strip(" \"«'") in {"", "-"} and "\n" not in gap
