"""Inflected forms of place names, and how far each form can be trusted on its own.

pymorphy3 declines what its dictionary holds and predicts the rest; names in -ово and -ино,
which Russian both declines and leaves alone, are declined by rule.
"""

from collections.abc import Iterator
from enum import IntEnum
from functools import cache
from itertools import product

from pymorphy3.analyzer import Parse

from pipeline.decisions.places_grammar import is_person, known, morphology
from pipeline.decisions.places_text import WORD, fold

CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
ALL_CASES = frozenset(CASES)

_ENDINGS = {
    "а": ("а", "ы", "е", "у", "ой", "е"),
    "я": ("я", "и", "е", "ю", "ей", "е"),
    "ь": ("ь", "и", "и", "ь", "ью", "и"),
    "о": ("о", "а", "у", "о", "ом", "е"),
    "е": ("е", "я", "ю", "е", "ем", "е"),
    "и": ("и", "ей", "ям", "и", "ями", "ях"),
    "ы": ("ы", "ов", "ам", "ы", "ами", "ах"),
    "": ("", "а", "у", "", "ом", "е"),
}
_OF_SURNAMES = ("ово", "ево", "ино", "ыно")
_NAMES = frozenset({"Surn", "Name", "Patr"})
_PLACES = frozenset({"Geox", "Orgn", "Abbr"})


class Risk(IntEnum):
    """What a form can be besides the name of a place."""

    NONE = 0
    """Nothing that the dictionary knows."""
    NAME = 1
    """A person's name: «Жукова»."""
    PERSON = 2
    """What people are called: «горбуны», «пушкари»; nobody is «в пушкарях»."""
    WORD = 3
    """An ordinary word: «весна», «высокое»."""
    BOTH = 4
    """An ordinary word and a person's name at once: «роман»; a capital tells nothing."""


def risk(form: tuple[str, ...], name: str) -> Risk:
    """Return how far a form of a name can be trusted to be the place."""
    base = WORD.findall(fold(name))
    if len(base) == 1:
        if base[0].endswith(("ское", "цкое")):
            # «Никольское» alone is hardly ever an adjective, «никольского» often is.
            return Risk.NONE if form[0] == base[0] else Risk.NAME
        if base[0].endswith(_OF_SURNAMES):
            # «Сметанина» is a person as often as a village; «Митино» is Mitya's only in grammar.
            worst = _word_risk(form[0])
            if form[0] != base[0]:
                return max(Risk.NAME, worst)
            return Risk.NONE if _possessive(form[0]) else worst
        if _word_risk(form[0]) is Risk.WORD and is_person(base[0]):
            return Risk.BOTH
    return min(_word_risk(word) for word in form if not word.isdigit())


def forms(name: str) -> dict[tuple[str, ...], frozenset[str]]:
    """Return the folded forms of a name, each with the cases that it may stand for.

    A form is a tuple of words: «Новые Батеки» and «Каспля-2» have two.
    """
    words = WORD.findall(fold(name))
    by_word = [_word_forms(word) for word in words]
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for case in CASES:
        for form in product(*(sorted(cases[case] | {words[i]}) for i, cases in enumerate(by_word))):
            # In names of several words some stay as they are («в Сыр-Липках»), never all.
            if form != tuple(words) or words[-1] in by_word[-1][case]:
                found[form] = found.get(form, frozenset()) | {case}
    return found


def adjective_forms(word: str) -> dict[str, frozenset[str]]:
    """Return the forms of a settlement's adjective, «печерское», with their cases.

    Forms of the other genders, «печерская», carry no case: alone they name no settlement.
    """
    stem = word[:-2]
    found: dict[str, frozenset[str]] = {
        stem + ending: frozenset() for ending in ("ая", "ой", "ую", "ий", "ие", "их", "ими")
    }
    for case, ending in zip(CASES, ("ое", "ого", "ому", "ое", "им", "ом"), strict=True):
        found[stem + ending] = found.get(stem + ending, frozenset()) | {case}
    return found


@cache
def _word_forms(word: str) -> dict[str, frozenset[str]]:
    if word.isdigit() or len(word) < 3:
        return dict.fromkeys(CASES, frozenset({word}))
    if word.endswith((*_OF_SURNAMES, "ье")):
        # «в Козино» is as usual as «в Козине».
        return {case: frozenset({word, form}) for case, form in _by_rule(word)}
    found = _declined(word)
    if not found["gent"]:
        for case, form in _by_rule(word):
            found[case].add(form)
    for case, form in _unpredicted(word):
        found[case].add(form)
    return {case: frozenset(words) for case, words in found.items()}


def _declined(word: str) -> dict[str, set[str]]:
    """Return what pymorphy3 makes of a word, by case; empty sets where it knows no noun."""
    found: dict[str, set[str]] = {case: set() for case in CASES}
    for parse in morphology().parse(word):
        tag = parse.tag
        if tag.case == "nomn" and tag.POS in {"NOUN", "ADJF"} and not _NAMES & tag.grammemes:
            for case in CASES:
                # A word that lacks a case keeps its nominative there.
                inflected = parse.inflect({case, tag.number}) or parse
                found[case].add(fold(inflected.word))
    return found


def _unpredicted(word: str) -> Iterator[tuple[str, str]]:
    """Yield forms that prediction misses in words unknown to the dictionary."""
    if known(word):
        return
    if word.endswith(("ы", "и")):
        yield "gent", word[:-1]  # «из Новых Батек»
    if word.endswith("ок"):
        stem = word[:-2] + "к"  # «в Борке»
        yield from ((case, form) for case, form in _by_rule(stem) if form != stem)


def _by_rule(word: str) -> Iterator[tuple[str, str]]:
    ending = word[-1] if word[-1] in _ENDINGS else ""
    stem = word[: len(word) - len(ending)]
    return ((case, stem + new) for case, new in zip(CASES, _ENDINGS[ending], strict=True))


@cache
def _word_risk(word: str) -> Risk:
    if not known(word):
        return Risk.NONE
    worst = Risk.NONE
    for parse in morphology().parse(word):
        grammemes = parse.tag.grammemes
        if _PLACES & grammemes:
            continue
        if _NAMES & grammemes:
            worst = max(worst, Risk.NAME)
        else:
            anyone = "NOUN" in grammemes and "anim" in grammemes
            worst = max(worst, Risk.PERSON if anyone else Risk.WORD)
    return worst


def _possessive(word: str) -> bool:
    """Tell whether a word, beside a place, is at most somebody's: «митино»."""
    return all(_PLACES & (tags := p.tag.grammemes) or "Poss" in tags for p in _parses(word))


def _parses(word: str) -> list[Parse]:
    return list(morphology().parse(word))
