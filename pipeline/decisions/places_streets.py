"""Finds streets: «ул. Ленина, д. 5», «на Минской», «Школьный переулок», «Мира 12а».

A marker («ул.», «переулке») is followed or preceded by the name. Without one a name from the
region's own list, a very common one, a man's surname or an adjective counts, and only beside a
house number, at a crossing, after a village or after a preposition of place.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from pipeline.decisions import places_words as lists
from pipeline.decisions.places_grammar import (
    agrees,
    is_given_name,
    is_nominal,
    is_place,
    is_surname,
)
from pipeline.decisions.places_houses import counts, house_at
from pipeline.decisions.places_street_names import (
    KINDS,
    bare_numbered_end,
    could_follow,
    is_common_adjective,
    is_familiar,
    kind_at,
    name_end,
    nominative,
    numbered_end,
    other_noun,
    shown,
)
from pipeline.decisions.places_text import Words, fold

_AT_CASES = frozenset({"loct", "datv", "accs"})
_AT = lists.STREET_PREPOSITIONS
_BESIDE = lists.BEFORE_A_STREET - _AT
_OBLIQUE = ("ой", "ую", "ей", "юю")
_ADJECTIVE = (*_OBLIQUE, "ая", "яя", "ья")


class Street(NamedTuple):
    """A street found in a text: words [first, last], its name with its kind, its house."""

    first: int
    last: int
    name: str
    house: str | None


class Known(NamedTuple):
    """What the region tells: its streets by folded form, their words, what is surely a village."""

    streets: Mapping[str, str]
    words: frozenset[str]
    villages: Collection[int]
    """Indices of the words that are surely villages."""


class _Named(NamedTuple):
    first: int
    last: int
    name: str


def find_streets(text: Words, known: Known, candidates: Sequence[int]) -> list[Street]:
    """Return the streets of a text, those with a marker first.

    ``candidates`` are the indices of words that may be a marker or a name, in order.
    """
    found: list[Street] = []
    for index in candidates:
        kind = kind_at(text, index)
        if kind and not any(street.first <= index <= street.last for street in found):
            named = _beside_marker(text, index, *kind, known)
            if named:
                found.append(_with_house(text, named))
    if not found:
        for index in candidates:
            named = _crossing(text, index, known) or _without_marker(text, index, known)
            if named:
                found.append(_with_house(text, named))
                break
    return found


def _with_house(text: Words, named: _Named) -> Street:
    after = house_at(text, named.last + 1, bare=True)
    if after:
        return Street(named.first, after[1], named.name, after[0])
    # «дом 5 по улице Ленина», «в доме 12а на Минской»
    start = named.first - (text.at(named.first - 1) in _AT)
    for width in (2, 3):
        before = house_at(text, start - width, bare=False)
        if before and before[1] == start - 1:
            return Street(start - width, named.last, named.name, before[0])
    return Street(named.first, named.last, named.name, None)


def _beside_marker(text: Words, first: int, kind: str, last: int, known: Known) -> _Named | None:
    if kind == "линия":
        return _ordinal(text, first, last, kind)  # «горячая линия» is none
    before = _before(text, first, last, kind, known)
    after = None if last + 1 in known.villages else _after(text, first, last, kind, known)
    ordinal = _ordinal(text, first, last, kind)
    if before and after and (first - 1 in known.villages or not _listed(before.name, known)):
        return after
    return before or after or ordinal or _owner(text, first, last, kind, known)


def _listed(name: str, known: Known) -> bool:
    return fold(name.split(" ", 1)[1]) in known.streets


def _ordinal(text: Words, first: int, last: int, kind: str) -> _Named | None:
    """Return «1-й микрорайон», «5 микрорайон», «2-я линия», «3-й проезд»."""
    if text.gap(first) != " ":
        return None
    if text.at(first - 1) in lists.ORDINALS and text.at(first - 2).isdigit():
        return _Named(first - 2, last, f"{kind} {text.at(first - 2)}-{text.at(first - 1)}")
    if kind in lists.NUMBERED_KINDS and text.at(first - 1).isdigit():
        return _Named(first - 1, last, f"{kind} {text.at(first - 1)}")
    return None


def _before(text: Words, first: int, last: int, kind: str, known: Known) -> _Named | None:
    """Return an adjective that stands before its marker: «Минская ул.», «на Школьной улице»."""
    word = text.at(first - 1)
    straight = nominative(word, kind)
    endings = {"femn": ("ая", "яя"), "neut": ("ое", "ее")}.get(lists.GENDERS.get(kind, ""))
    if text.gap(first) != " " or not straight.endswith(endings or ("ий", "ый", "ой")):
        return None
    familiar = straight in lists.COMMON_ADJECTIVES or word in known.streets
    weak = word in lists.WEAK_ADJECTIVES | lists.NOT_A_STREET
    if len(word) < 4 or not (text.capital(first - 1) or familiar):
        return None
    if weak and not (text.capital(first - 1) and first > 1):
        return None
    start = first - 1
    if text.at(start - 1) in lists.ORDINALS and text.at(start - 2).isdigit():
        start -= 2  # «1-я Линейная улица»
    elif text.at(start - 1) in lists.FIRST_PARTS and text.gap(start) == " ":
        start -= agrees(text.at(start - 1), word)  # «Большая Советская улица»
    return _Named(start, last, shown(text, start, first - 1, kind, known.streets))


def _owner(text: Words, first: int, last: int, kind: str, known: Known) -> _Named | None:
    """Return a name in the genitive before its marker: «Ленина ул., 5»."""
    word = text.at(first - 1)
    named = word in lists.COMMON_GENITIVES or word in lists.COMMON_NOUNS or is_surname(word)
    if text.gap(first) != " " or not named or not house_at(text, last + 1, bare=True):
        return None
    start = first - 1
    while text.at(start - 1) and name_end(text, start - 1) >= first - 1 and start > first - 3:
        start -= 1
    return _Named(start, last, shown(text, start, first - 1, kind, known.streets))


def _after(text: Words, marker: int, last: int, kind: str, known: Known) -> _Named | None:
    """Return what follows a marker: «ул. Карла Маркса», «улице Строителей», «мкр. 3»."""
    first = last + 1
    gap = text.gap(first)
    short = text.at(marker) in lists.SHORT_MARKERS or last > marker
    if gap.strip(' .«"') or len(gap) > 3 or (". " in gap and not short):
        return None  # the sentence ends: «починили проезд. Спасибо»
    initial = len(text.at(first)) == 1 and text.gap(first + 1) in {".", ". "}
    if initial or text.at(first) in {"им", "имени"}:
        first += 1  # «ул. М. Горького», «улица имени Гагарина»
    if text.at(first).isdigit():
        return _numbered(text, marker, first, kind, known)
    end = name_end(text, first)
    whole = last > marker or text.at(marker) not in lists.DOTTED_MARKERS or "." in gap
    if not _follows(text, marker, (first, end), known, short=short, whole=whole):
        return None
    return _Named(marker, end, shown(text, first, end, kind, known.streets))


def _follows(
    text: Words, marker: int, name: tuple[int, int], known: Known, *, short: bool, whole: bool
) -> bool:
    """Tell whether the words [first, last] are the name that a marker announces.

    ``whole`` is false for «пл», «пер» and the like without their full stop: they are words too.
    """
    first, last = name
    word, capital = text.at(first), text.capital(first)
    if len(word) < 3 or word in KINDS or word in lists.HOUSE_MARKERS:
        return False
    if word in lists.NOT_A_STREET and not capital:
        return False
    familiar = is_familiar(word) or word in known.words
    house = is_nominal(word) and house_at(text, last + 1, bare=True) is not None
    if not whole or familiar:
        return house or whole
    if not short and is_place(word) and not (is_surname(word) or word.endswith(_ADJECTIVE)):
        return False  # «на улицах Смоленска»
    likely = capital or house or (short and is_nominal(word))
    return likely or could_follow(word, text.at(marker))


def _numbered(text: Words, marker: int, first: int, kind: str, known: Known) -> _Named | None:
    """Return «50 лет Октября», «8 Марта», «1-я Линейная», «мкр. 3»."""
    end = numbered_end(text, first)
    if end is not None:
        return _Named(marker, end, shown(text, first, end, kind, known.streets))
    if kind in lists.NUMBERED_KINDS:
        return _Named(marker, first, f"{kind} {text.at(first)}")
    return None


def _crossing(text: Words, index: int, known: Known) -> _Named | None:
    """Return the first street of a crossing: «на перекрёстке Мира и Победы»."""
    if text.at(index) not in lists.CROSSINGS:
        return None
    first = index + 1 + (text.at(index + 1) in {"улиц", "ул"})
    word = text.at(first)
    named = is_familiar(word) or word in known.words
    proper = text.capital(first) and (word.endswith(("ой", "ей")) or is_surname(word))
    if not (named or (proper and not other_noun(word))) or first in known.villages:
        return None
    last = name_end(text, first)
    return _Named(
        first, last, shown(text, first, last, _kind(text, first, last, known), known.streets)
    )


def _without_marker(text: Words, index: int, known: Known) -> _Named | None:
    """Return a name without a marker: «на Минской», «Ленина 5», «по Автодорожной, 12»."""
    word = text.at(index)
    if word in lists.DATE_PARTS and text.at(index - 1).isdigit():
        first, last = index - 1, bare_numbered_end(text, index - 1)
        if last is None or not _placed(text, first, last, known):
            return None
        return _Named(first, last, shown(text, first, last, "ул.", known.streets))
    if word in lists.NOT_A_STREET - lists.WEAK_ADJECTIVES or index in known.villages:
        return None
    index -= text.gap(index) == " " and is_given_name(text.at(index - 1))  # «Степана Разина»
    last = name_end(text, index)
    if not _is_name(text, index, last, known):
        return None
    return _Named(
        index, last, shown(text, index, last, _kind(text, index, last, known), known.streets)
    )


def _kind(text: Words, first: int, last: int, known: Known) -> str:
    """Return the kind of a street that is named without one: the region's list knows it."""
    name = known.streets.get(" ".join(text.words[first : last + 1]))
    return name.split(" ", 1)[0] if name else "ул."


