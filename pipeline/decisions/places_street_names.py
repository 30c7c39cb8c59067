"""What a street is called: its kind, where its name ends, its nominative, how it is shown."""

from collections.abc import Mapping

from pipeline.decisions import places_words as lists
from pipeline.decisions.places_grammar import (
    agrees,
    is_given_name,
    is_nominal,
    is_other_noun,
    is_surname,
)
from pipeline.decisions.places_text import Words, fold

KINDS = {word: kind for kind, words in lists.STREET_TYPES.items() for word in words}
MARKERS = frozenset([*KINDS, *(first for first, _ in lists.COMPOUND_KINDS)])
_FEMININE = {"ой": "ая", "ую": "ая", "ей": "яя", "юю": "яя"}
_NEUTER = {"ом": "ое", "ем": "ее", "ому": "ое"}
_FRONT = "кгхжшчщ"
_ENDINGS = ("ая", "ой", "ую", "ова", "ева", "ина", "ына", "ского")


def is_usual(word: str) -> bool:
    """Tell whether a word is a usual street's name, or its first word: «генерала»."""
    return is_familiar(word) or word in lists.FIRST_PARTS


def could_be_street(word: str) -> bool:
    """Tell whether a word can be some street's name; nearly all that cannot are told apart."""
    fits = len(word) > 5 and word.endswith(_ENDINGS)
    return fits and word not in lists.NOT_A_STREET and word not in lists.DESCRIPTIVE


def street_forms(name: str) -> dict[str, str]:
    """Return the folded forms of a street from the region's list, each with its full name.

    «Минская» is found as «минской» and «минскую», and shown as «ул. Минская».
    """
    words = name.replace(".", " ").split()
    kinds = [KINDS[fold(word)] for word in words if fold(word) in KINDS]
    kind = kinds[0] if kinds else "ул."
    plain = " ".join(word for word in words if fold(word) not in KINDS)
    full = f"{kind} {plain}"
    key = fold(plain)
    found = {key: full}
    if kind == "ул." and key.endswith("ая"):
        found |= {key[:-2] + "ой": full, key[:-2] + "ую": full}
    return found


def kind_at(text: Words, index: int) -> tuple[str, int] | None:
    """Return the kind of street that is named here, and its last word's index: «пр-т» has two."""
    word = text.at(index)
    if word not in MARKERS:
        return None
    compound = lists.COMPOUND_KINDS.get((word, text.at(index + 1)))
    if compound and text.gap(index + 1) == "-":
        return compound, index + 1
    if word not in KINDS:
        return None
    if word == "ш" and not text.at(index - 1).endswith(("ое", "ом")):
        return None
    return KINDS[word], index


def is_familiar(word: str) -> bool:
    """Tell whether very many towns have a street of this name."""
    return word in lists.COMMON_GENITIVES or word in lists.COMMON_NOUNS or is_common_adjective(word)


def is_common_adjective(word: str) -> bool:
    """Tell whether an adjective, in any case, is a very common street: «садовой»."""
    return nominative(word, "ул.") in lists.COMMON_ADJECTIVES


def could_follow(word: str, marker: str) -> bool:
    """Tell whether a word without a capital may be a name after «улица» or «улице»."""
    if word in lists.DESCRIPTIVE or not is_nominal(word):
        return False
    if word.endswith(("ая", "яя")):
        return True  # «на улице полтавская» as well
    if word.endswith(("ой", "ей", "ую", "юю", "ый", "ий", "ом", "ем")):
        return agrees(word, marker)
    return is_surname(word)


def name_end(text: Words, first: int) -> int:
    """Return the index of the last word of a name that begins at ``first``.

    «Карла Маркса», «Большой Советской», «Парижской Коммуны», «Сакко и Ванцетти» is not one.
    """
    last = first
    while last < first + 2 and text.at(last + 1) and not text.at(last + 1).isdigit():
        gap, word = text.gap(last + 1), text.at(last + 1)
        joined = (gap == "-" and not (is_familiar(text.at(last)) and is_familiar(word))) or (
            gap == " " and _goes_on(text, last)
        )
        if not joined or (word in lists.NOT_A_STREET and not text.capital(last + 1)):
            break
        last += 1
    return last


def _goes_on(text: Words, index: int) -> bool:
    """Tell whether the next word belongs to the name."""
    word, after = text.at(index), text.at(index + 1)
    if after in MARKERS or after in lists.HOUSE_MARKERS:
        return False
    if word in lists.FIRST_PARTS:
        return True
    if is_given_name(word) and is_surname(after):
        return text.capital(index + 1) or not text.cased or not text.capital(index)
    same = text.capital(index) >= text.capital(index + 1)
    return same and after in lists.NAME_HEADS and agrees(word, after)


def numbered_end(text: Words, number: int) -> int | None:
    """Return the last word of a name that begins with a number: «50 лет Октября», «8 Марта»."""
    after = text.at(number + 1)
    if after in lists.COUNTED:
        return number + 2 if text.at(number + 2) in lists.DATE_ENDINGS else None
    if after in lists.ORDINALS and text.gap(number + 1) in {"", "-"}:
        return number + 2 if text.capital(number + 2) else None
    return number + 1 if after in lists.DATE_PARTS - lists.ORDINALS else None


def bare_numbered_end(text: Words, number: int) -> int | None:
    """Return the same where no marker stands by: a holiday needs its capital then."""
    last = numbered_end(text, number)
    if last is None or text.at(number + 1) in lists.COUNTED:
        return last
    holiday = (text.at(number), text.at(number + 1)) in lists.HOLIDAYS
    return last if holiday and text.capital(number + 1) else None


def nominative(word: str, kind: str) -> str:
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


def shown(text: Words, first: int, last: int, kind: str, known: Mapping[str, str]) -> str:
    """Return a street's name for people, as the region's list has it or as it is written."""
    key = " ".join(text.words[first : last + 1])
    if known.get(key, "").startswith(kind):
        return known[key]
    name = kind + " "
    for index in range(first, last + 1):
        written = text.written(index)
        # The ending comes from the folded word, the rest keeps its letters.
        straight = text.at(index) if _in_genitive(text, first, last) else None
        straight = straight or nominative(text.at(index), kind)
        if straight != text.at(index):
            written = written[: len(straight) - 2] + straight[-2:]
        if text.at(index) in lists.ORDINALS | lists.COUNTED and text.at(index - 1).isdigit():
            written = written.lower()  # «50 лет Октября», «1-я Линейная»
        name += ("" if index == first else text.gap(index)) + written
    return name


def _in_genitive(text: Words, first: int, last: int) -> bool:
    """Tell «Парижской Коммуны», which stays as it is, from «Большой Советской»."""
    return last > first and text.at(last) in lists.NAME_HEADS


def other_noun(word: str) -> bool:
    """Tell whether an adjective is a thing by itself: «столовой», «кольцевой»."""
    return is_other_noun(word) or word in lists.DESCRIPTIVE
