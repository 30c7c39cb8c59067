"""What the dictionary tells about a word: is it known, does it agree, is it a name or a count."""

from functools import cache, lru_cache

import pymorphy3

_MEMO = 50_000
"""Words remembered: the same few thousand come again and again."""

_ADJECTIVES = frozenset({"ADJF", "PRTF"})
_NAMES = frozenset({"Name", "Surn", "Patr"})


@cache
def morphology() -> pymorphy3.MorphAnalyzer:
    """Return the one analyser of the process; loading it takes a quarter of a second."""
    return pymorphy3.MorphAnalyzer(lang="ru")


def known(word: str) -> bool:
    """Tell whether the dictionary holds a word."""
    return bool(morphology().word_is_known(word))


@lru_cache(maxsize=_MEMO)
def agrees(adjective: str, noun: str, cases: frozenset[str] | None = None) -> bool:
    """Tell whether a noun, or another adjective, may go with an adjective: «высоком доме».

    ``cases`` are those that the preposition before allows; None for any.
    """
    for one in morphology().parse(adjective):
        if one.tag.POS not in _ADJECTIVES or (cases and one.tag.case not in cases):
            continue
        for other in morphology().parse(noun):
            if (
                other.tag.POS in {"NOUN", "ADJF"}
                and "Abbr" not in other.tag.grammemes
                and not _NAMES & other.tag.grammemes
                and one.tag.case == other.tag.case
                and one.tag.number == other.tag.number
                and (not one.tag.animacy or one.tag.animacy == other.tag.animacy)
                and (one.tag.gender is None or other.tag.gender in {one.tag.gender, None})
            ):
                return True
    return False


@lru_cache(maxsize=_MEMO)
def reads_as(word: str, cases: frozenset[str]) -> bool:
    """Tell whether a word, other than as a place, may stand in one of these cases."""
    return any(
        parse.tag.case in cases and "Geox" not in parse.tag.grammemes
        for parse in morphology().parse(word)
    )


@lru_cache(maxsize=_MEMO)
def is_surname(word: str) -> bool:
    """Tell whether a word may be a man's surname in the genitive, as streets bear: «Рыленкова»."""
    return any(
        "Surn" in parse.tag.grammemes and {"masc", "sing", "gent"} <= parse.tag.grammemes
        for parse in morphology().parse(word)
    )


@lru_cache(maxsize=_MEMO)
def is_person(word: str) -> bool:
    """Tell whether the dictionary knows a word as one person's name: «Роман»."""
    return known(word) and any(
        _NAMES & parse.tag.grammemes and parse.tag.number == "sing" and parse.tag.case != "voct"
        for parse in morphology().parse(word)
    )


@lru_cache(maxsize=_MEMO)
def is_given_name(word: str) -> bool:
    """Tell whether a word may be a first name in the genitive: «Зои», «Карла»."""
    return known(word) and any(
        {"Name", "sing", "gent"} <= parse.tag.grammemes for parse in morphology().parse(word)
    )


@lru_cache(maxsize=_MEMO)
def is_other_noun(word: str) -> bool:
    """Tell whether the dictionary knows a word as a noun that is no name: «столовой»."""
    return known(word) and any(
        parse.tag.POS == "NOUN" and not (_NAMES | {"Geox"}) & parse.tag.grammemes
        for parse in morphology().parse(word)
    )


@lru_cache(maxsize=_MEMO)
def is_place(word: str) -> bool:
    """Tell whether the dictionary knows a word as a place."""
    return known(word) and any("Geox" in p.tag.grammemes for p in morphology().parse(word))


@lru_cache(maxsize=_MEMO)
def is_somewhere(word: str) -> bool:
    """Tell whether the dictionary knows a word as a place where something is: «Смоленске»."""
    return known(word) and any(
        {"Geox", "loct"} <= parse.tag.grammemes for parse in morphology().parse(word)
    )


@lru_cache(maxsize=_MEMO)
def is_counted(word: str, number: int) -> bool:
    """Tell whether a noun stands as this number wants it: «5 домов», «3 ямы»."""
    few, one = number % 10 in {2, 3, 4}, number % 10 == 1
    wanted = {"sing", "gent"} if few else {"sing", "nomn"} if one else {"plur", "gent"}
    if 11 <= number % 100 <= 14:
        wanted = {"plur", "gent"}
    return any(
        parse.tag.POS == "NOUN" and wanted <= parse.tag.grammemes
        for parse in morphology().parse(word)
    )


@lru_cache(maxsize=_MEMO)
def is_nominal(word: str) -> bool:
    """Tell whether a word may be a noun or an adjective; a word unknown to the dictionary may."""
    return not known(word) or any(
        parse.tag.POS in {"NOUN", "ADJF", "PRTF"} for parse in morphology().parse(word)
    )