def _placed(text: Words, first: int, last: int, known: Known) -> bool:
    """Tell whether a house, a preposition or a village stands beside a name."""
    house = house_at(text, last + 1, bare=True) is not None
    return house or text.at(first - 1) in _AT or first - 1 in known.villages


class _Around(NamedTuple):
    """What stands around a name without a marker."""

    capital: bool
    at: bool
    """«на», «по» before."""
    beside: bool
    """«от», «у» before."""
    village: bool
    """A village before."""
    house: bool
    address: bool
    """A house after, and a sign before that an address begins."""


def _around(text: Words, first: int, last: int, known: Known) -> _Around:
    near, before = text.gap(first) == " ", text.at(first - 1)
    at, beside = near and before in _AT, near and before in _BESIDE
    village = first - 1 in known.villages and text.gap(first) in {" ", ", ", ". ", ","}
    house = house_at(text, last + 1, bare=True) is not None
    address = house and (village or at or _opens(text, first))
    return _Around(text.capital(first), at, beside, village, house, address)


def _is_name(text: Words, first: int, last: int, known: Known) -> bool:
    """Tell whether a name without a marker is a street."""
    word, around = text.at(first), _around(text, first, last, known)
    if not any(around[1:]):
        return False
    if last > first:
        likely = _is_double(text, first, last) or word in known.words
        return likely and (around.house or around.at)
    if not around.house and _has_noun(text, last):
        return False
    usual = _is_usual_name(text, first, around, known)
    return _is_rare(text, first, around) if usual is None else usual


