"""Finds streets and houses: «ул. Ленина, д. 5», «на Минской», «Школьный переулок», «Мира 12а».

A marker («ул.», «переулке») is followed or preceded by the name; without one only a name from
the region's own list or a very common one counts, and only beside a house number or after a
preposition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.decisions import places_words as lists
from pipeline.decisions.places_text import Words, fold

KINDS = {word: kind for kind, words in lists.STREET_TYPES.items() for word in words}
_FEMININE = {"ой": "ая", "ую": "ая", "ей": "яя", "юю": "яя"}
_NEUTER = {"ом": "ое", "ем": "ее", "ому": "ое"}
_FRONT = "кгхжшчщ"
_MAX_HOUSE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Street:
    """A street found in a text: words [first, last], its name with its kind, its house."""

    first: int
    last: int
    name: str
    house: str | None


@dataclass(frozen=True, slots=True)
class _Named:
    first: int
    last: int
    name: str


def street_forms(name: str) -> dict[str, str]:
    """Return the folded forms of a street from the region's list, each with its full name.

    «Минская» is found as «минской» and «минскую», and shown as «ул. Минская».
    """
    words = name.replace(".", " ").split()
    kinds = [KINDS[fold(word)] for word in words if fold(word) in KINDS]
    kind = kinds[0] if kinds else "ул."
    plain = " ".join(word for word in words if fold(word) not in KINDS)
    shown = f"{kind} {plain}"
    key = fold(plain)
    found = {key: shown}
    if kind == "ул." and key.endswith("ая"):
        found |= {key[:-2] + "ой": shown, key[:-2] + "ую": shown}
    return found


def find_streets(
    text: Words, known: Mapping[str, str], is_village: Callable[[int], bool]
) -> list[Street]:
    """Return the streets of a text, those with a marker first.

    ``known`` holds the region's streets by folded form; ``is_village`` tells whether a word can
    only be a village.
    """
    found: list[Street] = []
    for index, word in enumerate(text.words):
        if word in KINDS and not any(street.first <= index <= street.last for street in found):
            named = _beside_marker(text, index, known, is_village)
            if named:
                found.append(_with_house(text, named))
    if not found:
        for index in range(len(text.words)):
            named = _without_marker(text, index, known, after_village=is_village(index - 1))
            if named:
                found.append(_with_house(text, named))
                break
    return found


def house_at(text: Words, index: int, *, bare: bool) -> tuple[str, int] | None:
    """Return the house whose words begin here, and its last word's index.

    ``bare`` allows a number without «дом»; counts, dates and ordinals are refused then.
    """
    marked = text.at(index) in lists.HOUSE_MARKERS
    number = index + marked
    digits = text.at(number)
    if not digits.isdigit() or len(digits) > _MAX_HOUSE_DIGITS:
        return None
    if len(text.gap(index)) > 3 or (marked and len(text.gap(number)) > 3):
        return None
    if not marked and text.at(number + 1) in {"дом", "доме"}:
        return digits, number + 1  # «Печерск, 31 дом»
    if marked or (bare and _is_house(text, number)):
        return _house_end(text, number)
    return None


def _is_house(text: Words, number: int) -> bool:
    """Tell a bare number that may be a house from a count, a date, an ordinal or a new sentence."""
    gap, after = text.gap(number), text.at(number + 1)
    if "-" in gap or ("." in gap and text.at(number - 1) not in KINDS):
        return False
    dated = after.isdigit() and text.gap(number + 1) in {".", ":", ","}
    return not dated and after not in lists.NOT_A_HOUSE


def _house_end(text: Words, number: int) -> tuple[str, int]:
    house, last = text.at(number), number
    after, gap = text.at(last + 1), text.gap(last + 1)
    if len(after) == 1 and after in "абвгдежз" and _is_letter_of_house(text, last + 1):
        house, last = house + after, last + 1
    elif after.isdigit() and gap == "/":
        house, last = f"{house}/{after}", last + 1
    block, block_number = text.at(last + 1), text.at(last + 2)
    if block in lists.BLOCK_MARKERS and block_number.isdigit() and len(text.gap(last + 1)) <= 2:
        house, last = f"{house}{lists.BLOCK_MARKERS[block]}{block_number}", last + 2
    return house, last


def _is_letter_of_house(text: Words, index: int) -> bool:
    """Tell «12 Б» and «12а» from «12 в подвале»."""
    gap = text.gap(index)
    if gap == " ":
        ends = text.gap(index + 1).strip(" ") != "" or text.at(index) in "бгдежз"
        return text.capital(index) and ends
    return gap.strip(' "«') in {"", "-"}


def _with_house(text: Words, named: _Named) -> Street:
    after = house_at(text, named.last + 1, bare=True)
    if after:
        return Street(named.first, after[1], named.name, after[0])
    # «дом 5 по улице Ленина», «в доме 12а на Минской»
    start = named.first - (text.at(named.first - 1) in {"на", "по"})
    for width in (2, 3):
        before = house_at(text, start - width, bare=False)
        if before and before[1] == start - 1:
            return Street(start - width, named.last, named.name, before[0])
    return Street(named.first, named.last, named.name, None)


def _beside_marker(
    text: Words, index: int, known: Mapping[str, str], is_village: Callable[[int], bool]
) -> _Named | None:
    marker = text.at(index)
    if marker in lists.DOTTED_MARKERS and not text.gap(index + 1).startswith("."):
        return None
    kind = KINDS[marker]
    before = _before(text, index, kind, known)
    after = None if is_village(index + 1) else _after(text, index, kind, known)
    if before and after and (is_village(index - 1) or not _listed(before.name, known)):
        return after
    return before or after


def _listed(name: str, known: Mapping[str, str]) -> bool:
    return fold(name.split(" ", 1)[1]) in known


def _before(text: Words, index: int, kind: str, known: Mapping[str, str]) -> _Named | None:
    """Return an adjective that stands before its marker: «Минская ул.», «на Школьной улице»."""
    word = text.at(index - 1)
    nominative = _nominative(word, kind)
    endings = {"femn": ("ая", "яя"), "neut": ("ое", "ее")}.get(lists.GENDERS.get(kind, ""))
    if text.gap(index) != " " or not nominative.endswith(endings or ("ий", "ый", "ой")):
        return None
    familiar = nominative in lists.COMMON_ADJECTIVES or word in known
    weak = word in lists.WEAK_ADJECTIVES | lists.NOT_A_STREET
    if len(word) < 4 or not (text.capital(index - 1) or familiar):
        return None
    if weak and not (text.capital(index - 1) and index > 1):
        return None
    first = index - 1
    if text.at(first - 1) in lists.ORDINALS and text.at(first - 2).isdigit():
        first -= 2  # «1-я Линейная улица»
    return _Named(first, index, _shown(text, first, index - 1, kind, known))


def _after(text: Words, index: int, kind: str, known: Mapping[str, str]) -> _Named | None:
    """Return what follows a marker: «ул. Карла Маркса», «улице Строителей», «мкр. 3»."""
    first = index + 1
    gap = text.gap(first)
    if gap.strip(' .«"') or len(gap) > 3:
        return None
    if ". " in gap and text.at(index) not in lists.SHORT_MARKERS:
        return None  # the sentence ends: «починили проезд. Спасибо»
    if len(text.at(first)) == 1 and text.gap(first + 1) in {".", ". "}:
        first += 1  # an initial: «ул. М. Горького»
    word = text.at(first)
    if word.isdigit():
        return _numbered(text, index, first, kind, known)
    if len(word) < 3 or word in KINDS or (word in lists.NOT_A_STREET and not text.capital(first)):
        return None
    certain = text.at(index) in lists.SHORT_MARKERS or text.capital(first)
    if not (certain or _familiar(word, known) or house_at(text, first + 1, bare=True)):
        return None
    last = _name_end(text, first)
    return _Named(index, last, _shown(text, first, last, kind, known))


def _name_end(text: Words, first: int) -> int:
    last = first
    while last < first + 2 and text.at(last + 1) and not text.at(last + 1).isdigit():
        gap, word = text.gap(last + 1), text.at(last + 1)
        joined = gap == "-" or (gap == " " and text.at(last) in lists.FIRST_PARTS)
        if not joined or (word in lists.NOT_A_STREET and not text.capital(last + 1)):
            break
        last += 1
    return last


def _numbered(
    text: Words, index: int, first: int, kind: str, known: Mapping[str, str]
) -> _Named | None:
    """Return «50 лет Октября», «8 Марта», «1-я Линейная», «мкр. 3»."""
    if kind == "мкр":
        return _Named(index, first, f"{kind} {text.at(first)}")
    last = first + 1
    if text.at(last) not in lists.DATE_PARTS:
        return None
    ordinal = text.gap(last) in {"", "-"}
    if ordinal or text.at(last + 1) in lists.DATE_ENDINGS:
        last += 1
    if ordinal and not text.capital(last):
        return None
    return _Named(index, last, _shown(text, first, last, kind, known))


def _familiar(word: str, known: Mapping[str, str]) -> bool:
    return (
        word in known
        or word in lists.COMMON_GENITIVES
        or word in lists.COMMON_NOUNS
        or _nominative(word, "ул.") in lists.COMMON_ADJECTIVES
    )


def _without_marker(
    text: Words, index: int, known: Mapping[str, str], *, after_village: bool
) -> _Named | None:
    """Return a name without a marker: «на Минской», «Ленина 5», «по Автодорожной, 12»."""
    word = text.at(index)
    after_preposition = text.at(index - 1) in {"на", "по"} and text.gap(index) == " "
    house = house_at(text, index + 1, bare=True) is not None
    named = after_village and text.gap(index) in {" ", ", "} and text.capital(index)
    if (
        not (after_preposition or house or named)
        or word in lists.NOT_A_STREET - lists.WEAK_ADJECTIVES
    ):
        return None
    if text.at(index + 1) in lists.NOUNS_AFTER_ADJECTIVE:
        return None
    capital = text.capital(index)
    oblique = word.endswith(("ой", "ую")) and after_preposition
    certain = (
        (word in lists.COMMON_GENITIVES and (capital or after_preposition or house))
        or (word in lists.COMMON_NOUNS and capital)
        or (word in known and (capital or house or word.endswith("ской")))
        or (
            _nominative(word, "ул.") in lists.COMMON_ADJECTIVES
            and _certain(text, index, house=house)
        )
        or (oblique and capital and house)
        or (named and word in lists.COMMON_ADJECTIVES)  # «Валутино, Центральная»
    )
    if not certain:
        return None
    return _Named(index, index, _shown(text, index, index, "ул.", known))


def _certain(text: Words, index: int, *, house: bool) -> bool:
    """Tell whether a common adjective, «Садовой», is a street here."""
    if text.at(index) in lists.WEAK_ADJECTIVES and not text.capital(index):
        return False
    after_preposition = text.at(index - 1) in {"на", "по"}
    noun = text.capital(index + 1) and text.gap(index + 1) == " "  # «на Новой Ферме»
    return house or (after_preposition and text.capital(index) and not noun)


def _nominative(word: str, kind: str) -> str:
    """Return an adjective in the nominative of its street's kind; other words unchanged."""
    gender = lists.GENDERS.get(kind)
    if gender == "femn":
        if word in lists.FEMALE_SURNAMES or len(word) < 5:
            return word
        if word.endswith("ей") and not word.endswith("ней"):
            return word  # «Строителей»
        return word[:-2] + _FEMININE.get(word[-2:], word[-2:])
    if gender == "neut":
        return word[:-2] + _NEUTER.get(word[-2:], word[-2:])
    ending = "ому" if word.endswith("ому") else "ом"
    if word.endswith(ending) and len(word) > 5:
        stem = word[: -len(ending)]
        return stem + ("ий" if stem[-1] in _FRONT else "ый")
    return word


def _shown(text: Words, first: int, last: int, kind: str, known: Mapping[str, str]) -> str:
    """Return a street's name for people, as the region's list has it or as it is written."""
    key = " ".join(text.words[first : last + 1])
    if known.get(key, "").startswith(kind):
        return known[key]
    shown = kind + " "
    for index in range(first, last + 1):
        written = text.written(index)
        # The ending comes from the folded word, the rest keeps its letters.
        nominative = _nominative(text.at(index), kind)
        if nominative != text.at(index):
            written = written[: len(nominative) - 2] + nominative[-2:]
        if text.at(index) in lists.ORDINALS | lists.COUNTED and text.at(index - 1).isdigit():
            written = written.lower()  # «50 лет Октября», «1-я Линейная»
        shown += ("" if index == first else text.gap(index)) + written
    return shown