def _is_usual_name(text: Words, index: int, around: _Around, known: Known) -> bool | None:
    """Tell whether a usual name is a street here; None for any other name."""
    word = text.at(index)
    proper = around.capital and not around.beside
    if word in known.streets:
        return proper or around.house or (word.endswith(_OBLIQUE) and not other_noun(word))
    if word in lists.COMMON_GENITIVES:
        return proper or around.at or around.house
    if word in lists.COMMON_NOUNS:
        return proper or around.address
    if not is_common_adjective(word):
        return None
    return _is_usual_adjective(text, index, around)


def _is_usual_adjective(text: Words, index: int, around: _Around) -> bool:
    word = text.at(index)
    if word in lists.WEAK_ADJECTIVES and not around.capital:
        return False
    if around.house:
        return around.capital or around.address or not counts(text, index + 1)
    if around.village and not around.at:
        return around.capital and word.endswith(("ая", "яя"))
    return word.endswith(_OBLIQUE) and (around.capital or not other_noun(word))


def _opens(text: Words, index: int) -> bool:
    """Tell whether an address may begin here: after a stop, a town, «по адресу»."""
    before = text.at(index - 1)
    town = text.capital(index - 1) and is_place(before)
    return town or before in lists.BEFORE_AN_ADDRESS or text.opens(index)


def _is_rare(text: Words, index: int, around: _Around) -> bool:
    """Tell whether a word that is not a usual street's name is one here."""
    word = text.at(index)
    if other_noun(word) or not (around.capital or (around.address and around.village)):
        return False
    if around.house and text.at(index + 1).isdigit() and counts(text, index + 1):
        return False
    if word.endswith(_OBLIQUE):
        return around.at and (around.house or not text.capital(index + 1))
    if word.endswith("ая"):
        return around.address
    # «на Иванова» may be a complaint of a person, «по Иванова» and «Иванова 5» hardly.
    alone = around.at and (text.at(index - 1) == "по" or text.opens(index - 1))
    return is_surname(word) and (around.address or alone)


def _is_double(text: Words, first: int, last: int) -> bool:
    """Tell whether a name of several words can only be a street's: «Карла Маркса»."""
    if text.at(last) in lists.NAME_HEADS or is_familiar(text.at(last)):
        return True
    title = text.at(first) in lists.FIRST_PARTS
    if text.at(first).endswith(_ADJECTIVE):  # «Большой Советской», but not «Новой Ферме»
        return title and text.at(last).endswith(_ADJECTIVE)
    if title and text.capital(first) and text.capital(last):
        return True
    return (title or is_given_name(text.at(first))) and (
        is_surname(text.at(last)) or text.at(last) in lists.FEMALE_SURNAMES
    )


def _has_noun(text: Words, index: int) -> bool:
    """Tell whether the word is an adjective to the noun after it: «по Северной дамбе»."""
    after = text.at(index + 1)
    if text.gap(index + 1) != " " or not after:
        return False
    cases = _AT_CASES if text.at(index - 1) in _AT else None
    return after in lists.NOUNS_AFTER_ADJECTIVE or agrees(text.at(index), after, cases)
